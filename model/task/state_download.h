#pragma once
// Fetches the files of the state that a task is restored from: a few at a time, each tried again a
// few times. Upstream: StreamTaskStateInitializerImpl, RocksDBStateDownloader.
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "model/task/task_context.h"
#include "state/snapshot_handle.h"

namespace drey::model {

class StateDownload {
 public:
  explicit StateDownload(TaskContext& context) : context_(context) {}

  // True: nothing to fetch.
  bool start();
  void answered(TaskCall call, const sim::Reply& reply);
  void timer(TaskCall call);
  bool done() const { return waiting_.empty() && fetching_ == 0; }
  uint64_t bytes() const { return bytes_; }

  // Of one operator, once done.
  std::vector<state::RestoreSource> keyed(uint32_t op) const;
  std::vector<SourcePosition> source(uint32_t op, bool& found) const;
  std::vector<std::string> bytes_of(uint32_t op) const;

 private:
  struct File {
    size_t source = 0;
    size_t index = 0;  // in its handle
    uint32_t tries = 0;
  };
  enum Kind : uint8_t { try_again, copied };
  void fetch_more();
  void fetch(uint64_t file);
  void fetched();

  TaskContext& context_;
  std::vector<uint32_t> op_of_source_;
  std::vector<state::RestoreSource> sources_;
  std::vector<File> files_;
  std::deque<uint64_t> waiting_;
  uint32_t fetching_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace drey::model
