#pragma once
// Claim: a running job fails when more checkpoints in a row have failed than it tolerates, and not
// before (execution.checkpointing.tolerable-failed-checkpoints).
//
// The row is counted a second time, from the checkpoints that failed or never began: one that
// completes ends it, a checkpoint counts once, and of a savepoint the row takes no notice. What a
// task reports fails that task only if its attempt is still the current one; so only a failure that
// the JobMaster found by itself must have its consequence. Each JobMaster counts anew. Reference:
// checkpoint-and-state page, CF-1 to CF-7.
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class CheckpointTolerance final : public Oracle {
 public:
  // `tolerable`: in a row; nothing: any number.
  CheckpointTolerance(std::optional<uint64_t> tolerable, std::shared_ptr<const JobView> view)
      : tolerable_(tolerable), view_(std::move(view)) {}

  std::string_view name() const override { return "checkpoint_tolerance"; }
  std::string_view claim() const override {
    return "the job fails when more checkpoints in a row have failed than it tolerates, not before";
  }
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::control) | sim::interest(sim::FactGroup::checkpoint);
  }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct JobMaster {
    uint64_t status = 1;
    std::set<uint64_t> counted;  // ids of the row; those that never got one: `without_id`
    uint64_t without_id = 0;
    std::optional<sim::Time> exceeded;  // then the row went beyond what is tolerated
    std::optional<sim::Fact> due;       // that failure has to fail the job
    bool other_rule = false;  // a savepoint that failed, or that stands, fails the job by another
  };

  void count(JobMaster& master, const sim::Fact& fact);
  void failed(JobMaster& master, const sim::Fact& fact);
  void settle(JobMaster& master, sim::Time now);

  std::optional<uint64_t> tolerable_;
  std::shared_ptr<const JobView> view_;
  std::map<uint32_t, JobMaster> masters_;
  Evidence evidence_;
};

}  // namespace drey::reports
