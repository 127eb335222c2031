#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kTaskHeap = "taskmanager.memory.task.heap.size";
constexpr std::string_view kSlots = "taskmanager.numberOfTaskSlots";
constexpr std::string_view kMode = "execution.runtime-mode";
constexpr std::string_view kMaxParallelism = "pipeline.max-parallelism";
constexpr std::string_view kHighAvailability = "high-availability.type";

// A key of `job` or `cluster` and the Flink option that it is short for: whoever is given sets the
// other; both must agree.
class ShortForms {
 public:
  ShortForms(Scenario& scenario, const JsonNode& tree, Messages& messages)
      : scenario_(scenario), tree_(tree), messages_(messages) {}

  void run() {
    slots();
    heap();
    mode();
    max_parallelism();
    high_availability();
  }

 private:
  bool given(std::string_view pointer) const { return tree_.at(pointer) != nullptr; }

  void clash(std::string_view option, std::string_view short_form) {
    messages_.error(place_of(tree_, fmt::format("/flink/{}", option)),
                    fmt::format("\"{}\" is {} here, but its short form \"{}\" says otherwise",
                                option, scenario_.flink.text(option), short_form));
  }

  void slots() {
    FlinkOptions& flink = scenario_.flink;
    ClusterSpec& cluster = scenario_.cluster;
    if (flink.is_set(kSlots)) {
      const int64_t value = flink.integer(kSlots);
      if (given("/cluster/slots_each") && value != cluster.slots_each)
        return clash(kSlots, "slots_each");
      cluster.slots_each = value;
    }
    flink.set(kSlots, fmt::format("{}", cluster.slots_each));
  }

  void heap() {
    FlinkOptions& flink = scenario_.flink;
    ClusterSpec& cluster = scenario_.cluster;
    if (!flink.is_set(kTaskHeap)) return;
    const uint64_t value = flink.size(kTaskHeap);
    if (given("/cluster/heap") && value != cluster.heap_bytes) return clash(kTaskHeap, "heap");
    cluster.heap_bytes = value;
  }

  void mode() {
    FlinkOptions& flink = scenario_.flink;
    JobSpec& job = scenario_.job;
    if (flink.is_set(kMode)) {
      const std::string text = flink.text(kMode);
      const JobMode value = text == "BATCH"       ? JobMode::batch
                            : text == "AUTOMATIC" ? JobMode::automatic
                                                  : JobMode::streaming;
      if (given("/job/mode") && value != job.mode) return clash(kMode, "mode");
      job.mode = value;
    }
    flink.set(kMode, job.mode == JobMode::batch       ? "BATCH"
                     : job.mode == JobMode::automatic ? "AUTOMATIC"
                                                      : "STREAMING");
  }

  void max_parallelism() {
    FlinkOptions& flink = scenario_.flink;
    JobSpec& job = scenario_.job;
    if (flink.is_set(kMaxParallelism)) {
      const int64_t value = flink.integer(kMaxParallelism);
      if (job.max_parallelism && *job.max_parallelism != value)
        return clash(kMaxParallelism, "max_parallelism");
      if (value > 0) job.max_parallelism = value;
    }
    if (job.max_parallelism) flink.set(kMaxParallelism, fmt::format("{}", *job.max_parallelism));
  }

  void high_availability() {
    FlinkOptions& flink = scenario_.flink;
    if (scenario_.cluster.job_managers < 2) return;
    if (!flink.is_set(kHighAvailability)) return flink.set(kHighAvailability, "zookeeper");
    if (flink.text(kHighAvailability) == "NONE")
      messages_.error(place_of(tree_, fmt::format("/flink/{}", kHighAvailability)),
                      "more than one JobManager needs high availability");
  }

  Scenario& scenario_;
  const JsonNode& tree_;
  Messages& messages_;
};

void check_groups(const ClusterSpec& cluster, const JsonNode& tree, Messages& messages) {
  std::set<std::string> names;
  for (const TaskManagerGroup& group : cluster.groups) {
    const Place place = place_of(tree, "/cluster/task_managers/" + group.name);
    if (group.name == "jm" || group.name == "client")
      messages.error(place, fmt::format("\"{}\" is the name of other processes", group.name));
  }
  for (const std::string& name : cluster.task_manager_names())
    if (!names.insert(name).second)
      messages.error(place_of(tree, "/cluster/task_managers"),
                     fmt::format("two TaskManagers are called \"{}\"", name));
}

void check_timing(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  const FlinkOptions& flink = scenario.flink;
  if (flink.duration("heartbeat.interval") >= flink.duration("heartbeat.timeout")) {
    const bool timeout = flink.is_set("heartbeat.timeout");
    messages.error(
        place_of(tree, timeout ? "/flink/heartbeat.timeout" : "/flink/heartbeat.interval"),
        "heartbeat.timeout must be longer than heartbeat.interval");
  }
  if (flink.duration("restart-strategy.exponential-delay.initial-backoff") >
      flink.duration("restart-strategy.exponential-delay.max-backoff"))
    messages.error(place_of(tree, "/flink/restart-strategy.exponential-delay.initial-backoff"),
                   "initial-backoff must not be longer than max-backoff");
}

// A two-phase sink commits on completed checkpoints, or at the end of a bounded input.
void check_commits(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  if (scenario.flink.is_set("execution.checkpointing.interval")) return;
  const bool bounded = std::all_of(
      scenario.job.vertices.begin(), scenario.job.vertices.end(),
      [](const VertexSpec& v) { return v.kind != VertexKind::source || v.records > 0 || v.data; });
  if (bounded) return;
  for (const VertexSpec& v : scenario.job.vertices)
    if (v.kind == VertexKind::sink && v.delivery == Delivery::exactly_once)
      messages.error(
          place_of(tree, fmt::format("/job/vertices/{}/delivery", v.id)),
          fmt::format(
              "sink \"{}\" would never commit: set execution.checkpointing.interval, or bound the "
              "sources by \"records\"",
              v.id));
}

}  // namespace

void resolve_cluster(Scenario& scenario, const JsonNode& tree, Messages& messages) {
  ShortForms(scenario, tree, messages).run();
  check_groups(scenario.cluster, tree, messages);
  check_timing(scenario, tree, messages);
  check_commits(scenario, tree, messages);
}

}  // namespace drey::scenarios
