#pragma once
// A transactional broker to write to (what Kafka is as a sink). A transactional id names a
// producer; initialising it fences the one before by a higher epoch and aborts what that left open.
// Appended batches belong to the open transaction; commit makes them visible to read-committed
// readers, abort or the transaction's time-out drops them. A producer has at most one transaction
// open. What ends a transaction may be asked again and says already_done.
//
// Everything but the processes' talk is durable: a killed broker process comes back with all
// transactions.
//
// Evidence: each batch that becomes visible is announced with its records, at the commit and in the
// order of the appends (BrokerFact::committed_batch, a BatchFact); what is aborted never is. The
// records are kept after that only if `keep_committed` is set.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/broker_messages.h"
#include "sim/service.h"

namespace drey::sim {

struct BrokerOptions {
  ServiceOptions service{.name = "broker",
                         .latency = Distribution::uniform(microseconds(500).ns, milliseconds(2).ns),
                         .in_order = true};
  Duration transaction_timeout = minutes(15);  // where a producer names none
  bool keep_committed = false;  // for readers; else batches go when they are announced
};

// Facts of FactGroup::external, 16 to 31. entity = broker, subject = "transaction/" + transactional
// id.
enum class BrokerFact : uint8_t {
  producer_initialised = 16,  // a = producer id, b = epoch
  transaction_begun,      // a = producer id, b = epoch, c = number of the transaction of this id
  transaction_committed,  // likewise; each batch was announced before
  transaction_aborted,    // likewise; flags = BrokerAbort
  committed_batch,  // batch fact; a = partition, b = offset of its first record, c = number of the
                    // transaction
  refused,          // a = BrokerResult, b = kind of the request
};
constexpr uint16_t fact_kind(BrokerFact fact) {
  return fact_kind(FactGroup::external, static_cast<uint8_t>(fact));
}

enum class BrokerAbort : uint16_t { asked, fenced, timed_out };

class Broker final : public Service {
 public:
  Broker(World& world, BrokerOptions options);

  uint64_t committed_records() const { return committed_records_; }
  uint64_t committed_transactions() const { return committed_transactions_; }
  std::vector<OpenTransaction> open_transactions(std::string_view prefix) const;

 private:
  class Server;
  enum class State : uint8_t { empty, open, committed, aborted };

  struct Part {  // one batch of a transaction
    uint32_t partition = 0;
    uint64_t offset = 0;
    RecordBatch batch;
  };
  struct Producer {
    int64_t id = 0;
    int32_t epoch = 0;
    Duration timeout{};
    State state = State::empty;
    uint64_t next_sequence = 0;
    uint64_t transactions = 0;
    Time started{};
    std::vector<Part> parts;
    std::map<uint32_t, uint64_t> first_offsets;  // by partition: where the open transaction begins
  };
  struct Kept {
    uint64_t offset = 0;
    RecordBatch batch;
    bool committed = false;
  };
  struct Partition {
    uint64_t next_offset = 0;
    std::set<uint64_t> open_from;   // first offsets of open transactions
    std::map<uint64_t, Kept> kept;  // by offset, with keep_committed
    uint64_t last_stable() const { return open_from.empty() ? next_offset : *open_from.begin(); }
  };

  std::unique_ptr<ServiceEndpoint> make_endpoint(ProcessId process) override;

  BrokerOptions options_;
  using Producers = std::map<std::string, Producer, std::less<>>;
  Producers producers_;
  std::vector<Producers::value_type*> producer_of_;  // by id, from 1: appends need no search
  std::map<uint32_t, Partition> partitions_;
  uint64_t committed_records_ = 0;
  uint64_t committed_transactions_ = 0;
};

}  // namespace drey::sim
