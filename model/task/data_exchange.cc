#include "model/task/data_exchange.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

DataExchange::DataExchange(sim::World& world, sim::ProcessId process,
                           const DataExchangeOptions& options)
    : Endpoint(world, process, kEndpointName),
      options_(options),
      buffers_(options.network_segments) {}

DataExchange::~DataExchange() {
  for (auto& [process, connection] : connections_)
    for (uint32_t i = 0; i < connection->views.size(); ++i) connection->queue.remove_reader(i);
  for (auto& [id, registered] : partitions_) registered.partition->release();
}

// ---- partitions ----

void DataExchange::add(std::shared_ptr<ResultPartition> partition) {
  const PartitionId id = partition->id();
  partitions_[id] = {std::move(partition)};
  if (!partitions_[id].partition->blocking()) serve_waiting(id);
}

void DataExchange::serve_waiting(const PartitionId& id) {
  std::vector<Waiting> found;
  for (size_t i = 0; i < waiting_.size();) {
    if (waiting_[i].entry.partition == id) {
      found.push_back(waiting_[i]);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  for (const Waiting& w : found) open_view(w.from, w.entry, partitions_[id].partition);
}

std::shared_ptr<ResultPartition> DataExchange::find(const PartitionId& id) const {
  const auto at = partitions_.find(id);
  return at == partitions_.end() ? nullptr : at->second.partition;
}

void DataExchange::task_ended(const PartitionId& id, Removal how) {
  const auto at = partitions_.find(id);
  if (at == partitions_.end()) return;
  at->second.task_ended = true;
  at->second.partition->detach_writer();
  if (how == Removal::finished) {
    if (at->second.partition->blocking()) serve_waiting(id);
    remove_if_done(id);
    return;
  }
  // Released without a cause nothing is sent, and the consumers stay silent until the JobMaster
  // cancels them.
  const std::shared_ptr<ResultPartition> gone = at->second.partition;
  partitions_.erase(at);
  for (auto& [process, connection] : connections_) {
    for (uint32_t reader = 0; reader < connection->views.size(); ++reader) {
      if (connection->views[reader].partition != gone) continue;
      if (how == Removal::failed)
        say(connection->peer, connection->views[reader].receiver,
            ChannelData::Kind::producer_failed, 0);
      close_view(*connection, reader);
    }
  }
  gone->release();
}

void DataExchange::local_consumed(const PartitionId& id, uint32_t subpartition) {
  const auto at = partitions_.find(id);
  if (at == partitions_.end()) return;
  at->second.partition->consumed(subpartition);
  remove_if_done(id);
}

void DataExchange::remove_if_done(const PartitionId& id) {
  const auto at = partitions_.find(id);
  if (at == partitions_.end() || !at->second.task_ended) return;
  if (!at->second.partition->all_consumed()) return;
  const std::shared_ptr<ResultPartition> gone = at->second.partition;
  partitions_.erase(at);
  gone->release();
}

// ---- serving ----

DataExchange::Connection& DataExchange::connection(const sim::Address& peer) {
  std::unique_ptr<Connection>& known = connections_[peer.process];
  if (known != nullptr && known->peer != peer) {
    // A new incarnation, and nobody has told of the old one's end (its host had crashed): its
    // readers are gone.
    for (uint32_t reader = 0; reader < known->views.size(); ++reader) close_view(*known, reader);
    known = nullptr;
  }
  if (known == nullptr) known = std::make_unique<Connection>(*this, peer);
  return *known;
}

bool DataExchange::Connection::buffer(uint32_t reader, const PolledBuffer& polled) {
  View& view = views[reader];
  ResultPartition::Taken taken = view.partition->take(view.subpartition, polled.payload,
                                                      polled.type, polled.size, polled.sequence);
  outgoing.push_back({.receiver = view.receiver,
                      .kind = ChannelData::Kind::buffer,
                      .type = polled.type,
                      .sequence = polled.sequence,
                      .backlog = polled.backlog,
                      .slice = std::move(taken.slice),
                      .event = taken.event});
  // On the wire: its buffer is free again.
  view.partition->recycle(view.subpartition, taken.buffer);
  if (polled.type == BufferType::end_of_partition) ended.push_back(reader);
  owner.want_flush();
  return true;
}

void DataExchange::Connection::backlog(uint32_t reader, int32_t n) {
  owner.say(peer, views[reader].receiver, ChannelData::Kind::backlog, n);
}

void DataExchange::say(const sim::Address& to, uint64_t receiver, ChannelData::Kind kind,
                       int32_t backlog) {
  const auto known = connections_.find(to.process);
  if (known != connections_.end() && to.incarnation < known->second->peer.incarnation)
    return;  // that one is gone
  connection(to).outgoing.push_back(
      {.receiver = receiver, .kind = kind, .backlog = backlog, .slice = {}, .event = {}});
  want_flush();
}

void DataExchange::serve(const sim::Address& from, const RequestPartitions::Entry& entry) {
  const std::shared_ptr<ResultPartition> partition = find(entry.partition);
  if (partition != nullptr && (!partition->blocking() || partition->finished())) {
    open_view(from, entry, partition);
    return;
  }
  if (waiting_.empty())
    kernel().arm(entity(), expiry_due, options_.partition_request_timeout, sim::Priority::timer);
  waiting_.push_back({from, entry, now()});
}

void DataExchange::open_view(const sim::Address& from, const RequestPartitions::Entry& entry,
                             const std::shared_ptr<ResultPartition>& partition) {
  partition->look();
  partition->rewind(entry.subpartition);
  Connection& line = connection(from);
  // The reader may be served at once, inside add_reader.
  const auto reader = static_cast<uint32_t>(line.views.size());
  line.views.push_back({entry.receiver, partition, entry.subpartition});
  line.reader_of[entry.receiver] = reader;
  const uint32_t given = line.queue.add_reader(partition->queue(entry.subpartition), entry.credit);
  CHECK(given == reader, "readers are numbered in the order of adding");
}

void DataExchange::expire() {
  std::vector<Waiting> kept;
  for (const Waiting& w : waiting_) {
    if (now() - w.since < options_.partition_request_timeout) {
      kept.push_back(w);
      continue;
    }
    say(w.from, w.entry.receiver, ChannelData::Kind::not_found, 0);
  }
  waiting_ = std::move(kept);
  if (!waiting_.empty())
    kernel().arm(entity(), expiry_due, options_.partition_request_timeout, sim::Priority::timer);
}

void DataExchange::close_view(Connection& line, uint32_t reader) {
  View& view = line.views[reader];
  if (view.partition == nullptr) return;
  line.queue.remove_reader(reader);
  line.reader_of.erase(view.receiver);
  const std::shared_ptr<ResultPartition> partition = std::move(view.partition);
  view.partition = nullptr;
  partition->consumed(view.subpartition);
  remove_if_done(partition->id());
}

void DataExchange::on_control(const sim::Address& from, const ChannelControl& control) {
  const auto known = connections_.find(from.process);
  if (known == connections_.end() || known->second->peer != from) return;
  Connection& line = *known->second;
  for (const ChannelControl::Entry& entry : control.entries) {
    if (entry.kind == ChannelControl::Kind::cancel)
      waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& w) {
                                      return w.from == from && w.entry.receiver == entry.receiver;
                                    }),
                     waiting_.end());
    const auto at = line.reader_of.find(entry.receiver);
    if (at == line.reader_of.end()) continue;
    const uint32_t reader = at->second;
    const std::shared_ptr<ResultPartition> partition = line.views[reader].partition;
    partition->look();
    switch (entry.kind) {
      case ChannelControl::Kind::credit:
        line.queue.add_credit(reader, entry.credit);
        break;
      case ChannelControl::Kind::resume:
        line.queue.resume(reader);
        break;
      case ChannelControl::Kind::processed:
        partition->user_records_processed(line.views[reader].subpartition);
        break;
      case ChannelControl::Kind::cancel:
        close_view(line, reader);
        break;
    }
  }
}

