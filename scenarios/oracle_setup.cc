#include "scenarios/oracle_setup.h"

#include <variant>

#include "scenarios/assembly.h"

namespace drey::scenarios {

namespace {

int64_t millionths(reports::Ratio ratio) { return ratio.numerator * 1'000'000 / ratio.denominator; }

reports::RestartBudgetSetup budget_of(const FlinkOptions& flink,
                                      const model::RestartStrategyOptions& options) {
  using Kind = reports::RestartBudgetSetup::Kind;
  reports::RestartBudgetSetup setup;
  if (const auto* fixed = std::get_if<model::FixedDelayOptions>(&options)) {
    setup.kind = Kind::fixed_delay;
    setup.attempts = fixed->attempts;
    setup.delay = fixed->delay;
  } else if (const auto* rate = std::get_if<model::FailureRateOptions>(&options)) {
    setup.kind = Kind::failure_rate;
    setup.max_failures = rate->max_failures_per_interval;
    setup.interval = rate->failure_rate_interval;
    setup.delay = rate->delay;
  } else if (const auto* growing = std::get_if<model::ExponentialDelayOptions>(&options)) {
    setup.kind = Kind::exponential_delay;
    setup.initial_backoff = growing->initial_backoff;
    setup.max_backoff = growing->max_backoff;
    setup.multiplier_millionths =
        millionths(flink.number("restart-strategy.exponential-delay.backoff-multiplier"));
    setup.reset_threshold = growing->reset_backoff_threshold;
    setup.jitter_millionths =
        millionths(flink.number("restart-strategy.exponential-delay.jitter-factor"));
    setup.attempts_before_reset = growing->attempts_before_reset_backoff;
  }
  return setup;
}

// Until it heals, if it does; the others are over at once, or show in the world itself.
bool lasts(const FaultSpec& fault) {
  switch (fault.verb) {
    case FaultVerb::slow_link:
    case FaultVerb::slow_card:
    case FaultVerb::slow_disk:
    case FaultVerb::storage:
    case FaultVerb::pointer_store:
    case FaultVerb::broker:
      return fault.duration.has_value() || fault.effect == FaultEffect::none;
    case FaultVerb::kill:
    case FaultVerb::crash:
    case FaultVerb::pause:
    case FaultVerb::restart:
    case FaultVerb::cut:
    case FaultVerb::reset:
    case FaultVerb::lose:
    case FaultVerb::lose_disk:
    case FaultVerb::damage_result:
    case FaultVerb::fail:
    case FaultVerb::terminate:
    case FaultVerb::cancel:
    case FaultVerb::savepoint:
    case FaultVerb::stop_with_savepoint:
    case FaultVerb::cancel_with_savepoint:
    case FaultVerb::resubmit:
      break;
  }
  return false;
}

}  // namespace

reports::OracleSetup oracle_setup_of(const Scenario& scenario, const model::JobSpec& job) {
  const model::FlinkOptions flink = flink_options_of(scenario);
  reports::OracleSetup setup;
  setup.spec = job;
  setup.full_failover = flink.failover == model::FailoverScope::full;
  setup.releases_results = flink.release_during_execution;
  setup.external_results = scenario.flink.flag("drey.external-shuffle-service");
  setup.restart = budget_of(scenario.flink, flink.restart);
  setup.high_availability = flink.high_availability != model::HighAvailability::none;
  setup.checkpoint_interval = flink.checkpointing.interval;
  setup.checkpoint_timeout = flink.checkpointing.timeout;
  setup.checkpoint_min_pause = flink.checkpointing.min_pause;
  setup.tolerable_failures = flink.checkpointing.tolerable_failures;
  setup.retained = flink.checkpointing.retained;
  setup.keep_when_canceled =
      flink.checkpointing.retention == model::RetentionPolicy::retain_on_cancellation;
  setup.keep_when_failed =
      flink.checkpointing.retention != model::RetentionPolicy::no_externalized_checkpoints;
  setup.claims = scenario.flink.text("execution.state-recovery.claim-mode") == "CLAIM";
  setup.heartbeat_timeout = flink.heartbeat.timeout;
  setup.slot_request_timeout = flink.slot_request_timeout;
  setup.cancellation_timeout = task_options_of(scenario).cancellation_timeout;
  setup.slots_each = static_cast<uint32_t>(scenario.cluster.slots_each);
  for (const VertexSpec& vertex : scenario.job.vertices)
    setup.late_data = setup.late_data || vertex.disorder > vertex.out_of_orderness;
  for (const FaultSpec& fault : scenario.faults)
    if (lasts(fault)) setup.lasting_faults.insert(fault.id);
  return setup;
}

}  // namespace drey::scenarios
