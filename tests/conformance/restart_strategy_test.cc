#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/failover/execution_failure_handler.h"
#include "model/failover/restart_strategy.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using namespace model;

sim::Time at(int64_t ms) { return sim::Time{} + sim::milliseconds(ms); }

// Longer than any time stamp of a case; drey's nanoseconds hold no more.
sim::Duration duration(int64_t ms) {
  constexpr int64_t kForeverMs = sim::kForever.ns / 1'000'000;
  return sim::milliseconds(std::clamp(ms, -kForeverMs, kForeverMs));
}

// Answers with a fixed fraction step of the range, so that a caller can visit all of it.
class ScriptedJitter final : public JitterSource {
 public:
  explicit ScriptedJitter(uint64_t seed) : state_(seed) {}
  int64_t draw(uint64_t, int64_t low, int64_t high) override {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    __extension__ using Wide = unsigned __int128;
    const auto span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    const uint64_t offset = static_cast<uint64_t>((Wide{state_} * (Wide{span} + 1)) >> 64);
    return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
  }

 private:
  uint64_t state_;
};

RestartStrategyOptions options_of(const std::string& kind, const Json& p) {
  if (kind == "fixed")
    return FixedDelayOptions{p.at("attempts").get<int32_t>(),
                             duration(p.at("delay").get<int64_t>())};
  if (kind == "rate")
    return FailureRateOptions{p.at("max").get<int32_t>(), duration(p.at("interval").get<int64_t>()),
                              duration(p.at("delay").get<int64_t>())};
  if (kind == "none") return NoRestartOptions{};
  return ExponentialDelayOptions{duration(p.at("initial").get<int64_t>()),
                                 duration(p.at("max").get<int64_t>()),
                                 p.at("multiplier").get<double>(),
                                 duration(p.at("threshold").get<int64_t>()),
                                 p.at("jitter").get<double>(),
                                 p.at("attempts").get<int32_t>()};
}

int64_t backoff_ms(const RestartStrategy& strategy, sim::Time now) {
  const auto backoff = strategy.backoff(now);
  return backoff.has_value() ? sim::to_millis(*backoff) : -1;
}

Outcome judge_ops(const Json& one_case) {
  ScriptedJitter jitter(1);
  const auto strategy = make_restart_strategy(
      options_of(one_case.at("kind").get<std::string>(), one_case.at("params")), &jitter,
      mutant_under_test());
  Json actual = Json::array();
  for (const Json& op : one_case.at("ops")) {
    const sim::Time now = at(one_case.at("start").get<int64_t>() + op[0].get<int64_t>());
    Json answer = Json::array();
    if (op[1] == "n") answer.push_back(strategy->notify_failure(now) == FailureNotice::new_attempt);
    answer.push_back(strategy->can_restart(now));
    answer.push_back(backoff_ms(*strategy, now));
    actual.push_back(answer);
  }
  return expect_equal(one_case.at("expected"), actual, "answers");
}

constexpr uint64_t kSeeds = 4000;

Outcome judge_jitter(const Json& one_case) {
  const Json& times = one_case.at("times");
  std::vector<std::set<int64_t>> seen(times.size());
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    ScriptedJitter jitter(seed);
    const auto strategy = make_restart_strategy(options_of("exp", one_case.at("params")), &jitter);
    for (size_t k = 0; k < times.size(); ++k) {
      const sim::Time now = at(one_case.at("start").get<int64_t>() + times[k].get<int64_t>());
      strategy->notify_failure(now);
      seen[k].insert(backoff_ms(*strategy, now));
    }
  }
  return expect_equal(one_case.at("expected"), Json(seen), "backoffs");
}

