#pragma once
// The Scenario: what a JSON file says, typed, with units, defaults filled in and every name
// resolved. Plain data; reading it is scenarios/read_scenario.h, its keys and their help are
// scenarios/describe.h. Flink's own options are in `flink` under Flink's names; where `job` or
// `cluster` has a short form of one, both say the same (the reader sees to it).
//
// Units: durations and delays in ns, sizes in bytes. Vertices and TaskManager groups keep the order
// of the file.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/expectation.h"
#include "reports/quantity.h"
#include "scenarios/condition.h"
#include "scenarios/flink_options.h"
#include "scenarios/sweep_spec.h"
#include "sim/time.h"

namespace drey::scenarios {

using reports::Distribution;
using reports::Rate;
using reports::Ratio;

// ---- job
// ----------------------------------------------------------------------------------------------------------
enum class JobMode : uint8_t { streaming, batch, automatic };
enum class VertexKind : uint8_t { source, map, filter, flat_map, keyed, window, sink };
enum class KeyDistribution : uint8_t { uniform, sequential, hot, stride };
// Who holds records back: the log, in which each appears at its time, or the reader, which emits at
// the rate from when it got its splits.
enum class Pace : uint8_t { log, reader, generator };
enum class Aggregate : uint8_t { sum, count, min, max };
enum class Delivery : uint8_t { exactly_once, at_least_once, none };
enum class Chaining : uint8_t { always, head, never, head_with_sources };
enum class Ship : uint8_t { forward, hash, rebalance, rescale, broadcast, shuffle, global };
// What a re-execution of a vertex does differently; its results are as right as before.
enum class Nondeterminism : uint8_t { none, order, timing, partitioning };
enum class Exchange : uint8_t { pipelined, blocking, hybrid_full, hybrid_selective };

// Records of a real file: RFC 4180 with a header line.
struct CsvData {
  std::string path;   // as written, relative to the file that says so
  std::string file;   // where it is
  std::string key;    // column; any text
  std::string value;  // column; whole numbers
  std::string time;   // column; milliseconds since 1970 or ISO 8601; empty = the offset is the time
  friend bool operator==(const CsvData&, const CsvData&) = default;
};

// What the code of a vertex does wrong (model::UserCodeFault).
enum class UserCodeAction : uint8_t {
  throw_at_record,
  hang,
  throw_in_snapshot,
  slow_snapshot,
  pause_after_snapshot
};
struct UserCodeSpec {
  UserCodeAction action = UserCodeAction::throw_at_record;
  std::optional<int64_t> subtask;
  int64_t split = 0;
  int64_t offset = 0;
  int64_t checkpoint = 0;
  sim::Duration time;
  sim::Duration after;
  int64_t while_attempt_below = 1;
  friend bool operator==(const UserCodeSpec&, const UserCodeSpec&) = default;
};

// Event times as a plain function of the offset (sim/log_contents.h).
struct EventTimesSpec {
  sim::Duration start;
  sim::Duration step = sim::milliseconds(1);
  int64_t shuffle = 0;
  sim::Duration late_by;
  int64_t late_every = 0;
  int64_t late_from = 0;
  int64_t late_to = 0;
  friend bool operator==(const EventTimesSpec&, const EventTimesSpec&) = default;
};

struct VertexSpec {
  std::string id;
  std::string uid;  // empty: the id
  VertexKind kind = VertexKind::map;
  int64_t parallelism = 1;
  std::optional<int64_t> max_parallelism;  // empty: Flink derives it
  sim::Duration cost;                      // of one record
  std::string slot_sharing_group = "default";
  std::string co_location_group;  // empty: none
  Chaining chaining = Chaining::always;
  Nondeterminism nondeterministic = Nondeterminism::none;
  bool outputs_at_end = false;  // emits only at the end of its input: blocking outputs

  std::vector<UserCodeSpec> user_code;

