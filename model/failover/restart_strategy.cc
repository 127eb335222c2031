#include "model/failover/restart_strategy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "fmt/core.h"
#include "model/mutants.h"
#include "sim/check.h"

namespace drey::model {

namespace {

constexpr int64_t kInt64Max = INT64_MAX;
// Upstream's initial value of the restart time: Integer.MIN_VALUE milliseconds.
constexpr int64_t kNeverMs = INT32_MIN;

// A positive number mantissa * 2^exponent; the mantissa has its top bit set.
struct Scaled {
  uint64_t mantissa = uint64_t{1} << 63;
  int64_t exponent = -63;
};

// x must be finite, > 0 and normal.
Scaled scaled_of(double x) {
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const auto biased = static_cast<int64_t>((bits >> 52) & 0x7ff);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  return {(fraction | (uint64_t{1} << 52)) << 11, biased - 1023 - 63};
}

Scaled times(Scaled a, Scaled b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a.mantissa} * b.mantissa;
  const auto high = static_cast<uint64_t>(product >> 64);
  const auto low = static_cast<uint64_t>(product);
  int64_t exponent = a.exponent + b.exponent + 64;
  uint64_t mantissa = high;
  uint64_t rest = low;
  if ((high >> 63) == 0) {
    mantissa = (high << 1) | (low >> 63);
    rest = low << 1;
    --exponent;
  }
  const bool round_up = (rest >> 63) != 0 && mantissa != UINT64_MAX;
  return {mantissa + (round_up ? 1 : 0), exponent};
}

// Beyond every int64 the exact value does not matter any more.
constexpr int64_t kHugeExponent = 200;

Scaled power(double base, int64_t n) {
  Scaled result;
  Scaled square = scaled_of(base);
  for (; n > 0; n >>= 1) {
    if ((n & 1) != 0) result = times(result, square);
    square = times(square, square);
    if (result.exponent > kHugeExponent) break;
    square.exponent = std::min<int64_t>(square.exponent, int64_t{1} << 40);
  }
  return result;
}

// Rounds to the 53 bits of a double. Exponents beyond kHugeExponent come out as that.
double to_double(Scaled value) {
  constexpr uint64_t kHalf = uint64_t{1} << 10;
  uint64_t top = value.mantissa >> 11;
  const uint64_t rest = value.mantissa & ((uint64_t{1} << 11) - 1);
  if (rest > kHalf || (rest == kHalf && (top & 1) != 0)) ++top;
  int64_t exponent = std::min(value.exponent, kHugeExponent) + 11;  // value = top * 2^exponent
  if (top == (uint64_t{1} << 53)) {
    top >>= 1;
    ++exponent;
  }
  const auto biased = static_cast<uint64_t>(exponent + 52 + 1023);
  return std::bit_cast<double>((biased << 52) | (top & ((uint64_t{1} << 52) - 1)));
}

// Java's (long) cast of a non-negative double.
int64_t truncated(double value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  return value >= kTwoTo63 ? kInt64Max : static_cast<int64_t>(value);
}

// Java's addition wraps.
int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

enum class StrategyKind : uint8_t { none, fixed_delay, failure_rate, exponential_delay };

struct StrategyName {
  std::string_view name;
  StrategyKind kind;
};

constexpr std::array<StrategyName, 9> kNames{{
    {"none", StrategyKind::none},
    {"off", StrategyKind::none},
    {"disable", StrategyKind::none},
    {"fixed-delay", StrategyKind::fixed_delay},
    {"fixeddelay", StrategyKind::fixed_delay},
    {"failure-rate", StrategyKind::failure_rate},
    {"failurerate", StrategyKind::failure_rate},
    {"exponential-delay", StrategyKind::exponential_delay},
    {"exponentialdelay", StrategyKind::exponential_delay},
}};

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::optional<ChosenRestartStrategy> configured(const RestartStrategyConfig& config) {
  if (!config.type.has_value()) return std::nullopt;
  const std::string wanted = lower_case(*config.type);
  for (const StrategyName& candidate : kNames) {
    if (candidate.name != wanted) continue;
    switch (candidate.kind) {
      case StrategyKind::none:
        return ChosenRestartStrategy{NoRestartOptions{}, ""};
      case StrategyKind::fixed_delay:
        return ChosenRestartStrategy{config.fixed_delay, ""};
      case StrategyKind::failure_rate:
        return ChosenRestartStrategy{config.failure_rate, ""};
      case StrategyKind::exponential_delay:
        return ChosenRestartStrategy{config.exponential_delay, ""};
    }
  }
  return ChosenRestartStrategy{
      NoRestartOptions{},
      fmt::format("restart-strategy.type: unknown strategy '{}'; known are none, "
                  "fixed-delay, failure-rate, exponential-delay",
                  *config.type)};
}

void check(const FixedDelayOptions& options, std::vector<std::string>& faults) {
  if (options.attempts < 0)
    faults.emplace_back("restart-strategy.fixed-delay.attempts must be at least 0");
  if (options.delay < sim::Duration{})
    faults.emplace_back("restart-strategy.fixed-delay.delay must be at least 0 ms");
}

void check(const FailureRateOptions& options, std::vector<std::string>& faults) {
  const std::string prefix = "restart-strategy.failure-rate.";
  if (options.max_failures_per_interval < 1)
    faults.push_back(prefix + "max-failures-per-interval must be greater than 0");
  if (options.failure_rate_interval < sim::milliseconds(1))
    faults.push_back(prefix + "failure-rate-interval must be greater than 0 ms");
  if (options.delay < sim::Duration{}) faults.push_back(prefix + "delay must be at least 0 ms");
}

void check(const ExponentialDelayOptions& options, std::vector<std::string>& faults) {
  const std::string prefix = "restart-strategy.exponential-delay.";
  const sim::Duration one = sim::milliseconds(1);
  if (options.initial_backoff < one)
    faults.push_back(prefix + "initial-backoff must be at least 1 ms");
  if (options.max_backoff < one) faults.push_back(prefix + "max-backoff must be at least 1 ms");
  if (options.initial_backoff > options.max_backoff)
    faults.push_back(prefix + "initial-backoff must not be greater than max-backoff");
  if (!(options.backoff_multiplier > 1.0))
    faults.push_back(prefix + "backoff-multiplier must be greater than 1");
  if (options.reset_backoff_threshold < one)
    faults.push_back(prefix + "reset-backoff-threshold must be at least 1 ms");
  if (!(options.jitter_factor >= 0.0 && options.jitter_factor <= 1.0))
    faults.push_back(prefix + "jitter-factor must be between 0 and 1");
  if (options.attempts_before_reset_backoff < 1)
    faults.push_back(prefix + "attempts-before-reset-backoff must be at least 1");
}

}  // namespace

