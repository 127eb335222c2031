#include "state/rocksdb_env.h"

#include <cstring>

#include "fmt/core.h"
#include "sim/check.h"

namespace drey::state {

SimEnv::SimEnv(std::shared_ptr<SimFileSystem> files, DatabaseSeams& seams)
    : EnvWrapper(rocksdb::NewCompositeEnv(files)),
      clock_(std::make_shared<SimSystemClock>(*files)),
      seams_(seams) {
  // A wrapper would hand out the file system and clock of its target; these two members are what
  // RocksDB asks for.
  file_system_ = std::move(files);
  system_clock_ = clock_;
}

void SimEnv::Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                      void (*unschedule)(void*)) {
  queue(priority).push_back({function, argument, tag, unschedule});
}

int SimEnv::UnSchedule(void* tag, Priority priority) {
  std::deque<Job> kept;
  std::deque<Job> dropped;
  for (Job& job : queue(priority)) (job.tag == tag ? dropped : kept).push_back(job);
  queue(priority) = std::move(kept);
  // RocksDB's own pool counts a job as gone only after its undo function ran; the database frees
  // the argument there.
  for (const Job& job : dropped) {
    if (job.unschedule != nullptr) job.unschedule(job.argument);
  }
  return static_cast<int>(dropped.size());
}

bool SimEnv::run_one(Priority priority) {
  std::deque<Job>& jobs = queue(priority);
  if (jobs.empty()) return false;
  const Job job = jobs.front();
  jobs.pop_front();
  job.function(job.argument);
  return true;
}

void SimEnv::StartThread(void (*)(void*), void*) {
  CHECK(false, "RocksDB wants a thread of its own");
}

unsigned int SimEnv::GetThreadPoolQueueLen(Priority priority) const {
  return static_cast<unsigned int>(queue(priority).size());
}

rocksdb::Status SimEnv::GetHostName(char* name, uint64_t length) {
  std::strncpy(name, "drey", length);
  return rocksdb::Status::OK();
}

std::string SimEnv::GenerateUniqueId() {
  return fmt::format("{:016x}-{:016x}", seams_.name, ++seams_.unique_ids);
}

}  // namespace drey::state