  // source
  std::string topic;  // empty: a log that only this source names (job_logs.h)
  Pace pace = Pace::log;
  Rate rate;                       // of all subtasks together; 0 = as fast as it goes
  int64_t records = 0;             // of all splits together; 0 = unbounded
  int64_t splits = 0;              // 0 in the file: as many as subtasks; resolved after reading
  sim::Duration out_of_orderness;  // bound that the watermark assumes
  sim::Duration disorder;          // what the data really does; late records appear above the bound
  std::optional<sim::Duration> idle_timeout;
  std::optional<CsvData> data;
  std::optional<EventTimesSpec> event_times;  // empty: by the rate
  KeyDistribution key_distribution = KeyDistribution::uniform;
  Ratio hot_share{1, 2};  // hot: share of the records that go to the hot keys
  int64_t hot_keys = 1;
  int64_t key_stride = 1;  // stride
  int64_t split_stride = 0;
  // source, keyed, window: distinct keys. In a keyed vertex: what its sources make unless they say
  // otherwise.
  int64_t keys = 0;
  // filter: share that passes; flat_map: copies of each record
  Ratio selectivity{1, 2};
  int64_t fan_out = 2;
  // keyed: the aggregate is kept, its records leave as they came
  bool passes_on = false;
  // keyed, window
  Aggregate aggregate = Aggregate::sum;
  uint64_t state_per_key = 0;  // bytes of padding beside the accumulator
  // window
  sim::Duration window;
  // sink
  Delivery delivery = Delivery::exactly_once;
  friend bool operator==(const VertexSpec&, const VertexSpec&) = default;
};

struct EdgeSpec {
  std::string chain;  // while reading: "src -> hash -> agg"; expanded afterwards and then empty
  std::string from;
  std::string to;
  Ship ship = Ship::forward;
  std::optional<Exchange> exchange;  // empty: by the job's mode
  friend bool operator==(const EdgeSpec&, const EdgeSpec&) = default;
};

struct JobSpec {
  std::string name = "job";
  JobMode mode = JobMode::streaming;
  std::optional<int64_t> max_parallelism;  // short form of pipeline.max-parallelism
  uint64_t record_bytes = 32;              // serialised, in the buffers of pipelined exchanges
  sim::Duration submit_after;              // how long the cluster has been up by then
  std::vector<VertexSpec> vertices;        // topologically checked, in the order of the file
  std::vector<EdgeSpec> edges;

  // What `automatic` comes to: batch if every source is bounded.
  JobMode effective_mode() const;
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

// ---- cluster
// ------------------------------------------------------------------------------------------------------
struct TaskManagerGroup {
  std::string name;  // processes are name-1, name-2, ...
  int64_t count = 1;
  friend bool operator==(const TaskManagerGroup&, const TaskManagerGroup&) = default;
};

struct NetworkSpec {
  Distribution latency{Distribution::Kind::uniform, 50'000, 150'000, {}, {}};  // one way, ns
  Rate bandwidth{uint64_t{1} << 30, true};  // of each host, each way
  sim::Duration tcp_give_up = sim::minutes(15);
  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

struct DiskSpec {
  Distribution latency{Distribution::Kind::constant, 100'000, 0, {}, {}};
  Rate bandwidth{uint64_t{500} << 20, true};
  Distribution sync{Distribution::Kind::constant, 2'000'000, 0, {}, {}};  // of one fsync
  uint64_t page_cache = uint64_t{1} << 30;                                // bytes, of each host
  friend bool operator==(const DiskSpec&, const DiskSpec&) = default;
};

struct StorageSpec {  // the object store
  Distribution latency{Distribution::Kind::uniform, 10'000'000, 30'000'000, {}, {}};
  Rate bandwidth{uint64_t{200} << 20, true};  // of one request
  friend bool operator==(const StorageSpec&, const StorageSpec&) = default;
};

struct BrokerSpec {  // external log and transactional broker
  Distribution latency{Distribution::Kind::uniform, 500'000, 2'000'000, {}, {}};
  sim::Duration transaction_timeout = sim::minutes(15);
  friend bool operator==(const BrokerSpec&, const BrokerSpec&) = default;
};

struct PointerStoreSpec {  // what ZooKeeper or Kubernetes is to Flink
  Distribution latency{Distribution::Kind::uniform, 1'000'000, 3'000'000, {}, {}};
  friend bool operator==(const PointerStoreSpec&, const PointerStoreSpec&) = default;
};

struct GarbageCollection {  // of a TaskManager's heap: a pause of the whole process
  sim::Duration pause = sim::milliseconds(2);
  sim::Duration pause_per_gigabyte = sim::milliseconds(10);  // alive
  uint64_t after = uint64_t{256} << 20;                      // bytes allocated; 0 = never
  friend bool operator==(const GarbageCollection&, const GarbageCollection&) = default;
};

struct ClusterSpec {
  int64_t task_managers = 2;  // tm-1, tm-2, ...; 0 when groups are named
  std::vector<TaskManagerGroup> groups;
  int64_t slots_each = 2;                   // short form of taskmanager.numberOfTaskSlots
  int64_t spare_task_managers = 0;          // further ones, which run only when a fault starts them
  bool too_few_slots = false;               // the job may need more slots than there are
  int64_t job_managers = 1;                 // jm-1, ...; more than one needs high availability
  int64_t cores = 4;                        // of each host
  uint64_t heap_bytes = uint64_t{1} << 30;  // of a TaskManager's keyed heap state
  GarbageCollection garbage_collection;
  NetworkSpec network;
  DiskSpec disk;
  StorageSpec storage;
  BrokerSpec broker;
  PointerStoreSpec pointer_store;

