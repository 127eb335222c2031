#include "model/task/task_mailbox.h"

#include "sim/check.h"

namespace drey::model {

bool TaskMailbox::put(const Mail& mail) {
  if (state_ != State::open) return false;
  if (mail.urgency == MailUrgency::urgent) {
    queue_.push_front(mail);
    new_urgent_ = true;
  } else {
    queue_.push_back(mail);
  }
  return true;
}

// An empty batch takes all that arrived, one that is not worked off (the loop was suspended) only
// the urgent mails.
bool TaskMailbox::create_batch() {
  const bool take_all = batch_.empty();
  pull_urgent();
  while (take_all && !queue_.empty()) batch_.push_back(queue_.pop_front());
  return !batch_.empty();
}

// The urgent mails at the head of the queue are the newest first; put in front of the batch one by
// one they get their order back.
void TaskMailbox::pull_urgent() {
  if (!new_urgent_) return;
  while (!queue_.empty() && queue_.front().urgency == MailUrgency::urgent)
    batch_.push_front(queue_.pop_front());
  new_urgent_ = false;
}

std::optional<Mail> TaskMailbox::take_from_batch() {
  CHECK(state_ != State::closed, "no takes from a closed mailbox");
  pull_urgent();
  if (batch_.empty()) return std::nullopt;
  return batch_.pop_front();
}

std::optional<Mail> TaskMailbox::take(RingDeque<Mail>& from, int32_t min_priority) {
  for (uint32_t i = 0; i < from.size(); ++i)
    if (from.at(i).effective_priority() >= min_priority) return from.erase(i);
  return std::nullopt;
}

std::optional<Mail> TaskMailbox::try_take(int32_t min_priority) {
  CHECK(state_ != State::closed, "no takes from a closed mailbox");
  pull_urgent();
  if (const auto mail = take(batch_, min_priority)) return mail;
  const auto mail = take(queue_, min_priority);
  if (mail.has_value())
    new_urgent_ = !queue_.empty() && queue_.front().urgency == MailUrgency::urgent;
  return mail;
}

std::vector<Mail> TaskMailbox::drain() {
  std::vector<Mail> mails;
  mails.reserve(size());
  while (!batch_.empty()) mails.push_back(batch_.pop_front());
  while (!queue_.empty()) mails.push_back(queue_.pop_front());
  new_urgent_ = false;
  return mails;
}

void TaskMailbox::quiesce() {
  if (state_ == State::open) state_ = State::quiesced;
}

std::vector<Mail> TaskMailbox::close() {
  if (state_ == State::closed) return {};
  state_ = State::closed;
  return drain();
}

}  // namespace drey::model
