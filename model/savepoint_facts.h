#pragma once
// Facts about savepoints (trace_events.h has the others and the conventions), in the group control
// with numbers from kSavepointFacts on.
#include <cstdint>

#include "sim/trace.h"

namespace drey::model {

enum class SavepointKind : uint8_t {
  plain,   // the job goes on
  cancel,  // and is cancelled when the savepoint is there
  stop,    // stop-with-savepoint: sources stop, the job finishes
  drain,   // the same after the end of time has been sent (--drain)
};
// Stop-with-savepoint: a synchronous savepoint, after which the job finishes.
constexpr bool stops(SavepointKind kind) {
  return kind == SavepointKind::stop || kind == SavepointKind::drain;
}

// `savepoint --type`: the format that all backends read, or the backend's own.
enum class SavepointFormat : uint8_t { canonical, native };

inline constexpr uint8_t kSavepointFacts = 140;

enum class SavepointFact : uint8_t {
  requested = kSavepointFacts,  // entity = client, subject job; a = operation, b = SavepointKind
  ended,      // entity = client, subject job; a = operation, b = checkpoint (0: it failed)
  completed,  // entity = JobMaster, subject job; a = checkpoint, b as of requested
  refused,    // entity = JobMaster, subject job: it cannot start from the snapshot it was given
  given,      // entity = JobMaster, subject = directory of that snapshot; a = job
  stands,     // entity = JobMaster, subject job: the savepoint of a stop is complete, nothing that
              // its tasks do now restarts them for good; a = checkpoint, b as of requested
};
constexpr uint16_t fact_kind(SavepointFact f) {
  return sim::fact_kind(sim::FactGroup::control, static_cast<uint8_t>(f));
}

}  // namespace drey::model
