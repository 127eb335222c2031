// The null exchange's flush: what has gathered for other TaskManagers leaves as one body, at most
// one of requests and one of everything else, and goes to each of them as one message.
#include <algorithm>
#include <limits>
#include <utility>

#include "model/task/null_exchange.h"

namespace drey::model {

namespace {

// Both ascending.
ProducerSpans common(const ProducerSpans& a, const std::vector<ProducerSpan>& b) {
  std::vector<ProducerSpan> both;
  const ProducerSpan* i = a.begin();
  for (size_t k = 0; i != a.end() && k < b.size();) {
    const PartitionIndex first = std::max(i->first, b[k].first);
    const PartitionIndex last = std::min(i->last, b[k].last);
    if (first <= last && i->attempt == b[k].attempt) both.push_back({first, last, i->attempt});
    if (i->last < b[k].last) {
      ++i;
    } else {
      ++k;
    }
  }
  return ProducerSpans(std::move(both));
}

template <class Span>
void sort(std::vector<Span>& spans) {  // total order: nobody is named twice
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.first < b.first; });
}

// Readers ask in any order, mostly each process once: then a number for each is sorted and moved
// instead of the whole.
void sort(std::vector<ReaderPlace>& places) {
  const auto before = [](const ReaderPlace& a, const ReaderPlace& b) { return a.at < b.at; };
  if (std::is_sorted(places.begin(), places.end(), before)) return;
  std::vector<uint64_t> order;
  order.reserve(places.size());
  for (const ReaderPlace& place : places)
    order.push_back((uint64_t{place.at.process.index} << 32) | order.size());
  std::sort(order.begin(), order.end());  // total order: no two positions are equal
  const auto same_process = [](uint64_t a, uint64_t b) { return a >> 32 == b >> 32; };
  if (std::adjacent_find(order.begin(), order.end(), same_process) != order.end()) {
    std::stable_sort(places.begin(), places.end(), before);
    return;
  }
  std::vector<ReaderPlace> sorted;
  sorted.reserve(places.size());
  for (const uint64_t key : order) sorted.push_back(std::move(places[key & 0xffffffffu]));
  places = std::move(sorted);
}

}  // namespace

// ---- who gets it

void NullExchange::Receivers::add(const sim::Address& to, uint64_t bytes) {
  const uint32_t process = to.process.index;
  if (stop_of_.size() <= process) stop_of_.resize(process + 1u, 0);
  uint32_t& known = stop_of_[process];
  size_t index = known == 0 ? stops_.size() : known - size_t{1};
  if (index < stops_.size() && stops_[index].to != to)  // a list still names an earlier incarnation
    index = static_cast<size_t>(std::find_if(stops_.begin(), stops_.end(),
                                             [&](const sim::Stop& stop) { return stop.to == to; }) -
                                stops_.begin());
  if (index == stops_.size()) {
    stops_.push_back({to, 0, 0});
    known = static_cast<uint32_t>(stops_.size());
  }
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  stops_[index].bytes = static_cast<uint32_t>(std::min(kMost, stops_[index].bytes + bytes));
}

bool NullExchange::Receivers::remove(const sim::Address& here) {
  const auto found = std::find_if(stops_.begin(), stops_.end(),
                                  [&](const sim::Stop& stop) { return stop.to == here; });
  if (found == stops_.end()) return false;
  stop_of_[here.process.index] = 0;
  stops_.erase(found);
  return true;
}

std::vector<sim::Stop> NullExchange::Receivers::take() {
  for (const sim::Stop& stop : stops_) stop_of_[stop.to.process.index] = 0;
  return std::exchange(stops_, {});
}

// ---- what it is

void NullExchange::want_flush() {
  if (flush_wanted_) return;
  flush_wanted_ = true;
  arm_timer(flush_due, options_.flush_interval);
}

NullExchange::News& NullExchange::news_of(const ProducersRange& range) {
  for (News& each : news_) {
    const ProducersRange& have = each.range;
    if (have.kind == range.kind && have.job == range.job && have.group == range.group &&
        have.checkpoint == range.checkpoint && have.producers == range.producers)
      return each;
  }
  return news_.emplace_back(News{range, {}});
}

void NullExchange::gather_asking(std::vector<ReadersRange>& requests,
                                 std::vector<ReadersRange>& canceled) {
  for (Asking& asking : asking_) {
    sort(asking.readers);
    std::vector<ReadersRange>& out =
        asking.kind == ReadersRange::Kind::request ? requests : canceled;
    out.push_back({asking.kind, asking.job, asking.group, ReaderSpans(std::move(asking.readers)),
                   asking.producers->places});
  }
  asking_.clear();
  for (ReadersRange& range : again_) requests.push_back(std::move(range));
  again_.clear();
}

