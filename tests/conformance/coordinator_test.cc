#include <gtest/gtest.h>

#include "tests/conformance/coordinator_bench.h"

namespace drey::conformance {
namespace {

// The job of coordinator.json: source vertex A, vertex B fed all-to-all.
class Script {
 public:
  explicit Script(const Json& config)
      : cleaner_(host_),
        store_({.num_retained = config.at("num_retained").get<uint32_t>()}, registry_, cleaner_,
               host_),
        options_(options_of(config)) {
    options_.mutant = mutant_under_test();
    add_vertex("A", config.at("sources").get<int>(), {});
    add_vertex("B", config.at("sinks").get<int>(), {{.producer = 0, .all_to_all = true}});
    host_.clock = sim::Time{} + sim::milliseconds(1'000'000);
    std::set<OperatorRef> coordinators;
    if (config.at("oc") != "none") coordinators.insert({0, 0});
    if (config.at("oc") == "manual") host_.coordinator_answers = Answers::by_event;
    coordinator_ = std::make_unique<CheckpointCoordinator>(
        options_, first_trigger_delay(options_).from, coordinators, std::set<std::string>{}, store_,
        cleaner_, host_);
    host_.coordinator = coordinator_.get();
  }

  Json step(const Json& event) {
    host_.actions = Json::array();
    apply(event);
    Json pending = Json::array();
    for (const auto& [id, checkpoint] : coordinator_->pending()) pending.push_back(id);
    Json stored = Json::array();
    for (const auto& entry : store_.all()) stored.push_back(entry->id);
    return Json::array(
        {host_.actions, pending, stored, coordinator_->queued_requests(),
         coordinator_->is_triggering() ? 1 : 0, host_.next_id,
         host_.armed_delay ? Json(sim::to_millis(*host_.armed_delay)) : Json(nullptr)});
  }

 private:
  static CheckpointCoordinatorOptions options_of(const Json& config) {
    CheckpointCoordinatorOptions options;
    options.interval = sim::milliseconds(config.at("interval").get<int64_t>());
    options.min_pause = sim::milliseconds(config.at("min_pause").get<int64_t>());
    options.max_concurrent = config.at("max_concurrent").get<uint32_t>();
    options.tolerable_failures = config.at("tolerable").get<int64_t>();
    options.unaligned = config.at("unaligned").get<bool>();
    options.aligned_timeout = sim::milliseconds(config.at("aligned_timeout").get<int64_t>());
    options.checkpoints_after_tasks_finish = config.at("after_finish").get<bool>();
    return options;
  }

  void add_vertex(const std::string& name, int parallelism,
                  std::vector<CheckpointTasks::Input> inputs) {
    BenchTasks::Vertex vertex;
    for (int i = 0; i < parallelism; ++i)
      vertex.tasks.push_back({name + std::to_string(i), PlanTaskState::running});
    vertex.inputs = std::move(inputs);
    host_.bench_tasks.all.push_back(std::move(vertex));
  }

  void apply(const Json& event) {
    const std::string op = event[0].get<std::string>();
    if (op == "trigger")
      trigger(event[1].get<uint64_t>(), event[2].get<std::string>());
    else if (op == "timer")
      host_.run_timer();
    else if (op == "ack")
      acknowledge(event);
    else if (op == "decline")
      coordinator_->on_decline(event[1].get<int64_t>(), task(event[2]), reason(event[3]));
    else if (op == "expire")
      expire(event[1].get<int64_t>());
    else if (op == "finish") {
      const TaskRef ref = task(event[1]);
      host_.bench_tasks.all[ref.vertex].tasks[ref.subtask].state = PlanTaskState::finished;
    } else if (op == "abort_all")
      coordinator_->abort_pending(reason(event[1]));
    else if (op == "restore_savepoint")
      restore_savepoint(event);
    else if (op == "restore_all")
      answer(coordinator_->restore_latest(RestoreScope::all).checkpoint != nullptr);
    else if (op == "restore_subtasks") {
      const auto restored = coordinator_->restore_latest(RestoreScope::subtasks).checkpoint;
      answer(restored ? Json(restored->id) : Json(nullptr));
    } else if (op == "start")
      coordinator_->start_scheduler();
    else if (op == "stop")
      coordinator_->stop_scheduler();
    else if (op == "tick")
      tick();
    else if (op == "advance")
      host_.clock = host_.clock + sim::milliseconds(event[1].get<int64_t>());
    else if (op == "oc")
      answer_coordinator(event[1] == "ok");
    else if (op == "shutdown")
      coordinator_->shutdown();
    else
      ADD_FAILURE() << "unknown event " << event;
  }

