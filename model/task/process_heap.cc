#include "model/task/process_heap.h"

#include "model/runtime_facts.h"
#include "model/trace_events.h"

namespace drey::model {

void ProcessHeap::collect_or_fail(uint64_t limit) {
  if (exhausted_) return;
  const sim::Time now = world_.kernel().now();
  const sim::PathId path = world_.machines().path(process_);
  if (limit > 0 && live_ > limit) {
    exhausted_ = true;
    world_.kernel().announce({.entity = path,
                              .subject = path,
                              .kind = fact_kind(StateFact::out_of_memory),
                              .a = live_,
                              .b = limit});
    world_.machines().exit_process(process_, sim::StopReason::out_of_memory, 1);
    return;
  }
  if (model_.collect_after == 0 || allocated_ < model_.collect_after) return;
  // A pause that is due while one runs belongs to that one.
  if (!pauses_.empty() && now < pauses_.back().to) return;
  const auto live_kib = static_cast<int64_t>(live_ >> 10);
  const sim::Duration pause =
      model_.pause_base + sim::nanoseconds(model_.pause_per_gigabyte.ns * live_kib >> 20);
  world_.kernel().announce({.entity = path,
                            .subject = path,
                            .kind = fact_kind(HeapFact::gc_pause),
                            .a = static_cast<uint64_t>(pause.ns),
                            .b = live_,
                            .c = allocated_});
  allocated_ = 0;
  if (pause.ns == 0) return;
  pauses_.push_back({now, now + pause});
  world_.machines().freeze_for(process_, pause);
}

}  // namespace drey::model
