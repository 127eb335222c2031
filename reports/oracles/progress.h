#pragma once
// Claim: when the faults are over the job goes on: within a bound all of its tasks are RUNNING (or
// FINISHED) and a checkpoint completes, or the job ends; or the contract allows it not to.
//
// Disturbance: a fault that is injected, lands or heals, a process that stops, starts, freezes or
// thaws, a link that changes. The bound runs from the last one, anew after each. While the world is
// not whole nothing is due: a lasting fault that has not healed, a link that is cut, too few
// TaskManagers for the job's slots, no JobManager; without high availability a JobManager that died
// has lost the job for good. A job that FAILED because its restart strategy refused has ended, and
// one whose tasks did not all finish after the savepoint of a stop was complete; one that FAILED
// otherwise is a violation.
//
// The bound (OracleSetup::progress_bound, or progress_bound_of) is what the options add up to, so
// it is long: a run that ends before it is over, with the job not back, is not judged.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

// Time-outs and pauses that may follow each other until a job is back.
sim::Duration progress_bound_of(const OracleSetup& setup);

class Progress final : public Oracle {
 public:
  struct Options {
    sim::Duration bound;
    bool high_availability = false;
    bool checkpoints = false;  // the job makes any
    uint32_t slots_each = 0;   // of a TaskManager; 0: not known
    uint32_t slots_needed = 0;
    std::set<std::string> lasting_faults;  // ids of those that last until they heal
  };
  Progress(Options options, std::shared_ptr<const JobView> view)
      : options_(std::move(options)), view_(std::move(view)) {}

  std::string_view name() const override { return "progress"; }
  std::string_view claim() const override {
    return "after the last fault the job runs and completes a checkpoint within a bound";
  }
  uint64_t interests() const override;
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  void on_fault(const sim::Fact& fact);
  void on_machine(const sim::Fact& fact);
  void on_status(const sim::Fact& fact);
  void disturb(sim::Time at);
  bool world_is_whole() const;
  bool is_back() const { return runs_ && (!options_.checkpoints || checkpointed_); }
  void look(sim::Time now);

  Options options_;
  std::shared_ptr<const JobView> view_;
  std::set<std::string> active_;    // lasting faults
  std::map<std::string, bool> up_;  // process -> running and not frozen
  std::map<std::pair<uint32_t, uint32_t>, bool> cut_;
  bool job_lost_ = false;  // without high availability
  std::map<model::SubtaskIndex, uint64_t> states_;
  size_t working_ = 0;  // tasks RUNNING or FINISHED
  uint64_t status_ = 0;
  bool submitted_ = false;
  bool refused_ = false;
  bool stands_ = false;  // the savepoint of a stop
  bool over_ = false;
  bool runs_ = false;          // since the last disturbance
  bool checkpointed_ = false;  // likewise, after runs_
  sim::Time quiet_since_;
  bool settled_ = false;  // judged since the last disturbance
  std::string last_disturbance_ = "the start";
  Evidence evidence_;
};

}  // namespace drey::reports
