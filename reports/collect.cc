#include "reports/collect.h"

#include <fmt/core.h>

#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/network.h"
#include "state/keyed_backend.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::StateFact;
using sim::FactGroup;

std::string subtask_name(std::string_view subject) {
  const size_t slash = subject.find('/');
  return std::string(subject.starts_with("job-") && slash != std::string_view::npos
                         ? subject.substr(slash + 1)
                         : subject);
}

uint64_t Collector::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::checkpoint) |
         sim::interest(FactGroup::state) | sim::interest(FactGroup::network);
}

bool Collector::wants(uint16_t kind) const {
  return sim::fact_group(kind) != FactGroup::network ||
         kind == fact_kind(sim::NetworkFact::delivered);
}

void Collector::on_message(uint32_t kind) {
  Recent& recent = recent_[kind % recent_.size()];
  if (recent.count == nullptr || recent.kind != kind) recent = {kind, &messages_[kind]};
  ++*recent.count;
}

void Collector::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind == fact_kind(sim::NetworkFact::delivered)) {
    on_message(static_cast<uint32_t>(fact.a));
    return;
  }
  const FactGroup group = sim::fact_group(fact.kind);
  if (group == FactGroup::control) {
    on_control(fact);
    on_history(fact);
  }
  if (group == FactGroup::checkpoint) on_checkpoint(fact);
  if (group == FactGroup::state) on_state(fact);
}

void Collector::on_control(const sim::Fact& fact) {
  if (fact.kind == fact_kind(ControlFact::job_status)) job_state_ = job_status_name(fact.a);
  if (fact.kind == fact_kind(ControlFact::failover_begun))
    failovers_.push_back({.number = fact.a,
                          .cause = std::string(cause_name(fact.b & 0xff)),
                          .failed = subtask_name(names_.about(fact)),
                          .at = fact.at,
                          .backoff = {static_cast<int64_t>(fact.c)},
                          .restarted = {}});
  // The tasks of a failover follow it at once.
  if (fact.kind == fact_kind(ControlFact::restart_task) && !failovers_.empty())
    failovers_.back().restarted.emplace_back(subtask_name(names_.about(fact)),
                                             restart_reason_name(fact.b));
}

void Collector::on_history(const sim::Fact& fact) {
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    history_.statuses.push_back({fact.at, std::string(job_status_name(fact.a))});
  } else if (fact.kind == fact_kind(ControlFact::failure)) {
    const std::string about = subtask_name(names_.about(fact));
    const bool of_task = about.find('/') != std::string::npos;
    history_.exceptions.push_back(
        {fact.at, of_task ? about : std::string(), fact.a, std::string(cause_name(fact.b))});
  } else if (fact.kind == fact_kind(ControlFact::deployed)) {
    const std::string task = subtask_name(names_.about(fact));
    if (fact.a > 0)
      history_.attempts[task] = fact.a;
    else
      history_.attempts.erase(task);  // a new JobMaster counts from 0
  }
}

void Collector::on_checkpoint(const sim::Fact& fact) {
  const auto id = [&] { return fmt::format("{} {}", names_.about(fact), fact.a); };
  // One fact a barrier; or with the alignment, where channels are counted and not told apart.
  if (fact.kind == fact_kind(CheckpointFact::barrier_received)) ++barriers_;
  if (fact.kind == fact_kind(CheckpointFact::aligned)) barriers_ += fact.c;
  if (fact.kind == fact_kind(CheckpointFact::completed)) completed_.insert(id());
  if (fact.kind == fact_kind(CheckpointFact::aborted)) failed_.insert(id());
  if (fact.kind == fact_kind(CheckpointFact::trigger_refused) && fact.a != 0) failed_.insert(id());
  if (fact.kind == fact_kind(CheckpointFact::restoring) && fact.a != 0) ++restored_;
}

void Collector::on_state(const sim::Fact& fact) {
  engines_.on(fact);
  if (fact.kind == fact_kind(StateFact::shared_files)) {
    rocksdb_.checkpoint_sst_bytes += fact.b;
    rocksdb_.reused_sst_bytes += fact.c;
  }
}

void Collector::fill(RunResult& result,
                     const std::map<uint32_t, std::string>& message_names) const {
  result.job_state = job_state_;
  result.checkpoints = {.completed = completed_.size(), .failed = 0, .restored = restored_};
  for (const std::string& id : failed_)
    if (completed_.count(id) == 0) ++result.checkpoints.failed;
  result.failovers = failovers_;
  result.history = history_;
  result.barriers = barriers_;
  result.rocksdb = rocksdb_;
  result.rocksdb.flushes = engines_.flushes();
  result.rocksdb.compactions = engines_.compactions();
  for (const auto& [kind, count] : messages_) {
    const auto name = message_names.find(kind);
    result.messages[name != message_names.end() ? name->second : fmt::format("{:08x}", kind)] +=
        count;
  }
}

}  // namespace drey::reports
