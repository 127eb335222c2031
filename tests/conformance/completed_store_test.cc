#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/checkpoint/completed_store.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using namespace model;

// Deletes at once, except that a delete may be told to fail (it still ends).
class AtOnce final : public StateDisposal {
 public:
  void discard_checkpoint(uint64_t ticket, CheckpointId id, const std::string&,
                          std::vector<std::string>) override {
    if (id != failing) discarded.insert(id);
    if (cleaner != nullptr) cleaner->discard_finished(ticket);
  }
  void discard_files(std::vector<std::string> gone) override {
    files.insert(gone.begin(), gone.end());
  }
  void remove_pointer(CheckpointId id) override { pointers.erase(id); }

  CheckpointsCleaner* cleaner = nullptr;
  CheckpointId failing = kNoCheckpoint;
  std::set<CheckpointId> discarded;
  std::set<std::string> files;
  std::set<CheckpointId> pointers;
};

CheckpointProperties props_of(const std::string& kind) {
  if (kind == "SP" || kind == "SAVEPOINT") return CheckpointProperties::for_savepoint(false);
  if (kind == "STOP" || kind == "STOP_SAVEPOINT")
    return CheckpointProperties::for_sync_savepoint(false, true);
  if (kind == "UNCLAIMED") return CheckpointProperties::for_unclaimed_snapshot();
  if (kind == "CPF")
    return CheckpointProperties::for_checkpoint(RetentionPolicy::delete_on_cancellation);
  if (kind == "CPC")
    return CheckpointProperties::for_checkpoint(RetentionPolicy::retain_on_cancellation);
  return CheckpointProperties::for_checkpoint(RetentionPolicy::no_externalized_checkpoints);
}

std::shared_ptr<CompletedCheckpoint> checkpoint_of(CheckpointId id, CheckpointProperties props) {
  auto checkpoint = std::make_shared<CompletedCheckpoint>();
  checkpoint->id = id;
  checkpoint->props = props;
  return checkpoint;
}

FinalJobStatus status_of(const std::string& name) {
  if (name == "FINISHED") return FinalJobStatus::finished;
  if (name == "CANCELED") return FinalJobStatus::canceled;
  return name == "FAILED" ? FinalJobStatus::failed : FinalJobStatus::suspended;
}

Json retained_of(const CompletedCheckpointStore& store) {
  Json ids = Json::array();
  for (const auto& entry : store.all()) ids.push_back(entry->id);
  return ids;
}

Outcome judge(const Json& one_case, const Json&) {
  AtOnce disposal;
  SharedStateRegistry registry;
  CheckpointsCleaner cleaner(disposal);
  disposal.cleaner = &cleaner;
  CompletedCheckpointStore store(
      {.num_retained = one_case.at("num_retained").get<uint32_t>(), .mutant = mutant_under_test()},
      registry, cleaner, disposal);
  Json actual = Json::array();
  for (const Json& event : one_case.at("events")) {
    disposal.discarded.clear();
    disposal.files.clear();
    CompletedCheckpointStore::Entry subsumed;
    if (event[0] == "add") {
      const CheckpointId id = event[1].get<int64_t>();
      for (const Json& file : event[3])
        registry.register_file({file.get<std::string>(), file.get<std::string>(), 0, false}, id);
      subsumed = store.add(checkpoint_of(id, props_of(event[2].get<std::string>())));
    } else {
      store.shutdown(status_of(event[1].get<std::string>()));
    }
    const auto latest = store.latest();
    actual.push_back(Json{{"subsumed", subsumed ? Json(subsumed->id) : Json(nullptr)},
                          {"discarded", disposal.discarded},
                          {"files", disposal.files},
                          {"retained", retained_of(store)},
                          {"latest", latest ? Json(latest->id) : Json(nullptr)}});
  }
  return expect_equal(one_case.at("expected"), actual, "events");
}

