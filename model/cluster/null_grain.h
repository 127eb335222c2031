#pragma once
// The null grain of all TaskManagers of a run: tasks that report and acknowledge as told.
#include "model/cluster/cluster.h"
#include "model/task/null_task.h"

namespace drey::model {

class NullGrain final : public TaskGrain {
 public:
  explicit NullGrain(const NullTaskOptions& options) : options_(options) {}
  std::unique_ptr<TaskFactory> make_factory(sim::World& world, sim::ProcessId process) override;

 private:
  friend class NullTaskFactory;
  NullTaskOptions options_;
  NullBarriers barriers_;
};

}  // namespace drey::model
