#include "model/cluster/slot_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace drey::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

// src -> agg, all-to-all.
JobGraph two_vertices(uint32_t sources, uint32_t aggregates) {
  JobGraph graph;
  const JobVertexIndex src = graph.add_vertex({.id = "src", .parallelism = sources});
  const JobVertexIndex agg = graph.add_vertex({.id = "agg", .parallelism = aggregates});
  graph.connect(graph.add_data_set({.producer = src}), agg);
  return graph;
}

class Host final : public SlotProviderHost {
 public:
  void slot_granted(SubtaskIndex subtask, const AssignedSlot& slot) override {
    at[subtask] = slot.task_manager;
    granted.push_back(subtask);
    placed.insert(subtask);
  }
  void slot_refused(SubtaskIndex subtask, const Cause& cause) override {
    refused.emplace_back(subtask, cause.text);
  }
  void slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause&) override {
    lost.emplace_back(subtask, allocation.value);
  }
  void declare_requirements(const ResourceCounter& requirements) override {
    declared.push_back(requirements.total());
  }
  void free_slot_at(const AssignedSlot& slot, const Cause&) override {
    freed.push_back(slot.allocation.value);
  }
  void arm_declaration(std::optional<sim::Time> time) override { declaration = time; }
  void arm_bulk_check(BulkId bulk, sim::Time time) override { checks.emplace_back(bulk, time); }
  bool restores_state(SubtaskIndex subtask) const override { return restores.count(subtask) != 0; }
  bool is_placed(SubtaskIndex subtask) const override { return placed.count(subtask) != 0; }

  std::map<SubtaskIndex, std::string> at{};
  std::vector<SubtaskIndex> granted{};
  std::vector<std::pair<SubtaskIndex, std::string>> refused{};
  std::vector<std::pair<SubtaskIndex, uint64_t>> lost{};
  std::vector<uint32_t> declared{};
  std::vector<uint64_t> freed{};
  std::optional<sim::Time> declaration{};
  std::vector<std::pair<BulkId, sim::Time>> checks{};
  std::set<SubtaskIndex> restores{};
  std::set<SubtaskIndex> placed{};
};

constexpr ResourceProfile kSlot = sized_profile(1000, 128);

class SlotProviderTest : public testing::Test {
 protected:
  void make(uint32_t sources, uint32_t aggregates, LoadBalance mode = LoadBalance::none,
            bool streaming = true) {
    topology_ = std::make_unique<ExecutionTopology>(two_vertices(sources, aggregates));
    slots_ = std::make_unique<SlotProvider>(
        SlotProvider::Options{.mode = mode, .streaming = streaming}, *topology_, host_);
  }
  void request_all() {
    std::vector<SubtaskIndex> all;
    for (SubtaskIndex i = 0; i < topology_->subtasks(); ++i) all.push_back(i);
    slots_->request(all, now_);
  }
  std::vector<uint64_t> offer(const std::string& tm, std::initializer_list<uint64_t> allocations) {
    std::vector<SlotOffer> offers;
    for (const uint64_t each : allocations)
      offers.push_back({{each}, static_cast<uint32_t>(offers.size()), kSlot});
    AssignedSlot at;
    at.task_manager = tm;
    std::vector<uint64_t> accepted;
    for (const SlotOffer& each : slots_->offer(at, "host of " + tm, offers, now_))
      accepted.push_back(each.allocation.value);
    return accepted;
  }
  void declare() {
    now_ = now_ + sim::milliseconds(20);
    slots_->on_time(now_);
  }

  Host host_;
  std::unique_ptr<ExecutionTopology> topology_{};
  std::unique_ptr<SlotProvider> slots_{};
  sim::Time now_{};
};

