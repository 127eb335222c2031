#include <fmt/core.h>

#include "reports/metric_table.h"
#include "scenarios/sweep_plan.h"

namespace drey::scenarios {
namespace {

// A quantity as a whole number of its smallest unit, and how to print one back.
struct Amount {
  enum class Kind : uint8_t { duration, size, rate, byte_rate, number };
  Kind kind = Kind::number;
  int64_t value = 0;
  int64_t denominator = 1;  // of a number
};

std::optional<Amount> amount_of(const JsonNode& node) {
  if (node.kind == JsonNode::Kind::number) {
    const auto ratio = reports::parse_decimal(node.text);
    if (!ratio) return std::nullopt;
    return Amount{Amount::Kind::number, ratio->numerator, ratio->denominator};
  }
  if (node.kind != JsonNode::Kind::text) return std::nullopt;
  if (const auto d = reports::parse_duration(node.text, reports::Bare::refused))
    return Amount{Amount::Kind::duration, d->ns, 1};
  if (const auto bytes = reports::parse_size(node.text, reports::Bare::refused))
    return Amount{Amount::Kind::size, static_cast<int64_t>(*bytes), 1};
  if (const auto rate = reports::parse_rate(node.text))
    return Amount{rate->bytes ? Amount::Kind::byte_rate : Amount::Kind::rate,
                  static_cast<int64_t>(rate->per_second), 1};
  return std::nullopt;
}

JsonNode print_amount(Amount::Kind kind, int64_t value, int64_t denominator) {
  switch (kind) {
    case Amount::Kind::duration:
      return json_text(reports::print_duration({value}));
    case Amount::Kind::size:
      return json_text(reports::print_size(static_cast<uint64_t>(value)));
    case Amount::Kind::rate:
    case Amount::Kind::byte_rate:
      return json_text(
          reports::print_rate({static_cast<uint64_t>(value), kind == Amount::Kind::byte_rate}));
    case Amount::Kind::number:
      break;
  }
  return json_number(reports::decimal_text({value, denominator}));
}

// The factor that makes `to` of `from` in `steps` steps: a root by halving, because libm's pow
// differs between machines.
double factor_of(double ratio, int64_t steps) {
  double low = ratio < 1 ? ratio : 1;
  double high = ratio < 1 ? 1 : ratio;
  for (int round = 0; round < 200; ++round) {
    const double middle = (low + high) / 2;
    double power = 1;
    for (int64_t i = 0; i < steps; ++i) power *= middle;
    (power < ratio ? low : high) = middle;
  }
  return low;
}

// To three significant digits: nobody wants 13895495 ns.
int64_t rounded(double value) {
  double unit = 1;
  while (value / unit >= 1000) unit *= 10;
  return static_cast<int64_t>(value / unit + 0.5) * static_cast<int64_t>(unit);
}

}  // namespace

std::optional<double> number_of(const JsonNode& value, std::string& unit) {
  const auto amount = amount_of(value);
  if (!amount) return std::nullopt;
  const auto number = static_cast<double>(amount->value);
  switch (amount->kind) {
    case Amount::Kind::duration:
      unit = std::string("s");
      return number / 1e9;
    case Amount::Kind::size:
      unit = std::string("b");
      return number;
    case Amount::Kind::rate:
      unit = std::string("/s");
      return number;
    case Amount::Kind::byte_rate:
      unit = std::string("b/s");
      return number;
    case Amount::Kind::number:
      break;
  }
  unit.clear();
  return number / static_cast<double>(amount->denominator);
}

std::vector<JsonNode> range_values(const JsonNode& from, const JsonNode& to, int64_t count,
                                   AxisScale scale, std::string& why) {
  auto first = amount_of(from);
  auto last = amount_of(to);
  why = std::string(
      "a range needs two quantities of one kind, e.g. \"from\": \"5 s\", \"to\": \"300 s\"");
  if (!first || !last || first->kind != last->kind || count < 2) return {};
  // Numbers on one denominator: at most six digits behind the point.
  const bool whole = first->denominator == 1 && last->denominator == 1;
  const int64_t denominator = whole ? 1 : 1'000'000;
  for (Amount* end : {&*first, &*last}) end->value = end->value * (denominator / end->denominator);
  why = std::string("equal factors need two ends above zero");
  if (scale == AxisScale::log && (first->value <= 0 || last->value <= 0)) return {};
  const double factor =
      scale == AxisScale::log
          ? factor_of(static_cast<double>(last->value) / static_cast<double>(first->value),
                      count - 1)
          : 1;
  std::vector<JsonNode> values;
  auto exact = static_cast<double>(first->value);
  for (int64_t i = 0; i < count; ++i, exact *= factor) {
    __extension__ using Wide = __int128;
    int64_t value = rounded(exact);
    if (scale == AxisScale::linear)
      value =
          first->value + static_cast<int64_t>(Wide{last->value - first->value} * i / (count - 1));
    if (i == 0) value = first->value;
    if (i == count - 1) value = last->value;
    values.push_back(print_amount(first->kind, value, denominator));
    values.back().place = from.place;
  }
  why.clear();
  return values;
}

}  // namespace drey::scenarios
