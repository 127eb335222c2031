#include "reports/metric_table.h"

#include <fmt/core.h>

#include "reports/metric_names.h"

namespace drey::reports {
namespace {

class Table {
 public:
  explicit Table(const MetricLookup& metrics) : metrics_(metrics) {}

  void add(const MetricName& name, const std::string& vertex) {
    Expression expression;
    expression.kind = Expression::Kind::metric;
    expression.scope = std::string(name.scope);
    expression.vertex = vertex;
    expression.metric = std::string(name.name);
    const std::string path =
        fmt::format("{}.{}", vertex.empty() ? expression.scope : vertex, name.name);
    if (name.shape == MetricShape::value) {
      put(path, name.dimension, metrics_.metric(expression));
      return;
    }
    for (const std::string_view aggregate : kAggregateNames) {
      expression.aggregate = std::string(aggregate);
      put(fmt::format("{}.{}", path, aggregate),
          aggregate == "count" ? Dimension::count : name.dimension, metrics_.metric(expression));
    }
  }

  void add(const FunctionName& name, const std::string& argument) {
    put(fmt::format("{}({})", name.name, argument), name.dimension,
        metrics_.function(name.name, argument));
  }

  std::vector<MetricRow> take() { return std::move(rows_); }

 private:
  void put(std::string name, Dimension dimension, std::optional<MetricValue> value) {
    if (value) rows_.push_back({std::move(name), dimension, std::move(*value)});
  }

  const MetricLookup& metrics_;
  std::vector<MetricRow> rows_;
};

// The name of a metric's row.
std::string row_of(const Expression& metric) {
  std::string name =
      fmt::format("{}.{}", metric.scope == "vertex" ? metric.vertex : metric.scope, metric.metric);
  if (!metric.aggregate.empty()) name += "." + metric.aggregate;
  return name;
}
std::string row_of(std::string_view function, std::string_view argument) {
  return fmt::format("{}({})", function, argument);
}

}  // namespace

std::vector<MetricRow> metric_table(const MetricLookup& metrics, const ExpectationNames& names) {
  Table table(metrics);
  for (const MetricName& name : metric_names())
    if (name.scope != "vertex") table.add(name, {});
  for (const std::string& vertex : names.vertices)
    for (const MetricName& name : metric_names())
      if (name.scope == "vertex") table.add(name, vertex);
  for (const FunctionName& name : function_names()) {
    const bool of_vertices = name.argument == FunctionName::Argument::vertex;
    for (const std::string& argument : of_vertices ? names.vertices : names.faults)
      table.add(name, argument);
  }
  return table.take();
}

std::string decimal_text(Ratio number) {
  const bool negative = number.numerator < 0;
  const int64_t magnitude = negative ? -number.numerator : number.numerator;
  std::string text = fmt::format("{}{}", negative ? "-" : "", magnitude / number.denominator);
  __extension__ using Wide = __int128;
  const Wide rest = Wide{magnitude % number.denominator} * 1'000'000 / number.denominator;
  // Beyond a second or a gigabyte a millionth of the unit says nothing, and would not fit.
  if (rest == 0 || magnitude / number.denominator >= 1'000'000'000) return text;
  std::string digits = fmt::format("{:06}", static_cast<int64_t>(rest));
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + "." + digits;
}

std::optional<Ratio> parse_decimal(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  auto number = parse_ratio(text);
  if (number && negative) number->numerator = -number->numerator;
  return number;
}

std::optional<MetricValue> StoredMetrics::find(const std::string& name) const {
  for (const auto& [known, value] : rows_)
    if (known == name) return value;
  return std::nullopt;
}

std::optional<MetricValue> StoredMetrics::metric(const Expression& metric) const {
  if (metric.subtask >= 0) return std::nullopt;  // the table has whole vertices only
  return find(row_of(metric));
}

std::optional<MetricValue> StoredMetrics::function(std::string_view name,
                                                   std::string_view argument) const {
  return find(row_of(name, argument));
}

void add_rows_of(const Expression& expression, std::set<std::string>& rows) {
  if (expression.kind == Expression::Kind::metric) rows.insert(row_of(expression));
  if (expression.kind == Expression::Kind::function)
    rows.insert(row_of(expression.word, expression.scope));
  for (const Expression& operand : expression.operands) add_rows_of(operand, rows);
}

}  // namespace drey::reports