int64_t exponential_backoff_ms(int64_t initial_ms, double multiplier, int64_t n) {
  return truncated(static_cast<double>(initial_ms) * to_double(power(multiplier, n)));
}

namespace {

// The mutant: each failure is an attempt, also inside a back-off.
class EachRegionCounts final : public RestartStrategy {
 public:
  explicit EachRegionCounts(const ExponentialDelayOptions& options) : options_(options) {}
  FailureNotice notify_failure(sim::Time) override {
    const int64_t initial = sim::to_millis(options_.initial_backoff);
    const int64_t wanted = exponential_backoff_ms(initial, options_.backoff_multiplier, attempts_);
    delay_ = sim::milliseconds(std::min(wanted, sim::to_millis(options_.max_backoff)));
    ++attempts_;
    return FailureNotice::new_attempt;
  }
  bool can_restart(sim::Time) const override {
    return attempts_ <= options_.attempts_before_reset_backoff;
  }
  std::optional<sim::Duration> backoff(sim::Time) const override { return delay_; }
  std::string name() const override { return "ExponentialDelayRestartBackoffTimeStrategy"; }

 private:
  ExponentialDelayOptions options_;
  int64_t attempts_ = 0;
  sim::Duration delay_;
};

std::unique_ptr<RestartStrategy> exponential_delay(const ExponentialDelayOptions& options,
                                                   JitterSource* jitter, Mutant mutant) {
  if (mutant == Mutant::each_region_counts) return std::make_unique<EachRegionCounts>(options);
  return std::make_unique<ExponentialDelayRestartStrategy>(options, jitter);
}

}  // namespace

std::vector<std::string> check_options(const RestartStrategyOptions& options) {
  std::vector<std::string> faults;
  if (const auto* fixed = std::get_if<FixedDelayOptions>(&options)) check(*fixed, faults);
  if (const auto* rate = std::get_if<FailureRateOptions>(&options)) check(*rate, faults);
  if (const auto* exponential = std::get_if<ExponentialDelayOptions>(&options))
    check(*exponential, faults);
  return faults;
}

std::unique_ptr<RestartStrategy> make_restart_strategy(const RestartStrategyOptions& options,
                                                       JitterSource* jitter, Mutant mutant) {
  if (const auto* fixed = std::get_if<FixedDelayOptions>(&options))
    return std::make_unique<FixedDelayRestartStrategy>(*fixed);
  if (const auto* rate = std::get_if<FailureRateOptions>(&options))
    return std::make_unique<FailureRateRestartStrategy>(*rate, mutant);
  if (const auto* exponential = std::get_if<ExponentialDelayOptions>(&options))
    return exponential_delay(*exponential, jitter, mutant);
  return std::make_unique<NoRestartStrategy>();
}