// What is ready of those producers in this process that readers have asked for;
// null: nothing.
NullExchange::News* NullExchange::news_for(const Ready& ready, GroupIndex group,
                                           const std::vector<ProducerPlace>& asked) {
  News* news = nullptr;
  for_each_at(asked, address(), [&](const ProducerPlace& here) {
    ProducerSpans named = common(here.producers, ready.producers);
    if (named.empty()) return;
    news = &news_of({ready.kind, ready.job, group, ready.checkpoint, std::move(named), nullptr});
  });
  return news;
}

void NullExchange::gather_ready() {
  std::vector<Ready> ready;
  ready.swap(ready_);
  for (Ready& each : ready) {
    sort(each.producers);  // tasks report in any order
    for (const auto& entry : views_) {
      const auto& key = entry.first;  // clang 14 captures no structured binding
      if (key.first != each.job) continue;
      const std::vector<ProducerPlace>* last = nullptr;  // mostly all views name the same
      News* news = nullptr;
      const auto tell = [&](const View& view) {
        if (view.range == nullptr) return;
        if (last != view.range->producers.get()) {
          last = view.range->producers.get();
          news = news_for(each, key.second, *last);
        }
        if (news != nullptr) news->readers.push_back({view.consumer, view.range->readers});
      };
      for (const View& view : entry.second.first) tell(view);
      for (const View& view : entry.second.more) tell(view);
    }
  }
}

std::vector<ProducersRange> NullExchange::gather_news() {
  gather_ready();
  std::vector<ProducersRange> ranges;
  for (News& news : news_) {
    sort(news.readers);
    ranges.push_back(std::move(news.range));
    ranges.back().readers = lists_.readers(std::move(news.readers));
  }
  news_.clear();
  return ranges;
}

// ---- how it goes

void NullExchange::address_producers(const std::vector<ReadersRange>& ranges, uint64_t channel) {
  for (const ReadersRange& range : ranges) {
    const uint64_t bytes = channel * range.readers.count();
    for (const ProducerPlace& place : *range.producers)
      receivers_.add(place.at, bytes * place.producers.count());
  }
}

// Inside one process nothing crosses the network.
void NullExchange::send_ranges(std::vector<ReadersRange> canceled,
                               std::vector<ProducersRange> news) {
  if (canceled.empty() && news.empty()) return;
  address_producers(canceled, kBytesPerEvent);
  for (const ProducersRange& range : news) {
    const uint64_t bytes = kBytesPerEvent * range.producers.count();
    for (const ReaderPlace& place : *range.readers)
      receivers_.add(place.at, bytes * place.readers.count());
  }
  const bool here = receivers_.remove(address());
  const auto body = std::make_shared<ChannelRanges>();
  body->canceled = std::move(canceled);
  body->entries = std::move(news);
  tell_each(receivers_.take(), body);
  if (here) handle(address(), *body);
}

void NullExchange::send_requests(std::vector<ReadersRange> requests) {
  if (requests.empty()) return;
  address_producers(requests, kBytesPerRequest);
  const bool here = receivers_.remove(address());
  std::vector<sim::Stop> first_contact;
  std::vector<sim::Stop> known;
  for (const sim::Stop& stop : receivers_.take()) {
    const uint32_t process = stop.to.process.index;
    if (known_peers_.size() <= process) known_peers_.resize(process + 1u, 0);
    if (known_peers_[process] == stop.to.incarnation + 1u) {
      known.push_back(stop);
      continue;
    }
    known_peers_[process] = stop.to.incarnation + 1u;
    first_contact.push_back(stop);
  }
  const auto body = std::make_shared<RequestRanges>();
  body->entries = std::move(requests);
  connect_each(std::move(first_contact), body, options_.connect_timeout, connected);
  tell_each(known, body);
  if (here) handle(address(), std::shared_ptr<const RequestRanges>(body));
}

// What this process says to itself may make more ready; it leaves with the next flush.
void NullExchange::flush() {
  flush_wanted_ = false;
  std::vector<ReadersRange> requests;
  std::vector<ReadersRange> canceled;
  gather_asking(requests, canceled);
  std::vector<ProducersRange> news = gather_news();
  send_ranges(std::move(canceled), std::move(news));
  send_requests(std::move(requests));
}

}  // namespace drey::model
