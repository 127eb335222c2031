#pragma once
// What stands in for the JobMaster when vectors drive the CheckpointCoordinator: tasks by name, a
// clock, everything asynchronous answered at once unless told otherwise, and every call recorded.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_coordinator.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

using namespace model;

struct BenchTask {
  std::string name;
  PlanTaskState state = PlanTaskState::running;
};

// Vertices in topological order; vertices without inputs are sources.
class BenchTasks final : public CheckpointTasks {
 public:
  struct Vertex {
    std::vector<BenchTask> tasks;
    std::vector<Input> inputs;
  };

  uint32_t vertices() const override { return static_cast<uint32_t>(all.size()); }
  uint32_t parallelism(uint32_t vertex) const override {
    return static_cast<uint32_t>(all[vertex].tasks.size());
  }
  const std::vector<Input>& inputs(uint32_t vertex) const override { return all[vertex].inputs; }
  SubtaskRange consumed(uint32_t, uint32_t subtask, uint32_t) const override {
    return {subtask, subtask};  // pointwise edges of the vectors join equal parallelisms
  }
  PlanTaskState state(uint32_t vertex, uint32_t subtask) const override {
    return all[vertex].tasks[subtask].state;
  }
  uint32_t current_attempt(uint32_t, uint32_t) const override { return 0; }

  // Attempt 99 = an attempt that does not exist.
  TaskRef find(const std::string& name) const {
    for (uint32_t v = 0; v < all.size(); ++v)
      for (uint32_t s = 0; s < all[v].tasks.size(); ++s)
        if (all[v].tasks[s].name == name) return {v, s, 0};
    return {0, 0, 99};
  }
  const std::string& name(const TaskRef& task) const {
    return all[task.vertex].tasks[task.subtask].name;
  }

  std::vector<Vertex> all;
};

enum class Answers : uint8_t { at_once, by_event };

class BenchHost : public CoordinatorHost {
 public:
  BenchTasks bench_tasks;
  sim::Time clock;
  CheckpointCoordinator* coordinator = nullptr;
  CheckpointsCleaner* cleaner = nullptr;
  Answers coordinator_answers = Answers::at_once;
  CheckpointId next_id = 1;
  Json actions = Json::array();
  std::optional<sim::Duration> armed_delay;
  sim::Time armed_at;
  uint64_t armed_generation = 0;
  std::set<CheckpointId> expiries;
  bool timer_woken = false;
  std::vector<std::pair<OperatorRef, CheckpointId>> open_coordinators;

  void run_timer() {
    while (timer_woken) {
      timer_woken = false;
      coordinator->run_timer();
    }
  }
  void record(Json action) { actions.push_back(std::move(action)); }
  void record_deleted(std::vector<std::string> files) {
    if (files.empty()) return;
    // Runs of deletions are one sorted action.
    if (!actions.empty() && actions.back()[0] == "del") {
      for (size_t i = 1; i < actions.back().size(); ++i)
        files.push_back(actions.back()[i].get<std::string>());
      actions.erase(actions.size() - 1);
    }
    std::sort(files.begin(), files.end());
    Json action = Json::array({"del"});
    for (const std::string& file : files) action.push_back(file);
    record(action);
  }

  sim::Time now() override { return clock; }
  sim::Time wall_now() override { return clock; }
  void wake_timer() override { timer_woken = true; }
  void arm_periodic_trigger(uint64_t generation, sim::Duration delay) override {
    armed_generation = generation;
    armed_delay = delay;
    armed_at = clock + delay;
  }
  void cancel_periodic_trigger() override { armed_delay.reset(); }
  void arm_expiry(CheckpointId id, sim::Duration) override { expiries.insert(id); }
  void cancel_expiry(CheckpointId id) override { expiries.erase(id); }

  const CheckpointTasks& tasks() override { return bench_tasks; }
  void send_trigger(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                    const CheckpointOptions& options) override {
    Json alignment = options.alignment.type == AlignmentType::unaligned ? "U" : "A";
    if (options.alignment.aligned_timeout.has_value())
      alignment = sim::to_millis(*options.alignment.aligned_timeout);
    for (const TaskRef& task : tasks)
      record(Json::array(
          {"send", id, bench_tasks.name(task), std::string(to_string(options.type)), alignment}));
  }
  void notify_complete(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                       CheckpointId last_subsumed) override {
    for (const TaskRef& task : tasks)
      record(Json::array({"complete", id, bench_tasks.name(task), last_subsumed}));
  }
  void notify_aborted(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                      CheckpointId latest) override {
    for (const TaskRef& task : tasks)
      record(Json::array({"aborted", id, bench_tasks.name(task), latest}));
  }

  void begin_coordinator_checkpoint(OperatorRef ref, CheckpointId id) override {
    record(Json::array({"oc_checkpoint", id}));
    if (coordinator_answers == Answers::at_once)
      coordinator->on_coordinator_state(ref, id, CoordinatorState{"state"});
    else
      open_coordinators.emplace_back(ref, id);
  }
  void abort_coordinator_triggering(OperatorRef) override {
    record(Json::array({"oc_abort_current"}));
  }
  void notify_coordinator_complete(OperatorRef, CheckpointId id) override {
    record(Json::array({"oc_complete", id}));
  }
  void notify_coordinator_aborted(OperatorRef, CheckpointId id) override {
    record(Json::array({"oc_aborted", id}));
  }
  void reset_coordinator(OperatorRef, CheckpointId id, const CoordinatorState* state) override {
    record(Json::array({"oc_reset", id, state != nullptr}));
  }
  void begin_hook(const std::string& hook, CheckpointId id, sim::Time) override {
    record(Json::array({"hook", hook, id}));
  }
  void restore_hook(const std::string&, CheckpointId, const std::string*) override {}
  void reset_hook(const std::string&) override {}

  void begin_next_id(uint64_t ticket) override { coordinator->on_id(ticket, next_id++); }
  void set_next_id(CheckpointId next) override { next_id = next; }
  void begin_location(uint64_t ticket, CheckpointId id, const CheckpointProperties&,
                      const std::string&) override {
    coordinator->on_location(ticket, "chk-" + std::to_string(id));
  }
  void begin_write_metadata(uint64_t ticket, const CompletedCheckpoint&) override {
    coordinator->on_metadata_written(ticket, true);
  }
  void begin_write_pointer(uint64_t ticket, const CompletedCheckpoint&) override {
    coordinator->on_pointer_written(ticket, PointerWrite::written);
  }
  void discard_checkpoint(uint64_t ticket, CheckpointId, const std::string&,
                          std::vector<std::string> files) override {
    record_deleted(std::move(files));
    coordinator->on_discard_finished(ticket);
  }
  void discard_files(std::vector<std::string> files) override { record_deleted(std::move(files)); }
  void remove_pointer(CheckpointId) override {}

  void request_done(uint64_t request, const CompletedCheckpoint& checkpoint) override {
    record(Json::array({"done", request, checkpoint.id}));
  }
  void request_failed(uint64_t request, CheckpointId, CheckpointFailureReason reason) override {
    record(Json::array({"failed", request, std::string(to_string(reason))}));
  }
  void fail_job(CheckpointId, CheckpointFailureReason) override {
    record(Json::array({"fail_job"}));
  }
  void fail_task(const TaskRef& task, CheckpointId, CheckpointFailureReason) override {
    record(Json::array({"fail_task", bench_tasks.name(task)}));
  }
  std::optional<std::string> assign_states(const CompletedCheckpoint&, RestoreScope) override {
    return std::nullopt;
  }
  void lock_released() override {}
};

}  // namespace drey::conformance
