#pragma once
// The mails that wait for a task's thread, and the order in which it sees them.
//
// Two queues: what arrived (`queue`) and the batch that the thread works through. Urgent mails go
// to the front of the batch before each take, in the order in which they came. `priority` only
// filters the takes inside a yield. A mail is a plain value: what it means and running it is the
// owner's. Upstream: TaskMailboxImpl (2.1 and later). Data-plane page 4.1.
#include <cstdint>
#include <optional>
#include <vector>

#include "model/task/ring_deque.h"

namespace drey::model {

inline constexpr int32_t kMinMailPriority = -1;
inline constexpr int32_t kMaxMailPriority = INT32_MAX;

enum class MailUrgency : uint8_t { normal, urgent, deferrable };
enum class MailSender : uint8_t { task, other };  // the task's own thread, or any other

enum class MailKind : uint8_t {
  work,            // the owner's
  suspend_loop,    // control mails of the processor:
  finish_loop,     //   all actions completed
  resume_default,  //   `what`: the suspension
  report_failure,  //   `what`: the owner's
};

struct Mail {
  uint64_t what = 0;
  int32_t priority = kMinMailPriority;
  MailKind kind = MailKind::work;
  MailUrgency urgency = MailUrgency::normal;

  // A deferrable mail is not wanted by a yield that does not take everything.
  int32_t effective_priority() const {
    return urgency == MailUrgency::deferrable ? kMinMailPriority : priority;
  }
};

class TaskMailbox {
 public:
  enum class State : uint8_t { open, quiesced, closed };

  // False: not open (MailboxClosedException).
  bool put(const Mail& mail);
  bool has_mail() const { return !batch_.empty() || !queue_.empty(); }
  uint32_t size() const { return batch_.size() + queue_.size(); }

  // Moves what arrived into the batch; false: the batch is empty.
  bool create_batch();
  std::optional<Mail> take_from_batch();
  // The first mail with at least this priority.
  std::optional<Mail> try_take(int32_t min_priority);

  // All mails in order; the mailbox is empty then.
  std::vector<Mail> drain();
  // No more puts, takes go on.
  void quiesce();
  // Neither; answers the dropped mails.
  std::vector<Mail> close();
  State state() const { return state_; }

 private:
  void pull_urgent();
  static std::optional<Mail> take(RingDeque<Mail>& from, int32_t min_priority);

  RingDeque<Mail> queue_;
  RingDeque<Mail> batch_;
  bool new_urgent_ = false;  // an urgent mail is at the head of the queue
  State state_ = State::open;
};

}  // namespace drey::model
