#include "tests/conformance/twin_facts.h"

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/savepoint_facts.h"
#include "model/task/task_runtime.h"
#include "model/trace_events.h"
#include "scenarios/fault_injector.h"
#include "sim/broker.h"
#include "sim/machines.h"
#include "sim/object_store.h"

namespace drey::conformance {

using model::CheckpointFact;
using model::ControlFact;
using sim::FactGroup;

namespace {

std::string without_incarnation(const std::string& process) {
  return process.substr(0, process.find_first_of("#/"));
}

// The innermost exception's class, as the twins name it.
std::string java_class(model::Cause::Kind kind) {
  using Kind = model::Cause::Kind;
  switch (kind) {
    case Kind::user:
      return "IllegalStateException";
    case Kind::partition_not_found:
      return "PartitionNotFoundException";
    case Kind::partition_connection:
      return "PartitionConnectionException";
    case Kind::remote_transport:
      return "RemoteTransportException";
    case Kind::checkpoint:
      return "FlinkRuntimeException";
    case Kind::no_resources:
      return "NoResourceAvailableException";
    case Kind::state:
      return "Exception";
    case Kind::job_master_lost:
      return "Exception";
    case Kind::deployment:
      return "RecipientUnreachableException";
    default:
      return std::string(model::name_of(kind));
  }
}

int64_t ms_between(sim::Time from, sim::Time to) { return sim::to_millis(to - from); }

}  // namespace

TwinFacts::TwinFacts(const Json& twin, const TwinScenario& made, const sim::Kernel& kernel,
                     sim::LogSet logs, uint64_t job)
    : twin_(twin), made_(made), logs_(std::move(logs)), job_(job), names_(kernel) {
  for (const auto& [head, vertex] : vertex_names(twin)) vertex_of_[head] = vertex;
}

uint64_t TwinFacts::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::checkpoint) |
         sim::interest(FactGroup::external) | sim::interest(FactGroup::fault) |
         sim::interest(FactGroup::machine) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::store);
}

// "job-1/a_src/0" -> "a.src/0"
std::string TwinFacts::twin_subtask(const sim::Fact& fact) const {
  const std::string name(names_.about(fact));
  const size_t first = name.find('/');
  const size_t last = name.rfind('/');
  if (first == std::string::npos || first == last) return "(global)";
  const auto found = vertex_of_.find(name.substr(first + 1, last - first - 1));
  return (found == vertex_of_.end() ? "?" : found->second) + name.substr(last);
}

// How the loss was noticed, and by whom, decides the class.
std::string TwinFacts::kind_of(uint64_t cause) const {
  const auto kind = static_cast<model::Cause::Kind>(cause);
  if (kind != model::Cause::Kind::task_manager_lost) return java_class(kind);
  if (loss_ == "heartbeat timed out") return "TimeoutException";
  if (loss_ == "no longer reachable")
    return noticed_by_resource_manager_ ? "ResourceManagerException" : "JobMasterException";
  return "FlinkExpectedException";
}

// ---- the trace

// Of a subject "job-2" or "job-2/src/0" in the eyes of job-1; "job-master-1" is a component.
bool TwinFacts::of_another_job(const sim::Fact& fact) const {
  const std::string_view about = names_.about(fact);
  if (!about.starts_with("job-")) return false;
  const std::string_view job = about.substr(4, about.find('/') - 4);
  return job.find_first_not_of("0123456789") == std::string_view::npos &&
         job != std::to_string(job_);
}

void TwinFacts::on(const sim::Fact& fact, sim::FactNumber) {
  if (of_another_job(fact)) return;
  switch (sim::fact_group(fact.kind)) {
    case FactGroup::control:
      on_control(fact);
      return;
    case FactGroup::checkpoint:
      on_checkpoint(fact);
      return;
    case FactGroup::fault:
      on_fault(fact);
      return;
    case FactGroup::machine:
      if (fact.kind == sim::fact_kind(sim::MachineFact::process_stopped))
        exits_.push_back(
            {fact.at, std::string(names_(fact.entity)) + " " + std::to_string(fact.c)});
      return;
    case FactGroup::store:
      if (fact.kind == sim::fact_kind(sim::ObjectFact::put))
        objects_.insert(std::string(names_.about(fact)));
      if (fact.kind == sim::fact_kind(sim::ObjectFact::deleted))
        objects_.erase(std::string(names_.about(fact)));
      return;
    case FactGroup::task:
      if (fact.kind == model::fact_kind(model::TaskFact::late_dropped)) late_records_ += fact.a;
      return;
    default:
      return;
  }
}

