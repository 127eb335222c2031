#pragma once
// The Dispatcher: takes jobs, runs a JobMaster for each while it leads, remembers how they ended. Its jobs' descriptions are
// known to the process by number (the job's code is on every machine); what travels is the number.
//
// Rules: control-plane.md 8.3 to 8.5 (leadership, job end), 9.1 (submission), 9.4 (cancel).
// Upstream: Dispatcher, SessionDispatcherLeaderProcess, JobMasterServiceLeadershipRunner, JobResultStore.
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "model/cluster/job_master.h"
#include "model/cluster/leadership.h"

namespace drey::model {

using JobCatalogue = std::map<JobId, std::shared_ptr<const JobInformation>>;

struct DispatcherSpec {
  const JobCatalogue* jobs = nullptr;
  sim::ServiceName object_store;
};

class Dispatcher : public sim::Endpoint, private Contender {
 public:
  Dispatcher(sim::World& world, sim::ProcessId process, DispatcherSpec spec,
             const FlinkOptions& options, Leadership& leadership);
  ~Dispatcher() override;

  const JobMaster* job_master(JobId job) const;

 private:
  enum Then : uint16_t { remove_job_master };

  struct Job {
    std::unique_ptr<JobMaster> master;  // while this process leads the job
    JobStatus status = JobStatus::initializing;
    bool cancel_wanted = false;         // asked for before the JobMaster was there
  };

  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation, const sim::Reply&) override {}
  void on_later(sim::Continuation then) override;
  void on_granted(const std::string& component, sim::FencingToken session) override;
  void on_revoked(const std::string& component) override;

  void submit(const sim::Call& call, JobId job);
  void start_job_master(JobId job, sim::FencingToken session);
  void status_changed(const JobStatusChanged& message);

  DispatcherSpec spec_;
  const FlinkOptions& options_;
  Leadership& leadership_;
  std::map<JobId, Job> jobs_;
};

}  // namespace drey::model
