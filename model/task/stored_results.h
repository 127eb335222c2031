#pragma once
// The results that a process keeps on its disk, and the readers of them.
//
// Reading is scheduled per result: one request at a time, of the reader whose next buffer lies
// nearest to the start of the file; a request takes what is contiguous for that reader, at most 4
// MiB. What was read and is not taken back yet is bounded, per result by max(4 requests, 2 buffers
// per reader) and in all by the batch read pool (64 MiB). A reader finds what was there when it
// opens; of a growing result also what comes later. A read that fails (I/O error, truncated file)
// fails that reader; a result that is dropped fails all of its readers.
//
// Upstream: ResultPartitionManager's and TaskExecutor's view of finished partitions,
// SortMergeResultPartitionReadScheduler, SortMergeSubpartitionReader, BatchShuffleReadBufferPool;
// data-plane page 3.1. (Its time-out of 5 minutes without any progress is not modelled: what holds
// the pool is always given back.)
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "model/task/partition_file.h"
#include "model/task/subpartition_view.h"

namespace drey::model {

class StoredResultsHost {
 public:
  virtual ~StoredResultsHost() = default;
  // Call read_ended(number) then.
  virtual void read_ends_after(sim::Duration time, uint64_t number) = 0;
};

// whole: read when it is complete. growing: also while it is written (hybrid full). selective: like
// it, but what a reader takes at once is not written at all (hybrid selective, memory tier).
enum class Keeping : uint8_t { whole, growing, selective };

class StoredResults {
 public:
  StoredResults(const ResultStorage& storage, StoredResultsHost& host)
      : storage_(storage), host_(host) {}
  ~StoredResults();

  std::shared_ptr<PartitionFile> create(const PartitionId& id, const std::string& name,
                                        bool growing);
  // The process ends: no reader and no request goes on; the files stay where they are.
  void shut_down();
  // Null: none here.
  std::shared_ptr<PartitionFile> find(const PartitionId& id) const;
  // The writer appended or finished: readers go on.
  void grown(const PartitionId& id);
  // Selective: buffers go to readers that have caught up and hold few; the rest comes back.
  SpilledRegion hand_to_readers(const PartitionId& id, SpilledRegion region);
  bool has_readers(const PartitionId& id) const;
  // Removes the files and fails the readers.
  void drop(const PartitionId& id);
  size_t size() const { return results_.size(); }
  uint64_t bytes() const;

  // The result is here and readable. The view unregisters itself when destroyed.
  std::unique_ptr<SubpartitionView> open(const PartitionId& id, uint32_t subpartition,
                                         ViewOwner& owner, uint64_t number);
  void read_ended(uint64_t number);

 private:
  class Reader;
  struct Result {
    std::shared_ptr<PartitionFile> file;
    std::vector<Reader*> readers;  // in order of opening
    Reader* busy = nullptr;        // whose request is under way
    bool reading = false;
    uint32_t buffers_out = 0;
  };
  struct Request {
    PartitionId id;
    PartitionFile::Read read;
  };

  static constexpr uint32_t kRequestBytes = 4u << 20;
  static constexpr uint32_t kPoolBytes = 64u << 20;  // ...framework.off-heap.batch-shuffle.size
  static constexpr uint32_t kBufferBytes = 32u << 10;

  void schedule(Result& result);
  Reader* next_reader(const Result& result) const;
  void give_back(const PartitionId& id, uint32_t buffers);
  void close(Reader& reader);
  void look_for_work();

  ResultStorage storage_;
  StoredResultsHost& host_;
  std::map<PartitionId, Result> results_;
  std::map<uint64_t, Request> requests_;
  uint64_t last_request_ = 0;
  uint32_t pool_out_ = 0;
  bool starved_ = false;  // somebody waits for the pool
};

}  // namespace drey::model
