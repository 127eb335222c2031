#pragma once
// When a window's contents are emitted. Trigger state (the count, the next fire time) is value
// state of the operator in the window's namespace; timers are event timers of the operator.
// Upstream: EventTimeTrigger, CountTrigger, ContinuousEventTimeTrigger, PurgingTrigger.
#include <cstdint>

#include "model/operators/timer_service.h"
#include "state/keyed_backend.h"

namespace drey::model {

struct WindowTriggerOptions {
  enum class Kind : uint8_t { event_time, count, continuous_event_time } kind = Kind::event_time;
  int64_t parameter = 0;  // count: elements per firing; continuous: interval in ms
  bool purging = false;   // contents are dropped when it fires
};

struct TriggerResult {
  bool fire = false;
  bool purge = false;
};

class WindowTrigger {
 public:
  WindowTrigger(const WindowTriggerOptions& options, state::KeyedBackend& backend,
                TimerService& timers);

  TriggerResult on_element(state::Key key, int64_t timestamp, state::TimeWindow window,
                           state::Charge& charge);
  TriggerResult on_event_time(state::Key key, int64_t time, state::TimeWindow window,
                              state::Charge& charge);
  void clear(state::Key key, state::TimeWindow window, state::Charge& charge);
  // True: the timer that fired is all that clear would remove (saves a search in a queue of many).
  bool is_cleared_by(const state::Timer& fired) const {
    return options_.kind == WindowTriggerOptions::Kind::event_time &&
           fired.timestamp == fired.window.max_timestamp();
  }
  // The windows of session `merged` have become one: timers and trigger state follow.
  void on_merge(state::Key key, state::TimeWindow result,
                const std::vector<state::TimeWindow>& merged, state::Charge& charge);

  const WindowTriggerOptions& options() const { return options_; }
  // The first outcome of a state access that was not ok.
  state::Outcome outcome() const { return outcome_; }
  bool compatible() const { return compatible_; }

 private:
  TriggerResult fired() const { return {.fire = true, .purge = options_.purging}; }
  TriggerResult count_element(state::Key key, state::TimeWindow window, state::Charge& charge);
  void register_next_fire(state::Key key, int64_t time, state::TimeWindow window,
                          state::Charge& charge);
  std::optional<int64_t> load(state::Key key, state::TimeWindow window, state::Charge& charge);
  void store(state::Key key, state::TimeWindow window, int64_t value, state::Charge& charge);
  void forget(state::Key key, state::TimeWindow window, state::Charge& charge);
  void note(state::Outcome outcome) {
    if (outcome_ == state::Outcome::ok) outcome_ = outcome;
  }

  WindowTriggerOptions options_;
  state::KeyedBackend& backend_;
  TimerService& timers_;
  state::StateId state_;  // not for event_time
  state::Outcome outcome_ = state::Outcome::ok;
  bool compatible_ = true;
};

}  // namespace drey::model
