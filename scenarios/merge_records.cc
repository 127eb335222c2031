#include "scenarios/merge_records.h"

#include <algorithm>

#include "reports/readable.h"
#include "scenarios/json_tree.h"

namespace drey::scenarios {
namespace {

reports::RunRow row_of(const RunRecord& record) {
  reports::RunRow row;
  row.key = record.key;
  row.scenario = record.scenario;
  row.scenario_id = record.scenario_id;
  row.version = record.version;
  row.verdict = record.verdict;
  row.hash = record.hash;
  row.digest = record.digest;
  row.seed = record.seed;
  row.events = record.events;
  row.end_ns = record.end_ns;
  JsonNode params = json_object();
  for (const auto& [axis, label] : record.params) json_add(params, axis, json_text(label));
  row.params = compact_json(params);
  row.metrics = print_metrics(record);
  for (const RunRecord::Expectation& e : record.expectations)
    row.expectations.push_back({e.id, e.text, e.outcome, e.left, e.right});
  return row;
}

std::string line_of(const reports::RunRow& row) {
  RunRecord record;
  record.key = row.key;
  record.digest = row.digest;
  record.scenario = row.scenario;
  record.scenario_id = row.scenario_id;
  record.seed = row.seed;
  record.version = row.version;
  record.verdict = row.verdict;
  record.hash = row.hash;
  record.events = row.events;
  record.end_ns = row.end_ns;
  for (const reports::RunRow::Expectation& e : row.expectations)
    record.expectations.push_back({e.id, e.text, e.outcome, e.left, e.right});
  if (const auto params = parse_json(row.params))
    for (const JsonMember& member : params->members)
      record.params.emplace_back(member.key, member.value.text);
  if (const auto metrics = parse_json(row.metrics)) {
    for (const JsonMember& member : metrics->members) {
      reports::MetricValue value;
      const bool number = member.value.kind == JsonNode::Kind::number;
      if (number)
        value.number = reports::parse_decimal(member.value.text).value_or(reports::Ratio{});
      if (!number) value.word = member.value.text;
      record.metrics.emplace_back(member.key, std::move(value));
    }
  }
  return print_record(record);
}

}  // namespace

void RecordMerger::add(const RunRecord& record) {
  const std::string line = print_record(record);
  auto [it, added] = records_[record.key].try_emplace(record.digest, line);
  if (!added) it->second = std::min(it->second, line);
}

void RecordMerger::add_lines(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (const auto record = parse_record(line)) {
      add(*record);
    } else if (const std::string key = failed_key(line); !key.empty()) {
      failed_.insert(key);
    } else {
      ++torn_;
    }
  }
}

size_t RecordMerger::failed() const {
  size_t count = 0;
  for (const std::string& key : failed_) count += records_.count(key) == 0 ? 1 : 0;
  return count;
}

std::string RecordMerger::add_database(const std::string& path) {
  reports::RunDatabase database;
  std::string error = reports::read_run_database(path, database);
  if (!error.empty()) return error;
  for (const reports::RunRow& row : database.runs) {
    const auto record = parse_record(line_of(row));
    if (!record) return "the run " + row.key + " is damaged";
    add(*record);
  }
  for (const reports::ConflictRow& row : database.conflicts)
    if (const auto record = parse_record(row.record)) add(*record);
  return {};
}

reports::RunDatabase RecordMerger::database() const {
  reports::RunDatabase out;
  std::set<std::string> params, metrics;
  for (const auto& [key, results] : records_) {
    if (results.size() > 1)
      for (const auto& [digest, line] : results) out.conflicts.push_back({key, digest, line});
    const auto record = parse_record(results.begin()->second);
    if (!record) continue;
    out.runs.push_back(row_of(*record));
    for (const auto& [axis, label] : record->params) params.insert(axis);
    // Metrics of the job and the cluster; those of vertices are in the column `metrics`.
    for (const auto& [name, value] : record->metrics)
      if (name.starts_with("job.") || name.starts_with("checkpoint.") ||
          name.starts_with("ledger.") || name.starts_with("latency."))
        metrics.insert(name);
  }
  out.wide.params.assign(params.begin(), params.end());
  for (const std::string& name : metrics)
    if (params.count(name) == 0) out.wide.metrics.push_back(name);
  return out;
}

std::string merged_csv(const reports::RunDatabase& database) {
  std::string out = "key,scenario,";
  for (const std::string& axis : database.wide.params) out += reports::csv_cell(axis) + ",";
  out += "seed,verdict,metric,value\n";
  for (const reports::RunRow& row : database.runs) {
    const auto params = parse_json(row.params);
    const auto metrics = parse_json(row.metrics);
    if (!params || !metrics) continue;
    std::string context = row.key + "," + reports::csv_cell(row.scenario) + ",";
    for (const std::string& axis : database.wide.params) {
      const JsonNode* label = params->find(axis);
      context += (label == nullptr ? "" : reports::csv_cell(label->text)) + ",";
    }
    context += std::to_string(row.seed) + "," + row.verdict + ",";
    for (const JsonMember& member : metrics->members)
      out += context + reports::csv_cell(member.key) + "," + reports::csv_cell(member.value.text) +
             "\n";
  }
  return out;
}

}  // namespace drey::scenarios
