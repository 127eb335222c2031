#include "model/operators/merging_windows.h"

#include <algorithm>

namespace drey::model {

using state::TimeWindow;

namespace {

constexpr size_t kElementBytes = 32;

// Touching counts.
bool intersects(TimeWindow a, TimeWindow b) { return a.start <= b.end && a.end >= b.start; }

}  // namespace

std::optional<MergingWindows> MergingWindows::parse(std::string_view list) {
  MergingWindows set;
  for (size_t at = 0; at < list.size(); at += kElementBytes + 1) {
    state::ByteReader in(list.substr(at));
    TimeWindow window;
    TimeWindow state_window;
    window.start = in.i64();
    window.end = in.i64();
    state_window.start = in.i64();
    state_window.end = in.i64();
    if (!in.ok()) return std::nullopt;
    set.states_[window] = state_window;
  }
  return set;
}

std::vector<std::string> MergingWindows::elements() const {
  std::vector<std::string> all;
  for (const auto& [window, state_window] : states_) {
    std::string bytes;
    state::put_window(bytes, window);
    state::put_window(bytes, state_window);
    all.push_back(std::move(bytes));
  }
  return all;
}

std::optional<TimeWindow> MergingWindows::state_window(TimeWindow window) const {
  const auto found = states_.find(window);
  if (found == states_.end()) return std::nullopt;
  return found->second;
}

MergingWindows::Added MergingWindows::add(TimeWindow window) {
  Added added{.window = window, .merged = {}, .absorbed_states = {}};
  std::vector<TimeWindow> touched;
  for (const auto& [other, state_window] : states_) {
    if (!intersects(other, window)) continue;
    touched.push_back(other);
    added.window.start = std::min(added.window.start, other.start);
    added.window.end = std::max(added.window.end, other.end);
  }
  if (touched.empty()) {
    states_[window] = window;
    return added;
  }
  const TimeWindow kept_state = states_[touched.front()];
  const bool already_covered = touched.size() == 1 && touched.front() == added.window;
  if (already_covered) return added;
  for (const TimeWindow other : touched) {
    const TimeWindow state_window = states_[other];
    if (state_window != kept_state) added.absorbed_states.push_back(state_window);
    states_.erase(other);
  }
  states_[added.window] = kept_state;
  added.merged = std::move(touched);
  return added;
}

}  // namespace drey::model
