#pragma once
// The job as its author describes it: operators with their parallelism and costs, and edges with
// the partitioner that ships records along them. Pure data, in the author's order; what Flink makes
// of it (chains, result partitions) is the JobGraph. Of model/, reports may see this and the trace
// events.
//
// Counts are plain numbers; durations and costs are sim::Duration; 0 or an absent optional means
// "not set".
//
// Upstream: StreamGraph, StreamNode, StreamEdge, Transformation.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace drey::model {

enum class OperatorKind : uint8_t { source, map, filter, flat_map, keyed, window, sink };

// How records are shipped along an edge. Forward and rescale are pointwise, all others all-to-all.
enum class Partitioner : uint8_t { forward, hash, rebalance, rescale, broadcast };

// What the edge's author asked for; `undefined` leaves it to the job's global mode.
enum class ExchangeMode : uint8_t { undefined, pipelined, batch, hybrid_full, hybrid_selective };

// The job-wide answer for edges that leave their exchange undefined (execution.batch-shuffle-mode
// in batch mode; a streaming job uses all_pipelined; all_pipelined_approximate is
// drey.approximate-local-recovery).
enum class GlobalExchangeMode : uint8_t {
  all_blocking,
  forward_pipelined,
  pointwise_pipelined,
  all_pipelined,
  all_pipelined_approximate,
  all_hybrid_full,
  all_hybrid_selective,
};

enum class RuntimeMode : uint8_t { streaming, batch };

// `never` and `head` never chain to their input, `never` is also never chained to by its output's
// operator.
enum class ChainingStrategy : uint8_t { always, never, head, head_with_sources };

enum class Delivery : uint8_t { exactly_once, at_least_once };

// What a keyed operator or window keeps of the values of a key.
enum class Aggregate : uint8_t { sum, count, min, max };
// What the job's own code does wrong, bound to its data or to a checkpoint instead of to a time: as
// long as the attempt number of the subtask is below `while_attempt_below`.
struct UserCodeFault {
  enum class Action : uint8_t {
    throw_at_record,    // an exception at the record (split, offset)
    hang_at_record,     // never returns from it, deaf to interrupts
    throw_in_snapshot,  // snapshotState() of the checkpoint throws, after the barrier went on
    slow_snapshot,      // snapshotState() of the checkpoint takes `time`
    // `after` its part of the checkpoint it sleeps for `time`, unless it does so already
    pause_after_snapshot,
  } action = Action::throw_at_record;
  std::optional<uint32_t> subtask{};  // absent: whichever gets there
  uint16_t split = 0;
  uint64_t offset = 0;
  int64_t checkpoint = 0;  // 0: each
  sim::Duration time{};
  sim::Duration after{};
  uint32_t while_attempt_below = 1;
  friend bool operator==(const UserCodeFault&, const UserCodeFault&) = default;
};

struct OperatorSpec {
  std::string id{};   // unique in the job; the name of its state and of its tasks
  std::string uid{};  // given by its author, as in Flink; empty: the id
  OperatorKind kind = OperatorKind::map;
  uint32_t parallelism = 1;
  uint32_t max_parallelism = 0;      // 0: derived (default_max_parallelism)
  std::string slot_sharing_group{};  // empty: the default group
  std::string co_location_group{};   // empty: none
  ChainingStrategy chaining = ChainingStrategy::always;
  bool outputs_only_at_end_of_input = false;  // makes undefined out-edges blocking

  sim::Duration cost{};  // nominal work per record
  // source
  uint64_t records = 0;             // over all splits; 0: unbounded
  uint64_t records_per_second = 0;  // over all splits; 0: as fast as the job takes them
  uint64_t keys = 0;                // distinct keys, 0: the log decides
  sim::Duration max_out_of_orderness{};
  sim::Duration idle_timeout{};  // of a split's watermarks; 0: never idle
  // The reader emits at this rate from when it got its splits, instead of the log's availability:
  // after a restart it does not make up for lost time, after a mere pause it does.
  bool paced_by_reader = false;
  // The reader makes the records of its splits itself, as DataGeneratorSource: no log is asked.
  bool generated = false;
  // filter keeps `keep` of each `out_of` records; flat_map emits `copies` per record
  uint32_t keep = 1;
  uint32_t out_of = 1;
  uint32_t copies = 1;
  // keyed: its records leave as they came, the aggregate is only kept
  bool passes_on = false;
  // keyed and window
  Aggregate aggregate = Aggregate::sum;
  uint64_t state_bytes_per_key = 0;
  sim::Duration window_size{};
  // sink
  Delivery delivery = Delivery::exactly_once;
  std::vector<UserCodeFault> user_code{};
};

struct EdgeSpec {
  std::string from{};
  std::string to{};
  Partitioner ship = Partitioner::forward;
  ExchangeMode exchange = ExchangeMode::undefined;
};

struct JobSpec {
  std::string name = "job";
  RuntimeMode mode = RuntimeMode::streaming;
  // Absent: all_pipelined in streaming mode, all_blocking in batch mode
  // (execution.batch-shuffle-mode's default).
  std::optional<GlobalExchangeMode> exchange{};
  bool chaining = true;                         // pipeline.operator-chaining.enabled
  bool chain_different_max_parallelism = true;  // ...chain-operators-with-different-max-parallelism
  std::vector<OperatorSpec> operators{};        // in the author's order
  std::vector<EdgeSpec> edges{};
};

// What is wrong with the job, all at once, in the job's own words; empty when a JobGraph can be
// built: unique ids, edges between known operators, no cycle, sources without and all others with
// inputs, sinks without outputs, parallelism >= 1, max parallelism in [parallelism, 32768], forward
// edges between equal parallelism, co-located operators of equal parallelism in one slot sharing
// group.
std::vector<std::string> problems_of(const JobSpec& job);

// Max parallelism where the author set none: 1.5 x parallelism rounded up to a power of two, within
// [128, 32768]. Upstream: KeyGroupRangeAssignment.computeDefaultMaxParallelism.
uint32_t default_max_parallelism(uint32_t parallelism);

GlobalExchangeMode effective_exchange(const JobSpec& job);

constexpr bool is_pointwise(Partitioner ship) {
  return ship == Partitioner::forward || ship == Partitioner::rescale;
}

std::string_view name_of(OperatorKind kind);        // "source", "flat_map", ...
std::string_view name_of(Partitioner partitioner);  // "forward", ...

}  // namespace drey::model
