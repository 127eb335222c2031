#pragma once
// The options of the Flink configuration that the control plane obeys, typed, with Flink 2.3's
// defaults; the key of each in its comment. What tasks need is in TaskOptions
// (model/task/deployment.h).
#include <cstdint>
#include <optional>

#include "model/checkpoint/checkpoint_types.h"
#include "model/cluster/heartbeat.h"
#include "model/cluster/resource_allocation.h"
#include "model/failover/restart_strategy.h"
#include "model/mutants.h"
#include "sim/service.h"
#include "sim/time.h"

namespace drey::model {

enum class FailoverScope : uint8_t { region, full };
enum class SchedulerKind : uint8_t { pipelined_region, adaptive_batch };
// jobmanager.partition.hybrid.partition-data-consume-constraint: when a consumer may start.
enum class ConsumeConstraint : uint8_t {
  unfinished_producers,
  only_finished_producers,
  all_producers_finished,
};
enum class HighAvailability : uint8_t { none, pointer_store };

struct CheckpointingOptions {
  std::optional<sim::Duration> interval;     // execution.checkpointing.interval; none = off
  sim::Duration timeout = sim::minutes(10);  // execution.checkpointing.timeout
  sim::Duration min_pause;                   // execution.checkpointing.min-pause
  uint32_t max_concurrent = 1;               // execution.checkpointing.max-concurrent-checkpoints
  uint32_t tolerable_failures = 0;           // execution.checkpointing.tolerable-failed-checkpoints
  uint32_t retained = 1;                     // execution.checkpointing.num-retained
  RetentionPolicy retention = RetentionPolicy::no_externalized_checkpoints;
  sim::Duration aligned_timeout;  // execution.checkpointing.aligned-checkpoint-timeout
};

// high-availability.zookeeper.client.*: how a process talks to the pointer store.
struct PointerClientOptions {
  sim::Duration session_timeout = sim::minutes(1);      // session-timeout
  sim::Duration connection_timeout = sim::seconds(15);  // connection-timeout
  sim::Duration retry_wait = sim::seconds(5);           // retry-wait
  sim::Duration max_retry_wait = sim::minutes(1);       // max-retry-wait
  uint32_t max_retry_attempts = 3;                      // max-retry-attempts
  bool tolerate_suspended = false;                      // tolerate-suspended-connections
};

// What a slot of every TaskManager has. Nothing asks for more or less of it.
inline constexpr ResourceProfile kDefaultSlot = sized_profile(1000, 128);

struct FlinkOptions {
  HeartbeatOptions heartbeat;                                   // heartbeat.*
  sim::Duration ask_timeout = sim::seconds(10);                 // pekko.ask.timeout
  sim::Duration slot_timeout = sim::seconds(10);                // taskmanager.slot.timeout
  sim::Duration slot_request_timeout = sim::minutes(5);         // slot.request.timeout
  sim::Duration slot_request_interval = sim::milliseconds(20);  // slot.request.max-interval
  sim::Duration slot_idle_timeout = sim::seconds(50);           // slot.idle.timeout
  sim::Duration requirement_check_delay =
      sim::milliseconds(50);                     // slotmanager.requirement-check.delay
  LoadBalance load_balance = LoadBalance::none;  // taskmanager.load-balance.mode
  uint32_t task_slots = 1;                       // taskmanager.numberOfTaskSlots
  sim::Duration registration_initial_timeout =
      sim::milliseconds(100);  // cluster.registration.initial-timeout
  sim::Duration registration_max_timeout = sim::seconds(30);  // cluster.registration.max-timeout
  sim::Duration registration_error_delay = sim::seconds(10);  // cluster.registration.error-delay
  sim::Duration registration_refused_delay =
      sim::seconds(30);  // cluster.registration.refused-registration-delay
  sim::Duration task_manager_registration_timeout =
      sim::minutes(5);  // taskmanager.registration.timeout
  sim::Duration standalone_start_up_time =
      sim::minutes(5);                                 // resourcemanager.standalone.start-up-time
  sim::Duration job_leader_timeout = sim::minutes(5);  // resourcemanager.job.timeout
  FailoverScope failover = FailoverScope::region;      // jobmanager.execution.failover-strategy
  // jobmanager.scheduler, of a batch job; a streaming one has the pipelined-region scheduler.
  SchedulerKind batch_scheduler = SchedulerKind::adaptive_batch;
  ConsumeConstraint hybrid_constraint =
      ConsumeConstraint::unfinished_producers;  // jobmanager.partition.hybrid.partition-data-...
  bool release_during_execution = true;         // jobmanager.partition.release-during-job-execution
  HighAvailability high_availability = HighAvailability::none;  // high-availability.type
  PointerClientOptions pointer_client;  // high-availability.zookeeper.client.*
  bool delete_result_on_commit = true;  // job-result-store.delete-on-commit
  RestartStrategyOptions restart;       // restart-strategy.*
  CheckpointingOptions checkpointing;
  sim::ServiceName shuffle_service;  // an external one (shuffle-service-factory.class); or none
  Mutant mutant = Mutant::none;
};

}  // namespace drey::model
