#pragma once
// Claim: the snapshot that a job starts from stays what its user made of it. Not claimed, nothing
// in its directory is ever deleted; claimed, its directory is empty when the job has ended well and
// newer checkpoints have taken its place (SR-6).
//
// Believes: the objects that are put and deleted, what the job says that it starts from, its
// status.
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class GivenSnapshot final : public Oracle {
 public:
  struct Options {
    uint64_t job = 2;
    bool claims = false;    // execution.state-recovery.claim-mode: CLAIM
    uint32_t retained = 1;  // execution.checkpointing.num-retained
  };
  GivenSnapshot(Options options, std::shared_ptr<const JobView> view)
      : options_(options), view_(std::move(view)) {}

  std::string_view name() const override { return "given_snapshot"; }
  std::string_view claim() const override {
    return "the snapshot that a job starts from is deleted if the job claims it, and only then";
  }
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::store) | sim::interest(sim::FactGroup::control) |
           sim::interest(sim::FactGroup::checkpoint);
  }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  void begin(const sim::Fact& given);

  Options options_;
  std::shared_ptr<const JobView> view_;
  std::set<std::string> objects_;  // all of the store
  std::set<std::string> given_;    // of the snapshot, when the job began
  bool given_known_ = false;       // the job has begun
  uint64_t completed_ = 0;         // own checkpoints
  bool finished_ = false;
  Evidence evidence_;
};

}  // namespace drey::reports
