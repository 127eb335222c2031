#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/io/committer_operator.h"
#include "model/io/sink_writer_operator.h"
#include "tests/conformance/sink_harness.h"

namespace drey::conformance {
namespace {

using model::CommittableCollector;
using model::CommittableMessage;
using model::CommitterError;
using model::CommitterOperator;
using model::GlobalCommitterOperator;
using model::SinkWriterOperator;

model::CommittableWithLineage committable(int subtask, int64_t checkpoint, std::string name) {
  model::CommittableWithLineage result;
  result.subtask = subtask;
  result.checkpoint = checkpoint;
  result.committable.transactional_id = std::move(name);
  return result;
}

CommittableMessage message_of(const Json& event) {
  if (event.at(0) == "summary") {
    model::CommittableSummary summary;
    summary.subtask = event.at(1);
    summary.subtasks = event.at(2);
    summary.checkpoint = event.at(3);
    summary.committables = event.at(4);
    summary.failed = event.at(5);
    return summary;
  }
  return committable(event.at(1), event.at(2), event.at(3));
}

Json outcome_of(const Json& actions, CommitterError error) {
  Json result = Json::array({actions});
  if (error != CommitterError::none) result.push_back(exception_of(error));
  return result;
}

// Runs the events of a case through `harness.run(event)`.
template <class Harness>
Outcome compare(const Json& one_case, Harness& harness) {
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Outcome outcome = expect_equal(one_case.at("expected").at(i), harness.run(events[i]),
                                         "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

// One operator fed by hand. Op is CommitterOperator or GlobalCommitterOperator; `make` creates a
// fresh one.
template <class Op>
class OneOperator {
 public:
  OneOperator(const Json& one_case, std::string who, std::function<std::unique_ptr<Op>()> make,
              std::function<void(Op&)> end, Json& actions)
      : committer_(one_case.at("outcomes")),
        who_(std::move(who)),
        make_(std::move(make)),
        end_(std::move(end)),
        actions_(actions),
        operator_(make_()) {}

  Json run(const Json& event) {
    actions_ = Json::array();
    const std::string op = event.at(0);
    if (op == "summary" || op == "committable") operator_->add(message_of(event));
    if (op == "snapshot") states_[event.at(1)] = operator_->snapshot().serialize();
    if (op == "complete") operator_->checkpoint_complete(event.at(1));
    if (op == "end") end_(*operator_);
    if (op == "restore") {
      operator_ = make_();
      const int64_t id = event.at(1);
      if (id != 0) operator_->restore({CommittableCollector::parse(states_.at(id))}, id);
    }
    committer_.drive(*operator_, who_, actions_);
    return outcome_of(actions_, operator_->error());
  }

 private:
  ScriptedCommitter committer_;
  std::string who_;
  std::function<std::unique_ptr<Op>()> make_;
  std::function<void(Op&)> end_;
  Json& actions_;
  std::unique_ptr<Op> operator_;
  std::map<int64_t, std::string> states_;
};

struct EmitAction final : model::CommittableOutput {
  explicit EmitAction(Json& out) : actions(out) {}
  void emit(const CommittableMessage& message) override {
    Json action = {"emit"};
    for (const Json& field : to_json(message)) action.push_back(field);
    actions.push_back(action);
  }
  Json& actions;
};

model::CommitterOptions committer_options(const Json& one_case, int subtask, int parallelism) {
  model::CommitterOptions options;
  options.subtask = subtask;
  options.parallelism = parallelism;
  options.batch = one_case.at("batch");
  options.checkpointing = one_case.at("checkpointing");
  options.retries = one_case.at("retries");
  return options;
}

Outcome judge_committer(const Json& one_case) {
  Json actions = Json::array();
  EmitAction output(actions);
  model::CommitterOptions options =
      committer_options(one_case, one_case.at("subtask"), one_case.at("parallelism"));
  options.post_commit_topology = one_case.at("post_commit");
  options.mutant = mutant_under_test();
  OneOperator<CommitterOperator> harness(
      one_case, fmt::format("c{}", options.subtask),
      [&] { return std::make_unique<CommitterOperator>(options, output); },
      [](CommitterOperator& op) { op.end_input(); }, actions);
  return compare(one_case, harness);
}

Outcome judge_global(const Json& one_case) {
  Json actions = Json::array();
  OneOperator<GlobalCommitterOperator> harness(
      one_case, "global",
      [&] {
        return std::make_unique<GlobalCommitterOperator>(one_case.at("commit_on_input"),
                                                         one_case.at("retries"));
      },
      [](GlobalCommitterOperator&) {}, actions);
  return compare(one_case, harness);
}

// The vectors' writers, see their README.
class ScriptedWriter final : public model::SinkWriter {
 public:
  ScriptedWriter(std::string kind, int subtask, Json& actions)
      : kind_(std::move(kind)), subtask_(subtask), actions_(actions) {}

  void write(const std::string& element) { elements_.push_back(element); }
  void restore(const std::vector<std::string>& held) {
    elements_ = held;
    actions_.push_back({"writer_restore", subtask_, held});
  }

  bool flush(bool end_of_input) override {
    actions_.push_back({"flush", subtask_, end_of_input});
    ended_ = end_of_input;
    return true;
  }

  std::vector<model::Committable> prepare_commit() override {
    std::vector<std::string> names;
    std::swap(names, elements_);
    if (kind_ == "hold" && !ended_ && !names.empty()) {
      elements_.push_back(names.back());
      names.pop_back();
    }
    if (kind_ == "writer_only") actions_.push_back({"prepare", subtask_, names});
    if (kind_ == "one" && names.size() > 1) {
      std::string joined = names[0];
      for (size_t i = 1; i < names.size(); ++i) joined += "+" + names[i];
      names = {joined};
    }
    std::vector<model::Committable> result;
    for (const std::string& name : names) result.push_back(committable(0, 0, name).committable);
    return result;
  }

  std::vector<std::string> snapshot_state(int64_t checkpoint) override {
    actions_.push_back({"writer_state", subtask_, checkpoint, elements_});
    return elements_;
  }

 private:
  std::string kind_;
  int subtask_;
  Json& actions_;
  std::vector<std::string> elements_;
  bool ended_ = false;
};

struct PipelineState {
  std::vector<std::vector<std::string>> writer;
  std::vector<std::vector<std::string>> committer;  // serialised collectors
  std::string global;
};

class Pipeline {
 public:
  explicit Pipeline(const Json& one_case) : case_(one_case), committer_(one_case.at("outcomes")) {
    create(one_case.at("parallelism"));
  }

  Json run(const Json& event) {
    actions_ = Json::array();
    error_ = CommitterError::none;
    const std::string op = event.at(0);
    if (op == "write") write(event.at(1), event.at(2));
    if (op == "barrier") barrier(event.at(1));
    if (op == "complete") complete(event.at(1));
    if (op == "end") end(event.at(1));
    if (op == "restore") restore(event.at(1), event.at(2));
    return outcome_of(actions_, error_);
  }

 private:
  // What one operator emits the next one gets at once.
  struct Wire final : model::CommittableOutput {
    void emit(const CommittableMessage& message) override {
      Json action = {"emit", who};
      for (const Json& field : to_json(message)) action.push_back(field);
      pipeline->actions_.push_back(action);
      pipeline->deliver(*this, message);
    }
    Pipeline* pipeline = nullptr;
    std::string who;
    size_t subtask = 0;
    bool to_committer = true;
  };

  struct Subtask {
    Wire writer_wire;
    Wire committer_wire;
    std::unique_ptr<ScriptedWriter> writer;
    std::unique_ptr<SinkWriterOperator> writer_operator;
    std::unique_ptr<CommitterOperator> committer;
  };

  void create(size_t parallelism) {
    subtasks_.clear();
    const bool has_committer = case_.at("committer");
    global_ = std::make_unique<GlobalCommitterOperator>(
        case_.at("batch").get<bool>() || !case_.at("checkpointing").get<bool>(),
        case_.at("retries"));
    for (size_t i = 0; i < parallelism; ++i) {
      auto subtask = std::make_unique<Subtask>();
      subtask->writer_wire.who = fmt::format("w{}", i);
      subtask->committer_wire.who = fmt::format("c{}", i);
      subtask->committer_wire.to_committer = false;
      for (Wire* wire : {&subtask->writer_wire, &subtask->committer_wire}) {
        wire->pipeline = this;
        wire->subtask = i;
      }
      const int index = static_cast<int>(i);
      model::SinkWriterOptions writer_options;
      writer_options.subtask = index;
      writer_options.parallelism = static_cast<int>(parallelism);
      writer_options.has_committer = has_committer;
      writer_options.stateful = case_.at("stateful");
      writer_options.mutant = mutant_under_test();
      subtask->writer = std::make_unique<ScriptedWriter>(case_.at("writer"), index, actions_);
      subtask->writer_operator = std::make_unique<SinkWriterOperator>(
          writer_options, *subtask->writer, subtask->writer_wire);
      model::CommitterOptions options =
          committer_options(case_, index, static_cast<int>(parallelism));
      options.post_commit_topology = case_.at("global");
      options.mutant = mutant_under_test();
      subtask->committer = std::make_unique<CommitterOperator>(options, subtask->committer_wire);
      subtasks_.push_back(std::move(subtask));
    }
  }

  void deliver(const Wire& from, const CommittableMessage& message) {
    if (from.to_committer) {
      subtasks_[from.subtask]->committer->add(message);
      note(subtasks_[from.subtask]->committer->error());
      return;
    }
    global_->add(message);
    settle_global();
  }

  void note(CommitterError error) {
    if (error_ == CommitterError::none) error_ = error;
  }
  void settle(size_t i) {
    committer_.drive(*subtasks_[i]->committer, fmt::format("c{}", i), actions_);
    note(subtasks_[i]->committer->error());
  }
  void settle_global() {
    global_committer_.drive(*global_, "global", actions_);
    note(global_->error());
  }
  bool failed() const { return error_ != CommitterError::none; }

  void write(size_t subtask, const std::string& element) {
    subtasks_[subtask]->writer_operator->before_element();
    subtasks_[subtask]->writer->write(element);
  }

  void barrier(int64_t id) {
    PipelineState& state = states_[id];
    state = {};
    for (auto& subtask : subtasks_) {
      subtask->writer_operator->prepare_snapshot(id);
      state.writer.push_back(subtask->writer_operator->snapshot(id));
    }
    for (auto& subtask : subtasks_)
      state.committer.push_back({subtask->committer->snapshot().serialize()});
    state.global = global_->snapshot().serialize();
  }

  void complete(int64_t id) {
    for (size_t i = 0; i < subtasks_.size() && !failed(); ++i) {
      subtasks_[i]->committer->checkpoint_complete(id);
      settle(i);
    }
    if (failed()) return;
    global_->checkpoint_complete(id);
    settle_global();
  }

  void end(size_t i) {
    subtasks_[i]->writer_operator->end_input();
    subtasks_[i]->committer->end_input();
    settle(i);
  }

  void restore(int64_t id, size_t parallelism) {
    create(parallelism);
    if (id == 0) return;
    const PipelineState& state = states_.at(id);
    global_->restore({CommittableCollector::parse(state.global)}, id);
    settle_global();
    const auto committers = redistribute(state.committer, parallelism);
    for (size_t i = 0; i < parallelism && !failed(); ++i) {
      std::vector<CommittableCollector> collectors;
      for (const std::string& bytes : committers[i])
        collectors.push_back(CommittableCollector::parse(bytes));
      subtasks_[i]->committer->restore(collectors, id);
      settle(i);
    }
    const auto writers = redistribute(state.writer, parallelism);
    for (size_t i = 0; i < parallelism && !failed(); ++i) {
      subtasks_[i]->writer_operator->restore(id);
      if (case_.at("stateful")) subtasks_[i]->writer->restore(writers[i]);
    }
  }

  const Json& case_;
  ScriptedCommitter committer_;
  ScriptedCommitter global_committer_{Json::object()};  // the outcomes concern the committers only
  Json actions_ = Json::array();
  CommitterError error_ = CommitterError::none;
  std::vector<std::unique_ptr<Subtask>> subtasks_;
  std::unique_ptr<GlobalCommitterOperator> global_;
  std::map<int64_t, PipelineState> states_;
};

Outcome judge(const Json& one_case, const Json&) {
  const std::string kind = one_case.at("kind");
  if (kind == "committer") return judge_committer(one_case);
  if (kind == "global") return judge_global(one_case);
  Pipeline pipeline(one_case);
  return compare(one_case, pipeline);
}

TEST(Conformance, SinkV2) { run_vectors("sink-v2.json", judge); }

TEST(Conformance, SinkMutantsFail) {
  for (const model::Mutant mutant : {model::Mutant::commit_ahead_of_checkpoint,
                                     model::Mutant::committables_lost_at_end_of_input})
    expect_mutant_fails(mutant, "sink-v2.json", judge);
}

}  // namespace
}  // namespace drey::conformance
