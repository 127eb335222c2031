// What the vectors cannot say, because upstream's calls are synchronous: the time in which metadata
// and pointer are written, and writes whose outcome is unknown. And two smaller rules: backlog,
// lost trigger RPCs.
#include "model/checkpoint/checkpoint_coordinator.h"

#include <gtest/gtest.h>

#include "fmt/core.h"

#include "tests/conformance/coordinator_bench.h"

namespace drey::model {
namespace {

using conformance::BenchHost;
using conformance::Json;

class SlowHost final : public BenchHost {
 public:
  std::optional<uint64_t> metadata;
  std::optional<uint64_t> pointer;
  std::vector<CheckpointId> pointers;
  int released = 0;

  void begin_write_metadata(uint64_t ticket, const CompletedCheckpoint&) override {
    metadata = ticket;
  }
  void begin_write_pointer(uint64_t ticket, const CompletedCheckpoint& checkpoint) override {
    pointer = ticket;
    pointers.push_back(checkpoint.id);
  }
  void lock_released() override { ++released; }
};

class CheckpointCoordinatorTest : public testing::Test {
 protected:
  CheckpointCoordinatorTest() { make({}); }

  void make(CheckpointCoordinatorOptions options) {
    options.interval = sim::seconds(1);
    options.max_concurrent = 2;
    if (host_.bench_tasks.all.empty()) {
      host_.bench_tasks.all.emplace_back();
      host_.bench_tasks.all[0].tasks = {{"A0", PlanTaskState::running},
                                        {"A1", PlanTaskState::running}};
    }
    host_.clock = sim::Time{} + sim::seconds(1000);
    coordinator_ =
        std::make_unique<CheckpointCoordinator>(options, sim::Duration{}, std::set<OperatorRef>{},
                                                std::set<std::string>{}, store_, cleaner_, host_);
    host_.coordinator = coordinator_.get();
  }

  void trigger(uint64_t request) {
    coordinator_->trigger_checkpoint(request, false, false);
    host_.run_timer();
  }
  AckReply acknowledge(CheckpointId id, uint32_t subtask) {
    TaskAcknowledgement ack;
    ack.task = {0, subtask, 0};
    ack.has_state = true;
    ack.private_files.push_back({fmt::format("p{}.{}", id, subtask), 1});
    return coordinator_->on_acknowledge(id, std::move(ack));
  }
  bool did(const Json& action) const {
    return std::find(host_.actions.begin(), host_.actions.end(), action) != host_.actions.end();
  }
  void write_metadata(bool written) {
    coordinator_->on_metadata_written(host_.metadata.value(), written);
  }
  void write_pointer(PointerWrite outcome) {
    coordinator_->on_pointer_written(host_.pointer.value(), outcome);
  }

