#include "scenarios/run_record.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>

#include "scenarios/explain.h"
#include "sim/digest.h"

namespace drey::scenarios {

std::string content_id(const Scenario& scenario) {
  Scenario content = scenario;
  content.about.clear();
  content.seed.reset();
  content.seeds.reset();
  content.killed_by.clear();
  content.sweep.reset();
  content.plot.clear();
  sim::Digest digest;
  digest.fold(print_scenario(content));
  for (const VertexSpec& vertex : scenario.job.vertices) {
    if (!vertex.data) continue;
    std::ifstream in(vertex.data->file, std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    digest.fold(bytes.str());
  }
  return sim::to_hex(digest.value());
}

std::string run_key(std::string_view content, uint64_t seed) {
  sim::Digest digest;
  digest.fold(content);
  digest.fold(source_version());
  digest.fold(seed, uint64_t{reports::kMetricsVersion});
  return sim::to_hex(digest.value());
}

uint64_t seed_at(std::string_view content, uint64_t seed, bool common_random_numbers) {
  if (common_random_numbers) return seed;
  sim::Digest digest;
  digest.fold(content);
  digest.fold(seed);
  return digest.value().low >> 11;
}

RunRecord record_of(RunRecord of, reports::RunResult result) {
  of.version = std::string(source_version());
  of.verdict = std::string(reports::name_of(result.verdict));
  of.hash = std::move(result.hash);
  of.events = result.events;
  of.end_ns = result.end.ns;
  for (const reports::ExpectationResult& e : result.expectations)
    of.expectations.push_back(
        {e.id, e.text, std::string(reports::name_of(e.outcome)), e.left, e.right});
  of.metrics.reserve(result.metrics.size());
  for (reports::MetricRow& row : result.metrics)
    of.metrics.emplace_back(std::move(row.name), std::move(row.value));
  return of;
}

}  // namespace drey::scenarios
