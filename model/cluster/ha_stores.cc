#include "model/cluster/ha_stores.h"

#include <charconv>

#include "model/cluster/leadership.h"
#include "model/cluster/pointer_store_leadership.h"

namespace drey::model {

namespace {

constexpr std::string_view kPlans = "plans/";
constexpr std::string_view kResults = "results/";
constexpr std::string_view kCounters = "checkpoint-counter/";
constexpr std::string_view kCheckpoints = "checkpoints/";
constexpr std::string_view kDirty = "dirty ";
constexpr std::string_view kClean = "clean ";

std::string guard() { return std::string(kLeaderLatch); }
std::string name_of(std::string_view folder, JobId job) {
  return std::string(folder) + job_component(job);
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of "folder/job-7".
std::optional<JobId> job_of(std::string_view name, std::string_view folder) {
  const std::string_view component = name.substr(folder.size());
  constexpr std::string_view kJob = "job-";
  if (!component.starts_with(kJob)) return std::nullopt;
  return parse<JobId>(component.substr(kJob.size()));
}

std::string result_text(std::string_view state, JobStatus status) {
  return std::string(state) + std::to_string(static_cast<int>(status));
}

}  // namespace

bool was_read(const PointerOutcome& outcome) {
  return outcome.effect == PointerEffect::done ||
         (outcome.answered && outcome.result == sim::PointerResult::missing);
}

bool is_gone(const PointerOutcome& outcome) { return was_read(outcome); }

// ---- plans

void ExecutionPlanStore::put(PointerUser& user, uint64_t ticket, JobId job) {
  access_.write(user, ticket,
                {.name = name_of(kPlans, job), .value = job_component(job), .guard = guard()});
}
void ExecutionPlanStore::remove(PointerUser& user, uint64_t ticket, JobId job) {
  access_.remove(user, ticket, name_of(kPlans, job), guard());
}
void ExecutionPlanStore::read_all(PointerUser& user, uint64_t ticket) {
  access_.read(user, ticket, std::string(kPlans), false);
}
std::vector<JobId> ExecutionPlanStore::jobs_in(const PointerOutcome& outcome) {
  std::vector<JobId> jobs;
  for (const sim::PointerValue& value : outcome.values)
    if (const auto job = job_of(value.name, kPlans)) jobs.push_back(*job);
  return jobs;
}

// ---- results

void JobResultStore::put_dirty(PointerUser& user, uint64_t ticket, JobId job, JobStatus status) {
  access_.write(
      user, ticket,
      {.name = name_of(kResults, job), .value = result_text(kDirty, status), .guard = guard()});
}
void JobResultStore::mark_clean(PointerUser& user, uint64_t ticket, JobId job, JobStatus status,
                                bool remove) {
  if (remove) {
    access_.remove(user, ticket, name_of(kResults, job), guard());
    return;
  }
  access_.write(
      user, ticket,
      {.name = name_of(kResults, job), .value = result_text(kClean, status), .guard = guard()});
}
void JobResultStore::read(PointerUser& user, uint64_t ticket, JobId job) {
  access_.read(user, ticket, name_of(kResults, job), true);
}
void JobResultStore::read_all(PointerUser& user, uint64_t ticket) {
  access_.read(user, ticket, std::string(kResults), false);
}
std::vector<JobResult> JobResultStore::results_in(const PointerOutcome& outcome) {
  std::vector<JobResult> results;
  for (const sim::PointerValue& value : outcome.values) {
    const auto job = job_of(value.name, kResults);
    const auto status = parse<int>(std::string_view(value.value).substr(kDirty.size()));
    if (!job.has_value() || !status.has_value()) continue;
    results.push_back({.job = *job,
                       .status = static_cast<JobStatus>(*status),
                       .clean = value.value.starts_with(kClean)});
  }
  return results;
}

// ---- checkpoint ids

void CheckpointIdCounter::read(PointerUser& user, uint64_t ticket) {
  access_.read(user, ticket, name_of(kCounters, job_), true);
}
void CheckpointIdCounter::recovered(const PointerOutcome& outcome) {
  version_ = sim::kMustNotExist;
  stale_ = false;
  if (outcome.values.empty()) return;
  version_ = outcome.values.front().version;
  next_ = parse<CheckpointId>(outcome.values.front().value).value_or(next_);
}
void CheckpointIdCounter::advance_to(PointerUser& user, uint64_t ticket, CheckpointId next) {
  access_.write(user, ticket,
                {.name = name_of(kCounters, job_),
                 .value = std::to_string(next),
                 .expected = version_,
                 .guard = guard()});
}
void CheckpointIdCounter::advanced(CheckpointId next, const PointerOutcome& outcome) {
  stale_ = outcome.effect != PointerEffect::done;
  if (stale_) return;
  version_ = outcome.version;
  next_ = next;
}
void CheckpointIdCounter::remove(PointerUser& user, uint64_t ticket) {
  access_.remove(user, ticket, name_of(kCounters, job_), guard());
}

// ---- completed checkpoints

std::string CheckpointPointers::prefix() const { return name_of(kCheckpoints, job_) + "/"; }
void CheckpointPointers::put(PointerUser& user, uint64_t ticket, const CheckpointPointer& pointer) {
  access_.write(user, ticket,
                {.name = prefix() + std::to_string(pointer.id),
                 .value = pointer.location,
                 .expected = sim::kMustNotExist,
                 .guard = guard()});
}
void CheckpointPointers::remove(PointerUser& user, uint64_t ticket, CheckpointId id) {
  access_.remove(user, ticket, prefix() + std::to_string(id), guard());
}
void CheckpointPointers::read_all(PointerUser& user, uint64_t ticket) {
  access_.read(user, ticket, prefix(), false);
}
std::vector<CheckpointPointer> CheckpointPointers::pointers_in(const PointerOutcome& outcome) {
  std::vector<CheckpointPointer> pointers;
  for (const sim::PointerValue& value : outcome.values) {
    const auto id =
        parse<CheckpointId>(std::string_view(value.name).substr(value.name.rfind('/') + 1));
    if (id.has_value()) pointers.push_back({*id, value.value});
  }
  return pointers;
}

}  // namespace drey::model
