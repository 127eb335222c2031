// Scenario -> the model's job and its typed options. Every key of the table in flink_options.cc
// that the model obeys is read here and nowhere else.
#include "scenarios/assembly.h"
#include "sim/check.h"

namespace drey::scenarios {

namespace {

model::OperatorKind kind_of(VertexKind kind) {
  switch (kind) {
    case VertexKind::source:
      return model::OperatorKind::source;
    case VertexKind::map:
      return model::OperatorKind::map;
    case VertexKind::filter:
      return model::OperatorKind::filter;
    case VertexKind::flat_map:
      return model::OperatorKind::flat_map;
    case VertexKind::keyed:
      return model::OperatorKind::keyed;
    case VertexKind::window:
      return model::OperatorKind::window;
    case VertexKind::sink:
      return model::OperatorKind::sink;
  }
  return model::OperatorKind::map;
}

model::Partitioner partitioner_of(Ship ship) {
  switch (ship) {
    case Ship::forward:
      return model::Partitioner::forward;
    case Ship::hash:
      return model::Partitioner::hash;
    case Ship::rebalance:
    case Ship::shuffle:
      return model::Partitioner::rebalance;
    case Ship::rescale:
      return model::Partitioner::rescale;
    case Ship::broadcast:
    case Ship::global:
      return model::Partitioner::broadcast;
  }
  return model::Partitioner::forward;
}

model::ChainingStrategy chaining_of(Chaining chaining) {
  switch (chaining) {
    case Chaining::always:
      return model::ChainingStrategy::always;
    case Chaining::head:
      return model::ChainingStrategy::head;
    case Chaining::never:
      return model::ChainingStrategy::never;
    case Chaining::head_with_sources:
      return model::ChainingStrategy::head_with_sources;
  }
  return model::ChainingStrategy::always;
}

model::ExchangeMode exchange_of(Exchange exchange) {
  switch (exchange) {
    case Exchange::pipelined:
      return model::ExchangeMode::pipelined;
    case Exchange::blocking:
      return model::ExchangeMode::batch;
    case Exchange::hybrid_full:
      return model::ExchangeMode::hybrid_full;
    case Exchange::hybrid_selective:
      return model::ExchangeMode::hybrid_selective;
  }
  return model::ExchangeMode::undefined;
}

// What the job makes of edges that say nothing themselves.
model::GlobalExchangeMode global_exchange_of(const Scenario& scenario) {
  using Global = model::GlobalExchangeMode;
  if (scenario.job.effective_mode() == JobMode::streaming)
    return scenario.flink.flag("drey.approximate-local-recovery")
               ? Global::all_pipelined_approximate
               : Global::all_pipelined;
  const std::string mode = scenario.flink.text("execution.batch-shuffle-mode");
  if (mode == "ALL_EXCHANGES_PIPELINED") return Global::all_pipelined;
  if (mode == "ALL_EXCHANGES_HYBRID_FULL") return Global::all_hybrid_full;
  if (mode == "ALL_EXCHANGES_HYBRID_SELECTIVE") return Global::all_hybrid_selective;
  return Global::all_blocking;
}

model::Aggregate aggregate_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::sum:
      return model::Aggregate::sum;
    case Aggregate::count:
      return model::Aggregate::count;
    case Aggregate::min:
      return model::Aggregate::min;
    case Aggregate::max:
      return model::Aggregate::max;
  }
  return model::Aggregate::sum;
}

model::UserCodeFault user_code_of(const UserCodeSpec& from) {
  model::UserCodeFault fault;
  switch (from.action) {
    case UserCodeAction::throw_at_record:
      fault.action = model::UserCodeFault::Action::throw_at_record;
      break;
    case UserCodeAction::hang:
      fault.action = model::UserCodeFault::Action::hang_at_record;
      break;
    case UserCodeAction::throw_in_snapshot:
      fault.action = model::UserCodeFault::Action::throw_in_snapshot;
      break;
    case UserCodeAction::slow_snapshot:
      fault.action = model::UserCodeFault::Action::slow_snapshot;
      break;
    case UserCodeAction::pause_after_snapshot:
      fault.action = model::UserCodeFault::Action::pause_after_snapshot;
      break;
  }
  if (from.subtask.has_value()) fault.subtask = static_cast<uint32_t>(*from.subtask);
  fault.split = static_cast<uint16_t>(from.split);
  fault.offset = static_cast<uint64_t>(from.offset);
  fault.checkpoint = from.checkpoint;
  fault.time = from.time;
  fault.after = from.after;
  fault.while_attempt_below = static_cast<uint32_t>(from.while_attempt_below);
  return fault;
}