  void answer(Json value) { host_.record(Json::array({"return", std::move(value)})); }
  TaskRef task(const Json& name) const { return host_.bench_tasks.find(name.get<std::string>()); }
  static CheckpointFailureReason reason(const Json& name) {
    return checkpoint_failure_reason(name.get<std::string>()).value();
  }

  void trigger(uint64_t number, const std::string& kind) {
    if (kind == "SP")
      coordinator_->trigger_savepoint(number, "target");
    else if (kind == "STOP")
      coordinator_->trigger_stop_savepoint(number, true, "target");
    else
      coordinator_->trigger_checkpoint(number, kind == "CPp", kind == "CPfull");
  }

  void tick() {
    if (host_.armed_delay.has_value()) {
      const uint64_t generation = host_.armed_generation;
      host_.armed_delay.reset();
      coordinator_->on_periodic_trigger(generation);
    }
  }

  void expire(CheckpointId id) {
    if (host_.expiries.count(id) > 0) coordinator_->on_expired(id);
  }

  static TaskAcknowledgement state_of(TaskRef ref, int64_t id, const std::string& name) {
    TaskAcknowledgement ack;
    ack.task = ref;
    ack.has_state = true;
    for (const char* kind : {"p", "m"})
      ack.private_files.push_back({kind + std::to_string(id) + "." + name, 1});
    return ack;
  }

  void acknowledge(const Json& event) {
    const int64_t id = event[1].get<int64_t>();
    const TaskRef ref = task(event[2]);
    const bool unknown = ref.attempt != 0;
    TaskAcknowledgement ack;
    ack.task = ref;
    if (!event[3].is_null()) {
      ack = state_of(ref, unknown ? id + 1000 : id, unknown ? "A0" : event[2].get<std::string>());
      for (const Json& file : event[3])
        if (!file.is_null())
          ack.shared_files.push_back({file.get<std::string>(), file.get<std::string>(), 1, false});
    }
    answer(coordinator_->on_acknowledge(id, std::move(ack)) == AckReply::accepted);
    // "return" closes the event's actions; completion is recorded before it.
  }

  void answer_coordinator(bool ok) {
    if (host_.open_coordinators.empty()) return;
    const auto [ref, id] = host_.open_coordinators.front();
    host_.open_coordinators.erase(host_.open_coordinators.begin());
    if (ok)
      coordinator_->on_coordinator_state(ref, id, CoordinatorState{"state"});
    else
      coordinator_->on_coordinator_failed(ref, id,
                                          CheckpointFailureReason::trigger_checkpoint_failure);
  }

  void restore_savepoint(const Json& event) {
    auto loaded = std::make_shared<CompletedCheckpoint>();
    loaded->id = event[1].get<int64_t>();
    loaded->taken_as = SnapshotType::savepoint;
    for (uint32_t v = 0; v < host_.bench_tasks.vertices(); ++v)
      for (uint32_t s = 0; s < host_.bench_tasks.parallelism(v); ++s)
        // The vectors do not watch the restored savepoint's own files.
        loaded->vertices[v].subtasks[s].acknowledgement.has_state = true;
    loaded->vertices[0].coordinators[0] = CoordinatorState{"state"};
    const ClaimMode mode = event[2] == "CLAIM"    ? ClaimMode::claim
                           : event[2] == "LEGACY" ? ClaimMode::legacy
                                                  : ClaimMode::no_claim;
    answer(coordinator_->restore_savepoint(loaded, mode).checkpoint != nullptr);
  }

  BenchHost host_;
  SharedStateRegistry registry_;
  CheckpointsCleaner cleaner_;
  CompletedCheckpointStore store_;
  CheckpointCoordinatorOptions options_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
};

Outcome judge(const Json& one_case, const Json&) {
  Script script(one_case.at("config"));
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Json actual = script.step(events[i]);
    const Outcome outcome = expect_equal(one_case.at("expected")[i], actual,
                                         "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(CheckpointCoordinator, Conformance) { run_vectors("coordinator.json", judge); }

TEST(CheckpointCoordinator, MutantFails) {
  expect_mutant_fails(model::Mutant::notify_before_durable, "coordinator.json", judge);
}

}  // namespace
}  // namespace drey::conformance
