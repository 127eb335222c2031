#include "sim/broker.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace drey::sim {

class Broker::Server final : public ServiceEndpoint {
 public:
  Server(Broker& broker, ProcessId process);

 private:
  Body serve(const Call& call, const Message& request, const Body& shared) override;
  void on_work(uint16_t kind, uint64_t producer_id) override;

  Body init(const InitProducer& request);
  Body append(const AppendRecords& request);
  Body end(const EndTransaction& request);
  Body list(const ListTransactions& request) const;
  Body read(const ReadCommitted& request) const;

  // `found` is set when the result is ok.
  BrokerResult check_producer(const std::string& id, int64_t producer_id, int32_t epoch,
                              Producer*& found) const;
  void add_to_transaction(const std::string& id, Producer& producer, const AppendRecords& request,
                          uint64_t offset);
  void begin(const std::string& id, Producer& producer);
  void commit(const std::string& id, Producer& producer);
  void abort(const std::string& id, Producer& producer, BrokerAbort why);
  void close(Producer& producer, bool committed);
  void publish(PathId subject, const Part& part, uint64_t transaction);
  void note(BrokerFact fact, std::string_view id, const Producer& producer, uint16_t flags);
  BrokerResult refused(BrokerResult result, std::string_view id, uint32_t kind);
  PathId subject(std::string_view id) const {
    return kernel().intern("transaction/" + std::string(id));
  }
  PathId client(const AppendRecords& request) {
    return request.client.empty() ? path() : kernel().intern("client/" + request.client);
  }

  Broker& broker_;
};

Broker::Broker(World& world, BrokerOptions options)
    : Service(world, options.service), options_(std::move(options)) {}

std::unique_ptr<ServiceEndpoint> Broker::make_endpoint(ProcessId process) {
  return std::make_unique<Server>(*this, process);
}

std::vector<OpenTransaction> Broker::open_transactions(std::string_view prefix) const {
  std::vector<OpenTransaction> open;
  for (auto it = producers_.lower_bound(prefix);
       it != producers_.end() && it->first.starts_with(prefix); ++it) {
    const Producer& producer = it->second;
    if (producer.state == State::open)
      open.push_back({it->first, producer.id, producer.epoch, producer.started});
  }
  return open;
}

// A process that starts takes the time-outs of what is open over.
Broker::Server::Server(Broker& broker, ProcessId process)
    : ServiceEndpoint(broker, process), broker_(broker) {
  for (const auto& [id, producer] : broker_.producers_) {
    if (producer.state != State::open) continue;
    const Duration left = producer.started + producer.timeout - now();
    work_later(std::max(left, Duration{}), 0, static_cast<uint64_t>(producer.id));
  }
}

Body Broker::Server::serve(const Call&, const Message& request, const Body&) {
  if (request.kind() == AppendRecords::kind_id()) return append(as<AppendRecords>(request));
  if (request.kind() == EndTransaction::kind_id()) return end(as<EndTransaction>(request));
  if (request.kind() == InitProducer::kind_id()) return init(as<InitProducer>(request));
  if (request.kind() == ListTransactions::kind_id()) return list(as<ListTransactions>(request));
  CHECK(request.kind() == ReadCommitted::kind_id(), "a request that the broker does not know");
  return read(as<ReadCommitted>(request));
}

void Broker::Server::note(BrokerFact fact, std::string_view id, const Producer& producer,
                          uint16_t flags) {
  kernel().announce({.entity = path(),
                     .subject = subject(id),
                     .kind = fact_kind(fact),
                     .flags = flags,
                     .a = static_cast<uint64_t>(producer.id),
                     .b = static_cast<uint64_t>(producer.epoch),
                     .c = producer.transactions});
}

BrokerResult Broker::Server::refused(BrokerResult result, std::string_view id, uint32_t kind) {
  if (result != BrokerResult::ok && result != BrokerResult::already_done)
    announce(fact_kind(BrokerFact::refused), subject(id), static_cast<uint64_t>(result), kind, 0);
  return result;
}

