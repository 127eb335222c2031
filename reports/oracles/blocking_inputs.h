#pragma once
// Claim: a task that reads blocking results is deployed only while every task that makes them is
// FINISHED, as the JobMaster knows it at that instant. Where a result lies may be news to it; that
// its producer has started over is not.
//
// Counted per group of partitions, so a group costs one look however many read it.
#include <map>
#include <memory>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class BlockingInputs final : public Oracle {
 public:
  explicit BlockingInputs(std::shared_ptr<const JobView> view) : view_(std::move(view)) {}

  // Whether a job has anything that this could judge.
  static bool concerns(const model::JobGraph& job);

  std::string_view name() const override { return "blocking_inputs"; }
  std::string_view claim() const override {
    return "a task reads blocking results only when all of them are finished";
  }
  uint64_t interests() const override { return sim::interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct JobMaster {
    std::vector<bool> finished;        // by subtask
    std::vector<uint32_t> unfinished;  // by group
  };
  JobMaster fresh() const;
  void set_finished(JobMaster& master, model::SubtaskIndex subtask, bool finished) const;
  void deployed(const JobMaster& master, const sim::Fact& fact, model::SubtaskIndex subtask);

  std::shared_ptr<const JobView> view_;
  std::map<uint32_t, JobMaster> masters_;  // by the path of the JobMaster
  Evidence evidence_;
};

}  // namespace drey::reports
