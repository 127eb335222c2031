// Results on disk: what is written is read, in order; what is missing or damaged is told apart.
#include <gtest/gtest.h>

#include "model/task/sort_buffer.h"
#include "model/task/stored_results.h"

namespace drey::model {
namespace {

struct TestClock final : sim::Clock {
  sim::Time now() const override { return at; }
  sim::Time at;
};

struct Drained final : DrainListener {
  void drained(uint32_t target, const RecordSlice& slice) override {
    records[target] += slice.count;
  }
  std::map<uint32_t, uint32_t> records;
};

// Reads end at once, one after the other.
struct Store final : StoredResultsHost, ViewOwner {
  Store()
      : results({.disk = &disk, .clock = &clock, .process = {}, .directory = "/tm/results"},
                *this) {}
  void read_ends_after(sim::Duration time, uint64_t number) override {
    clock.at = clock.at + time;
    due.push_back(number);
  }
  void view_failed(uint64_t view) override { failed.push_back(view); }
  void run() {
    while (!due.empty()) {
      const uint64_t number = due.front();
      due.erase(due.begin());
      results.read_ended(number);
    }
  }
  sim::Disk disk{{}};
  TestClock clock;
  std::vector<uint64_t> due;
  std::vector<uint64_t> failed;
  StoredResults results;
};

const PartitionId kId{.partition = 3, .producer = {1, 0, 2, 0}};
const std::string kData = "/tm/results/job-1/src/2#0.3.data";

// 100 records dealt out to three subpartitions, a watermark in the middle, the end.
void write(PartitionFile& file) {
  SortBuffer buffer({.subpartitions = 3, .units_per_buffer = 8, .buffers = 4});
  Drained drained;
  for (uint64_t i = 0; i < 100; ++i) {
    if (i == 50) buffer.add_element({.watermark = 7});
    buffer.add(static_cast<uint32_t>(i % 3), {.key = i, .provenance = i}, 5);
  }
  for (SpilledRegion& region : buffer.drain(drained)) file.append(std::move(region));
  EXPECT_EQ(drained.records[0], 34u);
  SpilledRegion end{.broadcast = true};
  end.add(0, {.type = BufferType::end_of_partition,
              .slice = {},
              .event = {.kind = ChannelEvent::Kind::end_of_partition, .barrier = {}}});
  file.append(std::move(end));
  file.finish();
}

std::vector<uint64_t> read_all(SubpartitionView& view, uint32_t& elements, bool& ended) {
  std::vector<uint64_t> keys;
  while (const auto polled = view.queue().poll()) {
    const TakenBuffer taken =
        view.take(polled->payload, polled->type, polled->size, polled->sequence);
    for (const sim::Record& record : taken.slice.records()) keys.push_back(record.key);
    elements += static_cast<uint32_t>(taken.slice.elements.size());
    ended = ended || polled->type == BufferType::end_of_partition;
    view.recycle(taken.buffer);
  }
  return keys;
}

TEST(StoredResults, EachReaderFindsItsRecordsInOrder) {
  Store store;
  const auto file = store.results.create(kId, "job-1/src/2#0.3", false);
  write(*file);
  EXPECT_GT(file->written_at(), sim::Time{});
  ASSERT_TRUE(file->open());
  for (int again = 0; again < 2; ++again) {
    const auto view = store.results.open(kId, 1, store, 9);
    store.run();
    uint32_t elements = 0;
    bool ended = false;
    const std::vector<uint64_t> keys = read_all(*view, elements, ended);
    ASSERT_EQ(keys.size(), 33u);
    for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(keys[i], 3 * i + 1);
    EXPECT_EQ(elements, 1u);
    EXPECT_TRUE(ended);
  }
  EXPECT_TRUE(store.failed.empty());
}

TEST(StoredResults, AMissingFileIsNotReadable) {
  Store store;
  const auto file = store.results.create(kId, "job-1/src/2#0.3", false);
  write(*file);
  ASSERT_TRUE(file->readable());
  store.disk.remove({.writer = {}, .now = store.clock.at}, kData);
  EXPECT_FALSE(file->open());
}

TEST(StoredResults, ATruncatedFileFailsItsReader) {
  Store store;
  const auto file = store.results.create(kId, "job-1/src/2#0.3", false);
  write(*file);
  ASSERT_TRUE(store.disk.cut_file(kData, file->bytes() / 2));
  ASSERT_TRUE(file->open());
  const auto view = store.results.open(kId, 2, store, 9);
  store.run();
  EXPECT_EQ(store.failed, std::vector<uint64_t>{9});
}

TEST(StoredResults, DroppingRemovesTheFilesAndFailsReaders) {
  Store store;
  const auto file = store.results.create(kId, "job-1/src/2#0.3", false);
  write(*file);
  ASSERT_TRUE(file->open());
  const auto view = store.results.open(kId, 0, store, 4);
  store.results.drop(kId);
  store.run();
  EXPECT_EQ(store.failed, std::vector<uint64_t>{4});
  EXPECT_EQ(store.disk.open(kData), nullptr);
  EXPECT_EQ(store.results.size(), 0u);
}

TEST(StoredResults, AGrowingResultIsReadAsItIsWritten) {
  Store store;
  const auto file = store.results.create(kId, "job-1/src/2#0.3", true);
  ASSERT_TRUE(file->open());
  const auto view = store.results.open(kId, 0, store, 4);
  uint32_t elements = 0;
  bool ended = false;
  store.run();
  EXPECT_TRUE(read_all(*view, elements, ended).empty());
  write(*file);
  store.results.grown(kId);
  store.run();
  EXPECT_EQ(read_all(*view, elements, ended).size(), 34u);
  EXPECT_TRUE(ended);
}

TEST(SpilledRegion, DamagedBytesAreNoBuffer) {
  SpilledRegion region;
  StoredBuffer buffer;
  auto content = std::make_shared<BufferContent>(2);
  content->records[0] = {.key = 1, .value = -2, .event_time = 3, .provenance = 4};
  content->records[1] = {.key = 5};
  content->groups[0] = 6;
  content->groups[1] = 7;
  buffer.slice = {.content = content, .first = 0, .count = 2, .elements = {}};
  region.add(0, buffer);
  const auto back = decode_buffer(region.bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->slice.records()[0], content->records[0]);
  EXPECT_EQ(back->slice.groups()[1], 7);
  EXPECT_FALSE(decode_buffer(region.bytes.substr(0, region.bytes.size() - 1)).has_value());
  region.bytes[0] = 'x';
  EXPECT_FALSE(decode_buffer(region.bytes).has_value());
}

}  // namespace
}  // namespace drey::model