Outcome judge_overflow(const Json& one_case) {
  std::set<int64_t> seen;
  bool threw = false;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ScriptedJitter jitter(seed);
    const auto strategy = make_restart_strategy(options_of("exp", one_case.at("params")), &jitter);
    int64_t last = 0;
    for (int64_t k = 0; k < one_case.at("failures").get<int64_t>(); ++k) {
      const sim::Time now =
          at(one_case.at("start").get<int64_t>() + k * one_case.at("every").get<int64_t>());
      if (strategy->notify_failure(now) == FailureNotice::illegal_argument) {
        threw = true;
        break;
      }
      last = backoff_ms(*strategy, now);
    }
    if (!threw) seen.insert(last);
  }
  Json actual = Json::array();
  for (const int64_t value : seen) actual.push_back(value);
  if (threw) actual.push_back("IllegalArgumentException");
  return expect_equal(one_case.at("expected"), actual, "values");
}

Outcome judge_invalid(const Json& one_case) {
  const auto faults =
      check_options(options_of(one_case.at("strategy").get<std::string>(), one_case.at("params")));
  return expect_equal(Json(!one_case.at("expected").at("error").is_null()), Json(!faults.empty()),
                      "refused");
}

RestartStrategyConfig config_of(const Json& options) {
  RestartStrategyConfig config;
  for (const auto& [key, value] : options.items()) {
    const std::string text = value.get<std::string>();
    if (key == "restart-strategy.type")
      config.type = text;
    else if (key == "restart-strategy.fixed-delay.attempts")
      config.fixed_delay.attempts = std::stoi(text);
    else if (key == "restart-strategy.fixed-delay.delay" && text == "3 s")
      config.fixed_delay.delay = sim::seconds(3);
    else if (key == "restart-strategy.failure-rate.max-failures-per-interval")
      config.failure_rate.max_failures_per_interval = std::stoi(text);
    else if (key == "restart-strategy.exponential-delay.initial-backoff" && text == "3 s")
      config.exponential_delay.initial_backoff = sim::seconds(3);
    else
      config.type = "unknown option in the vector: " + key;
  }
  return config;
}

Json options_json(const RestartStrategyOptions& options) {
  if (const auto* fixed = std::get_if<FixedDelayOptions>(&options))
    return {{"strategy", "fixed"},
            {"attempts", fixed->attempts},
            {"delay", sim::to_millis(fixed->delay)}};
  if (const auto* rate = std::get_if<FailureRateOptions>(&options))
    return {{"strategy", "rate"},
            {"max", rate->max_failures_per_interval},
            {"interval", sim::to_millis(rate->failure_rate_interval)},
            {"delay", sim::to_millis(rate->delay)}};
  if (const auto* exp = std::get_if<ExponentialDelayOptions>(&options))
    return {{"strategy", "exp"},
            {"initial", sim::to_millis(exp->initial_backoff)},
            {"max", sim::to_millis(exp->max_backoff)},
            {"multiplier", exp->backoff_multiplier},
            {"threshold", sim::to_millis(exp->reset_backoff_threshold)},
            {"jitter", exp->jitter_factor},
            {"attempts", exp->attempts_before_reset_backoff}};
  return {{"strategy", "none"}};
}

Outcome judge_loader(const Json& one_case) {
  const auto chosen =
      choose_restart_strategy(config_of(one_case.at("job")), config_of(one_case.at("cluster")),
                              one_case.at("checkpointing").get<bool>());
  const Json actual = chosen.error.empty() ? options_json(chosen.options)
                                           : Json{{"error", "IllegalArgumentException"}};
  return expect_equal(one_case.at("expected"), actual, "choice");
}

Outcome judge(const Json& one_case, const Json&) {
  const std::string kind = one_case.at("kind").get<std::string>();
  if (kind == "jitter") return judge_jitter(one_case);
  if (kind == "jitter-overflow") return judge_overflow(one_case);
  if (kind == "invalid") return judge_invalid(one_case);
  if (kind == "loader") return judge_loader(one_case);
  return judge_ops(one_case);
}

int64_t or_unlimited(const Json& given, const char* key, int64_t unlimited) {
  return given.at(key).is_null() ? unlimited : given.at(key).get<int64_t>();
}

