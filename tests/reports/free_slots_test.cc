#include "reports/free_slots.h"

#include <gtest/gtest.h>

#include "model/trace_events.h"

namespace drey::reports {
namespace {

using model::ControlFact;

class FreeSlotsTest : public testing::Test {
 protected:
  void say(std::string_view who, ControlFact kind, std::string_view whom, uint64_t b = 0) {
    slots_.on({.kind = model::fact_kind(kind), .b = b}, who, whom);
  }
  void registers(std::string_view session, uint64_t slots) {
    say("jm-1/resource-manager", ControlFact::registered, session, slots);
  }

  FreeSlots slots_;
};

TEST_F(FreeSlotsTest, AreThoseOfRegisteredTaskManagersWithoutAJob) {
  EXPECT_EQ(slots_.count(), 0u);
  registers("tm-1#1", 2);
  registers("tm-2#1", 3);
  say("jm-1/resource-manager", ControlFact::registered, "job-1", 0);
  EXPECT_EQ(slots_.count(), 5u);
  say("tm-2/task-executor", ControlFact::slot_allocated, "job-1");
  EXPECT_EQ(slots_.count(), 4u);
  say("jm-1/job-1", ControlFact::disconnected, "tm-1#1");  // a JobMaster gives up, not the cluster
  EXPECT_EQ(slots_.count(), 4u);
  say("tm-2/task-executor", ControlFact::slot_freed, "job-1");
  EXPECT_EQ(slots_.count(), 5u);
}

TEST_F(FreeSlotsTest, ALostTaskManagerHasNone) {
  registers("tm-1#1", 2);
  say("tm-1/task-executor", ControlFact::slot_allocated, "job-1");
  say("jm-1/resource-manager", ControlFact::disconnected, "tm-1#1");
  EXPECT_EQ(slots_.count(), 0u);
  registers("tm-1#1", 2);  // the same process again: it still has given a slot
  EXPECT_EQ(slots_.count(), 1u);
  registers("tm-1#2", 2);
  EXPECT_EQ(slots_.count(), 2u);
}

}  // namespace
}  // namespace drey::reports