  int64_t slots_total() const;
  // tm-1 ... or the names of the groups' processes; jm-1 ...
  std::vector<std::string> task_manager_names() const;
  std::vector<std::string> job_manager_names() const;
  friend bool operator==(const ClusterSpec&, const ClusterSpec&) = default;
};

// ---- faults
// -------------------------------------------------------------------------------------------------------
enum class FaultVerb : uint8_t {
  kill,                   // process dies, its host lives
  crash,                  // host dies: silent, unsynced data torn or lost
  pause,                  // process frozen for a while, connections stay
  restart,                // process that is down starts; one that is up is killed and starts
  cut,                    // partition between two sides
  slow_link,              // added latency or less bandwidth between two sides
  reset,                  // connections between two sides are reset
  lose,                   // one RPC dropped
  storage,                // object store: outage, error, throttle, lose_answer
  pointer_store,          // outage, session_expiry, lose_answer
  broker,                 // outage, error, lose_answer
  slow_card,              // all that a host sends, and all that it receives
  slow_disk,              // host's disk
  lose_disk,              // host's disk is replaced by an empty one
  damage_result,          // file of a result that a subtask has stored
  fail,                   // exception in a task
  terminate,              // process says good-bye and ends (SIGTERM)
  cancel,                 // client cancels the job
  savepoint,              // client asks for a savepoint
  stop_with_savepoint,    // the job finishes after it
  cancel_with_savepoint,  // the job is cancelled after it
  resubmit,               // a further job, from a snapshot of an earlier one
};
enum class FaultEffect : uint8_t {
  none,
  outage,
  error,
  throttle,
  lose_answer,
  session_expiry,
  remove,    // damage_result: the file is gone
  truncate,  // its second half is gone
};

// A process or a host, or several. Exactly one form:
//   name      tm-1, jm-2, client; as an end of a link also broker, log, storage, pointer-store
//   prefix    "tm-*", "jm-*"
//   leader    the JobManager that leads at that instant
//   standby   those that do not
//   task      "task(agg/0)": the TaskManager that runs this subtask at that instant
//   any       "any(tm)": one chosen by choose() at that instant
struct Target {
  enum class Form : uint8_t { name, prefix, leader, standby, task, any };
  Form form = Form::name;
  std::string text;  // name; prefix without the star; vertex of a task; "tm" or "jm" of any
  int64_t subtask = 0;
  friend bool operator==(const Target&, const Target&) = default;
};

// From the newest of these that an earlier job has left.
enum class Snapshot : uint8_t { savepoint, checkpoint };

struct FaultSpec {
  std::string id;  // given, or f0, f1, ... by position
  std::string about;
  FaultVerb verb = FaultVerb::kill;
  // When: at a time, or at the `nth` time that the condition becomes true; then `after`; then again
  // every `every`, in all `times` times. A condition is looked at whenever a fact that it names is
  // announced (design.md 2.6).
  std::optional<sim::Duration> at;
  std::string when_text;
  std::optional<Condition> when;
  int64_t nth = 1;
  Distribution after;
  std::optional<Distribution> every;
  int64_t times = 1;
  bool optional = false;

