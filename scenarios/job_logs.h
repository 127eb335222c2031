#pragma once
// Which external logs the sources of a scenario read, and what these hold. Two sources read one log
// if they name the same topic, or name none and describe the same log; each of them reads all of
// it. Every other source has a log of its own, with its own service, splits and records. (Null
// tasks read nothing, so their sources share one in any case.)
//
// A log is called after its topic or else after the first of its readers; its service is "log"
// where it is the only one, "log-NAME" where there are several.
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/log_set.h"

namespace drey::scenarios {

struct JobLog {
  std::string name;                          // without the service's "log-"
  std::vector<const VertexSpec*> readers{};  // in the job's order, at least one
};

// In the order of their first readers.
std::vector<JobLog> job_logs(const Scenario& scenario);
std::vector<std::string> log_services(const Scenario& scenario);

// Indices of the logs from which records come to this vertex, in order.
std::vector<size_t> logs_above(const Scenario& scenario, const VertexSpec& vertex);

// The log as this source describes it.
sim::LogSpec log_spec_of(const Scenario& scenario, const VertexSpec& source, uint64_t seed);

// The logs with their contents. The first one has the records of `seed` itself; CSV files are read
// here (csv_records.h), and a key of several files is one key.
sim::LogSet make_logs(const Scenario& scenario, uint64_t seed);

// Index of the log of the scenario's job that a source of a later job reads on in: that of its
// topic, that of the source of its name, or one that it describes. Nothing: there is none.
std::optional<size_t> log_of_later(const Scenario& scenario, const Scenario& later,
                                   const VertexSpec& source);

}  // namespace drey::scenarios
