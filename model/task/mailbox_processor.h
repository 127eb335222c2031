#pragma once
// The loop of a task's thread, one step at a time: a batch of mails, then the default action
// (records) once, and again.
//
// The owner calls start(), then step() whenever the thread is free: each step runs one mail or the
// default action, or says why none. A suspended default action is resumed by the suspension that it
// was given; an old one has no effect. Nested yields run mails (control mails too) inside the
// current one. Upstream: MailboxProcessor, MailboxExecutorImpl. Data-plane page 4.1.
#include <cstdint>

#include "model/task/task_mailbox.h"

namespace drey::model {

class MailboxWork {
 public:
  virtual ~MailboxWork() = default;
  enum class Result : uint8_t { ok, failed };  // failed: it threw, the loop ends
  virtual Result run_mail(const Mail& mail) = 0;
  virtual Result run_default_action() = 0;
};

class MailboxProcessor {
 public:
  explicit MailboxProcessor(MailboxWork& work) : work_(work) {}
  MailboxProcessor(const MailboxProcessor&) = delete;
  MailboxProcessor& operator=(const MailboxProcessor&) = delete;

  TaskMailbox& mailbox() { return mailbox_; }
  const TaskMailbox& mailbox() const { return mailbox_; }

  void start();  // again after a suspension of the loop
  enum class Step : uint8_t {
    mail,     // ran one
    action,   // ran the default action
    waiting,  // the default action is suspended and there is no mail: step again when there is one
    ended,    // the loop is suspended or finished
    failed,
  };
  Step step();
  // Runs one mail of at least this priority if there is one.
  enum class Yield : uint8_t { ran, none, failed };
  Yield try_yield(int32_t priority);
  Step drain();  // ended: all ran

  using Suspension = uint64_t;
  Suspension suspend_default_action();  // from the default action or a mail
  void resume_default_action(Suspension suspension, MailSender sender);
  bool default_action_available() const { return !default_suspended_; }

  void suspend_loop() { send_control(MailKind::suspend_loop, 0); }
  void all_actions_completed() { send_control(MailKind::finish_loop, 0); }
  // The loop fails with it; false: the mailbox is not open.
  bool report_failure(uint64_t what);
  bool loop_running() const { return loop_running_; }  // not yet finished

 private:
  MailboxWork::Result run(const Mail& mail);
  bool send_control(MailKind kind, uint64_t what);

  MailboxWork& work_;
  TaskMailbox mailbox_;
  Suspension latest_suspension_ = 0;
  bool loop_running_ = true;
  bool suspended_ = true;
  bool in_batch_ = false;
  bool default_suspended_ = false;
};

}  // namespace drey::model