model::OperatorSpec operator_of(const Scenario& scenario, const VertexSpec& vertex) {
  model::OperatorSpec op;
  op.id = vertex.id;
  op.uid = vertex.uid;
  op.kind = kind_of(vertex.kind);
  op.parallelism = static_cast<uint32_t>(vertex.parallelism);
  const std::optional<int64_t> max =
      vertex.max_parallelism.has_value() ? vertex.max_parallelism : scenario.job.max_parallelism;
  op.max_parallelism = static_cast<uint32_t>(max.value_or(0));
  op.slot_sharing_group = vertex.slot_sharing_group;
  op.co_location_group = vertex.co_location_group;
  op.chaining = chaining_of(vertex.chaining);
  op.outputs_only_at_end_of_input = vertex.outputs_at_end;
  op.cost = vertex.cost;
  op.records = static_cast<uint64_t>(vertex.records);
  op.records_per_second = vertex.rate.per_second;
  op.paced_by_reader = vertex.pace != Pace::log;
  op.generated = vertex.pace == Pace::generator;
  op.keys = static_cast<uint64_t>(vertex.keys);
  op.max_out_of_orderness = vertex.out_of_orderness;
  op.idle_timeout = vertex.idle_timeout.value_or(sim::Duration{});
  op.keep = static_cast<uint32_t>(vertex.selectivity.numerator);
  op.out_of = static_cast<uint32_t>(vertex.selectivity.denominator);
  op.copies = static_cast<uint32_t>(vertex.fan_out);
  op.aggregate = aggregate_of(vertex.aggregate);
  op.passes_on = vertex.passes_on;
  op.state_bytes_per_key = vertex.state_per_key;
  op.window_size = vertex.window;
  op.delivery = vertex.delivery == Delivery::exactly_once ? model::Delivery::exactly_once
                                                          : model::Delivery::at_least_once;
  for (const UserCodeSpec& fault : vertex.user_code) op.user_code.push_back(user_code_of(fault));
  return op;
}

double as_double(reports::Ratio ratio) {
  return static_cast<double>(ratio.numerator) / static_cast<double>(ratio.denominator);
}

model::RestartStrategyOptions restart_of(const FlinkOptions& flink) {
  const bool checkpointing = flink.has_value("execution.checkpointing.interval");
  model::RestartStrategyConfig config;
  if (flink.is_set("restart-strategy.type")) config.type = flink.text("restart-strategy.type");
  const std::string prefix = "restart-strategy.";
  config.fixed_delay.attempts =
      static_cast<int32_t>(flink.integer(prefix + "fixed-delay.attempts"));
  config.fixed_delay.delay = flink.duration(prefix + "fixed-delay.delay");
  config.failure_rate.max_failures_per_interval =
      static_cast<int32_t>(flink.integer(prefix + "failure-rate.max-failures-per-interval"));
  config.failure_rate.failure_rate_interval =
      flink.duration(prefix + "failure-rate.failure-rate-interval");
  config.failure_rate.delay = flink.duration(prefix + "failure-rate.delay");
  model::ExponentialDelayOptions& exponential = config.exponential_delay;
  exponential.initial_backoff = flink.duration(prefix + "exponential-delay.initial-backoff");
  exponential.max_backoff = flink.duration(prefix + "exponential-delay.max-backoff");
  exponential.backoff_multiplier =
      as_double(flink.number(prefix + "exponential-delay.backoff-multiplier"));
  exponential.reset_backoff_threshold =
      flink.duration(prefix + "exponential-delay.reset-backoff-threshold");
  exponential.jitter_factor = as_double(flink.number(prefix + "exponential-delay.jitter-factor"));
  if (flink.is_set(prefix + "exponential-delay.attempts-before-reset-backoff"))
    exponential.attempts_before_reset_backoff = static_cast<int32_t>(
        flink.integer(prefix + "exponential-delay.attempts-before-reset-backoff"));
  const model::ChosenRestartStrategy chosen =
      model::choose_restart_strategy(config, {}, checkpointing);
  CHECK(chosen.error.empty(), "the reader has checked the restart strategy's name");
  return chosen.options;
}

