#pragma once
// All metrics of a run as one flat table, name -> value, and back: what result.json and the records
// of a sweep hold under "metrics", and what an expression over metrics can be evaluated on later
// without running again.
//
// Names as in expectations: "job.restarts", "checkpoint.duration.p95", "agg.records_in",
// "restarted_tasks(agg)". Whole vertices only: a table of every subtask would grow with the
// cluster. Durations in ns, sizes in bytes. A metric that the run did not give has no row.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reports/expectation.h"

namespace drey::reports {

inline constexpr int kMetricsVersion = 2;  // of the names and their meaning

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

// Answers expressions from such a table, which is not owned and outlives it. Looks through all of
// it: a few questions are asked of each of many tables.
class StoredMetrics final : public MetricLookup {
 public:
  using Rows = std::vector<std::pair<std::string, MetricValue>>;
  explicit StoredMetrics(const Rows& rows) : rows_(rows) {}
  std::optional<MetricValue> metric(const Expression& metric) const override;
  std::optional<MetricValue> function(std::string_view name,
                                      std::string_view argument) const override;

 private:
  std::optional<MetricValue> find(const std::string& name) const;
  const Rows& rows_;
};

// The rows that an expression asks for.
void add_rows_of(const Expression& expression, std::set<std::string>& rows);

}  // namespace drey::reports