void TwinFacts::on_fault(const sim::Fact& fact) {
  const std::string id = std::string(names_(fact.entity)).substr(6);  // "fault/..."
  if (fact.kind == scenarios::fact_kind(scenarios::FaultFact::healed)) healed_[id] = fact.at;
  if (fact.kind != scenarios::fact_kind(scenarios::FaultFact::landed)) return;
  landed_.try_emplace(id, fact.at);
  if (fault_at_ || id != made_.timed_fault) return;
  fault_at_ = fact.at;
  newest_before_fault_ = completed_.empty() ? 0 : completed_.back().id;
  const auto at = process_of_.find(made_.lost_vertex);
  if (at != process_of_.end()) lost_ = at->second;
  for (const auto& [subtask, process] : process_of_)
    if (!lost_.empty() && process == lost_) on_lost_.insert(subtask);
  for (const auto& [subtask, state] : state_now_)
    if (state == "FINISHED") finished_before_fault_.insert(subtask);
}

void TwinFacts::on_status(const sim::Fact& fact) {
  const std::string status(name_of(static_cast<model::JobStatus>(fact.a)));
  const std::string before(name_of(static_cast<model::JobStatus>(fact.b)));
  const std::string speaker(names_(fact.entity));
  if (statuses_.empty()) {
    statuses_.push_back({fact.at, "INITIALIZING"});
    statuses_.push_back({fact.at, "CREATED"});
  } else if (before == "CREATED" && statuses_.back().status != "CREATED") {
    // A new JobMaster begins there, whatever the old one did.
    statuses_.push_back({fact.at, "(new JobMaster)"});
    statuses_.push_back({fact.at, "CREATED"});
    roots_.clear();  // the REST API knows those of the last JobMaster
    counted_from_ = completed_.size();
  } else if (speaker != job_master_ && !job_master_.empty()) {
    return;  // a former leader: not part of the job's history
  }
  job_master_ = speaker;
  if (statuses_.back().status != status) statuses_.push_back({fact.at, status});
}

void TwinFacts::on_execution(const sim::Fact& fact) {
  const std::string state(name_of(static_cast<model::ExecutionState>(fact.b)));
  transitions_.push_back({fact.at, twin_subtask(fact), fact.a, state});
  state_now_[transitions_.back().subtask] = state;
}

void TwinFacts::on_control(const sim::Fact& fact) {
  const auto is = [&](ControlFact kind) { return fact.kind == model::fact_kind(kind); };
  if (is(ControlFact::job_status)) {
    on_status(fact);
  } else if (is(ControlFact::execution_state)) {
    on_execution(fact);
  } else if (is(ControlFact::failure)) {
    std::string task = twin_subtask(fact);
    if (task != "(global)") task += "#" + std::to_string(fact.a);
    failures_.push_back({fact.at, task, kind_of(fact.b)});
  } else if (is(ControlFact::failover_begun)) {
    const std::string failed = failures_.empty() ? "(global)" : failures_.back().task;
    const std::string kind = kind_of(fact.b & 0xff);
    failovers_.push_back({fact.at, failed, kind, static_cast<size_t>(fact.b >> 8)});
    roots_.push_back({fact.at, failed, kind, failed == "(global)" ? failed_now() : 0});
  } else if (is(ControlFact::restart_refused)) {
    roots_.push_back({fact.at, "(global)", "JobException", failed_now()});
  } else if (is(ControlFact::slot_allocated)) {
    process_of_allocation_[fact.b] = without_incarnation(std::string(names_(fact.entity)));
  } else if (is(ControlFact::deployed)) {
    const std::string subtask = twin_subtask(fact);
    const std::string process = process_of_allocation_[fact.b];
    first_slot_.try_emplace(subtask, fact.b, process);
    process_of_[subtask] = process;
  } else if (fact.kind == model::fact_kind(model::SavepointFact::ended)) {
    savepoint_ = fact.b != 0 ? "completed" : "failed";
    completed_before_savepoint_ended_ = completed_.size();
  } else if (is(ControlFact::job_result)) {
    end_ = fact.at;
  } else {
    on_cluster(fact);
  }
}

