#include "scenarios/flink_options.h"

#include <fmt/core.h>

#include "sim/check.h"

namespace drey::scenarios {
namespace {

using T = OptionInfo::Type;
constexpr std::string_view kRestartTypes = "none|fixed-delay|failure-rate|exponential-delay";

constexpr OptionInfo kOptions[] = {
    // Checkpoints
    {"execution.checkpointing.interval", T::duration, "", 10, "",
     "Distance of periodic checkpoints; unset = none."},
    {"execution.checkpointing.mode", T::choice, "EXACTLY_ONCE", 0, "EXACTLY_ONCE|AT_LEAST_ONCE",
     "Alignment of barriers."},
    {"execution.checkpointing.timeout", T::duration, "10 min", 10, "",
     "A pending checkpoint expires after this."},
    {"execution.checkpointing.min-pause", T::duration, "0 ms", 0, "",
     "Pause after a completed checkpoint."},
    {"execution.checkpointing.max-concurrent-checkpoints", T::integer, "1", 1, "",
     "Pending at a time."},
    {"execution.checkpointing.tolerable-failed-checkpoints", T::integer, "0", 0, "",
     "Consecutive failures tolerated."},
    {"execution.checkpointing.num-retained", T::integer, "1", 1, "", "Completed checkpoints kept."},
    {"execution.checkpointing.externalized-checkpoint-retention", T::choice,
     "NO_EXTERNALIZED_CHECKPOINTS", 0,
     "NO_EXTERNALIZED_CHECKPOINTS|DELETE_ON_CANCELLATION|RETAIN_ON_CANCELLATION",
     "What stays when the job ends."},
    {"execution.checkpointing.incremental", T::boolean, "false", 0, "",
     "RocksDB uploads only new files."},
    {"execution.checkpointing.checkpoints-after-tasks-finish", T::boolean, "true", 0, "",
     "FLIP-147."},
    {"execution.state-recovery.claim-mode", T::choice, "NO_CLAIM", 0, "NO_CLAIM|CLAIM",
     "Whose the snapshot is that a job starts from: CLAIM = the job's, which deletes it."},
    {"execution.state-recovery.ignore-unclaimed-state", T::boolean, "false", 0, "",
     "State without an operator may be left behind (--allowNonRestoredState)."},
    // Restart
    {"restart-strategy.type", T::choice, "", 0, kRestartTypes,
     "Unset: exponential-delay with checkpoints, else none."},
    {"restart-strategy.fixed-delay.attempts", T::integer, "1", 0, "", "Restarts allowed."},
    {"restart-strategy.fixed-delay.delay", T::duration, "1 s", 0, "", "Before each restart."},
    {"restart-strategy.failure-rate.max-failures-per-interval", T::integer, "1", 1, "",
     "Failures allowed."},
    {"restart-strategy.failure-rate.failure-rate-interval", T::duration, "1 min", 1, "",
     "In this interval."},
    {"restart-strategy.failure-rate.delay", T::duration, "1 s", 0, "", "Before each restart."},
    {"restart-strategy.exponential-delay.initial-backoff", T::duration, "1 s", 1, "",
     "First delay."},
    {"restart-strategy.exponential-delay.max-backoff", T::duration, "1 min", 1, "",
     "Longest delay."},
    {"restart-strategy.exponential-delay.backoff-multiplier", T::number, "1.5", 1, "", "Growth."},
    {"restart-strategy.exponential-delay.reset-backoff-threshold", T::duration, "1 h", 1, "",
     "Quiet time that resets."},
    {"restart-strategy.exponential-delay.jitter-factor", T::number, "0.1", 0, "", "Of the delay."},
    {"restart-strategy.exponential-delay.attempts-before-reset-backoff", T::integer, "2147483647",
     1, "", "Attempts before the job fails."},
    {"jobmanager.execution.failover-strategy", T::choice, "region", 0, "region|full",
     "What restarts."},
    {"drey.approximate-local-recovery", T::boolean, "false", 0, "",
     "Extension of drey: restarts one task, gives up exactly-once."},
    // Batch
    {"jobmanager.scheduler", T::choice, "", 0, "Default|AdaptiveBatch",
     "Of a batch job: AdaptiveBatch unless Default; a streaming job has Default."},
    {"jobmanager.partition.hybrid.partition-data-consume-constraint", T::choice, "", 0,
     "UNFINISHED_PRODUCERS|ONLY_FINISHED_PRODUCERS|ALL_PRODUCERS_FINISHED",
     "When a consumer of a hybrid result may start; needs AdaptiveBatch."},
    {"jobmanager.partition.release-during-job-execution", T::boolean, "true", 0, "",
     "Results go when their consumers have finished; else at the end of the job."},
    {"drey.external-shuffle-service", T::boolean, "false", 0, "",
     "Extension of drey: results of batch jobs lie at a service of their own and survive their "
     "TaskManager."},
    {"taskmanager.network.sort-shuffle.min-buffers", T::integer, "512", 2, "",
     "Network buffers of a blocking result; half of them make a region of its file."},
    // State
    {"state.backend.type", T::choice, "hashmap", 0, "hashmap|rocksdb", "Keyed state backend."},
    {"state.backend.rocksdb.writebuffer.size", T::size, "64 mb", 0, "", "Memtable."},
    {"state.backend.rocksdb.block.cache-size", T::size, "8 mb", 0, "", "Unless memory is managed."},
    {"state.backend.rocksdb.use-bloom-filter", T::boolean, "false", 0, "",
     "Of each table, 10 bits a key."},
    {"state.backend.rocksdb.checkpoint.transfer.thread.num", T::integer, "4", 1, "",
     "Parallel uploads and downloads."},
    {"taskmanager.memory.task.heap.size", T::size, "", 0, "",
     "Heap of a TaskManager for its tasks; short form: heap."},
    // Heartbeats, RPC, registration
    {"heartbeat.interval", T::duration, "10 s", 1, "", "Between heartbeats."},
    {"heartbeat.timeout", T::duration, "50 s", 1, "", "Silence that counts as death."},
    {"heartbeat.rpc-failure-threshold", T::integer, "2", -1, "",
     "Failed heartbeats in a row; -1 = off."},
    {"pekko.ask.timeout", T::duration, "10 s", 1, "", "Of a remote call."},
    {"cluster.registration.initial-timeout", T::duration, "100 ms", 1, "",
     "First registration attempt."},
    {"cluster.registration.max-timeout", T::duration, "30 s", 1, "",
     "Longest registration attempt."},
    {"cluster.registration.error-delay", T::duration, "10 s", 1, "", "After an error."},
    {"taskmanager.registration.timeout", T::duration, "5 min", 1, "",
     "A TaskManager without leader ends itself."},
    // Slots
    {"taskmanager.numberOfTaskSlots", T::integer, "1", 1, "",
     "Slots of a TaskManager; short form: cluster.slots_each."},
    {"taskmanager.load-balance.mode", T::choice, "NONE", 0, "NONE|SLOTS|MIN_RESOURCES|TASKS",
     "How slots and tasks are spread over TaskManagers."},
    {"taskmanager.slot.timeout", T::duration, "10 s", 1, "",
     "An allocated slot must become active within this."},
    {"slot.request.timeout", T::duration, "5 min", 1, "", "Waiting for a slot."},
    {"slot.idle.timeout", T::duration, "50 s", 1, "", "An idle slot goes back."},
    {"slot.request.max-interval", T::duration, "20 ms", 1, "", "Batching of slot requests."},
    {"slotmanager.requirement-check.delay", T::duration, "50 ms", 0, "",
     "Batching at the ResourceManager."},
    {"resourcemanager.standalone.start-up-time", T::duration, "", 1, "",
     "Unset: slot.request.timeout."},
    // Tasks and network
    {"task.cancellation.timeout", T::duration, "3 min", 0, "",
     "A task that does not end kills its TaskManager; 0 = never."},
    {"taskmanager.memory.segment-size", T::size, "32 kb", 0, "", "Network buffer."},
    {"taskmanager.memory.network.size", T::size, "", 0, "", "Network memory of a TaskManager."},
    {"execution.buffer-timeout.interval", T::duration, "100 ms", 0, "",
     "A partly filled buffer is flushed."},
    // Job
    {"execution.runtime-mode", T::choice, "STREAMING", 0, "STREAMING|BATCH|AUTOMATIC",
     "Short form: job.mode."},
    {"execution.batch-shuffle-mode", T::choice, "ALL_EXCHANGES_BLOCKING", 0,
     "ALL_EXCHANGES_BLOCKING|ALL_EXCHANGES_PIPELINED|ALL_EXCHANGES_HYBRID_FULL|"
     "ALL_EXCHANGES_HYBRID_SELECTIVE",
     "Results of a batch job that say nothing themselves."},
    {"parallelism.default", T::integer, "1", 1, "", "Of vertices that name none."},
    {"pipeline.max-parallelism", T::integer, "-1", -1, "",
     "Key groups; -1 = derived. Short form: job.max_parallelism."},
    {"pipeline.auto-watermark-interval", T::duration, "200 ms", 0, "", "Between watermarks."},
    {"pipeline.operator-chaining.enabled", T::boolean, "true", 0, "", "Chains operators."},
    {"pipeline.operator-chaining.chain-operators-with-different-max-parallelism", T::boolean,
     "true", 0, "", ""},
    // High availability
    {"high-availability.type", T::choice, "NONE", 0, "NONE|zookeeper|kubernetes",
     "More than one JobManager needs it."},
    {"high-availability.zookeeper.client.session-timeout", T::duration, "1 min", 1, "",
     "Of a session."},
    {"high-availability.zookeeper.client.connection-timeout", T::duration, "15 s", 1, "",
     "Of a connection."},
    {"high-availability.zookeeper.client.retry-wait", T::duration, "5 s", 1, "",
     "Between retries."},
    {"high-availability.zookeeper.client.max-retry-attempts", T::integer, "3", 0, "", "Retries."},
};

std::string fold(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '_') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string spelled(std::string_view choices) {
  std::string out;
  for (const char c : choices) {
    if (c == '|') {
      out += ", ";
    } else {
      out += c;
    }
  }
  return out;
}

// Flink reads enums without regard to case and takes - for _; restart strategies also as
// "fixeddelay" and "off".
std::optional<std::string> normal_choice(std::string_view choices, std::string_view text) {
  std::string wanted = fold(text);
  if (choices == kRestartTypes && (wanted == "off" || wanted == "disable")) wanted = "none";
  while (!choices.empty()) {
    const std::string_view choice = choices.substr(0, choices.find('|'));
    choices.remove_prefix(std::min(choices.size(), choice.size() + 1));
    if (fold(choice) == wanted) return std::string(choice);
  }
  return std::nullopt;
}

const OptionInfo& option_of(std::string_view key) {
  const OptionInfo* option = find_option(key);
  CHECK(option != nullptr, "no such Flink option in the table");
  return *option;
}

}  // namespace

std::span<const OptionInfo> flink_options() { return kOptions; }

const OptionInfo* find_option(std::string_view key) {
  for (const OptionInfo& option : kOptions)
    if (option.key == key) return &option;
  return nullptr;
}

std::optional<std::string> normal_option(const OptionInfo& option, std::string_view text,
                                         std::string& why) {
  using reports::Bare;
  switch (option.type) {
    case T::duration:
      if (const auto d = reports::parse_duration(text, Bare::flink)) {
        if (d->ns >= option.least * 1'000'000) return reports::print_duration(*d);
        why = fmt::format("must be at least {}",
                          reports::print_duration(sim::milliseconds(option.least)));
      } else {
        why = "is not a duration (expected e.g. \"10 s\", \"500 ms\", \"2 min\")";
      }
      return std::nullopt;
    case T::size:
      if (const auto bytes = reports::parse_size(text, Bare::flink))
        return reports::print_size(*bytes);
      why = "is not a size (expected e.g. \"64 mb\", \"20 kb\")";
      return std::nullopt;
    case T::integer:
      if (const auto n = reports::parse_integer(text)) {
        if (*n >= option.least && *n <= INT32_MAX) return fmt::format("{}", *n);
        why = fmt::format("must lie between {} and {}", option.least, INT32_MAX);
      } else {
        why = "is not a whole number";
      }
      return std::nullopt;
    case T::boolean:
      if (fold(text) == "true" || fold(text) == "false") return fold(text);
      why = "is neither true nor false";
      return std::nullopt;
    case T::number:
      if (const auto ratio = reports::parse_ratio(text))
        return fmt::format("{}/{}", ratio->numerator, ratio->denominator);
      why = "is not a number";
      return std::nullopt;
    case T::choice:
      if (auto choice = normal_choice(option.choices, text)) return choice;
      why = fmt::format("is not one of {}", spelled(option.choices));
      return std::nullopt;
  }
  return std::nullopt;
}

void FlinkOptions::set(std::string_view key, std::string normal_text) {
  set_[std::string(option_of(key).key)] = std::move(normal_text);
}

bool FlinkOptions::is_set(std::string_view key) const { return set_.count(std::string(key)) != 0; }

bool FlinkOptions::has_value(std::string_view key) const {
  return is_set(key) || !option_of(key).fallback.empty();
}

std::string FlinkOptions::text(std::string_view key) const {
  const OptionInfo& option = option_of(key);
  const auto found = set_.find(std::string(key));
  if (found != set_.end()) return found->second;
  CHECK(!option.fallback.empty(), "a Flink option without value or default was asked for");
  return std::string(option.fallback);
}

sim::Duration FlinkOptions::duration(std::string_view key) const {
  const auto value = reports::parse_duration(text(key), reports::Bare::flink);
  CHECK(value, "this Flink option is no duration");
  return *value;
}

uint64_t FlinkOptions::size(std::string_view key) const {
  const auto value = reports::parse_size(text(key), reports::Bare::flink);
  CHECK(value, "this Flink option is no size");
  return *value;
}

int64_t FlinkOptions::integer(std::string_view key) const {
  const auto value = reports::parse_integer(text(key));
  CHECK(value, "this Flink option is no whole number");
  return *value;
}

bool FlinkOptions::flag(std::string_view key) const { return text(key) == "true"; }

reports::Ratio FlinkOptions::number(std::string_view key) const {
  const auto value = reports::parse_ratio(text(key));
  CHECK(value, "this Flink option is no number");
  return *value;
}

}  // namespace drey::scenarios
