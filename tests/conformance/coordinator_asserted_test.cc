#include <gtest/gtest.h>

#include "tests/conformance/coordinator_bench.h"

namespace drey::conformance {
namespace {

// The bench with the faults of the asserted cases and with a memory of what was sent.
class AssertedHost final : public BenchHost {
 public:
  std::map<std::string, std::string> faults;  // where -> what
  bool fault_only_first = false;
  std::set<std::string> manual_hooks;
  std::map<uint64_t, std::string> failed;
  std::set<uint64_t> done;
  std::map<std::string, std::vector<CheckpointId>> triggered;
  std::map<std::string, std::vector<CheckpointId>> completed;
  std::vector<CheckpointId> oc_aborted;
  std::vector<CheckpointId> oc_completed;
  std::set<CheckpointId> oc_triggered_after_abort;
  std::set<std::string> discarded;
  std::map<CheckpointId, std::string> abort_reasons;
  SnapshotType newest_type = SnapshotType::checkpoint;
  sim::Time newest_trigger;
  CheckpointId aborted_latest = 0;
  int64_t fail_job_calls = 0;
  int64_t fail_task_calls = 0;
  std::optional<uint64_t> hanging_location;

  std::string take_fault(const std::string& where) {
    const auto found = faults.find(where);
    if (found == faults.end()) return {};
    const std::string what = found->second;
    if (fault_only_first) faults.erase(found);
    return what;
  }

  void begin_next_id(uint64_t ticket) override {
    const std::string fault = take_fault("ID_COUNTER");
    if (fault == "STOP_SCHEDULER") coordinator->stop_scheduler();
    if (fault == "IO_EXCEPTION")
      coordinator->on_id_failed(ticket, CheckpointFailureReason::io_exception);
    else
      BenchHost::begin_next_id(ticket);
  }
  void begin_location(uint64_t ticket, CheckpointId id, const CheckpointProperties& props,
                      const std::string& target) override {
    const std::string fault = take_fault("STORAGE_INIT");
    if (fault == "IO_EXCEPTION")
      coordinator->on_location_failed(ticket, CheckpointFailureReason::io_exception);
    else if (fault == "HANG")
      hanging_location = ticket;
    else
      BenchHost::begin_location(ticket, id, props, target);
  }
  void begin_write_metadata(uint64_t ticket, const CompletedCheckpoint&) override {
    coordinator->on_metadata_written(ticket, take_fault("METADATA_STREAM").empty());
  }
  void begin_write_pointer(uint64_t ticket, const CompletedCheckpoint&) override {
    const bool written = take_fault("STORE_ADD").empty();
    coordinator->on_pointer_written(ticket, written ? PointerWrite::written : PointerWrite::failed);
  }
  void begin_hook(const std::string& hook, CheckpointId id, sim::Time) override {
    if (manual_hooks.count(hook) == 0) coordinator->on_hook_state(hook, id, std::nullopt);
  }

