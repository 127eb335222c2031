#pragma once
// Carries out the faults of a scenario: at a time, or when a condition on announced facts becomes
// true. A conditional fault runs as the next event of the same instant, before any message of the
// announcing handler leaves (design.md 2.6).
//
// A fault "lands" when it has changed something: a process that ran was killed, a message was
// dropped, a request was hit. A fault of magnitude zero (a pause of 0, a cut for 0, a link slowed
// by nothing) announces nothing and leaves the hash alone.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/assembly.h"
#include "scenarios/condition_state.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

// Facts of FactGroup::fault. entity = "fault/<id>".
enum class FaultFact : uint8_t {
  injected,  // a = verb, b = how many times so far
  landed,    // a = verb
  healed,    // a = verb
};
constexpr uint16_t fact_kind(FaultFact fact) {
  return sim::fact_kind(sim::FactGroup::fault, static_cast<uint8_t>(fact));
}

class FaultInjector : public sim::Entity,
                      public sim::TraceSink,
                      private sim::LoseListener,
                      private sim::ServiceFaultListener {
 public:
  // Both outlive the run. Adds itself to the kernel's sinks.
  FaultInjector(const Scenario& scenario, Assembly& assembly);
  ~FaultInjector() override;

  // Arms everything that has a time, and what is wrong from the start.
  void start();

  struct Report {
    std::string id;
    bool optional = false;
    uint64_t landed = 0;  // times
    bool healed = false;
  };
  std::vector<Report> reports() const;

  void on_event(const sim::Event& event) override;
  uint64_t interests() const override;
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

 private:
  enum Kind : uint8_t { due, heal_due };
  struct Armed {
    const FaultSpec* spec = nullptr;
    sim::PathId path;
    bool instant = false;    // its condition names a phase: it holds only at such a fact
    int64_t times_true = 0;  // of the condition
    bool was_true = false;
    int64_t fired = 0;
    uint64_t landed = 0;
    bool healed = false;
    // What it has hit: where a task or a leader is when it heals may be another place.
    std::vector<std::pair<sim::ProcessId, sim::ProcessId>> hit;
  };

  void look(const sim::Fact* fact);
  void fire_after(size_t index, const sim::Distribution& delay);
  std::vector<std::pair<sim::ProcessId, sim::ProcessId>> pairs(size_t index, bool on);
  void fire(size_t index);
  void heal(size_t index);
  void landed(size_t index);
  void announce(FaultFact kind, size_t index, uint64_t b);

  void kill(size_t index);
  void pause(size_t index);
  void restart(size_t index);
  void cut(size_t index, bool on);
  void slow_link(size_t index, bool on);
  void reset(size_t index);
  void lose(size_t index);
  void service(size_t index);
  void session_expiry(size_t index);
  void heal_later(size_t index);
  bool ask_client(size_t index);
  void lose_disk(size_t index);
  void card(size_t index, bool on);
  void disk(size_t index, bool on);
  void fail(size_t index);
  void damage_result(size_t index);

  std::vector<sim::ProcessId> processes(const Target& target, size_t index);
  std::vector<sim::ProcessId> processes(const std::vector<Target>& targets, size_t index);
  std::string process_name(const std::optional<Target>& target, size_t index);
  sim::Duration sample(const std::optional<reports::Distribution>& from, size_t index,
                       uint64_t purpose);

  void on_lost(uint32_t fault) override;
  void on_service_fault(uint32_t fault) override;

  const Scenario& scenario_;
  Assembly& assembly_;
  sim::Kernel& kernel_;
  sim::EntityId id_;
  std::vector<Armed> faults_;
  bool all_at_phases_ = true;     // no condition can come true but at a fact of a checkpoint
  bool asks_for_counts_ = false;  // of records or of transactions
  ConditionState state_;
};

}  // namespace drey::scenarios
