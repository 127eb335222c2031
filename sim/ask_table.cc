#include "sim/ask_table.h"

#include <algorithm>

namespace drey::sim {

uint64_t AskTable::open(Continuation then, Time deadline) {
  Ask& ask = asks_.emplace_back();
  ask.number = ++last_;
  ask.argument = then.argument;
  ask.kind = then.kind;
  ask.deadline = deadline;
  return ask.number;
}

bool AskTable::close(uint64_t number, Continuation& then) {
  if (asks_.empty()) return false;
  // Where no ask was taken out before it, it stands as far from the first as
  // its number.
  const uint64_t guess = number - asks_.front().number;
  auto found = asks_.begin();
  if (guess < asks_.size() && asks_[guess].number == number)
    found += static_cast<ptrdiff_t>(guess);
  else
    found = std::lower_bound(asks_.begin(), asks_.end(), number,
                             [](const Ask& ask, uint64_t wanted) { return ask.number < wanted; });
  if (found == asks_.end() || found->number != number || !found->open) return false;
  then = {found->kind, found->argument};
  found->open = false;
  ++closed_;
  compact();
  return true;
}

// The half that is closed goes at once, so an ask is moved less than twice on the average.
void AskTable::compact() {
  if (closed_ == asks_.size()) {
    asks_.clear();
    closed_ = 0;
    return;
  }
  if (closed_ * 2 <= asks_.size()) return;
  asks_.erase(std::remove_if(asks_.begin(), asks_.end(), [](const Ask& ask) { return !ask.open; }),
              asks_.end());
  closed_ = 0;
}

Time AskTable::earliest_deadline() const {
  Time earliest = kEndOfTime;
  for (const Ask& ask : asks_)
    if (ask.open) earliest = std::min(earliest, ask.deadline);
  return earliest;
}

std::vector<uint64_t> AskTable::due(Time now) const {
  std::vector<std::pair<Time, uint64_t>> found;
  for (const Ask& ask : asks_)
    if (ask.open && ask.deadline <= now) found.emplace_back(ask.deadline, ask.number);
  std::stable_sort(found.begin(), found.end());
  std::vector<uint64_t> numbers;
  for (const auto& [deadline, number] : found) numbers.push_back(number);
  return numbers;
}

}  // namespace drey::sim