RestartStrategyOptions asserted_options(const Json& given) {
  const std::string name = given.at("strategy").get<std::string>();
  if (name == "fixed-delay")
    return FixedDelayOptions{static_cast<int32_t>(or_unlimited(given, "attempts", INT32_MAX)),
                             duration(given.at("delay_ms").get<int64_t>())};
  if (name == "failure-rate")
    return FailureRateOptions{given.at("max_failures").get<int32_t>(),
                              duration(given.at("interval_ms").get<int64_t>()),
                              duration(given.at("delay_ms").get<int64_t>())};
  return ExponentialDelayOptions{
      duration(given.at("initial_ms").get<int64_t>()),
      duration(given.at("max_ms").get<int64_t>()),
      given.at("multiplier").get<double>(),
      duration(or_unlimited(given, "reset_threshold_ms", INT64_MAX / 2'000'000)),
      given.at("jitter").get<double>(),
      static_cast<int32_t>(or_unlimited(given, "attempts", INT32_MAX))};
}

// Runs the script once; `seen[i]` collects the back-offs of step i.
Outcome run_asserted(const Json& one_case, uint64_t seed, std::vector<std::set<int64_t>>& seen) {
  ScriptedJitter jitter(seed);
  const auto strategy = make_restart_strategy(asserted_options(one_case.at("given")), &jitter);
  int64_t now_ms = 0;
  const Json& events = one_case.at("events");
  for (int64_t round = 0; round < one_case.at("given").value("repeat", int64_t{1}); ++round) {
    for (size_t i = 0; i < events.size(); ++i) {
      const Json& event = events[i];
      const std::string op = event.at("op").get<std::string>();
      Json actual = Json::object();
      if (op == "advance") now_ms += event.at("ms").get<int64_t>();
      if (op == "can_restart") actual["can_restart"] = strategy->can_restart(at(now_ms));
      if (op == "notify") {
        for (int64_t k = 0; k < event.value("times", int64_t{1}); ++k) {
          const bool fresh = strategy->notify_failure(at(now_ms)) == FailureNotice::new_attempt;
          if (k == 0) actual["new_attempt"] = fresh;
          if (k > 0 && fresh) return failed("a further call of one instant is a new attempt");
        }
      }
      if (op == "backoff") {
        const int64_t backoff = backoff_ms(*strategy, at(now_ms));
        seen[i].insert(backoff);
        actual["backoff_ms"] = backoff;
        if (backoff < 0) actual["error"] = "ILLEGAL_STATE";
      }
      for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
        const std::string where = "step " + std::to_string(i) + " " + field;
        if (field == "backoff_in") {
          if (std::find(value.begin(), value.end(), actual.at("backoff_ms")) == value.end())
            return failed(where + ": got " + actual.at("backoff_ms").dump());
        } else if (field == "backoff_at_most_ms") {
          if (actual.at("backoff_ms") > value) return failed(where);
        } else {
          const Outcome outcome = expect_equal(value, actual.value(field, Json()), where);
          if (outcome.kind != Outcome::Kind::passed) return outcome;
        }
      }
    }
  }
  return passed();
}

