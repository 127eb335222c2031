#pragma once
// The loads of the kernel's benchmarks, shared by kernel_bench (Google Benchmark) and drey_bench.
//
// HOLD: with n events pending, pop one and push one a random delay later. The delays are an
// exponential of mean 1 ms, from a table, so that neither queue pays for chance. The kernel's load
// is the same through a Kernel: 1,000 entities (virtual dispatch), each event announces one fact
// and posts one event.
#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

#include "sim/distribution.h"
#include "sim/event_queue.h"
#include "sim/kernel.h"

namespace drey::bench {

class Delays {
 public:
  static constexpr size_t kTable = 1 << 14;

  Delays() {
    for (uint64_t i = 0; i < kTable; ++i) {
      const uint64_t log = sim::negative_log(sim::philox(1, 0, i));  // units of 2^-32
      table_.push_back(static_cast<int64_t>((log * 1'000'000) >> 32));
    }
  }
  sim::Duration of(uint64_t n) const { return {table_[n % kTable]}; }

 private:
  std::vector<int64_t> table_;
};

// std::priority_queue with the interface of the EventQueue and the same order.
class PriorityQueue {
 public:
  void push(const sim::Event& event) { queue_.push(event); }
  sim::Event pop() {
    const sim::Event top = queue_.top();
    queue_.pop();
    return top;
  }

 private:
  struct Later {
    bool operator()(const sim::Event& a, const sim::Event& b) const { return earlier(b, a); }
  };
  std::priority_queue<sim::Event, std::vector<sim::Event>, Later> queue_;
};

template <class Queue>
class Hold {
 public:
  Hold(const Delays& delays, uint64_t pending) : delays_(delays) {
    for (uint64_t i = 0; i < pending; ++i) push(sim::Time{});
    run(2 * pending);  // into the steady state
  }
  void run(uint64_t events) {
    for (uint64_t i = 0; i < events; ++i) push(queue_.pop().at);
  }

 private:
  void push(sim::Time from) {
    const uint64_t n = sequence_++;
    queue_.push({from + delays_.of(n), sim::event_order(sim::Priority::delivery, 0, n),
                 sim::EntityId{static_cast<uint32_t>(n % 1000)}, 0, n});
  }

  const Delays& delays_;
  Queue queue_;
  uint64_t sequence_ = 0;
};

class KernelHold {
 public:
  KernelHold(const Delays& delays, uint64_t pending, bool hash)
      : delays_(delays), kernel_({.seed = 1, .hash = hash}) {
    for (uint32_t i = 0; i < kNodes; ++i) nodes_.push_back(std::make_unique<Node>(*this, i));
    for (uint64_t i = 0; i < pending; ++i)
      kernel_.post(delays_.of(i), nodes_[i % kNodes]->id, 0, i, sim::Priority::delivery);
    run(2 * pending);
  }
  void run(uint64_t events) {
    stop_at_ = kernel_.events_run() + events;
    kernel_.run(sim::kEndOfTime);
  }
  sim::Digest128 hash() const { return kernel_.hash(); }

 private:
  static constexpr uint32_t kNodes = 1000;

  struct Node final : sim::Entity {
    Node(KernelHold& owner, uint32_t index)
        : hold(owner),
          path(owner.kernel_.intern("node-" + std::to_string(index))),
          id(owner.kernel_.add(*this, path, {})) {}
    void on_event(const sim::Event& event) override {
      sim::Kernel& kernel = hold.kernel_;
      const uint64_t n = event.argument + kNodes * 7 + 1;
      kernel.announce(
          {.entity = path, .kind = sim::fact_kind(sim::FactGroup::bench, 0), .a = event.argument});
      kernel.post(hold.delays_.of(n), hold.nodes_[n % kNodes]->id, 0, n, sim::Priority::delivery);
      if (kernel.events_run() >= hold.stop_at_) kernel.stop();
    }
    KernelHold& hold;
    sim::PathId path;
    sim::EntityId id;
  };

  const Delays& delays_;
  sim::Kernel kernel_;
  std::vector<std::unique_ptr<Node>> nodes_;
  uint64_t stop_at_ = 0;
};

}  // namespace drey::bench