ChosenRestartStrategy choose_restart_strategy(const RestartStrategyConfig& job,
                                              const RestartStrategyConfig& cluster,
                                              bool checkpointing_enabled) {
  const auto of_job = configured(job);
  if (of_job.has_value() && !of_job->error.empty()) return *of_job;
  // Evaluated even when the job decides: an unknown name in the cluster's configuration fails every
  // job.
  const auto of_cluster = configured(cluster);
  if (of_cluster.has_value() && !of_cluster->error.empty()) return *of_cluster;
  if (of_job.has_value()) return *of_job;
  if (of_cluster.has_value()) return *of_cluster;
  if (checkpointing_enabled) return {ExponentialDelayOptions{}, ""};
  return {NoRestartOptions{}, ""};
}

FailureNotice FixedDelayRestartStrategy::notify_failure(sim::Time) {
  ++failures_;
  return FailureNotice::new_attempt;
}

std::string FixedDelayRestartStrategy::name() const {
  return fmt::format(
      "FixedDelayRestartBackoffTimeStrategy(maxNumberRestartAttempts={}, backoffTimeMS={})",
      options_.attempts, sim::to_millis(options_.delay));
}

bool FailureRateRestartStrategy::has_room() const {
  const auto most = static_cast<size_t>(options_.max_failures_per_interval);
  if (mutant_ == Mutant::failure_rate_off_by_one) return failures_ms_.size() < most;
  return failures_ms_.size() <= most;
}

FailureNotice FailureRateRestartStrategy::notify_failure(sim::Time now) {
  if (!has_room()) failures_ms_.pop_front();
  failures_ms_.push_back(sim::to_millis(now));
  return FailureNotice::new_attempt;
}

bool FailureRateRestartStrategy::can_restart(sim::Time now) const {
  if (has_room()) return true;
  return sim::to_millis(now) - failures_ms_.front() >
         sim::to_millis(options_.failure_rate_interval);
}

std::string FailureRateRestartStrategy::name() const {
  return fmt::format(
      "FailureRateRestartBackoffTimeStrategy(failuresIntervalMS={}, backoffTimeMS={}, "
      "maxFailuresPerInterval={})",
      sim::to_millis(options_.failure_rate_interval), sim::to_millis(options_.delay),
      options_.max_failures_per_interval);
}

bool ExponentialDelayRestartStrategy::is_inside_pending_backoff(int64_t now_ms) const {
  return now_ms <= next_ms_.value_or(kNeverMs);
}

bool ExponentialDelayRestartStrategy::is_long_after_last_backoff(int64_t now_ms) const {
  return now_ms - next_ms_.value_or(kNeverMs) >= sim::to_millis(options_.reset_backoff_threshold);
}

std::optional<int64_t> ExponentialDelayRestartStrategy::next_delay_ms() {
  const int64_t initial = sim::to_millis(options_.initial_backoff);
  const int64_t base = exponential_backoff_ms(initial, options_.backoff_multiplier, attempts_);
  int64_t jitter = 0;
  if (options_.jitter_factor > 0.0) {
    const int64_t range = truncated(static_cast<double>(base) * options_.jitter_factor);
    if (range == kInt64Max) return std::nullopt;  // the exclusive upper bound would overflow
    CHECK(jitter_ != nullptr, "exponential delay with jitter needs a source of chance");
    jitter = jitter_->draw(new_attempts_, -range, range);
  }
  const int64_t limited =
      std::min(wrapping_add(base, jitter), sim::to_millis(options_.max_backoff));
  return std::max(initial, limited);
}

FailureNotice ExponentialDelayRestartStrategy::notify_failure(sim::Time now) {
  const int64_t now_ms = sim::to_millis(now);
  if (is_inside_pending_backoff(now_ms)) return FailureNotice::merged;
  if (is_long_after_last_backoff(now_ms)) attempts_ = 0;
  const std::optional<int64_t> delay = next_delay_ms();
  if (!delay.has_value()) return FailureNotice::illegal_argument;
  next_ms_ = now_ms + *delay;
  ++attempts_;
  ++new_attempts_;
  return FailureNotice::new_attempt;
}

std::optional<sim::Duration> ExponentialDelayRestartStrategy::backoff(sim::Time now) const {
  if (!next_ms_.has_value()) return std::nullopt;
  return sim::milliseconds(std::max<int64_t>(0, *next_ms_ - sim::to_millis(now)));
}

std::string ExponentialDelayRestartStrategy::name() const {
  return fmt::format(
      "ExponentialDelayRestartBackoffTimeStrategy(initialBackoffMS={}, maxBackoffMS={}, "
      "backoffMultiplier={}, "
      "resetBackoffThresholdMS={}, jitterFactor={}, attemptsBeforeResetBackoff={})",
      sim::to_millis(options_.initial_backoff), sim::to_millis(options_.max_backoff),
      options_.backoff_multiplier, sim::to_millis(options_.reset_backoff_threshold),
      options_.jitter_factor, options_.attempts_before_reset_backoff);
}

}  // namespace drey::model
