#pragma once
// Facts about results that outlive their tasks (blocking and hybrid), beside those of
// trace_events.h. entity = who announces, subject = the producing subtask, unless said otherwise.
#include <cstdint>

#include "sim/trace.h"

namespace drey::model {

// FactGroup::data, behind DataFact.
enum class ResultFact : uint8_t {
  written = 16,  // entity = who keeps it; a = partition, b = attempt, c = bytes: complete, before
                 // FINISHED
  dropped,       // entity = who kept it; a = partition, b = attempt, c = bytes that went
  consumed,      // batch. entity = task, subject = consuming subtask; a = gate << 32 | attempt, b =
                 // partition, c = producer's attempt: records of one buffer of such a result
  unreadable,    // entity = who keeps it; a = partition, b = attempt: a reader came and it is
                 // complete, but gone or unreadable
};

constexpr uint16_t fact_kind(ResultFact f) {
  return sim::fact_kind(sim::FactGroup::data, static_cast<uint8_t>(f));
}

}  // namespace drey::model
