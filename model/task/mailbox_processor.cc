#include "model/task/mailbox_processor.h"

#include "sim/check.h"

namespace drey::model {

void MailboxProcessor::start() {
  suspended_ = !loop_running_;
  in_batch_ = !suspended_ && mailbox_.create_batch();
}

MailboxProcessor::Step MailboxProcessor::step() {
  if (suspended_) return Step::ended;
  std::optional<Mail> mail;
  if (in_batch_) {
    mail = mailbox_.take_from_batch();
    in_batch_ = mail.has_value();
  }
  if (!mail.has_value() && default_suspended_) {
    mail = mailbox_.try_take(kMinMailPriority);
    if (!mail.has_value()) return Step::waiting;
  }
  if (mail.has_value()) return run(*mail) == MailboxWork::Result::ok ? Step::mail : Step::failed;
  if (work_.run_default_action() == MailboxWork::Result::failed) return Step::failed;
  in_batch_ = mailbox_.create_batch();
  return Step::action;
}

MailboxProcessor::Yield MailboxProcessor::try_yield(int32_t priority) {
  const auto mail = mailbox_.try_take(priority);
  if (!mail.has_value()) return Yield::none;
  return run(*mail) == MailboxWork::Result::ok ? Yield::ran : Yield::failed;
}

MailboxProcessor::Step MailboxProcessor::drain() {
  for (const Mail& mail : mailbox_.drain())
    if (run(mail) == MailboxWork::Result::failed) return Step::failed;
  return Step::ended;
}

MailboxWork::Result MailboxProcessor::run(const Mail& mail) {
  switch (mail.kind) {
    case MailKind::work:
      return work_.run_mail(mail);
    case MailKind::suspend_loop:
      suspended_ = true;
      return MailboxWork::Result::ok;
    case MailKind::finish_loop:
      loop_running_ = false;
      suspended_ = true;
      return MailboxWork::Result::ok;
    case MailKind::resume_default:
      if (mail.what == latest_suspension_) default_suspended_ = false;
      return MailboxWork::Result::ok;
    case MailKind::report_failure:
      return MailboxWork::Result::failed;
  }
  CHECK(false, "unknown MailKind");
}

MailboxProcessor::Suspension MailboxProcessor::suspend_default_action() {
  CHECK(!default_suspended_, "the default action is suspended once");
  default_suspended_ = true;
  return ++latest_suspension_;
}

void MailboxProcessor::resume_default_action(Suspension suspension, MailSender sender) {
  if (sender == MailSender::other)
    send_control(MailKind::resume_default, suspension);
  else if (suspension == latest_suspension_)
    default_suspended_ = false;
}

bool MailboxProcessor::report_failure(uint64_t what) {
  return send_control(MailKind::report_failure, what);
}

bool MailboxProcessor::send_control(MailKind kind, uint64_t what) {
  return mailbox_.put(
      {.what = what, .priority = kMaxMailPriority, .kind = kind, .urgency = MailUrgency::urgent});
}

}  // namespace drey::model
