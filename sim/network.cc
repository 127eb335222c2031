#include "sim/network.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/endpoint.h"
#include "sim/world.h"

namespace drey::sim {

namespace {
constexpr uint64_t kAnswerOverhead = 128;  // of an answer without a body
constexpr uint64_t kLatencyStream = name_hash("network/latency");

bool is_refusal(const Parcel& parcel) { return parcel.failure == CallFailure::unreachable; }
}  // namespace

std::string_view name(CallFailure failure) {
  switch (failure) {
    case CallFailure::none:
      return "none";
    case CallFailure::timeout:
      return "timeout";
    case CallFailure::unreachable:
      return "unreachable";
    case CallFailure::fenced_off:
      return "fenced off";
    case CallFailure::endpoint_stopped:
      return "endpoint stopped";
    case CallFailure::handler_failed:
      return "handler failed";
  }
  return "";
}

Network::Network(World& world, NetworkSpec spec) : world_(world), spec_(std::move(spec)) {
  id_ = world_.kernel().add(*this, world_.kernel().intern("network"), {});
}

Network::~Network() { world_.kernel().remove(id_); }

void Network::attach(Endpoint& endpoint) {
  const uint32_t process = endpoint.process().index;
  if (endpoints_.size() <= process) endpoints_.resize(process + 1u);
  Listeners& here = endpoints_[process];
  for (const Endpoint* other : here.all)
    CHECK(other->address().endpoint != endpoint.address().endpoint,
          "an endpoint's name is unique in its process");
  here.all.push_back(&endpoint);
}

void Network::detach(Endpoint& endpoint) {
  Listeners& here = endpoints_[endpoint.process().index];
  here.all.erase(std::find(here.all.begin(), here.all.end(), &endpoint));
  if (here.latest == &endpoint) here.latest = nullptr;
}

// An endpoint dies with its process, so whoever has the address is of that incarnation. Mail comes
// in crowds to the same endpoint, and that one is in the cache.
Endpoint* Network::find(const Address& address) {
  if (address.process.index >= endpoints_.size()) return nullptr;
  Listeners& there = endpoints_[address.process.index];
  if (there.latest != nullptr && there.latest->address() == address) return there.latest;
  // The newest first: data endpoints and tasks get more than the process's first one.
  for (size_t i = there.all.size(); i > 0; --i) {
    if (there.all[i - 1]->address() != address) continue;
    there.latest = there.all[i - 1];
    return there.latest;
  }
  return nullptr;
}

uint32_t Network::connection(ProcessId from, ProcessId to) {
  if (connection_of_.size() <= from.index) connection_of_.resize(from.index + 1u);
  std::vector<uint32_t>& of_sender = connection_of_[from.index];
  if (of_sender.size() <= to.index) of_sender.resize(to.index + 1u, UINT32_MAX);
  if (of_sender[to.index] != UINT32_MAX) return of_sender[to.index];
  const auto index = static_cast<uint32_t>(connections_.size());
  Connection& made = connections_.emplace_back();
  made.from = from;
  made.to = to;
  of_sender[to.index] = index;
  return index;
}

// As Kernel::draw does it, by the hash of a name that nobody else needs.
Duration Network::latency_of(Connection& line, uint64_t purpose, uint64_t n) const {
  if (spec_.latency.kind() == Distribution::Kind::constant) return Duration{spec_.latency.low()};
  if (line.path_hash == 0) {
    const Machines& machines = world_.machines();
    line.path_hash =
        name_hash("connection/" + machines.name(line.from) + ">" + machines.name(line.to));
  }
  const uint64_t draw =
      draw_value(world_.kernel().seed(), {kLatencyStream, line.path_hash, purpose, n});
  return Duration{spec_.latency.sample(draw)};
}

void Network::make_flights() {
  const auto first = static_cast<uint32_t>(flights_.size()) * kFlightsTogether;
  flights_.push_back(std::make_unique<Flights>());
  for (uint32_t i = kFlightsTogether; i > 0; --i) free_flights_.push_back(first + i - 1);
}

uint32_t Network::keep(Parcel&& parcel, uint32_t connection, uint32_t epoch) {
  const uint32_t index = keep(std::move(parcel));
  Flight& kept = flight(index);
  kept.connection = connection;
  kept.epoch = epoch;
  return index;
}

void Network::release(uint32_t index) {
  flight(index).parcel.body = nullptr;
  free_flights_.push_back(index);
}

void Network::depart() {
  if (outbox_.empty()) return;
  for (size_t i = 0; i < outbox_.size(); ++i) {
    const uint32_t index = outbox_[i];
    if ((index & kFanOutBit) == 0)
      leave(index);
    else
      leave_each(index & ~kFanOutBit);
  }
  outbox_.clear();
}

bool Network::lost_by_rule(const Parcel& parcel) {
  for (auto& [rule, listener] : rules_) {
    const std::string_view message = parcel.answer ? parcel.ask_name : parcel.body->name();
    // A rule on an answer names the ask's sender and receiver, so the ends are swapped.
    const ProcessId from = parcel.answer ? parcel.to.process : parcel.from.process;
    const ProcessId to = parcel.answer ? parcel.from.process : parcel.to.process;
    const Machines& machines = world_.machines();
    if (rule.done || rule.answer != parcel.answer) continue;
    if (!rule.message.empty() && rule.message != message) continue;
    if (!rule.from.empty() && rule.from != machines.name(from)) continue;
    if (!rule.to.empty() && rule.to != machines.name(to)) continue;
    if (++rule.seen != rule.number) continue;
    rule.done = true;
    world_.kernel().announce({.entity = machines.path(parcel.to.process),
                              .subject = machines.path(parcel.from.process),
                              .kind = fact_kind(NetworkFact::lost),
                              .flags = static_cast<uint16_t>(parcel.answer),
                              .a = parcel.answer ? parcel.ask_kind : parcel.body->kind()});
    if (listener != nullptr) listener->on_lost(rule.fault);
    return true;
  }
  return false;
}

// Some field of it, whose number the kernel's count picks; of a body without one, its fencing
// token.
void Network::perturb(Parcel& parcel) {
  auto& body = const_cast<Message&>(*parcel.body);
  for (uint64_t which = world_.kernel().perturbations_seen() % 3;; --which) {
    if (body.perturb_field(which)) return;
    if (which == 0) break;
  }
  parcel.token.low ^= 1;
}

void Network::leave(uint32_t index) {
  Machines& machines = world_.machines();
  Flight& leaving = flight(index);
  Parcel& parcel = leaving.parcel;
  const ProcessId from = parcel.from.process;
  const ProcessId to = parcel.to.process;
  const bool alive =
      machines.running(from) && machines.incarnation(from) == parcel.from.incarnation;
  // What stays in one process does not cross the network, so it cannot be lost there.
  if (!alive || (!rules_.empty() && from != to && lost_by_rule(parcel))) {
    release(index);
    return;
  }
  // Only a body that nobody else holds: a sender that keeps one (a broadcast) would see it change.
  if (parcel.body.use_count() == 1 && world_.kernel().perturbed(Perturbation::message_field) != 0)
    perturb(parcel);
  if (from == to) {  // one process: asynchronous, but not on the network
    world_.kernel().post({}, id_, arrive_locally, index, Priority::delivery);
    return;
  }
  leaving.connection = connection(from, to);
  const Connection& line = connections_[leaving.connection];
  leaving.epoch = line.epoch;
  const bool cut = link(machines.host_of(from), machines.host_of(to)).cut;
  if (cut || line.blocked) {
    block(leaving.connection, index);
  } else {
    launch(leaving.connection, index);
  }
}

void Network::launch(uint32_t index, uint32_t launched) {
  const Parcel& parcel = flight(launched).parcel;
  uint64_t bytes = parcel.bytes;
  if (bytes == 0) bytes = parcel.body != nullptr ? parcel.body->wire_size() : kAnswerOverhead;
  const Time at = arrival_time(connections_[index], bytes);
  world_.kernel().post(at - world_.kernel().now(), id_, arrive, launched, Priority::delivery);
}

// The card sends one after the other, and so does a link that is slower than the card; the wire
// keeps a connection's order.
Time Network::arrival_time(Connection& line, uint64_t bytes) {
  Kernel& kernel = world_.kernel();
  bytes_sent_ += bytes;
  const HostId from = world_.machines().host_of(line.from);
  if (card_free_.size() <= from.index) card_free_.resize(from.index + 1u);
  const Time start = std::max(kernel.now(), card_free_[from.index]);
  Time sent = start + transfer_time(bytes, spec_.bytes_per_second);
  card_free_[from.index] = sent;
  ++line.messages;
  Duration latency = latency_of(line, 0, line.messages);
  if (!links_.empty() || !limited_.empty())
    sent =
        over_changed_links(from, world_.machines().host_of(line.to), start, sent, bytes, latency);
  line.last_arrival = std::max(sent + latency, line.last_arrival);
  // After the order of the line, which would absorb it.
  line.last_arrival.ns += static_cast<int64_t>(kernel.perturbed(Perturbation::latency));
  return line.last_arrival;
}

void Network::block(uint32_t index, uint32_t blocked) {
  Connection& line = connections_[index];
  Blocked& held = blocked_[index];
  if (!line.blocked) {
    line.blocked = true;
    held.since = world_.kernel().now();
    held.retry = spec_.retransmit_min;
    world_.kernel().post(held.retry, id_, retransmit, (uint64_t{line.epoch} << 32) | index,
                         Priority::delivery);
  }
  held.parcels.push_back(blocked);
}

void Network::retry(uint32_t index) {
  Connection& line = connections_[index];
  Machines& machines = world_.machines();
  if (!line.blocked) return;
  if (link(machines.host_of(line.from), machines.host_of(line.to)).cut) {
    Blocked& held = blocked_.at(index);
    if (world_.kernel().now() - held.since >= spec_.tcp_give_up) {
      reset(line.from, line.to);
      return;
    }
    held.retry = std::min(held.retry * 2, spec_.retransmit_max);
    world_.kernel().post(held.retry, id_, retransmit, (uint64_t{line.epoch} << 32) | index,
                         Priority::delivery);
    return;
  }
  const Blocked waiting = std::move(blocked_.at(index));
  blocked_.erase(index);
  line.blocked = false;
  for (const uint32_t held : waiting.parcels) launch(index, held);
}

void Network::arrived(uint32_t index) {
  const Flight& landing = flight(index);
  const uint32_t via = landing.connection;
  if (via != UINT32_MAX) {
    const Connection& line = connections_[via];
    if (line.epoch != landing.epoch) {  // reset while in flight
      release(index);
      return;
    }
    const Machines& machines = world_.machines();
    const LinkState state =
        links_.empty() ? LinkState{} : link(machines.host_of(line.from), machines.host_of(line.to));
    if (state.cut) {
      block(via, index);
      return;
    }
    if (state.rejects && !is_refusal(landing.parcel)) {
      reject(via, landing.parcel);
      release(index);
      return;
    }
  }
  hand_over(landing.parcel);
  release(index);
}

void Network::hand_over(const Parcel& parcel) {
  const ProcessId to = parcel.to.process;
  if (world_.kernel().frozen(to)) {
    if (mail_of_frozen_.size() <= to.index) mail_of_frozen_.resize(to.index + 1u);
    mail_of_frozen_[to.index].push_back(parcel);
    return;
  }
  deliver(parcel);
}

void Network::deliver(const Parcel& parcel) {
  Kernel& kernel = world_.kernel();
  Endpoint* endpoint = find(parcel.to);
  if (endpoint == nullptr) {
    refuse(parcel);
    return;
  }
  if (parcel.connects) connected(parcel);
  ++messages_delivered_;
  Fact fact{.entity = endpoint->path(),
            .subject = world_.machines().path(parcel.from.process),
            .kind = fact_kind(NetworkFact::delivered),
            .flags = static_cast<uint16_t>(parcel.answer ? 1 : 0)};
  Digest digest;
  digest.fold(parcel.token.high, parcel.token.low, static_cast<uint64_t>(parcel.failure),
              parcel.ask_kind);
  if (parcel.body != nullptr) {
    parcel.body->fold(digest);
    const Essence essence = parcel.body->essence();
    fact.a = parcel.body->kind();
    fact.b = essence[0];
    fact.c = essence[1];
  }
  fact.content = digest.value().high ^ digest.value().low;
  kernel.announce(fact);
  endpoint->receive(parcel);
}

// The asker hears nothing of it: it only stops waiting.
void Network::connected(const Parcel& parcel) {
  Endpoint* const asker = find(parcel.from);
  Continuation then;
  if (asker != nullptr) asker->asks_.close(parcel.call, then);
}

// Nobody listens there: a host that is up says so at once, a crashed one says nothing.
void Network::refuse(const Parcel& parcel) {
  Machines& machines = world_.machines();
  if (!machines.host_up(machines.host_of(parcel.to.process))) return;
  world_.kernel().announce({.entity = machines.path(parcel.from.process),
                            .subject = machines.path(parcel.to.process),
                            .kind = fact_kind(NetworkFact::unreachable),
                            .a = parcel.body != nullptr ? parcel.body->kind() : 0});
  if (parcel.answer || parcel.call == 0) return;
  Parcel refusal{.from = parcel.to,
                 .to = parcel.from,
                 .call = parcel.call,
                 .answer = true,
                 .failure = CallFailure::unreachable,
                 .ask_kind = parcel.body->kind(),
                 .ask_name = parcel.body->name()};
  if (parcel.from.process == parcel.to.process) {
    const uint32_t kept = keep(std::move(refusal));
    world_.kernel().post({}, id_, arrive_locally, kept, Priority::delivery);
    return;
  }
  const uint32_t index = connection(parcel.to.process, parcel.from.process);
  const uint32_t epoch = connections_[index].epoch;
  launch(index, keep(std::move(refusal), index, epoch));
}

LinkState Network::link(HostId from, HostId to) const {
  if (links_.empty()) return {};
  const auto found = links_.find({from.index, to.index});
  return found == links_.end() ? LinkState{} : found->second.state;
}

void Network::break_connection(uint32_t index, bool tell_peer) {
  Connection& line = connections_[index];
  ++line.epoch;
  ++breaks_;
  if (line.blocked) {
    for (const uint32_t held : blocked_.at(index).parcels) release(held);
    blocked_.erase(index);
  }
  line.blocked = false;
  line.last_arrival = {};
  if (!tell_peer) return;
  world_.kernel().post(latency_of(line, 1, line.epoch), id_, tell_closed, index,
                       Priority::delivery);
}

void Network::reset(ProcessId a, ProcessId b) {
  break_connection(connection(a, b), true);
  break_connection(connection(b, a), true);
}

void Network::lose(LoseRule rule, LoseListener* listener) {
  rules_.emplace_back(std::move(rule), listener);
}

void Network::on_process_stopped(ProcessId process, StopReason reason) {
  if (process.index < mail_of_frozen_.size()) mail_of_frozen_[process.index].clear();
  const bool silent = reason == StopReason::host_crash;
  std::vector<ProcessId> peers;
  for (const Connection& line : connections_) {
    if (line.to == process) peers.push_back(line.from);
    if (line.from == process) peers.push_back(line.to);
  }
  std::stable_sort(peers.begin(), peers.end());
  peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
  for (const ProcessId peer : peers) {
    // A crashed host says nothing: its peers find out by time-out. What was on its way to it is
    // lost all the same.
    break_connection(connection(peer, process), false);
    break_connection(connection(process, peer), !silent);
  }
}

void Network::on_process_thawed(ProcessId process) {
  if (process.index >= mail_of_frozen_.size()) return;
  std::vector<Parcel> mail;
  mail.swap(mail_of_frozen_[process.index]);
  for (Parcel& parcel : mail) {
    const uint32_t kept = keep(std::move(parcel));
    world_.kernel().post({}, id_, arrive_locally, kept, Priority::delivery);
  }
}

void Network::on_event(const Event& event) {
  switch (static_cast<Kind>(event.kind())) {
    case arrive:
    case arrive_locally:
      arrived(static_cast<uint32_t>(event.argument));
      break;
    case fan_out_arrives:
      next_arrival(static_cast<uint32_t>(event.argument));
      break;
    case retransmit: {
      const auto index = static_cast<uint32_t>(event.argument & 0xffffffffu);
      if (connections_[index].epoch == event.argument >> 32) retry(index);
      break;
    }
    case tell_closed: {
      const Connection& line = connections_[static_cast<uint32_t>(event.argument)];
      const ProcessId peer = line.from;
      const ProcessId told = line.to;
      if (!world_.machines().running(told) || told.index >= endpoints_.size()) break;
      world_.kernel().announce({.entity = world_.machines().path(told),
                                .subject = world_.machines().path(peer),
                                .kind = fact_kind(NetworkFact::connection_closed)});
      const std::vector<Endpoint*> all = endpoints_[told.index].all;
      for (Endpoint* endpoint : all) endpoint->on_connection_closed(peer);
      break;
    }
  }
}

}  // namespace drey::sim
