#include "state/backend_factory.h"

#include <gtest/gtest.h>

namespace drey::state {
namespace {

class StoppedClock final : public sim::Clock {
 public:
  sim::Time now() const override { return {}; }
};

TEST(BackendFactory, KnowsTheNames) {
  EXPECT_EQ(backend_kind("hashmap"), BackendKind::hashmap);
  EXPECT_EQ(backend_kind("rocksdb"), BackendKind::rocksdb);
  EXPECT_FALSE(backend_kind("RocksDB").has_value());
}

TEST(BackendFactory, MakesWhatTheBuildHasAndSaysWhatItHasNot) {
  sim::Disk disk(sim::DiskSpec{});
  const StoppedClock clock;
  for (const BackendKind kind : {BackendKind::hashmap, BackendKind::rocksdb}) {
    BackendSetup setup;
    setup.kind = kind;
    setup.range = {0, 127};
    setup.disk = &disk;
    setup.clock = &clock;
    setup.writer = sim::ProcessId{1};
    setup.directory = "/tm/op";
    Charge charge;
    const MadeBackend made = make_backend(setup, {}, charge);
    if (kind == BackendKind::rocksdb && !rocksdb_unavailable().empty()) {
      EXPECT_EQ(made.backend, nullptr);
      EXPECT_NE(made.error.find("not in this build"), std::string::npos);
      continue;
    }
    ASSERT_NE(made.backend, nullptr);
    const auto state = made.backend->register_state({.name = "v", .kind = StateKind::value});
    ASSERT_EQ(made.backend->put(*state, {1, 5}, kNoWindow, "x", charge), Outcome::ok);
    std::optional<std::string> out;
    ASSERT_EQ(made.backend->get(*state, {1, 5}, kNoWindow, out, charge), Outcome::ok);
    EXPECT_EQ(out, "x");
    EXPECT_EQ(made.backend->counters().io_operations > 0, kind == BackendKind::rocksdb);
    made.backend->dispose(charge);
  }
  EXPECT_TRUE(disk.files().empty());
}

TEST(BackendFactory, SharesOfManagedMemory) {
  const RocksDbMemoryShares shares = rocksdb_memory_shares(uint64_t{300} << 20, 500);
  EXPECT_EQ(shares.cache_bytes, uint64_t{250} << 20);
  EXPECT_EQ(shares.write_buffer_bytes, uint64_t{100} << 20);
}

}  // namespace
}  // namespace drey::state
