#include "reports/microscope.h"

#include <gtest/gtest.h>

#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::DataFact;

sim::Record record(uint64_t offset, uint64_t copy = 0) {
  return {.key = 5,
          .value = 7,
          .event_time = 9,
          .provenance = sim::make_provenance(1, offset | (copy << 40))};
}

TEST(Microscope, TellsTheStoryOfOneRecord) {
  sim::Kernel kernel({});
  const uint64_t lost = record(41).provenance;
  Microscope microscope({lost, record(42).provenance}, TraceNames(kernel));
  HandMadeRun run(microscope, kernel);
  run.say(model::CheckpointFact::completed, "job-1", 1);  // before its time
  run.say_batch(DataFact::source_emitted, "job-1/src/0", 1, {record(40), record(41)});
  run.say(model::CheckpointFact::completed, "job-1", 2);
  run.say(model::CheckpointFact::completed, "job-1", 3);
  run.say(model::ControlFact::failover_begun, "job-1/agg/0", 1, 1u << 8);
  run.say_batch(DataFact::sink_written, "job-1/sink/0", 2, {record(41, 2), record(43)});

  Violation about{.what = "lost", .record = lost};
  std::vector<Violation> violations{about, {.what = "other"}, {.record = record(42).provenance}};
  microscope.attach(violations);
  const std::vector<std::string>& lines = violations[0].history;
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_NE(lines[0].find("job-1/src/0 source_emitted"), std::string::npos);
  EXPECT_NE(lines[0].find("record 1 of 2: split 1 offset 41, key 5 value 7 time 9"),
            std::string::npos);
  EXPECT_NE(lines[1].find("completed 3"), std::string::npos);
  EXPECT_NE(lines[2].find("failover_begun"), std::string::npos);
  EXPECT_NE(lines[3].find("split 1 offset 41 copy 2"), std::string::npos);
  EXPECT_TRUE(violations[1].history.empty());
  EXPECT_EQ(violations[2].history, std::vector<std::string>{"no source ever emitted it"});
}

TEST(Microscope, KeepsABoundedNumberOfLines) {
  sim::Kernel kernel({});
  Microscope microscope({record(1).provenance}, TraceNames(kernel));
  HandMadeRun run(microscope, kernel);
  for (int i = 0; i < 100; ++i)
    run.say_batch(DataFact::buffer_emitted, "job-1/a/0", 1, {record(1)});
  const std::vector<std::string> lines = microscope.history(record(1).provenance);
  EXPECT_EQ(lines.size(), Microscope::kLines + 1);
  EXPECT_EQ(lines.back(), "and 40 more");
}

}  // namespace
}  // namespace drey::reports
