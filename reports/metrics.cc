#include "reports/metrics.h"

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/runtime_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/broker.h"
#include "sim/external_log.h"
#include "sim/network.h"
#include "sim/object_store.h"
#include "state/keyed_backend.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::DataFact;
using model::ExecutionState;
using model::StateFact;
using model::TaskFact;
using sim::BrokerFact;
using sim::FactGroup;
using sim::ObjectFact;

namespace {

bool stands(uint64_t state) {
  const auto s = static_cast<ExecutionState>(state);
  return s == ExecutionState::running || s == ExecutionState::finished;
}

int64_t signed_of(uint64_t n) { return static_cast<int64_t>(n); }

}  // namespace

uint64_t Metrics::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::checkpoint) | sim::interest(FactGroup::data) |
         sim::interest(FactGroup::state) | sim::interest(FactGroup::external) |
         sim::interest(FactGroup::store) | sim::interest(FactGroup::network) |
         sim::interest(FactGroup::fault);
}

// What a reader was given counts when it has emitted it, and what a client appended when it is
// committed.
bool Metrics::wants(uint16_t kind) const {
  return kind != fact_kind(sim::LogFact::fetched) && kind != fact_kind(DataFact::sink_written);
}

// "job-1/agg/0"; anything else is no subtask and counts for a vertex without a name.
const Metrics::Subtask& Metrics::subtask(sim::PathId path) {
  if (path.index >= subtasks_.size()) subtasks_.resize(path.index + 1);
  Subtask& subtask = subtasks_[path.index];
  if (subtask.vertex != nullptr) return subtask;
  const std::string_view name = names_(path);
  const size_t first = name.find('/');
  const size_t last = name.rfind('/');
  const bool valid = first != std::string_view::npos && last != first;
  auto& entry = *vertices_
                     .try_emplace(valid ? std::string(name.substr(first + 1, last - first - 1))
                                        : std::string())
                     .first;
  subtask.id = &entry.first;
  subtask.vertex = &entry.second;
  for (size_t i = last + 1; valid && i < name.size() && name[i] >= '0' && name[i] <= '9'; ++i)
    subtask.index = subtask.index * 10 + static_cast<uint64_t>(name[i] - '0');
  return subtask;
}

void Metrics::on(const sim::Fact& fact, sim::FactNumber) {
  now_ = fact.at;
  switch (sim::fact_group(fact.kind)) {
    case FactGroup::control:
      on_control(fact);
      break;
    case FactGroup::task:
      on_task(fact);
      break;
    case FactGroup::checkpoint:
      on_checkpoint(fact);
      break;
    case FactGroup::data:
      if (fact.kind == fact_kind(DataFact::buffer_received)) on_received(fact);
      break;
    case FactGroup::fault:
      on_fault(fact);
      break;
    case FactGroup::state:
    case FactGroup::external:
    case FactGroup::store:
    case FactGroup::network:
      on_world(fact);
      break;
    case FactGroup::kernel:
    case FactGroup::machine:
    case FactGroup::disk:
    case FactGroup::bench:
    case FactGroup::service:
      break;
  }
}

void Metrics::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  now_ = batch.head.at;
  const sim::Fact& head = batch.head;
  const uint64_t records = batch.records.size();
  if (head.kind == fact_kind(BrokerFact::committed_batch)) on_committed(batch);
  if (head.kind == fact_kind(DataFact::buffer_emitted))
    vertex_of(head.subject).records_out += records;
  if (head.kind != fact_kind(DataFact::source_emitted)) return;
  Vertex& vertex = vertex_of(head.subject);
  uint64_t& to = vertex.read_to[head.a];
  const uint64_t end = head.b + records;
  if (end > to) {
    vertex.emitted += end - std::max(to, head.b);
    to = end;
  }
  read_ += records;
  segments_.emitted(head.a, head.b, records, now_);
  if (awaiting_record_) recovery_.add((now_ - *awaiting_record_).ns);
  awaiting_record_.reset();
}

namespace {
// "SINK/subtask" of "transaction/job-1-SINK-subtask-checkpoint" and of "client/job-1-SINK-subtask";
// empty: it has another name.
std::string sink_of(std::string_view name) {
  if (name.starts_with("transaction/"))
    name = name.substr(0, name.rfind('-'));
  else if (!name.starts_with("client/"))
    return {};
  const size_t dash = name.rfind('-');
  const size_t begin = name.find('-', name.find('-') + 1);
  if (begin == std::string_view::npos || begin >= dash) return {};
  return std::string(name.substr(begin + 1, dash - begin - 1)) + "/" +
         std::string(name.substr(dash + 1));
}
}  // namespace

uint64_t* Metrics::committed_by(sim::PathId transaction) {
  const std::string sink = sink_of(names_(transaction));
  return sink.empty() ? nullptr : &vertices_[sink.substr(0, sink.rfind('/'))].committed;
}

