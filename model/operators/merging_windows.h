#pragma once
// The windows in flight of one key of a session operator, and under which namespace (state window)
// each keeps its contents: a merged window keeps the namespace of its earliest part, so most
// contents never move. A value: loaded from and stored to list state of the key (one element per
// window, 32 bytes). Upstream: MergingWindowSet, TimeWindow.mergeWindows.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/serialized.h"

namespace drey::model {

class MergingWindows {
 public:
  static std::optional<MergingWindows> parse(std::string_view list);  // nothing: malformed
  std::vector<std::string> elements() const;

  struct Added {
    state::TimeWindow window;               // the new one, or what it was merged into
    std::vector<state::TimeWindow> merged;  // windows that are gone; empty: nothing merged
    std::vector<state::TimeWindow>
        absorbed_states;  // namespaces whose contents move to state_window(window)
  };
  Added add(state::TimeWindow window);
  void retire(state::TimeWindow window) { states_.erase(window); }
  std::optional<state::TimeWindow> state_window(state::TimeWindow window) const;

  friend bool operator==(const MergingWindows& a, const MergingWindows& b) {
    return a.states_ == b.states_;
  }

 private:
  std::map<state::TimeWindow, state::TimeWindow>
      states_;  // by window; windows neither overlap nor touch
};

}  // namespace drey::model
