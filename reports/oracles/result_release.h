#pragma once
// Claim: results that outlive their tasks are kept for their readers, made anew when they cannot be
// read, removed once, and nothing of them is left when the job is over.
//
// Believes: who keeps a result and who drops it, and that a reader found one unreadable
// (ResultFact); processes that end, stand still or lose each other; states of executions,
// failovers, the job's status. A process that ends takes what it keeps with it. When a result may
// be dropped while the job runs is computed a second time: its readers have finished
// (release_rule.h), its producer restarts, or its keeper and the JobMaster have lost each other.
// What is left is judged only if the job came to its end. Reference: control-plane page,
// section 3.4; data-plane page 1.11.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "reports/oracles/job_view.h"
#include "reports/oracles/region_rule.h"
#include "reports/oracles/release_rule.h"

namespace drey::reports {

class ResultRelease final : public Oracle {
 public:
  // `releases_results`: jobmanager.partition.release-during-job-execution.
  ResultRelease(bool releases_results, std::shared_ptr<const JobView> view)
      : releases_results_(releases_results), view_(std::move(view)) {}

  std::string_view name() const override { return "result_release"; }
  std::string_view claim() const override {
    return "stored results are kept for their readers, removed once, and none is left when the job "
           "is over";
  }
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::data) | sim::interest(sim::FactGroup::machine) |
           sim::interest(sim::FactGroup::control);
  }
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  using Key = std::pair<uint64_t, uint64_t>;  // partition, attempt
  struct Kept {
    sim::Fact written;
    std::string process;
  };
  struct Unreadable {
    sim::Fact found;
    std::optional<uint64_t> failover;  // of a reader, that does not have the producer (yet)
  };
  void on_process(const sim::Fact& fact);
  void on_control(const sim::Fact& fact);
  void on_execution(uint64_t state, model::SubtaskIndex subtask);
  void on_failover(const sim::Fact& fact, model::SubtaskIndex failed);
  void lost_each_other(const sim::Fact& fact);
  void dropped(const sim::Fact& fact);
  void judge_failover(uint64_t failover);
  bool may_be_dropped(const sim::Fact& dropped, const Kept& kept) const;

  bool releases_results_;
  std::shared_ptr<const JobView> view_;
  std::map<Key, Kept> kept_;
  uint64_t status_ = 0;
  std::optional<RegionRule> regions_;  // both made with the first execution
  std::unique_ptr<ReleaseRule> release_;
  std::map<model::SubtaskIndex, uint64_t> restarted_;  // -> newest attempt that was given up
  std::set<std::string, std::less<>> strangers_;       // TaskManagers that the JobMaster has lost
  std::map<uint64_t, Unreadable> unreadable_;          // by partition
  std::optional<sim::Time> trouble_;                   // a process ended or stood still
  bool over_ = false;
  Evidence evidence_;
};

}  // namespace drey::reports