void TwinFacts::on_checkpoint(const sim::Fact& fact) {
  const auto is = [&](CheckpointFact kind) { return fact.kind == model::fact_kind(kind); };
  if (is(CheckpointFact::triggered)) {
    triggered_.push_back({fact.at, fact.a});
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
  } else if (is(CheckpointFact::completed)) {
    completed_.push_back({fact.at, fact.a});
    // Its files are deleted in the background: looked at when the next one is there.
    if (completed_.size() == 2) given_after_first_ = given_directory();
    if (in_flight_ > 0) --in_flight_;
    longest_checkpoint_ =
        std::max(longest_checkpoint_, sim::Duration{static_cast<int64_t>(fact.c)});
  } else if (is(CheckpointFact::aborted)) {
    if (in_flight_ > 0) --in_flight_;
    failed_checkpoints_.insert(fact.a);
  } else if (is(CheckpointFact::trigger_refused)) {
    if (fact.a == 0)
      ++failed_triggers_;
    else
      failed_checkpoints_.insert(fact.a);
  } else if (is(CheckpointFact::restoring)) {
    if (fact.b == 0 && fact.a != 0 && completed_.empty() && job_ > 1) begin_from_snapshot(fact.a);
    if (fact.a != 0)
      restores_.push_back({fact.at, fact.a, completed_.empty() ? 0 : completed_.back().id});
  }
}

// Transactions are called job-1-SINK-subtask-checkpoint. What a job before this one has committed
// is part of the output.
void TwinFacts::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  if (batch.head.kind != sim::fact_kind(sim::BrokerFact::committed_batch)) return;
  std::string sink(names_(batch.head.subject));
  const size_t begin = sink.find("job-");
  const size_t number_ends = begin == std::string::npos ? begin : sink.find('-', begin + 4);
  sink = number_ends == std::string::npos ? std::string() : sink.substr(number_ends + 1);
  for (int i = 0; i < 2 && sink.find('-') != std::string::npos; ++i) sink.resize(sink.rfind('-'));
  Output& output = outputs_[sink];
  if (has_windows())
    output.records.insert(output.records.end(), batch.records.begin(), batch.records.end());
  else
    for (const sim::Record& record : batch.records) {
      ++output.times[record.provenance];
      ++output.counts[record.key][record.value];
    }
}

// ---- the facts

bool TwinFacts::finished() const {
  return !statuses_.empty() && statuses_.back().status == "FINISHED";
}

std::vector<std::string> TwinFacts::all_subtasks() const {
  std::vector<std::string> all;
  for (const auto& [id, vertex] : twin_["job"]["vertices"].items())
    if (vertex["parallelism"].is_number())
      for (int64_t i = 0; i < vertex["parallelism"].get<int64_t>(); ++i)
        all.push_back(id + "/" + std::to_string(i));
  std::sort(all.begin(), all.end());
  return all;
}

Json TwinFacts::attempts() const {
  std::map<std::string, uint64_t> last;
  for (const std::string& subtask : all_subtasks()) last[subtask] = 0;
  for (const Transition& each : transitions_) last[each.subtask] = each.attempt;
  return last;
}

// Attempt numbers begin anew with each JobMaster, so that one may be there more than once.
Json TwinFacts::ended_in(const std::string& state) const {
  std::multiset<std::string> all;
  for (const Transition& each : transitions_)
    if (each.state == state) all.insert(each.subtask + "#" + std::to_string(each.attempt));
  return all;
}

