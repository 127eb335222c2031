#include "model/operators/window_operator.h"

#include "sim/check.h"

namespace drey::model {

using state::Charge;
using state::Key;
using state::Outcome;
using state::TimeWindow;

namespace {

constexpr size_t kRecordBytes = 32;

std::string record_bytes(const sim::Record& record) {
  std::string bytes;
  state::put_u64(bytes, record.key);
  state::put_i64(bytes, record.value);
  state::put_i64(bytes, record.event_time);
  state::put_u64(bytes, record.provenance);
  return bytes;
}

// False: malformed.
bool parse_records(std::string_view list, std::vector<sim::Record>& out) {
  out.clear();
  for (size_t at = 0; at < list.size(); at += kRecordBytes + 1) {
    state::ByteReader in(list.substr(at));
    sim::Record record;
    record.key = in.u64();
    record.value = in.i64();
    record.event_time = in.i64();
    record.provenance = in.u64();
    if (!in.ok()) return false;
    out.push_back(record);
  }
  return true;
}

state::StateDescriptor contents_descriptor(const WindowOperator::Options& options) {
  state::StateDescriptor descriptor;
  descriptor.name = "window-contents";
  descriptor.kind = state::StateKind::list;
  if (options.contents == WindowOperator::Contents::aggregate) {
    descriptor.kind = state::StateKind::reducing;
    descriptor.function = options.function;
    descriptor.window_size = options.assigner.size;
  }
  return descriptor;
}

}  // namespace

WindowOperator::WindowOperator(const Options& options, state::KeyedBackend& backend,
                               WindowOutput& output)
    : options_(options),
      backend_(backend),
      output_(output),
      timers_(backend, "window-timers"),
      trigger_(options.trigger, backend, timers_) {
  CHECK(options.assigner.size > 0 && options.assigner.slide > 0, "a window needs a size");
  CHECK(!is_merging() || options.contents == Contents::elements, "sessions keep their elements");
  const auto contents = backend.register_state(contents_descriptor(options));
  compatible_ = contents.has_value() && trigger_.compatible();
  if (options.mutant == Mutant::timers_lost_on_restore) timers_.forget_event_timers();
  if (contents) contents_ = *contents;
  if (!is_merging()) return;
  const auto merging =
      backend.register_state({.name = "merging-window-set", .kind = state::StateKind::list});
  compatible_ = compatible_ && merging.has_value();
  if (merging) merging_ = *merging;
}

Outcome WindowOperator::outcome() const {
  return outcome_ != Outcome::ok ? outcome_ : trigger_.outcome();
}

bool WindowOperator::has_batch_path() const {
  return options_.assigner.kind == WindowAssigner::Kind::tumbling &&
         options_.contents == Contents::aggregate &&
         options_.trigger.kind == WindowTriggerOptions::Kind::event_time;
}

// Saturates: an overflow means that the window is never cleaned up.
int64_t WindowOperator::cleanup_time(TimeWindow window) const {
  const int64_t last = window.max_timestamp();
  return last > kMaxWatermark - options_.allowed_lateness ? kMaxWatermark
                                                          : last + options_.allowed_lateness;
}

bool WindowOperator::is_window_late(TimeWindow window) const {
  return cleanup_time(window) <= timers_.current_watermark();
}

bool WindowOperator::is_element_late(int64_t timestamp) const {
  return state::wrapping_add(timestamp, options_.allowed_lateness) <= timers_.current_watermark();
}

void WindowOperator::register_cleanup_timer(Key key, TimeWindow window) {
  const int64_t time = cleanup_time(window);
  if (time == kMaxWatermark) return;
  timers_.register_event_timer({time, key.group, key.key, window});
}

void WindowOperator::delete_cleanup_timer(Key key, TimeWindow window) {
  const int64_t time = cleanup_time(window);
  if (time == kMaxWatermark) return;
  timers_.delete_event_timer({time, key.group, key.key, window});
}

Outcome WindowOperator::process(std::span<const sim::Record> records,
                                std::span<const uint16_t> groups, Charge& charge) {
  CHECK(records.size() == groups.size(), "columns of unequal length");
  if (has_batch_path()) {
    process_batch(records, groups, charge);
    return outcome();
  }
  for (size_t i = 0; i < records.size() && outcome() == Outcome::ok; ++i)
    process_element(records[i], {records[i].key, groups[i]}, charge);
  return outcome();
}

// Within a batch the watermark stands still, so a window is either on time for all its records or
// for none: those on time go to the backend as one batch, the others (late, or to be fired at once)
// one by one in their order.
void WindowOperator::process_batch(std::span<const sim::Record> records,
                                   std::span<const uint16_t> groups, Charge& charge) {
  const int64_t size = options_.assigner.size;
  starts_.resize(records.size());
  int64_t start = 0;
  int64_t end = 0;
  bool all_on_time = true;
  for (size_t i = 0; i < records.size(); ++i) {
    const int64_t timestamp = records[i].event_time;
    if (timestamp < start || timestamp >= end) {
      start = window_start(timestamp, options_.assigner.offset, size);
      end = start + size;
    }
    starts_[i] = start;
    all_on_time = all_on_time && end - 1 > timers_.current_watermark();
  }
  if (all_on_time) {
    reduce_on_time(records, groups, charge);
    return;
  }
  on_time_.clear();
  on_time_groups_.clear();
  size_t kept = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    if (starts_[i] + size - 1 <= timers_.current_watermark()) {
      process_element(records[i], {records[i].key, groups[i]}, charge);
      continue;
    }
    on_time_.push_back(records[i]);
    on_time_groups_.push_back(groups[i]);
    starts_[kept++] = starts_[i];
  }
  starts_.resize(kept);
  reduce_on_time(on_time_, on_time_groups_, charge);
}

