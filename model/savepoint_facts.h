#pragma once
// Facts about savepoints (trace_events.h has the others and the conventions), in the group control
// with numbers from kSavepointFacts on.
#include <cstdint>

#include "sim/trace.h"

namespace drey::model {

inline constexpr uint8_t kSavepointFacts = 140;

enum class SavepointFact : uint8_t {
  requested = kSavepointFacts,  // entity = client, subject job; a = operation, b = 0: the job goes
                                // on, 1: and is cancelled, 2: it stops, 3: it stops and drains
  ended,      // entity = client, subject job; a = operation, b = checkpoint (0: it failed)
  completed,  // entity = JobMaster, subject job; a = checkpoint, b as of requested
};
constexpr uint16_t fact_kind(SavepointFact f) {
  return sim::fact_kind(sim::FactGroup::control, static_cast<uint8_t>(f));
}

}  // namespace drey::model
