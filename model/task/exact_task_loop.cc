// The mailbox loop of the task's thread: what it does when it is free.
//
// A slice that is under way is a default action that goes on: a mail ends it between two records,
// as upstream's batch of records ends when there is mail.
#include <algorithm>

#include "model/task/exact_task.h"

namespace drey::model {

void ExactTask::run_loop() {
  while (!ending_ && may_step()) {
    const MailboxProcessor::Step step = loop_.step();
    if (step != MailboxProcessor::Step::mail && step != MailboxProcessor::Step::action) break;
  }
  if (ending_) return;
  try_to_finish();
  if (!ending_) plan();
}

// Whether go_on() would find nothing to do: nothing was applied since it ran last, and the thread
// is busy with what is planned, or waits for input.
bool ExactTask::undisturbed() const {
  if (records_processed_ != settled_records_ || clock_ != settled_clock_) return false;
  if (state() != ExecutionState::running || ending_ || data_ended_ || thread_blocked())
    return false;
  if (checkpoints_.preparing() || loop_.mailbox().has_mail()) return false;
  if (now() < clock_) return true;
  return !slice_.active && !loop_.default_action_available() && !has_element();
}

// Whether the thread is free and the loop has something to do for it.
bool ExactTask::may_step() {
  if (thread_blocked() || now() < clock_) return false;
  const bool action = slice_.active ? stalled_ : has_element();
  if (!loop_.default_action_available() && action && (handing_over_ || room())) {
    loop_.resume_default_action(suspension_, MailSender::other);
    load_.resume(now());
  }
  if (loop_.mailbox().has_mail()) return true;
  return loop_.default_action_available() && (!slice_.active || slice_applied() || stalled_);
}

bool ExactTask::has_element() const {
  if (handing_over_) return true;
  if (chain_.source == nullptr) return input_->available() || sorted_input_waits();
  return !data_ended_ && (chain_.source->available() || chain_.source->finished());
}

MailboxWork::Result ExactTask::run_default_action() {
  if (!slice_.active) {
    begin_element();
  } else if (slice_applied()) {
    end_slice();
  } else if (stalled_) {
    if (room()) {
      stalled_ = false;
      clock_ = std::max(clock_, now());
    } else {
      suspend(TaskLoad::Wait::output);
    }
  }
  return ending_ ? Result::failed : Result::ok;
}

void ExactTask::begin_element() {
  if (handing_over_) {
    hand_over_committables();
    return;
  }
  if (!room() || !has_element()) {
    suspend(chain_.outputs.available() ? TaskLoad::Wait::input : TaskLoad::Wait::output);
    return;
  }
  if (chain_.source != nullptr) {
    if (chain_.source->available())
      begin_source_slice();
    else
      end_of_data();
    return;
  }
  // The sorted input comes behind the last event of the real one, so that producers are let go.
  if (!input_->available() && sorted_input_waits()) {
    begin_sorted_slice();
    return;
  }
  if (!input_->poll(slice_.input)) {
    suspend(TaskLoad::Wait::input);
  } else if (is_event(slice_.input.type)) {
    on_event_element(slice_.input);
  } else {
    begin_input_slice();
  }
}

// A full sink is a place where the user's code blocks: that is busy time, as is a write stall.
void ExactTask::suspend(TaskLoad::Wait what) {
  suspension_ = loop_.suspend_default_action();
  const bool output_full = !chain_.outputs.available();
  const bool blocked_inside = what == TaskLoad::Wait::output ? !output_full : !room();
  load_.wait_for(blocked_inside ? TaskLoad::Wait::none : what, now());
}

// ---- mails ----

// As upstream: notifications before what a yield would leave, a trigger before all that waits only
// if its barrier overtakes too.
void ExactTask::post_mail(TaskMail mail) {
  if (ended() || !life_.accepts_events()) return;
  look();
  const bool notification =
      mail.kind == TaskMail::Kind::complete || mail.kind == TaskMail::Kind::aborted;
  const bool urgent = mail.kind == TaskMail::Kind::trigger &&
                      mail.options.alignment.type == AlignmentType::unaligned;
  uint32_t index = static_cast<uint32_t>(mails_.size());
  if (free_mails_.empty()) {
    mails_.push_back(std::move(mail));
  } else {
    index = free_mails_.back();
    free_mails_.pop_back();
    mails_[index] = std::move(mail);
  }
  loop_.mailbox().put({.what = index,
                       .priority = notification ? kMaxMailPriority : kMinMailPriority,
                       .kind = MailKind::work,
                       .urgency = urgent ? MailUrgency::urgent : MailUrgency::normal});
  go_on();
}

MailboxWork::Result ExactTask::run_mail(const Mail& mail) {
  const auto index = static_cast<uint32_t>(mail.what);
  const TaskMail content = std::move(mails_[index]);
  free_mails_.push_back(index);
  const sim::Time before = std::max(clock_, now());
  run(content);
  if (clock_ > before) load_.worked(clock_ - before);
  if (thread_blocked()) was_blocked_ = true;
  return ending_ ? Result::failed : Result::ok;
}

// ---- the end of the loop ----

// FC-3 and FC-4: what the task still waits for after its data has ended.
bool ExactTask::may_finish() const {
  if (!data_ended_ || handing_over_ || thread_blocked() || slice_.active) return false;
  if (now() < clock_ || loop_.mailbox().has_mail()) return false;
  if (input_ != nullptr && !input_->finished()) return false;
  for (const auto& partition : chain_.outputs.partitions())
    if (!partition->all_processed()) return false;
  const TaskOptions& options = deployment_->job->options;
  const bool streaming = deployment_->job->graph.mode == RuntimeMode::streaming;
  if (streaming && options.checkpointing && options.checkpoints_after_tasks_finish &&
      !final_complete_)
    return false;
  return !checkpoints_.running() && !checkpoints_.preparing();
}

// What outlives the task is written to its end before the task says that it has finished.
bool ExactTask::stored_results_complete() {
  chain_.outputs.seal();
  if (chain_.outputs.store_failed()) {
    fail_task(
        {.kind = Cause::Kind::internal, .text = "a result could not be written", .partition = {}});
    return false;
  }
  clock_ = std::max(clock_, chain_.outputs.busy_until());
  if (now() < clock_) {
    kernel().arm(entity(), work_due, clock_ - now(), sim::Priority::task);
    return false;
  }
  return chain_.outputs.settled();
}

// The loop ends, no more mails are taken, those that are there still run.
void ExactTask::try_to_finish() {
  if (!may_finish() || !stored_results_complete()) return;
  loop_.all_actions_completed();
  while (!ending_ && loop_.step() != MailboxProcessor::Step::ended) {
  }
  loop_.mailbox().quiesce();
  if (!ending_) loop_.drain();
  leave_stage({}, {});
}

}  // namespace drey::model
