// The batch path of the window operator against the element path and against a direct evaluation;
// restore in mid-stream.
#include "model/operators/window_operator.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <tuple>

#include "state/heap_backend.h"
#include "state/java_hash.h"

namespace drey::model {
namespace {

constexpr int32_t kMax = 128;
constexpr int64_t kSize = 10;

uint16_t group_of(uint64_t key) {
  return static_cast<uint16_t>(
      state::key_group_of_hash(state::java_hash_int64(static_cast<int64_t>(key)), kMax));
}

struct Emitted : WindowOutput {
  using Row = std::tuple<uint64_t, int64_t, int64_t, uint64_t, uint64_t>;
  void on_result(state::Key key, state::TimeWindow window, const state::Accumulator& a,
                 std::span<const sim::Record>) override {
    rows.emplace_back(key.key, window.start, a.value, a.count, a.hash_sum);
  }
  void on_late(const sim::Record& record) override { late.push_back(record.provenance); }
  std::vector<Row> rows;
  std::vector<uint64_t> late;
};

struct Rig {
  explicit Rig(int64_t lateness,
               WindowOperator::Contents contents = WindowOperator::Contents::aggregate)
      : backend(std::make_unique<state::HeapBackend>(
            state::HeapBackend::Options{.range = {0, kMax - 1},
                                        .max_parallelism = kMax,
                                        .memory_limit = UINT64_MAX,
                                        .costs = {}})),
        options{.assigner = {.kind = WindowAssigner::Kind::tumbling, .size = kSize},
                .allowed_lateness = lateness,
                .contents = contents} {
    open();
  }
  void open() { op = std::make_unique<WindowOperator>(options, *backend, out); }
  void watermark(int64_t w) { EXPECT_EQ(op->advance_watermark(w, charge), state::Outcome::ok); }

