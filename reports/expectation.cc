#include "reports/expectation.h"

#include <fmt/core.h>

#include <numeric>

namespace drey::reports {
namespace {

__extension__ using Wide = __int128;

using Value = MetricValue;

std::optional<Ratio> narrow(Wide numerator, Wide denominator) {
  if (denominator == 0) return std::nullopt;
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  Wide a = numerator < 0 ? -numerator : numerator;
  Wide b = denominator;
  while (b != 0) {
    const Wide rest = a % b;
    a = b;
    b = rest;
  }
  if (a != 0) {
    numerator /= a;
    denominator /= a;
  }
  constexpr Wide kMost = INT64_MAX;
  if (numerator > kMost || numerator < -kMost || denominator > kMost) return std::nullopt;
  return Ratio{static_cast<int64_t>(numerator), static_cast<int64_t>(denominator)};
}

std::optional<Ratio> calculate(Expression::Kind kind, Ratio a, Ratio b) {
  const Wide an = a.numerator, ad = a.denominator, bn = b.numerator, bd = b.denominator;
  switch (kind) {
    case Expression::Kind::add:
      return narrow(an * bd + bn * ad, ad * bd);
    case Expression::Kind::subtract:
      return narrow(an * bd - bn * ad, ad * bd);
    case Expression::Kind::multiply:
      return narrow(an * bn, ad * bd);
    case Expression::Kind::divide:
      return narrow(an * bd, ad * bn);
    case Expression::Kind::quantity:
    case Expression::Kind::word:
    case Expression::Kind::metric:
    case Expression::Kind::function:
    case Expression::Kind::negate:
      break;
  }
  return std::nullopt;
}

std::optional<Value> value_of(const Expression& expression, const MetricLookup& lookup) {
  switch (expression.kind) {
    case Expression::Kind::quantity:
      return Value{expression.value, {}};
    case Expression::Kind::word:
      return Value{{}, expression.word};
    case Expression::Kind::metric: {
      const auto found = lookup.metric(expression);
      if (!found) return std::nullopt;
      return Value{found->number, found->word};
    }
    case Expression::Kind::function: {
      const auto found = lookup.function(expression.word, expression.scope);
      if (!found) return std::nullopt;
      return Value{found->number, found->word};
    }
    case Expression::Kind::negate: {
      auto inner = value_of(expression.operands[0], lookup);
      if (!inner) return std::nullopt;
      inner->number.numerator = -inner->number.numerator;
      return inner;
    }
    case Expression::Kind::add:
    case Expression::Kind::subtract:
    case Expression::Kind::multiply:
    case Expression::Kind::divide: {
      const auto left = value_of(expression.operands[0], lookup);
      const auto right = value_of(expression.operands[1], lookup);
      if (!left || !right) return std::nullopt;
      const auto result = calculate(expression.kind, left->number, right->number);
      if (!result) return std::nullopt;
      return Value{*result, {}};
    }
  }
  return std::nullopt;
}

std::string print(const Value& value, Dimension dimension) {
  const Ratio number = value.number;
  const int64_t whole = number.numerator / number.denominator;
  switch (dimension) {
    case Dimension::word:
      return value.word;
    case Dimension::duration:
      return print_duration(sim::Duration{whole});
    case Dimension::bytes:
      return fmt::format("{} b", whole);
    case Dimension::rate:
      return fmt::format("{}/s", whole);
    case Dimension::byte_rate:
      return fmt::format("{} b/s", whole);
    case Dimension::count:
      break;
  }
  if (number.denominator == 1) return fmt::format("{}", number.numerator);
  return fmt::format("{}/{}", number.numerator, number.denominator);
}

bool compare(Comparator comparator, int order) {
  switch (comparator) {
    case Comparator::equal:
      return order == 0;
    case Comparator::not_equal:
      return order != 0;
    case Comparator::less:
      return order < 0;
    case Comparator::less_or_equal:
      return order <= 0;
    case Comparator::greater:
      return order > 0;
    case Comparator::greater_or_equal:
      return order >= 0;
  }
  return false;
}

int order_of(const Value& left, const Value& right, Dimension dimension) {
  if (dimension == Dimension::word) return left.word.compare(right.word);
  const Wide a = Wide{left.number.numerator} * right.number.denominator;
  const Wide b = Wide{right.number.numerator} * left.number.denominator;
  return a < b ? -1 : a > b ? 1 : 0;
}

}  // namespace

Evaluation evaluate(const Comparison& comparison, const MetricLookup& lookup) {
  Evaluation evaluation;
  const auto left = value_of(comparison.left, lookup);
  const auto right = value_of(comparison.right, lookup);
  evaluation.left = left ? print(*left, comparison.left.dimension) : "no value";
  evaluation.right = right ? print(*right, comparison.right.dimension) : "no value";
  if (!left || !right) return evaluation;
  const bool held =
      compare(comparison.comparator, order_of(*left, *right, comparison.left.dimension));
  evaluation.verdict = held ? Verdict::held : Verdict::violated;
  return evaluation;
}

std::optional<MetricValue> evaluate(const Expression& expression, const MetricLookup& lookup) {
  return value_of(expression, lookup);
}

}  // namespace drey::reports
