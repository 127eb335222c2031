// buffer-pools.json: the pools of one task manager driven by scripts, and the numbers of buffers of
// gates and partitions.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "model/task/buffer_counts.h"
#include "model/task/local_buffer_pool.h"
#include "model/task/network_buffer_pool.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

class PoolScript {
 public:
  explicit PoolScript(int32_t segments) : network_(segments) {}
  ~PoolScript() {
    for (Held& pool : pools_) pool.pool->destroy();
  }

  Json step(const Json& event) {
    actions_ = Json::array();
    const Json result = run(event);
    Json pools = Json::array();
    for (const Held& held : pools_)
      pools.push_back({held.pool->size(), held.pool->requested(), held.pool->free(),
                       held.pool->available(), held.pool->buffers_per_subpartition()});
    return {result, actions_, pools, network_.free(), network_.required()};
  }

 private:
  class Listener : public model::BufferListener {
   public:
    Listener(PoolScript& script, size_t pool) : script_(script), pool_(pool) {}
    bool buffer_available() override {
      script_.actions_.push_back({"listener", pool_});
      script_.pools_[pool_].buffers.push_back(model::kNoSubpartition);
      return true;
    }
    void pool_destroyed() override { script_.actions_.push_back({"listener_destroyed", pool_}); }

   private:
    PoolScript& script_;
    size_t pool_;
  };

  struct Held {
    std::unique_ptr<model::LocalBufferPool> pool;
    std::vector<int32_t> buffers;  // subpartition of each buffer held
  };

  Json run(const Json& event) {
    const auto op = event[0].get<std::string>();
    if (op == "create") return create(event);
    if (op == "take_unpooled")
      return network_.take_unpooled(event[1].get<int32_t>()) ? Json(true) : Json("IOException");
    if (op == "return_unpooled") {
      network_.return_unpooled(event[1].get<int32_t>());
      return nullptr;
    }
    const auto index = event[1].get<size_t>();
    Held& held = pools_[index];
    if (op == "request") {
      const auto subpartition = event[2].get<int32_t>();
      if (!held.pool->request(subpartition)) return false;
      held.buffers.push_back(subpartition);
      return true;
    }
    if (op == "recycle") {
      const auto which = held.buffers.begin() + event[2].get<std::ptrdiff_t>();
      const int32_t subpartition = *which;
      held.buffers.erase(which);
      held.pool->recycle(subpartition);
    } else if (op == "listen") {
      listeners_.push_back(std::make_unique<Listener>(*this, index));
      return held.pool->add_listener(*listeners_.back());
    } else if (op == "set_overdraft") {
      held.pool->set_max_overdraft(event[2].get<int32_t>());
    } else {
      held.pool->destroy();
    }
    return nullptr;
  }

  Json create(const Json& event) {
    auto pool = network_.create_pool({.required = event[1].get<int32_t>(),
                                      .max = event[2].get<int32_t>(),
                                      .subpartitions = event[3].get<int32_t>(),
                                      .max_per_subpartition = event[4].get<int32_t>(),
                                      .max_overdraft = event[5].get<int32_t>()});
    if (pool == nullptr) return "IOException";
    pools_.push_back({std::move(pool), {}});
    return nullptr;
  }

  model::NetworkBufferPool network_;
  std::vector<Held> pools_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Json actions_ = Json::array();
};

model::ResultPartitionType type_of(const Json& name) {
  using model::ResultPartitionType;
  if (name == "BLOCKING") return ResultPartitionType::blocking;
  if (name == "BLOCKING_PERSISTENT") return ResultPartitionType::blocking_persistent;
  if (name == "PIPELINED") return ResultPartitionType::pipelined;
  if (name == "PIPELINED_BOUNDED") return ResultPartitionType::pipelined_bounded;
  if (name == "PIPELINED_APPROXIMATE") return ResultPartitionType::pipelined_approximate;
  if (name == "HYBRID_FULL") return ResultPartitionType::hybrid_full;
  return ResultPartitionType::hybrid_selective;
}

model::NetworkBufferSettings settings_of(const Json& one_case) {
  model::NetworkBufferSettings settings;
  settings.exclusive_per_channel = one_case["exclusive"].get<int32_t>();
  settings.floating_per_gate = one_case["floating"].get<int32_t>();
  settings.sort_shuffle_min_parallelism = one_case.value("sort_min_parallelism", 1);
  settings.sort_shuffle_min_buffers = one_case.value("sort_min_buffers", 512);
  if (one_case.contains("max_required") && !one_case["max_required"].is_null())
    settings.max_required_per_gate = one_case["max_required"].get<int32_t>();
  return settings;
}

Outcome judge_gate(const Json& one_case) {
  const auto buffers =
      model::gate_buffers(settings_of(one_case), type_of(one_case["type"]),
                          one_case["channels"].get<int32_t>(), one_case["tiered"].get<bool>());
  return expect_equal(one_case["expected"],
                      {{"exclusive_per_channel", buffers.exclusive_per_channel},
                       {"required_floating", buffers.required_floating},
                       {"total_floating", buffers.total_floating},
                       {"target_total", buffers.target_total}},
                      "gate");
}

Outcome judge_partition(const Json& one_case) {
  const auto buffers = model::partition_buffers(
      settings_of(one_case), type_of(one_case["type"]), one_case["subpartitions"].get<int32_t>(),
      one_case["tiered"].get<bool>(), one_case["tier_exclusive"].get<int32_t>());
  return expect_equal(one_case["expected"], {buffers.min, buffers.max}, "partition");
}

Outcome judge_announce(const Json& one_case) {
  std::vector<model::AnnouncedInput> inputs;
  for (const Json& input : one_case["inputs"])
    inputs.push_back({type_of(input[0]), input[1].get<int32_t>(), input[2].get<int32_t>()});
  std::vector<model::AnnouncedOutput> outputs;
  for (const Json& output : one_case["outputs"])
    outputs.push_back({type_of(output[0]), output[1].get<int32_t>()});
  const auto sum = model::announced_buffers(settings_of(one_case), inputs, outputs);
  return expect_equal(one_case["expected"],
                      sum.has_value() ? Json(*sum) : Json("IllegalArgumentException"), "announce");
}

Outcome judge_pools(const Json& one_case) {
  PoolScript script(one_case["segments"].get<int32_t>());
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    const auto outcome = expect_equal(one_case["expected"][i], script.step(events[i]),
                                      "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(Conformance, BufferPools) {
  run_vectors("buffer-pools.json", [](const Json& one_case, const Json&) {
    if (one_case["kind"] == "gate") return judge_gate(one_case);
    if (one_case["kind"] == "partition") return judge_partition(one_case);
    if (one_case["kind"] == "announce") return judge_announce(one_case);
    return judge_pools(one_case);
  });
}

}  // namespace
}  // namespace drey::conformance
