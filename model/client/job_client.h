#pragma once
// The client: submits a job to whoever leads, and, attached, asks for its status until it has
// ended. A lost answer or a change of leader is met by asking again; "duplicate" then means that
// the first submission got through. Upstream: RestClusterClient, JobClient.
#include <map>
#include <optional>
#include <string>

#include "model/cluster/flink_options.h"
#include "model/cluster/leadership.h"
#include "model/cluster/savepoint_messages.h"
#include "sim/endpoint.h"

namespace drey::model {

struct JobClientSpec {
  JobId job = 1;
  sim::Duration submit_after;
  bool attached = true;
  std::optional<sim::Duration> cancel_after;  // of the submission
  sim::Duration poll_interval = sim::milliseconds(500);
  sim::Duration retry_delay = sim::seconds(1);
  std::string savepoint_directory = "savepoints";
  RestoreSettings restore{};
};

inline constexpr std::string_view kClientEndpoint = "client";

class JobClient : public sim::Endpoint, private LeaderListener {
 public:
  JobClient(sim::World& world, sim::ProcessId process, JobClientSpec spec,
            const FlinkOptions& options, Leadership& leadership);
  ~JobClient() override;

  // By its user, now; repeated until it is accepted.
  void cancel() { later({}, {cancel_due, 0}); }
  // Asked for once; who is refused, or finds a Dispatcher that knows nothing of it, has failed.
  void savepoint(SavepointKind kind, SavepointFormat format);

  bool submitted() const { return submitted_; }
  std::optional<JobStatus> result() const { return result_; }
  // Its job's end is known, or nobody knows the job any more: it ended under a leader that took the
  // result with it, or it was lost with a JobManager without high availability
  // (FlinkJobNotFoundException).
  bool over() const { return result_.has_value() || not_found_; }

 private:
  enum Then : uint16_t {
    submit_due,
    submit_ended,
    poll_due,
    poll_ended,
    cancel_due,
    cancel_ended,
    savepoint_due,
    savepoint_begun,
    savepoint_poll_due,
    savepoint_polled,
  };

  void on_call(const sim::Call&, const sim::Message&, const sim::Body&) override {}
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_leader_changed(const std::string&) override {}
  // Nobody leads now: the step `again` is repeated later.
  void ask_dispatcher(sim::Body body, Then then, Then again, uint64_t argument = 0);
  void trigger_savepoint(uint64_t operation);
  void poll_savepoint(uint64_t operation);
  void savepoint_answered(uint64_t operation, const sim::Reply& reply);
  void savepoint_ended(uint64_t operation, CheckpointId checkpoint);

  JobClientSpec spec_;
  const FlinkOptions& options_;
  Leadership& leadership_;
  bool submitted_ = false;
  bool not_found_ = false;
  std::optional<JobStatus> result_;
  struct Wanted {
    SavepointKind kind;
    SavepointFormat format;
  };
  std::map<uint64_t, Wanted> savepoints_;  // under way, by operation
  uint64_t last_savepoint_ = 0;
};

}  // namespace drey::model
