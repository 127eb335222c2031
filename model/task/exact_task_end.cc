// The end of a task: an event of its own, after which nothing of it is left.
#include "model/task/exact_task.h"
#include "model/trace_events.h"

namespace drey::model {

void ExactTask::fail_task(const Cause& cause) {
  if (!ended()) begin_end(ExecutionState::failed, &cause);
}

void ExactTask::begin_end(ExecutionState state, const Cause* cause) {
  ending_ = true;
  end_state_ = state;
  if (cause != nullptr) failure_ = *cause;
  kernel().arm(entity(), end_due, {}, sim::Priority::task);
}

void ExactTask::end_now() {
  DataExchange::Removal how = DataExchange::Removal::canceled;
  if (end_state_ == ExecutionState::finished) {
    chain_.outputs.finish();
    how = DataExchange::Removal::finished;
  } else if (end_state_ == ExecutionState::failed) {
    how = DataExchange::Removal::failed;
  }
  clean_up(how);
  if (end_state_ == ExecutionState::finished)
    for (const auto& partition : deployment_->results)
      if (is_blocking_or_persistent(deployment_->job->graph.data_sets[partition.data_set].type))
        listener_.on_partition_available(deployment_->attempt, partition.id);
  announce_fact(fact_kind(TaskFact::resources_left), buffers_left_, 0, 0);
  set_state(end_state_, failure_.has_value() ? &*failure_ : nullptr);
}

void ExactTask::clean_up(DataExchange::Removal how) {
  ending_ = true;
  leave_core();
  if (!silent_) checkpoints_.cancel_all();
  if (barriers_ != nullptr) barriers_->close();
  if (input_ != nullptr && slice_.active) input_->recycle(slice_.input);
  if (input_ != nullptr) input_->release();
  buffers_left_ = input_ != nullptr ? input_->buffers_held() : 0;
  for (const auto& partition : chain_.outputs.partitions()) {
    services_.exchange->task_ended(partition->id(), how);
    // A finished partition is its readers' now.
    if (how != DataExchange::Removal::finished)
      buffers_left_ += static_cast<uint32_t>(partition->buffers_in_use());
  }
  chain_.operators.clear();
  chain_.outputs = {};
  slice_ = {};
  for (const Timer timer :
       {work_due, wake_due, step_due, flush_due, watermark_due, alignment_due, seek_due, end_due})
    kernel().disarm(entity(), timer);
}

}  // namespace drey::model