  Emitted out;
  std::unique_ptr<state::HeapBackend> backend;
  WindowOperator::Options options;
  std::unique_ptr<WindowOperator> op;
  state::Charge charge;
};

struct Input {
  std::vector<sim::Record> records;
  std::vector<uint16_t> groups;
};

// Records around `time`, some of them late.
Input make_input(uint64_t seed, int64_t time, size_t count) {
  Input input;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t x = sim::mix(seed * 1000 + i + 1, 0x9e3779b97f4a7c15u);
    const uint64_t key = x % 40;
    input.records.push_back({key, static_cast<int64_t>(x >> 20 & 255),
                             time - 25 + static_cast<int64_t>((x >> 32) % 40),
                             sim::make_provenance(3, seed * 1000 + i)});
    input.groups.push_back(group_of(key));
  }
  return input;
}

TEST(WindowOperator, BatchEqualsElementByElement) {
  for (const int64_t lateness : {0, 7}) {
    Rig batch(lateness);
    Rig single(lateness, WindowOperator::Contents::elements);  // has no batch path
    for (uint64_t step = 0; step < 50; ++step) {
      const Input input = make_input(step, static_cast<int64_t>(step) * 9, 200);
      ASSERT_EQ(batch.op->process(input.records, input.groups, batch.charge), state::Outcome::ok);
      for (size_t i = 0; i < input.records.size(); ++i)
        ASSERT_EQ(single.op->process({&input.records[i], 1}, {&input.groups[i], 1}, single.charge),
                  state::Outcome::ok);
      batch.watermark(static_cast<int64_t>(step) * 9 - 5);
      single.watermark(static_cast<int64_t>(step) * 9 - 5);
      ASSERT_EQ(batch.out.rows, single.out.rows) << step;
      ASSERT_EQ(batch.out.late, single.out.late) << step;
      ASSERT_EQ(batch.op->timers().event_timers(), single.op->timers().event_timers());
      ASSERT_EQ(batch.backend->entry_count(), single.backend->entry_count());
    }
    EXPECT_GT(batch.out.late.size(), 100u);
    EXPECT_EQ(batch.op->late_records_dropped(), batch.out.late.size());
    batch.watermark(kMaxWatermark);
    EXPECT_EQ(batch.backend->entry_count(), 0u);
    EXPECT_EQ(batch.op->timers().event_timers(), 0u);
  }
}

TEST(WindowOperator, EveryRecordIsInOneResultOrLate) {
  Rig rig(0);
  std::map<std::pair<uint64_t, int64_t>, std::pair<int64_t, uint64_t>> expected;
  uint64_t sent = 0;
  for (uint64_t step = 0; step < 30; ++step) {
    const Input input = make_input(step, static_cast<int64_t>(step) * 9, 100);
    const int64_t watermark = rig.op->timers().current_watermark();
    for (const sim::Record& r : input.records) {
      const int64_t start = window_start(r.event_time, 0, kSize);
      ++sent;
      if (start + kSize - 1 <= watermark) continue;
      auto& [sum, count] = expected[{r.key, start}];
      sum += r.value;
      ++count;
    }
    ASSERT_EQ(rig.op->process(input.records, input.groups, rig.charge), state::Outcome::ok);
    rig.watermark(static_cast<int64_t>(step) * 9 - 5);
  }
  rig.watermark(kMaxWatermark);
  ASSERT_EQ(rig.out.rows.size(), expected.size());
  uint64_t counted = 0;
  for (const auto& [key, start, value, count, hash] : rig.out.rows) {
    EXPECT_EQ(expected.at({key, start}), std::make_pair(value, count));
    counted += count;
  }
  EXPECT_EQ(counted + rig.out.late.size(), sent);
}

TEST(WindowOperator, GoesOnFromASnapshotAsIfNothingHadHappened) {
  Rig whole(3);
  Rig cut(3);
  for (uint64_t step = 0; step < 20; ++step) {
    const int64_t time = static_cast<int64_t>(step) * 9;
    const Input input = make_input(step, time, 100);
    for (Rig* rig : {&whole, &cut})
      ASSERT_EQ(rig->op->process(input.records, input.groups, rig->charge), state::Outcome::ok);
    if (step == 10) {
      state::KeyedBackend::File file;
      ASSERT_EQ(cut.backend->begin_snapshot(1, state::KeyedBackend::SnapshotKind::full, cut.charge),
                state::Outcome::ok);
      ASSERT_EQ(cut.backend->run_job(*cut.backend->take_job(), cut.charge), state::Outcome::ok);
      ASSERT_EQ(cut.backend->next(1, file), state::KeyedBackend::Async::upload);
      cut.backend->uploaded(1, file.name, "o");
      Rig fresh(3);
      ASSERT_EQ(fresh.backend->restore({{cut.backend->handle(1), {file.content}}}, fresh.charge),
                state::Outcome::ok);
      cut.op.reset();
      cut.backend = std::move(fresh.backend);
      cut.open();
      EXPECT_EQ(cut.op->timers().current_watermark(), kMinWatermark);
    }
    whole.watermark(time - 5);
    cut.watermark(time - 5);
    ASSERT_EQ(whole.out.rows, cut.out.rows) << step;
  }
  EXPECT_GT(whole.out.rows.size(), 100u);
}

TEST(WindowOperator, AFailedStateAccessIsItsOutcome) {
  state::HeapBackend backend(
      {.range = {0, kMax - 1}, .max_parallelism = kMax, .memory_limit = 2000, .costs = {}});
  Emitted out;
  WindowOperator op({.assigner = {.kind = WindowAssigner::Kind::tumbling, .size = kSize}}, backend,
                    out);
  state::Charge charge;
  const Input input = make_input(1, 100, 200);
  EXPECT_EQ(op.process(input.records, input.groups, charge), state::Outcome::out_of_memory);
  EXPECT_EQ(op.outcome(), state::Outcome::out_of_memory);
}

TEST(WindowOperator, TimersMayBeInterrupted) {
  Rig rig(0);
  const Input input = make_input(1, 100, 200);
  ASSERT_EQ(rig.op->process(input.records, input.groups, rig.charge), state::Outcome::ok);
  rig.op->begin_watermark(1000);
  ASSERT_TRUE(rig.op->fire_next(rig.charge));
  EXPECT_EQ(rig.out.rows.size(), 1u);
  while (rig.op->fire_next(rig.charge)) {
  }
  EXPECT_EQ(rig.op->timers().event_timers(), 0u);
}

}  // namespace
}  // namespace drey::model
