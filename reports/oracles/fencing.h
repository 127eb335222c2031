#pragma once
// Claim: at most one leader acts; what an old one still sends or writes has no effect.
//
//   - a component that was told that it lost leadership (or whose process died) decides nothing
//   more:
//     no deployment, checkpoint or registration until it is granted again;
//   - a write or removal of guarded data in the pointer store comes from the session that holds the
//     leader latch at that instant;
//   - a TaskManager that a newer JobMaster has registered starts no task that another JobMaster
//   sent.
//
// A leader that lost its session and has not heard of it yet may still act: that is why all of its
// effects are fenced.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class Fencing final : public Oracle {
 public:
  explicit Fencing(std::shared_ptr<const JobView> view) : view_(std::move(view)) {}

  std::string_view name() const override { return "fencing"; }
  std::string_view claim() const override {
    return "nothing that a former leader does has an effect";
  }
  uint64_t interests() const override;
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  enum class Term : uint8_t { granted, revoked };

  void on_machine(const sim::Fact& fact);
  void on_pointer(const sim::Fact& fact);
  void on_leadership(const sim::Fact& fact);
  void on_decision(const sim::Fact& fact, std::string_view component);
  void on_task_start(const sim::Fact& fact);
  std::string_view process_of(sim::PathId path) const;
  void violate(const sim::Fact& fact, std::string what);

  std::shared_ptr<const JobView> view_;
  std::map<std::pair<std::string, std::string>, Term> terms_;  // (process, component)
  std::map<std::string, uint64_t> latches_;                    // "latch/..." -> leading session
  std::map<std::string, std::string> registered_at_;  // TaskManager's process -> JobMaster's
  std::map<std::string, std::pair<sim::Time, std::string>> submitted_;  // TM -> last SubmitTask
  Evidence evidence_;
};

}  // namespace drey::reports