Outcome judge_asserted(const Json& one_case, const Json&) {
  std::vector<std::set<int64_t>> seen(one_case.at("events").size());
  const bool over_seeds = one_case.at("expected").value("over_seeds", false);
  for (uint64_t seed = 0; seed < (over_seeds ? 1000 : 5); ++seed) {
    const Outcome outcome = run_asserted(one_case, seed, seen);
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  if (!over_seeds) return passed();
  for (size_t i = 0; i < seen.size(); ++i) {
    const Json& step = one_case.at("expected").at("steps")[i];
    if (!step.contains("backoff_in")) continue;
    const Outcome outcome = expect_equal(step.at("backoff_in"), Json(seen[i]), "all values occur");
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

RestartStrategyConfig choice_config(const Json& given) {
  RestartStrategyConfig config;
  if (given.is_null()) return config;
  config.type = given.at("type").get<std::string>();
  config.fixed_delay.attempts = given.value("attempts", config.fixed_delay.attempts);
  config.failure_rate.max_failures_per_interval =
      given.value("max_failures", config.failure_rate.max_failures_per_interval);
  return config;
}

Outcome judge_choice(const Json& one_case, const Json&) {
  const Json& given = one_case.at("given");
  const auto chosen =
      choose_restart_strategy(choice_config(given.at("job")), choice_config(given.at("cluster")),
                              given.at("checkpointing").get<bool>());
  const Json& expected = one_case.at("expected");
  const std::string name = expected.at("strategy").get<std::string>();
  const std::string short_name = name == "none"           ? "none"
                                 : name == "fixed-delay"  ? "fixed"
                                 : name == "failure-rate" ? "rate"
                                                          : "exp";
  if (expected.value("defaults", false))
    return expect_equal(options_json(ExponentialDelayOptions{}), options_json(chosen.options),
                        "defaults");
  return expect_equal(Json(short_name), options_json(chosen.options).at("strategy"), "strategy");
}

class ScriptedStrategy final : public RestartStrategy {
 public:
  explicit ScriptedStrategy(const Json& given) : given_(given), fresh_(given.at("new_attempt")) {}
  FailureNotice notify_failure(sim::Time) override {
    return fresh_ ? FailureNotice::new_attempt : FailureNotice::merged;
  }
  bool can_restart(sim::Time) const override { return given_.at("can_restart").get<bool>(); }
  std::optional<sim::Duration> backoff(sim::Time) const override {
    return sim::milliseconds(given_.at("backoff_ms").get<int64_t>());
  }
  std::string name() const override { return "scripted"; }
  void set_new_attempt(bool value) { fresh_ = value; }

 private:
  const Json& given_;
  bool fresh_;
};

FailureCause cause_of(const std::string& name) {
  if (name == "SUPPRESS_RESTARTS") return {{{"suppress", true}}};
  if (name == "NESTED_SUPPRESS_RESTARTS") return {{{"outer", false}, {"suppress", true}}};
  return {{{"plain", false}}};
}

Outcome judge_handler(const Json& one_case, const Json&) {
  const Json& given = one_case.at("given");
  ScriptedStrategy strategy(given);
  ExecutionFailureHandler handler(strategy);
  std::vector<uint32_t> restart_set;
  for (size_t i = 0; i < given.at("restart_set").size(); ++i)
    restart_set.push_back(static_cast<uint32_t>(i));
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const std::string op = events[i].at("op").get<std::string>();
    const FailureCause cause = cause_of(events[i].value("cause", "PLAIN"));
    Json actual = Json::object();
    if (op == "set_new_attempt") strategy.set_new_attempt(events[i].at("value").get<bool>());
    if (op == "is_unrecoverable") actual["unrecoverable"] = is_unrecoverable(cause);
    if (op == "task_failure" || op == "global_failure") {
      const auto result = handler.handle(cause, restart_set, op == "global_failure", at(0));
      actual["can_restart"] = result.can_restart;
      Json restart = Json::array();
      for (const uint32_t vertex : result.restart)
        restart.push_back(given.at("restart_set")[vertex]);
      actual["restart"] = restart;
      actual["delay_ms"] = sim::to_millis(result.delay);
      actual["root_cause"] = result.root_cause;
      actual["unrecoverable"] = is_unrecoverable(cause);
      actual["error_is"] = result.wraps_cause ? "WRAPS_CAUSE" : "CAUSE";
      // Here a result without restart has no set and no delay; upstream throws when asked for them.
      if (!result.can_restart && result.restart.empty())
        actual["ask_restart_or_delay"] = "ILLEGAL_STATE";
    }
    actual["restarts"] = handler.number_of_restarts();
    for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
      const Outcome outcome = expect_equal(value, actual.value(field, Json()),
                                           "step " + std::to_string(i) + " " + field);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

TEST(RestartStrategy, Conformance) { run_vectors("backoff.json", judge); }
TEST(RestartStrategy, Asserted) { run_vectors("backoff-asserted.json", judge_asserted); }
TEST(RestartStrategy, Choice) {
  run_vectors("restart-strategy-choice-asserted.json", judge_choice);
}
TEST(ExecutionFailureHandler, Asserted) {
  run_vectors("failure-handler-asserted.json", judge_handler);
}

TEST(RestartStrategy, MutantFails) {
  expect_mutant_fails(model::Mutant::failure_rate_off_by_one, "backoff.json", judge);
}

}  // namespace
}  // namespace drey::conformance