void WindowOperator::reduce_on_time(std::span<const sim::Record> records,
                                    std::span<const uint16_t> groups, Charge& charge) {
  running_.resize(records.size());
  note(backend_.reduce(contents_, {.records = records, .groups = groups, .window_starts = starts_},
                       running_, charge));
  if (outcome_ != Outcome::ok) return;
  for (size_t i = 0; i < records.size(); ++i) {
    // Only the first record of a (key, window) can register a timer that is not there yet.
    if (running_[i].count != 1) continue;
    const Key key{records[i].key, groups[i]};
    const TimeWindow window{starts_[i], starts_[i] + options_.assigner.size};
    trigger_.on_element(key, records[i].event_time, window, charge);
    register_cleanup_timer(key, window);
  }
}

void WindowOperator::process_element(const sim::Record& record, Key key, Charge& charge) {
  bool refused = true;
  if (is_merging()) {
    refused = !process_merging(record, key, charge);
  } else {
    assign_windows(options_.assigner, record.event_time, windows_);
    for (const TimeWindow window : windows_) {
      if (is_window_late(window)) continue;
      refused = false;
      add_to_window(record, key, window, window, charge);
    }
  }
  if (refused && is_element_late(record.event_time)) drop_late(record);
}

// False: refused.
bool WindowOperator::process_merging(const sim::Record& record, Key key, Charge& charge) {
  assign_windows(options_.assigner, record.event_time, windows_);
  const MergingWindows before = load_merging(key, charge);
  MergingWindows now = before;
  const MergingWindows::Added added = now.add(windows_.front());
  const auto state_window = now.state_window(added.window);
  CHECK(state_window.has_value(), "a window that was just added is in flight");
  if (!added.merged.empty()) merge(key, added, *state_window, charge);
  const bool late = is_window_late(added.window);
  if (late) {
    now.retire(added.window);
  } else {
    add_to_window(record, key, added.window, *state_window, charge);
  }
  store_merging(key, before, now, charge);
  return !late;
}

void WindowOperator::merge(Key key, const MergingWindows::Added& added, TimeWindow state_window,
                           Charge& charge) {
  trigger_.on_merge(key, added.window, added.merged, charge);
  for (const TimeWindow window : added.merged) {
    trigger_.clear(key, window, charge);
    delete_cleanup_timer(key, window);
  }
  for (const TimeWindow source : added.absorbed_states) {
    std::optional<std::string> list;
    note(backend_.get(contents_, key, source, list, charge));
    if (!list) continue;
    note(backend_.append(contents_, key, state_window, *list, charge));
    note(backend_.remove(contents_, key, source, charge));
  }
}

