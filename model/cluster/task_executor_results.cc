// The TaskExecutor's table of results that outlive their tasks: they are kept until the JobMaster
// releases them or is lost; as long as there are some, the connection to it stays. Upstream:
// TaskExecutorPartitionTrackerImpl, TaskExecutor.setupResultPartitionBookkeeping.
#include "model/cluster/task_executor.h"
#include "model/mutants.h"
#include "model/trace_events.h"

namespace drey::model {

void TaskExecutor::keep_results_of(const Deployment& deployment) {
  if (options_.shuffle_service.process.valid()) return;  // nothing of them lies here
  const JobGraph& graph = deployment.job->graph;
  for (const ResultPartitionSpec& result : deployment.results)
    if (is_released_by_scheduler(graph.data_sets[result.data_set].type)) results_.insert(result.id);
}

bool TaskExecutor::holds_results_of(JobId job) const {
  if (options_.mutant == Mutant::task_manager_forgets_results) return false;
  for (const PartitionId& id : results_)
    if (id.producer.job == job) return true;
  return false;
}

// The task itself has dropped what it wrote.
void TaskExecutor::forget_results_of(const Deployment& deployment) {
  for (const ResultPartitionSpec& result : deployment.results) results_.erase(result.id);
}

void TaskExecutor::release_results(const std::vector<PartitionId>& ids) {
  if (options_.mutant != Mutant::results_left_behind) factory_.release(ids);
  for (const PartitionId& id : ids) results_.erase(id);
}

// What running tasks write goes with them.
void TaskExecutor::release_results_of(JobId job) {
  std::vector<PartitionId> held;
  for (const PartitionId& id : results_)
    if (id.producer.job == job && tasks_.count(id.producer) == 0) held.push_back(id);
  release_results(held);
}

void TaskExecutor::forget_job_without_slots(JobId job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || slots_.has_allocated(job) || holds_results_of(job)) return;
  for (const auto& [attempt, task] : tasks_)
    if (attempt.job == job) return;
  release_results_of(job);  // there are none; a mutant believes so
  if (found->second.connected) {
    jm_heartbeats_.unmonitor_target(found->second.resource);
    auto body = std::make_shared<DisconnectTaskManager>();
    body->resource = spec_.resource;
    body->cause = {.kind = Cause::Kind::slot_lost, .text = "no more slots of this job"};
    tell(found->second.address, found->second.token, std::move(body));
  }
  leadership_.unwatch(job_component(job), *this);
  jobs_.erase(found);
}

}  // namespace drey::model