Body Broker::Server::init(const InitProducer& request) {
  const auto [it, added] = broker_.producers_.try_emplace(request.transactional_id);
  Producer& producer = it->second;
  if (added) {
    broker_.producer_of_.push_back(&*it);
    producer.id = static_cast<int64_t>(broker_.producer_of_.size());
  } else if (producer.state == State::open) {
    abort(it->first, producer, BrokerAbort::fenced);
  }
  if (!added) ++producer.epoch;
  producer.state = State::empty;
  producer.next_sequence = 0;
  producer.timeout = request.transaction_timeout.ns > 0 ? request.transaction_timeout
                                                        : broker_.options_.transaction_timeout;
  note(BrokerFact::producer_initialised, it->first, producer, 0);
  auto answer = std::make_shared<ProducerInitialised>();
  answer->producer_id = producer.id;
  answer->epoch = producer.epoch;
  return answer;
}

BrokerResult Broker::Server::check_producer(const std::string& id, int64_t producer_id,
                                            int32_t epoch, Producer*& found) const {
  const auto place = static_cast<uint64_t>(producer_id) - 1;
  if (place >= broker_.producer_of_.size()) return BrokerResult::unknown_producer;
  auto& [name, producer] = *broker_.producer_of_[place];
  if (name != id) return BrokerResult::unknown_producer;
  if (epoch < producer.epoch) return BrokerResult::fenced;
  if (epoch != producer.epoch) return BrokerResult::unknown_producer;
  found = &producer;
  return BrokerResult::ok;
}

void Broker::Server::begin(const std::string& id, Producer& producer) {
  producer.state = State::open;
  producer.started = now();
  ++producer.transactions;
  note(BrokerFact::transaction_begun, id, producer, 0);
  work_later(producer.timeout, 0, static_cast<uint64_t>(producer.id));
}

Body Broker::Server::append(const AppendRecords& request) {
  auto answer = std::make_shared<RecordsAppended>();
  Producer* producer = nullptr;
  const std::string& id = request.transactional_id;
  if (!id.empty()) {
    BrokerResult result = check_producer(id, request.producer_id, request.epoch, producer);
    if (result == BrokerResult::ok) {
      if (request.sequence < producer->next_sequence) result = BrokerResult::duplicate;
      if (request.sequence > producer->next_sequence) result = BrokerResult::out_of_order;
    }
    answer->result = refused(result, id, request.kind());
    if (result != BrokerResult::ok) return answer;
  }
  Partition& partition = broker_.partitions_[request.partition];
  answer->offset = partition.next_offset;
  partition.next_offset += request.batch.size();
  if (broker_.options_.keep_committed)
    partition.kept[answer->offset] = {answer->offset, request.batch, producer == nullptr};
  if (producer != nullptr)
    add_to_transaction(id, *producer, request, answer->offset);
  else
    publish(client(request), {request.partition, answer->offset, request.batch}, 0);
  return answer;
}

void Broker::Server::add_to_transaction(const std::string& id, Producer& producer,
                                        const AppendRecords& request, uint64_t offset) {
  ++producer.next_sequence;
  if (producer.state != State::open) begin(id, producer);
  producer.parts.push_back({request.partition, offset, request.batch});
  const auto [it, first] = producer.first_offsets.try_emplace(request.partition, offset);
  if (first) broker_.partitions_[request.partition].open_from.insert(offset);
}

void Broker::Server::publish(PathId subject_path, const Part& part, uint64_t transaction) {
  broker_.committed_records_ += part.batch.size();
  kernel().announce_batch({.entity = path(),
                           .subject = subject_path,
                           .kind = fact_kind(BrokerFact::committed_batch),
                           .a = part.partition,
                           .b = part.offset,
                           .c = transaction},
                          part.batch.records(), part.batch.digest());
}

