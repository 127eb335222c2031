#include "state/rocksdb_file_system.h"

#include <rocksdb/env.h>

#include <algorithm>

namespace drey::state {

namespace rdb = rocksdb;
using rdb::IODebugContext;
using rdb::IOOptions;
using rdb::IOStatus;
using sim::DiskOperation;
using sim::DiskOutcome;

namespace {

IOStatus to_status(DiskOutcome outcome, std::string_view path) {
  switch (outcome) {
    case DiskOutcome::ok:
      return IOStatus::OK();
    case DiskOutcome::not_found:
      return IOStatus::PathNotFound(std::string(path));
    // IOStatus::NoSpace would start RocksDB's recovery thread; a plain error stops the database,
    // and the task is reopened.
    case DiskOutcome::exists:
    case DiskOutcome::io_error:
    case DiskOutcome::no_space:
      break;
  }
  return IOStatus::IOError(std::string(path), std::string(to_string(outcome)));
}

// RocksDB names directories with and without the last '/'.
std::string_view plain(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

class SequentialFile final : public rdb::FSSequentialFile {
 public:
  SequentialFile(SimFileSystem& owner, sim::DiskFile file)
      : owner_(owner), file_(std::move(file)) {}
  IOStatus Read(size_t length, const IOOptions&, rdb::Slice* result, char* scratch,
                IODebugContext*) override {
    IOStatus status = owner_.read(*file_, at_, length, result, scratch, cursor_);
    if (status.ok()) at_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t length) override {
    at_ = std::min(at_ + length, file_->content.size());
    return IOStatus::OK();
  }

 private:
  SimFileSystem& owner_;
  sim::DiskFile file_;
  uint64_t at_ = 0;
  uint64_t cursor_ = UINT64_MAX;
};

class RandomAccessFile final : public rdb::FSRandomAccessFile {
 public:
  RandomAccessFile(SimFileSystem& owner, sim::DiskFile file)
      : owner_(owner), file_(std::move(file)) {}
  IOStatus Read(uint64_t offset, size_t length, const IOOptions&, rdb::Slice* result, char* scratch,
                IODebugContext*) const override {
    return owner_.read(*file_, offset, length, result, scratch, cursor_);
  }

 private:
  SimFileSystem& owner_;
  sim::DiskFile file_;
  mutable uint64_t cursor_ = UINT64_MAX;
};

class WritableFile final : public rdb::FSWritableFile {
 public:
  WritableFile(SimFileSystem& owner, sim::DiskFile file) : owner_(owner), file_(std::move(file)) {}
  using rdb::FSWritableFile::Append;
  IOStatus Append(const rdb::Slice& data, const IOOptions&, IODebugContext*) override {
    return owner_.append(file_, data);
  }
  IOStatus Append(const rdb::Slice& data, const IOOptions&, const rdb::DataVerificationInfo&,
                  IODebugContext*) override {
    return owner_.append(file_, data);
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    return owner_.truncate(file_, size);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return owner_.sync(file_); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_->content.size(); }

 private:
  SimFileSystem& owner_;
  sim::DiskFile file_;
};

class Directory final : public rdb::FSDirectory {
 public:
  explicit Directory(SimFileSystem& owner) : owner_(owner) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return owner_.sync(nullptr); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  SimFileSystem& owner_;
};

class Lock final : public rdb::FileLock {
 public:
  explicit Lock(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// RocksDB's own log goes nowhere: it is not part of the simulated world.
class NoLog final : public rdb::Logger {
 public:
  NoLog() : Logger(rdb::InfoLogLevel::NUM_INFO_LOG_LEVELS) {}
  using rdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

IOStatus SimFileSystem::account(Kind kind, std::string_view path, uint64_t offset, uint64_t length,
                                const sim::DiskResult& result) {
  ++operations_;
  digest_.fold(static_cast<uint64_t>(kind) | (static_cast<uint64_t>(result.outcome) << 8),
               sim::name_hash(path), offset, length);
  digest_.fold(static_cast<uint64_t>((result.window.end - result.window.start).ns));
  if (result.ok()) {
    bill_.busy = bill_.busy + (result.window.end - result.window.start);
    bill_.waited = result.window.end - now_ - after_;
  }
  return to_status(result.outcome, path);
}

IOStatus SimFileSystem::read(sim::DiskNode& file, uint64_t offset, size_t length,
                             rdb::Slice* result, char* scratch, uint64_t& cursor) {
  if (cut_off_) return IOStatus::IOError("cut off");
  if (activity_ == Activity::observer) {
    *result = rdb::Slice(scratch, file.content.read(offset, length, scratch));
    return IOStatus::OK();
  }
  uint64_t got = 0;
  if (activity_ == Activity::foreground) ++foreground_reads_;
  const DiskOperation how = activity_ == Activity::foreground ? DiskOperation::urgent_read
                            : offset == cursor                ? DiskOperation::next_read
                                                              : DiskOperation::read;
  const sim::DiskResult done = disk_.read(issue(), how, file, offset, length, scratch, got);
  *result = rdb::Slice(scratch, got);
  cursor = offset + got;
  (done.cached ? bill_.cached_bytes : bill_.read_bytes) += got;
  return account(Kind::read, file.path, offset, got, done);
}

IOStatus SimFileSystem::append(const sim::DiskFile& file, const rdb::Slice& data) {
  if (cut_off_) return IOStatus::IOError("cut off");
  const uint64_t offset = file->content.size();
  const sim::DiskResult done =
      disk_.append(issue(), file, std::string_view(data.data(), data.size()));
  bill_.append_bytes += data.size();
  return account(Kind::append, file->path, offset, data.size(), done);
}

IOStatus SimFileSystem::write_file(const std::string& path, const sim::FileContent& content) {
  if (cut_off_) return IOStatus::IOError("cut off");
  sim::DiskFile file;
  const IOStatus status = account(Kind::create, path, 0, 0, disk_.create(issue(), path, file));
  if (!status.ok()) return status;
  return account(Kind::append, path, 0, content.size(),
                 disk_.append_copied(issue(), file, content));
}

IOStatus SimFileSystem::truncate(const sim::DiskFile& file, uint64_t size) {
  if (cut_off_) return IOStatus::IOError("cut off");
  if (size >= file->content.size()) return IOStatus::OK();
  return account(Kind::truncate, file->path, size, 0, disk_.truncate(issue(), file, size));
}

IOStatus SimFileSystem::sync(const sim::DiskFile& file) {
  if (cut_off_) return IOStatus::IOError("cut off");
  const std::string_view path = file ? std::string_view(file->path) : std::string_view();
  return account(Kind::sync, path, file ? file->content.size() : 0, 0, disk_.sync(issue(), file));
}

IOStatus SimFileSystem::NewSequentialFile(const std::string& path, const rdb::FileOptions&,
                                          std::unique_ptr<rdb::FSSequentialFile>* result,
                                          IODebugContext*) {
  sim::DiskFile file = cut_off_ ? nullptr : disk_.open(path);
  if (file == nullptr) return to_status(DiskOutcome::not_found, path);
  *result = std::make_unique<SequentialFile>(*this, std::move(file));
  return IOStatus::OK();
}

IOStatus SimFileSystem::NewRandomAccessFile(const std::string& path, const rdb::FileOptions&,
                                            std::unique_ptr<rdb::FSRandomAccessFile>* result,
                                            IODebugContext*) {
  sim::DiskFile file = cut_off_ ? nullptr : disk_.open(path);
  if (file == nullptr) return to_status(DiskOutcome::not_found, path);
  *result = std::make_unique<RandomAccessFile>(*this, std::move(file));
  return IOStatus::OK();
}

IOStatus SimFileSystem::new_file(const std::string& path,
                                 std::unique_ptr<rdb::FSWritableFile>* result) {
  if (cut_off_) return IOStatus::IOError("cut off");
  sim::DiskFile file;
  const sim::DiskResult done = disk_.create(issue(), path, file);
  if (done.ok()) *result = std::make_unique<WritableFile>(*this, std::move(file));
  return account(Kind::create, path, 0, 0, done);
}

IOStatus SimFileSystem::NewWritableFile(const std::string& path, const rdb::FileOptions&,
                                        std::unique_ptr<rdb::FSWritableFile>* result,
                                        IODebugContext*) {
  return new_file(path, result);
}

IOStatus SimFileSystem::ReopenWritableFile(const std::string& path, const rdb::FileOptions&,
                                           std::unique_ptr<rdb::FSWritableFile>* result,
                                           IODebugContext*) {
  sim::DiskFile file = cut_off_ ? nullptr : disk_.open(path);
  if (file == nullptr) return new_file(path, result);
  *result = std::make_unique<WritableFile>(*this, std::move(file));
  return IOStatus::OK();
}

IOStatus SimFileSystem::NewDirectory(const std::string& path, const IOOptions&,
                                     std::unique_ptr<rdb::FSDirectory>* result, IODebugContext*) {
  if (cut_off_ || !disk_.is_directory(plain(path))) return to_status(DiskOutcome::not_found, path);
  *result = std::make_unique<Directory>(*this);
  return IOStatus::OK();
}

IOStatus SimFileSystem::FileExists(const std::string& path, const IOOptions&, IODebugContext*) {
  if (cut_off_) return IOStatus::IOError("cut off");
  return disk_.open(path) != nullptr || disk_.is_directory(plain(path)) ? IOStatus::OK()
                                                                        : IOStatus::NotFound(path);
}

IOStatus SimFileSystem::GetChildren(const std::string& directory, const IOOptions&,
                                    std::vector<std::string>* result, IODebugContext*) {
  result->clear();
  if (cut_off_) return IOStatus::IOError("cut off");
  if (!disk_.is_directory(plain(directory))) return to_status(DiskOutcome::not_found, directory);
  *result = disk_.list(plain(directory));
  return IOStatus::OK();
}

IOStatus SimFileSystem::DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) {
  if (cut_off_) return IOStatus::IOError("cut off");
  return account(Kind::remove, path, 0, 0, disk_.remove(issue(), path));
}

IOStatus SimFileSystem::CreateDir(const std::string& path, const IOOptions&, IODebugContext*) {
  if (cut_off_) return IOStatus::IOError("cut off");
  return account(Kind::make_directory, path, 0, 0, disk_.make_directory(issue(), plain(path)));
}

IOStatus SimFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                           IODebugContext* debug) {
  if (!cut_off_ && disk_.is_directory(plain(path))) return IOStatus::OK();
  return CreateDir(path, options, debug);
}

IOStatus SimFileSystem::DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) {
  if (cut_off_) return IOStatus::IOError("cut off");
  return account(Kind::remove_directory, path, 0, 0, disk_.remove_directory(issue(), plain(path)));
}

IOStatus SimFileSystem::GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                                    IODebugContext*) {
  const sim::DiskFile file = cut_off_ ? nullptr : disk_.open(path);
  if (file == nullptr) return to_status(DiskOutcome::not_found, path);
  *size = file->content.size();
  return IOStatus::OK();
}

IOStatus SimFileSystem::GetFileModificationTime(const std::string& path, const IOOptions&,
                                                uint64_t* seconds, IODebugContext*) {
  const sim::DiskFile file = cut_off_ ? nullptr : disk_.open(path);
  if (file == nullptr) return to_status(DiskOutcome::not_found, path);
  *seconds = static_cast<uint64_t>(file->modified.ns / 1'000'000'000);
  return IOStatus::OK();
}

IOStatus SimFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                                   IODebugContext*) {
  if (cut_off_) return IOStatus::IOError("cut off");
  return account(Kind::rename, from, sim::name_hash(to), 0,
                 disk_.rename(issue(), plain(from), plain(to)));
}

IOStatus SimFileSystem::LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                                 IODebugContext*) {
  if (cut_off_) return IOStatus::IOError("cut off");
  return account(Kind::link, from, sim::name_hash(to), 0, disk_.link(issue(), from, to));
}

IOStatus SimFileSystem::LockFile(const std::string& path, const IOOptions&, rdb::FileLock** lock,
                                 IODebugContext*) {
  *lock = nullptr;
  if (!locks_.insert(path).second) return IOStatus::IOError("locked", path);
  *lock = new Lock(path);
  return IOStatus::OK();
}

IOStatus SimFileSystem::UnlockFile(rdb::FileLock* lock, const IOOptions&, IODebugContext*) {
  const auto* held = static_cast<Lock*>(lock);
  locks_.erase(held->path());
  delete held;
  return IOStatus::OK();
}

IOStatus SimFileSystem::GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) {
  *path = "/test";
  return IOStatus::OK();
}

IOStatus SimFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&,
                                        std::string* result, IODebugContext*) {
  *result = path;
  return IOStatus::OK();
}

IOStatus SimFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* result,
                                    IODebugContext*) {
  *result = disk_.is_directory(plain(path));
  return IOStatus::OK();
}

IOStatus SimFileSystem::NewLogger(const std::string&, const IOOptions&,
                                  std::shared_ptr<rdb::Logger>* result, IODebugContext*) {
  *result = std::make_shared<NoLog>();
  return IOStatus::OK();
}

}  // namespace drey::state
