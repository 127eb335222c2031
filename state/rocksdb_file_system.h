#pragma once
// rocksdb::FileSystem over a simulated disk, and the bill of what an activity did there.
//
// RocksDB runs inside one event: memory sees each operation at once, and its place on the device is
// reserved behind the operation before it, at now + waited so far (sim/disk.h keeps the journal). A
// foreground activity (a record waits) reads urgently; a job queues on the device. Every operation
// is folded, in order, into a digest by kind, path, offset and length. After cut_off() (the process
// was killed) all operations fail and nothing reaches the disk. Injected failures reach RocksDB as
// non-retryable errors: a retryable one would start a recovery thread.
#include <rocksdb/file_system.h>

#include <set>
#include <string>

#include "sim/clock.h"
#include "sim/disk.h"

namespace drey::state {

// What one activity did, and how long it waited for the device.
struct IoBill {
  uint64_t read_bytes = 0;
  uint64_t cached_bytes = 0;  // read from the page cache, which are not in `read_bytes`
  uint64_t append_bytes = 0;
  sim::Duration busy;    // of the device and the page cache, for this activity
  sim::Duration waited;  // and behind others
};

class SimFileSystem final : public rocksdb::FileSystem {
 public:
  SimFileSystem(sim::Disk& disk, sim::ProcessId writer, const sim::Clock& clock)
      : disk_(disk), writer_(writer), clock_(clock) {}

  // An observer (state compare) reads for free and is not folded.
  enum class Activity : uint8_t { foreground, job, observer };
  // Starts a new bill, so far after the clock's time; the last one is over.
  void begin(Activity activity, sim::Duration after = {}) {
    activity_ = activity;
    now_ = clock_.now();
    after_ = after;
    bill_ = IoBill{};
  }
  const IoBill& bill() const { return bill_; }
  sim::Time time() const { return now_ + after_ + bill_.waited; }  // within the activity
  void cut_off() { cut_off_ = true; }
  bool is_cut_off() const { return cut_off_; }
  // A whole file that a transfer thread has copied, not synced; shares the chunks of `content`.
  rocksdb::IOStatus write_file(const std::string& path, const sim::FileContent& content);
  uint64_t foreground_reads() const { return foreground_reads_; }
  uint64_t operations() const { return operations_; }
  sim::Digest128 operations_digest() const { return digest_.value(); }
  sim::Disk& disk() { return disk_; }

  // For the files of this file system. `cursor` is where the last read of this open file ended.
  rocksdb::IOStatus read(sim::DiskNode& file, uint64_t offset, size_t length,
                         rocksdb::Slice* result, char* scratch, uint64_t& cursor);
  rocksdb::IOStatus append(const sim::DiskFile& file, const rocksdb::Slice& data);
  rocksdb::IOStatus truncate(const sim::DiskFile& file, uint64_t size);
  rocksdb::IOStatus sync(const sim::DiskFile& file);

  const char* Name() const override { return "SimFileSystem"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options,
                                std::vector<std::string>* result,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                uint64_t* size, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& path,
                                            const rocksdb::IOOptions& options, uint64_t* seconds,
                                            rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions& options, std::string* path,
                                     rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetAbsolutePath(const std::string& path, const rocksdb::IOOptions& options,
                                    std::string* result, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus IsDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                bool* result, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewLogger(const std::string& path, const rocksdb::IOOptions& options,
                              std::shared_ptr<rocksdb::Logger>* result,
                              rocksdb::IODebugContext* debug) override;

 private:
  enum class Kind : uint8_t {
    read,
    append,
    truncate,
    sync,
    create,
    remove,
    rename,
    link,
    make_directory,
    remove_directory
  };
  sim::DiskIssue issue() const { return {writer_, now_, after_ + bill_.waited}; }
  rocksdb::IOStatus account(Kind kind, std::string_view path, uint64_t offset, uint64_t length,
                            const sim::DiskResult& result);
  rocksdb::IOStatus new_file(const std::string& path,
                             std::unique_ptr<rocksdb::FSWritableFile>* result);

  sim::Disk& disk_;
  sim::ProcessId writer_;
  const sim::Clock& clock_;
  Activity activity_ = Activity::foreground;
  sim::Time now_;
  sim::Duration after_;
  IoBill bill_;
  bool cut_off_ = false;
  uint64_t operations_ = 0;
  uint64_t foreground_reads_ = 0;
  sim::Digest digest_;
  std::set<std::string> locks_;
};

}  // namespace drey::state
