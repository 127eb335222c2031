#pragma once
// rocksdb::Env of one database: its clock is simulated time, and what RocksDB would give to
// background threads waits in two queues (flushes; compactions) until somebody runs it on the
// simulation's thread. Nothing here starts a thread or blocks; StartThread is refused by CHECK.
// Unique ids are numbers of this database (state/rocksdb_scope.h).
#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

#include <deque>
#include <memory>

#include "state/rocksdb_file_system.h"
#include "state/rocksdb_scope.h"

namespace drey::state {

class SimSystemClock final : public rocksdb::SystemClock {
 public:
  explicit SimSystemClock(const SimFileSystem& files) : files_(files) {}
  const char* Name() const override { return "SimSystemClock"; }
  uint64_t NowMicros() override { return nanos() / 1000; }
  uint64_t NowNanos() override { return nanos(); }
  // RocksDB sleeps a second after a failed flush and in its own write stalls. Nobody waits for us:
  // it is noted only.
  void SleepForMicroseconds(int micros) override { slept_ = slept_ + sim::microseconds(micros); }
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override {
    *unix_time = static_cast<int64_t>(nanos() / 1'000'000'000);
    return rocksdb::Status::OK();
  }
  std::string TimeToString(uint64_t time) override { return std::to_string(time); }
  sim::Duration slept() const { return slept_; }

 private:
  uint64_t nanos() const { return static_cast<uint64_t>((files_.time() + slept_).ns); }

  const SimFileSystem& files_;
  sim::Duration slept_;
};

class SimEnv final : public rocksdb::EnvWrapper {
 public:
  SimEnv(std::shared_ptr<SimFileSystem> files, DatabaseSeams& seams);

  // Runs the oldest job of the queue; false when there is none. HIGH holds flushes, LOW
  // compactions.
  bool run_one(rocksdb::Env::Priority priority);
  size_t queued(rocksdb::Env::Priority priority) const { return queue(priority).size(); }
  SimSystemClock& clock() { return *clock_; }

  const char* Name() const override { return "SimEnv"; }
  void Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                void (*unschedule)(void*)) override;
  int UnSchedule(void* tag, Priority priority) override;
  void StartThread(void (*function)(void*), void* argument) override;
  void WaitForJoin() override {}
  unsigned int GetThreadPoolQueueLen(Priority priority) const override;
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  void SetBackgroundThreads(int, Priority) override {}
  int GetBackgroundThreads(Priority) override { return 1; }
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  void LowerThreadPoolIOPriority(Priority) override {}
  void LowerThreadPoolCPUPriority(Priority) override {}
  rocksdb::Status LowerThreadPoolCPUPriority(Priority, rocksdb::CpuPriority) override {
    return rocksdb::Status::OK();
  }
  uint64_t NowMicros() override { return clock_->NowMicros(); }
  uint64_t NowNanos() override { return clock_->NowNanos(); }
  uint64_t NowCPUNanos() override { return 0; }
  void SleepForMicroseconds(int micros) override { clock_->SleepForMicroseconds(micros); }
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override {
    return clock_->GetCurrentTime(unix_time);
  }
  std::string TimeToString(uint64_t time) override { return clock_->TimeToString(time); }
  rocksdb::Status GetHostName(char* name, uint64_t length) override;
  uint64_t GetThreadID() const override { return 1; }
  std::string GenerateUniqueId() override;

 private:
  struct Job {
    void (*function)(void*) = nullptr;
    void* argument = nullptr;
    void* tag = nullptr;
    void (*unschedule)(void*) = nullptr;
  };
  std::deque<Job>& queue(Priority priority) { return priority == HIGH ? flushes_ : compactions_; }
  const std::deque<Job>& queue(Priority priority) const {
    return priority == HIGH ? flushes_ : compactions_;
  }

  std::shared_ptr<SimSystemClock> clock_;
  DatabaseSeams& seams_;
  std::deque<Job> flushes_;
  std::deque<Job> compactions_;
};

}  // namespace drey::state