// Empty: what the mode has by default.
model::ConsumeConstraint constraint_of(const FlinkOptions& flink) {
  const std::string key = "jobmanager.partition.hybrid.partition-data-consume-constraint";
  const std::string text = flink.is_set(key) ? flink.text(key) : "";
  if (text == "ONLY_FINISHED_PRODUCERS") return model::ConsumeConstraint::only_finished_producers;
  if (text == "ALL_PRODUCERS_FINISHED") return model::ConsumeConstraint::all_producers_finished;
  return model::ConsumeConstraint::unfinished_producers;
}

model::RetentionPolicy retention_of(const std::string& text) {
  if (text == "RETAIN_ON_CANCELLATION") return model::RetentionPolicy::retain_on_cancellation;
  if (text == "DELETE_ON_CANCELLATION") return model::RetentionPolicy::delete_on_cancellation;
  return model::RetentionPolicy::no_externalized_checkpoints;
}

model::LoadBalance load_balance_of(const std::string& text) {
  if (text == "SLOTS") return model::LoadBalance::slots;
  if (text == "MIN_RESOURCES") return model::LoadBalance::min_resources;
  if (text == "TASKS") return model::LoadBalance::tasks;
  return model::LoadBalance::none;
}

}  // namespace

model::JobSpec job_spec_of(const Scenario& scenario) {
  model::JobSpec job;
  job.name = scenario.job.name;
  job.mode = scenario.job.effective_mode() == JobMode::batch ? model::RuntimeMode::batch
                                                             : model::RuntimeMode::streaming;
  job.exchange = global_exchange_of(scenario);
  job.chaining = scenario.flink.flag("pipeline.operator-chaining.enabled");
  job.chain_different_max_parallelism = scenario.flink.flag(
      "pipeline.operator-chaining.chain-operators-with-different-max-parallelism");
  for (const VertexSpec& vertex : scenario.job.vertices)
    job.operators.push_back(operator_of(scenario, vertex));
  for (const EdgeSpec& edge : scenario.job.edges) {
    model::EdgeSpec made{edge.from, edge.to, partitioner_of(edge.ship)};
    if (edge.exchange.has_value()) made.exchange = exchange_of(*edge.exchange);
    job.edges.push_back(std::move(made));
  }
  return job;
}

