#include "reports/oracles/given_snapshot.h"

#include "model/savepoint_facts.h"
#include "sim/object_store.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

using O = sim::ObjectFact;

class GivenSnapshotTest : public OracleRun {
 protected:
  void begin(bool claims) {
    OracleSetup setup = streaming();
    setup.starts_from_snapshot = true;
    setup.claims = claims;
    judge(setup, "given_snapshot");
    for (const char* key :
         {"checkpoints/job-0/chk-6/_metadata", "checkpoints/job-0/chk-7/_metadata",
          "checkpoints/job-0/chk-7/agg-0-0-7-state"})
      say_as("storage", O::put, object(key), 10);
    say(model::SavepointFact::given, "checkpoints/job-0/chk-7", 1);
  }
  static std::string object(const std::string& key) { return "object/" + key; }
  void removed(const std::string& key) { say_as("storage", O::deleted, object(key), 10); }
  void finish_job() {
    start_all();
    say(K::completed, "job-1", 8, 100, 1);
    status(J::finished, J::running);
  }
};

TEST_F(GivenSnapshotTest, WhatIsNotClaimedStays) {
  begin(false);
  removed("checkpoints/job-0/chk-6/_metadata");  // another one of the same job
  finish_job();
  expect_held();
}

TEST_F(GivenSnapshotTest, NamesAFileThatIsNotClaimedAndDeleted) {
  begin(false);
  removed("checkpoints/job-0/chk-7/agg-0-0-7-state");
  finish_job();
  expect_violated("job-1 does not own what it started from");
}

TEST_F(GivenSnapshotTest, WhatIsClaimedGoes) {
  begin(true);
  removed("checkpoints/job-0/chk-7/_metadata");
  removed("checkpoints/job-0/chk-7/agg-0-0-7-state");
  finish_job();
  expect_held();
}

TEST_F(GivenSnapshotTest, NamesAFileThatIsClaimedAndLeft) {
  begin(true);
  removed("checkpoints/job-0/chk-7/_metadata");
  finish_job();
  expect_violated("job-1 owns it and has newer checkpoints");
}

}  // namespace
}  // namespace drey::reports
