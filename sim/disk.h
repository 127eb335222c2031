#pragma once
// The disk of one host (design.md 2.8): files of real bytes by path, on one device
// (sim/disk_device.h).
//
// Two views. Memory: an operation has its effect for every reader at once. The platter: it has
// happened at its `end`. An undo journal joins them: kill_writer(p, t) takes back what process p
// has issued and what had not ended by t; crash(t) takes back what had not ended, then metadata
// that no later sync made durable, then all bytes behind each file's synced prefix except a torn
// part that the chooser picks. Operations of different writers must touch different paths (each
// process has its own directories); they share the device's time. A foreground read waits for other
// foreground reads only. A sync makes the file's bytes and all metadata that ended before it
// durable.
//
// The page cache: what was written or read since the host started is read from memory, page by
// page, as long as all files of the host fit (DiskSpec::page_cache_bytes).
//
// Paths are absolute, '/'-separated, without a trailing '/'; directories are explicit only where
// somebody made them. Errors are values: DiskOutcome. Time is passed in and never decreases per
// disk. Units: bytes, sim::Time.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk_device.h"
#include "sim/file_content.h"
#include "sim/id.h"
#include "sim/traffic.h"

namespace drey::sim {

class Kernel;

enum class DiskOutcome : uint8_t { ok, not_found, exists, io_error, no_space };
std::string_view to_string(DiskOutcome outcome);

struct DiskNode {
  std::string path;  // the newest name, for faults and messages
  FileContent content;
  uint64_t synced = 0;  // prefix that a host crash keeps
  uint32_t links = 0;
  uint64_t cold = 0;  // the host has started since: of these first bytes only `warm` are cached
  std::vector<bool> warm{};  // by page; empty: none
  Time modified;
};
using DiskFile = std::shared_ptr<DiskNode>;  // an open file: outlives its name

struct DiskIssue {
  ProcessId writer;
  Time now;          // of the event
  Duration after{};  // how far the activity (a call or job that runs whole inside one event) has
                     // come: issued at now + after
  Time at() const { return now + after; }
};
struct DiskResult {
  DiskOutcome outcome = DiskOutcome::ok;
  DiskWindow window;
  bool cached = false;  // a read from the page cache
  bool ok() const { return outcome == DiskOutcome::ok; }
};

// An injected failure: matching operations `skip` times succeed, then `count` times give `outcome`.
struct DiskFault {
  std::string path_prefix;
  std::optional<DiskOperation> operation;  // none = all
  DiskOutcome outcome = DiskOutcome::io_error;
  uint64_t skip = 0;
  uint64_t count = UINT64_MAX;
};

// Which part of a file's unsynced tail a host crash leaves. Alternative 0 is the synced prefix
// alone.
enum class Torn : uint8_t { synced_only, all_issued, half_page_cut, zeroed_tail };
inline constexpr uint32_t kTornAlternatives = 4;
class TornChooser {
 public:
  virtual ~TornChooser() = default;
  virtual Torn choose_torn(std::string_view path, uint64_t synced, uint64_t issued) = 0;
};

class Disk {
 public:
  // With a kernel, a test can make one operation a nanosecond longer
  // (Perturbation::disk_operation).
  explicit Disk(const DiskSpec& spec, Kernel* kernel = nullptr) : device_(spec), kernel_(kernel) {}

  // Reads: the memory view.
  DiskFile open(std::string_view path) const;  // null when absent
  bool is_directory(std::string_view path) const;
  std::vector<std::string> list(
      std::string_view directory) const;  // names of direct children, sorted
  DiskResult read(DiskIssue issue, DiskOperation how, DiskNode& file, uint64_t offset,
                  uint64_t length, char* out, uint64_t& got);

  // Writes.
  DiskResult create(DiskIssue issue, std::string_view path, DiskFile& file);  // empties an old one
  DiskResult append(DiskIssue issue, const DiskFile& file, std::string_view bytes);
  DiskResult append(DiskIssue issue, const DiskFile& file, const FileContent& bytes);
  // The same for bytes that went into the page cache while a thread copied them from elsewhere,
  // whose time is not the device's: one system call.
  DiskResult append_copied(DiskIssue issue, const DiskFile& file, const FileContent& bytes);
  DiskResult truncate(DiskIssue issue, const DiskFile& file, uint64_t size);
  DiskResult sync(DiskIssue issue, const DiskFile& file);  // null file: a directory
  DiskResult remove(DiskIssue issue, std::string_view path);
  DiskResult rename(DiskIssue issue, std::string_view from,
                    std::string_view to);  // files and directories
  DiskResult link(DiskIssue issue, std::string_view from, std::string_view to);
  DiskResult make_directory(DiskIssue issue, std::string_view path);
  DiskResult remove_directory(DiskIssue issue, std::string_view path);

  // Failures of the world.
  void kill_writer(ProcessId writer, Time at);
  void crash(Time at, TornChooser& chooser);
  void inject(DiskFault fault) { faults_.push_back(std::move(fault)); }
  void heal() { faults_.clear(); }
  bool flip_bit(std::string_view path, uint64_t bit);       // false when there is no such bit
  bool cut_file(std::string_view path, uint64_t new_size);  // false when there is no such file
  // Applies everything that ended by `at`; called by each operation, and by whoever looks at
  // `synced`.
  void settle(Time at);

  DiskDevice& device() { return device_; }
  const DiskDevice& device() const { return device_; }
  uint64_t used_bytes() const { return used_; }
  const DiskTraffic& traffic() const { return traffic_; }
  size_t unsettled() const { return pending_.size(); }
  const std::map<std::string, DiskFile, std::less<>>& files() const { return files_; }
  void fold(Digest& into) const;  // paths and bytes, memory view

 private:
  enum class Kind : uint8_t {
    create,
    append,
    truncate,
    sync,
    remove,
    rename,
    link,
    make_directory,
    remove_directory
  };
  struct Entry {  // one operation that can still be taken back
    Kind kind = Kind::append;
    ProcessId writer;
    Time end;
    DiskFile node;      // acted on
    DiskFile replaced;  // what the name meant before
    std::string path;
    std::string target;  // rename
    FileContent before;  // truncate
    uint64_t size = 0;   // append: size before; sync: size made durable
  };
  DiskOutcome fault_for(DiskOperation operation, std::string_view path);
  DiskResult begin(DiskIssue issue, DiskOperation operation, std::string_view path, uint64_t bytes,
                   bool cached = false);
  DiskResult begin_append(DiskIssue issue, const DiskFile& file, uint64_t bytes,
                          uint64_t for_device);
  void record(Kind kind, DiskIssue issue, const DiskResult& done, Entry entry);
  void undo(const Entry& entry);
  DiskFile attach(std::string_view path, DiskFile node);  // returns what was replaced
  DiskFile detach(std::string_view path);
  void resize(DiskNode& node, const FileContent& content);
  void move_directory(DiskIssue issue, const DiskResult& done, std::string_view from,
                      std::string_view to);
  void tear(TornChooser& chooser);

  DiskDevice device_;
  Kernel* kernel_;
  std::map<std::string, DiskFile, std::less<>> files_;
  std::set<std::string, std::less<>> directories_;
  std::deque<Entry> pending_;          // not ended, by end
  std::vector<Entry> unsynced_names_;  // ended metadata that a crash still takes back
  std::vector<DiskFault> faults_;
  uint64_t used_ = 0;
  DiskTraffic traffic_;
};

}  // namespace drey::sim
