// The network's way of one body to many (Network::send_each). Equal to sending one by one, event by
// event: the order of the arrivals is reserved when they leave.
#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/network.h"
#include "sim/world.h"

namespace drey::sim {

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
  const auto sooner = [](const Arrival& a, const Arrival& b) { return a.at < b.at; };
  if (!std::is_sorted(fan.arrivals.begin(), fan.arrivals.end(), sooner))
    std::stable_sort(fan.arrivals.begin(), fan.arrivals.end(), sooner);
  fan.order = world_.kernel().reserve(id_, Priority::delivery, on_the_way);
  world_.kernel().post_reserved(fan.arrivals[0].at, id_, fan_out_arrives, index, fan.order);
}

void Network::next_arrival(uint32_t index) {
  FanOut& fan = *fan_outs_[index];
  const Arrival arrival = fan.arrivals[fan.next++];
  // Looked at only where a connection has been lost or a link differs: this is done a million times
  // in a row.
  const bool lost =
      fan.breaks != breaks_ && connections_[arrival.connection].epoch != arrival.epoch;
  const Machines& machines = world_.machines();
  const bool cut =
      !links_.empty() &&
      link(machines.host_of(fan.parcel.from.process), machines.host_of(arrival.process)).cut;
  if (!lost && cut)
    block(arrival.connection, keep(parcel_of(fan, arrival), arrival.connection, arrival.epoch));
  Parcel last;
  Parcel* parcel = &fan.parcel;
  parcel->to = {arrival.process, arrival.incarnation, fan.endpoint};
  parcel->call = arrival.call;
  parcel->bytes = arrival.bytes;
  if (fan.next < fan.arrivals.size()) {
    world_.kernel().post_reserved(fan.arrivals[fan.next].at, id_, fan_out_arrives, index,
                                  fan.order + fan.next);
  } else {
    std::swap(last, fan.parcel);
    parcel = &last;
    fan.arrivals = {};
    free_fan_outs_.push_back(index);
  }
  if (!lost && !cut) hand_over(*parcel);
}

}  // namespace drey::sim