  void send_trigger(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                    const CheckpointOptions& options) override {
    newest_type = options.type;
    newest_trigger = clock;
    for (const TaskRef& task : tasks) triggered[bench_tasks.name(task)].push_back(id);
  }
  void notify_complete(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                       CheckpointId) override {
    for (const TaskRef& task : tasks) completed[bench_tasks.name(task)].push_back(id);
  }
  void notify_aborted(const std::vector<TaskRef>&, CheckpointId id, sim::Time,
                      CheckpointId latest) override {
    aborted_latest = latest;
    if (!failed.empty()) abort_reasons[id] = failed.rbegin()->second;
  }
  void begin_coordinator_checkpoint(OperatorRef ref, CheckpointId id) override {
    if (std::find(oc_aborted.begin(), oc_aborted.end(), id) != oc_aborted.end())
      oc_triggered_after_abort.insert(id);
    BenchHost::begin_coordinator_checkpoint(ref, id);
  }
  void notify_coordinator_complete(OperatorRef, CheckpointId id) override {
    oc_completed.push_back(id);
  }
  void notify_coordinator_aborted(OperatorRef, CheckpointId id) override {
    oc_aborted.push_back(id);
  }
  void discard_checkpoint(uint64_t ticket, CheckpointId, const std::string&,
                          std::vector<std::string> files) override {
    discarded.insert(files.begin(), files.end());
    coordinator->on_discard_finished(ticket);
  }
  void discard_files(std::vector<std::string> files) override {
    discarded.insert(files.begin(), files.end());
  }
  void request_done(uint64_t request, const CompletedCheckpoint&) override { done.insert(request); }
  void request_failed(uint64_t request, CheckpointId id, CheckpointFailureReason reason) override {
    failed[request] = to_string(reason);
    if (id != kNoCheckpoint) abort_reasons[id] = to_string(reason);
  }
  void fail_job(CheckpointId, CheckpointFailureReason) override { ++fail_job_calls; }
  void fail_task(const TaskRef&, CheckpointId, CheckpointFailureReason) override {
    ++fail_task_calls;
  }
};

class AssertedScript {
 public:
  explicit AssertedScript(const Json& given) : given_(given) {
    const Json config = given.value("config", Json::object());
    retained_ = config.value("retained", 1u);
    host_.clock = sim::Time{} + sim::minutes(int64_t{1000} * 24 * 60);
    make_tasks(given.at("tasks"));
    make_options(config);
    for (const Json& fault : given.value("fault", Json::array())) {
      host_.faults[fault.at("where").get<std::string>()] = fault.at("what").get<std::string>();
      host_.fault_only_first = host_.fault_only_first || fault.value("first", false);
    }
    for (const Json& name : given.value("manual", Json::array())) {
      if (is_listed("hooks", name)) host_.manual_hooks.insert(name.get<std::string>());
      if (is_listed("coordinators", name)) host_.coordinator_answers = Answers::by_event;
    }
    new_store({});
    new_coordinator();
    if (config.value("scheduling", true)) coordinator_->start_scheduler();
  }

  void apply(const Json& event) {
    failures_before_ = host_.failed;
    const std::string op = event.at("op").get<std::string>();
    if (op == "start")
      coordinator_->start_scheduler();
    else if (op == "shutdown")
      coordinator_->shutdown();
    else if (op == "trigger")
      trigger(event);
    else if (op == "fire")
      fire(event.value("times", 1));
    else if (op == "ack")
      acknowledge(event);
    else if (op == "ack_in_hook")
      for (const Json& name : event.at("tasks"))
        acknowledge_one(event.at("id").get<int64_t>(), name, event);
    else if (op == "decline")
      coordinator_->on_decline(event.at("id").get<int64_t>(), task(event.at("task")),
                               CheckpointFailureReason::checkpoint_declined);
    else if (op == "expire")
      coordinator_->on_expired(event.at("id").get<int64_t>());
    else if (op == "advance")
      advance(sim::milliseconds(event.at("ms").get<int64_t>()));
    else if (op == "set_state")
      for (const Json& name : event.at("tasks")) state(name) = state_of(event.at("state"));
    else if (op == "run_timer")
      run_timer();
    else if (op == "oc_done")
      coordinators_done(event.at("id").get<int64_t>());
    else if (op == "hook_done")
      hooks_done(event.at("id").get<int64_t>());
    else if (op == "drop_oldest")
      store_->remove_oldest();
    else if (op == "store_shutdown")
      shut_store_down(event.at("status") == "FINISHED");
    else if (op == "new_store")
      new_store(held_);
    else if (op == "new_coordinator")
      new_coordinator();
    else if (op == "restore_all")
      restored_ = coordinator_->restore_latest(RestoreScope::all).checkpoint;
    else if (op == "restore_savepoint")
      restore_savepoint(event);
    else
      ADD_FAILURE() << "unknown op " << op;
    if (event.value("settle", true)) host_.run_timer();
  }