model::FlinkOptions flink_options_of(const Scenario& scenario) {
  const FlinkOptions& flink = scenario.flink;
  model::FlinkOptions out;
  out.heartbeat.interval = flink.duration("heartbeat.interval");
  out.heartbeat.timeout = flink.duration("heartbeat.timeout");
  out.heartbeat.rpc_failure_threshold =
      static_cast<int>(flink.integer("heartbeat.rpc-failure-threshold"));
  out.ask_timeout = flink.duration("pekko.ask.timeout");
  out.slot_timeout = flink.duration("taskmanager.slot.timeout");
  out.slot_request_timeout = flink.duration("slot.request.timeout");
  out.slot_request_interval = flink.duration("slot.request.max-interval");
  out.slot_idle_timeout = flink.duration("slot.idle.timeout");
  out.load_balance = load_balance_of(flink.text("taskmanager.load-balance.mode"));
  out.requirement_check_delay = flink.duration("slotmanager.requirement-check.delay");
  out.registration_initial_timeout = flink.duration("cluster.registration.initial-timeout");
  out.registration_max_timeout = flink.duration("cluster.registration.max-timeout");
  out.registration_error_delay = flink.duration("cluster.registration.error-delay");
  out.task_manager_registration_timeout = flink.duration("taskmanager.registration.timeout");
  out.standalone_start_up_time = flink.has_value("resourcemanager.standalone.start-up-time")
                                     ? flink.duration("resourcemanager.standalone.start-up-time")
                                     : out.slot_request_timeout;
  out.failover = flink.text("jobmanager.execution.failover-strategy") == "full"
                     ? model::FailoverScope::full
                     : model::FailoverScope::region;
  const bool default_scheduler =
      flink.is_set("jobmanager.scheduler") && flink.text("jobmanager.scheduler") == "Default";
  out.batch_scheduler = default_scheduler ? model::SchedulerKind::pipelined_region
                                          : model::SchedulerKind::adaptive_batch;
  out.hybrid_constraint = constraint_of(flink);
  out.release_during_execution = flink.flag("jobmanager.partition.release-during-job-execution");
  const bool highly_available =
      scenario.cluster.job_managers > 1 ||
      (flink.is_set("high-availability.type") && flink.text("high-availability.type") != "NONE");
  out.high_availability =
      highly_available ? model::HighAvailability::pointer_store : model::HighAvailability::none;
  const std::string client = "high-availability.zookeeper.client.";
  out.pointer_client.session_timeout = flink.duration(client + "session-timeout");
  out.pointer_client.connection_timeout = flink.duration(client + "connection-timeout");
  out.pointer_client.retry_wait = flink.duration(client + "retry-wait");
  out.pointer_client.max_retry_attempts =
      static_cast<uint32_t>(flink.integer(client + "max-retry-attempts"));
  out.restart = restart_of(flink);
  model::CheckpointingOptions& checkpointing = out.checkpointing;
  const std::string prefix = "execution.checkpointing.";
  if (flink.has_value(prefix + "interval"))
    checkpointing.interval = flink.duration(prefix + "interval");
  checkpointing.timeout = flink.duration(prefix + "timeout");
  checkpointing.min_pause = flink.duration(prefix + "min-pause");
  checkpointing.max_concurrent =
      static_cast<uint32_t>(flink.integer(prefix + "max-concurrent-checkpoints"));
  checkpointing.tolerable_failures =
      static_cast<uint32_t>(flink.integer(prefix + "tolerable-failed-checkpoints"));
  checkpointing.retained = static_cast<uint32_t>(flink.integer(prefix + "num-retained"));
  checkpointing.retention = retention_of(flink.text(prefix + "externalized-checkpoint-retention"));
  return out;
}

model::TaskOptions task_options_of(const Scenario& scenario) {
  const FlinkOptions& flink = scenario.flink;
  model::TaskOptions out;
  out.backend = flink.text("state.backend.type") == "rocksdb"
                    ? model::TaskOptions::Backend::rocksdb
                    : model::TaskOptions::Backend::hashmap;
  out.incremental = flink.flag("execution.checkpointing.incremental");
  out.checkpointing = flink.has_value("execution.checkpointing.interval");
  out.exactly_once = flink.text("execution.checkpointing.mode") == "EXACTLY_ONCE";
  out.checkpoints_after_tasks_finish =
      flink.flag("execution.checkpointing.checkpoints-after-tasks-finish");
  out.buffer_timeout = flink.duration("execution.buffer-timeout.interval");
  // In batch mode a source emits no watermark before the last one.
  if (scenario.job.mode == JobMode::batch)
    out.watermark_interval = {};
  else
    out.watermark_interval = flink.duration("pipeline.auto-watermark-interval");
  out.record_bytes = static_cast<uint32_t>(scenario.job.record_bytes);
  out.buffer_bytes = static_cast<uint32_t>(flink.size("taskmanager.memory.segment-size"));
  out.rocksdb_write_buffer = flink.size("state.backend.rocksdb.writebuffer.size");
  out.rocksdb_block_cache = flink.size("state.backend.rocksdb.block.cache-size");
  out.rocksdb_bloom_filter = flink.flag("state.backend.rocksdb.use-bloom-filter");
  out.transfer_threads =
      static_cast<uint32_t>(flink.integer("state.backend.rocksdb.checkpoint.transfer.thread.num"));
  out.heap_bytes = scenario.cluster.heap_bytes;
  out.cancellation_timeout = flink.duration("task.cancellation.timeout");
  out.ask_timeout = flink.duration("pekko.ask.timeout");
  return out;
}

}  // namespace drey::scenarios
