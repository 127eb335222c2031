#include "model/task/data_exchange.h"

#include <algorithm>

#include "fmt/core.h"
#include "sim/check.h"

namespace drey::model {

namespace {
// Each incarnation has a directory of its own; what an earlier one left there is nobody's.
ResultStorage storage_of(sim::World& world, sim::ProcessId process, sim::Disk* disk,
                         const sim::Clock& clock) {
  return {.disk = disk,
          .clock = &clock,
          .process = process,
          .directory = fmt::format("/{}#{}/results", world.machines().name(process),
                                   world.machines().incarnation(process))};
}
}  // namespace

DataExchange::DataExchange(sim::World& world, sim::ProcessId process,
                           const DataExchangeOptions& options, sim::Disk* disk)
    : Endpoint(world, process, kEndpointName),
      options_(options),
      buffers_(options.network_segments),
      clock_(world.kernel()),
      stored_(storage_of(world, process, disk, clock_), *this) {}

DataExchange::~DataExchange() {
  stored_.shut_down();
  for (auto& [process, connection] : connections_)
    for (uint32_t i = 0; i < connection->views.size(); ++i) connection->queue.remove_reader(i);
  for (auto& [id, registered] : partitions_) registered.partition->release();
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
  TakenBuffer taken = view.view->take(polled.payload, polled.type, polled.size, polled.sequence);
  outgoing.push_back({.receiver = view.receiver,
                      .kind = ChannelData::Kind::buffer,
                      .type = polled.type,
                      .sequence = polled.sequence,
                      .backlog = polled.backlog,
                      .slice = std::move(taken.slice),
                      .event = taken.event});
  // On the wire: its buffer is free again.
  view.view->recycle(taken.buffer);
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
  if (can_be_opened(entry.partition)) {
    open_view(from, entry);
    return;
  }
  if (waiting_.empty())
    kernel().arm(entity(), expiry_due, options_.partition_request_timeout, sim::Priority::timer);
  waiting_.push_back({from, entry, now()});
}

// A file that is missing or cannot be opened is answered "not found" at once.
void DataExchange::open_view(const sim::Address& from, const RequestPartitions::Entry& entry) {
  const uint64_t number = ++last_stored_view_;
  Connection& line = connection(from);
  std::unique_ptr<SubpartitionView> view = open(entry.partition, entry.subpartition, *this, number);
  if (view == nullptr) {
    say(from, entry.receiver,
        hides_loss(entry.partition) ? ChannelData::Kind::producer_failed
                                    : ChannelData::Kind::not_found,
        0);
    return;
  }
  // The reader may be served at once, inside add_reader.
  const auto reader = static_cast<uint32_t>(line.views.size());
  stored_views_[number] = {from.process, reader};
  PipelinedSubpartition& queue = view->queue();
  line.views.push_back(
      {entry.receiver, number, entry.partition, std::move(view), entry.subpartition});
  line.reader_of[entry.receiver] = reader;
  const uint32_t given = line.queue.add_reader(queue, entry.credit);
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

void DataExchange::close_view(Connection& line, uint32_t reader, bool at_end) {
  View& view = line.views[reader];
  if (view.view == nullptr) return;
  line.queue.remove_reader(reader);
  line.reader_of.erase(view.receiver);
  stored_views_.erase(view.number);
  const std::unique_ptr<SubpartitionView> gone = std::move(view.view);
  local_consumed(view.partition, view.subpartition, at_end);
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
    SubpartitionView& view = *line.views[reader].view;
    view.look();
    switch (entry.kind) {
      case ChannelControl::Kind::credit:
        line.queue.add_credit(reader, entry.credit);
        break;
      case ChannelControl::Kind::resume:
        line.queue.resume(reader);
        break;
      case ChannelControl::Kind::processed:
        view.user_records_processed();
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
    for (const uint32_t reader : ended) close_view(*line, reader, true);
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
  } else if (body.kind() == StoreRegion::kind_id()) {
    store_region(call, sim::as<StoreRegion>(body));
  } else if (body.kind() == DropResults::kind_id()) {
    release(sim::as<DropResults>(body).partitions);
  }
}

void DataExchange::on_reply(sim::Continuation then, const sim::Reply& reply) {
  if (then.kind == region_stored) {
    region_answered(then.argument, reply);
    return;
  }
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
