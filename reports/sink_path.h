#pragma once
// How records come from a source to a sink, as far as the judge needs it: read from the job's
// description alone, never from what the model makes of it.
//
// A job is judged sink by sink. Several ways may lead to a sink (a union), each from a log of its
// own; where two of them come from one log (a diamond), or behind an operator whose output the
// evaluator cannot foresee, the sink is not judged, and `problem` says why.
#include <cstdint>
#include <string>
#include <vector>

#include "model/graph/job_spec.h"
#include "sim/log_set.h"
#include "sim/time.h"

namespace drey::reports {

struct PathStep {
  enum class Kind : uint8_t { filter, flat_map };
  Kind kind = Kind::filter;
  uint64_t salt = 0;  // filter
  uint32_t keep = 1;
  uint32_t out_of = 1;
  uint32_t copies = 1;  // flat_map
};

// From one source to the sink.
struct SinkWay {
  std::string source{};
  std::vector<PathStep>
      steps{};             // filters and flat maps in order, up to the window if there is one
  bool generated = false;  // the source makes its records: all are there from the start
  sim::Duration bound{};   // out-of-orderness that the source's watermarks allow for
};

struct SinkPath {
  // What one committed record stands for: a record of the log, or a window's result.
  enum class Unit : uint8_t { record, window };

  std::string sink;
  std::vector<SinkWay> ways;
  Unit unit = Unit::record;
  bool running = false;  // a keyed aggregate: the value is the aggregate so far of the key
  model::Aggregate aggregate = model::Aggregate::sum;  // of the last keyed vertex or window
  bool value_known = true;                             // the committed value can be foreseen
  bool order_kept = true;  // records of one key and split reach the sink in their order
  bool fold_kept = true;   // outputs of one key leave the aggregate and reach the sink in order
  int64_t window_ms = 0;
  model::Delivery delivery = model::Delivery::exactly_once;
  std::string problem;  // not empty: the sink cannot be judged
};

// One per sink, in the job's order. Without logs: all sources read one.
std::vector<SinkPath> sink_paths(const model::JobSpec& job, const sim::LogSet& logs = {});

// The same for what leaves an operator that is no sink: `sink` names it.
SinkPath path_out_of(const model::JobSpec& job, const std::string& op,
                     const sim::LogSet& logs = {});

}  // namespace drey::reports
