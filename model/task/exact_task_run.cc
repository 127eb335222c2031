// The task's thread: slices, the chain, watermarks, flushes.
#include <algorithm>
#include <optional>

#include "fmt/core.h"

#include "model/result_facts.h"
#include "model/task/exact_task.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

bool ExactTask::thread_blocked() const { return hung_ || chain_.sinks.waiting(); }

// Whether the next element may be begun.
bool ExactTask::room() const {
  return chain_.outputs.available() && chain_.sinks.available() && !state_stalled();
}

// A modelled write stall: until a background job of the backend has ended.
bool ExactTask::state_stalled() const {
  if (!chain_.cost_varies) return false;
  for (const auto& op : chain_.operators)
    if (op->backend() != nullptr && op->backend()->must_wait()) return true;
  return false;
}

// A pause of the process stops its clock: what began before it goes on behind it. A thread that was
// blocked inside the sink goes on from where it comes out: records whose start was planned
// meanwhile come behind whatever waited for the flush, a snapshot above all.
void ExactTask::advance_to(sim::Time x) {
  if (was_blocked_ && !thread_blocked()) {
    was_blocked_ = false;
    if (deployment_->job->options.mutant != Mutant::emits_while_sink_waits)
      clock_ = std::max(clock_, x);
  }
  if (services_.heap != nullptr) {
    const std::vector<ProcessHeap::Pause>& pauses = services_.heap->pauses();
    for (; pauses_seen_ < pauses.size() && pauses[pauses_seen_].from < x; ++pauses_seen_) {
      const ProcessHeap::Pause& pause = pauses[pauses_seen_];
      apply_until(pause.from);
      if (clock_ >= pause.from && !stalled_) clock_ = clock_ + (pause.to - pause.from);
      if (ending_) return;
    }
  }
  apply_until(x);
}

void ExactTask::apply_until(sim::Time x) {
  if (!slice_.active || stalled_ || thread_blocked()) return;
  while (!slice_applied() && clock_ < x) {
    if (!chain_.sinks.available() || state_stalled()) {
      stalled_ = true;
      break;
    }
    uint32_t run = slice_.count - slice_.next;
    const auto& elements = slice_.input.slice.elements;
    if (slice_.next_element < elements.size())
      run = std::min(run, elements[slice_.next_element].before - slice_.next);
    const int64_t due = (x.ns - clock_.ns + cost_.ns - 1) / cost_.ns;
    run = static_cast<uint32_t>(std::min<int64_t>(run, due));
    if (chain_.cost_varies) run = 1;
    const auto done = static_cast<uint32_t>(apply(run));
    slice_.next += done;
    clock_ = clock_ + cost_ * done;
    if (chain_.cost_varies) clock_ = clock_ + effects_.charge.time();
    effects_.charge = {};  // else in the nominal cost already
    if (ending_ || hung_) return;
    apply_elements();
    if (done < run) {
      stalled_ = true;
      break;
    }
  }
}

// The first records of the slice's rest: how many were applied.
size_t ExactTask::apply(uint32_t count) {
  if (chain_.source != nullptr) {
    chain_.source->fill(slice_.piece, slice_.next, count, block_);
  } else if (slice_.sorted) {
    block_.make_room(count);
    sorted_->copy(slice_.next, {block_.records.data(), count}, {block_.groups.data(), count});
    block_.count = count;
  } else {
    block_.make_room(count);
    const auto records = slice_.input.slice.records().subspan(slice_.next, count);
    const auto groups = slice_.input.slice.groups().subspan(slice_.next, count);
    std::copy(records.begin(), records.end(), block_.records.begin());
    std::copy(groups.begin(), groups.end(), block_.groups.begin());
    block_.count = count;
  }
  // What a sink hands to its committer is no output of a record.
  size_t admitted = count;
  if (chain_.tail_writes()) admitted = chain_.outputs.admit(block_.view(), chain_.shape);
  if (chain_.tree != nullptr) admitted = chain_.tree->admit(chain_.outputs, block_.view());
  if (admitted == 0) return 0;
  block_.count = admitted;
  records_processed_ += admitted;
  if (chain_.source != nullptr) {
    block_.records[0].value ^= static_cast<int64_t>(kernel().perturbed(sim::Perturbation::value));
    chain_.source->emitted(slice_.piece, static_cast<uint32_t>(admitted), block_.view());
  }
  if (chain_.tree != nullptr)
    run_tree();
  else
    run_chain(0);
  if (!ending_ && !hung_ && chain_.tail_writes()) chain_.outputs.write(block_.view());
  return admitted;
}

