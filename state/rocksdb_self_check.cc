#include "state/rocksdb_self_check.h"

#include <dirent.h>

#include "fmt/core.h"
#include "state/rocksdb_engine.h"

namespace drey::state {

namespace {
class StoppedClock final : public sim::Clock {
 public:
  sim::Time now() const override { return {}; }
};
}  // namespace

size_t count_threads() {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return 0;
  size_t count = 0;
  while (const dirent* entry = readdir(tasks)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(tasks);
  return count;
}

std::string check_rocksdb_seams() {
  sim::Disk disk(sim::DiskSpec{});
  const StoppedClock clock;
  const auto memory = std::make_shared<RocksDbMemory>(RocksDbMemory::Limits{});
  RocksDbEngine engine(RocksDbOptions{}, {&disk, &clock, sim::ProcessId{0}, "/self-check", 1},
                       memory);
  Charge charge;
  if (engine.open(charge) != Outcome::ok) {
    return fmt::format("RocksDB cannot open a database on the simulated disk: {}", engine.error());
  }
  {
    const RocksDbEngine::Visit visit(engine, SimFileSystem::Activity::foreground);
    if (engine.put(0, "key", "value") != Outcome::ok) return "RocksDB cannot put";
  }
  if (engine.checkpoint("/self-check-copy", charge) != Outcome::ok)
    return "RocksDB cannot make a checkpoint";
  const DatabaseSeams& seams = engine.seams();
  std::string missing;
  const auto need = [&](uint64_t calls, const char* what) {
    if (calls == 0) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", what);
  };
  need(seams.random_calls, "Random::GetTLSInstance");
  need(seams.session_calls, "DBImpl::GenerateDbSessionId");
  need(seams.scheduler_calls, "DBImpl::StartPeriodicTaskScheduler");
  need(seams.size_calls, "malloc_usable_size");
  need(seams.unique_ids, "Env::GenerateUniqueId");
  if (!missing.empty()) {
    return fmt::format(
        "RocksDB does not reach our definition of: {}. Was the executable linked with "
        "drey_executable_seams(), and is this RocksDB 7.8.3?",
        missing);
  }
  const size_t threads = count_threads();
  if (threads != 1)
    return fmt::format("the process has {} threads, expected 1: did RocksDB start one?", threads);
  return {};
}

const std::string& rocksdb_seams_problem() {
  // A fact about the executable, the same in every run: no state of a run.
  static const std::string problem = check_rocksdb_seams();
  return problem;
}

}  // namespace drey::state
