// Facts about the cluster around the job, and the output of windows.
#include <algorithm>

#include "model/trace_events.h"
#include "tests/conformance/twin_facts.h"

namespace drey::conformance {

using model::ControlFact;

namespace {

bool of_task_manager(const std::string& path) { return path.starts_with("tm-"); }

// The process whose path this is, or whose part it is.
bool is_resource_manager(const std::string& name) {
  return name.find("resource-manager") != std::string::npos;
}

}  // namespace

void TwinFacts::on_cluster(const sim::Fact& fact) {
  const auto is = [&](ControlFact kind) { return fact.kind == model::fact_kind(kind); };
  const std::string entity(names_(fact.entity));
  const std::string subject(names_.about(fact));
  if (is(ControlFact::heartbeat_timeout)) {
    if (of_task_manager(entity)) {
      if (fault_at_)
        seen_on_tms_.push_back({fact.at, is_resource_manager(subject)
                                             ? "heartbeat of the ResourceManager timed out"
                                             : "heartbeat of the JobMaster timed out"});
    } else if (of_task_manager(subject)) {
      loss_ = fact.a == 1 ? "no longer reachable" : "heartbeat timed out";
      noticed_by_resource_manager_ = is_resource_manager(entity);
      if (!loss_at_ && fault_at_) loss_at_ = fact.at;
    }
  } else if (is(ControlFact::disconnected) && fault_at_ && of_task_manager(entity)) {
    const bool job_master = subject.starts_with("job-");
    const bool by_heartbeat = !seen_on_tms_.empty() && seen_on_tms_.back().at == fact.at;
    const bool over = !statuses_.empty() && (finished() || statuses_.back().status == "CANCELED" ||
                                             statuses_.back().status == "FAILED");
    if (job_master && !by_heartbeat && !over)
      seen_on_tms_.push_back({fact.at, "JobMaster lost leadership"});
  } else if (is(ControlFact::registered) && fault_at_ && is_resource_manager(entity) &&
             of_task_manager(subject)) {
    seen_on_tms_.push_back({fact.at, "registered at the ResourceManager"});
    registrations_.push_back({fact.at, subject});
  } else if ((is(ControlFact::leader_granted) || is(ControlFact::leader_revoked)) && fault_at_ &&
             subject == "dispatcher") {
    leadership_.push_back({fact.at, is(ControlFact::leader_granted) ? "granted" : "revoked"});
    if (is(ControlFact::leader_revoked)) revoked_ = entity.substr(0, entity.find('/'));
  } else if (is(ControlFact::fatal_error) && fault_at_) {
    if (!fatal_error_) fatal_error_ = fact.at;
    ended_fatally_.insert(entity.substr(0, entity.find('/')));
  }
}

std::string TwinFacts::status_at(sim::Time at) const {
  std::string status;
  for (const Status& each : statuses_)
    if (each.at <= at) status = each.status;
  return status;
}

// Tasks that had finished before the fault and were scheduled once more.
void TwinFacts::add_reruns(Json& facts) const {
  if (lost_.empty()) return;
  std::set<std::string> again, lost;
  for (const Transition& each : transitions_)
    if (each.state == "SCHEDULED" && each.at > *fault_at_ &&
        finished_before_fault_.count(each.subtask) != 0)
      again.insert(each.subtask);
  for (const std::string& subtask : on_lost_)
    if (finished_before_fault_.count(subtask) != 0) lost.insert(subtask);
  facts["rerun_of_finished_tasks"] = again;
  facts["finished_tasks_rerun_are_those_on_the_lost_tm"] = again == lost;
  facts["finished_tasks_on_the_lost_tm"] = lost;
}

void TwinFacts::add_cluster(Json& facts) const {
  Json times = facts["times"];
  const auto since_fault = [&](sim::Time at) { return sim::to_millis(at - *fault_at_); };
  if (fault_at_) {
    std::set<std::string> seen;
    Json noticed = nullptr;
    for (const Seen& each : seen_on_tms_) {
      seen.insert(each.what);
      if (noticed.is_null() && each.what.find("JobMaster") != std::string::npos) {
        noticed = each.what;
        times["tm_notices_jm_loss_ms"] = since_fault(each.at);
      }
    }
    facts["seen_on_tms"] = seen;
    facts["tm_notices_jm_loss_by"] = noticed;
    Json leadership = Json::array();
    for (const Seen& each : leadership_) {
      leadership.push_back(each.what);
      if (each.what == "granted" && !times.contains("fault_to_new_leader_ms"))
        times["fault_to_new_leader_ms"] = since_fault(each.at);
    }
    facts["leadership"] = leadership;
    if (!leadership_.empty() || statuses_.size() > 1)
      if (const auto up = last_running_after(*fault_at_))
        times["fault_to_last_task_running_ms"] = since_fault(*up);
    if (fatal_error_) times["fault_to_fatal_error_ms"] = since_fault(*fatal_error_);
    const auto healed = healed_.find(made_.timed_fault);
    const sim::Time heal = healed == healed_.end() ? sim::kEndOfTime : healed->second;
    bool before = false;
    for (const Status& each : statuses_)
      before = before || (each.at > *fault_at_ && each.at < heal &&
                          (each.status == "RESTARTING" || each.status == "SUSPENDED"));
    facts["restarted_before_the_heal"] = before;
    facts["job_managers_that_ended_with_a_fatal_error"] = ended_fatally_.size();
    if (healed != healed_.end() && !revoked_.empty()) {
      sim::Time gone = sim::kEndOfTime;
      for (const Seen& each : exits_)
        if (each.what.starts_with(revoked_ + " ")) gone = std::min(gone, each.at);
      facts["former_leader_process_runs_at_the_heal"] = gone > heal;
      facts["former_leader_process_runs_3_s_later"] = gone > heal + sim::seconds(3);
    }
    if (healed != healed_.end() && !registrations_.empty())
      times["heal_to_last_registration_ms"] =
          sim::to_millis(registrations_.back().at - healed->second);
  }
  for (const Json& fault : made_.scenario["faults"]) {
    const auto landed = landed_.find(fault["id"]);
    if (landed == landed_.end()) continue;
    if (fault.contains("cancel")) {
      facts["status_before_cancel"] = status_at(landed->second - sim::nanoseconds(1));
      facts["status_0.5_s_after_cancel"] = status_at(landed->second + sim::milliseconds(500));
    }
    if (fault.contains("restart")) facts["status_before_the_tm_came"] = status_at(landed->second);
  }
  for (const Seen& each : exits_) {
    const size_t blank = each.what.find(' ');
    if (of_task_manager(each.what))
      facts["exit_code_of_the_tm_with_the_stuck_task"] = std::stoll(each.what.substr(blank + 1));
  }
  facts["longest_checkpoint_ms"] = sim::to_millis(longest_checkpoint_);
  facts["most_checkpoints_in_flight"] = most_in_flight_;
  facts["times"] = times;
}

// A file system keeps the folders "shared" and "taskowned", which an object store does not have.
Json TwinFacts::left_in_the_directory() const {
  std::set<std::string> left{"shared", "taskowned"};
  for (const std::string& key : objects_) {
    const size_t at = key.find("/chk-");
    if (at == std::string::npos) continue;
    const std::string folder = key.substr(at + 1, key.find('/', at + 1) - at - 1);
    const std::string newest =
        completed_.empty() ? "" : "chk-" + std::to_string(completed_.back().id);
    left.insert(folder == newest ? "chk-newest" : folder);
  }
  return left;
}

// ---- starts from a snapshot

// "checkpoints/job-1/chk-3/...", "savepoints/savepoint-1-3/..."
void TwinFacts::begin_from_snapshot(uint64_t checkpoint) {
  const std::string id = std::to_string(checkpoint);
  for (const std::string& key : objects_) {
    const std::string directory = key.substr(0, key.rfind('/'));
    const std::string last = directory.substr(directory.rfind('/') + 1);
    const bool savepoint = last.starts_with("savepoint-") && last.substr(last.rfind('-') + 1) == id;
    if (last == "chk-" + id || savepoint) given_.insert(key);
    if (last == "shared") given_shared_.insert(key);
  }
}

// Upstream calls a claimed snapshot a checkpoint: it has the properties of one from then on.
std::string TwinFacts::given_as() const {
  uint64_t job = 1;
  for (const Json& fault : made_.scenario["faults"]) {
    if (!fault.contains("resubmit") || ++job != job_) continue;
    const Json flink = fault["change"].value("flink", Json::object());
    const bool claims = flink.value("execution.state-recovery.claim-mode", "") == "CLAIM";
    return claims ? "checkpoint given at submission" : "savepoint given at submission";
  }
  return "nothing given";
}

std::string TwinFacts::given_directory() const {
  size_t there = 0;
  for (const std::string& key : given_) there += objects_.count(key);
  return there == 0 ? "gone" : "there";
}

void TwinFacts::add_given(Json& facts) const {
  facts["given_directory_after_the_first_own_checkpoint"] = given_after_first_;
  size_t there = 0, shared = 0;
  for (const std::string& key : given_) there += objects_.count(key);
  for (const std::string& key : given_shared_) shared += objects_.count(key);
  facts["given_directory_after_the_job_finished"] = there == 0               ? "gone"
                                                    : there == given_.size() ? "there, as before"
                                                                             : "there, in part";
  facts["shared_files_of_the_first_job_after_the_second_finished"] =
      shared == 0                      ? "all gone"
      : shared == given_shared_.size() ? "all there"
                                       : "some there";
}

// ---- windows

struct TwinFacts::Windows {
  struct Window {
    int64_t sum = 0;
    int64_t records = 0;
  };
  std::map<std::pair<uint64_t, int64_t>, Window> all;
  int64_t late = 0;
};

bool TwinFacts::has_windows() const {
  const Json& vertices = twin_["job"]["vertices"];
  return std::any_of(vertices.begin(), vertices.end(),
                     [](const Json& vertex) { return vertex["operators"].front() == "window"; });
}

// Read in order of the splits; late is what comes behind the watermark that the records before it
// make. Several splits never hold late records in the twins.
TwinFacts::Windows TwinFacts::expected_windows() const {
  Windows made;
  const int64_t disorder = twin_["load"].value("disorder", int64_t{0});
  for (uint16_t split = 0; split < logs_.splits(); ++split) {
    int64_t newest = INT64_MIN / 2;
    for (uint64_t offset = 0; offset < logs_.size(split); ++offset) {
      const sim::Record record = logs_.record(split, offset);
      const int64_t last = record.event_time / 500 * 500 + 499;
      if (last <= newest - disorder - 1) {
        ++made.late;
        continue;
      }
      newest = std::max(newest, record.event_time);
      Windows::Window& window = made.all[{record.key, last}];
      window.sum += record.value;
      ++window.records;
    }
  }
  return made;
}

Json TwinFacts::windows() const {
  const Windows expected = expected_windows();
  std::map<std::pair<uint64_t, int64_t>, std::vector<int64_t>> results;
  int64_t count = 0;
  for (const auto& [sink, output] : outputs_)
    for (const sim::Record& record : output.records) {
      results[{record.key, record.event_time}].push_back(record.value);
      ++count;
    }
  int64_t exact = 0, missing = 0, several = 0, records = 0;
  for (const auto& [window, made] : expected.all) {
    const auto found = results.find(window);
    if (found == results.end())
      ++missing;
    else if (found->second.size() > 1)
      ++several;
    else if (found->second.front() == made.sum) {
      ++exact;
      records += made.records;
    }
  }
  return {{"window_results", count},
          {"windows_expected", expected.all.size()},
          {"exact", exact},
          {"missing", missing},
          {"more_than_one_result", several},
          {"records_in_windows", records},
          {"late_records", late_records_},
          {"records_in_windows_and_late", records + static_cast<int64_t>(late_records_)},
          {"records", logs_.total()}};
}

}  // namespace drey::conformance
