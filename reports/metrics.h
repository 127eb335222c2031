#pragma once
// The values that expectations name (metric_names.h), as they stand at every instant of the run: a
// sink that must be added to the kernel before the ExpectationJudge. A metric that the trace does
// not give has no value, and an expectation on it is "not checked", never held.
//
// Latency of a record: from when the external log had it to when the broker committed it; computed
// per record, so only where asked for.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/engine_counts.h"
#include "reports/expectation.h"
#include "reports/free_slots.h"
#include "reports/load_metrics.h"
#include "reports/oracle.h"
#include "reports/oracles/ledger.h"
#include "reports/recovery_segments.h"
#include "reports/series.h"
#include "sim/log_set.h"
#include "sim/traffic.h"

namespace drey::reports {

struct MetricsOptions {
  // The task that runs an operator: "sink" -> "agg" where it is chained behind agg. Operators that
  // are not in it run in a task of their own name.
  std::map<std::string, std::string> task_of;
  sim::LogSet logs;  // for latency and lag; may be empty
  bool latency = false;
  std::vector<const Ledger*> ledgers{};    // for ledger.*: of all sinks together
  sim::TrafficCounter* traffic = nullptr;  // for network.bytes and disk.*; null: no value
};

// Whether any of the expectations asks for a latency.
bool wants_latency(const std::vector<Expectation>& expectations);

class Metrics final : public sim::TraceSink, public MetricLookup {
 public:
  Metrics(MetricsOptions options, TraceNames names)
      : options_(std::move(options)), names_(names), segments_(options_.logs) {}

  // End of the run: for durations that are still open.
  void finish(sim::Time end) {
    now_ = end;
    segments_.finish(ended_.value_or(end));
  }

  std::optional<MetricValue> metric(const Expression& metric) const override;
  std::optional<MetricValue> function(std::string_view name,
                                      std::string_view argument) const override;
  // Of a fault: when it landed first.
  std::optional<sim::Time> landed_at(std::string_view fault) const;

  uint64_t interests() const override;
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

 private:
  struct Vertex {
    std::map<uint64_t, uint64_t> states;  // by subtask
    uint64_t records_in = 0, records_out = 0, emitted = 0, late = 0, restarts = 0, windows = 0;
    uint64_t committed = 0;
    std::map<uint64_t, uint64_t> read_to;  // of a source, by split
    std::vector<uint64_t> received;        // records, by subtask
    std::set<uint64_t> restarted;          // subtasks
    struct Size {
      uint64_t keys = 0, bytes = 0;
    };
    std::map<std::pair<uint64_t, uint64_t>, Size> sizes;  // by subtask and operator, the last one
  };
  struct Fault {
    uint64_t landed = 0;
    sim::Time first{}, last{};
    bool recovering = false;
    Series recovery;
  };
  struct PendingCheckpoint {
    sim::Time triggered{};
    std::set<sim::PathId> begun;  // subtasks whose first barrier is here
    uint64_t full_size = 0;
  };
  struct Subtask {
    const std::string* id = nullptr;  // of its vertex
    Vertex* vertex = nullptr;         // in vertices_; null: the path has not been looked at
    uint64_t index = 0;
  };

  void on_control(const sim::Fact& fact);
  void on_execution(const sim::Fact& fact);
  void on_task(const sim::Fact& fact);
  void on_checkpoint(const sim::Fact& fact);
  void on_checkpoint_part(const sim::Fact& fact);
  void on_world(const sim::Fact& fact);
  void on_fault(const sim::Fact& fact);
  void on_received(const sim::Fact& fact);
  void on_committed(const sim::BatchFact& batch);
  void add_latencies(const sim::BatchFact& batch, const std::string& sink);
  void all_running();
  const Subtask& subtask(sim::PathId path);
  Vertex& vertex_of(sim::PathId path) { return *subtask(path).vertex; }
  uint64_t* committed_by(sim::PathId transaction);

  std::optional<MetricValue> job_metric(std::string_view name, std::string_view aggregate) const;
  std::optional<MetricValue> checkpoint_metric(std::string_view name,
                                               std::string_view aggregate) const;
  std::optional<MetricValue> world_metric(std::string_view scope, std::string_view name) const;
  std::optional<MetricValue> moved_bytes(std::string_view scope, std::string_view name) const;
  std::optional<MetricValue> latency_metric(std::string_view name) const;
  std::optional<MetricValue> ledger_metric(std::string_view name) const;
  std::optional<MetricValue> vertex_metric(const Expression& metric) const;
  std::string task_of(const std::string& vertex) const;

  MetricsOptions options_;
  TraceNames names_;
  sim::Time now_{};

  std::vector<Subtask> subtasks_;  // by path: names are taken apart once, not once per buffer
  std::pair<sim::PathId, uint64_t*> last_transaction_;  // and its sink's count; null: none
  std::map<std::string, Vertex> vertices_;
  std::map<std::string, Fault, std::less<>> faults_;
  uint64_t not_running_ =
      0;  // subtasks known to the JobMaster that are neither RUNNING nor FINISHED

  std::string job_state_;
  std::optional<sim::Time> submitted_, ended_, outage_, awaiting_record_;
  bool restarting_ = false;  // the outage's tasks are being scheduled again
  uint64_t restarts_ = 0, failures_ = 0, restarted_tasks_ = 0;
  Series downtime_, recovery_;
  uint64_t read_ = 0, committed_ = 0;

  std::map<uint64_t, PendingCheckpoint> pending_;
  uint64_t completed_ = 0, failed_ = 0, restored_ = 0, restored_id_ = 0, last_id_ = 0;
  Series duration_, size_, full_size_, start_delay_, alignment_, sync_, async_;

  uint64_t begun_ = 0, commits_ = 0, aborts_ = 0, fenced_ = 0;
  uint64_t bytes_written_ = 0, bytes_read_ = 0, store_errors_ = 0;
  std::set<sim::PathId> objects_;
  std::set<sim::PathId> task_managers_;
  FreeSlots free_slots_;
  uint64_t delivered_ = 0, lost_ = 0, leaders_ = 0;
  uint64_t gc_pauses_ = 0, gc_time_ = 0, out_of_memory_ = 0;
  EngineCounts engines_;
  LoadMetrics load_;
  uint64_t sst_bytes_ = 0, reused_sst_bytes_ = 0;
  Histogram latency_;
  std::map<std::string, Histogram> latency_of_;  // by sink subtask
  RecoverySegments segments_;
  int64_t slowest_ns_ = -1;  // trigger to the end of the asynchronous part
  std::string slowest_;      // the subtask
};

}  // namespace drey::reports
