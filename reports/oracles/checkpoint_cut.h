#pragma once
// Claim: each completed checkpoint is a consistent cut that can be read in full as long as it is
// retained.
//
//   - every task of its plan (all that were not FINISHED when it was triggered) has acknowledged
//   it,
//     in the attempt that was planned, before it completed, and it was not aborted before;
//   - its metadata and every file that an acknowledged attempt put for it are in the object store
//     when it completes, and stay there while it is among the newest `retained` (unless a fault
//     damaged them, or the job is over);
//   - with high availability no file goes before the pointer that names its checkpoint;
//   - offsets of a split never go back over the checkpoints of one attempt of a source, and one
//   that
//     restored a checkpoint starts where this checkpoint says;
//   - ids never repeat, and grow over JobMasters with high availability.
//
// Files that an earlier checkpoint put and a later one still refers to are known only to the
// metadata: that they are missing shows when they are read (`missing` for a key of the job).
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "reports/oracles/checkpoint_files.h"

namespace drey::reports {

class CheckpointCut final : public Oracle {
 public:
  struct Options {
    bool high_availability = false;
    bool checkpointing = false;
    uint32_t retained = 1;
    std::string directory = "checkpoints/job-1";
  };
  CheckpointCut(Options options, std::shared_ptr<const JobView> view);

  std::string_view name() const override { return "checkpoint_cut"; }
  std::string_view claim() const override {
    return "a completed checkpoint is a consistent cut and can be read in full";
  }
  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct Pending {
    std::map<model::SubtaskIndex, uint64_t> plan;  // -> attempt
    std::map<model::SubtaskIndex, uint64_t> acknowledged;
    bool aborted = false;
  };
  struct JobMaster {
    std::vector<std::pair<uint64_t, uint64_t>> executions;  // by subtask: state, attempt
    std::map<uint64_t, Pending> pending;
  };
  struct Source {
    std::map<uint64_t, uint64_t> offsets;  // split -> newest checkpointed offset of this attempt
  };
  using Positions = std::map<uint64_t, uint64_t>;

  void on_store(const sim::Fact& fact);
  void on_control(const sim::Fact& fact);
  void on_checkpoint(const sim::Fact& fact);
  void on_task(const sim::Fact& fact, model::SubtaskIndex subtask);
  void trigger(JobMaster& master, const sim::Fact& fact);
  void complete(JobMaster& master, const sim::Fact& fact);
  void judge_files(const Pending& pending, const sim::Fact& fact);
  void judge_removal(const CheckpointFile& file, const sim::Fact& fact);
  void position(const sim::Fact& fact, model::SubtaskIndex subtask);
  void violate(const sim::Fact& fact, std::string what);

  Options options_;
  std::shared_ptr<const JobView> view_;
  CheckpointFiles files_;
  std::map<uint32_t, JobMaster> masters_;
  std::vector<uint64_t> retained_;                                               // newest last
  std::map<uint64_t, std::map<model::SubtaskIndex, uint64_t>> acknowledged_of_;  // completed ones
  std::set<uint64_t> pointers_;
  std::set<uint64_t> completed_;
  std::map<uint64_t, uint32_t> triggered_by_;  // checkpoint -> JobMaster's path
  uint64_t highest_ = 0;
  bool over_ = false;
  std::map<uint32_t, Source> sources_;  // by the path of the task
  // (checkpoint, vertex) -> split -> offset: two sources number their splits alike.
  std::map<std::pair<uint64_t, model::JobVertexIndex>, Positions> positions_;
  std::map<std::pair<model::SubtaskIndex, uint64_t>, uint64_t> restored_;
  std::map<std::pair<model::SubtaskIndex, uint64_t>, Positions> started_;
  Evidence evidence_;
};

}  // namespace drey::reports
