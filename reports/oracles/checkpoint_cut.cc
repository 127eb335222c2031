#include "reports/oracles/checkpoint_cut.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/object_store.h"
#include "sim/pointer_store.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using model::SubtaskIndex;
using model::TaskFact;
using sim::FactGroup;
using sim::ObjectFact;
using sim::PointerFact;

namespace {

constexpr uint64_t kFinished = static_cast<uint64_t>(ExecutionState::finished);

// The digits at the end of "pointer/checkpoints/job-1/7".
uint64_t last_number(std::string_view name) {
  uint64_t number = 0;
  for (const char c : name.substr(name.rfind('/') + 1))
    if (c >= '0' && c <= '9') number = number * 10 + static_cast<uint64_t>(c - '0');
  return number;
}

}  // namespace

CheckpointCut::CheckpointCut(Options options, std::shared_ptr<const JobView> view)
    : options_(std::move(options)), view_(std::move(view)), files_(options_.directory, view_) {}

uint64_t CheckpointCut::interests() const {
  return sim::interest(FactGroup::checkpoint) | sim::interest(FactGroup::control) |
         sim::interest(FactGroup::task) | sim::interest(FactGroup::store);
}

void CheckpointCut::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

void CheckpointCut::on(const sim::Fact& fact, sim::FactNumber) {
  const FactGroup group = sim::fact_group(fact.kind);
  if (group == FactGroup::store) {
    on_store(fact);
    return;
  }
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (group == FactGroup::control)
    on_control(fact);
  else if (group == FactGroup::checkpoint)
    on_checkpoint(fact);
  else if (subtask.has_value())
    on_task(fact, *subtask);
}

void CheckpointCut::on_store(const sim::Fact& fact) {
  if (fact.kind == fact_kind(PointerFact::written) ||
      fact.kind == fact_kind(PointerFact::removed)) {
    const std::string_view name = view_->names()(fact.subject);
    if (!name.starts_with("pointer/checkpoints/" + view_->job() + "/")) return;
    if (fact.kind == fact_kind(PointerFact::written))
      pointers_.insert(last_number(name));
    else
      pointers_.erase(last_number(name));
    return;
  }
  if (fact.kind == fact_kind(ObjectFact::missing)) {
    // A file of the job's checkpoints that was there once, is read and is gone. Deletions of what
    // is gone already are repeats.
    constexpr uint64_t kGet = sim::endpoint_id(sim::GetObject::kName);
    const auto known = files_.by_path().find(fact.subject.index);
    if (fact.a == kGet && known != files_.by_path().end() && !known->second.damaged && !over_)
      violate(fact, fmt::format("{} is read, but was deleted", known->second.key));
    return;
  }
  const CheckpointFile* file = files_.on(fact);
  if (file != nullptr && fact.kind == fact_kind(ObjectFact::deleted)) judge_removal(*file, fact);
}

void CheckpointCut::judge_removal(const CheckpointFile& file, const sim::Fact& fact) {
  const auto completed = acknowledged_of_.find(file.checkpoint);
  if (completed == acknowledged_of_.end() || file.damaged) return;
  const auto acknowledged = completed->second.find(file.subtask);
  const bool belongs = file.metadata || (acknowledged != completed->second.end() &&
                                         acknowledged->second == file.attempt);
  if (!belongs) return;
  evidence_.examined();
  const bool kept =
      std::find(retained_.begin(), retained_.end(), file.checkpoint) != retained_.end();
  if (kept && !over_)
    violate(fact, fmt::format("{} was deleted, but checkpoint {} is retained", file.key,
                              file.checkpoint));
  if (options_.high_availability && pointers_.count(file.checkpoint) != 0)
    violate(fact, fmt::format("{} was deleted before the pointer to checkpoint {}", file.key,
                              file.checkpoint));
}

void CheckpointCut::on_control(const sim::Fact& fact) {
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    JobMaster& master = masters_[fact.entity.index];
    if (fact.b == static_cast<uint64_t>(JobStatus::created)) master = {};
    master.executions.resize(view_->topology().subtasks());
    over_ = over_ || model::is_globally_terminal(static_cast<JobStatus>(fact.a));
    if (fact.b == static_cast<uint64_t>(JobStatus::created)) over_ = false;
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
    JobMaster& master = masters_[fact.entity.index];
    if (subtask.has_value() && *subtask < master.executions.size())
      master.executions[*subtask] = {fact.b, fact.a};
  }
}

void CheckpointCut::on_checkpoint(const sim::Fact& fact) {
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(CheckpointFact::source_position)) {
    if (subtask.has_value()) position(fact, *subtask);
    return;
  }
  JobMaster& master = masters_[fact.entity.index];
  if (fact.kind == fact_kind(CheckpointFact::triggered)) {
    trigger(master, fact);
  } else if (fact.kind == fact_kind(CheckpointFact::acknowledged)) {
    const auto pending = master.pending.find(fact.a);
    if (subtask.has_value() && pending != master.pending.end() && !pending->second.aborted)
      pending->second.acknowledged[*subtask] = fact.b;
  } else if (fact.kind == fact_kind(CheckpointFact::aborted)) {
    const auto pending = master.pending.find(fact.a);
    if (pending != master.pending.end()) pending->second.aborted = true;
  } else if (fact.kind == fact_kind(CheckpointFact::completed)) {
    complete(master, fact);
  }
}