  // No value: the field is not something the coordinator knows.
  std::optional<Json> look(const std::string& field) {
    const auto& pending = coordinator_->pending();
    if (field == "pending") {
      Json ids = Json::array();
      for (const auto& [id, checkpoint] : pending) ids.push_back(id);
      return ids;
    }
    if (field == "pending_count") return Json(pending.size());
    if (field == "queued") return Json(coordinator_->queued_requests());
    if (field == "is_triggering") return Json(coordinator_->is_triggering());
    if (field == "timeouts") return Json(host_.expiries.size());
    if (field == "armed") return Json(host_.armed_delay.has_value() ? 1 : 0);
    if (field == "store") {
      Json ids = Json::array();
      for (const auto& entry : store_->all()) ids.push_back(entry->id);
      return ids;
    }
    if (field == "triggers") return Json(host_.triggered[first_task_].size());
    if (field == "fail_job") return Json(host_.fail_job_calls);
    if (field == "fail_task") return Json(host_.fail_task_calls);
    if (field == "oc_aborted") return Json(host_.oc_aborted);
    if (field == "oc_completed") return Json(host_.oc_completed);
    if (field == "oc_log")
      return Json(host_.oc_triggered_after_abort.empty() ? "NO_TRIGGER_AFTER_ABORT" : "BROKEN");
    if (field == "aborted_latest") return Json(host_.aborted_latest);
    if (field == "expired_ring") return Json(coordinator_->expired_ids());
    if (field == "restored_id") return restored_ ? Json(restored_->id) : Json(nullptr);
    if (field == "snapshot_type")
      return Json(host_.newest_type == SnapshotType::full_checkpoint ? "FULL_CHECKPOINT"
                                                                     : "CHECKPOINT");
    if (field == "operators") return Json(store_->latest()->vertices.size());
    if (field == "has_subtask_states") return Json(store_->latest()->has_subtask_states());
    if (field == "created_by_discarded") return Json(created_by_discarded());
    if (field == "registered") return Json(registered_);
    if (field == "error") return new_error();
    return std::nullopt;
  }

  Outcome check(const std::string& field, const Json& value, const std::string& where) {
    if (const auto actual = look(field)) return expect_equal(value, *actual, where);
    if (field == "failed") return check_failed(value, where);
    if (field == "done" || field == "open") return check_open(field == "open", value, where);
    if (field == "triggered") return expect_equal(value, lists(host_.triggered, value), where);
    if (field == "completed") return expect_equal(value, lists(host_.completed, value), where);
    if (field == "acknowledged" || field == "unacknowledged") {
      for (const auto& [id, count] : value.items()) {
        const PendingCheckpoint& pending = *coordinator_->pending().at(std::stoll(id));
        const size_t actual =
            field == "acknowledged" ? pending.acknowledged() : pending.unacknowledged();
        if (count != actual) return conformance::failed(where + ": " + std::to_string(actual));
      }
      return passed();
    }
    if (field == "abort_reason") {
      for (const auto& [id, reason] : value.items())
        if (host_.abort_reasons[std::stoll(id)] != reason) return conformance::failed(where);
      return passed();
    }
    if (field == "discarded") return expect_equal(value, Json(host_.discarded), where);
    if (field == "kept") {
      for (const Json& file : value)
        if (host_.discarded.count(file.get<std::string>()) > 0) return conformance::failed(where);
      return passed();
    }
    if (field == "not_before_ms") {
      const int64_t passed_ms = sim::to_millis(host_.newest_trigger - last_ack_);
      return passed_ms >= value.get<int64_t>() ? passed() : conformance::failed(where);
    }
    if (field == "properties") {
      const CheckpointProperties& props = coordinator_->pending().begin()->second->props();
      return expect_equal(
          value, Json{{"savepoint", props.is_savepoint()}, {"forced", props.forced}}, where);
    }
    return conformance::failed("unknown field " + field);
  }