  std::vector<Target> targets;     // kill, crash, pause, restart, slow_*, lose_disk; cut,
                                   // slow_link, reset: side one
  std::vector<Target> other_side;  // cut, slow_link, reset
  bool shared = false;             // slow_link: one bandwidth for all links of a direction
  bool rejects = false;            // cut: packets are answered with resets instead of dropped
  bool symmetric = true;           // cut: both ways, or only from side one to side two
  std::optional<Distribution>
      duration;  // "for"; empty: does not heal by itself (cut), a moment (outage by number)
  std::optional<Distribution> back_after;  // kill, crash: a new process starts so long after
  std::optional<Distribution> latency;     // slow_link, slow_disk: added
  std::optional<Rate> bandwidth;           // slow_*, storage throttle: at most
  FaultEffect effect = FaultEffect::none;  // storage, pointer_store, broker
  std::string operation = "any";           // storage, pointer_store, broker: which requests
  std::string log;                         // broker: only this external log; empty: all of it
  std::string rpc;                         // lose: message kind
  std::optional<Target> from;  // lose, storage, pointer_store, broker: only of this sender
  std::optional<Target> to;    // lose
  int64_t number = 1;   // lose, error, lose_answer: the n-th such message after the fault is armed
  int64_t count = 1;    // so many in a row
  bool answer = false;  // lose: the answer instead of the request
  bool drain = false;   // stop_with_savepoint: the end of time is sent first
  bool native = false;  // savepoints: in the backend's own format
  std::string vertex;   // fail, damage_result
  int64_t subtask = 0;  // fail, damage_result
  std::string cause = "injected failure";        // fail: text of the exception
  Snapshot from_snapshot = Snapshot::savepoint;  // resubmit
  std::string change;  // resubmit: JSON object, merged into the scenario's job and flink
  friend bool operator==(const FaultSpec&, const FaultSpec&) = default;
};

inline constexpr int64_t kFormat = 1;  // of scenario files that this program reads

// ---- the whole
// ----------------------------------------------------------------------------------------------------
struct Limits {
  sim::Duration time = sim::minutes(60);  // simulated
  int64_t events = 0;                     // 0: none
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct KilledBy {  // the mutant that this scenario exists to catch, and a seed that does
  std::string mutant;
  int64_t seed = 1;
  friend bool operator==(const KilledBy&, const KilledBy&) = default;
};

// An expectation as written: a text, or an object; `parsed` is made of it when all names are known.
struct ExpectSpec {
  std::string line;  // the string form
  std::string id;
  reports::ExpectationKind kind = reports::ExpectationKind::check;
  std::string check;
  std::optional<sim::Duration> within;
  std::string after;
  std::string because;
  reports::Severity severity = reports::Severity::fail;
  reports::Expectation parsed;
  friend bool operator==(const ExpectSpec&, const ExpectSpec&) = default;
};

// Which tasks run: real records and state, or tasks that only report and acknowledge (design.md
// 2.11), for the control plane and the barriers of very large jobs.
enum class Grain : uint8_t { exact, null };

struct NullTaskSpec {                                // of the null grain
  sim::Duration restore = sim::milliseconds(1);      // INITIALIZING to RUNNING
  sim::Duration acknowledge = sim::milliseconds(1);  // barrier to acknowledgement
  sim::Duration cancel;
  std::optional<sim::Duration> runs_for;  // empty: for ever
  uint64_t state = 0;                     // bytes, in the acknowledgement
  sim::Duration flush_interval = sim::milliseconds(1);
  friend bool operator==(const NullTaskSpec&, const NullTaskSpec&) = default;
};

struct Scenario {
  int64_t format = 1;
  std::string name;
  std::string about;
  std::optional<int64_t> seed;
  std::optional<Seeds> seeds;
  JobSpec job;
  ClusterSpec cluster;
  Grain grain = Grain::exact;
  NullTaskSpec null_task;
  FlinkOptions flink;
  std::vector<std::string> ignore_options;
  std::vector<FaultSpec> faults;
  std::vector<std::pair<std::string, int64_t>> choices;  // site/entity/n -> alternative
  std::vector<ExpectSpec> expect;
  Limits limits;
  std::vector<KilledBy> killed_by;
  std::optional<SweepSpec> sweep;
  std::vector<PlotSpec> plot;  // of the sweep
  // What each `resubmit` submits, in the order of the faults: of job, flink. Made after reading.
  std::vector<Scenario> later;

  const VertexSpec* vertex(std::string_view id) const;
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace drey::scenarios
