#include "reports/oracles/checkpoint_cut.h"

#include "sim/object_store.h"
#include "sim/pointer_store.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

using sim::ObjectFact;

class CheckpointCutTest : public OracleRun {
 protected:
  void SetUp() override { begin(streaming()); }
  void begin(const OracleSetup& setup) {
    judge(setup, "checkpoint_cut");
    start_all();
  }
  void object(ObjectFact kind, const std::string& key, uint64_t a = 100) {
    say_as("storage", kind, "object/checkpoints/job-1/" + key, a);
  }
  void acknowledge(std::string_view task, uint64_t id, uint64_t attempt = 0) {
    say(K::acknowledged, path(task), id, attempt, 100);
  }
  static std::string file(uint64_t id) {
    return "chk-" + std::to_string(id) + "/agg-0-0-" + std::to_string(id) + "-state";
  }
  // Until all but the last acknowledgement.
  void almost(uint64_t id) {
    say(K::triggered, "job-1", id);
    object(ObjectFact::put, file(id));
    for (const char* task : {"src/0", "src/1", "agg/0"}) acknowledge(task, id);
  }
  void complete(uint64_t id, bool with_metadata = true) {
    acknowledge("agg/1", id);
    if (with_metadata) object(ObjectFact::put, "chk-" + std::to_string(id) + "/_metadata");
    say(K::completed, "job-1", id, 300, 1);
  }
  void source_at(uint64_t id, uint64_t split, uint64_t offset) {
    say_as("tm-1/job-1/src/0", K::source_position, "job-1/src/0", id, split, offset);
  }
};

TEST_F(CheckpointCutTest, HoldsOverTwoCheckpointsAndARemoval) {
  almost(1);
  source_at(1, 0, 100);
  complete(1);
  almost(2);
  source_at(2, 0, 200);
  complete(2);
  object(ObjectFact::deleted, file(1));
  object(ObjectFact::deleted, "chk-1/_metadata");
  say_as("tm-1/job-1/src/0", T::state, "job-1/src/0", 1, static_cast<uint64_t>(S::initializing), 2);
  say_as("tm-1/job-1/src/0", T::restored, "job-1/src/0", 1, 2);
  say_as("tm-1/job-1/src/0", T::started_reading, "job-1/src/0", 0, 200, 1);
  expect_held();
}

TEST_F(CheckpointCutTest, NamesATaskThatHasNotAcknowledged) {
  almost(1);
  object(ObjectFact::put, "chk-1/_metadata");
  say(K::completed, "job-1", 1, 300, 1);
  expect_violated("agg/1 has not acknowledged checkpoint 1");
}

TEST_F(CheckpointCutTest, AFinishedTaskIsNotInThePlan) {
  state("agg/1", S::finished, S::running);
  almost(1);
  object(ObjectFact::put, "chk-1/_metadata");
  say(K::completed, "job-1", 1, 300, 1);
  expect_held();
}

TEST_F(CheckpointCutTest, NamesAnotherAttemptAndACompletionAfterAbort) {
  almost(1);
  acknowledge("agg/0", 1, 1);
  complete(1);
  expect_violated("attempt 1 of agg/0 acknowledged checkpoint 1, planned was 0");
  begin(streaming());
  almost(1);
  say(K::aborted, "job-1", 1);
  complete(1);
  expect_violated("checkpoint 1 was aborted before");
}

TEST_F(CheckpointCutTest, NamesAFileThatIsNotThere) {
  almost(1);
  object(ObjectFact::deleted, file(1));
  complete(1);
  expect_violated("checkpoint 1 completes without checkpoints/job-1/chk-1/agg-0-0-1-state");
  begin(streaming());
  almost(1);
  complete(1, false);
  expect_violated("checkpoint 1 completes without its metadata");
}

TEST_F(CheckpointCutTest, NamesAFileThatGoesWhileRetained) {
  almost(1);
  complete(1);
  object(ObjectFact::deleted, file(1));
  expect_violated("was deleted, but checkpoint 1 is retained");
}

TEST_F(CheckpointCutTest, NamesAFileThatGoesBeforeItsPointer) {
  OracleSetup setup = streaming();
  setup.high_availability = true;
  begin(setup);
  for (const uint64_t id : {1u, 2u}) {
    almost(id);
    say_as("pointer-store", sim::PointerFact::written,
           "pointer/checkpoints/job-1/" + std::to_string(id), 1, 1);
    complete(id);
  }
  object(ObjectFact::deleted, file(1));
  expect_violated("was deleted before the pointer to checkpoint 1");
}

TEST_F(CheckpointCutTest, NamesAFileThatIsReadAndGone) {
  almost(1);
  complete(1);
  almost(2);
  complete(2);
  object(ObjectFact::deleted, file(1));
  object(ObjectFact::missing, file(1), sim::GetObject::kind_id());
  expect_violated("is read, but was deleted");
}

TEST_F(CheckpointCutTest, NamesASourceThatGoesBackOrStartsElsewhere) {
  source_at(1, 0, 100);
  source_at(2, 0, 99);
  expect_violated("src/0 goes back in split 0 from offset 100 to 99");
  begin(streaming());
  source_at(1, 0, 100);
  say_as("tm-1/job-1/src/0", T::state, "job-1/src/0", 1, static_cast<uint64_t>(S::initializing), 2);
  say_as("tm-1/job-1/src/0", T::started_reading, "job-1/src/0", 0, 101, 1);
  say_as("tm-1/job-1/src/0", T::restored, "job-1/src/0", 1, 1);
  expect_violated("src/0 restored checkpoint 1 and reads split 0 from 101, not from 100");
}

TEST_F(CheckpointCutTest, NamesAnIdThatComesAgain) {
  almost(1);
  complete(1);
  almost(1);
  expect_violated("checkpoint 1 was triggered before");
}

}  // namespace
}  // namespace drey::reports
