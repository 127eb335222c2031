#pragma once
// A Sink V2 sink of one subtask that writes to the external broker: writer and committer, chained.
//
// Exactly once: the records between two barriers go into a transaction of the broker; at the
// barrier the writer waits until all appends are answered and hands the transaction over as a
// committable; it is committed when the checkpoint is complete. A transactional id is
// "<prefix>-<subtask>-<checkpoint>", so a restarted writer that takes the same id fences the lost
// attempt; other transactions that such an attempt left open are found by their prefix and aborted.
// At least once: appends without a transaction, flushed at the barrier.
//
// In batch mode writer and committer are tasks of their own: the writer's one transaction is handed
// over as records at the end of its input, the committer commits what it was given at the end of
// its own.
//
// Opening (before the task runs): restored committables are committed, then lingering transactions
// are aborted. While waiting() the task's thread is blocked, as in Flink. An append or an end of
// transaction that is not answered is asked again: both are idempotent. Upstream: KafkaSink
// (KafkaWriter, ExactlyOnceKafkaWriter, KafkaCommitter, TransactionAborter) on SinkWriterOperator
// and CommitterOperator.
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "model/io/committer_operator.h"
#include "model/io/sink_writer_operator.h"
#include "model/task/task_context.h"
#include "sim/broker_messages.h"

namespace drey::model {

class BrokerSink final : private SinkWriter, private CommittableOutput {
 public:
  enum class Role : uint8_t { both, writer, committer };
  struct Options {
    Role role = Role::both;
    uint32_t number = 0;  // of the task's sinks; its calls carry it
    bool exactly_once = true;
    bool checkpointing = true;
    sim::Address broker;
    std::string prefix;  // of transactional ids: job and operator
    uint32_t subtask = 0;
    uint32_t parallelism = 1;
    uint32_t max_in_flight = 5;  // appends that are not answered
    Mutant mutant = Mutant::none;
  };
  BrokerSink(const Options& options, TaskContext& context);

  // Before open(): the committers' states that this subtask was given, and the checkpoint.
  void restore(const std::vector<std::string>& states, int64_t checkpoint);
  void open();
  bool opened() const { return stage_ == Stage::open; }

  bool available() const { return !waiting() && in_flight_ < options_.max_in_flight; }
  void write(std::span<const sim::Record> records) {
    if (options_.role == Role::committer) return take_committables(records);
    written_.insert(written_.end(), records.begin(), records.end());
  }
  // Role writer, when its input has ended and it is not waiting: what the committer is to be given.
  std::vector<sim::Record> hand_over();
  // Announces and sends what was written since the last call.
  void publish();

  void prepare_snapshot(int64_t checkpoint) {
    collect_next_for_ = checkpoint + 1;
    writer_.prepare_snapshot(checkpoint);
  }
  void end_input();
  std::string snapshot() const { return committer_.snapshot().serialize(); }
  void checkpoint_complete(int64_t checkpoint);
  bool waiting() const {
    return stage_ != Stage::open || writer_.waiting_for_flush() || committer_.committing();
  }

  // Of a call as it comes back to the task: which sink it belongs to, and what that one called.
  static size_t number_of(const TaskCall& call) { return call.argument >> kNumberShift; }
  static TaskCall own(TaskCall call) {
    call.argument &= (uint64_t{1} << kNumberShift) - 1;
    return call;
  }
  void answered(TaskCall call, const sim::Reply& reply);
  void timer(TaskCall call);

 private:
  static constexpr int kNumberShift = 48;
  enum Kind : uint8_t { appended, initialised, listed, fenced, ended };
  enum class Stage : uint8_t { closed, committing, listing, fencing, open };
  struct Append {
    uint64_t number = 0;  // of all appends of this writer
    std::shared_ptr<sim::AppendRecords> message;
    bool sent = false;
  };

  // SinkWriter and CommittableOutput
  bool flush(bool end_of_input) override;
  std::vector<Committable> prepare_commit() override;
  std::vector<std::string> snapshot_state(int64_t) override { return {}; }
  void emit(const CommittableMessage& message) override;
  void take_committables(std::span<const sim::Record> records);

  std::string transactional_id(int64_t checkpoint) const;
  bool mine(const std::string& transactional_id) const;
  void call(sim::Body body, Kind kind, uint64_t argument);
  TaskCall mark(Kind kind, uint64_t argument) const {
    return {TaskPart::sink, kind, (uint64_t{options_.number} << kNumberShift) | argument};
  }
  void retry(Kind kind, uint64_t argument);
  void next_stage();
  void list_lingering();
  void on_listed(const sim::TransactionList& list);
  void fence_next();
  void need_producer();
  void on_initialised(const sim::ProducerInitialised& answer);
  bool loses_write() const;
  void send_appends();
  void on_appended(uint64_t number, const sim::RecordsAppended& answer);
  void commit_round();
  void on_ended(uint64_t index, const sim::TransactionEnded& answer);
  void check_committer();
  void committer_sees_end();
  void fail(const std::string& text);

  Options options_;
  TaskContext& context_;
  SinkWriterOperator writer_;
  CommitterOperator committer_;
  Stage stage_ = Stage::closed;
  std::vector<sim::Record> written_;             // not sent yet
  std::vector<CommittableMessage> handed_over_;  // role writer

  int64_t collecting_for_ = 1;  // the checkpoint that the records of now belong to, as far as known
  int64_t collect_next_for_ = 1;
  int64_t completed_ = 0;  // newest checkpoint that was notified
  bool has_producer_ = false;
  bool asked_producer_ = false;
  Committable producer_;  // of the current transaction
  uint64_t sequence_ = 0;
  bool has_records_ = false;
  std::deque<Append> appends_;  // not answered, oldest first
  uint32_t in_flight_ = 0;
  uint64_t last_append_ = 0;
  bool input_ends_ = false;  // told to the writer, not yet to the committer

  std::vector<CommittableCollector> restored_;
  int64_t restored_checkpoint_ = 0;
  std::vector<std::string> lingering_;  // to be fenced, the last one next
  std::vector<std::string> own_;        // restored committables: not lingering

  std::vector<CommitAnswer> answers_;  // of the round
  size_t open_answers_ = 0;
};

}  // namespace drey::model
