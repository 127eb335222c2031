// The Dispatcher with high availability: recovery at the start of a term, durable submissions, and
// what happens to a job's data when it has ended.
#include <algorithm>

#include "model/cluster/dispatcher.h"
#include "model/cluster/pointer_store_leadership.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {

// cleanup-strategy.exponential-delay.*: 1 s doubling to 1 h, without end.
constexpr sim::Duration kCleanupDelayMin = sim::seconds(1);
constexpr sim::Duration kCleanupDelayMax = sim::minutes(60);

sim::Duration cleanup_delay(uint32_t failures) {
  return std::min(kCleanupDelayMin * (int64_t{1} << std::min(failures, 12u)), kCleanupDelayMax);
}

// Another leads: the revocation is on its way, and the new leader takes care.
bool leadership_is_lost(const PointerOutcome& outcome) {
  return outcome.answered && outcome.result == sim::PointerResult::not_leader;
}

bool has_result(const std::vector<JobResult>& results, JobId job) {
  return std::any_of(results.begin(), results.end(),
                     [job](const JobResult& result) { return result.job == job; });
}

}  // namespace

// step, term, job
uint64_t Dispatcher::ticket(Step step, JobId job) const {
  return (static_cast<uint64_t>(step) << 56) | ((term_ & 0xffffffu) << 32) | job;
}

bool Dispatcher::is_of_this_term(uint64_t ticket) const {
  return ((ticket >> 32) & 0xffffffu) == (term_ & 0xffffffu);
}

void Dispatcher::fatal(uint64_t error) {
  announce(fact_kind(ControlFact::fatal_error), world().machines().path(process()), error, 0, 0);
  world().machines().exit_process(process(), sim::StopReason::exit, 1);
}

void Dispatcher::announce_result(JobId job, JobResultEntry entry, JobStatus status) {
  announce(fact_kind(ControlFact::job_result_entry), kernel().intern(job_component(job)),
           static_cast<uint64_t>(entry), static_cast<uint64_t>(status), 0);
}

void Dispatcher::ask_store(Step step, JobId job) {
  ExecutionPlanStore plans(*access_);
  JobResultStore results(*access_);
  const uint64_t number = ticket(step, job);
  switch (step) {
    case Step::read_results:
      results.read_all(*this, number);
      return;
    case Step::read_plans:
      plans.read_all(*this, number);
      return;
    case Step::put_plan:
      plans.put(*this, number, job);
      return;
    case Step::withdraw_plan:
    case Step::remove_plan:
      plans.remove(*this, number, job);
      return;
    case Step::look_for_result:
      results.read(*this, number, job);
      return;
    case Step::put_result:
      results.put_dirty(*this, number, job, jobs_.at(job).ended_as);
      return;
    case Step::remove_counter:
      CheckpointIdCounter(*access_, job).remove(*this, number);
      return;
    case Step::mark_clean:
      results.mark_clean(*this, number, job, jobs_.at(job).status,
                         options_.delete_result_on_commit);
      return;
  }
}

void Dispatcher::on_pointer(uint64_t ticket, const PointerOutcome& outcome) {
  if (!is_of_this_term(ticket)) return;
  const auto job = static_cast<JobId>(ticket & 0xffffffffu);
  const auto step = static_cast<Step>(ticket >> 56);
  if (step == Step::read_results) return results_read(outcome);
  if (step == Step::read_plans) return plans_read(outcome);
  if (jobs_.count(job) == 0) return;
  switch (step) {
    case Step::read_results:
    case Step::read_plans:
    case Step::withdraw_plan:
      return;
    case Step::put_plan:
      return plan_put(job, outcome);
    case Step::look_for_result:
      return result_looked_for(job, outcome);
    case Step::put_result:
      return result_put(job, outcome);
    case Step::remove_counter:
    case Step::remove_plan:
      if (!is_gone(outcome)) return cleanup_failed(job, step);
      return removed(job, outcome);
    case Step::mark_clean:
      return marked_clean(job, outcome);
  }
}

// ---- recovery

void Dispatcher::recover(sim::FencingToken session) {
  ++term_;
  recovering_ = session;
  results_.clear();
  ask_store(Step::read_results, 0);
}

void Dispatcher::results_read(const PointerOutcome& outcome) {
  if (!was_read(outcome)) return fatal(static_cast<uint64_t>(FatalError::recovery));
  results_ = JobResultStore::results_in(outcome);
  ask_store(Step::read_plans, 0);
}

