#pragma once
// The Dispatcher: takes jobs, runs a JobMaster for each while it leads, remembers how they ended.
// Its jobs' descriptions are known to the process by number (the job's code is on every machine);
// what travels is the number.
//
// With high availability (dispatcher_recovery.cc) a leader first reads what earlier ones left in
// the pointer store: results, then plans; only then it can be found. A submission is answered when
// its plan is stored. The end of a job is written down (dirty) before anything of it is removed,
// and that entry goes last.
//
// Terms: every grant and every revocation begins a new one; an answer that was asked for in another
// term is ignored.
//
// Rules: control-plane.md 8.3 to 8.5 (leadership, job end), 9.1 (submission), 9.4 (cancel).
// Upstream: Dispatcher, SessionDispatcherLeaderProcess, JobMasterServiceLeadershipRunner,
// JobResultStore.
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "model/cluster/ha_stores.h"
#include "model/cluster/job_master.h"
#include "model/cluster/leadership.h"
#include "model/cluster/savepoint_messages.h"

namespace drey::model {

using JobCatalogue = std::map<JobId, std::shared_ptr<const JobInformation>>;

struct DispatcherSpec {
  const JobCatalogue* jobs = nullptr;
  // Of jobs whose own configuration differs from the cluster's.
  const std::map<JobId, FlinkOptions>* job_options = nullptr;
  sim::ServiceName object_store;
};

class Dispatcher : public sim::Endpoint, private Contender, private PointerUser {
 public:
  Dispatcher(sim::World& world, sim::ProcessId process, DispatcherSpec spec,
             const FlinkOptions& options, Leadership& leadership);
  ~Dispatcher() override;

  const JobMaster* job_master(JobId job) const;
  bool leads() const { return fenced_open(); }

 private:
  enum Then : uint16_t { remove_job_master, retry_cleanup };
  enum class Step : uint8_t {
    read_results,
    read_plans,
    put_plan,
    withdraw_plan,
    look_for_result,
    put_result,
    remove_counter,
    remove_plan,
    mark_clean,
  };

  struct Job {
    std::unique_ptr<JobMaster> master;  // while this process leads the job
    JobStatus status = JobStatus::initializing;
    bool cancel_wanted = false;             // asked for before the JobMaster was there
    std::optional<sim::Call> submission{};  // to be answered when the plan is stored
    RestoreSettings restore{};
    sim::FencingToken session{};
    JobStatus ended_as = JobStatus::initializing;  // while that is written down
    uint32_t to_remove = 0;                        // of the clean-up: counter and plan
    uint32_t cleanup_failures = 0;
  };

  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation, const sim::Reply&) override {}
  void on_later(sim::Continuation then) override;
  void on_granted(const std::string& component, sim::FencingToken session) override;
  void on_revoked(const std::string& component) override;
  void on_stopped() override;
  void on_pointer(uint64_t ticket, const PointerOutcome& outcome) override;

  void suspend(Job& job);
  void submit(const sim::Call& call, const SubmitJob& message);
  void cancel(const sim::Call& call, JobId job);
  void trigger_savepoint(const sim::Call& call, const TriggerSavepoint& message);
  void answer_savepoint(const sim::Call& call, const RequestSavepoint& message);
  void savepoint_ended(const SavepointEnded& message);
  void run_job(JobId job);
  const FlinkOptions& options_of(JobId job) const;
  void start_job_master(JobId job, sim::FencingToken session, std::optional<JobStatus> ended_as);
  void status_changed(const JobStatusChanged& message);

  // High availability.
  bool highly_available() const { return access_ != nullptr; }
  uint64_t ticket(Step step, JobId job) const;
  bool is_of_this_term(uint64_t ticket) const;
  void recover(sim::FencingToken session);
  void results_read(const PointerOutcome& outcome);
  void plans_read(const PointerOutcome& outcome);
  void found_ended(const JobResult& result);
  void plan_put(JobId job, const PointerOutcome& outcome);
  void result_looked_for(JobId job, const PointerOutcome& outcome);
  void job_ended(JobId job, JobStatus status);
  void result_put(JobId job, const PointerOutcome& outcome);
  void result_kept(JobId job);
  void clean_up(JobId job);
  void removed(JobId job, const PointerOutcome& outcome);
  void marked_clean(JobId job, const PointerOutcome& outcome);
  void cleanup_failed(JobId job, Step again);
  void ask_store(Step step, JobId job);
  void announce_result(JobId job, JobResultEntry entry, JobStatus status);
  void fatal(uint64_t error);

  DispatcherSpec spec_;
  const FlinkOptions& options_;
  Leadership& leadership_;
  PointerAccess* access_;  // null without high availability
  std::map<JobId, Job> jobs_;
  // Of this term's clients: DispatcherCachedOperationsHandler.
  std::map<std::pair<JobId, uint64_t>, SavepointAnswer> savepoints_;
  uint64_t term_ = 0;
  sim::FencingToken recovering_;
  // Of terms that are over. A new one begins when they have stopped
  // (DefaultDispatcherRunner.startNewDispatcherLeaderProcess).
  std::vector<std::unique_ptr<JobMaster>> stopping_;
  std::optional<sim::FencingToken> granted_{};  // the term that waits for that
  std::vector<JobResult> results_;              // while recovering
};

}  // namespace drey::model
