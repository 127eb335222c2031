// The stages of the task's thread and what the world hears of them. The end of a stage is an event
// of its own, after the last of which nothing of the task is left.
#include <algorithm>

#include "model/mutants.h"
#include "model/runtime_facts.h"
#include "model/task/exact_task.h"
#include "model/trace_events.h"

namespace drey::model {

// A lost input is seen by the network's thread; the task's own finds it a little later. So a failed
// producer is heard of before its consumers, and a TaskManager's good-bye before both.
void ExactTask::fail_task(const Cause& cause) {
  constexpr sim::Duration kThreadHop = sim::milliseconds(1);
  const bool of_network = cause.kind == Cause::Kind::remote_transport ||
                          cause.kind == Cause::Kind::partition_connection;
  if (!ended())
    leave_stage({.kind = TaskThrowable::Kind::user_error, .what = keep(cause)},
                of_network ? kThreadHop : sim::Duration{});
}

uint64_t ExactTask::keep(const Cause& cause) {
  causes_.push_back(cause);
  return causes_.size() - 1;
}

void ExactTask::leave_stage(const TaskThrowable& thrown, sim::Duration after) {
  if (ending_ || hung_) return;
  ending_ = true;
  thrown_ = thrown;
  kernel().arm(entity(), end_due, after, sim::Priority::task);
}

void ExactTask::stage_over() {
  if (thrown_.none())
    life_.stage_returned();
  else
    life_.stage_threw(thrown_);
}

// ---- TaskStageActions ----

void ExactTask::enter(TaskStage stage, const TaskThrowable& cause) {
  switch (stage) {
    case TaskStage::none:
      return;
    case TaskStage::deploy:
      deploy();
      return;
    case TaskStage::restore:
      if (restore_.start()) wake();
      return;
    case TaskStage::invoke:
      begin_invoke();
      return;
    case TaskStage::clean_up:
      if (cause.none() && state() == ExecutionState::running) {
        announce_sizes();
        chain_.outputs.finish();
        clean_up(DataExchange::Removal::finished);
      } else {
        clean_up(state() == ExecutionState::failed ? DataExchange::Removal::failed
                                                   : DataExchange::Removal::canceled);
      }
      life_.stage_returned();
      return;
  }
}

void ExactTask::report(ExecutionState state, const TaskThrowable& failure) {
  if (is_terminal(state)) {
    if (!cleaned_) clean_up(DataExchange::Removal::failed);
    if (state == ExecutionState::finished)
      for (const auto& partition : deployment_->results)
        if (is_released_by_scheduler(deployment_->job->graph.data_sets[partition.data_set].type))
          listener_.on_partition_available(deployment_->attempt, partition.id);
    announce_fact(fact_kind(TaskFact::resources_left), buffers_left_, 0, 0);
  }
  announce_state(state);
  listener_.on_state(deployment_->attempt, state,
                     failure.none() ? nullptr : &causes_[failure.what]);
}

void ExactTask::announce_state(ExecutionState state) {
  announce_fact(fact_kind(TaskFact::state), deployment_->attempt.attempt,
                static_cast<uint64_t>(state), static_cast<uint64_t>(announced_));
  announced_ = state;
}

void ExactTask::announce_load() {
  announce_fact(fact_kind(LoadFact::load), static_cast<uint64_t>(load_.idle(now()).ns),
                static_cast<uint64_t>(load_.back_pressured(now()).ns),
                static_cast<uint64_t>(load_.in_all(now()).ns));
}

// Of a backend that has not counted: by a walk.
void ExactTask::announce_sizes() {
  class Counter final : public state::EntryVisitor {
   public:
    void on_entry(int32_t, std::string_view, std::string_view key,
                  std::string_view value) override {
      ++seen.entries;
      seen.bytes += key.size() + value.size();
    }
    void on_timer(int32_t, std::string_view, std::string_view) override {}
    state::KeyedBackend::Contents seen;
  };
  const auto contents_of = [](const state::KeyedBackend& backend) {
    if (const auto entries = backend.entries(); entries.has_value())
      return state::KeyedBackend::Contents{*entries, backend.live_bytes()};
    if (const auto contents = backend.contents(); contents.has_value()) return *contents;
    Counter counter;
    backend.visit(backend.range(), counter);
    return counter.seen;
  };
  for (const auto& op : chain_.operators) {
    if (op->backend() == nullptr) continue;
    const state::KeyedBackend::Contents contents = contents_of(*op->backend());
    announce_fact(fact_kind(HeapFact::size), op->op(), contents.entries, contents.bytes);
  }
}

// Waiting ends at once; the element or mail at hand is the user's code and runs to its end.
void ExactTask::cancel_invokable(bool interrupt) {
  if (!interrupt) return;
  const bool at_work = life_.stage() == TaskStage::invoke && !thread_blocked() && clock_ > now();
  leave_stage({.kind = TaskThrowable::Kind::cancel_task, .what = 0},
              at_work ? clock_ - now() : sim::Duration{});
}

void ExactTask::arm_watchdog() {
  const sim::Duration timeout = deployment_->job->options.cancellation_timeout;
  if (deployment_->job->options.mutant == Mutant::no_cancellation_watchdog) return;
  if (timeout.ns > 0) kernel().arm(entity(), watchdog_due, timeout, sim::Priority::timer);
}

void ExactTask::fatal(const TaskThrowable& cause, bool watchdog) {
  if (watchdog)
    listener_.on_fatal_error(deployment_->attempt, {.kind = Cause::Kind::cancellation_stuck,
                                                    .text = "the task did not exit gracefully",
                                                    .partition = {}});
  else
    listener_.on_fatal_error(deployment_->attempt, causes_[cause.what]);
}

void ExactTask::clean_up(DataExchange::Removal how) {
  ending_ = true;
  cleaned_ = true;
  loop_.mailbox().close();
  leave_core();
  if (!silent_ && life_.stage() == TaskStage::clean_up && run_start_.ns != 0) announce_load();
  if (!silent_) checkpoints_.cancel_all();
  if (services_.heap != nullptr) services_.heap->changed(heap_.live, 0, 0);
  heap_.live = 0;
  if (barriers_ != nullptr) barriers_->close();
  if (input_ != nullptr && slice_.active && !slice_.sorted) input_->recycle(slice_.input);
  if (input_ != nullptr) input_->release();
  buffers_left_ = input_ != nullptr ? input_->buffers_held() : 0;
  for (const auto& partition : chain_.outputs.partitions()) {
    services_.exchange->task_ended(partition->id(), how);
    // A finished partition is its readers' now.
    if (how != DataExchange::Removal::finished)
      buffers_left_ += static_cast<uint32_t>(partition->buffers_in_use());
  }
  chain_.tree.reset();
  chain_.operators.clear();
  chain_.outputs = {};
  slice_ = {};
  for (const Timer timer : {work_due, wake_due, step_due, flush_due, watermark_due, alignment_due,
                            seek_due, end_due, watchdog_due, load_due})
    kernel().disarm(entity(), timer);
}

}  // namespace drey::model
