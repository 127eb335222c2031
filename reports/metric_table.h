#pragma once
// All metrics of a run as one flat table, name -> value, and back: what result.json and the records
// of a sweep hold under "metrics", and what an expression over metrics can be evaluated on later
// without running again.
//
// Names as in expectations: "job.restarts", "checkpoint.duration.p95", "agg.records_in",
// "restarted_tasks(agg)". Whole vertices only: a table of every subtask would grow with the
// cluster. Durations in ns, sizes in bytes. A metric that the run did not give has no row.
#include <map>
#include <string>
#include <vector>

#include "reports/expectation.h"

namespace drey::reports {

inline constexpr int kMetricsVersion = 1;  // of the names and their meaning

struct MetricRow {
  std::string name;
  Dimension dimension = Dimension::count;
  MetricValue value;
};
// In the order of metric_names.cc, vertices in the order given.
std::vector<MetricRow> metric_table(const MetricLookup& metrics, const ExpectationNames& names);

// A number as JSON text: whole, or a decimal fraction of at most six digits (rounded
// down).
std::string decimal_text(Ratio number);
// The inverse; empty when it is no such number.
std::optional<Ratio> parse_decimal(std::string_view text);

// Answers expressions from such a table.
class StoredMetrics final : public MetricLookup {
 public:
  void set(std::string name, MetricValue value) { values_[std::move(name)] = std::move(value); }
  std::optional<MetricValue> metric(const Expression& metric) const override;
  std::optional<MetricValue> function(std::string_view name,
                                      std::string_view argument) const override;

 private:
  std::optional<MetricValue> find(const std::string& name) const;
  std::map<std::string, MetricValue> values_;
};

}  // namespace drey::reports
