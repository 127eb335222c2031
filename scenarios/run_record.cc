#include "scenarios/run_record.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>

#include "scenarios/explain.h"
#include "scenarios/json_tree.h"
#include "sim/digest.h"

namespace drey::scenarios {
namespace {

std::string text_at(const JsonNode& object, std::string_view key) {
  const JsonNode* node = object.find(key);
  return node == nullptr ? std::string() : node->text;
}

uint64_t number_at(const JsonNode& object, std::string_view key) {
  const auto number = reports::parse_integer(text_at(object, key));
  return number ? static_cast<uint64_t>(*number) : 0;
}

std::string digest_of(const RunRecord& record) {
  sim::Digest digest;
  digest.fold(record.verdict);
  digest.fold(record.hash);
  digest.fold(record.events, static_cast<uint64_t>(record.end_ns));
  for (const RunRecord::Expectation& e : record.expectations)
    digest.fold(fmt::format("{} {} {} {}", e.id, e.outcome, e.left, e.right));
  for (const auto& [name, value] : record.metrics)
    digest.fold(fmt::format("{} {} {}", name, reports::decimal_text(value.number), value.word));
  return sim::to_hex(digest.value());
}

JsonNode metrics_json(const RunRecord& record) {
  JsonNode metrics = json_object();
  for (const auto& [name, value] : record.metrics)
    json_add(metrics, name,
             value.word.empty() ? json_number(reports::decimal_text(value.number))
                                : json_text(value.word));
  return metrics;
}

}  // namespace

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

RunRecord record_of(RunRecord of, const reports::RunResult& result) {
  of.version = std::string(source_version());
  of.verdict = std::string(reports::name_of(result.verdict));
  of.hash = result.hash;
  of.events = result.events;
  of.end_ns = result.end.ns;
  for (const reports::ExpectationResult& e : result.expectations)
    of.expectations.push_back(
        {e.id, e.text, std::string(reports::name_of(e.outcome)), e.left, e.right});
  for (const reports::MetricRow& row : result.metrics) of.metrics.emplace_back(row.name, row.value);
  of.digest = digest_of(of);
  return of;
}

std::string print_record(const RunRecord& record) {
  JsonNode line = json_object();
  json_add(line, "key", json_text(record.key));
  json_add(line, "digest", json_text(record.digest));
  json_add(line, "scenario", json_text(record.scenario));
  json_add(line, "scenario_id", json_text(record.scenario_id));
  JsonNode& params = json_add(line, "params", json_object());
  for (const auto& [axis, label] : record.params) json_add(params, axis, json_text(label));
  json_add(line, "seed", json_number(fmt::format("{}", record.seed)));
  json_add(line, "version", json_text(record.version));
  json_add(line, "verdict", json_text(record.verdict));
  json_add(line, "hash", json_text(record.hash));
  json_add(line, "events", json_number(fmt::format("{}", record.events)));
  json_add(line, "sim_time_ns", json_integer(record.end_ns));
  JsonNode& expectations = json_add(line, "expectations", json_list());
  for (const RunRecord::Expectation& e : record.expectations) {
    JsonNode item = json_object();
    json_add(item, "id", json_text(e.id));
    json_add(item, "text", json_text(e.text));
    json_add(item, "outcome", json_text(e.outcome));
    json_add(item, "left", json_text(e.left));
    json_add(item, "right", json_text(e.right));
    expectations.items.push_back(std::move(item));
  }
  json_add(line, "metrics", metrics_json(record));
  return compact_json(line) + "\n";
}

std::optional<RunRecord> parse_record(std::string_view line) {
  const auto node = parse_json(line);
  if (!node || node->kind != JsonNode::Kind::object) return std::nullopt;
  RunRecord record;
  record.key = text_at(*node, "key");
  record.digest = text_at(*node, "digest");
  record.scenario = text_at(*node, "scenario");
  record.scenario_id = text_at(*node, "scenario_id");
  record.seed = number_at(*node, "seed");
  record.version = text_at(*node, "version");
  record.verdict = text_at(*node, "verdict");
  record.hash = text_at(*node, "hash");
  record.events = number_at(*node, "events");
  record.end_ns = static_cast<int64_t>(number_at(*node, "sim_time_ns"));
  const JsonNode* params = node->find("params");
  const JsonNode* metrics = node->find("metrics");
  const JsonNode* expectations = node->find("expectations");
  if (record.key.size() != 32 || record.digest.size() != 32 || params == nullptr ||
      metrics == nullptr || expectations == nullptr)
    return std::nullopt;
  for (const JsonMember& member : params->members)
    record.params.emplace_back(member.key, member.value.text);
  for (const JsonNode& item : expectations->items)
    record.expectations.push_back({text_at(item, "id"), text_at(item, "text"),
                                   text_at(item, "outcome"), text_at(item, "left"),
                                   text_at(item, "right")});
  for (const JsonMember& member : metrics->members) {
    reports::MetricValue value;
    if (member.value.kind == JsonNode::Kind::number) {
      const auto number = reports::parse_decimal(member.value.text);
      if (!number) return std::nullopt;
      value.number = *number;
    } else {
      value.word = member.value.text;
    }
    record.metrics.emplace_back(member.key, std::move(value));
  }
  // What came out must be what was written: a torn or edited line is no record.
  if (digest_of(record) != record.digest) return std::nullopt;
  return record;
}

reports::StoredMetrics stored_metrics(const RunRecord& record) {
  reports::StoredMetrics metrics;
  for (const auto& [name, value] : record.metrics) metrics.set(name, value);
  return metrics;
}

}  // namespace drey::scenarios
