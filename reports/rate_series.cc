#include "reports/rate_series.h"

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "sim/broker.h"
#include "sim/network.h"
#include "sim/object_store.h"

namespace drey::reports {

using model::ControlFact;
using model::DataFact;
using model::ExecutionState;
using model::SubtaskIndex;
using model::TaskFact;
using sim::FactGroup;

namespace {

void merge_sums(std::vector<int64_t>& column) {
  const size_t half = (column.size() + 1) / 2;
  for (size_t i = 0; i < half; ++i) {
    const int64_t second = 2 * i + 1 < column.size() ? column[2 * i + 1] : 0;
    column[i] = column[2 * i] + second;
  }
  column.resize(half);
}

void merge_last(std::vector<int64_t>& column) {
  const size_t half = column.size() / 2;
  for (size_t i = 0; i < half; ++i) column[i] = column[2 * i + 1];
  column.resize(half);
}

}  // namespace

void SeriesSet::halve() {
  for (Column& column : columns) {
    const int64_t last = column.values.empty() ? 0 : column.values.back();
    const bool odd = column.values.size() % 2 == 1;
    if (!column.gauge) {
      merge_sums(column.values);
      continue;
    }
    merge_last(column.values);
    if (odd) column.values.push_back(last);
  }
  width = width * 2;
  buckets = (buckets + 1) / 2;
}

RateSeries::RateSeries(std::shared_ptr<const JobView> view, sim::LogSet logs,
                       sim::TrafficCounter* traffic)
    : view_(std::move(view)), logs_(std::move(logs)), traffic_(traffic) {
  const size_t vertices = view_->topology().job().vertices.size();
  const size_t subtasks = view_->topology().subtasks();
  in_.resize(vertices);
  out_.resize(vertices);
  watermark_.resize(vertices);
  watermarks_.resize(subtasks, kNoValue);
  runs_.resize(subtasks, false);
  records_in_.resize(subtasks);
  records_out_.resize(subtasks);
  read_to_.resize(logs_.splits());
}

uint64_t RateSeries::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::data) | sim::interest(FactGroup::external) |
         sim::interest(FactGroup::network) | sim::interest(FactGroup::store);
}

// Of the groups with many facts, those that are counted.
bool RateSeries::wants(uint16_t kind) const {
  switch (sim::fact_group(kind)) {
    case FactGroup::network:
      return kind == fact_kind(sim::NetworkFact::delivered);
    case FactGroup::external:
      return kind == fact_kind(sim::BrokerFact::committed_batch);
    case FactGroup::data:
      return kind != fact_kind(DataFact::sink_written);
    default:
      return true;
  }
}

void RateSeries::add(std::vector<int64_t>& column, uint64_t amount) {
  if (column.size() <= bucket_) column.resize(bucket_ + 1);
  column[bucket_] += static_cast<int64_t>(amount);
}

// The gauges as they stand at the end of the open bucket.
void RateSeries::sample() {
  running_.push_back(running_now_);
  sample_traffic();
  const sim::Time end = sim::Time{} + width_ * static_cast<int64_t>(running_.size());
  lag_.push_back(lag_at(end));
  const model::ExecutionTopology& topology = view_->topology();
  for (model::JobVertexIndex vertex = 0; vertex < watermark_.size(); ++vertex) {
    const model::IndexRange range = topology.subtasks_of(vertex);
    int64_t lowest = INT64_MAX;
    for (SubtaskIndex i = range.first; i <= range.last; ++i)
      lowest = std::min(lowest, watermarks_[i]);
    watermark_[vertex].push_back(lowest);
  }
}

// What was moved since the last sample: the first fact after a bucket closes it, so what its own
// handler moved before it counts there too.
void RateSeries::sample_traffic() {
  if (traffic_ == nullptr) return;
  const sim::Traffic now = traffic_->traffic();
  moved_in_[0].push_back(static_cast<int64_t>(now.network - moved_.network));
  moved_in_[1].push_back(static_cast<int64_t>(now.disks.written - moved_.disks.written));
  moved_in_[2].push_back(static_cast<int64_t>(now.disks.read - moved_.disks.read));
  moved_ = now;
}

int64_t RateSeries::lag_at(sim::Time at) const {
  if (logs_.empty()) return kNoValue;
  uint64_t lag = 0;
  for (uint16_t split = 0; split < logs_.splits(); ++split) {
    const uint64_t there = logs_.available(split, at);
    lag += there - std::min(there, read_to_[split]);
  }
  return static_cast<int64_t>(lag);
}

