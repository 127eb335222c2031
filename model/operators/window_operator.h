#pragma once
// Event-time windows over a keyed stream.
//
// Contents of a window are an aggregate (reducing state with the evidence of its records) or its
// elements (list state; sessions keep elements, since their windows merge). Per key and window:
// contents, trigger state, timers, all in the backend. Cleanup time = last time stamp of the window
// + allowed lateness; from then on it is late and gone. An element that all its windows refuse is
// dropped and counted, if it is late itself. The batch path (tumbling, aggregate, event-time
// trigger) does the same as the element path and allocates nothing per record in the steady state;
// both are the same operator. Units: ms. Errors: the outcome of the first state access that failed;
// the task then fails and output is void. Upstream: WindowOperator (rules WN-1, WN-2).
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/mutants.h"
#include "model/operators/merging_windows.h"
#include "model/operators/timer_service.h"
#include "model/operators/window_assigner.h"
#include "model/operators/window_trigger.h"
#include "sim/record.h"
#include "state/keyed_backend.h"

namespace drey::model {

// Receives what the operator emits; a result has the time stamp window.max_timestamp().
class WindowOutput {
 public:
  virtual ~WindowOutput() = default;
  // `elements` is empty when the operator aggregates; views live for the call.
  virtual void on_result(state::Key key, state::TimeWindow window,
                         const state::Accumulator& aggregate,
                         std::span<const sim::Record> elements) = 0;
  virtual void on_late(const sim::Record& record) = 0;
};

class WindowOperator {
 public:
  enum class Contents : uint8_t { aggregate, elements };
  struct Options {
    WindowAssigner assigner;
    WindowTriggerOptions trigger;
    int64_t allowed_lateness = 0;
    Contents contents = Contents::aggregate;  // elements for sessions
    state::ReduceFunction function = state::ReduceFunction::sum;
    Mutant mutant = Mutant::none;
  };
  // Backend (restored or empty) and output outlive the operator.
  WindowOperator(const Options& options, state::KeyedBackend& backend, WindowOutput& output);
  // False: restored state has another shape, the task must fail.
  bool compatible() const { return compatible_; }

  // Columns of equal length: records and the key groups of their keys.
  state::Outcome process(std::span<const sim::Record> records, std::span<const uint16_t> groups,
                         state::Charge& charge);

  // Sets the watermark and fires all that is due. Interruptible form: begin_watermark, then
  // fire_next until it says false.
  state::Outcome advance_watermark(int64_t watermark, state::Charge& charge);
  void begin_watermark(int64_t watermark) { timers_.advance_watermark(watermark); }
  bool fire_next(state::Charge& charge);
  state::Outcome outcome() const;

  TimerService& timers() { return timers_; }
  uint64_t late_records_dropped() const { return late_records_dropped_; }

 private:
  bool has_batch_path() const;
  bool is_merging() const { return options_.assigner.kind == WindowAssigner::Kind::session; }
  int64_t cleanup_time(state::TimeWindow window) const;
  bool is_window_late(state::TimeWindow window) const;
  bool is_element_late(int64_t timestamp) const;
  void register_cleanup_timer(state::Key key, state::TimeWindow window);
  void delete_cleanup_timer(state::Key key, state::TimeWindow window);

  void process_batch(std::span<const sim::Record> records, std::span<const uint16_t> groups,
                     state::Charge& charge);
  void reduce_on_time(std::span<const sim::Record> records, std::span<const uint16_t> groups,
                      state::Charge& charge);
  void process_element(const sim::Record& record, state::Key key, state::Charge& charge);
  bool process_merging(const sim::Record& record, state::Key key, state::Charge& charge);
  void add_to_window(const sim::Record& record, state::Key key, state::TimeWindow window,
                     state::TimeWindow state_window, state::Charge& charge);
  void merge(state::Key key, const MergingWindows::Added& added, state::TimeWindow state_window,
             state::Charge& charge);
  void drop_late(const sim::Record& record);
  void on_event_timer(const state::Timer& timer, state::Charge& charge);

  void add_contents(const sim::Record& record, state::Key key, state::TimeWindow state_window,
                    state::Charge& charge);
  void clear_contents(state::Key key, state::TimeWindow state_window, state::Charge& charge);
  void emit(state::Key key, state::TimeWindow window, state::TimeWindow state_window,
            state::Charge& charge);
  MergingWindows load_merging(state::Key key, state::Charge& charge);
  void store_merging(state::Key key, const MergingWindows& before, const MergingWindows& now,
                     state::Charge& charge);
  void note(state::Outcome outcome) {
    if (outcome_ == state::Outcome::ok) outcome_ = outcome;
  }

  Options options_;
  state::KeyedBackend& backend_;
  WindowOutput& output_;
  TimerService timers_;
  WindowTrigger trigger_;
  state::StateId contents_;
  state::StateId merging_;
  bool compatible_ = true;
  state::Outcome outcome_ = state::Outcome::ok;
  uint64_t late_records_dropped_ = 0;

  // Scratch of the batch path and of emit, kept for its capacity.
  std::vector<int64_t> starts_;
  std::vector<state::Running> running_;
  std::vector<sim::Record> on_time_;
  std::vector<uint16_t> on_time_groups_;
  std::vector<state::TimeWindow> windows_;
  std::vector<sim::Record> elements_;
};

}  // namespace drey::model
