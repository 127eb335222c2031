#pragma once
// The sinks at the ends of a task's chain: one, or several where the chain branches.
//
// They share the task's thread: what one of them waits for (a flush, a commit, its opening) holds
// up the turns of the others. Whatever goes through the whole chain therefore reaches the sinks one
// after the other: openings, snapshots and notifications from the chain's tail to its head, which
// is the order in which the sinks were added; the preparation of a snapshot and the end of the
// input from the head to the tail, which takes the last branch first. Upstream: OperatorChain
// (linkOperatorWrappers, getAllOperators), RegularOperatorChain, StreamOperatorWrapper.finish.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/io/broker_sink.h"

namespace drey::model {

class TaskSinks {
 public:
  struct Entry {
    uint32_t op = 0;  // index into JobSpec::operators
    std::unique_ptr<BrokerSink> sink;
    std::optional<size_t> committables;  // a writer of its own: the result that takes them
  };

  explicit TaskSinks(Mutant mutant = Mutant::none) : mutant_(mutant) {}

  // In the depth-first order of the chain.
  void add(Entry entry) {
    only_ = entries_.empty() ? entry.sink.get() : nullptr;
    entries_.push_back(std::move(entry));
  }
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }

  // All of them.
  void open() { all(Work::open, 0); }
  void prepare_snapshot(int64_t checkpoint) { all(Work::prepare_snapshot, checkpoint); }
  void end_input() { all(Work::end_input, 0); }
  void checkpoint_complete(int64_t checkpoint) { all(Work::checkpoint_complete, checkpoint); }
  // The next turn, when the last one is over.
  void go_on() {
    if (!turns_.empty()) next_turns();
  }

  bool opened() const;
  // The thread is blocked inside one of them, or a turn is still to come.
  bool waiting() const {
    return only_ != nullptr ? only_->waiting() : !entries_.empty() && any_waiting();
  }
  bool available() const {
    return only_ != nullptr ? only_->available() : entries_.empty() || all_available();
  }
  // One of them hands what it has prepared to a committer in another task.
  bool hands_over() const;

  // A linear chain has one sink at most.
  void write(std::span<const sim::Record> records) {
    if (only_ != nullptr) only_->write(records);
  }
  void publish() {
    if (only_ != nullptr) return only_->publish();
    for (const Entry& entry : entries_) entry.sink->publish();
  }

  // Answers name their sink (BrokerSink::Options::number).
  void answered(TaskCall call, const sim::Reply& reply);
  void timer(TaskCall call);

 private:
  enum class Work : uint8_t { open, prepare_snapshot, end_input, checkpoint_complete };
  struct Turn {
    Work work = Work::open;
    BrokerSink* sink = nullptr;
    int64_t checkpoint = 0;
  };
  void all(Work work, int64_t checkpoint);
  static void take(const Turn& turn);
  void next_turns();
  bool any_waiting() const;
  bool all_available() const;

  Mutant mutant_;
  std::vector<Entry> entries_;
  BrokerSink* only_ = nullptr;  // of a linear chain
  std::deque<Turn> turns_;
  const BrokerSink* last_ = nullptr;  // whose turn it was
};

}  // namespace drey::model