void Broker::Server::commit(const std::string& id, Producer& producer) {
  const PathId transaction = subject(id);
  constexpr size_t kAhead = 2;  // parts: their records were written long ago
  const std::vector<Part>& parts = producer.parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i + kAhead < parts.size()) parts[i + kAhead].batch.prefetch();
    publish(transaction, parts[i], producer.transactions);
  }
  close(producer, true);
  ++broker_.committed_transactions_;
  note(BrokerFact::transaction_committed, id, producer, 0);
}

void Broker::Server::abort(const std::string& id, Producer& producer, BrokerAbort why) {
  close(producer, false);
  note(BrokerFact::transaction_aborted, id, producer, static_cast<uint16_t>(why));
}

void Broker::Server::close(Producer& producer, bool committed) {
  producer.state = committed ? State::committed : State::aborted;
  for (const auto& [number, offset] : producer.first_offsets)
    broker_.partitions_.at(number).open_from.erase(offset);
  if (broker_.options_.keep_committed) {
    for (const Part& part : producer.parts) {
      auto& kept = broker_.partitions_.at(part.partition).kept;
      if (committed)
        kept.at(part.offset).committed = true;
      else
        kept.erase(part.offset);
    }
  }
  std::vector<Part>().swap(producer.parts);  // a job leaves a producer behind for each checkpoint
  producer.first_offsets.clear();
}

Body Broker::Server::end(const EndTransaction& request) {
  auto answer = std::make_shared<TransactionEnded>();
  const std::string& id = request.transactional_id;
  Producer* found = nullptr;
  BrokerResult result = check_producer(id, request.producer_id, request.epoch, found);
  if (result == BrokerResult::ok) {
    Producer& producer = *found;
    const State wanted = request.commit ? State::committed : State::aborted;
    if (producer.state == State::open && request.commit)
      commit(id, producer);
    else if (producer.state == State::open)
      abort(id, producer, BrokerAbort::asked);
    else
      result = producer.state == wanted ? BrokerResult::already_done : BrokerResult::invalid_state;
  }
  answer->result = refused(result, id, request.kind());
  return answer;
}

// A transaction that timed out is aborted and its producer fenced: a commit that comes later is
// refused.
void Broker::Server::on_work(uint16_t, uint64_t producer_id) {
  auto& [id, producer] = *broker_.producer_of_[producer_id - 1];
  // Each transaction has a timer of its own; those of transactions that have ended find nothing
  // due.
  if (producer.state != State::open || now() < producer.started + producer.timeout) return;
  abort(id, producer, BrokerAbort::timed_out);
  ++producer.epoch;
  producer.next_sequence = 0;
}

Body Broker::Server::list(const ListTransactions& request) const {
  auto answer = std::make_shared<TransactionList>();
  answer->open = broker_.open_transactions(request.prefix);
  return answer;
}

Body Broker::Server::read(const ReadCommitted& request) const {
  auto answer = std::make_shared<CommittedRecords>();
  if (!broker_.options_.keep_committed) {
    answer->result = BrokerResult::invalid_state;
    return answer;
  }
  answer->next = request.from;
  const auto found = broker_.partitions_.find(request.partition);
  if (found == broker_.partitions_.end()) return answer;
  const Partition& partition = found->second;
  answer->last_stable_offset = partition.last_stable();
  std::vector<Record> records;
  auto it = partition.kept.lower_bound(request.from);
  for (; it != partition.kept.end() && it->first < answer->last_stable_offset; ++it) {
    const Kept& kept = it->second;
    if (!kept.committed) continue;
    if (!records.empty() && records.size() + kept.batch.size() > request.max_records) break;
    records.insert(records.end(), kept.batch.records().begin(), kept.batch.records().end());
    answer->next = kept.offset + kept.batch.size();
  }
  const bool all = it == partition.kept.end() || it->first >= answer->last_stable_offset;
  if (all) answer->next = std::max(request.from, answer->last_stable_offset);
  answer->batch = RecordBatch(std::move(records));
  return answer;
}

}  // namespace drey::sim
