#pragma once
// The metrics that expectations can name: the only list. reports/ computes each of them; an
// expectation on any other name is an error before the run starts (never "passes because nothing
// matched").
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "reports/expression_lexer.h"

namespace drey::reports {

// A series has many samples in a run and needs an aggregate (.max, .p99 ...); a value is one number
// at the end (and at each instant, for always / eventually / never).
enum class MetricShape : uint8_t { value, series };

struct MetricName {
  std::string_view scope;  // "job", "checkpoint", ...; "vertex" stands for any vertex id or subtask
  std::string_view name;
  Dimension dimension;
  MetricShape shape;
  std::string_view help;
};

struct FunctionName {
  enum class Argument : uint8_t { vertex, fault };
  std::string_view name;
  Argument argument;
  Dimension dimension;
  std::string_view help;
};

std::span<const MetricName> metric_names();
std::span<const FunctionName> function_names();

inline constexpr std::array<std::string_view, 9> kAggregateNames{
    "min", "max", "mean", "sum", "count", "last", "p50", "p95", "p99"};

}  // namespace drey::reports