void CheckpointCut::trigger(JobMaster& master, const sim::Fact& fact) {
  const auto [before, first] = triggered_by_.emplace(fact.a, fact.entity.index);
  if (!first) violate(fact, fmt::format("checkpoint {} was triggered before", fact.a));
  if (options_.high_availability && fact.a < highest_)
    violate(fact, fmt::format("checkpoint {} follows checkpoint {}", fact.a, highest_));
  highest_ = std::max(highest_, fact.a);
  Pending pending;
  for (SubtaskIndex s = 0; s < master.executions.size(); ++s)
    if (master.executions[s].first != kFinished) pending.plan[s] = master.executions[s].second;
  master.pending[fact.a] = std::move(pending);
  if (master.pending.size() > 64) master.pending.erase(master.pending.begin());
}

void CheckpointCut::complete(JobMaster& master, const sim::Fact& fact) {
  evidence_.examined();
  if (!completed_.insert(fact.a).second)
    violate(fact, fmt::format("checkpoint {} completed before", fact.a));
  const auto found = master.pending.find(fact.a);
  if (found == master.pending.end()) {
    violate(fact, fmt::format("checkpoint {} was never triggered", fact.a));
    return;
  }
  const Pending& pending = found->second;
  if (pending.aborted) violate(fact, fmt::format("checkpoint {} was aborted before", fact.a));
  for (const auto& [subtask, attempt] : pending.plan) {
    const auto acknowledged = pending.acknowledged.find(subtask);
    if (acknowledged == pending.acknowledged.end())
      violate(fact,
              fmt::format("{} has not acknowledged checkpoint {}", view_->name(subtask), fact.a));
    else if (acknowledged->second != attempt)
      violate(fact, fmt::format("attempt {} of {} acknowledged checkpoint {}, planned was {}",
                                acknowledged->second, view_->name(subtask), fact.a, attempt));
  }
  judge_files(pending, fact);
  acknowledged_of_[fact.a] = pending.acknowledged;
  retained_.push_back(fact.a);
  if (retained_.size() > options_.retained) retained_.erase(retained_.begin());
  if (acknowledged_of_.size() > 64) acknowledged_of_.erase(acknowledged_of_.begin());
  master.pending.erase(master.pending.begin(), std::next(found));
}

void CheckpointCut::judge_files(const Pending& pending, const sim::Fact& fact) {
  bool metadata = false;
  for (const CheckpointFile* file : files_.of(fact.a)) {
    metadata = metadata || (file->metadata && file->there);
    const auto acknowledged = pending.acknowledged.find(file->subtask);
    const bool belongs = file->metadata || (acknowledged != pending.acknowledged.end() &&
                                            acknowledged->second == file->attempt);
    if (belongs) evidence_.examined();
    if (belongs && !file->there && !file->damaged)
      violate(fact, fmt::format("checkpoint {} completes without {}", fact.a, file->key));
  }
  if (!metadata) violate(fact, fmt::format("checkpoint {} completes without its metadata", fact.a));
}

void CheckpointCut::position(const sim::Fact& fact, SubtaskIndex subtask) {
  evidence_.examined();
  Source& source = sources_[fact.entity.index];
  const auto [last, first] = source.offsets.emplace(fact.b, fact.c);
  if (!first && fact.c < last->second)
    violate(fact, fmt::format("{} goes back in {} from offset {} to {}", view_->name(subtask),
                              view_->names().split(fact.b), last->second, fact.c));
  last->second = fact.c;
  positions_[{fact.a, view_->topology().vertex_of(subtask)}][fact.b] = fact.c;
}

// What a source restored and where it began are announced in either order.
void CheckpointCut::on_task(const sim::Fact& fact, SubtaskIndex subtask) {
  if (fact.kind == fact_kind(TaskFact::state)) {
    if (fact.b != static_cast<uint64_t>(ExecutionState::initializing)) return;
    sources_.erase(fact.entity.index);
    restored_.erase({subtask, fact.a});
    started_.erase({subtask, fact.a});
    return;
  }
  std::pair<SubtaskIndex, uint64_t> attempt{subtask, fact.a};
  if (fact.kind == fact_kind(TaskFact::restored)) {
    restored_[attempt] = fact.b;
  } else if (fact.kind == fact_kind(TaskFact::started_reading)) {
    attempt.second = fact.c;
    started_[attempt][fact.a] = fact.b;
  } else {
    return;
  }
  const auto restored = restored_.find(attempt);
  const auto started = started_.find(attempt);
  if (restored == restored_.end() || started == started_.end()) return;
  const auto cut = positions_.find({restored->second, view_->topology().vertex_of(subtask)});
  if (cut == positions_.end()) return;
  for (const auto& [split, offset] : started->second) {
    const auto due = cut->second.find(split);
    if (due == cut->second.end()) continue;
    evidence_.examined();
    if (due->second != offset)
      violate(fact, fmt::format("{} restored checkpoint {} and reads {} from {}, not from {}",
                                view_->name(subtask), restored->second, view_->names().split(split),
                                offset, due->second));
  }
  started_.erase(started);
}

Finding CheckpointCut::finish(sim::Time) {
  if (!options_.checkpointing)
    evidence_.excuse("checkpointing is off");
  else if (completed_.empty())
    evidence_.excuse("no checkpoint was completed");
  return evidence_.finding(name());
}

}  // namespace drey::reports
