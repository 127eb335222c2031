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

using model::CheckpointCommittables;
using model::CommittableCollector;
using model::CommittableMessage;
using model::CommitterError;
using model::CommitterOperator;
using model::GlobalCommitterOperator;

CommittableMessage message_of(const Json& event) {
  if (event.at("op") == "summary") {
    model::CommittableSummary summary;
    summary.subtask = event.at("subtask");
    summary.subtasks = event.value("number_of_subtasks", 1);
    summary.checkpoint = event.at("id");
    summary.committables = event.at("count");
    summary.failed = event.value("failed", 0);
    return summary;
  }
  model::CommittableWithLineage result;
  result.subtask = event.at("subtask");
  result.checkpoint = event.at("id");
  const Json& value = event.at("value");
  result.committable.transactional_id = value.is_string() ? value.get<std::string>() : value.dump();
  return result;
}

Json error_word(CommitterError error) {
  switch (error) {
    case CommitterError::none:
      return nullptr;
    case CommitterError::incomplete_batch:
      return "INCOMPLETE_BATCH";
    case CommitterError::retries_exhausted:
      return "FAILED_TO_COMMIT";
    case CommitterError::duplicate_summary:
      return "UNSUPPORTED_OPERATION";
    default:
      return exception_of(error);
  }
}

struct Collected final : model::CommittableOutput {
  void emit(const CommittableMessage& message) override {
    if (const auto* summary = std::get_if<model::CommittableSummary>(&message)) {
      output.push_back({{"kind", "SUMMARY"},
                        {"id", summary->checkpoint},
                        {"count", summary->committables},
                        {"subtask", summary->subtask},
                        {"subtasks", summary->subtasks}});
      return;
    }
    const auto& committable = std::get<model::CommittableWithLineage>(message);
    output.push_back({{"kind", "COMMITTABLE"},
                      {"id", committable.checkpoint},
                      {"value", committable.committable.transactional_id},
                      {"subtask", committable.subtask}});
  }
  Json output = Json::array();
};