void WindowOperator::add_to_window(const sim::Record& record, Key key, TimeWindow window,
                                   TimeWindow state_window, Charge& charge) {
  add_contents(record, key, state_window, charge);
  const TriggerResult result = trigger_.on_element(key, record.event_time, window, charge);
  if (result.fire) emit(key, window, state_window, charge);
  if (result.purge) clear_contents(key, state_window, charge);
  register_cleanup_timer(key, window);
}

void WindowOperator::drop_late(const sim::Record& record) {
  ++late_records_dropped_;
  output_.on_late(record);
}

Outcome WindowOperator::advance_watermark(int64_t watermark, Charge& charge) {
  begin_watermark(watermark);
  while (fire_next(charge)) {
  }
  return outcome();
}

bool WindowOperator::fire_next(Charge& charge) {
  if (outcome() != Outcome::ok) return false;
  const auto timer = timers_.pop_event_timer();
  if (!timer) return false;
  on_event_timer(*timer, charge);
  return true;
}

void WindowOperator::on_event_timer(const state::Timer& timer, Charge& charge) {
  const Key key{timer.key, timer.group};
  const TimeWindow window = timer.window;
  MergingWindows before;
  TimeWindow state_window = window;
  if (is_merging()) {
    before = load_merging(key, charge);
    const auto found = before.state_window(window);
    if (!found) return;  // a timer that the trigger left behind when its window was merged
    state_window = *found;
  }
  const TriggerResult result = trigger_.on_event_time(key, timer.timestamp, window, charge);
  if (result.fire) emit(key, window, state_window, charge);
  if (result.purge) clear_contents(key, state_window, charge);
  if (timer.timestamp != cleanup_time(window)) return;
  clear_contents(key, state_window, charge);
  if (!trigger_.is_cleared_by(timer)) trigger_.clear(key, window, charge);
  if (!is_merging()) return;
  MergingWindows now = before;
  now.retire(window);
  store_merging(key, before, now, charge);
}

void WindowOperator::add_contents(const sim::Record& record, Key key, TimeWindow state_window,
                                  Charge& charge) {
  if (options_.contents == Contents::elements) {
    note(backend_.append(contents_, key, state_window, record_bytes(record), charge));
    return;
  }
  const auto group = static_cast<uint16_t>(key.group);
  note(backend_.reduce(
      contents_,
      {.records = {&record, 1}, .groups = {&group, 1}, .window_starts = {&state_window.start, 1}},
      {}, charge));
}

void WindowOperator::clear_contents(Key key, TimeWindow state_window, Charge& charge) {
  if (options_.contents == Contents::elements) {
    note(backend_.remove(contents_, key, state_window, charge));
  } else {
    note(backend_.clear(contents_, key, state_window.start, charge));
  }
}

void WindowOperator::emit(Key key, TimeWindow window, TimeWindow state_window, Charge& charge) {
  if (options_.contents == Contents::aggregate) {
    std::optional<state::Accumulator> aggregate;
    note(backend_.read(contents_, key, state_window.start, aggregate, charge));
    if (aggregate && outcome_ == Outcome::ok) output_.on_result(key, window, *aggregate, {});
    return;
  }
  std::optional<std::string> list;
  note(backend_.get(contents_, key, state_window, list, charge));
  if (!list || outcome_ != Outcome::ok) return;
  if (!parse_records(*list, elements_)) {
    note(Outcome::corrupt);
    return;
  }
  state::Accumulator aggregate;
  for (const sim::Record& record : elements_)
    state::fold_record(options_.function, aggregate, record);
  output_.on_result(key, window, aggregate, elements_);
}

MergingWindows WindowOperator::load_merging(Key key, Charge& charge) {
  std::optional<std::string> list;
  note(backend_.get(merging_, key, state::kNoWindow, list, charge));
  if (!list) return {};
  auto set = MergingWindows::parse(*list);
  if (!set) note(Outcome::corrupt);
  return set ? *set : MergingWindows{};
}

void WindowOperator::store_merging(Key key, const MergingWindows& before, const MergingWindows& now,
                                   Charge& charge) {
  if (before == now) return;
  note(backend_.remove(merging_, key, state::kNoWindow, charge));
  for (const std::string& element : now.elements())
    note(backend_.append(merging_, key, state::kNoWindow, element, charge));
}

}  // namespace drey::model
