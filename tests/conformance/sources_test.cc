// sources.json and split-tracker-asserted.json: a source coordinator behind its holder, with the
// job master's main thread and the coordinator's thread run by this harness.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>

#include "model/checkpoint/operator_coordinator_holder.h"
#include "model/io/source_coordinator.h"
#include "model/io/source_events.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using namespace model;

// Splits have names in the vectors and numbers here.
class SplitNames {
 public:
  SplitId id(const std::string& name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<SplitId>(found - names_.begin());
    names_.push_back(name);
    return static_cast<SplitId>(names_.size() - 1);
  }
  std::vector<SplitId> ids(const Json& names) {
    std::vector<SplitId> all;
    for (const Json& name : names) all.push_back(id(name.get<std::string>()));
    return all;
  }
  Json names(const std::vector<SplitId>& splits) const {
    Json all = Json::array();
    for (const SplitId split : splits) all.push_back(names_[split]);
    return all;
  }

 private:
  std::vector<std::string> names_;
};

const char* class_of(SourceThrown thrown) {
  switch (thrown) {
    case SourceThrown::illegal_argument:
      return "IllegalArgumentException";
    case SourceThrown::null_pointer:
      return "NullPointerException";
    case SourceThrown::illegal_state:
    case SourceThrown::nothing:
      break;
  }
  return "IllegalStateException";
}