  SlowHost host_;
  SharedStateRegistry registry_;
  CheckpointsCleaner cleaner_{host_};
  CompletedCheckpointStore store_{
      {.num_retained = 1, .high_availability = true}, registry_, cleaner_, host_};
  std::unique_ptr<CheckpointCoordinator> coordinator_;
};

TEST_F(CheckpointCoordinatorTest, WhatComesWhileThePointerIsWrittenWaits) {
  trigger(0);
  trigger(1);
  acknowledge(1, 0);
  acknowledge(1, 1);
  ASSERT_TRUE(coordinator_->locked());
  // All of these would wait for the lock upstream; the checkpoint that is being written cannot be
  // aborted any more.
  EXPECT_EQ(acknowledge(2, 0), AckReply::waits);
  coordinator_->on_expired(1);
  coordinator_->on_decline(2, {0, 1, 0}, CheckpointFailureReason::checkpoint_declined);
  coordinator_->abort_pending(CheckpointFailureReason::job_failover_region);
  host_.actions = Json::array();
  write_metadata(true);
  EXPECT_EQ(host_.actions, Json::array());
  EXPECT_TRUE(store_.all().empty());
  write_pointer(PointerWrite::written);
  EXPECT_FALSE(coordinator_->locked());
  EXPECT_EQ(store_.latest()->id, 1);
  const Json expected = Json::array({{"done", 0, 1},
                                     {"complete", 1, "A0", -1},
                                     {"complete", 1, "A1", -1},
                                     {"failed", 1, "CHECKPOINT_DECLINED"},
                                     {"del", "p2.0"},
                                     {"fail_task", "A1"},
                                     {"aborted", 2, "A0", 1},
                                     {"aborted", 2, "A1", 1}});
  EXPECT_EQ(host_.actions, expected);
  EXPECT_EQ(host_.released, 1);
  EXPECT_EQ(coordinator_->expired_ids(), 0u);
}

TEST_F(CheckpointCoordinatorTest, CompletionsAreWrittenOneAfterTheOther) {
  trigger(0);
  trigger(1);
  acknowledge(1, 0);
  acknowledge(2, 0);
  acknowledge(1, 1);
  acknowledge(2, 1);  // waits
  write_metadata(true);
  write_pointer(PointerWrite::written);
  EXPECT_TRUE(coordinator_->locked());  // now 2
  EXPECT_EQ(host_.released, 0);
  write_metadata(true);
  write_pointer(PointerWrite::written);
  EXPECT_EQ(host_.pointers, (std::vector<CheckpointId>{1, 2}));
  EXPECT_EQ(store_.latest()->id, 2);
  EXPECT_EQ(host_.released, 1);
}

TEST_F(CheckpointCoordinatorTest, TheTimerWaitsForTheLockAndGoesOn) {
  trigger(0);
  acknowledge(1, 0);
  acknowledge(1, 1);
  trigger(1);
  EXPECT_EQ(coordinator_->pending().size(), 1u);
  EXPECT_EQ(host_.next_id, 2);  // not even an id was drawn
  write_metadata(true);
  write_pointer(PointerWrite::written);
  host_.run_timer();
  EXPECT_EQ(host_.next_id, 3);
  EXPECT_EQ(coordinator_->pending().count(2), 1u);
}

TEST_F(CheckpointCoordinatorTest, AFailedPointerDeletesTheFiles) {
  trigger(0);
  acknowledge(1, 0);
  acknowledge(1, 1);
  write_metadata(true);
  write_pointer(PointerWrite::failed);
  EXPECT_TRUE(did(Json::array({"del", "p1.0", "p1.1"})));
  EXPECT_TRUE(did(Json::array({"failed", 0, "FINALIZE_CHECKPOINT_FAILURE"})));
  EXPECT_TRUE(did(Json::array({"fail_job"})));
  EXPECT_TRUE(did(Json::array({"aborted", 1, "A0", 0})));
  EXPECT_TRUE(store_.all().empty());
  EXPECT_TRUE(coordinator_->pending().empty());
}

TEST_F(CheckpointCoordinatorTest, AnUnknownOutcomeKeepsTheFiles) {
  trigger(0);
  acknowledge(1, 0);
  acknowledge(1, 1);
  write_metadata(true);
  write_pointer(PointerWrite::unknown);
  EXPECT_FALSE(did(Json::array({"del", "p1.0", "p1.1"})));
  EXPECT_TRUE(did(Json::array({"failed", 0, "FINALIZE_CHECKPOINT_FAILURE"})));
  EXPECT_TRUE(did(Json::array({"aborted", 1, "A1", 0})));
  EXPECT_TRUE(store_.all().empty());
}

TEST_F(CheckpointCoordinatorTest, FailedMetadataAbortTheCheckpoint) {
  trigger(0);
  acknowledge(1, 0);
  acknowledge(1, 1);
  write_metadata(false);
  EXPECT_TRUE(did(Json::array({"failed", 0, "FINALIZE_CHECKPOINT_FAILURE"})));
  EXPECT_TRUE(did(Json::array({"del", "p1.0", "p1.1"})));
  EXPECT_FALSE(host_.pointer.has_value());
  EXPECT_FALSE(coordinator_->locked());
}

TEST_F(CheckpointCoordinatorTest, AnAnswerToAnOldWriteIsIgnored) {
  trigger(0);
  acknowledge(1, 0);
  acknowledge(1, 1);
  const uint64_t old = host_.metadata.value();
  write_metadata(true);
  write_pointer(PointerWrite::written);
  trigger(1);
  acknowledge(2, 0);
  acknowledge(2, 1);
  coordinator_->on_pointer_written(old, PointerWrite::failed);
  EXPECT_TRUE(coordinator_->locked());
  EXPECT_EQ(coordinator_->pending().count(2), 1u);
}

TEST_F(CheckpointCoordinatorTest, ALostTriggerAbortsOnTheTimer) {
  trigger(0);
  coordinator_->on_trigger_rpc_failed(1, CheckpointFailureReason::trigger_checkpoint_failure);
  EXPECT_EQ(coordinator_->pending().size(), 1u);
  host_.run_timer();
  EXPECT_TRUE(coordinator_->pending().empty());
  EXPECT_TRUE(did(Json::array({"failed", 0, "TRIGGER_CHECKPOINT_FAILURE"})));
}

TEST_F(CheckpointCoordinatorTest, AnExpiryCanFallBetweenPendingAndTrigger) {
  coordinator_->trigger_checkpoint(0, false, false);
  coordinator_->run_timer_step();  // submitted, id drawn
  EXPECT_TRUE(coordinator_->pending().empty());
  coordinator_->run_timer_step();  // pending, directory made
  ASSERT_EQ(coordinator_->pending().size(), 1u);
  coordinator_->on_expired(1);
  host_.run_timer();
  EXPECT_FALSE(coordinator_->is_triggering());
  EXPECT_FALSE(did(Json::array({"send", 1, "A0", "Checkpoint", "A"})));
  EXPECT_EQ(coordinator_->expired_ids(), 1u);
  // Late, and still "belonging to a pending checkpoint" for the sender (CC-32); its files go.
  EXPECT_EQ(acknowledge(1, 0), AckReply::accepted);
  EXPECT_TRUE(did(Json::array({"del", "p1.0"})));
}

TEST_F(CheckpointCoordinatorTest, BacklogMovesTheTriggerOnlyForward) {
  CheckpointCoordinatorOptions options;
  options.interval_during_backlog = sim::seconds(100);
  make(options);
  coordinator_->start_scheduler();
  EXPECT_EQ(host_.armed_delay, std::optional(sim::Duration{}));
  coordinator_->on_periodic_trigger(host_.armed_generation);
  EXPECT_EQ(host_.armed_delay, std::optional(sim::seconds(1)));
  coordinator_->set_backlog({0, 0}, true);  // 100 s is later than what is armed
  EXPECT_EQ(host_.armed_delay, std::optional(sim::seconds(1)));
  host_.clock = host_.clock + sim::seconds(1);
  coordinator_->on_periodic_trigger(host_.armed_generation);
  EXPECT_EQ(host_.armed_delay, std::optional(sim::seconds(100)));
  coordinator_->set_backlog({0, 0}, false);
  EXPECT_EQ(host_.armed_delay, std::optional(sim::seconds(1)));
}

TEST(CheckpointCoordinatorOptionsTest, RefusesWhatUpstreamRefuses) {
  CheckpointCoordinatorOptions good;
  EXPECT_TRUE(check_options(good).empty());
  CheckpointCoordinatorOptions bad;
  bad.interval = sim::milliseconds(9);
  bad.timeout = sim::milliseconds(9);
  bad.min_pause = sim::milliseconds(-1);
  bad.max_concurrent = 0;
  bad.tolerable_failures = -1;
  EXPECT_EQ(check_options(bad).size(), 5u);
  CheckpointCoordinatorOptions backlog;
  backlog.interval = sim::seconds(10);
  backlog.interval_during_backlog = sim::seconds(9);
  EXPECT_EQ(check_options(backlog).size(), 1u);
  backlog.interval_during_backlog = sim::Duration{};
  EXPECT_TRUE(check_options(backlog).empty());
  CheckpointCoordinatorOptions unaligned;
  unaligned.unaligned = true;
  unaligned.max_concurrent = 2;
  EXPECT_EQ(check_options(unaligned).size(), 1u);
}

TEST(CheckpointCoordinatorOptionsTest, TheFirstDelay) {
  CheckpointCoordinatorOptions options;
  options.interval = sim::seconds(10);
  options.min_pause = sim::seconds(3);
  EXPECT_EQ(first_trigger_delay(options).from, sim::seconds(3));
  EXPECT_EQ(first_trigger_delay(options).to, sim::seconds(10));
  options.pause_sources_until_first_checkpoint = true;
  EXPECT_EQ(first_trigger_delay(options).to, sim::seconds(6));
}

}  // namespace
}  // namespace drey::model
