// What faults do to links and cards: slower, shared, rejecting.
#include <algorithm>
#include <iterator>

#include "sim/network.h"
#include "sim/world.h"

namespace drey::sim {

namespace {

// A limit counts frames, as a token bucket does (tc-tbf): Ethernet's, IP's and TCP's headers
// with a time stamp around at most so many bytes, and an acknowledgement for two of them.
constexpr uint64_t kFrameHeaders = 14 + 20 + 32;
constexpr uint64_t kSegment = 1500 - 20 - 32;

uint64_t segments_of(uint64_t bytes) {
  return std::max<uint64_t>(1, (bytes + kSegment - 1) / kSegment);
}

Duration frames_take(uint64_t bytes, uint64_t rate) {
  return transfer_time(bytes + segments_of(bytes) * kFrameHeaders, rate);
}

Duration acknowledgements_take(uint64_t bytes, uint64_t rate) {
  return transfer_time((segments_of(bytes) + 1) / 2 * kFrameHeaders, rate);
}

}  // namespace

// Slow links and cards that a fault has limited: when the last byte is through. `latency` grows.
Time Network::over_changed_links(HostId from, HostId to, Time start, Time sent, uint64_t bytes,
                                 Duration& latency) {
  const auto find = [&](HostId one, HostId other) {
    const auto found = links_.find({one.index, other.index});
    return found == links_.end() ? nullptr : &found->second;
  };
  const auto is_limited = [&](const Link* link) {
    return link != nullptr && link->state.bytes_per_second != 0 &&
           link->state.bytes_per_second < spec_.bytes_per_second;
  };
  const auto free_of = [&](Link& link) -> Time& {
    return link.state.queue == 0 ? link.free : queue_free_[link.state.queue];
  };
  Link* const there = find(from, to);
  Link* const back = find(to, from);
  if (is_limited(there)) {
    Time& free = free_of(*there);
    free = sent = std::max(start, free) + frames_take(bytes, there->state.bytes_per_second);
  }
  if (there != nullptr) latency = latency + there->state.extra_latency;
  if (is_limited(back)) {
    Time& free = free_of(*back);
    free = std::max(sent, free) + acknowledgements_take(bytes, back->state.bytes_per_second);
  }
  // Data one way through the card, acknowledgements for it the other way.
  const auto over_card = [&](HostId host, Time begins, Time LimitedCard::*data,
                             Time LimitedCard::*acknowledgements) {
    const auto found = limited_.find(host.index);
    if (found == limited_.end()) return;
    LimitedCard& card = found->second;
    const uint64_t rate = card.bytes_per_second;
    card.*data = std::max(begins, card.*data) + frames_take(bytes, rate);
    sent = std::max(sent, card.*data);
    card.*acknowledgements =
        std::max(sent, card.*acknowledgements) + acknowledgements_take(bytes, rate);
  };
  over_card(from, start, &LimitedCard::sends, &LimitedCard::receives);
  over_card(to, sent, &LimitedCard::receives, &LimitedCard::sends);
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
