// The network's way of one body to many (Network::send_each). Equal to sending one by one, event by
// event: the order of the arrivals is reserved when they leave.
#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/endpoint.h"
#include "sim/network.h"
#include "sim/world.h"

namespace drey::sim {

namespace {

// By time; of one time in the order in which they stand. A number for each is sorted and moved
// instead of the whole.
template <class Arrival>
void sort_by_time(std::vector<Arrival>& arrivals, Time now) {
  constexpr uint64_t kMostArrivals = uint64_t{1} << 20;
  constexpr int64_t kMostWait = int64_t{1} << 43;  // two hours and a half
  const auto sooner = [](const Arrival& a, const Arrival& b) { return a.at < b.at; };
  if (std::is_sorted(arrivals.begin(), arrivals.end(), sooner)) return;
  std::vector<uint64_t> order;
  order.reserve(arrivals.size());
  for (const Arrival& arrival : arrivals) {
    const int64_t wait = (arrival.at - now).ns;
    if (wait >= kMostWait || arrivals.size() > kMostArrivals) {
      std::stable_sort(arrivals.begin(), arrivals.end(), sooner);
      return;
    }
    order.push_back((static_cast<uint64_t>(wait) * kMostArrivals) | order.size());
  }
  std::sort(order.begin(), order.end());  // total order: no two places are equal
  std::vector<Arrival> sorted;
  sorted.reserve(arrivals.size());
  for (const uint64_t key : order) sorted.push_back(arrivals[key % kMostArrivals]);
  arrivals = std::move(sorted);
}

void fetch(const void* from, size_t bytes) {
  constexpr size_t kLine = 64;
  if (from == nullptr) return;
  for (size_t at = 0; at < bytes; at += kLine)
    __builtin_prefetch(static_cast<const char*>(from) + at);
}

}  // namespace

void Network::send_each(Parcel parcel, const std::vector<Stop>& stops) {
  if (stops.empty()) return;
  CHECK(parcel.body != nullptr, "what goes to many has a body");
  auto index = static_cast<uint32_t>(fan_outs_.size());
  if (free_fan_outs_.empty()) {
    fan_outs_.push_back(std::make_unique<FanOut>());
  } else {
    index = free_fan_outs_.back();
    free_fan_outs_.pop_back();
  }
  FanOut& made = *fan_outs_[index];
  made.parcel = std::move(parcel);
  made.endpoint = stops.front().to.endpoint;
  made.arrivals.reserve(stops.size());
  for (const Stop& stop : stops) {
    CHECK(stop.to.endpoint == made.endpoint, "one body goes to endpoints of one name");
    CHECK(stop.call <= UINT32_MAX, "the number of an ask to many fits into 32 bits");
    Arrival& arrival = made.arrivals.emplace_back();
    arrival.call = static_cast<uint32_t>(stop.call);
    arrival.process = stop.to.process;
    arrival.incarnation = stop.to.incarnation;
    arrival.bytes = stop.bytes;
  }
  outbox_.push_back(index | kFanOutBit);
}

Parcel Network::parcel_of(const FanOut& fan, const Arrival& arrival) {
  Parcel parcel = fan.parcel;
  parcel.to = {arrival.process, arrival.incarnation, fan.endpoint};
  parcel.call = arrival.call;
  parcel.bytes = arrival.bytes;
  return parcel;
}

// Whether it is on its way with the others; if not, it is lost, waits at a cut link, or goes by
// itself.
bool Network::leave_one(const FanOut& fan, Arrival& arrival) {
  const Machines& machines = world_.machines();
  const ProcessId from = fan.parcel.from.process;
  if (from == arrival.process) {
    const uint32_t kept = keep(parcel_of(fan, arrival));
    world_.kernel().post({}, id_, arrive_locally, kept, Priority::delivery);
    return false;
  }
  if (!rules_.empty() && lost_by_rule(parcel_of(fan, arrival))) return false;
  arrival.connection = connection(from, arrival.process);
  Connection& line = connections_[arrival.connection];
  arrival.epoch = line.epoch;
  const bool cut =
      !links_.empty() && link(machines.host_of(from), machines.host_of(arrival.process)).cut;
  if (cut || line.blocked) {
    block(arrival.connection, keep(parcel_of(fan, arrival), arrival.connection, arrival.epoch));
    return false;
  }
  arrival.at = arrival_time(line, arrival.bytes);
  return true;
}

void Network::leave_each(uint32_t index) {
  FanOut& fan = *fan_outs_[index];
  const Address from = fan.parcel.from;
  const Machines& machines = world_.machines();
  size_t on_the_way = 0;
  if (machines.running(from.process) && machines.incarnation(from.process) == from.incarnation)
    for (size_t i = 0; i < fan.arrivals.size(); ++i)
      if (leave_one(fan, fan.arrivals[i])) fan.arrivals[on_the_way++] = fan.arrivals[i];
  fan.arrivals.resize(on_the_way);
  fan.next = 0;
  fan.breaks = breaks_;
  if (on_the_way == 0) {
    fan.parcel = {};
    fan.arrivals = {};
    free_fan_outs_.push_back(index);
    return;
  }
  sort_by_time(fan.arrivals, world_.kernel().now());
  fan.order = world_.kernel().reserve(id_, Priority::delivery, on_the_way);
  post_arrival(index);
}

// The event says to whom, for who fetches ahead.
void Network::post_arrival(uint32_t index) {
  const FanOut& fan = *fan_outs_[index];
  const Arrival& next = fan.arrivals[fan.next];
  world_.kernel().post_reserved(next.at, id_, fan_out_arrives,
                                (uint64_t{next.process.index} << 32) | index, fan.order + fan.next);
}

// A thousand fan-outs to a thousand receivers take turns, so that at each arrival neither lies in
// the cache any more. What is sure to be read is asked for one event before; it changes nothing.
void Network::fetch_ahead(const Event* event) const {
  if (event == nullptr || !(event->target == id_) || event->kind() != fan_out_arrives) return;
  constexpr size_t kDataEndpoint = 768;  // bytes; of a smaller one, what lies behind it, too
  fetch(fan_outs_[event->argument & 0xffffffffu].get(), sizeof(FanOut));
  const uint64_t process = event->argument >> 32;
  if (process < endpoints_.size()) fetch(endpoints_[process].latest, kDataEndpoint);
}

void Network::next_arrival(uint32_t index) {
  fetch_ahead(world_.kernel().likely_next());
  FanOut& fan = *fan_outs_[index];
  const Arrival arrival = fan.arrivals[fan.next++];
  // Looked at only where a connection has been lost or a link differs: this is done a million times
  // in a row.
  const bool lost =
      fan.breaks != breaks_ && connections_[arrival.connection].epoch != arrival.epoch;
  const Machines& machines = world_.machines();
  const LinkState state = links_.empty() ? LinkState{}
                                         : link(machines.host_of(fan.parcel.from.process),
                                                machines.host_of(arrival.process));
  if (!lost && state.rejects) reject(arrival.connection, parcel_of(fan, arrival));
  if (!lost && state.cut)
    block(arrival.connection, keep(parcel_of(fan, arrival), arrival.connection, arrival.epoch));
  Parcel last;
  Parcel* parcel = &fan.parcel;
  parcel->to = {arrival.process, arrival.incarnation, fan.endpoint};
  parcel->call = arrival.call;
  parcel->bytes = arrival.bytes;
  if (fan.next < fan.arrivals.size()) {
    post_arrival(index);
  } else {
    std::swap(last, fan.parcel);
    parcel = &last;
    fan.arrivals = {};
    free_fan_outs_.push_back(index);
  }
  if (!lost && !state.cut && !state.rejects) hand_over(*parcel);
}

}  // namespace drey::sim
