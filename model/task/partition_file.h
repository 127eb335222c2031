#pragma once
// A result that lies on the disk of its process: one data file of regions and one index file,
// written by the producing task, read at any time after by any number of readers.
//
// Operations have their effect at once and their end from the disk's device; the caller waits.
// Nothing is synced, as upstream. Readable: both files can be opened; somebody may have removed or
// damaged them. Growing: of a hybrid result, which is read while it is written.
//
// Errors are values: an operation that failed says so, a buffer that cannot be read is nothing.
// Upstream: PartitionedFile, PartitionedFileWriter, PartitionedFileReader.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/task/deployment.h"
#include "model/task/spilled_region.h"
#include "sim/clock.h"
#include "sim/disk.h"

namespace drey::model {

// Where a process keeps its results.
struct ResultStorage {
  sim::Disk* disk = nullptr;
  const sim::Clock* clock = nullptr;
  sim::ProcessId process;
  std::string directory = "/results";  // of this incarnation
};

class PartitionFile {
 public:
  // `name` is unique in the process, e.g. "job-1/src/0#2.3": partition 3 of attempt 2.
  PartitionFile(const ResultStorage& storage, const PartitionId& id, const std::string& name,
                bool growing);
  PartitionFile(const PartitionFile&) = delete;
  PartitionFile& operator=(const PartitionFile&) = delete;

  const PartitionId& id() const { return id_; }
  const std::string& name() const { return name_; }
  bool growing() const { return growing_; }
  bool complete() const { return complete_; }
  bool failed() const { return failed_; }
  uint64_t bytes() const { return bytes_; }
  sim::Time written_at() const { return written_at_; }  // when what was issued so far has ended

  void append(SpilledRegion region);
  void finish();  // the index; nothing can be appended any more
  void remove();

  bool readable() const;
  // For a reader: what it has opened stays readable whatever becomes of the name. False: not
  // readable.
  bool open();
  // The regions so far; their bytes are in the file.
  const std::vector<SpilledRegion>& regions() const { return regions_; }
  uint64_t place_of(size_t region) const { return places_[region]; }  // offset in the data file

  struct Read {
    std::vector<StoredBuffer> buffers;  // fewer than asked for: it failed behind the last one
    sim::Time end;
    bool failed = false;
  };
  // `count` buffers of a region from `first` on, in one request.
  Read read(size_t region, uint32_t first, uint32_t count);

 private:
  sim::DiskIssue issue() const { return {storage_.process, storage_.clock->now()}; }
  bool note(const sim::DiskResult& result);

  ResultStorage storage_;
  PartitionId id_;
  std::string name_;
  std::string data_path_;
  std::string index_path_;
  bool growing_;
  bool complete_ = false;
  bool failed_ = false;
  sim::DiskFile data_;    // while it is written
  sim::DiskFile opened_;  // by the newest reader
  std::vector<SpilledRegion> regions_;
  std::vector<uint64_t> places_;
  uint64_t bytes_ = 0;
  sim::Time written_at_;
};

}  // namespace drey::model