// The block through the operators from `from` on, and into the sink.
void ExactTask::run_chain(size_t from) {
  std::optional<UserCode::Hit> hit;
  const auto stop_before_hit = [&](size_t place) {
    if (!user_code_.watches_records()) return;
    const auto found = user_code_.find(place, block_.view());
    if (!found.has_value()) return;
    hit = found;  // of an earlier record than one that was found before
    block_.count = hit->index;
  };
  for (size_t i = from; i < chain_.operators.size(); ++i) {
    stop_before_hit(i);
    chain_.operators[i]->process(block_, effects_);
    if (effects_.outcome == state::Outcome::ok) continue;
    state_failed();
    return;
  }
  stop_before_hit(chain_.operators.size());
  chain_.sinks.write(block_.view());
  if (hit.has_value()) misbehave(*hit);
}

// A call of a keyed operator's backend.
void ExactTask::state_failed() {
  const bool memory = effects_.outcome == state::Outcome::out_of_memory;
  const Cause cause{.kind = memory ? Cause::Kind::out_of_memory : Cause::Kind::state,
                    .text = memory ? "heap state does not fit" : "the state backend failed",
                    .partition = {}};
  effects_.outcome = state::Outcome::ok;
  if (memory) listener_.on_fatal_error(deployment_->attempt, cause);
  fail_task(cause);
}

// The records before it are through.
void ExactTask::misbehave(const UserCode::Hit& hit) {
  switch (hit.action) {
    case UserCodeFault::Action::hang_at_record:
      hung_ = true;
      return;
    case UserCodeFault::Action::throw_at_record:
    case UserCodeFault::Action::throw_in_snapshot:
    case UserCodeFault::Action::slow_snapshot:
    case UserCodeFault::Action::pause_after_snapshot:
      fail_task({.kind = Cause::Kind::user,
                 .text = fmt::format("record {}/{}, attempt {}", hit.split, hit.offset,
                                     deployment_->attempt.attempt),
                 .partition = {}});
      return;
  }
}

void ExactTask::apply_elements() {
  const auto& elements = slice_.input.slice.elements;
  while (slice_.next_element < elements.size() &&
         elements[slice_.next_element].before == slice_.next && !ending_) {
    const InlineElement& element = elements[slice_.next_element++];
    const auto emitted = element.is_status
                             ? valve_->input_status(slice_.input.channel, element.status)
                             : valve_->input_watermark(slice_.input.channel, element.watermark);
    if (emitted.watermark.has_value()) emit_watermark(*emitted.watermark);
    if (emitted.status.has_value()) emit_status(*emitted.status);
  }
}

void ExactTask::emit_status(WatermarkStatus status) {
  chain_.outputs.write_element({.is_status = true, .status = status});
}

// Timers fire on the way; what they emit goes down the rest of the chain, and then the watermark.
void ExactTask::emit_watermark(int64_t watermark) {
  watermark_ = watermark;
  if (chain_.tree != nullptr) return emit_watermark_in_tree(watermark);
  const auto at = static_cast<uint64_t>(watermark);
  for (size_t i = 0; i < chain_.operators.size(); ++i) {
    if (chain_.operators[i]->backend() == nullptr) continue;
    effects_.facts.push_back({fact_kind(TaskFact::watermark), at, chain_.operators[i]->op(), 0});
    chain_.operators[i]->on_watermark(watermark, fired_, effects_);
    clock_ = clock_ + effects_.charge.time();
    effects_.charge = {};
    if (fired_.count == 0) continue;
    std::swap(block_, fired_);
    run_chain(i + 1);
    if (ending_) return;
    if (chain_.tail_writes()) chain_.outputs.write_unasked(block_.view());
    block_.count = 0;
  }
  chain_.outputs.write_element({.watermark = watermark});
}

