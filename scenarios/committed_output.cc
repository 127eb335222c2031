#include "scenarios/committed_output.h"

#include <fmt/core.h>

#include "scenarios/csv_records.h"
#include "scenarios/job_logs.h"
#include "sim/broker.h"

namespace drey::scenarios {

namespace {

// Quoted where it must be.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

std::string name_or(const std::string& name, const char* otherwise) {
  return name.empty() ? otherwise : csv_field(name);
}

}  // namespace

CommittedOutput::CommittedOutput(const Scenario& scenario) {
  CsvData columns;
  for (const VertexSpec& vertex : scenario.job.vertices)
    if (vertex.data.has_value()) columns = *vertex.data;
  CsvKeys keys;
  for (const JobLog& log : job_logs(scenario))  // as make_logs() numbers them
    if (log.readers.front()->data.has_value()) load_csv(*log.readers.front()->data, keys);
  for (const std::string& key : keys.texts) keys_.push_back(csv_field(key));
  text_ = fmt::format("{},{},{}\n", name_or(columns.key, "key"), name_or(columns.value, "value"),
                      name_or(columns.time, "event_time"));
}

uint64_t CommittedOutput::interests() const { return interest(sim::FactGroup::external); }

void CommittedOutput::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  if (batch.head.kind != fact_kind(sim::BrokerFact::committed_batch)) return;
  for (const sim::Record& record : batch.records) {
    const std::string key =
        record.key < keys_.size() ? keys_[record.key] : fmt::format("{}", record.key);
    text_ += fmt::format("{},{},{}\n", key, record.value, record.event_time);
  }
}

}  // namespace drey::scenarios
