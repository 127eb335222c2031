#pragma once
// What is said to the transactional broker (sim/broker.h) and what it answers.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/message.h"
#include "sim/record_batch.h"

namespace drey::sim {

enum class BrokerResult : uint8_t {
  ok,
  already_done,  // the transaction has ended just so before: a repeated commit or abort
  duplicate,     // the batch with this sequence is there already
  fenced,  // an older epoch than the current one: another producer took over, or the transaction
           // timed out
  unknown_producer,  // no such transactional id, or another producer id
  invalid_state,     // there is no open transaction to end, or it has ended the other way
  out_of_order,      // a sequence number was skipped
};

// Makes the caller the only producer of the transactional id: an open transaction of it is aborted,
// older epochs fenced.
struct InitProducer : MessageOf<InitProducer> {
  static constexpr std::string_view kName = "init_producer";
  std::string transactional_id;
  Duration transaction_timeout{};  // 0 = the broker's default
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(transactional_id, transaction_timeout);
  }
};

struct ProducerInitialised : MessageOf<ProducerInitialised> {
  static constexpr std::string_view kName = "producer_initialised";
  BrokerResult result = BrokerResult::ok;
  int64_t producer_id = 0;
  int32_t epoch = 0;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(producer_id, epoch, result);
  }
};

// Adds records to the producer's transaction, which it opens if there is none. Without
// transactional id: visible at once. `sequence` counts the batches of this producer and epoch from
// 0; a repeated one is not added again.
struct AppendRecords : MessageOf<AppendRecords> {
  static constexpr std::string_view kName = "append_records";
  std::string transactional_id;
  std::string client;  // without transaction: who writes, for facts
  int64_t producer_id = 0;
  int32_t epoch = 0;
  uint64_t sequence = 0;
  uint32_t partition = 0;
  RecordBatch batch;
  uint64_t wire_size() const override {
    return kMessageOverhead + transactional_id.size() + batch.bytes();
  }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(sequence, partition, transactional_id, client, producer_id, epoch, batch);
  }
};

struct RecordsAppended : MessageOf<RecordsAppended> {
  static constexpr std::string_view kName = "records_appended";
  BrokerResult result = BrokerResult::ok;
  uint64_t offset = 0;  // of the first record; 0 unless ok
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(result, offset);
  }
};

struct EndTransaction : MessageOf<EndTransaction> {
  static constexpr std::string_view kName = "end_transaction";
  std::string transactional_id;
  int64_t producer_id = 0;
  int32_t epoch = 0;
  bool commit = true;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(transactional_id, commit, producer_id, epoch);
  }
};

struct TransactionEnded : MessageOf<TransactionEnded> {
  static constexpr std::string_view kName = "transaction_ended";
  BrokerResult result = BrokerResult::ok;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(result);
  }
};

struct ListTransactions : MessageOf<ListTransactions> {
  static constexpr std::string_view kName = "list_transactions";
  std::string prefix;  // of transactional ids
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(prefix);
  }
};

struct OpenTransaction {
  std::string transactional_id;
  int64_t producer_id = 0;
  int32_t epoch = 0;
  Time started{};
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(transactional_id, producer_id, epoch, started);
  }
};

struct TransactionList : MessageOf<TransactionList> {
  static constexpr std::string_view kName = "transaction_list";
  std::vector<OpenTransaction> open;  // by transactional id
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(open);
  }
};

// A read-committed reader: whole batches from `from` on, below the last stable offset; aborted ones
// are left out.
struct ReadCommitted : MessageOf<ReadCommitted> {
  static constexpr std::string_view kName = "read_committed";
  uint32_t partition = 0;
  uint64_t from = 0;
  uint32_t max_records = 10'000;  // at least one batch is given all the same
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(partition, from, max_records);
  }
};

struct CommittedRecords : MessageOf<CommittedRecords> {
  static constexpr std::string_view kName = "committed_records";
  BrokerResult result =
      BrokerResult::ok;  // invalid_state: this broker keeps no records for readers
  uint64_t next = 0;     // where to read on
  uint64_t last_stable_offset = 0;
  RecordBatch batch;
  uint64_t wire_size() const override { return kMessageOverhead + batch.bytes(); }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(next, last_stable_offset, result, batch);
  }
};

}  // namespace drey::sim