// Compares the fields of a step that are asserted.
Outcome check(const Json& step, const Json& actual, const Json& event) {
  for (const auto& [field, value] : step.items()) {
    const Outcome outcome =
        expect_equal(value, actual.value(field, Json("not observed")), event.dump() + " " + field);
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

// The committer of the asserted cases is told of an incomplete batch and tried again, which a task
// never is: an operator that failed is replaced by one with the same book.
class Committers {
 public:
  explicit Committers(const Json& given) {
    options_.batch = given.at("batch");
    options_.checkpointing = given.at("checkpointing");
    options_.post_commit_topology = given.at("post_commit");
    options_.parallelism = given.at("parallelism");
    options_.subtask = given.at("subtask");
    renew();
  }

  Json run(const Json& event) {
    const std::string op = event.at("op");
    if (operator_->error() != CommitterError::none) {
      const CommittableCollector book = operator_->snapshot();
      renew();
      operator_->restore({book}, 0);
    }
    if (op == "summary" || op == "committable") operator_->add(message_of(event));
    if (op == "complete") operator_->checkpoint_complete(event.at("id"));
    if (op == "end_input") operator_->end_input();
    if (op == "snapshot") state_ = operator_->snapshot().serialize();
    if (op == "restore") {
      options_.parallelism = event.at("parallelism");
      options_.subtask = event.at("subtask");
      renew();
      operator_->restore({CommittableCollector::parse(state_)}, event.at("id"));
    }
    Json rounds = Json::array();
    ScriptedCommitter(Json::object()).drive(*operator_, "c", rounds);
    for (const Json& round : rounds) commits_ += round.at(2).size();
    return {{"commits", commits_},
            {"output", output_.output},
            {"error", error_word(operator_->error())}};
  }

 private:
  void renew() { operator_ = std::make_unique<CommitterOperator>(options_, output_); }

  model::CommitterOptions options_;
  Collected output_;
  std::unique_ptr<CommitterOperator> operator_;
  std::string state_;
  size_t commits_ = 0;
};

template <class Harness>
Outcome compare(const Json& one_case, Harness& harness) {
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Json actual = harness.run(events[i]);
    const Outcome outcome = check(one_case.at("expected").at("steps").at(i), actual, events[i]);
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

// Cases that give the book of one subtask directly.
class Books {
 public:
  explicit Books(const Json& given) {
    for (const Json& manager : given.at("managers")) {
      model::SubtaskCommittables batch;
      batch.failed = manager.at("failed");
      const int committed = manager.value("committed", 0);
      const int failed_known = manager.value("failed_known", 0);
      for (int i = 0; i < manager.at("requests"); ++i) {
        model::CommitRequest request;
        if (i < committed)
          request.state = model::CommitRequestState::committed;
        else if (i < committed + failed_known)
          request.state = model::CommitRequestState::failed;
        batch.requests.push_back(request);
      }
      batch.expected = static_cast<int>(batch.requests.size()) + batch.failed;
      CheckpointCommittables committables(manager.at("checkpoint"), 1);
      committables.put(0, batch);
      books_.push_back(committables);
    }
  }

  Json run(const Json& event) {
    CommittableCollector collector;
    for (const CheckpointCommittables& book : books_) {
      CommittableCollector one;
      one.put(book);
      collector.merge(one);
    }
    if (event.at("op") == "merge") {
      const CheckpointCommittables& merged = collector.by_checkpoint().begin()->second;
      const model::SubtaskCommittables& batch = merged.by_subtask().at(0);
      return {{"requests", batch.requests.size()},
              {"failed", batch.failed},
              {"finished", batch.finished()}};
    }
    int managers = 0;
    Json result;
    while (CheckpointCommittables* first = collector.first_up_to(event.at("id"))) {
      ++managers;
      result["finished"] = first->finished();
      result["successful"] = first->successful().size();
      collector.remove(first->checkpoint());
    }
    result["managers"] = managers;
    return result;
  }

 private:
  std::vector<CheckpointCommittables> books_;
};

TEST(Conformance, SinkCommitterAsserted) {
  run_vectors("sink-committer-asserted.json", [](const Json& one_case, const Json&) {
    const Json& given = one_case.at("given");
    if (given.contains("managers")) {
      Books books(given);
      return compare(one_case, books);
    }
    Committers committers(given);
    return compare(one_case, committers);
  });
}

class Global {
 public:
  explicit Global(bool on_input) : on_input_(on_input) { renew(); }

  Json run(const Json& event) {
    const std::string op = event.at("op");
    if (op == "summary" || op == "committable") operator_->add(message_of(event));
    if (op == "complete") operator_->checkpoint_complete(event.at("id"));
    if (op == "snapshot") state_ = operator_->snapshot().serialize();
    if (op == "restore") {
      renew();
      operator_->restore({CommittableCollector::parse(state_)}, event.at("id"));
    }
    Json rounds = Json::array();
    ScriptedCommitter(Json::object()).drive(*operator_, "global", rounds);
    for (const Json& round : rounds) {
      for (const Json& request : round.at(2))
        committed_.push_back(Json::parse(request.at(0).get<std::string>()));
    }
    return {{"committed", committed_}, {"error", error_word(operator_->error())}};
  }

 private:
  void renew() { operator_ = std::make_unique<GlobalCommitterOperator>(on_input_, 10); }

  bool on_input_;
  std::unique_ptr<GlobalCommitterOperator> operator_;
  std::string state_;
  Json committed_ = Json::array();
};

TEST(Conformance, GlobalCommitterAsserted) {
  run_vectors("global-committer-asserted.json", [](const Json& one_case, const Json&) {
    Global global(one_case.at("given").at("commit_on_input"));
    return compare(one_case, global);
  });
}

// A writer that counts; with `buffering` elements are handed over only when the clock reaches 2000.
class Writers final : public model::SinkWriter, public model::CommittableOutput {
 public:
  explicit Writers(const Json& given) : buffering_(given.value("buffering", false)) {
    options_.has_committer = given.at("committer");
    options_.stateful = given.value("stateful", false);
    renew();
  }

  bool flush(bool) override {
    flushed_ = true;
    return true;
  }
  std::vector<model::Committable> prepare_commit() override {
    std::vector<model::Committable> result(static_cast<size_t>(handed_over_));
    handed_over_ = 0;
    return result;
  }
  std::vector<std::string> snapshot_state(int64_t checkpoint) override {
    snapshots_.push_back(checkpoint);
    return {std::to_string(counter_)};
  }
  void emit(const CommittableMessage& message) override {
    if (const auto* summary = std::get_if<model::CommittableSummary>(&message)) {
      emitted_.push_back(
          {{"kind", "SUMMARY"}, {"id", summary->checkpoint}, {"count", summary->committables}});
      return;
    }
    const auto& committable = std::get<model::CommittableWithLineage>(message);
    if (emitted_.back().at("kind") == "SUMMARY")
      emitted_.push_back({{"kind", "COMMITTABLES"}, {"id", committable.checkpoint}, {"count", 0}});
    emitted_.back()["count"] = emitted_.back().at("count").get<int>() + 1;
  }

  Json run(const Json& event) {
    emitted_ = Json::array();
    flushed_ = false;
    const std::string op = event.at("op");
    if (op == "element") {
      operator_->before_element();
      ++counter_;
      (buffering_ ? buffered_ : handed_over_) += 1;
    }
    if (op == "prepare") operator_->prepare_snapshot(event.at("id"));
    if (op == "end_input") operator_->end_input();
    if (op == "advance_to" && event.at("ms") >= 2000) handed_over_ += std::exchange(buffered_, 0);
    if (op == "snapshot") state_ = operator_->snapshot(event.at("id"));
    if (op == "restore") {
      renew();
      operator_->restore(event.at("id"));
      counter_ = state_.empty() ? 0 : std::stoi(state_.at(0));
    }
    return {{"emitted", emitted_},
            {"flushed", flushed_},
            {"counter", counter_},
            {"snapshot_calls", snapshots_}};
  }

 private:
  void renew() { operator_ = std::make_unique<model::SinkWriterOperator>(options_, *this, *this); }

  bool buffering_;
  model::SinkWriterOptions options_;
  std::unique_ptr<model::SinkWriterOperator> operator_;
  Json emitted_;
  Json snapshots_ = Json::array();
  std::vector<std::string> state_;
  bool flushed_ = false;
  int counter_ = 0;
  int buffered_ = 0;
  int handed_over_ = 0;
};

TEST(Conformance, SinkWriterAsserted) {
  run_vectors("sink-writer-asserted.json", [](const Json& one_case, const Json&) {
    if (one_case.at("id") == "tSW-02")
      return skipped(
          "a watermark passes the sink writer operator by the operator chain, not by it");
    Writers writers(one_case.at("given"));
    return compare(one_case, writers);
  });
}

}  // namespace
}  // namespace drey::conformance