// ---- consuming ----

uint64_t DataExchange::request(sim::Address producer, const PartitionId& partition,
                               uint32_t subpartition, int32_t credit, ChannelReceiver& receiver,
                               uint32_t channel) {
  const uint64_t number = ++last_receiver_;
  receivers_[number] = {&receiver, channel, producer, partition, subpartition, credit};
  queue_request(number);
  return number;
}

void DataExchange::request_again(uint64_t receiver) { queue_request(receiver); }

void DataExchange::queue_request(uint64_t receiver) {
  outgoing_[receivers_.at(receiver).producer].requests.push_back(receiver);
  want_flush();
}

void DataExchange::queue_control(uint64_t receiver, ChannelControl::Kind kind) {
  const auto at = receivers_.find(receiver);
  if (at == receivers_.end()) return;
  outgoing_[at->second.producer].control.push_back({receiver, kind});
  want_flush();
}

void DataExchange::close(uint64_t receiver, bool cancel) {
  if (cancel) queue_control(receiver, ChannelControl::Kind::cancel);
  receivers_.erase(receiver);
}

void DataExchange::fail_receiver(uint64_t receiver, ChannelFailure failure) {
  const auto at = receivers_.find(receiver);
  if (at == receivers_.end()) return;
  const Receiver gone = at->second;
  if (failure != ChannelFailure::not_found) receivers_.erase(at);  // else it may ask again
  gone.to->on_channel_failed(gone.channel, failure);
}

