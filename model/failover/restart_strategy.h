#pragma once
// When a failed job may restart, and after which delay (control-plane page 4.1, 4.2). Always called
// in this order: notify_failure, can_restart, backoff. Flink counts in whole milliseconds; times
// and delays are rounded down to them.
//
// Two formulas are double in Flink itself and stay so: initial * multiplier^n and delay * jitter.
// The power is made with integers (64-bit mantissa, rounded once), not with libm, so that every CPU
// and library agrees.
//
// Upstream: NoRestart-, FixedDelay-, FailureRate-, ExponentialDelayRestartBackoffTimeStrategy,
// RestartBackoffTimeStrategyFactoryLoader.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/mutants.h"
#include "sim/time.h"

namespace drey::model {

enum class FailureNotice : uint8_t {
  new_attempt,
  merged,            // falls into the pending back-off: restarts with it, changes nothing
  illegal_argument,  // upstream throws: the jitter range left the int64 (jitter 1 after very many
                     // attempts)
};

class RestartStrategy {
 public:
  RestartStrategy() = default;
  RestartStrategy(const RestartStrategy&) = delete;
  RestartStrategy& operator=(const RestartStrategy&) = delete;
  virtual ~RestartStrategy() = default;

  virtual FailureNotice notify_failure(sim::Time now) = 0;
  virtual bool can_restart(sim::Time now) const = 0;
  // No value: asked before the first failure (exponential delay only).
  virtual std::optional<sim::Duration> backoff(sim::Time now) const = 0;
  virtual std::string name() const = 0;
};

// Uniform integers for the jitter; in the simulation a named draw of the kernel.
class JitterSource {
 public:
  JitterSource() = default;
  JitterSource(const JitterSource&) = delete;
  JitterSource& operator=(const JitterSource&) = delete;
  virtual ~JitterSource() = default;
  // attempt: how many new attempts came before in this strategy's life. Both bounds inclusive.
  virtual int64_t draw(uint64_t attempt, int64_t low, int64_t high) = 0;
};

struct NoRestartOptions {
  friend bool operator==(const NoRestartOptions&, const NoRestartOptions&) = default;
};
struct FixedDelayOptions {  // restart-strategy.fixed-delay.*
  int32_t attempts = 1;
  sim::Duration delay = sim::seconds(1);
};
struct FailureRateOptions {  // restart-strategy.failure-rate.*
  int32_t max_failures_per_interval = 1;
  sim::Duration failure_rate_interval = sim::minutes(1);
  sim::Duration delay = sim::seconds(1);
};
struct ExponentialDelayOptions {  // restart-strategy.exponential-delay.*
  sim::Duration initial_backoff = sim::seconds(1);
  sim::Duration max_backoff = sim::minutes(1);
  double backoff_multiplier = 1.5;
  sim::Duration reset_backoff_threshold = sim::minutes(60);
  double jitter_factor = 0.1;
  int32_t attempts_before_reset_backoff = INT32_MAX;  // this value = infinite
};
using RestartStrategyOptions =
    std::variant<NoRestartOptions, FixedDelayOptions, FailureRateOptions, ExponentialDelayOptions>;

// What upstream's constructors refuse; empty: nothing. One message per fault.
std::vector<std::string> check_options(const RestartStrategyOptions& options);

// The options must have been checked. jitter is needed by exponential delay with a jitter factor >
// 0 and must outlive it.
std::unique_ptr<RestartStrategy> make_restart_strategy(const RestartStrategyOptions& options,
                                                       JitterSource* jitter,
                                                       Mutant mutant = Mutant::none);

// One configuration: restart-strategy.type as written, and the parameters of each strategy.
struct RestartStrategyConfig {
  std::optional<std::string> type;
  FixedDelayOptions fixed_delay;
  FailureRateOptions failure_rate;
  ExponentialDelayOptions exponential_delay;
};

struct ChosenRestartStrategy {
  RestartStrategyOptions options;
  std::string error;  // not empty: an unknown name, in either configuration
};

// 4.2: the job's configuration, else the cluster's, else by whether checkpointing is on.
ChosenRestartStrategy choose_restart_strategy(const RestartStrategyConfig& job,
                                              const RestartStrategyConfig& cluster,
                                              bool checkpointing_enabled);

class NoRestartStrategy final : public RestartStrategy {
 public:
  FailureNotice notify_failure(sim::Time) override { return FailureNotice::new_attempt; }
  bool can_restart(sim::Time) const override { return false; }
  std::optional<sim::Duration> backoff(sim::Time) const override { return sim::Duration{}; }
  std::string name() const override { return "NoRestartBackoffTimeStrategy"; }
};

class FixedDelayRestartStrategy final : public RestartStrategy {
 public:
  explicit FixedDelayRestartStrategy(FixedDelayOptions options) : options_(options) {}
  FailureNotice notify_failure(sim::Time) override;
  bool can_restart(sim::Time) const override { return failures_ <= options_.attempts; }
  std::optional<sim::Duration> backoff(sim::Time) const override { return options_.delay; }
  std::string name() const override;

 private:
  FixedDelayOptions options_;
  int64_t failures_ = 0;
};

class FailureRateRestartStrategy final : public RestartStrategy {
 public:
  explicit FailureRateRestartStrategy(FailureRateOptions options, Mutant mutant = Mutant::none)
      : options_(options), mutant_(mutant) {}
  FailureNotice notify_failure(sim::Time now) override;
  bool can_restart(sim::Time now) const override;
  std::optional<sim::Duration> backoff(sim::Time) const override { return options_.delay; }
  std::string name() const override;

 private:
  bool has_room() const;

  FailureRateOptions options_;
  Mutant mutant_;
  std::deque<int64_t> failures_ms_;  // at most max_failures_per_interval + 1
};

class ExponentialDelayRestartStrategy final : public RestartStrategy {
 public:
  ExponentialDelayRestartStrategy(ExponentialDelayOptions options, JitterSource* jitter)
      : options_(options), jitter_(jitter) {}
  FailureNotice notify_failure(sim::Time now) override;
  bool can_restart(sim::Time) const override {
    return attempts_ <= options_.attempts_before_reset_backoff;
  }
  std::optional<sim::Duration> backoff(sim::Time now) const override;
  std::string name() const override;

 private:
  bool is_inside_pending_backoff(int64_t now_ms) const;
  bool is_long_after_last_backoff(int64_t now_ms) const;
  std::optional<int64_t> next_delay_ms();

  ExponentialDelayOptions options_;
  JitterSource* jitter_;
  int64_t attempts_ = 0;            // since the last reset
  uint64_t new_attempts_ = 0;       // ever
  std::optional<int64_t> next_ms_;  // end of the last back-off; none before the first failure
};

// initial * multiplier^n, truncated and saturated as Java's (long) cast does. Exposed for its test.
int64_t exponential_backoff_ms(int64_t initial_ms, double multiplier, int64_t n);

}  // namespace drey::model