class Script final : public SourceCoordinatorOutput,
                     public OperatorCoordinatorOutput,
                     public SplitEnumeratorFactory {
 public:
  explicit Script(const Json& one_case)
      : case_(one_case),
        parallelism_(one_case["parallelism"].get<uint32_t>()),
        coordinator_({.parallelism = parallelism_,
                      .concurrent_attempts = one_case["concurrent"].get<bool>()},
                     *this, *this),
        holder_(parallelism_, *this) {}

  Json step(const Json& operations) {
    actions_ = Json::array();
    for (const Json& operation : operations) perform(operation);
    while (coordinator_.has_work() || !calls_.empty() || !main_.empty()) {
      run_coordinator();
      // What the main thread's work posts to the main thread runs before the other one.
      while (!main_.empty()) {
        const std::function<void()> work = std::move(main_.front());
        main_.pop_front();
        work();
      }
    }
    return {actions_, state()};
  }

 private:
  // The user's enumerator: a list of pending splits.
  struct Enumerator final : SplitEnumerator {
    Enumerator(Script& owner, SplitEnumeratorContext& shared) : script(owner), context(shared) {}
    SourceThrown start() override {
      script.actions_.push_back({"enum_start", script.names_.names(pending)});
      return SourceThrown::nothing;
    }
    SourceThrown add_reader(uint32_t subtask) override {
      script.actions_.push_back({"enum_reader", subtask});
      return SourceThrown::nothing;
    }
    SourceThrown handle_split_request(uint32_t subtask) override {
      script.actions_.push_back({"enum_request", subtask});
      const auto mode = script.case_["on_request"].get<std::string>();
      if (mode == "none") return SourceThrown::nothing;
      if (!pending.empty()) return take({{subtask, {pending.front()}}});
      if (mode == "one") return SourceThrown::nothing;
      return context.signal_no_more_splits(subtask);
    }
    SourceThrown handle_event(uint32_t subtask, uint32_t attempt, uint64_t event) override {
      Json action = {"enum_event", subtask, event};
      if (script.case_["concurrent"].get<bool>()) action.push_back(attempt);
      script.actions_.push_back(action);
      return SourceThrown::nothing;
    }
    SourceThrown add_splits_back(const std::vector<SplitId>& splits, uint32_t subtask) override {
      script.actions_.push_back({"enum_back", subtask, script.names_.names(splits)});
      pending.insert(pending.end(), splits.begin(), splits.end());
      return SourceThrown::nothing;
    }
    SourceThrown discovered(uint32_t, bool) override { return SourceThrown::nothing; }
    std::string snapshot(CheckpointId id) override {
      script.actions_.push_back({"enum_snapshot", id, script.names_.names(pending)});
      return encode_splits(pending);
    }
    void notify_complete(CheckpointId id) override {
      script.actions_.push_back({"enum_complete", id});
    }
    void notify_aborted(CheckpointId id) override {
      script.actions_.push_back({"enum_aborted", id});
    }
    void close() override { script.actions_.push_back(Json::array({"enum_close"})); }

    SourceThrown take(const SplitsBySubtask& assignment) {
      const SourceThrown thrown = context.assign(assignment);
      if (thrown != SourceThrown::nothing) return thrown;
      for (const auto& [subtask, splits] : assignment)
        for (const SplitId split : splits)
          pending.erase(std::remove(pending.begin(), pending.end(), split), pending.end());
      return SourceThrown::nothing;
    }

    Script& script;
    SplitEnumeratorContext& context;
    std::vector<SplitId> pending;
  };

  std::unique_ptr<SplitEnumerator> make(SplitEnumeratorContext& context,
                                        const std::string* state) override {
    auto made = std::make_unique<Enumerator>(*this, context);
    if (state != nullptr)
      made->pending = decode_splits(*state);
    else
      for (int i = 0; i < case_["initial"].get<int>(); ++i)
        made->pending.push_back(names_.id(std::string("s") + std::to_string(i)));
    enumerator_ = made.get();
    return made;
  }

  // The enumerator's own doings are pieces of work of the coordinator's thread like the others: a
  // call stands in the coordinator's queue as an event that only this script understands.
  void call(std::function<SourceThrown()> what) {
    calls_.push_back({coordinator_.work_left(), std::move(what)});
  }

  void run_coordinator() {
    while (coordinator_.has_work() || !calls_.empty()) {
      size_t before = coordinator_.work_left();
      if (!calls_.empty()) before = std::min(before, calls_.front().first);
      for (size_t i = 0; i < before; ++i) coordinator_.run_one();
      for (auto& [left, what] : calls_) left -= before;
      if (calls_.empty() || calls_.front().first > 0) continue;
      const auto what = std::move(calls_.front().second);
      calls_.pop_front();
      const SourceThrown thrown = what();
      if (thrown != SourceThrown::nothing) source_threw(thrown);
    }
  }

  // ---- SourceCoordinatorOutput: to the main thread
  void send_to_reader(uint32_t subtask, uint32_t attempt, OperatorEvent event) override {
    auto shared = std::make_shared<OperatorEvent>(std::move(event));
    main_.push_back(
        [this, subtask, attempt, shared] { holder_.send_event(subtask, attempt, shared); });
  }
  void snapshot_taken(CheckpointId id, std::string state) override {
    main_.push_back([this, id, state] { holder_.on_snapshot(id, CoordinatorState{state}); });
  }
  void source_threw(SourceThrown thrown) override {
    main_.push_back([this, thrown] {
      thrown_ = thrown;
      holder_.fail_job();
    });
  }
  void begin_discovery() override {}
  void assigned(uint32_t, const std::vector<SplitId>&) override {}

  // ---- OperatorCoordinatorOutput
  void send_event(uint64_t rpc, uint32_t subtask, uint32_t attempt,
                  const OperatorEventPtr& event) override {
    Json action = {"to", subtask, attempt};
    switch (static_cast<SourceEvent>(event->kind)) {
      case SourceEvent::add_splits:
        action.push_back("add");
        action.push_back(names_.names(splits_of(*event)));
        break;
      case SourceEvent::no_more_splits:
        action.push_back("no_more");
        break;
      case SourceEvent::backlog:
        action.push_back("backlog");
        action.push_back(event->argument != 0);
        break;
      default:
        action.push_back("event");
        action.push_back(event->argument);
        break;
    }
    actions_.push_back(action);
    if (case_["rpc"] == "auto")
      main_.push_back([this, rpc] { holder_.on_event_delivered(rpc); });
    else
      open_rpcs_.push_back(rpc);
  }
  void begin_snapshot(CheckpointId id) override { coordinator_.checkpoint(id); }
  void snapshot_result(CheckpointId id, bool succeeded,
                       std::optional<CoordinatorState> state) override {
    actions_.push_back({succeeded ? "ckpt_done" : "ckpt_failed", id});
    if (succeeded) states_[id] = state->bytes;
  }
  void event_was_lost(uint32_t subtask, uint32_t) override {
    actions_.push_back({"fail_task", subtask});
  }
  void fail_job() override { actions_.push_back({"fail_job", class_of(thrown_)}); }

  // ---- operations
  void perform(const Json& operation) {
    const auto op = operation[0].get<std::string>();
    if (perform_of_reader(op, operation) || perform_of_enumerator(op, operation)) return;
    const int64_t id = operation.size() > 1 && operation[1].is_number()
                           ? operation[1].get<int64_t>()
                           : kNoCheckpoint;
    if (op == "checkpoint") {
      main_.push_back([this, id] { holder_.checkpoint(id); });
    } else if (op == "complete") {
      main_.push_back([this, id] {
        if (holder_.on_checkpoint_ended(id)) coordinator_.complete(id);
      });
    } else if (op == "aborted") {
      main_.push_back([this, id] {
        if (holder_.on_checkpoint_ended(id)) coordinator_.aborted(id);
      });
    } else if (op == "abort_current") {
      main_.push_back([this] { holder_.abort_current_triggering(); });
    } else if (op == "rpc") {
      if (open_rpcs_.empty()) return;
      const uint64_t rpc = open_rpcs_.front();
      open_rpcs_.pop_front();
      const bool ok = operation[1] == "ok";
      main_.push_back([this, rpc, ok] {
        if (ok)
          holder_.on_event_delivered(rpc);
        else
          holder_.on_event_lost(rpc);
      });
    } else if (op == "global_reset") {
      global_reset(id);
    } else {
      ADD_FAILURE() << "unknown operation " << op;
    }
  }

  void global_reset(CheckpointId id) {
    holder_.reset();
    for (uint32_t subtask = 0; subtask < parallelism_; ++subtask)
      holder_.subtask_restarted(subtask, ++attempts_[subtask]);
    calls_.clear();
    coordinator_.reset(id < 0 ? nullptr : &states_[id]);
  }

  bool perform_of_reader(const std::string& op, const Json& operation) {
    const auto subtask = operation.size() > 1 && operation[1].is_number()
                             ? static_cast<uint32_t>(operation[1].get<int64_t>())
                             : 0;
    const auto number = [&](size_t at) {
      return operation.size() > at ? operation[at].get<uint32_t>() : attempts_[subtask];
    };
    if (op == "running") {
      coordinator_.attempt_ready(subtask, number(2));
    } else if (op == "register") {
      coordinator_.event(subtask, number(2), source_event(SourceEvent::reader_registration));
    } else if (op == "request") {
      coordinator_.event(subtask, number(2), source_event(SourceEvent::request_split));
    } else if (op == "event") {
      coordinator_.event(subtask, number(2),
                         source_event(SourceEvent::to_enumerator, operation[3].get<uint64_t>()));
    } else if (op == "fail") {
      coordinator_.attempt_failed(subtask, number(2));
    } else if (op == "reset") {
      holder_.subtask_restarted(subtask, ++attempts_[subtask]);
      coordinator_.subtask_reset(subtask, operation[2].get<int64_t>());
    } else if (op == "attempt") {
      attempts_[subtask] = number(2);
      holder_.attempt_added(subtask, number(2));
    } else if (op == "ack") {
      if (!holder_.on_subtask_acknowledged(subtask, operation[2].get<int64_t>()))
        actions_.push_back({"throw", "IllegalStateException"});
    } else {
      return false;
    }
    return true;
  }

  bool perform_of_enumerator(const std::string& op, const Json& operation) {
    if (op == "start") {
      coordinator_.start();
    } else if (op == "send") {
      call([this, operation] {
        return enumerator_->context.send_event(operation[1].get<uint32_t>(),
                                               operation[2].get<uint32_t>(),
                                               operation[3].get<uint64_t>());
      });
    } else if (op == "assign") {
      SplitsBySubtask assignment;
      for (const Json& part : operation[1])
        assignment[part[0].get<uint32_t>()] = names_.ids(part[1]);
      call([this, assignment] { return enumerator_->take(assignment); });
    } else if (op == "no_more" || op == "intermediate_no_more") {
      const auto subtask = operation[1].get<uint32_t>();
      const bool last = op == "no_more";
      call([this, subtask, last] {
        return last ? enumerator_->context.signal_no_more_splits(subtask)
                    : enumerator_->context.signal_intermediate_no_more_splits(subtask);
      });
    } else if (op == "discover") {
      const std::vector<SplitId> splits = names_.ids(operation[1]);
      call([this, splits] {
        enumerator_->pending.insert(enumerator_->pending.end(), splits.begin(), splits.end());
        return SourceThrown::nothing;
      });
    } else if (op == "backlog") {
      const bool backlog = operation[1].get<bool>();
      call([this, backlog] { return enumerator_->context.set_backlog(backlog); });
    } else {
      return false;
    }
    return true;
  }

  Json by_subtask(const SplitsBySubtask& splits) const {
    Json all = Json::array();
    for (const auto& [subtask, list] : splits) all.push_back({subtask, names_.names(list)});
    return all;
  }
  Json state() const {
    Json readers = Json::array();
    for (const auto& [subtask, attempts] : coordinator_.readers())
      readers.push_back({subtask, attempts});
    Json buckets = Json::array();
    for (const auto& [id, splits] : coordinator_.tracker().buckets())
      buckets.push_back({id, by_subtask(splits)});
    return {readers, buckets, by_subtask(coordinator_.tracker().pending()),
            enumerator_ != nullptr ? names_.names(enumerator_->pending) : Json::array(),
            coordinator_.without_more_splits()};
  }

  const Json& case_;
  uint32_t parallelism_;
  SourceCoordinator coordinator_;
  OperatorCoordinatorHolder holder_;
  Enumerator* enumerator_ = nullptr;
  SplitNames names_;
  std::deque<std::pair<size_t, std::function<SourceThrown()>>> calls_;
  std::deque<std::function<void()>> main_;
  std::deque<uint64_t> open_rpcs_;
  std::map<uint32_t, uint32_t> attempts_;
  std::map<CheckpointId, std::string> states_;
  SourceThrown thrown_ = SourceThrown::nothing;
  Json actions_;
};

