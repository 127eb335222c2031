#include "reports/fact_text.h"

#include <fmt/core.h>

#include <array>
#include <span>

#include "model/graph/execution_state.h"
#include "model/runtime_facts.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "sim/broker.h"
#include "sim/external_log.h"
#include "sim/machines.h"
#include "sim/network.h"
#include "sim/object_store.h"
#include "sim/pointer_store.h"

namespace drey::reports {
namespace {

using model::CheckpointFact;
using model::ControlFact;
using model::TaskFact;
using sim::FactGroup;

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 7> kMachine{
    "process_started", "process_stopped", "process_frozen", "process_thawed",
    "host_crashed",    "host_up",         "paused_for"};
constexpr std::array<std::string_view, 6> kNetwork{
    "delivered", "lost", "connection_closed", "unreachable", "link_changed", "card_limited"};
constexpr std::array<std::string_view, 6> kObjects{"put",     "got",    "deleted",
                                                   "missing", "listed", "damaged"};
constexpr std::array<std::string_view, 7> kPointers{
    "session_opened", "session_closed", "session_expired", "leader_changed",
    "written",        "removed",        "refused"};
constexpr std::array<std::string_view, 2> kLog{"fetched", "waits"};
constexpr std::array<std::string_view, 6> kBroker{"producer_initialised",  "transaction_begun",
                                                  "transaction_committed", "transaction_aborted",
                                                  "committed_batch",       "refused"};
constexpr std::array<std::string_view, 26> kControl{
    "job_submitted",      "job_status",     "leader_granted",
    "leader_revoked",     "registered",     "disconnected",
    "execution_state",    "failure",        "failover_begun",
    "restart_task",       "failover_end",   "restart_refused",
    "slot_requested",     "slot_allocated", "slot_freed",
    "slot_assigned",      "deployed",       "producer_unavailable",
    "heartbeat_timeout",  "job_result",     "restart_refused_budget",
    "pointer_connection", "plan_stored",    "job_recovered",
    "job_result_entry",   "fatal_error"};
constexpr std::array<std::string_view, 4> kPointerConnections{"connecting", "connected",
                                                              "suspended", "lost"};
constexpr std::array<std::string_view, 3> kResultEntries{"dirty", "clean", "found"};
constexpr std::array<std::string_view, 4> kFatalErrors{"election", "connection", "recovery",
                                                       "result-not-kept"};
constexpr std::array<std::string_view, 10> kTask{
    "state",        "restored",         "started_reading", "watermark",      "timer_fired",
    "late_dropped", "finished_reading", "channel_opened",  "channel_closed", "resources_left"};
constexpr std::array<std::string_view, 25> kCheckpoint{
    "triggered",        "trigger_refused", "task_triggered",    "barrier_received", "aligned",
    "sync_done",        "async_done",      "snapshot",          "source_position",  "acknowledged",
    "declined",         "finalizing",      "completed",         "aborted",          "subsumed",
    "discarded",        "restoring",       "notified_complete", "notified_aborted", "stored",
    "metadata_written", "expired",         "pre_committed",     "committed",        "failed"};
constexpr std::array<std::string_view, 4> kData{"buffer_emitted", "source_emitted",
                                                "buffer_received", "sink_written"};
constexpr std::array<std::string_view, 7> kState{"backend_opened", "job_run",   "write_stall",
                                                 "out_of_memory",  "confirmed", "shared_files",
                                                 "engine"};
constexpr std::array<std::string_view, 3> kSource{"reader_registered", "split_assigned",
                                                  "coordinator_reset"};
constexpr std::array<std::string_view, 6> kSavepoint{"savepoint_requested", "savepoint_ended",
                                                     "savepoint_completed", "snapshot_refused",
                                                     "snapshot_given",      "savepoint_stands"};
constexpr std::array<std::string_view, 1> kLoad{"load"};
constexpr std::array<std::string_view, 2> kHeap{"gc_pause", "size"};
constexpr std::array<std::string_view, 4> kResults{"result_written", "result_dropped",
                                                   "result_consumed", "result_unreadable"};
constexpr std::array<std::string_view, 4> kReasons{"failed-region", "lost-input", "consumer",
                                                   "global"};
constexpr std::array<std::string_view, 16> kCauses{"none",
                                                   "user",
                                                   "partition-not-found",
                                                   "partition-connection",
                                                   "remote-transport",
                                                   "task-manager-lost",
                                                   "slot-lost",
                                                   "state",
                                                   "out-of-memory",
                                                   "checkpoint",
                                                   "external",
                                                   "cancellation-stuck",
                                                   "deployment",
                                                   "no-resources",
                                                   "job-master-lost",
                                                   "internal"};

std::string_view pick(Names names, uint64_t index) {
  return index < names.size() ? names[static_cast<size_t>(index)] : std::string_view();
}

std::string_view group_name(FactGroup group) {
  constexpr std::array<std::string_view, 14> kGroups{
      "kernel",  "machine", "network",    "disk", "store", "external", "fault",
      "control", "task",    "checkpoint", "data", "state", "bench",    "service"};
  return pick(kGroups, static_cast<uint64_t>(group));
}

std::string control_text(ControlFact kind, const sim::Fact& fact) {
  switch (kind) {
    case ControlFact::job_status:
      return fmt::format("{} (was {})", job_status_name(fact.a), job_status_name(fact.b));
    case ControlFact::execution_state:
      return fmt::format("{} (was {}) attempt {}", execution_state_name(fact.b),
                         execution_state_name(fact.c), fact.a);
    case ControlFact::failure:
      return fmt::format("{} attempt {}", cause_name(fact.b), fact.a);
    case ControlFact::failover_begun:
      return fmt::format("number {} cause {} tasks {} back-off {} ns", fact.a,
                         cause_name(fact.b & 0xff), fact.b >> 8, fact.c);
    case ControlFact::restart_task:
      return fmt::format("failover {} because {} attempt {}", fact.a, restart_reason_name(fact.b),
                         fact.c);
    case ControlFact::job_result:
      return std::string(job_status_name(fact.a));
    case ControlFact::pointer_connection:
      return fmt::format("{} session {}", pick(kPointerConnections, fact.a), fact.b);
    case ControlFact::job_result_entry:
      return fmt::format("{} {}", pick(kResultEntries, fact.a), job_status_name(fact.b));
    case ControlFact::fatal_error:
      return std::string(pick(kFatalErrors, fact.a));
    default:  // the others have plain numbers
      break;
  }
  return fmt::format("{} {} {}", fact.a, fact.b, fact.c);
}

std::string arguments(const sim::Fact& fact) {
  const FactGroup group = sim::fact_group(fact.kind);
  if (group == FactGroup::control)
    return control_text(static_cast<ControlFact>(fact.kind & 0xff), fact);
  if (fact.kind == fact_kind(TaskFact::state))
    return fmt::format("{} (was {}) attempt {}", execution_state_name(fact.b),
                       execution_state_name(fact.c), fact.a);
  if (group == FactGroup::checkpoint) return fmt::format("{} ({}, {})", fact.a, fact.b, fact.c);
  return fmt::format("{} {} {}", fact.a, fact.b, fact.c);
}

}  // namespace

std::string_view fact_name(uint16_t kind) {
  constexpr uint64_t kMore = model::kRuntimeFacts;
  const uint64_t n = kind & 0xff;
  switch (sim::fact_group(kind)) {
    case FactGroup::machine:
      return pick(kMachine, n);
    case FactGroup::network:
      return pick(kNetwork, n);
    case FactGroup::store:
      return n < 16 ? pick(kObjects, n) : pick(kPointers, n - 16);
    case FactGroup::external:
      return n < 16 ? pick(kLog, n) : pick(kBroker, n - 16);
    case FactGroup::control:
      if (n >= model::kSavepointFacts) return pick(kSavepoint, n - model::kSavepointFacts);
      return n < kMore ? pick(kControl, n) : pick(kSource, n - kMore);
    case FactGroup::task:
      return n < kMore ? pick(kTask, n) : pick(kLoad, n - kMore);
    case FactGroup::checkpoint:
      return pick(kCheckpoint, n);
    case FactGroup::data:
      return n < 16 ? pick(kData, n) : pick(kResults, n - 16);
    case FactGroup::state:
      return n < kMore ? pick(kState, n) : pick(kHeap, n - kMore);
    case FactGroup::kernel:
    case FactGroup::disk:
    case FactGroup::fault:
    case FactGroup::bench:
    case FactGroup::service:
      break;
  }
  return {};
}

std::string fact_text(const sim::Fact& fact, const TraceNames& names) {
  std::string text;
  const std::string_view entity = names(fact.entity);
  const std::string_view about = names.about(fact);
  if (entity != about) text = fmt::format("{}: ", entity);
  const std::string_view name = fact_name(fact.kind);
  if (name.empty())
    return text + fmt::format("{} {}.{} {} {} {}", about, group_name(sim::fact_group(fact.kind)),
                              fact.kind & 0xff, fact.a, fact.b, fact.c);
  return text + fmt::format("{} {} {}", about, name, arguments(fact));
}

std::string time_text(sim::Time at) {
  const int64_t second = 1'000'000'000;
  return fmt::format("{}.{:09}", at.ns / second, at.ns % second);
}

std::string provenance_text(uint64_t provenance, const TraceNames& names) {
  const uint64_t offset = sim::provenance_offset(provenance);
  const uint64_t copy = offset >> 40;
  std::string text = fmt::format("{} offset {}", names.split(sim::provenance_split(provenance)),
                                 offset & 0xff'ffff'ffffu);
  if (copy != 0) text += fmt::format(" copy {}", copy);
  return text;
}

std::string_view restart_reason_name(uint64_t reason) { return pick(kReasons, reason); }
std::string_view cause_name(uint64_t kind) { return pick(kCauses, kind); }
std::string_view execution_state_name(uint64_t state) {
  return model::name_of(static_cast<model::ExecutionState>(state));
}
std::string_view job_status_name(uint64_t status) {
  return model::name_of(static_cast<model::JobStatus>(status));
}

}  // namespace drey::reports