Json TwinFacts::final_states() const {
  std::map<std::string, std::string> last;
  for (const Transition& each : transitions_) last[each.subtask] = each.state;
  std::map<std::string, int64_t> count;
  for (const auto& [subtask, state] : last) ++count[state];
  return count;
}

// Scheduled anew within 400 ms of the one before.
Json TwinFacts::restart_sets() const {
  Json sets = Json::array();
  std::set<std::string> current;
  sim::Time last;
  const auto flush = [&] {
    if (!current.empty()) sets.push_back(current);
    current.clear();
  };
  for (const Transition& each : transitions_) {
    if (each.state != "SCHEDULED" || each.attempt == 0) continue;
    if (!current.empty() && each.at - last > sim::milliseconds(400)) flush();
    current.insert(each.subtask);
    last = each.at;
  }
  flush();
  return sets;
}

// A failure of a task is a root of its own; one of the job lists the tasks that have failed by
// then.
int64_t TwinFacts::failed_now() const {
  return std::count_if(state_now_.begin(), state_now_.end(),
                       [](const auto& entry) { return entry.second == "FAILED"; });
}

Json TwinFacts::root_exceptions() const {
  Json all = Json::array();
  for (const Failure& root : roots_)
    all.push_back({{"task", root.task}, {"kind", root.kind}, {"concurrent", root.concurrent}});
  return all;
}

void TwinFacts::add_placement(Json& facts) const {
  std::map<uint64_t, std::set<std::string>> slots;
  std::map<std::string, std::set<uint64_t>> slots_of;
  std::map<std::string, int64_t> tasks_of;
  for (const auto& [subtask, slot] : first_slot_) {
    slots[slot.first].insert(subtask);
    slots_of[slot.second].insert(slot.first);
    ++tasks_of[slot.second];
  }
  std::vector<std::vector<std::string>> shared;
  for (const auto& [slot, subtasks] : slots) shared.emplace_back(subtasks.begin(), subtasks.end());
  std::sort(shared.begin(), shared.end());
  facts["slots_at_start"] = shared;
  std::vector<int64_t> slots_per, tasks_per;
  for (const auto& [process, all] : slots_of) slots_per.push_back(static_cast<int64_t>(all.size()));
  for (const auto& [process, count] : tasks_of) tasks_per.push_back(count);
  std::sort(slots_per.rbegin(), slots_per.rend());
  std::sort(tasks_per.rbegin(), tasks_per.rend());
  facts["slots_per_tm_at_start"] = slots_per;
  facts["tasks_per_tm_at_start"] = tasks_per;
}

void TwinFacts::add_lost_tasks(Json& facts) const {
  if (lost_.empty()) return;
  // A finished task gave its slot back; it is on the machine by its result only.
  std::set<std::string> running;
  for (const std::string& subtask : on_lost_)
    if (finished_before_fault_.count(subtask) == 0) running.insert(subtask);
  facts["tasks_on_the_lost_tm"] = running;
  const Json sets = restart_sets();
  bool covers = !running.empty() && !sets.empty();
  if (covers) {
    const auto first = sets[0].get<std::set<std::string>>();
    for (const std::string& subtask : running) covers = covers && first.count(subtask) != 0;
  }
  facts["restart_set_covers_lost_tasks"] = covers;
}

std::optional<sim::Time> TwinFacts::all_running_after(sim::Time from) const {
  std::map<std::string, std::string> state;
  std::optional<sim::Time> at;
  size_t running = 0;
  const size_t all = all_subtasks().size();
  bool was_all = false;
  for (const Transition& each : transitions_) {
    std::string& now = state[each.subtask];
    if (now == "RUNNING") --running;
    now = each.state;
    if (now == "RUNNING") ++running;
    const bool is_all = running == all;
    if (is_all && !was_all && each.at > from) return each.at;
    was_all = is_all;
  }
  return at;
}

std::optional<sim::Time> TwinFacts::last_running_after(sim::Time from) const {
  std::optional<sim::Time> at;
  for (const Transition& each : transitions_)
    if (each.state == "RUNNING" && each.at > from) at = each.at;
  return at;
}

