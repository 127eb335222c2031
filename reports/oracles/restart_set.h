#pragma once
// Claim: what restarts after a failure is exactly what the region rule says (or every task, after a
// global failure or with the full strategy), for the reason that is given, and what was announced
// is what was reset.
//
// The set is computed a second time (region_rule.h) from the states of tasks and from what the
// JobMaster could know of results: a result is there from the slot of its producer's attempt until
// that attempt has failed or was cancelled, or its TaskManager was given up. While a TaskManager is
// being given up (facts of one instant) both answers count: upstream loses the slots first and the
// results after. A result that the JobMaster has let go, because its readers had finished, is not
// there either (release_rule.h). A failure that names an input without saying which (no
// `producer_unavailable` fact) is right if it fits one of the inputs of the failed task.
//
// Each JobMaster is judged by its own facts; one that starts anew starts with nothing.
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "reports/oracles/job_view.h"
#include "reports/oracles/region_rule.h"
#include "reports/oracles/release_rule.h"

namespace drey::reports {

class RestartSet final : public Oracle {
 public:
  struct Options {
    bool full_failover = false;
    bool releases_results = true;   // jobmanager.partition.release-during-job-execution
    bool external_results = false;  // a TaskManager takes no stored result along
  };
  RestartSet(Options options, std::shared_ptr<const JobView> view)
      : options_(options), view_(std::move(view)) {}

  std::string_view name() const override { return "restart_set"; }
  std::string_view claim() const override {
    return "a failure restarts exactly the tasks that the region rule names";
  }
  uint64_t interests() const override { return sim::interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  enum class Held : uint8_t { no, yes, given_up };  // given_up: its TaskManager, at given_up_at
  struct Task {
    uint64_t state = 0;
    uint64_t allocation = 0;
    Held held = Held::no;
    sim::Time given_up_at;
    uint64_t newest_failover = 0;  // that has it
  };
  struct Failover {
    sim::Fact begun;
    bool global = false;
    model::SubtaskIndex failed = 0;
    uint64_t announced = 0;                         // number of tasks
    std::map<model::SubtaskIndex, uint64_t> taken;  // -> reason
  };
  struct Reset {  // after failover_end
    bool open = false;
    sim::Fact end;
    std::set<model::SubtaskIndex> due;
  };
  struct JobMaster {
    std::vector<Task> tasks;
    std::map<uint64_t, Failover> failovers;  // begun and not ended
    bool collecting = false;                 // restart_task facts of the newest one
    Reset reset;
    std::unique_ptr<ReleaseRule> release;              // of jobs with stored results
    std::map<model::PartitionIndex, sim::Time> named;  // producer_unavailable, at this time
    uint64_t status = 0;
  };
  struct Mismatch {
    std::vector<std::string> lines;
  };

  void follow_release(JobMaster& master, uint64_t state, model::SubtaskIndex subtask);
  void on_state(JobMaster& master, const sim::Fact& fact, model::SubtaskIndex subtask);
  void begin(JobMaster& master, const sim::Fact& fact);
  void take(JobMaster& master, const sim::Fact& fact);
  void judge(JobMaster& master, const Failover& failover);
  void end(JobMaster& master, const sim::Fact& fact);
  void close_reset(JobMaster& master);
  void give_up(JobMaster& master, const sim::Fact& fact);
  std::vector<std::vector<bool>> possible_losses(const JobMaster& master,
                                                 const Failover& failover) const;
  std::vector<bool> missing(const JobMaster& master, sim::Time at, bool being_given_up_held) const;
  Mismatch compare(const JobMaster& master, const Failover& failover,
                   const std::vector<RegionRule::Reasons>& expected) const;
  void violate(const sim::Fact& fact, std::string what);

  Options options_;
  std::shared_ptr<const JobView> view_;
  std::optional<RegionRule> rule_;               // made for the first failure
  std::map<uint32_t, JobMaster> masters_;        // by the path of the JobMaster
  std::map<uint64_t, std::string> slot_places_;  // allocation -> process of its TaskManager
  Evidence evidence_;
};

}  // namespace drey::reports
