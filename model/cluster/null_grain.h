#pragma once
// The null grain of all TaskManagers of a run: tasks that report and acknowledge as told, and data
// endpoints that carry ranges of channels.
#include "model/cluster/cluster.h"
#include "model/task/null_task.h"

namespace drey::model {

struct NullGrainOptions {
  NullTaskOptions task;
  NullExchangeOptions exchange;
};

class NullGrain final : public TaskGrain {
 public:
  explicit NullGrain(const NullGrainOptions& options) : options_(options) {}
  std::unique_ptr<TaskFactory> make_factory(sim::World& world, sim::ProcessId process) override;

 private:
  friend class NullTaskFactory;
  NullGrainOptions options_;
  SharedLists lists_;
};

}  // namespace drey::model