void Metrics::on_committed(const sim::BatchFact& batch) {
  committed_ += batch.records.size();
  const sim::PathId transaction = batch.head.subject;
  if (!(last_transaction_.first == transaction))
    last_transaction_ = {transaction, committed_by(transaction)};
  if (last_transaction_.second != nullptr) *last_transaction_.second += batch.records.size();
  if (options_.latency && !options_.logs.empty())
    add_latencies(batch, sink_of(names_(batch.head.subject)));
}

void Metrics::add_latencies(const sim::BatchFact& batch, const std::string& sink) {
  Histogram& own = latency_of_[sink];
  for (const sim::Record& record : batch.records) {
    const uint16_t split = sim::provenance_split(record.provenance);
    const uint64_t offset = ReferenceEvaluator::offset_of(record.provenance);
    if (split >= options_.logs.splits() || offset >= options_.logs.size(split)) continue;
    const sim::Duration latency = now_ - options_.logs.available_at(split, offset);
    if (latency.ns < 0) continue;
    latency_.add(static_cast<uint64_t>(latency.ns));
    own.add(static_cast<uint64_t>(latency.ns));
  }
}

void Metrics::on_received(const sim::Fact& fact) {
  const uint64_t index = subtask(fact.subject).index;
  Vertex& vertex = vertex_of(fact.subject);
  vertex.records_in += fact.c;
  if (index >= vertex.received.size()) vertex.received.resize(index + 1);
  vertex.received[index] += fact.c;
}

void Metrics::on_control(const sim::Fact& fact) {
  free_slots_.on(fact, names_(fact.entity), names_.about(fact));
  segments_.on_control(fact);
  switch (static_cast<ControlFact>(fact.kind & 0xff)) {
    case ControlFact::job_submitted:
      if (!submitted_) submitted_ = now_;
      break;
    case ControlFact::job_status:
      job_state_ = job_status_name(fact.a);
      if (model::is_globally_terminal(static_cast<model::JobStatus>(fact.a))) ended_ = now_;
      break;
    case ControlFact::leader_granted:
      if (names_.about(fact).find("dispatcher") != std::string_view::npos) ++leaders_;
      break;
    case ControlFact::registered:
      if (names_.about(fact).starts_with("tm-")) task_managers_.insert(fact.subject);
      break;
    case ControlFact::disconnected:
      if (names_(fact.entity).find("resource-manager") != std::string_view::npos)
        task_managers_.erase(fact.subject);
      break;
    case ControlFact::execution_state:
      on_execution(fact);
      break;
    case ControlFact::failure:
      ++failures_;
      break;
    case ControlFact::failover_begun:
      if ((fact.b >> 8) > 0) ++restarts_;
      if (!outage_) outage_ = now_;
      awaiting_record_ = *outage_;
      restarting_ = false;
      break;
    case ControlFact::restart_task: {
      ++restarted_tasks_;
      Vertex& vertex = vertex_of(fact.subject);
      ++vertex.restarts;
      vertex.restarted.insert(subtask(fact.subject).index);
      break;
    }
    case ControlFact::failover_end:
      restarting_ = true;
      break;
    default:  // the others count for no metric
      break;
  }
}

void Metrics::on_execution(const sim::Fact& fact) {
  std::map<uint64_t, uint64_t>& states = vertex_of(fact.subject).states;
  const auto [it, added] = states.try_emplace(subtask(fact.subject).index, fact.b);
  const bool stood = !added && stands(it->second);
  it->second = fact.b;
  if (stood && !stands(fact.b)) ++not_running_;
  if (added && !stands(fact.b)) ++not_running_;
  if (!stood && !added && stands(fact.b) && --not_running_ == 0) all_running();
  segments_.standing(not_running_ == 0, now_);
}

void Metrics::all_running() {
  if (outage_ && restarting_) {
    downtime_.add((now_ - *outage_).ns);
    outage_.reset();
  }
  for (auto& [id, fault] : faults_) {
    if (!fault.recovering) continue;
    fault.recovery.add((now_ - fault.last).ns);
    fault.recovering = false;
  }
}

void Metrics::on_task(const sim::Fact& fact) {
  if (fact.kind == fact_kind(TaskFact::started_reading)) segments_.started_reading(fact.a, fact.b);
  if (fact.kind == fact_kind(TaskFact::late_dropped)) vertex_of(fact.subject).late += fact.a;
  if (fact.kind == fact_kind(TaskFact::timer_fired)) ++vertex_of(fact.subject).windows;
  if (fact.kind == fact_kind(model::LoadFact::load)) load_.on(fact, *subtask(fact.subject).id);
}

