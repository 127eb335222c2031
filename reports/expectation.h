#pragma once
// Expectations: what a scenario demands of its runs. One comparison of two sides built from
// metrics, functions, quantities and + - * /; and a kind that says when it must hold. Parsed here
// (recursive descent), every name resolved before the run; evaluated by reports on what the trace
// gave.
//
//   comparison := sum op sum          op := == != <= >= < >
//   sum := product {(+|-) product}    product := factor {(*|/) factor}
//   factor := quantity | path | name ( argument ) | word | ( sum ) | - factor
//   path := scope.metric[.aggregate]; scope = job, checkpoint, latency, ledger, broker, storage,
//   network, cluster, rocksdb,
//           a vertex id or a subtask (agg/0); a word is a state name and stands alone on one side
//
// Numbers are exact fractions (128-bit products), so a verdict never hangs on rounding; overflow
// counts as "no value".
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/expression_lexer.h"
#include "reports/quantity.h"
#include "sim/time.h"

namespace drey::reports {

struct Expression {
  enum class Kind : uint8_t {
    quantity,
    word,
    metric,
    function,
    negate,
    add,
    subtract,
    multiply,
    divide
  };
  Kind kind = Kind::quantity;
  Dimension dimension = Dimension::count;
  Ratio value;            // quantity
  std::string word;       // word; function: its name
  std::string scope;      // metric: "job", "vertex", ...; function: its argument
  std::string vertex;     // metric of a vertex: its id
  int64_t subtask = -1;   // -1: of the whole vertex
  std::string metric;     // metric: its name
  std::string aggregate;  // series: "max", "p99", ...
  std::vector<Expression> operands;
  friend bool operator==(const Expression&, const Expression&) = default;
};

enum class Comparator : uint8_t {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal
};

struct Comparison {
  Expression left;
  Comparator comparator = Comparator::equal;
  Expression right;
  friend bool operator==(const Comparison&, const Comparison&) = default;
};

// check: at the end of each run. always / never: at every instant. eventually: at some instant
// (`within`, counted from the start or from the landing of fault `after`). sometimes: at the end of
// at least one run of the seed set.
enum class ExpectationKind : uint8_t { check, always, eventually, never, sometimes };
enum class Severity : uint8_t { fail, warn, note };

struct Expectation {
  std::string id;    // given, or e0, e1, ... by position
  std::string text;  // the comparison as written
  ExpectationKind kind = ExpectationKind::check;
  Severity severity = Severity::fail;
  std::optional<sim::Duration> within;
  std::string after;  // id of a fault, or empty
  std::string because;
  Comparison comparison;
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

// What names may be used: vertices and faults of the scenario.
struct ExpectationNames {
  std::vector<std::string> vertices;
  std::vector<std::string> faults;
};

// Empty, with `problem` set, when the text is not a comparison over known names of fitting
// dimension.
std::optional<Comparison> parse_comparison(std::string_view text, const ExpectationNames& names,
                                           TextProblem& problem);

// One side alone, e.g. of a plot: "job.downtime.max", "sink.committed_records / job.duration".
std::optional<Expression> parse_expression(std::string_view text, const ExpectationNames& names,
                                           TextProblem& problem);

// What the run gave. A metric without value (no checkpoint completed: no duration) gives an empty
// optional, and the expectation is then "not checked", never "held".
struct MetricValue {
  Ratio number;
  std::string word;
};
class MetricLookup {
 public:
  virtual ~MetricLookup() = default;
  virtual std::optional<MetricValue> metric(const Expression& metric) const = 0;
  virtual std::optional<MetricValue> function(std::string_view name,
                                              std::string_view argument) const = 0;
};

enum class Verdict : uint8_t { held, violated, no_value };
struct Evaluation {
  Verdict verdict = Verdict::no_value;
  std::string left;  // both sides as text, "199 s" or "FAILED", for the failure message
  std::string right;
};
Evaluation evaluate(const Comparison& comparison, const MetricLookup& lookup);
std::optional<MetricValue> evaluate(const Expression& expression, const MetricLookup& lookup);

}  // namespace drey::reports