// First the clean-up of what has ended, then the rest runs.
void Dispatcher::plans_read(const PointerOutcome& outcome) {
  if (!was_read(outcome)) return fatal(static_cast<uint64_t>(FatalError::recovery));
  set_token(recovering_);
  leadership_.confirm(std::string(kDispatcherComponent), recovering_, address());
  for (const JobResult& result : results_) found_ended(result);
  for (const JobId job : ExecutionPlanStore::jobs_in(outcome)) {
    if (has_result(results_, job) || spec_.jobs->count(job) == 0) continue;
    announce(fact_kind(ControlFact::job_recovered), kernel().intern(job_component(job)),
             recovering_.low, 0, 0);
    jobs_[job];
    run_job(job);
  }
  results_.clear();
}

void Dispatcher::found_ended(const JobResult& result) {
  jobs_[result.job].status = result.status;
  announce_result(result.job, JobResultEntry::found, result.status);
  if (result.clean || spec_.jobs->count(result.job) == 0) return;
  start_job_master(result.job, recovering_, result.status);
}

// ---- submission

void Dispatcher::plan_put(JobId job, const PointerOutcome& outcome) {
  Job& entry = jobs_.at(job);
  const sim::Call call = *entry.submission;
  entry.submission.reset();
  if (outcome.effect != PointerEffect::done) {
    // JobSubmissionException; a plan that may be there after all is taken out again.
    if (outcome.effect == PointerEffect::unknown) ask_store(Step::withdraw_plan, job);
    jobs_.erase(job);
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  announce(fact_kind(ControlFact::plan_stored), kernel().intern(job_component(job)), 0, 0, 0);
  run_job(job);
  auto reply = std::make_shared<SubmitJobAnswer>();
  reply->accepted = true;
  answer(call, std::move(reply));
}

// ---- running

// JobMasterServiceLeadershipRunner: a job with a result is done, whatever the plans say.
void Dispatcher::result_looked_for(JobId job, const PointerOutcome& outcome) {
  if (!was_read(outcome)) return fatal(static_cast<uint64_t>(FatalError::recovery));
  const std::vector<JobResult> results = JobResultStore::results_in(outcome);
  if (!results.empty()) {
    leadership_.withdraw(job_component(job));
    found_ended(results.front());
    return;
  }
  start_job_master(job, jobs_.at(job).session, std::nullopt);
}

// ---- the end of a job

void Dispatcher::job_ended(JobId job, JobStatus status) {
  Job& entry = jobs_.at(job);
  if (is_globally_terminal(entry.ended_as)) return;
  entry.ended_as = status;
  if (options_.mutant == Mutant::no_job_result_store)
    result_kept(job);
  else
    ask_store(Step::put_result, job);
}

// The client learns of the end only now, that it is durable.
void Dispatcher::result_put(JobId job, const PointerOutcome& outcome) {
  if (leadership_is_lost(outcome)) return;
  if (outcome.effect != PointerEffect::done)
    return fatal(static_cast<uint64_t>(FatalError::result_not_kept));
  result_kept(job);
}

void Dispatcher::result_kept(JobId job) {
  Job& entry = jobs_.at(job);
  entry.status = entry.ended_as;
  announce_result(job, JobResultEntry::dirty, entry.status);
  leadership_.withdraw(job_component(job));
  if (entry.master != nullptr) entry.master->clean_up();
}

// The JobMaster has removed its checkpoints; it goes, then what else there is of the job.
void Dispatcher::clean_up(JobId job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || found->second.to_remove > 0) return;
  later({}, {remove_job_master, job});
  if (!highly_available()) return;
  found->second.to_remove = 2;
  ask_store(Step::remove_counter, job);
  ask_store(Step::remove_plan, job);
}

void Dispatcher::removed(JobId job, const PointerOutcome&) {
  if (--jobs_.at(job).to_remove == 0) ask_store(Step::mark_clean, job);
}

void Dispatcher::marked_clean(JobId job, const PointerOutcome& outcome) {
  if (!is_gone(outcome)) return cleanup_failed(job, Step::mark_clean);
  announce_result(job, JobResultEntry::clean, jobs_.at(job).status);
}

void Dispatcher::cleanup_failed(JobId job, Step again) {
  Job& entry = jobs_.at(job);
  later(cleanup_delay(entry.cleanup_failures++), {retry_cleanup, ticket(again, job)});
}

}  // namespace drey::model