Json TwinFacts::restarting_times() const {
  Json times = Json::array();
  for (size_t i = 0; i + 1 < statuses_.size(); ++i)
    if (statuses_[i].status == "RESTARTING" && statuses_[i + 1].status == "RUNNING")
      times.push_back(ms_between(statuses_[i].at, statuses_[i + 1].at));
  return times;
}

void TwinFacts::add_times(Json& facts) const {
  Json times = Json::object();
  std::optional<sim::Time> down;
  for (const Status& each : statuses_) {
    const bool is_down = each.status == "RESTARTING" || each.status == "FAILING";
    if (is_down && !down && (!fault_at_ || each.at >= *fault_at_)) down = each.at;
  }
  if (fault_at_ && down) times["detection_ms"] = ms_between(*fault_at_, *down);
  const Json restarting = restarting_times();
  if (!restarting.empty()) times["restarting_ms"] = restarting;
  if (down) {
    if (const auto up = all_running_after(*down)) {
      times["restart_ms"] = ms_between(*down, *up);
      if (fault_at_) times["fault_to_all_running_ms"] = ms_between(*fault_at_, *up);
    }
  }
  if (fault_at_ && !statuses_.empty() && !finished())
    times["fault_to_end_ms"] = ms_between(*fault_at_, statuses_.back().at);
  if (fault_at_ && loss_at_) times["tm_loss_detected_ms"] = ms_between(*fault_at_, *loss_at_);
  if (down && !restarting.empty()) {
    sim::Time restarted;
    std::optional<sim::Time> running;
    for (const Transition& each : transitions_)
      if (each.state == "SCHEDULED" && each.attempt > 0) restarted = each.at;
    for (const Transition& each : transitions_)
      if (!running && each.state == "RUNNING" && each.at > restarted) running = each.at;
    for (const Checkpoint& each : triggered_) {
      if (!running || each.at < *running) continue;
      times["first_task_running_again_to_next_checkpoint_id_ms"] = ms_between(*running, each.at);
      break;
    }
  }
  facts["times"] = times;
  add_cluster(facts);
}

// 1, 2, ..., each once, of every key.
bool TwinFacts::counts_exact(const Output& output) {
  for (const auto& [key, counts] : output.counts) {
    int64_t next = 1;
    for (const auto& [count, times] : counts)
      if (count != next++ || times != 1) return false;
  }
  return true;
}

int64_t TwinFacts::highest_counts(const Output& output) {
  int64_t sum = 0;
  for (const auto& [key, counts] : output.counts) sum += counts.rbegin()->first;
  return sum;
}

Json TwinFacts::output_of(const Output& output) const {
  const Json& load = twin_["load"];
  const int64_t splits = load["splits"];
  const int64_t each = load["records_per_split"];
  int64_t records = 0, doubled = 0, foreign = 0, holes = 0;
  std::vector<std::set<uint64_t>> seen(static_cast<size_t>(splits));
  for (const auto& [provenance, times] : output.times) {
    records += static_cast<int64_t>(times);
    doubled += static_cast<int64_t>(times) - 1;
    const size_t split = sim::provenance_split(provenance);
    const uint64_t offset = sim::provenance_offset(provenance);
    if (split >= seen.size() || offset >= static_cast<uint64_t>(each))
      ++foreign;
    else
      seen[split].insert(offset);
  }
  int64_t distinct = 0;
  for (const auto& offsets : seen) {
    distinct += static_cast<int64_t>(offsets.size());
    if (!offsets.empty())
      holes += static_cast<int64_t>(*offsets.rbegin() + 1) - static_cast<int64_t>(offsets.size());
  }
  Json made = {{"holes", holes}, {"doubled", doubled}, {"foreign", foreign}};
  made["counts_exact"] = records > 0 ? Json(counts_exact(output)) : Json(nullptr);
  made["counted_too_often"] = highest_counts(output) - distinct;
  if (!finished()) return made;
  made["records"] = records;
  made["expected"] = splits * each;
  made["lost"] = splits * each - distinct;
  return made;
}

