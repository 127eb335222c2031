// What the metrics answer to expectations. Names: metric_names.cc.
#include <algorithm>

#include "reports/fact_text.h"
#include "reports/metrics.h"

namespace drey::reports {
namespace {

MetricValue number(uint64_t n) { return {{static_cast<int64_t>(n), 1}, {}}; }

std::optional<MetricValue> of(const Series& series, std::string_view aggregate) {
  const auto value = series.aggregate(aggregate);
  if (!value) return std::nullopt;
  return MetricValue{*value, {}};
}

bool asks_latency(const Expression& expression) {
  if (expression.kind == Expression::Kind::metric && expression.scope == "latency") return true;
  return std::any_of(expression.operands.begin(), expression.operands.end(), asks_latency);
}

}  // namespace

bool wants_latency(const std::vector<Expectation>& expectations) {
  return std::any_of(expectations.begin(), expectations.end(), [](const Expectation& e) {
    return asks_latency(e.comparison.left) || asks_latency(e.comparison.right);
  });
}

std::optional<MetricValue> Metrics::metric(const Expression& metric) const {
  const std::string_view name = metric.metric;
  if (metric.scope == "job") return job_metric(name, metric.aggregate);
  if (metric.scope == "checkpoint") return checkpoint_metric(name, metric.aggregate);
  if (metric.scope == "ledger") return ledger_metric(name);
  if (metric.scope == "vertex") return vertex_metric(metric);
  if (metric.scope == "latency") return latency_metric(name);
  if (metric.scope != "recovery") return world_metric(metric.scope, name);
  const Series* segment = segments_.series(name);
  return segment == nullptr ? std::nullopt : of(*segment, metric.aggregate);
}

std::optional<MetricValue> Metrics::latency_metric(std::string_view name) const {
  if (name != "worst") {
    const auto value = latency_.aggregate(name);
    if (!value) return std::nullopt;
    return MetricValue{*value, {}};
  }
  std::string worst;
  int64_t highest = -1;
  for (const auto& [sink, latency] : latency_of_) {
    const auto p99 = latency.aggregate("p99");
    if (sink.empty() || !p99 || p99->numerator <= highest) continue;
    highest = p99->numerator;
    worst = sink;
  }
  if (worst.empty()) return std::nullopt;
  return MetricValue{{}, worst};
}

std::optional<MetricValue> Metrics::job_metric(std::string_view name,
                                               std::string_view aggregate) const {
  if (name == "state") {
    if (job_state_.empty()) return std::nullopt;
    return MetricValue{{}, job_state_};
  }
  if (name == "restarts") return number(restarts_);
  if (name == "failures") return number(failures_);
  if (name == "restarted_tasks") return number(restarted_tasks_);
  if (name == "downtime") return of(downtime_, aggregate);
  if (name == "recovery") return of(recovery_, aggregate);
  if (name == "duration") {
    if (!submitted_) return std::nullopt;
    return number(static_cast<uint64_t>((ended_.value_or(now_) - *submitted_).ns));
  }
  if (name == "availability") {
    const auto share = segments_.availability();
    if (!share) return std::nullopt;
    return MetricValue{*share, {}};
  }
  if (name == "lag") {
    const auto lag = segments_.lag().aggregate(aggregate);
    if (!lag) return std::nullopt;
    return MetricValue{*lag, {}};
  }
  uint64_t distinct = 0;
  for (const auto& [id, vertex] : vertices_) distinct += vertex.emitted;
  if (name == "emitted_records") return number(distinct);
  if (name == "replayed_records") return number(read_ - distinct);
  if (name == "committed_records") return number(committed_);
  return std::nullopt;
}

std::optional<MetricValue> Metrics::checkpoint_metric(std::string_view name,
                                                      std::string_view aggregate) const {
  if (name == "completed") return number(completed_);
  if (name == "failed") return number(failed_);
  if (name == "restored") return number(restored_);
  if (name == "restored_id") return number(restored_id_);
  if (name == "last_id") return number(last_id_);
  if (name == "in_progress") return number(pending_.size());
  if (name == "duration") return of(duration_, aggregate);
  if (name == "size") return of(size_, aggregate);
  if (name == "full_size") return of(full_size_, aggregate);
  if (name == "start_delay") return of(start_delay_, aggregate);
  if (name == "alignment") return of(alignment_, aggregate);
  if (name == "sync") return of(sync_, aggregate);
  if (name == "async") return of(async_, aggregate);
  if (name == "slowest" && !slowest_.empty()) return MetricValue{{}, slowest_};
  return std::nullopt;
}

std::optional<MetricValue> Metrics::ledger_metric(std::string_view name) const {
  if (options_.ledgers.empty()) return std::nullopt;
  LedgerCounts counts;
  for (const Ledger* ledger : options_.ledgers) counts += ledger->counts();
  if (name == "compared") return number(counts.compared);
  if (name == "lost") return number(counts.lost);
  if (name == "doubled") return number(counts.doubled);
  if (name == "reordered") return number(counts.reordered);
  return std::nullopt;
}

std::optional<MetricValue> Metrics::world_metric(std::string_view scope,
                                                 std::string_view name) const {
  struct Row {
    std::string_view scope, name;
    uint64_t value;
  };
  const Row rows[] = {
      {"broker", "commits", commits_},
      {"broker", "aborts", aborts_},
      {"broker", "fenced", fenced_},
      {"broker", "open_transactions", begun_ - commits_ - aborts_},
      {"storage", "bytes_written", bytes_written_},
      {"storage", "bytes_read", bytes_read_},
      {"storage", "objects", objects_.size()},
      {"storage", "errors", store_errors_},
      {"network", "messages", delivered_},
      {"network", "lost", lost_},
      {"cluster", "task_managers", task_managers_.size()},
      {"cluster", "free_slots", free_slots_.count()},
      {"cluster", "leader_changes", leaders_ > 0 ? leaders_ - 1 : 0},
      {"cluster", "gc_pauses", gc_pauses_},
      {"cluster", "gc_time", gc_time_},
      {"cluster", "out_of_memory", out_of_memory_},
      {"rocksdb", "flushes", engines_.flushes()},
      {"rocksdb", "compactions", engines_.compactions()},
      {"rocksdb", "checkpoint_sst_bytes", sst_bytes_},
      {"rocksdb", "reused_sst_bytes", reused_sst_bytes_},
  };
  for (const Row& row : rows)
    if (row.scope == scope && row.name == name) return number(row.value);
  return moved_bytes(scope, name);
}

std::optional<MetricValue> Metrics::moved_bytes(std::string_view scope,
                                                std::string_view name) const {
  if (options_.traffic == nullptr) return std::nullopt;
  const sim::Traffic moved = options_.traffic->traffic();
  if (scope == "network" && name == "bytes") return number(moved.network);
  if (scope != "disk") return std::nullopt;
  if (name == "bytes_written") return number(moved.disks.written);
  if (name == "bytes_read") return number(moved.disks.read);
  if (name == "bytes_cached") return number(moved.disks.cached);
  return std::nullopt;
}

std::string Metrics::task_of(const std::string& vertex) const {
  const auto found = options_.task_of.find(vertex);
  return found == options_.task_of.end() ? vertex : found->second;
}

std::optional<MetricValue> Metrics::vertex_metric(const Expression& metric) const {
  const std::string_view name = metric.metric;
  if (name == "committed_records" && metric.subtask < 0) {
    const auto sink = vertices_.find(metric.vertex);
    return number(sink == vertices_.end() ? 0 : sink->second.committed);
  }
  const auto found = vertices_.find(task_of(metric.vertex));
  if (found == vertices_.end()) return std::nullopt;
  const Vertex& vertex = found->second;
  if (name == "state") {
    std::optional<uint64_t> common;
    for (const auto& [subtask, state] : vertex.states) {
      if (metric.subtask >= 0 && subtask != static_cast<uint64_t>(metric.subtask)) continue;
      if (common && *common != state) return MetricValue{{}, "MIXED"};
      common = state;
    }
    if (!common) return std::nullopt;
    return MetricValue{{}, std::string(execution_state_name(*common))};
  }
  if (metric.subtask >= 0) return std::nullopt;
  if (name == "busy" || name == "back_pressured" || name == "idle") {
    const auto share = load_.value(found->first, name, metric.aggregate);
    if (!share) return std::nullopt;
    return MetricValue{*share, {}};
  }
  if (name == "skew" && vertex.records_in > 0) {
    const uint64_t most = *std::max_element(vertex.received.begin(), vertex.received.end());
    return MetricValue{{static_cast<int64_t>(most * vertex.received.size()),
                        static_cast<int64_t>(vertex.records_in)},
                       {}};
  }
  if (name == "keys" || name == "state_size") {
    if (vertex.sizes.empty()) return std::nullopt;
    uint64_t sum = 0;
    for (const auto& [place, size] : vertex.sizes) sum += name == "keys" ? size.keys : size.bytes;
    return number(sum);
  }
  if (name == "records_in") return number(vertex.records_in);
  if (name == "records_out") return number(vertex.records_out);
  if (name == "emitted_records") return number(vertex.emitted);
  if (name == "late_records") return number(vertex.late);
  if (name == "restarts") return number(vertex.restarts);
  if (name == "windows_fired") return number(vertex.windows);
  return std::nullopt;
}

std::optional<MetricValue> Metrics::function(std::string_view name,
                                             std::string_view argument) const {
  if (name == "restarted_tasks") {
    const auto found = vertices_.find(task_of(std::string(argument)));
    return number(found == vertices_.end() ? 0 : found->second.restarted.size());
  }
  const auto fault = faults_.find(argument);
  if (name == "landed") return number(fault == faults_.end() ? 0 : fault->second.landed);
  if (name == "recovery_time" && fault != faults_.end()) return of(fault->second.recovery, "max");
  return std::nullopt;
}

}  // namespace drey::reports