TEST_F(SlotProviderTest, OneSlotServesTheWholeGroup) {
  make(2, 3);
  request_all();
  EXPECT_EQ(slots_->required().total(), 3u);
  ASSERT_EQ(host_.declaration, now_ + sim::milliseconds(20));
  declare();
  EXPECT_THAT(host_.declared, ElementsAre(3u));
  EXPECT_THAT(offer("tm-1", {1, 2}), ElementsAre(1u, 2u));
  EXPECT_THAT(host_.granted, ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(offer("tm-2", {3, 4}), ElementsAre(3u));
  EXPECT_EQ(host_.at[4], "tm-2");
  EXPECT_THAT(slots_->allocated_at("tm-1").size(), 2u);
}

TEST_F(SlotProviderTest, ASlotGoesBackWithItsLastSubtask) {
  make(1, 1);
  request_all();
  offer("tm-1", {1});
  slots_->release(0, {1}, now_);
  EXPECT_EQ(slots_->required().total(), 1u);
  slots_->release(1, {7}, now_);  // not its slot
  EXPECT_EQ(slots_->required().total(), 1u);
  slots_->release(1, {1}, now_);
  EXPECT_EQ(slots_->required().total(), 0u);
  EXPECT_TRUE(slots_->has({1}));
  now_ = now_ + sim::seconds(49);
  slots_->release_idle(now_);
  EXPECT_THAT(host_.freed, IsEmpty());
  now_ = now_ + sim::seconds(1);
  slots_->release_idle(now_);
  EXPECT_THAT(host_.freed, ElementsAre(1u));
}

TEST_F(SlotProviderTest, ALostTaskManagerTakesAllItsSlotsFirst) {
  make(2, 2);
  request_all();
  offer("tm-1", {1, 2});
  slots_->lose_task_manager("tm-1", {.kind = Cause::Kind::task_manager_lost}, now_);
  EXPECT_THAT(host_.lost, ElementsAre(Pair(0, 1u), Pair(2, 1u), Pair(1, 2u), Pair(3, 2u)));
  EXPECT_EQ(slots_->required().total(), 0u);
  EXPECT_FALSE(slots_->has_slots_of("tm-1"));
}

TEST_F(SlotProviderTest, ARestartGoesWhereTheStateIs) {
  make(2, 2);
  request_all();
  offer("tm-1", {1});
  offer("tm-2", {2});
  const std::map<SubtaskIndex, std::string> before = host_.at;
  for (const SubtaskIndex s : {0u, 2u}) slots_->release(s, {1}, now_);
  for (const SubtaskIndex s : {1u, 3u}) slots_->release(s, {2}, now_);
  host_.restores = {0, 1, 2, 3};
  // The other way round: without a preference 1 and 3 would get the first slot.
  slots_->request({1, 3}, now_);
  slots_->request({0, 2}, now_);
  EXPECT_EQ(host_.at, before);
}

TEST_F(SlotProviderTest, ABatchConsumerGoesWhereItsInputWasMade) {
  make(1, 1, LoadBalance::none, false);
  slots_->set_job_restarting(true);  // takes every offer
  slots_->request({0}, now_);
  offer("tm-1", {7});
  offer("tm-2", {3});
  slots_->release(0, {7}, now_);
  slots_->request({1}, now_);
  EXPECT_EQ(host_.at[1], "tm-1");  // slot 3 comes first in order
}

// Twin 043: five slots of two tasks or one on TaskManagers with three slots each.
TEST_F(SlotProviderTest, TasksModeServesAllAtOnceByLoad) {
  make(2, 5, LoadBalance::tasks);
  request_all();
  offer("tm-1", {1, 2, 3});
  offer("tm-2", {4, 5});
  EXPECT_THAT(host_.granted, IsEmpty());  // the declaration is not out yet
  declare();
  EXPECT_EQ(host_.granted.size(), 7u);
  std::map<std::string, int> tasks;
  for (const auto& [subtask, tm] : host_.at) ++tasks[tm];
  EXPECT_THAT(tasks, UnorderedElementsAre(Pair("tm-1", 4), Pair("tm-2", 3)));
}

TEST_F(SlotProviderTest, AStreamingBulkFailsAfterTheTimeout) {
  make(1, 2);
  request_all();
  offer("tm-1", {1});
  ASSERT_THAT(host_.checks, ElementsAre(Pair(0u, now_ + sim::minutes(5))));
  slots_->check_bulk(0, now_ + sim::minutes(5));
  EXPECT_THAT(host_.refused, ElementsAre(Pair(2u, "not allocated within slot.request.timeout")));
  EXPECT_EQ(slots_->required().total(), 1u);
}

TEST_F(SlotProviderTest, ABatchBulkWaitsForSlotsOfTheJob) {
  make(2, 1, LoadBalance::none, false);
  slots_->request({0}, now_);
  offer("tm-1", {1});
  slots_->request({1}, now_);
  slots_->check_bulk(1, now_ + sim::minutes(5));
  slots_->check_bulk(1, now_ + sim::minutes(10));
  EXPECT_THAT(host_.refused, IsEmpty());
  slots_->not_enough_resources(now_ + sim::minutes(10));
  EXPECT_THAT(host_.refused, IsEmpty());
  slots_->release(0, {1}, now_ + sim::minutes(11));
  EXPECT_EQ(host_.at[1], "tm-1");
}

TEST_F(SlotProviderTest, NotEnoughResourcesFailsWhatWaits) {
  make(1, 2);
  request_all();
  offer("tm-1", {1});
  slots_->not_enough_resources(now_);
  EXPECT_THAT(host_.refused, ElementsAre(Pair(2u, "not enough resources")));
  EXPECT_EQ(host_.at.size(), 2u);
}

TEST_F(SlotProviderTest, AfterTheEndEverythingGoesBack) {
  make(1, 2);
  request_all();
  offer("tm-1", {1});
  slots_->free_all(now_);
  EXPECT_THAT(host_.freed, ElementsAre(1u));
  EXPECT_THAT(offer("tm-1", {2}), IsEmpty());
  EXPECT_THAT(host_.refused, IsEmpty());
}

}  // namespace
}  // namespace drey::model
