#include "reports/oracles/checkpoint_tolerance.h"

#include <fmt/core.h>

#include "model/graph/execution_state.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::JobStatus;

namespace {

// Cause::Kind of a failure.
constexpr uint64_t kCheckpointCause = 9;
// SnapshotType: this and those behind it are savepoints.
constexpr uint64_t kFirstSavepoint = 2;
constexpr uint64_t kRunning = static_cast<uint64_t>(JobStatus::running);

// CheckpointFailureReason. CF-2: these count.
constexpr uint64_t kIo = 4, kAsync = 6, kExpired = 8, kDeclined = 10, kFinalize = 22;

bool counts(uint64_t reason) {
  return reason == kIo || reason == kAsync || reason == kExpired || reason == kDeclined ||
         reason == kFinalize;
}

// Found by the JobMaster, whatever tasks do.
bool is_own_finding(uint64_t reason) { return reason == kExpired || reason == kFinalize; }

}  // namespace

void CheckpointTolerance::on(const sim::Fact& fact, sim::FactNumber) {
  if (!view_->of_job(fact)) return;
  JobMaster& master = masters_[fact.entity.index];
  settle(master, fact.at);
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    if (fact.b == static_cast<uint64_t>(JobStatus::created)) master = {};
    master.status = fact.a;
    if (fact.a != kRunning) master.due.reset();
  } else if (fact.kind == fact_kind(CheckpointFact::completed)) {
    if (master.counted.empty() || fact.a > *master.counted.rbegin()) master.counted.clear();
    master.without_id = 0;
  } else if (fact.kind == fact_kind(CheckpointFact::failed)) {
    count(master, fact);
  } else if (fact.kind == fact_kind(model::SavepointFact::stands)) {
    master.other_rule = true;
  } else if (fact.kind == fact_kind(ControlFact::failure)) {
    failed(master, fact);
  }
}

void CheckpointTolerance::count(JobMaster& master, const sim::Fact& fact) {
  if (fact.c >= kFirstSavepoint) {
    master.other_rule = true;
    return;
  }
  if (!tolerable_.has_value() || !counts(fact.b)) return;
  evidence_.examined();
  if (fact.a == 0)
    ++master.without_id;
  else
    master.counted.insert(fact.a);
  if (master.counted.size() + master.without_id <= *tolerable_) return;
  master.exceeded = fact.at;
  master.counted.clear();
  master.without_id = 0;
  if (master.status == kRunning && is_own_finding(fact.b)) master.due = fact;
}

void CheckpointTolerance::failed(JobMaster& master, const sim::Fact& fact) {
  master.due.reset();  // for whatever reason: it fails
  if (fact.b != kCheckpointCause || master.other_rule) return;
  evidence_.examined();
  if (!master.exceeded.has_value() || *master.exceeded != fact.at)
    evidence_.violate(
        fact.at, fact_text(fact, view_->names()),
        fmt::format("{} checkpoints in a row have failed, {} are tolerated",
                    master.counted.size() + master.without_id,
                    tolerable_.has_value() ? std::to_string(*tolerable_) : "any number"));
}

void CheckpointTolerance::settle(JobMaster& master, sim::Time now) {
  if (!master.due.has_value() || now <= master.due->at) return;
  evidence_.violate(
      master.due->at, fact_text(*master.due, view_->names()),
      fmt::format("more than {} checkpoints in a row have failed, but the job goes on",
                  *tolerable_));
  master.due.reset();
}

Finding CheckpointTolerance::finish(sim::Time end) {
  for (auto& [path, master] : masters_) settle(master, end);
  if (evidence_.count() == 0) evidence_.excuse("no checkpoint failed");
  return evidence_.finding(name());
}

}  // namespace drey::reports
