#include "model/operators/keyed_operator.h"

#include "model/trace_events.h"

namespace drey::model {

bool KeyedOperator::register_state(const state::StateDescriptor& descriptor) {
  const auto id = backend_->register_state(descriptor);
  if (!id.has_value()) return false;
  state_ = *id;
  return true;
}

state::ReduceFunction reduce_function(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::sum:
      return state::ReduceFunction::sum;
    case Aggregate::count:
      return state::ReduceFunction::count;
    case Aggregate::min:
      return state::ReduceFunction::minimum;
    case Aggregate::max:
      return state::ReduceFunction::maximum;
  }
  return state::ReduceFunction::sum;
}

bool RunningAggregateOperator::open() {
  return register_state({.name = "aggregate",
                         .kind = state::StateKind::reducing,
                         .function = reduce_function(aggregate_)});
}

void RunningAggregateOperator::process(RecordBlock& block, Effects& effects) {
  if (running_.size() < block.count) running_.resize(block.count);
  effects.outcome = backend_->reduce(
      state_,
      {.records = block.view(), .groups = {block.groups.data(), block.count}, .window_starts = {}},
      {running_.data(), block.count}, effects.charge);
  if (passes_on_) return;
  for (size_t i = 0; i < block.count; ++i) block.records[i].value = running_[i].value;
}

bool KeyedWindowOperator::open() {
  WindowOutput& output = *this;
  windows_ = std::make_unique<WindowOperator>(
      WindowOperator::Options{.assigner = {.kind = WindowAssigner::Kind::tumbling, .size = size_},
                              .trigger = {},
                              .function = reduce_function(aggregate_),
                              .mutant = mutant_},
      *backend_, output);
  return windows_->compatible();
}

void KeyedWindowOperator::process(RecordBlock& block, Effects& effects) {
  const uint64_t late = windows_->late_records_dropped();
  effects.outcome =
      windows_->process(block.view(), {block.groups.data(), block.count}, effects.charge);
  const uint64_t dropped = windows_->late_records_dropped() - late;
  if (dropped > 0) {
    effects.late_records += dropped;
    effects.late_watermark = watermark_;
  }
  block.count = 0;
}

void KeyedWindowOperator::on_watermark(int64_t watermark, RecordBlock& out, Effects& effects) {
  watermark_ = watermark;
  out.count = 0;
  out_ = &out;
  effects_ = &effects;
  effects.outcome = windows_->advance_watermark(watermark, effects.charge);
}

void KeyedWindowOperator::on_result(state::Key key, state::TimeWindow window,
                                    const state::Accumulator& aggregate,
                                    std::span<const sim::Record>) {
  effects_->facts.push_back({fact_kind(TaskFact::timer_fired),
                             static_cast<uint64_t>(window.max_timestamp()),
                             static_cast<uint64_t>(watermark_), op()});
  out_->make_room(out_->count + 1);
  out_->groups[out_->count] = static_cast<uint16_t>(key.group);
  out_->records[out_->count++] = {.key = key.key,
                                  .value = aggregate.value,
                                  .event_time = window.max_timestamp(),
                                  .provenance = aggregate.hash_sum};
}

}  // namespace drey::model