void ExactTask::watermark_tick() {
  look();
  clock_ = std::max(clock_, now());
  if (data_ended_) return;
  const sim::Duration blocked = load_.back_pressured(now());
  const LogSource::Tick tick = chain_.source->tick(load_.in_all(now()) - blocked);
  if (tick.status == WatermarkStatus::active) emit_status(*tick.status);
  if (tick.watermark.has_value()) emit_watermark(*tick.watermark);
  if (tick.status == WatermarkStatus::idle) emit_status(*tick.status);
  publish();
}

// ---- looks ----

void ExactTask::look() {
  if (looking_ || state() != ExecutionState::running || ending_) return;
  looking_ = true;
  advance_to(now());
  publish();
  account_heap();
  looking_ = false;
}

void ExactTask::account_heap() {
  if (services_.heap == nullptr) return;
  uint64_t live = 0;
  uint64_t allocated = 0;
  for (const auto& op : chain_.operators) {
    const state::KeyedBackend* const backend = op->backend();
    if (backend == nullptr) continue;
    live += backend->live_bytes();
    allocated += backend->allocated_bytes();
  }
  const uint64_t garbage =
      (records_processed_ - heap_.records) * services_.heap->model().record_garbage_bytes;
  services_.heap->changed(heap_.live, live, allocated - heap_.allocated + garbage);
  heap_ = {.live = live, .allocated = allocated, .records = records_processed_};
  services_.heap->check(deployment_->job->options.heap_bytes);
}

void ExactTask::publish() {
  if (chain_.source != nullptr) chain_.source->publish();
  for (const NotedFact& fact : effects_.facts) announce_fact(fact.kind, fact.a, fact.b, fact.c);
  effects_.facts.clear();
  if (effects_.late_records > 0) {
    announce_fact(fact_kind(TaskFact::late_dropped), effects_.late_records,
                  static_cast<uint64_t>(effects_.late_watermark), 0);
    effects_.late_records = 0;
  }
  chain_.sinks.publish();
  chain_.outputs.publish();
  if (deployment_->job->options.buffer_timeout.ns == 0 && chain_.outputs.unflushed())
    chain_.outputs.flush();
  if (chain_.outputs.unflushed()) arm_flush();
}

void ExactTask::buffer_emitted(uint32_t result, uint32_t subpartition, uint32_t sequence,
                               const RecordSlice& slice) {
  announce_records(fact_kind(DataFact::buffer_emitted), (uint64_t{result} << 32) | subpartition,
                   sequence, 0, slice.records(), slice.content_digest());
}

// The flusher ticks at the start plus multiples of the time-out; ticks without work are left out.
void ExactTask::arm_flush() {
  const sim::Duration timeout = deployment_->job->options.buffer_timeout;
  if (flush_armed_ || timeout.ns <= 0) return;
  flush_armed_ = true;
  const int64_t into = (now() - run_start_).ns % timeout.ns;
  kernel().arm(entity(), flush_due, sim::nanoseconds(timeout.ns - into), sim::Priority::timer);
}

// ---- the thread's next step ----

// After every event of the task: what was noted is done, then the work goes on.
void ExactTask::go_on() {
  if (ended()) return;
  chain_.sinks.go_on();
  if (state() == ExecutionState::initializing) restore_goes_on();
  if (state() != ExecutionState::running || ending_) return;
  look();
  checkpoints_.go_on();
  run_background_jobs();
  run_loop();
  settled_records_ = records_processed_;
  settled_clock_ = clock_;
}

// One event for the end of the slice, or for the time when the thread is free; mail wants it free.
void ExactTask::plan() {
  if (now() < clock_ && !thread_blocked() && loop_.mailbox().has_mail())
    kernel().arm(entity(), wake_due, clock_ - now(), sim::Priority::task);
  if (thread_blocked() || (slice_.active && stalled_)) {
    leave_core();
    return;
  }
  if (slice_.active) {
    const sim::Time end = clock_ + cost_ * (slice_.count - slice_.next);
    const sim::Duration rest = end > now() ? end - now() : sim::Duration{};
    kernel().arm(entity(), work_due, rest, sim::Priority::task);
    if (!chain_.outputs.empty()) arm_flush();
    if ((services_.step_each_record || chain_.cost_varies) && !slice_applied())
      kernel().arm(entity(), step_due,
                   clock_ + cost_ > now() ? clock_ + cost_ - now() : sim::Duration{},
                   sim::Priority::task);
    return;
  }
  leave_core();
  if (now() < clock_ && (data_ended_ || has_element()))
    kernel().arm(entity(), work_due, clock_ - now(), sim::Priority::task);
}

