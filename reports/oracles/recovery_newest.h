#pragma once
// Claim: whatever starts again starts from the newest completed durable checkpoint, and from none
// only if there is none.
//
// A running JobMaster: the newest that it has completed or recovered itself. A new one (its first
// `restoring` has failover number 0): the newest whose pointer the pointer store holds at that
// instant; one that starts without a restore although there is a pointer is a violation. Every
// restarted attempt gets the state of that one checkpoint: what a task says that it restored is
// what its JobMaster restored for it, and no task runs that should have restored and did not.
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class RecoveryNewest final : public Oracle {
 public:
  struct Options {
    bool high_availability = false;
    bool checkpointing = false;
  };
  RecoveryNewest(Options options, std::shared_ptr<const JobView> view);

  std::string_view name() const override { return "recovery_newest"; }
  std::string_view claim() const override {
    return "recovery uses the newest completed durable checkpoint";
  }
  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct JobMaster {
    uint64_t newest = 0;
    bool restored_at_start = false;  // and not started yet
    std::vector<uint64_t> restore;   // by subtask: the checkpoint that its next attempt starts from
    std::set<model::SubtaskIndex> reset;  // since the last restore
  };
  struct Attempt {
    std::set<uint64_t> may_restore;  // of several JobMasters that count from 0
    bool restored = false;
  };

  void on_pointer(const sim::Fact& fact);
  void on_restoring(const sim::Fact& fact);
  void on_start(const sim::Fact& fact);
  void on_task(const sim::Fact& fact, model::SubtaskIndex subtask);
  void deploy(JobMaster& master, const sim::Fact& fact, model::SubtaskIndex subtask);
  void violate(const sim::Fact& fact, std::string what);

  Options options_;
  std::shared_ptr<const JobView> view_;
  std::string pointer_prefix_;   // "pointer/checkpoints/job-1/"
  std::set<uint64_t> pointers_;  // ids in the pointer store
  std::map<uint32_t, JobMaster> masters_;
  std::map<std::pair<model::SubtaskIndex, uint64_t>, Attempt> attempts_;
  Evidence evidence_;
};

}  // namespace drey::reports
