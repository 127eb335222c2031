#include "sim/kernel.h"

#include <gtest/gtest.h>

namespace drey::sim {
namespace {

struct Recorder : Entity {
  void on_event(const Event& event) override { seen.push_back({event.kind(), kernel->now().ns}); }
  Kernel* kernel = nullptr;
  std::vector<std::pair<int, int64_t>> seen;
};

struct KernelTest : testing::Test {
  Kernel kernel{{.seed = 1}};
  Recorder recorder;
  PathId path = kernel.intern("test/recorder");
  EntityId id = kernel.add(recorder, path, {});
  KernelTest() { recorder.kernel = &kernel; }
  using Seen = std::vector<std::pair<int, int64_t>>;
};

TEST_F(KernelTest, RunsEventsOfOneInstantByPriorityThenInOrderOfPosting) {
  kernel.post(nanoseconds(5), id, 1, 0, Priority::task);
  kernel.post(nanoseconds(5), id, 2, 0, Priority::fault);
  kernel.post(nanoseconds(5), id, 3, 0, Priority::task);
  kernel.post(nanoseconds(4), id, 4, 0, Priority::background);
  EXPECT_EQ(kernel.run(Time{100}), Kernel::Stop::quiescent);
  EXPECT_EQ(recorder.seen, (Seen{{4, 4}, {2, 5}, {1, 5}, {3, 5}}));
}

TEST_F(KernelTest, RearmingATimerReplacesItBothWays) {
  kernel.arm(id, 1, nanoseconds(10), Priority::timer);
  kernel.arm(id, 1, nanoseconds(30), Priority::timer);
  kernel.arm(id, 2, nanoseconds(30), Priority::timer);
  kernel.arm(id, 2, nanoseconds(10), Priority::timer);
  kernel.arm(id, 3, nanoseconds(7), Priority::timer);
  kernel.disarm(id, 3);
  kernel.run(Time{100});
  EXPECT_EQ(recorder.seen, (Seen{{2, 10}, {1, 30}}));
}

TEST_F(KernelTest, AFrozenProcessKeepsItsEvents) {
  const ProcessId process{0};
  Recorder inside;
  inside.kernel = &kernel;
  const EntityId owned = kernel.add(inside, kernel.intern("p/inside"), process);
  kernel.post(nanoseconds(5), owned, 1, 0, Priority::task);
  kernel.post(nanoseconds(6), owned, 2, 0, Priority::task);
  kernel.post(nanoseconds(50), id, 9, 0, Priority::task);
  kernel.freeze(process);
  kernel.run(Time{50});
  EXPECT_TRUE(inside.seen.empty());
  kernel.thaw(process);
  kernel.run(Time{100});
  EXPECT_EQ(inside.seen, (Seen{{1, 50}, {2, 50}}));
}

TEST_F(KernelTest, DropsEventsOfRemovedEntities) {
  kernel.post(nanoseconds(5), id, 1, 0, Priority::task);
  kernel.remove(id);
  kernel.run(Time{100});
  EXPECT_TRUE(recorder.seen.empty());
  EXPECT_EQ(kernel.dropped_events(), 1u);
}

TEST_F(KernelTest, AChoiceIsAFunctionOfItsNameAndCanBeForced) {
  const uint32_t weights[] = {1, 1, 1};
  const uint32_t first = kernel.choose("torn", path, 3, weights);
  kernel.choose("torn", path, 4, weights);
  EXPECT_EQ(kernel.choose("torn", path, 3, weights), first);
  Kernel forced{{.seed = 1, .forced = {{"torn", "test/recorder", 3, (first + 1) % 3}}}};
  EXPECT_EQ(forced.choose("torn", forced.intern("test/recorder"), 3, weights), (first + 1) % 3);
}

// By group and by kind, in the order of adding, also one that comes after the first fact.
TEST_F(KernelTest, AFactGoesToThoseWhoWantItsKind) {
  struct Sink : TraceSink {
    Sink(std::vector<int>* all, int me, uint16_t only) : heard(all), name(me), wanted(only) {}
    uint64_t interests() const override { return interest(FactGroup::bench); }
    bool wants(uint16_t kind) const override { return wanted == 0 || kind == wanted; }
    void on(const Fact&, FactNumber) override { heard->push_back(name); }
    void on_batch(const BatchFact&, FactNumber) override { heard->push_back(-name); }
    std::vector<int>* heard;
    int name;
    uint16_t wanted;
  };
  constexpr uint16_t kOne = fact_kind(FactGroup::bench, 1);
  constexpr uint16_t kTwo = fact_kind(FactGroup::bench, 2);
  std::vector<int> heard;
  Sink all(&heard, 1, 0);
  Sink some(&heard, 2, kTwo);
  Sink late(&heard, 3, kOne);
  kernel.add_sink(&all);
  kernel.add_sink(&some);
  kernel.announce({.entity = path, .kind = kOne});
  kernel.announce({.entity = path, .kind = kTwo});
  kernel.announce({.entity = path, .kind = fact_kind(FactGroup::task, 2)});
  EXPECT_EQ(heard, (std::vector<int>{1, 1, 2}));
  kernel.add_sink(&late);
  const Record record{};
  kernel.announce_batch({.entity = path, .kind = kOne}, {&record, 1});
  EXPECT_EQ(heard, (std::vector<int>{1, 1, 2, -1, -3}));
}

TEST_F(KernelTest, TheHashSeesEachFieldAndNotTheIds) {
  const auto hash_of = [](uint64_t a, int64_t at, std::string_view path_name, bool more_ids) {
    Kernel other{{.seed = 1}};
    if (more_ids) other.intern("unused");
    Recorder dummy;
    dummy.kernel = &other;
    const PathId who = other.intern(path_name);
    const EntityId target = other.add(dummy, who, {});
    other.post(nanoseconds(at), target, 0, 0, Priority::task);
    other.run(Time{at});
    other.announce({.entity = who, .kind = 7, .a = a});
    return other.hash();
  };
  const Digest128 base = hash_of(1, 5, "x", false);
  EXPECT_EQ(base, hash_of(1, 5, "x", true));
  EXPECT_NE(base, hash_of(2, 5, "x", false));
  EXPECT_NE(base, hash_of(1, 6, "x", false));
  EXPECT_NE(base, hash_of(1, 5, "y", false));
}

}  // namespace
}  // namespace drey::sim