void ExactTask::begin_slice(uint32_t count) {
  slice_.active = true;
  slice_.next = 0;
  slice_.count = count;
  slice_.next_element = 0;
  stalled_ = false;
  clock_ = std::max(clock_, now());
  if (!on_core_ && services_.cores != nullptr) services_.cores->begin();
  on_core_ = true;
  cost_ = record_cost();
  if (services_.cores != nullptr) cost_ = services_.cores->stretched(cost_);
}

// Of the slice that begins: what is cold is looked at once, so stepping single records changes
// nothing.
sim::Duration ExactTask::record_cost() const {
  uint64_t cold = 0;
  for (const auto& op : chain_.operators)
    if (op->backend() != nullptr) cold += op->backend()->cold_ns();
  return chain_.cost + sim::nanoseconds(static_cast<int64_t>(cold));
}

void ExactTask::leave_core() {
  if (on_core_ && services_.cores != nullptr) services_.cores->end();
  on_core_ = false;
}

void ExactTask::begin_source_slice() {
  slice_.piece = chain_.source->next_piece();
  begin_slice(slice_.piece.count);
}

bool ExactTask::sorted_input_waits() const {
  return sorted_ != nullptr && sorted_->sorted() && !data_ended_;
}

void ExactTask::begin_sorted_slice() {
  if (sorted_->left() == 0) {
    end_of_data();
    return;
  }
  constexpr size_t kSlice = 1024;
  slice_.sorted = true;
  begin_slice(static_cast<uint32_t>(std::min(sorted_->left(), kSlice)));
}

// Watermarks on the way are not passed on: the last one follows the records.
void ExactTask::sort_in(const InputElement& element) {
  sorted_->add(element.slice.records(), element.slice.groups());
  clock_ = std::max(clock_, now()) + services_.minimum_cost * element.slice.count;
  give_back_input();
}

// It has been read; it keeps its memory for the next one.
void ExactTask::give_back_input() {
  slice_.input.slice.content = nullptr;
  slice_.input.slice.count = 0;
  slice_.input.slice.elements.clear();
  input_->recycle(slice_.input);
}

// Of slice_.input.
void ExactTask::begin_input_slice() {
  const InputElement& element = slice_.input;
  announce_fact(
      fact_kind(DataFact::buffer_received),
      (uint64_t{input_->gate_of(element.channel)} << 32) | input_->index_in_gate(element.channel),
      element.sequence, element.slice.count);
  announce_consumed(element);
  if (sorted_ != nullptr) {
    sort_in(element);
    return;
  }
  begin_slice(element.slice.count);
  if (!chain_.operators.empty())
    chain_.operators.front()->expect(element.slice.records(), element.slice.groups());
  barriers_->processed(int64_t{kUnitBytes} * element.slice.units());
  apply_elements();
}

// What a stage reads of the one before, record by record, is evidence (reports/oracles).
void ExactTask::announce_consumed(const InputElement& element) {
  const uint32_t gate = input_->gate_of(element.channel);
  const JobGraph& graph = deployment_->job->graph;
  if (!is_released_by_scheduler(graph.data_set_of(deployment_->gates[gate].edge).type)) return;
  const PartitionId& read = input_->producer_of(element.channel).id;
  announce_records(fact_kind(ResultFact::consumed),
                   (uint64_t{gate} << 32) | deployment_->attempt.attempt, read.partition,
                   read.producer.attempt, element.slice.records(), element.slice.content_digest());
}

void ExactTask::end_slice() {
  publish();
  slice_.active = false;
  chain_.outputs.spill_if_due();
  clock_ = std::max(clock_, chain_.outputs.busy_until());
  if (slice_.sorted) {
    slice_.sorted = false;
    sorted_->give(slice_.count);
    return;
  }
  if (input_ == nullptr) return;
  give_back_input();
}

}  // namespace drey::model
