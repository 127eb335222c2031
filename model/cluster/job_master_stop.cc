// How a JobMaster stops when its leadership is lost, on its main thread:
//
// 1. The job and its tasks are suspended. What arrives meanwhile is handled next.
// 2. The checkpoint store is closed, which asks the pointer store; until that has answered, or the
//    client has given up, the thread hangs, and what arrives waits. The pointer store is out of
//    reach in most cases, that is why the leadership was lost: so this may take until another
//    JobMaster leads the job.
// 3. What has waited, and good-bye to all TaskManagers that are left.
//
// Letting go of a TaskManager frees its slots and tells it so, both without the name of a leader:
// said late, it hits the slots and the tasks of the new one (control-plane.md 1; twin 061).
//
// Upstream: JobMaster.onStop, stopJobExecution, SchedulerBase.closeAsync,
// DefaultDeclarativeSlotPool.releaseSlots.
#include "model/cluster/job_master.h"

namespace drey::model {

namespace {
// From SUSPENDED to the last task's CANCELED: 40 ms in twin 061, 170 ms in twin 060.
constexpr sim::Duration kSuspension = sim::milliseconds(50);
}  // namespace

void JobMaster::suspend() {
  over_ = true;
  scheduler_.suspend();
  checkpoints_.shut_down(JobStatus::suspended);
  stopping_ = true;
  leadership_.stop_begins();
  later(kSuspension, {tasks_suspended, 0});
}

// What else is asked of a suspended job comes to nothing.
void JobMaster::hold(const sim::Message& body) {
  if (body.kind() != DisconnectTaskManager::kind_id()) return;
  const auto& message = sim::as<DisconnectTaskManager>(body);
  held_.emplace_back(message.resource, message.cause);
}

void JobMaster::let_go_of_held() {
  for (const auto& [resource, cause] : held_) lose_task_manager(resource, cause);
  held_.clear();
}

void JobMaster::close_stores() {
  let_go_of_held();
  if (ha_ != nullptr)
    ha_->release();
  else
    stop();
}

void JobMaster::stop() {
  let_go_of_held();
  const Cause cause = {.kind = Cause::Kind::job_master_lost, .text = "the JobMaster is stopping"};
  while (!task_managers_.empty()) lose_task_manager(task_managers_.begin()->first, cause);
  stopped_ = true;
  leadership_.stop_is_over();
}

}  // namespace drey::model