 private:
  bool is_listed(const char* field, const Json& name) const {
    for (const Json& one : given_.value(field, Json::array()))
      if (one == name) return true;
    return false;
  }

  static PlanTaskState state_of(const Json& name) {
    if (name == "RUNNING") return PlanTaskState::running;
    return name == "FINISHED" ? PlanTaskState::finished : PlanTaskState::other;
  }

  // Vertices without `source` come after the sources and are fed all-to-all by all of them.
  void make_tasks(const Json& tasks) {
    std::map<std::string, size_t> vertices;
    std::vector<BenchTasks::Vertex>& all = host_.bench_tasks.all;
    std::vector<size_t> sources;
    for (const Json& one : tasks) {
      const std::string name = one.at("name").get<std::string>();
      const std::string vertex = one.value("vertex", name);
      if (vertices.count(vertex) == 0) {
        vertices[vertex] = all.size();
        all.emplace_back();
        if (one.value("source", true))
          sources.push_back(all.size() - 1);
        else
          for (const size_t source : sources)
            all.back().inputs.push_back(
                {.producer = static_cast<uint32_t>(source), .all_to_all = true});
      }
      all[vertices[vertex]].tasks.push_back({name, state_of(one.value("state", "RUNNING"))});
    }
    first_task_ = tasks[0].at("name").get<std::string>();
  }

