// The external logs of a job, and what contradicts itself in what its sources say of them.
#include <fmt/core.h>

#include "scenarios/assembly.h"
#include "scenarios/job_logs.h"
#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

constexpr size_t kMostSplits = 65'535;  // of all logs together: a record's provenance names one

void check_logs(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  const std::vector<JobLog> logs = job_logs(scenario);
  const std::vector<std::string> services = log_services(scenario);
  const std::vector<std::string> managers = scenario.cluster.task_manager_names();
  size_t splits = 0;
  for (size_t i = 0; i < logs.size(); ++i) {
    const VertexSpec& first = *logs[i].readers.front();
    const auto refuse = [&](const VertexSpec& source, std::string text) {
      messages.error(place_of(tree, fmt::format("/job/vertices/{}", source.id)), std::move(text));
    };
    for (const VertexSpec* reader : logs[i].readers)
      if (!first.topic.empty() &&
          (!(reader->data == first.data) ||
           !(log_spec_of(scenario, *reader, 0) == log_spec_of(scenario, first, 0))))
        refuse(*reader,
               fmt::format("\"{}\" and \"{}\" read the topic \"{}\" but describe different logs: "
                           "rate, records, splits, keys and event times have to be equal",
                           reader->id, first.id, first.topic));
    for (size_t k = 0; k < i; ++k)
      if (logs[k].name == logs[i].name)
        refuse(
            first,
            fmt::format("\"{}\" reads the topic \"{}\", and the log of \"{}\" has that name",
                        first.topic.empty() ? logs[k].readers.front()->id : first.id, logs[i].name,
                        first.topic.empty() ? first.id : logs[k].readers.front()->id));
    if (std::find(managers.begin(), managers.end(), services[i]) != managers.end())
      refuse(first, fmt::format("the log of \"{}\" and a TaskManager are both called \"{}\"",
                                first.id, services[i]));
    splits += static_cast<size_t>(first.splits);
    if (splits > kMostSplits)
      refuse(first, fmt::format("with the log of \"{}\" the sources read {} splits; at most {}",
                                first.id, splits, kMostSplits));
  }
}

}  // namespace

void resolve_logs(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  check_logs(scenario, tree, messages);
}

}  // namespace drey::scenarios
