#include "scenarios/job_logs.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "scenarios/csv_records.h"
#include "sim/check.h"
#include "sim/digest.h"

namespace drey::scenarios {

namespace {

// Keys that the sources make: their own number, or that of the first keyed vertex.
uint64_t keys_of(const Scenario& scenario, const VertexSpec& source) {
  if (source.keys > 0) return static_cast<uint64_t>(source.keys);
  for (const VertexSpec& vertex : scenario.job.vertices)
    if (vertex.keys > 0) return static_cast<uint64_t>(vertex.keys);
  return 1;
}

bool describe_one_log(const Scenario& a_scenario, const VertexSpec& a, const Scenario& b_scenario,
                      const VertexSpec& b) {
  return a.data == b.data && log_spec_of(a_scenario, a, 0) == log_spec_of(b_scenario, b, 0);
}

std::string service_of(const std::vector<JobLog>& logs, size_t index) {
  return logs.size() == 1 ? "log" : "log-" + logs[index].name;
}

}  // namespace

std::vector<JobLog> job_logs(const Scenario& scenario) {
  std::vector<JobLog> logs;
  for (const VertexSpec& vertex : scenario.job.vertices) {
    if (vertex.kind != VertexKind::source) continue;
    const auto shared = std::find_if(logs.begin(), logs.end(), [&](const JobLog& log) {
      const VertexSpec& reader = *log.readers.front();
      if (!vertex.topic.empty() || !reader.topic.empty()) return vertex.topic == reader.topic;
      if (scenario.grain == Grain::null) return true;
      return describe_one_log(scenario, vertex, scenario, reader);
    });
    if (shared != logs.end())
      shared->readers.push_back(&vertex);
    else
      logs.push_back({vertex.topic.empty() ? vertex.id : vertex.topic, {&vertex}});
  }
  return logs;
}

std::vector<std::string> log_services(const Scenario& scenario) {
  const std::vector<JobLog> logs = job_logs(scenario);
  std::vector<std::string> names;
  for (size_t i = 0; i < logs.size(); ++i) names.push_back(service_of(logs, i));
  return names;
}

std::vector<size_t> logs_above(const Scenario& scenario, const VertexSpec& vertex) {
  std::vector<std::string> above{vertex.id};
  for (size_t i = 0; i < above.size(); ++i)
    for (const EdgeSpec& edge : scenario.job.edges)
      if (edge.to == above[i] && std::find(above.begin(), above.end(), edge.from) == above.end())
        above.push_back(edge.from);
  const std::vector<JobLog> logs = job_logs(scenario);
  std::vector<size_t> found;
  for (size_t i = 0; i < logs.size(); ++i)
    if (std::any_of(logs[i].readers.begin(), logs[i].readers.end(), [&](const VertexSpec* reader) {
          return std::find(above.begin(), above.end(), reader->id) != above.end();
        }))
      found.push_back(i);
  return found;
}

sim::LogSet make_logs(const Scenario& scenario, uint64_t seed) {
  const std::vector<JobLog> logs = job_logs(scenario);
  CHECK(!logs.empty(), "a job has a source");
  CsvKeys keys;
  std::vector<sim::LogSet::Member> members;
  uint16_t first_split = 0;
  for (size_t i = 0; i < logs.size(); ++i) {
    const VertexSpec& source = *logs[i].readers.front();
    sim::LogSet::Member member{.name = service_of(logs, i), .contents = nullptr};
    for (const VertexSpec* reader : logs[i].readers) member.readers.push_back(reader->id);
    const uint64_t own_seed = i == 0 ? seed : sim::mix(seed, sim::name_hash(logs[i].name));
    const sim::LogSpec spec = log_spec_of(scenario, source, own_seed);
    member.contents = source.data.has_value()
                          ? std::make_shared<sim::LogContents>(
                                spec, read_csv_records(*source.data, keys), first_split)
                          : std::make_shared<sim::LogContents>(spec, first_split);
    first_split = static_cast<uint16_t>(first_split + spec.splits);
    members.push_back(std::move(member));
  }
  return sim::LogSet(std::move(members));
}

std::optional<size_t> log_of_later(const Scenario& scenario, const Scenario& later,
                                   const VertexSpec& source) {
  const std::vector<JobLog> logs = job_logs(scenario);
  const auto find = [&](auto&& fits) -> std::optional<size_t> {
    for (size_t i = 0; i < logs.size(); ++i)
      if (std::any_of(logs[i].readers.begin(), logs[i].readers.end(), fits)) return i;
    return std::nullopt;
  };
  if (!source.topic.empty())
    return find([&](const VertexSpec* reader) { return reader->topic == source.topic; });
  const auto named = find([&](const VertexSpec* reader) { return reader->id == source.id; });
  if (named.has_value()) return named;
  return find(
      [&](const VertexSpec* reader) { return describe_one_log(later, source, scenario, *reader); });
}

sim::LogSpec log_spec_of(const Scenario& scenario, const VertexSpec& source, uint64_t seed) {
  sim::LogSpec log;
  log.seed = seed;
  log.splits = static_cast<uint16_t>(source.splits > 0 ? source.splits : source.parallelism);
  log.records = static_cast<uint64_t>(source.records);
  if (source.pace == Pace::log) {
    log.records_per_second = source.rate.per_second;
  } else if (source.rate.per_second > 0) {
    log.event_records_per_second = source.rate.per_second;
  }
  log.keys = keys_of(scenario, source);
  switch (source.key_distribution) {
    case KeyDistribution::uniform:
      log.pattern = sim::KeyPattern::uniform;
      break;
    case KeyDistribution::sequential:
      log.pattern = sim::KeyPattern::sequential;
      break;
    case KeyDistribution::hot:
      log.pattern = sim::KeyPattern::hot;
      break;
    case KeyDistribution::stride:
      log.pattern = sim::KeyPattern::stride;
      log.key_stride = static_cast<uint64_t>(source.key_stride);
      log.split_stride = static_cast<uint64_t>(source.split_stride);
      break;
  }
  log.hot_keys = static_cast<uint64_t>(source.hot_keys);
  log.hot_share_numerator = static_cast<uint64_t>(source.hot_share.numerator);
  log.hot_share_denominator = static_cast<uint64_t>(source.hot_share.denominator);
  log.disorder = source.disorder;
  if (source.event_times.has_value()) {
    const EventTimesSpec& times = *source.event_times;
    log.first_event_time = sim::to_millis(times.start);
    log.event_step_ms = sim::to_millis(times.step);
    log.event_shuffle = static_cast<uint64_t>(times.shuffle);
    log.late_by_ms = sim::to_millis(times.late_by);
    log.late_every = static_cast<uint64_t>(times.late_every);
    log.late_from = static_cast<uint64_t>(times.late_from);
    log.late_to = static_cast<uint64_t>(times.late_to);
  }
  return log;
}

}  // namespace drey::scenarios
