// windows.json: model/operators/window_operator.h over the heap backend.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/operators/window_operator.h"
#include "state/heap_backend.h"
#include "state/java_hash.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::WindowAssigner;
using model::WindowOperator;
using model::WindowTriggerOptions;

constexpr int32_t kMax = 128;

WindowAssigner assigner_of(const Json& j) {
  const auto type = j.at("type").get<std::string>();
  if (type == "session")
    return {.kind = WindowAssigner::Kind::session, .size = j.at("gap").get<int64_t>()};
  const bool sliding = type == "sliding";
  return {.kind = sliding ? WindowAssigner::Kind::sliding : WindowAssigner::Kind::tumbling,
          .size = j.at("size").get<int64_t>(),
          .slide = sliding ? j.at("slide").get<int64_t>() : 1,
          .offset = j.at("offset").get<int64_t>()};
}

WindowTriggerOptions trigger_of(std::string text) {
  using Kind = WindowTriggerOptions::Kind;
  WindowTriggerOptions options;
  const std::string purging = "purging(";
  if (text.compare(0, purging.size(), purging) == 0) {
    options.purging = true;
    text = text.substr(purging.size(), text.size() - purging.size() - 1);
  }
  if (text == "event_time") return options;
  const size_t open = text.find('(');
  options.kind = text.substr(0, open) == "count" ? Kind::count : Kind::continuous_event_time;
  options.parameter = std::stoll(text.substr(open + 1));
  return options;
}

class Harness : public model::WindowOutput {
 public:
  Harness(const Json& c, WindowOperator::Contents contents)
      : backend_({.range = {0, kMax - 1},
                  .max_parallelism = kMax,
                  .memory_limit = UINT64_MAX,
                  .costs = {}}),
        operator_({.assigner = assigner_of(c.at("assigner")),
                   .trigger = trigger_of(c.at("trigger").get<std::string>()),
                   .allowed_lateness = c.at("allowed_lateness").get<int64_t>(),
                   .contents = contents},
                  backend_, *this) {}

  Json step(const Json& event) {
    results_.clear();
    late_ = Json::array();
    state::Charge charge;
    if (event.at(0) == "W") {
      EXPECT_EQ(operator_.advance_watermark(event.at(1).get<int64_t>(), charge),
                state::Outcome::ok);
    } else {
      const auto key = event.at(1).get<int64_t>();
      const sim::Record record{static_cast<uint64_t>(key), event.at(2).get<int64_t>(),
                               event.at(3).get<int64_t>(), event.at(2).get<uint64_t>()};
      const auto group =
          static_cast<uint16_t>(state::key_group_of_hash(state::java_hash_int64(key), kMax));
      EXPECT_EQ(operator_.process({&record, 1}, {&group, 1}, charge), state::Outcome::ok);
    }
    return Json::array({results(event.at(0) == "E"), late_, operator_.timers().event_timers(),
                        backend_.entry_count()});
  }

  void on_result(state::Key key, state::TimeWindow window, const state::Accumulator& aggregate,
                 std::span<const sim::Record> elements) override {
    Result result{window, static_cast<int64_t>(key.key), {}, aggregate};
    for (const sim::Record& record : elements) result.values.push_back(record.value);
    std::sort(result.values.begin(), result.values.end());
    results_.push_back(result);
  }
  void on_late(const sim::Record& record) override { late_.push_back(record.value); }

  // With aggregates the values themselves are gone: their count, sum and evidence have to agree.
  static Json totals_of(const Json& expected_results) {
    Json totals = Json::array();
    for (const Json& row : expected_results) {
      state::Accumulator a;
      for (const Json& value : row.at(3))
        state::fold_record(state::ReduceFunction::sum, a,
                           {0, value.get<int64_t>(), 0, value.get<uint64_t>()});
      totals.push_back(Json::array({row.at(0), row.at(1), row.at(2), as_json(a), row.at(4)}));
    }
    return totals;
  }

 private:
  struct Result {
    state::TimeWindow window;
    int64_t key;
    std::vector<int64_t> values;
    state::Accumulator aggregate;
  };

  static Json as_json(const state::Accumulator& a) {
    return Json::array({a.value, a.count, a.provenance_sum, a.hash_sum});
  }

  // Runs of equal window end have no order between keys upstream: sorted by (key, start), as in the
  // file. The order of the runs is that of firing; results of one element (one key) stay in the
  // order of its windows.
  Json results(bool of_element) {
    for (auto run = results_.begin(); run != results_.end() && !of_element;) {
      const auto end = std::find_if(
          run, results_.end(), [&](const Result& r) { return r.window.end != run->window.end; });
      std::stable_sort(run, end, [](const Result& x, const Result& y) {
        return std::make_pair(x.key, x.window.start) < std::make_pair(y.key, y.window.start);
      });
      run = end;
    }
    Json all = Json::array();
    for (const Result& r : results_) {
      const Json contents = r.values.empty() ? as_json(r.aggregate) : Json(r.values);
      all.push_back(
          Json::array({r.key, r.window.start, r.window.end, contents, r.window.max_timestamp()}));
    }
    return all;
  }

  state::HeapBackend backend_;
  std::vector<Result> results_;
  Json late_ = Json::array();
  WindowOperator operator_;
};

Outcome judge_assign(const Json& c) {
  Json all = Json::array();
  std::vector<state::TimeWindow> windows;
  for (const Json& timestamp : c.at("events")) {
    model::assign_windows(assigner_of(c.at("assigner")), timestamp.get<int64_t>(), windows);
    Json row = Json::array();
    for (const auto window : windows) row.push_back(Json::array({window.start, window.end}));
    all.push_back(row);
  }
  return expect_equal(c.at("expected"), all, "assign");
}

Outcome judge_window(const Json& c, WindowOperator::Contents contents) {
  const bool aggregate = contents == WindowOperator::Contents::aggregate;
  Harness harness(c, contents);
  for (size_t i = 0; i < c.at("events").size(); ++i) {
    Json expected = c.at("expected").at(i);
    if (aggregate) expected[0] = Harness::totals_of(expected.at(0));
    const Outcome outcome =
        expect_equal(expected, harness.step(c.at("events").at(i)), "event " + std::to_string(i));
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

Outcome judge(const Json& c, const Json&, WindowOperator::Contents contents) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind == "interval_join")
    return skipped("the interval join is not part of drey's operators yet");
  if (kind == "assign") return judge_assign(c);
  if (contents == WindowOperator::Contents::aggregate && c.at("assigner").at("type") == "session")
    return skipped("sessions keep their elements: run by Windows.Elements");
  return judge_window(c, contents);
}

TEST(Windows, Elements) {
  run_vectors("windows.json", [](const Json& c, const Json& file) {
    return judge(c, file, WindowOperator::Contents::elements);
  });
}
// The same cases with aggregated contents: the batch path for tumbling windows with an event-time
// trigger.
TEST(Windows, Aggregates) {
  run_vectors("windows.json", [](const Json& c, const Json& file) {
    return judge(c, file, WindowOperator::Contents::aggregate);
  });
}

}  // namespace
}  // namespace drey::conformance