Json TwinFacts::output() const {
  if (has_windows()) return windows();
  if (!twin_["load"].contains("splits_are")) {
    return output_of(outputs_.empty() ? Output{} : outputs_.begin()->second);
  }
  Json all = Json::object();
  for (const auto& [id, vertex] : twin_["job"]["vertices"].items()) {
    const std::string pipe = id.substr(0, id.find('.'));
    const auto found = outputs_.find(pipe + "_sink");
    all[pipe] = output_of(found == outputs_.end() ? Output{} : found->second);
    all[pipe]["counts_exact"] = nullptr;
  }
  return all;
}

Json TwinFacts::facts() const {
  Json facts = Json::object();
  Json sequence = Json::array();
  int64_t restarts = 0;
  for (const Status& each : statuses_) {
    sequence.push_back(each.status);
    if (each.status == "RESTARTING") ++restarts;
  }
  facts["job_status_sequence"] = sequence;
  facts["final_status"] = statuses_.empty() ? "" : statuses_.back().status;
  facts["attempts"] = attempts();
  facts["final_task_states"] = final_states();
  add_placement(facts);
  facts["restarts"] = restarts;
  Json sizes = Json::array();
  for (const Failover& each : failovers_) sizes.push_back(each.tasks);
  facts["tasks_to_restart"] = sizes;
  facts["restart_set"] = restart_sets();
  facts["failed_attempts"] = ended_in("FAILED");
  facts["canceled_attempts"] = ended_in("CANCELED");
  std::set<std::string> kinds;
  for (const Failure& each : failures_)
    if (each.task != "(global)") kinds.insert(each.kind);
  facts["failure_kinds"] = kinds;
  for (const Failure& each : failures_)
    if (each.task != "(global)" && !facts.contains("first_failure"))
      facts["first_failure"] = each.kind;
  facts["root_exceptions"] = root_exceptions();
  facts["checkpoints"] = {{"completed", completed_.size() - counted_from_},
                          {"failed", failed_checkpoints_.size() + failed_triggers_},
                          {"restored", restores_.size()}};
  facts["some_checkpoint_failed"] = !failed_checkpoints_.empty();
  bool newest = fault_at_.has_value();
  Json restored = Json::array();
  for (const Restore& each : restores_) {
    const bool given = job_ > 1 && each.newest == 0;
    restored.push_back(given                            ? given_as()
                       : each.checkpoint == each.newest ? "newest completed before the restart"
                                                        : std::to_string(each.checkpoint));
    newest = newest && each.checkpoint >= newest_before_fault_;
  }
  facts["restored_checkpoint"] = restored;
  if (!restores_.empty() && fault_at_)
    facts["restored_is_newest_completed_before_the_fault"] =
        restores_.front().checkpoint == newest_before_fault_;
  if (!completed_.empty()) facts["first_checkpoint_id"] = completed_.front().id;
  facts["checkpoint_ids_strictly_increase"] =
      std::is_sorted(triggered_.begin(), triggered_.end(),
                     [](const Checkpoint& a, const Checkpoint& b) { return a.id < b.id; });
  if (!loss_.empty()) facts["loss_detected_as"] = {loss_};
  add_lost_tasks(facts);
  add_reruns(facts);
  add_times(facts);
  if (twin_["flink"].contains("execution.checkpointing.interval"))
    facts["left_in_the_job_directory"] = left_in_the_directory();
  if (!savepoint_.empty()) {
    facts["savepoint_operation"] = savepoint_;
    facts["checkpoints_go_on"] = completed_.size() > completed_before_savepoint_ended_;
    const bool none = std::none_of(objects_.begin(), objects_.end(), [](const std::string& key) {
      return key.find("savepoints/") != std::string::npos;
    });
    facts["left_of_the_savepoint"] = none ? "nothing" : "files";
  }
  facts["output"] = output();
  if (!given_.empty()) add_given(facts);
  return facts;
}

}  // namespace drey::conformance
