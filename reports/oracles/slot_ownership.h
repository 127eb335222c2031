#pragma once
// Claim: a slot, a task's resources and a job's leftovers have one owner, and nothing is left in
// the end.
//
//   - in one life of a TaskManager process a slot is given to one allocation at a time and is freed
//     once; no process runs two attempts of one subtask at a time;
//   - a task that ends leaves no buffer, file or timer;
//   - a while (`aftermath`) after the job has ended for good: its slots are free, none of its tasks
//     lives, the broker holds no open transaction of it (if it FINISHED), of its checkpoints' files
//     only what retention keeps is there, and with high availability no pointer of it once its
//     result is marked clean.
//
// Not bugs (spec/bugs.md section 2): files of attempts whose acknowledgement never arrived, of
// checkpoints that never completed, of checkpoints that a JobManager was removing when it died.
// TaskManagers that are down hold nothing; one that the JobMaster gave up and that has not come
// back does not hear of the end, and gives back after time-outs of its own; if the run
// ends sooner than `aftermath` after the job, the end is not judged.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reports/oracles/checkpoint_files.h"

namespace drey::reports {

class SlotOwnership final : public Oracle {
 public:
  struct Options {
    bool high_availability = false;
    bool keep_when_finished = false;
    bool keep_when_canceled = false;
    bool keep_when_failed = false;
    std::string directory = "checkpoints/job-1";
    sim::Duration aftermath = sim::seconds(1);
  };
  SlotOwnership(Options options, std::shared_ptr<const JobView> view)
      : options_(std::move(options)), view_(std::move(view)), files_(options_.directory, view_) {}

  std::string_view name() const override { return "slot_ownership"; }
  std::string_view claim() const override {
    return "slots and resources have one owner, and nothing of the job is left at its end";
  }
  uint64_t interests() const override;
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct Slot {
    uint64_t index = 0;
    sim::Fact allocated;
  };
  struct Task {
    model::SubtaskIndex subtask = 0;
    uint64_t attempt = 0;
    sim::Fact fact;
  };
  struct TaskManager {
    bool given_up = false;           // by the JobMaster, and not registered again
    std::map<uint64_t, Slot> slots;  // by allocation
    std::map<uint32_t, std::map<uint64_t, Task>> tasks;  // subtask -> attempt, alive
  };

  void on_machine(const sim::Fact& fact);
  void allocated(const sim::Fact& fact);
  void freed(const sim::Fact& fact);
  void on_task(const sim::Fact& fact, model::SubtaskIndex subtask);
  void on_transaction(const sim::Fact& fact);
  void on_checkpoint(const sim::Fact& fact);
  void judge_end();
  void judge_files();
  std::string process_of(sim::PathId path) const;
  void violate(const sim::Fact& fact, std::string what);

  Options options_;
  std::shared_ptr<const JobView> view_;
  CheckpointFiles files_;
  std::map<std::string, TaskManager> task_managers_;  // by process
  std::map<uint32_t, sim::Fact> transactions_;        // open, by path
  std::map<uint64_t, std::map<model::SubtaskIndex, uint64_t>> acknowledged_;
  std::vector<uint64_t> completed_;
  std::map<std::string, std::set<uint64_t>> subsumed_by_;  // by process of the JobMaster
  std::set<uint64_t> orphans_;              // checkpoints whose files nobody can know any more
  std::map<uint32_t, sim::Fact> pointers_;  // of the job, by path
  uint64_t refused_deletions_ = 0;
  bool clean_ = false;
  std::optional<sim::Fact> ended_;  // the job, for good
  Evidence evidence_;
};

}  // namespace drey::reports
