#include "model/operators/window_trigger.h"

#include <algorithm>

namespace drey::model {

using state::Charge;
using state::Key;
using state::TimeWindow;
using Kind = WindowTriggerOptions::Kind;

namespace {

state::Timer timer_at(Key key, int64_t time, TimeWindow window) {
  return {time, key.group, key.key, window};
}

}  // namespace

WindowTrigger::WindowTrigger(const WindowTriggerOptions& options, state::KeyedBackend& backend,
                             TimerService& timers)
    : options_(options), backend_(backend), timers_(timers) {
  if (options.kind == Kind::event_time) return;
  state::StateDescriptor descriptor;
  descriptor.name = options.kind == Kind::count ? "trigger-count" : "trigger-next-fire";
  descriptor.kind = state::StateKind::value;
  const auto id = backend.register_state(descriptor);
  compatible_ = id.has_value();
  if (id) state_ = *id;
}

TriggerResult WindowTrigger::on_element(Key key, int64_t timestamp, TimeWindow window,
                                        Charge& charge) {
  if (options_.kind == Kind::count) return count_element(key, window, charge);
  // A late element within the allowed lateness: its window has fired before and fires again at
  // once.
  if (window.max_timestamp() <= timers_.current_watermark()) return fired();
  timers_.register_event_timer(timer_at(key, window.max_timestamp(), window));
  if (options_.kind == Kind::continuous_event_time && !load(key, window, charge))
    register_next_fire(key, timestamp - timestamp % options_.parameter, window, charge);
  return {};
}

TriggerResult WindowTrigger::count_element(Key key, TimeWindow window, Charge& charge) {
  const int64_t count = load(key, window, charge).value_or(0) + 1;
  if (count < options_.parameter) {
    store(key, window, count, charge);
    return {};
  }
  forget(key, window, charge);
  return fired();
}

TriggerResult WindowTrigger::on_event_time(Key key, int64_t time, TimeWindow window,
                                           Charge& charge) {
  if (options_.kind == Kind::count) return {};
  if (time == window.max_timestamp()) return fired();
  if (options_.kind == Kind::event_time) return {};
  if (load(key, window, charge) != time) return {};
  forget(key, window, charge);
  register_next_fire(key, time, window, charge);
  return fired();
}

void WindowTrigger::register_next_fire(Key key, int64_t time, TimeWindow window, Charge& charge) {
  const int64_t next = std::min(time + options_.parameter, window.max_timestamp());
  store(key, window, next, charge);
  timers_.register_event_timer(timer_at(key, next, window));
}

void WindowTrigger::clear(Key key, TimeWindow window, Charge& charge) {
  switch (options_.kind) {
    case Kind::event_time:
      timers_.delete_event_timer(timer_at(key, window.max_timestamp(), window));
      return;
    case Kind::count:
      forget(key, window, charge);
      return;
    case Kind::continuous_event_time: {
      const auto next = load(key, window, charge);
      if (!next) return;
      timers_.delete_event_timer(timer_at(key, *next, window));
      forget(key, window, charge);
      return;
    }
  }
}

void WindowTrigger::on_merge(Key key, TimeWindow result, const std::vector<TimeWindow>& merged,
                             Charge& charge) {
  switch (options_.kind) {
    case Kind::event_time:
      // The element that merged may be late: then it fires at once instead.
      if (result.max_timestamp() > timers_.current_watermark())
        timers_.register_event_timer(timer_at(key, result.max_timestamp(), result));
      return;
    case Kind::count: {
      int64_t count = 0;
      bool any = false;
      for (const TimeWindow& window : merged) {
        const auto part = load(key, window, charge);
        if (!part) continue;
        any = true;
        count += *part;
        forget(key, window, charge);
      }
      if (any) store(key, result, count + load(key, result, charge).value_or(0), charge);
      return;
    }
    case Kind::continuous_event_time: {
      std::optional<int64_t> next;
      for (const TimeWindow& window : merged) {
        const auto part = load(key, window, charge);
        if (part) next = std::min(next.value_or(*part), *part);
        forget(key, window, charge);
      }
      if (!next) return;
      store(key, result, *next, charge);
      timers_.register_event_timer(timer_at(key, *next, result));
      return;
    }
  }
}

std::optional<int64_t> WindowTrigger::load(Key key, TimeWindow window, Charge& charge) {
  std::optional<std::string> bytes;
  note(backend_.get(state_, key, window, bytes, charge));
  if (!bytes) return std::nullopt;
  return state::ByteReader(*bytes).i64();
}

void WindowTrigger::store(Key key, TimeWindow window, int64_t value, Charge& charge) {
  std::string bytes;
  state::put_i64(bytes, value);
  note(backend_.put(state_, key, window, bytes, charge));
}

void WindowTrigger::forget(Key key, TimeWindow window, Charge& charge) {
  note(backend_.remove(state_, key, window, charge));
}

}  // namespace drey::model
