// What faults do to links and cards: slower, shared, rejecting.
#include <algorithm>
#include <iterator>

#include "sim/network.h"
#include "sim/world.h"

namespace drey::sim {

// Slow links and cards that a fault has limited: when the last byte is through. `latency` grows.
Time Network::over_changed_links(HostId from, HostId to, Time start, Time sent, uint64_t bytes,
                                 Duration& latency) {
  const auto found = links_.find({from.index, to.index});
  if (found != links_.end()) {
    Link& link = found->second;
    const uint64_t rate = link.state.bytes_per_second;
    Time& free = link.state.queue == 0 ? link.free : queue_free_[link.state.queue];
    if (rate != 0 && rate < spec_.bytes_per_second)
      free = sent = std::max(start, free) + transfer_time(bytes, rate);
    latency = latency + link.state.extra_latency;
  }
  const auto sender = limited_.find(from.index);
  if (sender != limited_.end()) {
    LimitedCard& card = sender->second;
    card.sends = std::max(start, card.sends) + transfer_time(bytes, card.bytes_per_second);
    sent = std::max(sent, card.sends);
  }
  const auto receiver = limited_.find(to.index);
  if (receiver != limited_.end()) {
    LimitedCard& card = receiver->second;
    card.receives = std::max(sent, card.receives) + transfer_time(bytes, card.bytes_per_second);
    sent = card.receives;
  }
  return sent;
}

void Network::limit_card(HostId host, uint64_t bytes_per_second) {
  if (bytes_per_second == 0)
    limited_.erase(host.index);
  else
    limited_[host.index] = {.bytes_per_second = bytes_per_second, .sends = {}, .receives = {}};
  world_.kernel().announce({.entity = world_.machines().host_path(host),
                            .kind = fact_kind(NetworkFact::card_limited),
                            .a = bytes_per_second});
}

// The receiving host answers with a reset. A connection that was in use is closed at the sender's
// end; the other end finds out when it sends.
void Network::reject(uint32_t index, const Parcel& parcel) {
  if (connections_[index].messages > 1 && rejected_.insert(index).second) {
    const uint32_t back = connection(connections_[index].to, connections_[index].from);
    break_connection(index, false);
    break_connection(back, true);
  }
  refuse(parcel);
}

void Network::set_link(HostId from, HostId to, LinkState state) {
  const Machines& machines = world_.machines();
  links_[{from.index, to.index}].state = state;
  if (!state.rejects)
    for (auto i = rejected_.begin(); i != rejected_.end();) {
      const Connection& line = connections_[*i];
      const bool there = machines.host_of(line.from).index == from.index &&
                         machines.host_of(line.to).index == to.index;
      i = there ? rejected_.erase(i) : std::next(i);
    }
  world_.kernel().announce({.entity = machines.host_path(from),
                            .subject = machines.host_path(to),
                            .kind = fact_kind(NetworkFact::link_changed),
                            .a = state.cut       ? 1u
                                 : state.rejects ? 2u
                                                 : 0u,
                            .b = static_cast<uint64_t>(state.extra_latency.ns),
                            .c = state.bytes_per_second});
}

}  // namespace drey::sim