void DataExchange::on_data(const ChannelData& data) {
  for (const ChannelData::Entry& entry : data.entries) {
    const auto at = receivers_.find(entry.receiver);
    if (at == receivers_.end()) continue;  // closed meanwhile
    switch (entry.kind) {
      case ChannelData::Kind::buffer:
      case ChannelData::Kind::backlog:
        at->second.to->on_data(at->second.channel, entry);
        break;
      case ChannelData::Kind::not_found:
        fail_receiver(entry.receiver, ChannelFailure::not_found);
        break;
      case ChannelData::Kind::producer_failed:
        fail_receiver(entry.receiver, ChannelFailure::producer_failed);
        break;
    }
  }
}

// ---- the endpoint ----

void DataExchange::flush_all() {
  for (auto& [process, line] : connections_) {
    if (line->outgoing.empty()) continue;
    auto message = std::make_shared<ChannelData>();
    message->entries = std::move(line->outgoing);
    line->outgoing.clear();
    tell(line->peer, {}, std::move(message));
    std::vector<uint32_t> ended;
    ended.swap(line->ended);
    for (const uint32_t reader : ended) close_view(*line, reader);
  }
  flush_to_producers();
}

void DataExchange::flush_to_producers() {
  std::map<sim::Address, Outgoing> leaving;
  leaving.swap(outgoing_);
  for (auto& [to, out] : leaving) {
    auto request = std::make_shared<RequestPartitions>();
    std::vector<uint64_t> asking;
    for (const uint64_t number : out.requests) {
      const auto at = receivers_.find(number);
      if (at == receivers_.end()) continue;
      asking.push_back(number);
      request->entries.push_back(
          {at->second.partition, at->second.subpartition, number, at->second.credit});
    }
    if (!asking.empty()) {
      asked_[++last_ask_] = std::move(asking);
      ask(to, {}, std::move(request), options_.connect_timeout, {requested, last_ask_});
    }
    auto control = std::make_shared<ChannelControl>();
    for (ChannelControl::Entry entry : out.control) {
      const auto at = receivers_.find(entry.receiver);
      const bool cancel = entry.kind == ChannelControl::Kind::cancel;
      if (at == receivers_.end() && !cancel) continue;
      // The amount is read when the message leaves.
      if (entry.kind == ChannelControl::Kind::credit)
        entry.credit = at->second.to->take_credit(at->second.channel);
      control->entries.push_back(entry);
    }
    if (!control->entries.empty()) tell(to, {}, std::move(control));
  }
}

void DataExchange::on_timer(uint8_t kind) {
  switch (static_cast<Timer>(kind)) {
    case flush_due:
      flush_all();
      return;
    case expiry_due:
      expire();
      return;
  }
}

void DataExchange::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  if (body.kind() == ChannelData::kind_id()) {
    on_data(sim::as<ChannelData>(body));
  } else if (body.kind() == ChannelControl::kind_id()) {
    on_control(call.from, sim::as<ChannelControl>(body));
  } else if (body.kind() == RequestPartitions::kind_id()) {
    const auto& request = sim::as<RequestPartitions>(body);
    auto accepted = std::make_shared<PartitionsRequested>();
    accepted->entries = request.entries.size();
    answer(call, std::move(accepted));
    for (const RequestPartitions::Entry& entry : request.entries) serve(call.from, entry);
  }
}

void DataExchange::on_reply(sim::Continuation then, const sim::Reply& reply) {
  const auto at = asked_.find(then.argument);
  const std::vector<uint64_t> numbers = std::move(at->second);
  asked_.erase(at);
  if (reply.failure == sim::CallFailure::none) return;
  for (const uint64_t number : numbers) fail_receiver(number, ChannelFailure::no_connection);
}

void DataExchange::on_connection_closed(sim::ProcessId peer) {
  std::vector<uint64_t> lost;
  for (const auto& [number, receiver] : receivers_)
    if (receiver.producer.process == peer) lost.push_back(number);
  for (const uint64_t number : lost) fail_receiver(number, ChannelFailure::transport);
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                [&](const Waiting& w) { return w.from.process == peer; }),
                 waiting_.end());
  const auto line = connections_.find(peer);
  if (line == connections_.end()) return;
  line->second->outgoing.clear();
  line->second->ended.clear();
  for (uint32_t reader = 0; reader < line->second->views.size(); ++reader)
    close_view(*line->second, reader);
  connections_.erase(line);
}

}  // namespace drey::model
