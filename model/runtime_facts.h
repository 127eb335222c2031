#pragma once
// More facts that the model announces (trace_events.h has the others and the conventions): what the
// coordinators of sources do, how a task spends its time, what the garbage collector does. Numbers
// from kRuntimeFacts on in the groups of trace_events.h.
#include <cstdint>

#include "sim/trace.h"

namespace drey::model {

inline constexpr uint8_t kRuntimeFacts = 128;

// FactGroup::control
enum class SourceFact : uint8_t {
  reader_registered = kRuntimeFacts,  // entity = JobMaster, subject = source subtask; a = attempt,
                                      // b = operator
  split_assigned,     // entity = JobMaster, subject = source subtask; a = split, b = operator
  coordinator_reset,  // entity = JobMaster, subject job; a = operator, b = checkpoint (0 = to
                      // nothing): the enumerator is made anew
};

// FactGroup::task
enum class LoadFact : uint8_t {
  load = kRuntimeFacts,  // entity = task, subject = subtask; ns since it runs: a = idle, b =
                         // back-pressured, c = in all; every five seconds and at its end
};

// FactGroup::state
enum class HeapFact : uint8_t {
  gc_pause = kRuntimeFacts,  // entity = TaskManager; a = ns, b = live bytes, c = bytes allocated
                             // since the last one
  size,  // entity = task, subject = subtask; a = operator, b = entries, c = bytes: at each snapshot
         // where the backend counts them (heap), and when the task has finished
};

constexpr uint16_t fact_kind(SourceFact f) {
  return sim::fact_kind(sim::FactGroup::control, static_cast<uint8_t>(f));
}
constexpr uint16_t fact_kind(LoadFact f) {
  return sim::fact_kind(sim::FactGroup::task, static_cast<uint8_t>(f));
}
constexpr uint16_t fact_kind(HeapFact f) {
  return sim::fact_kind(sim::FactGroup::state, static_cast<uint8_t>(f));
}

}  // namespace drey::model