  void make_options(const Json& config) {
    // Without an interval the cases still make periodic requests: the scheduler runs, too slowly to
    // matter.
    options_.interval = sim::minutes(int64_t{300} * 24 * 60);
    if (config.contains("interval_ms"))
      options_.interval = sim::milliseconds(config.at("interval_ms").get<int64_t>());
    options_.min_pause = sim::milliseconds(config.value("min_pause_ms", int64_t{0}));
    options_.timeout = sim::milliseconds(config.value("timeout_ms", int64_t{600'000}));
    options_.unaligned = config.value("unaligned", false);
    options_.tolerable_failures = config.value("tolerable", int64_t{0});
    options_.max_concurrent = INT32_MAX;
    if (config.contains("max_concurrent") && !config.at("max_concurrent").is_null())
      options_.max_concurrent = config.at("max_concurrent").get<uint32_t>();
  }

  void new_store(std::vector<CompletedCheckpointStore::Entry> held) {
    registry_ = std::make_unique<SharedStateRegistry>();
    cleaner_ = std::make_unique<CheckpointsCleaner>(host_);
    store_ = std::make_unique<CompletedCheckpointStore>(
        CompletedCheckpointStore::Options{.num_retained = retained_,
                                          .high_availability = !held.empty()},
        *registry_, *cleaner_, host_);
    registered_.clear();
    const std::string claim = given_.value("restored", Json::object()).value("claim", "CLAIM");
    for (const auto& entry : held) {
      std::vector<SharedFile> files = entry->shared_files();
      registry_->register_restored(files, entry->id,
                                   claim == "CLAIM"    ? ClaimMode::claim
                                   : claim == "LEGACY" ? ClaimMode::legacy
                                                       : ClaimMode::no_claim,
                                   RestoredSharing::shared);
      registered_.push_back(entry->id);
    }
    if (!held.empty()) {
      store_->recover(std::move(held));
      new_coordinator();
    }
  }

  void new_coordinator() {
    std::set<OperatorRef> coordinators;
    for (uint32_t i = 0; i < given_.value("coordinators", Json::array()).size(); ++i)
      coordinators.insert({0, i});
    std::set<std::string> hooks;
    for (const Json& name : given_.value("hooks", Json::array()))
      hooks.insert(name.get<std::string>());
    coordinator_ =
        std::make_unique<CheckpointCoordinator>(options_, first_trigger_delay(options_).from,
                                                coordinators, hooks, *store_, *cleaner_, host_);
    host_.coordinator = coordinator_.get();
    host_.timer_woken = false;
  }

  void shut_store_down(bool finished) {
    held_.assign(store_->all().begin(), store_->all().end());
    if (finished) store_->shutdown(FinalJobStatus::finished);
    // SUSPENDED: what the highly available store holds stays; the case makes a new store of it.
  }

  TaskRef task(const Json& name) const { return host_.bench_tasks.find(name.get<std::string>()); }
  PlanTaskState& state(const Json& name) {
    const TaskRef ref = task(name);
    return host_.bench_tasks.all[ref.vertex].tasks[ref.subtask].state;
  }

  void trigger(const Json& event) {
    names_.push_back(event.at("request").get<std::string>());
    const uint64_t number = names_.size() - 1;
    const std::string kind = event.at("kind").get<std::string>();
    if (!event.value("settle", true)) {
      // Upstream's cases call the trigger on the timer itself: the submission runs, what it posts
      // does not.
      CheckpointRequest request;
      request.number = number;
      request.props = CheckpointProperties::for_checkpoint(options_.retention);
      request.periodic = kind == "PERIODIC";
      coordinator_->submit(std::move(request));
    } else if (kind == "SAVEPOINT") {
      coordinator_->trigger_savepoint(number, "target");
    } else if (kind == "STOP_SAVEPOINT") {
      coordinator_->trigger_stop_savepoint(number, false, "target");
    } else {
      coordinator_->trigger_checkpoint(number, kind == "PERIODIC",
                                       event.value("snapshot", "") == "FULL");
    }
  }

  void fire(int times) {
    for (int i = 0; i < times; ++i) {
      if (!host_.armed_delay.has_value()) return;
      const uint64_t generation = host_.armed_generation;
      host_.armed_delay.reset();
      coordinator_->on_periodic_trigger(generation);
      host_.run_timer();
    }
  }

  void advance(sim::Duration by) {
    const sim::Time target = host_.clock + by;
    while (host_.armed_delay.has_value() && host_.armed_at <= target) {
      host_.clock = std::max(host_.clock, host_.armed_at);
      fire(1);
    }
    host_.clock = target;
  }

  void run_timer() {
    if (host_.hanging_location.has_value()) {
      coordinator_->on_location(*host_.hanging_location, "chk");
      host_.hanging_location.reset();
    }
    host_.run_timer();
  }

  void acknowledge(const Json& event) {
    const int64_t id = event.at("id").get<int64_t>();
    if (!event.value("all", false)) {
      acknowledge_one(id, event.at("task"), event);
      return;
    }
    for (const auto& vertex : host_.bench_tasks.all)
      for (const BenchTask& one : vertex.tasks) acknowledge_one(id, one.name, event);
  }

  // Incremental: one new shared file, "<id>:<task>", and a reference to that of the checkpoint
  // before.
  void acknowledge_one(int64_t id, const Json& name, const Json& event) {
    TaskAcknowledgement ack;
    ack.task = task(name);
    for (const Json& file : event.value("state", Json::array()))
      ack.private_files.push_back({file.get<std::string>(), 1});
    if (event.value("incremental", false)) {
      const std::string suffix = ":" + name.get<std::string>();
      const std::string before = std::to_string(id - 1) + suffix;
      const std::string fresh = std::to_string(id) + suffix;
      if (id > 1) ack.shared_files.push_back({before, "", 1, false});
      ack.shared_files.push_back({fresh, fresh, 1, false});
    }
    ack.has_state = !ack.private_files.empty() || !ack.shared_files.empty();
    last_ack_ = host_.clock;
    EXPECT_NE(coordinator_->on_acknowledge(id, std::move(ack)), AckReply::registry_error);
  }

  void coordinators_done(CheckpointId id) {
    const auto open = host_.open_coordinators;
    host_.open_coordinators.clear();
    for (const auto& [ref, of] : open)
      if (of == id) coordinator_->on_coordinator_state(ref, id, CoordinatorState{"state"});
  }

  void hooks_done(CheckpointId id) {
    for (const std::string& hook : host_.manual_hooks)
      coordinator_->on_hook_state(hook, id, std::nullopt);
  }

  void restore_savepoint(const Json& event) {
    auto loaded = std::make_shared<CompletedCheckpoint>();
    loaded->id = event.at("id").get<int64_t>();
    loaded->taken_as = SnapshotType::savepoint;
    const ClaimMode mode = event.at("claim") == "NO_CLAIM" ? ClaimMode::no_claim : ClaimMode::claim;
    restored_ = coordinator_->restore_savepoint(loaded, mode).checkpoint;
  }

  std::set<CheckpointId> created_by_discarded() const {
    std::set<CheckpointId> ids;
    for (const std::string& file : host_.discarded) ids.insert(std::stoll(file));
    return ids;
  }

  // What the event's call would have thrown: upstream throws a completion's failure out of the
  // acknowledgement.
  Json new_error() const {
    for (const auto& [request, reason] : host_.failed)
      if (failures_before_.count(request) == 0 && reason == "FINALIZE_CHECKPOINT_FAILURE")
        return reason;
    return nullptr;
  }

  Outcome check_failed(const Json& value, const std::string& where) {
    if (value.size() != host_.failed.size())
      return conformance::failed(where + ": number of failed requests");
    for (const auto& [request, reason] : host_.failed) {
      const std::string& name = names_[request];
      if (!value.contains(name)) return conformance::failed(where + ": " + name + " failed");
      if (value.at(name) != "FAILED" && value.at(name) != reason)
        return conformance::failed(where + ": " + name + " failed with " + reason);
    }
    return passed();
  }

  Outcome check_open(bool open, const Json& value, const std::string& where) {
    Json actual = Json::array();
    for (uint64_t number = 0; number < names_.size(); ++number) {
      const bool is_done = host_.done.count(number) > 0;
      const bool is_open = !is_done && host_.failed.count(number) == 0;
      if (open ? is_open : is_done) actual.push_back(names_[number]);
    }
    return expect_equal(value, actual, where);
  }

  static Json lists(std::map<std::string, std::vector<CheckpointId>>& sent, const Json& like) {
    Json actual = Json::object();
    for (const auto& [name, ids] : like.items()) actual[name] = sent[name];
    return actual;
  }

  const Json& given_;
  AssertedHost host_;
  uint32_t retained_ = 1;
  CheckpointCoordinatorOptions options_;
  std::unique_ptr<SharedStateRegistry> registry_;
  std::unique_ptr<CheckpointsCleaner> cleaner_;
  std::unique_ptr<CompletedCheckpointStore> store_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
  std::vector<CompletedCheckpointStore::Entry> held_;
  std::vector<CheckpointId> registered_;
  CompletedCheckpointStore::Entry restored_;
  std::vector<std::string> names_;
  std::map<uint64_t, std::string> failures_before_;
  std::string first_task_;
  sim::Time last_ack_;
};

// Facts about Java objects that have no counterpart here; the rest of their cases is judged.
bool has_no_counterpart(const std::string& field) {
  return field == "registrations" || field == "stats" || field == "failed_cause" ||
         field == "reported_before_done";
}

Outcome judge(const Json& one_case, const Json&) {
  const Json& events = one_case.at("events");
  if (events[0].value("snapshot", "") == "NULL")
    return skipped("there is no null checkpoint type here");
  AssertedScript script(one_case.at("given"));
  for (size_t i = 0; i < events.size(); ++i) {
    script.apply(events[i]);
    for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
      if (has_no_counterpart(field)) continue;
      const Outcome outcome = script.check(field, value, "step " + std::to_string(i) + " " + field);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

TEST(CheckpointCoordinator, Asserted) { run_vectors("coordinator-asserted.json", judge); }
TEST(CheckpointCoordinator, TriggeringAsserted) { run_vectors("triggering-asserted.json", judge); }

}  // namespace
}  // namespace drey::conformance