Outcome judge_cleaner(const Json& one_case) {
  const Json& given = one_case.at("given");
  AtOnce disposal;
  CheckpointsCleaner cleaner(disposal);
  disposal.cleaner = &cleaner;
  for (const Json& id : given.at("subsumed"))
    cleaner.add_subsumed(checkpoint_of(id.get<int64_t>(), props_of("CP")));
  std::set<CheckpointId> in_use;
  for (const Json& id : given.at("in_use")) in_use.insert(id.get<int64_t>());
  cleaner.clean_subsumed(one_case.at("events")[0].at("upto").get<int64_t>(), in_use);
  const Json& step = one_case.at("expected").at("steps")[0];
  const Json actual{{"discarded", disposal.discarded}, {"kept", cleaner.waiting()}};
  return expect_equal(step, actual, "cleaner");
}

// A store of `given` with what stands in for its pointer store.
struct Bench {
  explicit Bench(const Json& given)
      : cleaner(disposal),
        store({.num_retained = given.at("retain").get<uint32_t>(),
               .high_availability = given.at("store") == "HA",
               .mutant = mutant_under_test()},
              registry, cleaner, disposal) {
    disposal.cleaner = &cleaner;
    disposal.failing = given.value("discard_fails", kNoCheckpoint);
    for (const Json& id : given.value("persisted", Json::array()))
      disposal.pointers.insert(id.get<int64_t>());
  }
  AtOnce disposal;
  SharedStateRegistry registry;
  CheckpointsCleaner cleaner;
  CompletedCheckpointStore store;
};

CheckpointProperties flagged(const Json& given, const std::string& kind) {
  CheckpointProperties props = props_of(kind);
  if (!given.contains("flags")) return props;
  const bool discard = given.at("flags") == "DISCARD";
  props.discard_on_finished = discard;
  props.discard_on_canceled = discard;
  props.discard_on_failed = discard;
  props.discard_on_suspended = discard;
  return props;
}

Json apply(Bench& bench, const Json& given, const Json& event) {
  const std::string op = event.at("op").get<std::string>();
  if (op == "add") {
    const CheckpointId id = event.at("id").get<int64_t>();
    // The pointer is written before the store hears of the checkpoint: a failed write never reaches
    // it.
    if (given.value("add_fails", kNoCheckpoint) == id) return "FAILURE";
    bench.disposal.pointers.insert(id);
    bench.store.add(checkpoint_of(id, flagged(given, event.at("kind").get<std::string>())));
  } else if (op == "shutdown") {
    bench.store.shutdown(status_of(event.at("status").get<std::string>()));
  } else if (op == "recover") {
    std::vector<CompletedCheckpointStore::Entry> read;
    for (const Json& id : given.at("persisted"))
      read.push_back(checkpoint_of(id.get<int64_t>(), flagged(given, "CHECKPOINT")));
    bench.store.recover(read);
  }
  return nullptr;
}

Outcome judge_asserted(const Json& one_case, const Json&) {
  const Json& given = one_case.at("given");
  if (given.contains("subsumed")) return judge_cleaner(one_case);
  if (given.at("retain") == 0)
    return skipped("num-retained 0 is refused when options are read; the store CHECKs it");
  if (given.contains("corrupt"))
    return skipped(
        "an unreadable checkpoint fails the recovery in the host that reads the pointers");
  Bench bench(given);
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Json error = apply(bench, given, events[i]);
    for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
      const std::string where = "step " + std::to_string(i) + " " + field;
      Outcome outcome = failed("unknown field " + field);
      if (field == "retained") outcome = expect_equal(value, retained_of(bench.store), where);
      if (field == "discarded")
        outcome = expect_equal(value, Json(bench.disposal.discarded), where);
      if (field == "error") outcome = expect_equal(value, error, where);
      if (field == "latest") outcome = expect_equal(value, Json(bench.store.latest_id()), where);
      if (field == "persisted") outcome = expect_equal(value, Json(bench.disposal.pointers), where);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

TEST(CompletedStore, Conformance) { run_vectors("completed-store.json", judge); }
TEST(CompletedStore, Asserted) { run_vectors("store-asserted.json", judge_asserted); }

TEST(CompletedStore, MutantFails) {
  expect_mutant_fails(model::Mutant::recover_from_older_checkpoint, "completed-store.json", judge);
}
TEST(CompletedStore, SuspendMutantFails) {
  expect_mutant_fails(model::Mutant::suspend_discards_checkpoints, "store-asserted.json",
                      judge_asserted);
}

}  // namespace
}  // namespace drey::conformance
