#include "model/cluster/slot_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drey::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr ResourceProfile kSlot = sized_profile(1000, 100);
const TaskManagerPlace kTm1{"tm-1", "host-1"};
const TaskManagerPlace kTm2{"tm-2", "host-2"};

class Recorder final : public SlotPool::Output {
 public:
  void declare_requirements(const ResourceCounter& requirements) override {
    declared.push_back(requirements.total());
  }
  void slot_arrived(SlotRequestId request, AllocationId slot) override {
    arrived.emplace_back(request, slot.value);
  }
  void free_slot(AllocationId slot, const std::string& owner) override {
    freed.emplace_back(slot.value, owner);
  }
  std::vector<uint32_t> declared{};
  std::vector<std::pair<SlotRequestId, uint64_t>> arrived{};
  std::vector<std::pair<uint64_t, std::string>> freed{};
};

class SlotPoolTest : public testing::Test {
 protected:
  std::optional<AllocationId> ask(SlotRequestId request) {
    return pool_.request(request, kUnknownProfile, {}, now_);
  }
  std::vector<AllocationId> offer(const TaskManagerPlace& owner,
                                  std::initializer_list<uint64_t> ids) {
    std::vector<OfferedSlot> slots;
    for (const uint64_t id : ids) slots.push_back({{id}, kSlot});
    return pool_.offer(owner, slots, now_);
  }
  uint32_t required() const { return pool_.pool().required().total(); }

  Recorder out_;
  SlotPool pool_{{.request_max_interval = sim::milliseconds(20), .idle_timeout = sim::seconds(50)},
                 out_};
  sim::Time now_{};
};

TEST_F(SlotPoolTest, WaitingRequestsGetSlotsInOrder) {
  EXPECT_EQ(ask(1), std::nullopt);
  EXPECT_EQ(ask(2), std::nullopt);
  EXPECT_THAT(offer(kTm1, {11, 12, 13}), ElementsAre(AllocationId{11}, AllocationId{12}));
  EXPECT_THAT(out_.arrived, ElementsAre(Pair(1, 11), Pair(2, 12)));
  EXPECT_EQ(pool_.waiting(), 0u);
}

TEST_F(SlotPoolTest, DeclaresOnceAfterTheInterval) {
  ask(1);
  now_ = now_ + sim::milliseconds(19);
  ask(2);
  ASSERT_EQ(pool_.next_declaration(), now_ + sim::milliseconds(20));
  pool_.on_time(now_ + sim::milliseconds(19));
  EXPECT_THAT(out_.declared, IsEmpty());
  pool_.on_time(now_ + sim::milliseconds(20));
  EXPECT_THAT(out_.declared, ElementsAre(2u));
  EXPECT_EQ(pool_.next_declaration(), std::nullopt);
}

TEST_F(SlotPoolTest, AReleasedSlotServesTheNextWaitingRequest) {
  ask(1);
  offer(kTm1, {11});
  ask(2);
  EXPECT_EQ(required(), 2u);
  pool_.release(1, now_);
  EXPECT_EQ(pool_.slot_of(2), AllocationId{11});
  EXPECT_EQ(required(), 1u);
}

TEST_F(SlotPoolTest, PrefersTheTaskManagerOfTheInputs) {
  ask(1);
  ask(2);
  offer(kTm1, {11});
  offer(kTm2, {12});
  pool_.release(1, now_);
  pool_.release(2, now_);
  EXPECT_EQ(pool_.request(3, kUnknownProfile, {kTm2}, now_), AllocationId{12});
}

TEST_F(SlotPoolTest, ALostTaskManagerTakesItsRequestsAlong) {
  ask(1);
  ask(2);
  ask(3);
  offer(kTm1, {11, 12});
  EXPECT_THAT(pool_.lose_task_manager("tm-1", now_), ElementsAre(1u, 2u));
  EXPECT_EQ(required(), 1u);  // of the request that still waits
  EXPECT_THAT(out_.freed, ElementsAre(Pair(11, "tm-1"), Pair(12, "tm-1")));
  EXPECT_THAT(pool_.fail_waiting(now_), ElementsAre(3u));
  EXPECT_EQ(required(), 0u);
}

TEST_F(SlotPoolTest, ARestartingJobKeepsEveryOfferedSlot) {
  EXPECT_THAT(offer(kTm1, {11}), IsEmpty());
  pool_.set_job_restarting(true);
  EXPECT_THAT(offer(kTm1, {11}), ElementsAre(AllocationId{11}));
  pool_.set_job_restarting(false);
  EXPECT_EQ(ask(1), AllocationId{11});
  EXPECT_EQ(pool_.release_idle(now_ + sim::seconds(100)), 0u);
  pool_.release(1, now_);
  EXPECT_EQ(pool_.release_idle(now_ + sim::seconds(49)), 0u);
  EXPECT_EQ(pool_.release_idle(now_ + sim::seconds(50)), 1u);
}

}  // namespace
}  // namespace drey::model