TEST(Conformance, Sources) {
  run_vectors("sources.json", [](const Json& one_case, const Json&) {
    Script script(one_case);
    const Json& steps = one_case["steps"];
    for (size_t i = 0; i < steps.size(); ++i) {
      const Outcome outcome = expect_equal(one_case["expected"][i], script.step(steps[i]),
                                           "step " + std::to_string(i) + " " + steps[i].dump());
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
    return passed();
  });
}

// ---- split-tracker-asserted.json

std::vector<SplitId> numbers(const Json& splits) {
  std::vector<SplitId> all;
  for (const Json& split : splits) all.push_back(split.get<SplitId>());
  return all;
}
SplitsBySubtask assignment_of(const Json& splits) {
  SplitsBySubtask all;
  for (const auto& [subtask, list] : splits.items())
    all[static_cast<uint32_t>(std::stoul(subtask))] = numbers(list);
  return all;
}
Json json_of(const SplitsBySubtask& splits) {
  Json all = Json::object();
  for (const auto& [subtask, list] : splits) all[std::to_string(subtask)] = list;
  return all;
}

TEST(Conformance, SplitTracker) {
  run_vectors("split-tracker-asserted.json", [](const Json& one_case, const Json&) {
    SplitAssignmentTracker tracker;
    const Json& events = one_case["events"];
    for (size_t i = 0; i < events.size(); ++i) {
      const auto op = events[i]["op"].get<std::string>();
      Json returned = Json::array();
      if (op == "assign")
        tracker.record(assignment_of(events[i]["splits"]));
      else if (op == "checkpoint")
        tracker.on_checkpoint(events[i]["id"].get<int64_t>());
      else if (op == "complete")
        tracker.on_complete(events[i]["id"].get<int64_t>());
      else
        returned = tracker.take_back(events[i]["subtask"].get<uint32_t>(),
                                     events[i]["restored"].get<int64_t>());
      for (const auto& [field, value] : one_case["expected"]["steps"][i].items()) {
        Json actual = returned;
        if (field == "pending") actual = json_of(tracker.pending());
        if (field == "buckets") {
          actual = Json::object();
          for (const auto& [id, splits] : tracker.buckets())
            actual[std::to_string(id)] = json_of(splits);
        }
        const Outcome outcome =
            expect_equal(value, actual, "step " + std::to_string(i) + " " + field);
        if (outcome.kind != Outcome::Kind::passed) return outcome;
      }
    }
    return passed();
  });
}

}  // namespace
}  // namespace drey::conformance
