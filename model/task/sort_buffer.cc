#include "model/task/sort_buffer.h"

#include <algorithm>

namespace drey::model {

// A counting sort: stable, linear in entries and subpartitions.
SpilledRegion SortBuffer::region_of(size_t from, size_t to, DrainListener& listener) const {
  std::vector<uint32_t> next(options_.subpartitions + 1, 0);
  for (size_t i = from; i < to; ++i) ++next[entries_[i].target + 1];
  for (uint32_t target = 0; target < options_.subpartitions; ++target)
    next[target + 1] += next[target];
  std::vector<uint32_t> order(to - from);
  for (size_t i = from; i < to; ++i)
    order[next[entries_[i].target]++] = static_cast<uint32_t>(i - from);
  turn(order, from);
  SpilledRegion region;
  for (size_t at = 0; at < order.size();) {
    const uint32_t target = entries_[from + order[at]].target;
    size_t end = at;
    while (end < order.size() && end - at < options_.units_per_buffer &&
           entries_[from + order[end]].target == target)
      ++end;
    const auto count = static_cast<uint32_t>(end - at);
    auto content = std::make_shared<BufferContent>(count);
    for (uint32_t k = 0; k < count; ++k) {
      const Entry& entry = entries_[from + order[at + k]];
      content->records[k] = entry.record;
      content->groups[k] = entry.group;
    }
    StoredBuffer buffer;
    buffer.slice.content = std::move(content);
    buffer.slice.count = count;
    region.add(target, buffer);
    listener.drained(target, buffer.slice);
    at = end;
  }
  return region;
}

// Each subpartition's records begin somewhere else: as right an order as any for who does not care.
void SortBuffer::turn(std::vector<uint32_t>& order, size_t from) const {
  if (options_.order == 0) return;
  for (size_t at = 0; at < order.size();) {
    const uint32_t target = entries_[from + order[at]].target;
    size_t end = at;
    while (end < order.size() && entries_[from + order[end]].target == target) ++end;
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(at);
    const auto by = static_cast<std::ptrdiff_t>(options_.order % (end - at));
    std::rotate(begin, begin + by, order.begin() + static_cast<std::ptrdiff_t>(end));
    at = end;
  }
}

std::vector<SpilledRegion> SortBuffer::drain(DrainListener& listener) {
  std::vector<SpilledRegion> regions;
  size_t from = 0;
  const auto records_to = [&](size_t to) {
    if (to > from) regions.push_back(region_of(from, to, listener));
    from = to;
  };
  for (size_t i = 0; i < elements_.size();) {
    const size_t at = elements_[i].at;
    records_to(at);
    StoredBuffer buffer;
    for (; i < elements_.size() && elements_[i].at == at; ++i) {
      InlineElement element = elements_[i].element;
      element.before = 0;
      buffer.slice.elements.push_back(element);
    }
    SpilledRegion shared;
    shared.broadcast = true;
    shared.add(0, buffer);
    regions.push_back(std::move(shared));
  }
  records_to(entries_.size());
  entries_.clear();
  elements_.clear();
  return regions;
}

}  // namespace drey::model
