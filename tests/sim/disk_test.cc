#include "sim/disk.h"

#include <gtest/gtest.h>

#include "sim/disks.h"
#include "sim/world.h"

namespace drey::sim {
namespace {

class Always : public TornChooser {
 public:
  explicit Always(Torn torn) : torn_(torn) {}
  Torn choose_torn(std::string_view, uint64_t, uint64_t) override { return torn_; }

 private:
  Torn torn_;
};

constexpr ProcessId kOne{1};
constexpr ProcessId kTwo{2};
constexpr Time at_ms(int64_t ms) { return Time{} + milliseconds(ms); }

DiskSpec round_numbers() {
  DiskSpec spec;
  spec.read_bytes_per_second = 1'000'000;
  spec.write_bytes_per_second = 1'000'000;  // 1 byte = 1 us
  spec.read_latency = microseconds(100);
  spec.append_latency = microseconds(1);
  spec.metadata_latency = microseconds(10);
  spec.sync_latency = milliseconds(1);
  return spec;
}

std::string text_of(const Disk& disk, std::string_view path) {
  const DiskFile file = disk.open(path);
  return file ? file->content.to_string() : "<absent>";
}

TEST(DiskDevice, ServesInOrderAndRoundsUp) {
  DiskDevice device(round_numbers());
  const DiskWindow a = device.reserve(at_ms(1), DiskOperation::append, 1000);
  EXPECT_EQ(a.start, at_ms(1));
  EXPECT_EQ((a.end - a.start).ns, 1'001'000);
  const DiskWindow b = device.reserve(at_ms(1), DiskOperation::read, 10);
  EXPECT_EQ(b.start, a.end);
  EXPECT_EQ((b.end - b.start).ns, 110'000);
  const DiskWindow urgent = device.reserve(at_ms(1), DiskOperation::urgent_read, 0);
  EXPECT_EQ(urgent.end - at_ms(1), microseconds(100)) << "an urgent read does not queue";
  EXPECT_EQ(device.free_at(), b.end);
  device.set_slowdown_permille(3000);
  const DiskWindow c = device.reserve(at_ms(50), DiskOperation::sync, 0);
  EXPECT_EQ(c.start, at_ms(50));
  EXPECT_EQ(c.end, at_ms(53));
}

TEST(Disk, MemorySeesAtOnceTheKilledWriterOnlyWhatEnded) {
  Disk disk(round_numbers());
  DiskFile file;
  ASSERT_TRUE(disk.create({kOne, at_ms(0)}, "/a", file).ok());
  ASSERT_TRUE(
      disk.append({kOne, at_ms(0)}, file, std::string(1000, 'a')).ok());  // ends at 1.011 ms
  ASSERT_TRUE(
      disk.append({kOne, at_ms(0)}, file, std::string(1000, 'b')).ok());  // ends at 2.012 ms
  DiskFile other;
  ASSERT_TRUE(disk.create({kTwo, at_ms(0)}, "/b", other).ok());
  ASSERT_TRUE(disk.append({kTwo, at_ms(0)}, other, "two").ok());
  EXPECT_EQ(file->content.size(), 2000u);
  EXPECT_EQ(disk.used_bytes(), 2003u);

  disk.kill_writer(kOne, at_ms(2));
  EXPECT_EQ(text_of(disk, "/a"), std::string(1000, 'a'));
  EXPECT_EQ(text_of(disk, "/b"), "two");
  EXPECT_EQ(disk.used_bytes(), 1003u);
}

TEST(Disk, AnActivityThatRunsAheadIsTakenBackFromTheInstantOfTheKill) {
  Disk disk(round_numbers());
  DiskFile file;
  disk.create({kOne, at_ms(0)}, "/a", file);
  for (int i = 0; i < 10; ++i) {  // one event at 0: each append is issued when the last has ended
    const Duration after = disk.device().free_at() - at_ms(0);
    ASSERT_TRUE(disk.append({kOne, at_ms(0), after}, file, std::string(1000, 'x')).ok());
  }
  disk.kill_writer(kOne, at_ms(5));
  EXPECT_EQ(file->content.size(), 4000u);
}

TEST(Disk, KillTakesBackNamesInReverse) {
  Disk disk(round_numbers());
  DiskFile file;
  disk.create({kOne, at_ms(0)}, "/old", file);
  disk.append({kOne, at_ms(0)}, file, "first");
  disk.settle(at_ms(10));
  // All of this ends after 10 ms, and the kill comes at 10 ms.
  DiskFile next;
  disk.create({kOne, at_ms(10)}, "/next", next);
  disk.append({kOne, at_ms(10)}, next, "second");
  disk.link({kOne, at_ms(10)}, "/old", "/linked");
  disk.rename({kOne, at_ms(10)}, "/next", "/old");
  disk.remove({kOne, at_ms(10)}, "/linked");
  EXPECT_EQ(text_of(disk, "/old"), "second");
  EXPECT_EQ(text_of(disk, "/linked"), "<absent>");
  disk.kill_writer(kOne, at_ms(10));
  EXPECT_EQ(text_of(disk, "/old"), "first");
  EXPECT_EQ(text_of(disk, "/next"), "<absent>");
  EXPECT_EQ(text_of(disk, "/linked"), "<absent>");
  EXPECT_EQ(disk.used_bytes(), 5u);
  EXPECT_EQ(disk.unsettled(), 0u);
}

TEST(Disk, HostCrashKeepsTheSyncedPrefixAndAChosenTail) {
  const std::string synced(5000, 's');
  const std::string issued(10000, 'i');
  const auto crashed = [&](Torn torn, int64_t ms) {
    Disk disk(round_numbers());
    DiskFile file;
    disk.create({kOne, at_ms(0)}, "/f", file);
    disk.append({kOne, at_ms(0)}, file, synced);
    disk.sync({kOne, at_ms(0)}, file);  // ends at 6.011 ms
    if (ms > 7) disk.append({kOne, at_ms(7)}, file, issued);
    Always chooser(torn);
    disk.crash(at_ms(ms), chooser);
    return text_of(disk, "/f");
  };
  EXPECT_EQ(crashed(Torn::synced_only, 100), synced);
  EXPECT_EQ(crashed(Torn::all_issued, 100), synced + issued);
  const std::string torn = crashed(Torn::half_page_cut, 100);
  EXPECT_GT(torn.size(), synced.size());
  EXPECT_LT(torn.size(), synced.size() + issued.size());
  EXPECT_EQ(crashed(Torn::zeroed_tail, 100), synced + std::string(10000, '\0'));
  EXPECT_EQ(crashed(Torn::all_issued, 8), synced)
      << "an append that had not ended was never issued in full";
  EXPECT_EQ(crashed(Torn::all_issued, 6), "<absent>")
      << "no sync had ended: the name itself was not durable";
}

TEST(Disk, ASyncMakesEarlierNamesDurable) {
  Disk disk(round_numbers());
  DiskFile a;
  DiskFile b;
  disk.create({kOne, at_ms(0)}, "/a", a);
  disk.sync({kOne, at_ms(1)}, nullptr);
  disk.create({kOne, at_ms(10)}, "/b", b);
  disk.remove({kOne, at_ms(11)}, "/a");
  Always chooser(Torn::synced_only);
  disk.crash(at_ms(20), chooser);
  EXPECT_NE(disk.open("/a"), nullptr) << "the removal was not durable";
  EXPECT_EQ(disk.open("/b"), nullptr);
}

TEST(Disk, DirectoriesMoveAndList) {
  Disk disk(round_numbers());
  DiskFile file;
  ASSERT_TRUE(disk.make_directory({kOne, at_ms(0)}, "/d").ok());
  EXPECT_EQ(disk.make_directory({kOne, at_ms(0)}, "/d").outcome, DiskOutcome::exists);
  disk.create({kOne, at_ms(0)}, "/d/x", file);
  disk.create({kOne, at_ms(0)}, "/d/sub/y", file);
  disk.create({kOne, at_ms(0)}, "/d.other", file);
  EXPECT_EQ(disk.list("/d"), (std::vector<std::string>{"sub", "x"}));
  ASSERT_TRUE(disk.rename({kOne, at_ms(0)}, "/d", "/e").ok());
  EXPECT_FALSE(disk.is_directory("/d"));
  EXPECT_EQ(disk.list("/e"), (std::vector<std::string>{"sub", "x"}));
  EXPECT_NE(disk.open("/d.other"), nullptr);
  EXPECT_EQ(disk.remove_directory({kOne, at_ms(0)}, "/e").outcome, DiskOutcome::exists);
  disk.kill_writer(kOne, at_ms(0));
  EXPECT_TRUE(disk.files().empty());
  EXPECT_FALSE(disk.is_directory("/e"));
}

// What has been read since the host's start is in the page cache, page by page; the rest is not.
TEST(Disk, AReadWarmsThePagesThatItRead) {
  Disk disk(round_numbers());
  DiskFile file;
  disk.create({kOne, at_ms(0)}, "/p/f", file);
  disk.append({kOne, at_ms(0)}, file, std::string(10'000, 'x'));
  disk.sync({kOne, at_ms(0)}, file);
  std::string out(20'000, ' ');
  uint64_t got = 0;
  const auto cached = [&](int64_t ms, uint64_t offset, uint64_t length) {
    return disk.read({kOne, at_ms(ms)}, DiskOperation::read, *file, offset, length, out.data(), got)
        .cached;
  };
  EXPECT_TRUE(cached(1000, 0, 10'000));
  Always chooser(Torn::synced_only);
  disk.crash(at_ms(2000), chooser);
  EXPECT_FALSE(cached(3000, 0, 4096));
  EXPECT_TRUE(cached(4000, 100, 3996));
  EXPECT_FALSE(cached(4000, 100, 3997));
  EXPECT_TRUE(cached(5000, 0, 8192));
  EXPECT_FALSE(cached(5000, 8192, 20'000));
  EXPECT_TRUE(cached(6000, 0, 20'000));
  disk.append({kOne, at_ms(6000)}, file, "new");
  EXPECT_TRUE(cached(7000, 9'000, 1003));
  disk.crash(at_ms(8000), chooser);
  EXPECT_FALSE(cached(9000, 0, 4096));
}

// Bytes that it moved: what failed moved nothing, what the page cache answered it did not read.
TEST(Disk, CountsTheBytesThatItMoved) {
  DiskSpec spec = round_numbers();
  spec.capacity = 20'000;
  Disk disk(spec);
  DiskFile file;
  disk.create({kOne, at_ms(0)}, "/p/f", file);
  disk.append({kOne, at_ms(0)}, file, std::string(10'000, 'x'));
  disk.append_copied({kOne, at_ms(0)}, file, FileContent("copied"));
  disk.append({kOne, at_ms(0)}, file, std::string(10'000, 'x'));  // no space
  disk.sync({kOne, at_ms(0)}, file);
  std::string out(20'000, ' ');
  uint64_t got = 0;
  disk.read({kOne, at_ms(100)}, DiskOperation::read, *file, 9'000, 20'000, out.data(), got);
  EXPECT_EQ(disk.traffic().written, 10'006u);
  EXPECT_EQ(disk.traffic().read, 0u);
  EXPECT_EQ(disk.traffic().cached, 1'006u);
  Always chooser(Torn::synced_only);
  disk.crash(at_ms(2000), chooser);
  disk.read({kOne, at_ms(3000)}, DiskOperation::urgent_read, *file, 0, 5'000, out.data(), got);
  disk.read({kOne, at_ms(4000)}, DiskOperation::read, *file, 0, 4'096, out.data(), got);
  disk.inject({.path_prefix = "/p/", .operation = {}});
  disk.read({kOne, at_ms(5000)}, DiskOperation::read, *file, 0, 4'096, out.data(), got);
  disk.append({kOne, at_ms(5000)}, file, "x");
  EXPECT_EQ(disk.traffic().written, 10'006u);
  EXPECT_EQ(disk.traffic().read, 5'000u);
  EXPECT_EQ(disk.traffic().cached, 1'006u + 4'096u);
}

// A disk that was replaced takes its bytes with it, not what the world has moved.
TEST(Disks, CountAlsoWhatReplacedDisksMoved) {
  World world{{.kernel = {.seed = 5}}};
  Disks disks(world.kernel(), world.machines(), round_numbers());
  const HostId a = world.machines().add_host({.name = "a"});
  const HostId b = world.machines().add_host({.name = "b"});
  const auto write = [&](HostId host, size_t bytes) {
    DiskFile file;
    ASSERT_TRUE(disks.of(host).create({kOne, at_ms(0)}, "/f", file).ok());
    ASSERT_TRUE(disks.of(host).append({kOne, at_ms(0)}, file, std::string(bytes, 'x')).ok());
  };
  write(a, 100);
  write(b, 20);
  EXPECT_EQ(disks.traffic().written, 120u);
  disks.replace(a);
  EXPECT_EQ(disks.traffic().written, 120u);
  write(a, 3);
  EXPECT_EQ(disks.traffic().written, 123u);
}

TEST(Disk, FaultsAndCapacityAreValues) {
  DiskSpec spec = round_numbers();
  spec.capacity = 100;
  Disk disk(spec);
  DiskFile file;
  disk.create({kOne, at_ms(0)}, "/p/f", file);
  EXPECT_EQ(disk.append({kOne, at_ms(0)}, file, std::string(101, 'x')).outcome,
            DiskOutcome::no_space);
  EXPECT_TRUE(disk.append({kOne, at_ms(0)}, file, std::string(100, 'x')).ok());
  EXPECT_EQ(disk.append({kOne, at_ms(0)}, file, "x").outcome, DiskOutcome::no_space);
  DiskFault fault;
  fault.path_prefix = "/p/";
  fault.operation = DiskOperation::read;
  fault.skip = 1;
  fault.count = 1;
  disk.inject(fault);
  char out[8];
  uint64_t got = 0;
  EXPECT_TRUE(disk.read({kOne, at_ms(1)}, DiskOperation::read, *file, 0, 8, out, got).ok());
  EXPECT_EQ(disk.read({kOne, at_ms(1)}, DiskOperation::read, *file, 0, 8, out, got).outcome,
            DiskOutcome::io_error);
  EXPECT_EQ(got, 0u);
  EXPECT_TRUE(disk.read({kOne, at_ms(1)}, DiskOperation::read, *file, 0, 8, out, got).ok());
  EXPECT_TRUE(disk.flip_bit("/p/f", 8));
  EXPECT_FALSE(disk.flip_bit("/p/f", 800));
  EXPECT_EQ(file->content.to_string().substr(0, 3), "xyx");
}

}  // namespace
}  // namespace drey::sim
