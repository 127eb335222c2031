#include "model/cluster/null_grain.h"

namespace drey::model {

class NullTaskFactory final : public TaskFactory {
 public:
  NullTaskFactory(sim::World& world, sim::ProcessId process, NullGrain& grain)
      : world_(world),
        process_(process),
        grain_(grain),
        exchange_(world, process, grain.options_.exchange, grain.lists_) {}

  std::unique_ptr<TaskRuntime> make(std::shared_ptr<const Deployment> deployment,
                                    TaskListener& listener) override {
    return std::make_unique<NullTask>(world_, process_, std::move(deployment), listener,
                                      grain_.options_.task, exchange_);
  }
  void release(const std::vector<PartitionId>& partitions) override {
    exchange_.release(partitions);
  }
  sim::Address data_address() const override { return exchange_.address(); }

 private:
  sim::World& world_;
  sim::ProcessId process_;
  NullGrain& grain_;
  NullExchange exchange_;
};

std::unique_ptr<TaskFactory> NullGrain::make_factory(sim::World& world, sim::ProcessId process) {
  return std::make_unique<NullTaskFactory>(world, process, *this);
}

}  // namespace drey::model