void RateSeries::advance(sim::Time at) {
  while (at.ns / width_.ns >= static_cast<int64_t>(kBuckets)) halve();
  const auto now = static_cast<size_t>(at.ns / width_.ns);
  while (running_.size() < now) sample();
  bucket_ = now;
}

void RateSeries::halve() {
  while (running_.size() < kBuckets) sample();
  for (auto& column : counters_) merge_sums(column);
  for (auto& column : moved_in_) merge_sums(column);
  for (auto& column : in_) merge_sums(column);
  for (auto& column : out_) merge_sums(column);
  for (auto& column : watermark_) merge_last(column);
  merge_last(running_);
  merge_last(lag_);
  width_ = width_ * 2;
}

void RateSeries::on(const sim::Fact& fact, sim::FactNumber) {
  advance(fact.at);
  if (fact.kind == fact_kind(sim::NetworkFact::delivered)) {
    add(counters_[messages], 1);
  } else if (fact.kind == fact_kind(sim::ObjectFact::put)) {
    add(counters_[stored], fact.a);
  } else if (fact.kind == fact_kind(sim::ObjectFact::got)) {
    add(counters_[loaded], fact.a);
  }
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (!subtask.has_value()) return;
  if (fact.kind == fact_kind(DataFact::buffer_received)) {
    add(in_[view_->topology().vertex_of(*subtask)], fact.c);
    records_in_[*subtask] += fact.c;
  } else if (fact.kind == fact_kind(TaskFact::watermark)) {
    watermarks_[*subtask] = static_cast<int64_t>(fact.a);
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    const bool now = static_cast<ExecutionState>(fact.b) == ExecutionState::running;
    if (now != runs_[*subtask]) running_now_ += now ? 1 : -1;
    if (!now) watermarks_[*subtask] = kNoValue;
    runs_[*subtask] = now;
  } else if (fact.kind == fact_kind(TaskFact::started_reading) && fact.a < read_to_.size()) {
    read_to_[fact.a] = fact.b;
  }
}

void RateSeries::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  const sim::Fact& head = batch.head;
  advance(head.at);
  const uint64_t records = batch.records.size();
  if (head.kind == fact_kind(sim::BrokerFact::committed_batch)) add(counters_[committed], records);
  const std::optional<SubtaskIndex> subtask = view_->subtask(head.subject);
  if (!subtask.has_value()) return;
  if (head.kind == fact_kind(DataFact::buffer_emitted)) {
    add(out_[view_->topology().vertex_of(*subtask)], records);
    records_out_[*subtask] += records;
  } else if (head.kind == fact_kind(DataFact::source_emitted)) {
    add(counters_[source_read], records);
    add(in_[view_->topology().vertex_of(*subtask)], records);  // what a source takes in
    records_in_[*subtask] += records;
    if (head.a < read_to_.size()) read_to_[head.a] = head.b + records;
  }
}

SeriesSet RateSeries::finish(sim::Time end) {
  advance(end);
  sample();
  SeriesSet set;
  set.width = width_;
  set.buckets = running_.size();
  const auto column = [&](std::string name, std::string entity, bool gauge,
                          std::vector<int64_t> values) {
    values.resize(set.buckets);
    set.columns.push_back({std::move(name), std::move(entity), gauge, std::move(values)});
  };
  constexpr std::array<std::string_view, kCounters> kNames{"read", "committed", "messages",
                                                           "stored_bytes", "loaded_bytes"};
  for (size_t i = 0; i < kCounters; ++i) column(std::string(kNames[i]), {}, false, counters_[i]);
  constexpr std::array<std::string_view, 3> kMoved{"network_bytes", "disk_written_bytes",
                                                   "disk_read_bytes"};
  for (size_t i = 0; traffic_ != nullptr && i < kMoved.size(); ++i)
    column(std::string(kMoved[i]), {}, false, moved_in_[i]);
  column("running", {}, true, running_);
  if (!logs_.empty()) column("lag", {}, true, lag_);
  const auto& vertices = view_->topology().job().vertices;
  for (size_t vertex = 0; vertex < vertices.size(); ++vertex) {
    column("records_in", vertices[vertex].id, false, in_[vertex]);
    column("records_out", vertices[vertex].id, false, out_[vertex]);
    column("watermark", vertices[vertex].id, true, watermark_[vertex]);
  }
  set.records_in = records_in_;
  set.records_out = records_out_;
  return set;
}

}  // namespace drey::reports
