#pragma once
// Records what a barrier handler does, in the words of the barrier vectors.
#include <optional>
#include <string>
#include <vector>

#include "model/task/barrier_handler.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

// "A" aligned without time-out, "U" unaligned, "L" at least once, a number: aligned with that
// time-out.
inline model::CheckpointBarrier barrier_of(int64_t id, const Json& option, int64_t created_ms) {
  model::CheckpointBarrier barrier;
  barrier.id = id;
  barrier.created_ms = created_ms;
  model::AlignmentOptions& alignment = barrier.options.alignment;
  if (option.is_number())
    alignment.aligned_timeout = sim::milliseconds(option.get<int64_t>());
  else if (option == "U")
    alignment.type = model::AlignmentType::unaligned;
  else if (option == "L")
    alignment.type = model::AlignmentType::at_least_once;
  else
    barrier.options.type = model::SnapshotType::savepoint;
  return barrier;
}

inline Json option_of(const model::CheckpointBarrier& barrier) {
  if (barrier.unaligned()) return "U";
  if (barrier.options.alignment.type == model::AlignmentType::at_least_once) return "L";
  if (barrier.timeoutable()) return barrier.timeout_ms();
  return "A";
}

class BarrierRecorder : public model::BarrierActions {
 public:
  void block_channel(uint32_t channel) override { actions.push_back({"block", channel}); }
  void resume_channel(uint32_t channel) override { actions.push_back({"resume", channel}); }
  void prioritize(uint32_t channel, uint32_t sequence) override {
    actions.push_back({"prio", channel, sequence});
  }
  void init_inputs(const model::CheckpointBarrier& barrier) override {
    actions.push_back({"init", barrier.id, option_of(barrier)});
  }
  std::optional<model::CheckpointFailureReason> start_persisting(
      const model::CheckpointBarrier& barrier) override {
    actions.push_back({"start", barrier.id});
    return {};
  }
  void stop_persisting(int64_t checkpoint) override { actions.push_back({"stop", checkpoint}); }
  void trigger(const model::CheckpointBarrier& barrier,
               const model::AlignmentMetrics& of) override {
    actions.push_back({"trigger", barrier.id, option_of(barrier)});
    Json row = {barrier.id, sim::to_millis(of.start_delay), nullptr, nullptr};
    if (of.duration.has_value()) row[2] = sim::to_millis(*of.duration);
    if (of.bytes_processed.has_value()) row[3] = *of.bytes_processed;
    metrics.push_back(row);
  }
  void alignment_ended(int64_t checkpoint, sim::Duration duration, int64_t bytes) override {
    for (Json& row : metrics) {
      if (row[0] != checkpoint) continue;
      row[2] = sim::to_millis(duration);
      row[3] = bytes;
    }
  }
  void abort(int64_t checkpoint, model::CheckpointFailureReason reason) override {
    actions.push_back({"abort", checkpoint, std::string(model::to_string(reason))});
  }
  void arm_alignment_timer(int64_t checkpoint, sim::Duration delay) override {
    timer = Timer{checkpoint, now + delay};
  }
  void cancel_alignment_timer() override { timer.reset(); }

  void run_due_timer(model::BarrierHandler& handler) {
    if (!timer.has_value() || timer->due > now) return;
    const int64_t checkpoint = timer->checkpoint;
    timer.reset();
    handler.alignment_timer_due(checkpoint, now);
  }

  struct Timer {
    int64_t checkpoint;
    sim::Time due;
  };
  sim::Time now;
  Json actions = Json::array();
  Json metrics = Json::array();
  std::optional<Timer> timer;
};

}  // namespace drey::conformance