void Metrics::on_checkpoint(const sim::Fact& fact) {
  const uint64_t id = fact.a;
  if (fact.kind == fact_kind(CheckpointFact::triggered)) {
    pending_[id].triggered = now_;
  } else if (fact.kind == fact_kind(CheckpointFact::completed)) {
    ++completed_;
    last_id_ = id;
    size_.add(signed_of(fact.b));
    duration_.add(signed_of(fact.c));
    full_size_.add(signed_of(pending_[id].full_size));
    pending_.erase(id);
  } else if (fact.kind == fact_kind(CheckpointFact::aborted)) {
    if (pending_.erase(id) > 0) ++failed_;
  } else if (fact.kind == fact_kind(CheckpointFact::restoring)) {
    if (id != 0) ++restored_;
    restored_id_ = id;
  } else {
    on_checkpoint_part(fact);
  }
}

void Metrics::on_checkpoint_part(const sim::Fact& fact) {
  const auto pending = pending_.find(fact.a);
  const bool first_sign = fact.kind == fact_kind(CheckpointFact::barrier_received) ||
                          fact.kind == fact_kind(CheckpointFact::task_triggered);
  if (first_sign && pending != pending_.end() && pending->second.begun.insert(fact.subject).second)
    start_delay_.add((now_ - pending->second.triggered).ns);
  if (fact.kind == fact_kind(CheckpointFact::aligned)) alignment_.add(signed_of(fact.b));
  if (fact.kind == fact_kind(CheckpointFact::sync_done)) sync_.add(signed_of(fact.b));
  if (fact.kind != fact_kind(CheckpointFact::async_done)) return;
  async_.add(signed_of(fact.b));
  if (pending == pending_.end()) return;
  pending->second.full_size += fact.c;
  const int64_t took = (now_ - pending->second.triggered).ns;
  if (took <= slowest_ns_) return;
  slowest_ns_ = took;
  const Subtask& part = subtask(fact.subject);
  slowest_ = *part.id + "/" + std::to_string(part.index);
}

void Metrics::on_world(const sim::Fact& fact) {
  if (fact.kind == fact_kind(sim::NetworkFact::delivered)) {
    ++delivered_;
  } else if (fact.kind == fact_kind(sim::NetworkFact::lost) ||
             fact.kind == fact_kind(sim::NetworkFact::unreachable)) {
    ++lost_;
  } else if (fact.kind == fact_kind(BrokerFact::transaction_begun)) {
    ++begun_;
  } else if (fact.kind == fact_kind(BrokerFact::transaction_committed)) {
    ++commits_;
  } else if (fact.kind == fact_kind(BrokerFact::transaction_aborted)) {
    ++aborts_;
  } else if (fact.kind == fact_kind(BrokerFact::refused)) {
    if (fact.a == static_cast<uint64_t>(sim::BrokerResult::fenced)) ++fenced_;
  } else if (fact.kind == fact_kind(ObjectFact::put)) {
    bytes_written_ += fact.a;
    objects_.insert(fact.subject);
  } else if (fact.kind == fact_kind(ObjectFact::got)) {
    bytes_read_ += fact.a;
  } else if (fact.kind == fact_kind(ObjectFact::deleted)) {
    objects_.erase(fact.subject);
  } else if (fact.kind == fact_kind(ObjectFact::missing)) {
    ++store_errors_;
  } else if (fact.kind == fact_kind(StateFact::engine)) {
    engines_.on(fact);
  } else if (fact.kind == fact_kind(model::HeapFact::size)) {
    vertex_of(fact.subject).sizes[{subtask(fact.subject).index, fact.a}] = {fact.b, fact.c};
  } else if (fact.kind == fact_kind(model::HeapFact::gc_pause)) {
    ++gc_pauses_;
    gc_time_ += fact.a;
  } else if (fact.kind == fact_kind(StateFact::out_of_memory)) {
    ++out_of_memory_;
  } else if (fact.kind == fact_kind(StateFact::shared_files)) {
    sst_bytes_ += fact.b;
    reused_sst_bytes_ += fact.c;
  }
}

// Faults are announced as "fault/ID" by whoever injects them, kind 1 = it landed; services announce
// each request that a rule of theirs hit.
void Metrics::on_fault(const sim::Fact& fact) {
  constexpr uint16_t kLanded = sim::fact_kind(FactGroup::fault, 1);
  if (fact.kind == sim::kServiceFaultFact) {
    if (names_(fact.entity).find("storage") != std::string_view::npos) ++store_errors_;
    return;
  }
  const std::string_view name = names_(fact.entity);
  if (fact.kind != kLanded || !name.starts_with("fault/")) return;
  segments_.fault_landed(now_);
  Fault& fault = faults_[std::string(name.substr(6))];
  if (++fault.landed == 1) fault.first = now_;
  fault.last = now_;
  fault.recovering = true;
}

std::optional<sim::Time> Metrics::landed_at(std::string_view id) const {
  const auto found = faults_.find(id);
  if (found == faults_.end()) return std::nullopt;
  return found->second.first;
}

}  // namespace drey::reports
