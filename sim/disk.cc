#include "sim/disk.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/kernel.h"

namespace drey::sim {

namespace {
constexpr uint64_t kPage = 4096;

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path[directory.size()] == '/' &&
         path.substr(0, directory.size()) == directory;
}

// Whether all pages of [offset, offset + length) are in the page cache; a read brings them there.
bool is_cached(const DiskNode& file, uint64_t offset, uint64_t length) {
  const uint64_t end = std::min(offset + length, file.cold);
  if (offset >= end) return true;
  if (file.warm.empty()) return false;
  for (uint64_t page = offset / kPage; page * kPage < end; ++page) {
    if (!file.warm[page]) return false;
  }
  return true;
}

void make_warm(DiskNode& file, uint64_t offset, uint64_t length) {
  const uint64_t end = std::min(offset + length, file.cold);
  if (offset >= end) return;
  file.warm.resize((file.cold + kPage - 1) / kPage);
  for (uint64_t page = offset / kPage; page * kPage < end; ++page) file.warm[page] = true;
}

// A host that starts has an empty page cache.
void make_cold(DiskNode& file) {
  file.cold = file.content.size();
  file.warm.clear();
}
}  // namespace

std::string_view to_string(DiskOutcome outcome) {
  switch (outcome) {
    case DiskOutcome::ok:
      return "ok";
    case DiskOutcome::not_found:
      return "not found";
    case DiskOutcome::exists:
      return "exists";
    case DiskOutcome::io_error:
      return "I/O error";
    case DiskOutcome::no_space:
      return "no space left on device";
  }
  return "";
}

DiskFile Disk::open(std::string_view path) const {
  const auto it = files_.find(path);
  return it == files_.end() ? nullptr : it->second;
}

bool Disk::is_directory(std::string_view path) const {
  if (directories_.find(path) != directories_.end()) return true;
  const auto it = files_.upper_bound(std::string(path) + '/');
  return it != files_.end() && is_below(it->first, path);
}

std::vector<std::string> Disk::list(std::string_view directory) const {
  std::set<std::string> names;
  const std::string prefix = std::string(directory) + '/';
  const auto add = [&](std::string_view path) {
    const std::string_view rest = path.substr(prefix.size());
    names.emplace(rest.substr(0, rest.find('/')));
  };
  for (auto it = files_.upper_bound(prefix); it != files_.end() && is_below(it->first, directory);
       ++it) {
    add(it->first);
  }
  for (auto it = directories_.upper_bound(prefix);
       it != directories_.end() && is_below(*it, directory); ++it) {
    add(*it);
  }
  return {names.begin(), names.end()};
}

DiskOutcome Disk::fault_for(DiskOperation operation, std::string_view path) {
  for (DiskFault& fault : faults_) {
    if (fault.operation && *fault.operation != operation) continue;
    if (path.substr(0, fault.path_prefix.size()) != fault.path_prefix) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.count == 0) continue;
    --fault.count;
    return fault.outcome;
  }
  return DiskOutcome::ok;
}

DiskResult Disk::begin(DiskIssue issue, DiskOperation operation, std::string_view path,
                       uint64_t bytes, bool cached) {
  settle(issue.now);
  DiskResult result;
  result.window = {issue.at(), issue.at()};
  if (!faults_.empty()) result.outcome = fault_for(operation, path);
  if (!result.ok()) return result;
  result.cached = cached;
  result.window =
      device_.reserve(issue.at(), cached ? DiskOperation::cached_read : operation, bytes);
  if (kernel_ != nullptr && kernel_->perturbed(Perturbation::disk_operation) != 0) {
    result.window.end = result.window.end + nanoseconds(1);
    device_.hold_until(result.window.end);
  }
  return result;
}

void Disk::record(Kind kind, DiskIssue issue, const DiskResult& done, Entry entry) {
  entry.kind = kind;
  entry.writer = issue.writer;
  entry.end = done.window.end;
  CHECK(pending_.empty() || pending_.back().end <= entry.end,
        "operations of one device end in order");
  pending_.push_back(std::move(entry));
}

DiskFile Disk::attach(std::string_view path, DiskFile node) {
  DiskFile replaced = detach(path);
  if (++node->links == 1) used_ += node->content.size();
  node->path = path;
  files_.emplace(path, std::move(node));
  return replaced;
}

DiskFile Disk::detach(std::string_view path) {
  const auto it = files_.find(path);
  if (it == files_.end()) return nullptr;
  DiskFile node = std::move(it->second);
  files_.erase(it);
  // A file without a name that is still open gives its space back here, a little early.
  if (--node->links == 0) used_ -= node->content.size();
  return node;
}

void Disk::resize(DiskNode& node, const FileContent& content) {
  if (node.links > 0) used_ = used_ - node.content.size() + content.size();
  node.content = content;
}

DiskResult Disk::read(DiskIssue issue, DiskOperation how, DiskNode& file, uint64_t offset,
                      uint64_t length, char* out, uint64_t& got) {
  CHECK(how <= DiskOperation::urgent_read, "a read is a read");
  got = 0;
  const uint64_t there =
      offset >= file.content.size() ? 0 : std::min(length, file.content.size() - offset);
  const bool fits = used_ <= device_.spec().page_cache_bytes;
  const bool cached = fits && (file.cold == 0 || is_cached(file, offset, there));
  const DiskResult result = begin(issue, how, file.path, there, cached);
  if (!result.ok()) return result;
  got = file.content.read(offset, length, out);
  (cached ? traffic_.cached : traffic_.read) += got;
  if (fits && !cached) make_warm(file, offset, there);
  return result;
}

DiskResult Disk::create(DiskIssue issue, std::string_view path, DiskFile& file) {
  file = nullptr;
  const DiskResult result = begin(issue, DiskOperation::metadata, path, 0);
  if (!result.ok()) return result;
  file = std::make_shared<DiskNode>();
  file->modified = issue.at();
  Entry entry;
  entry.node = file;
  entry.path = path;
  entry.replaced = attach(path, file);
  record(Kind::create, issue, result, std::move(entry));
  return result;
}

DiskResult Disk::begin_append(DiskIssue issue, const DiskFile& file, uint64_t bytes,
                              uint64_t for_device) {
  if (bytes > device_.spec().capacity || used_ > device_.spec().capacity - bytes) {
    return {DiskOutcome::no_space, {issue.at(), issue.at()}};
  }
  DiskResult result = begin(issue, DiskOperation::append, file->path, for_device);
  if (!result.ok()) return result;
  Entry entry;
  entry.node = file;
  entry.size = file->content.size();
  record(Kind::append, issue, result, std::move(entry));
  if (file->links > 0) used_ += bytes;
  traffic_.written += bytes;
  file->modified = issue.at();
  return result;
}

DiskResult Disk::append(DiskIssue issue, const DiskFile& file, std::string_view bytes) {
  const DiskResult result = begin_append(issue, file, bytes.size(), bytes.size());
  if (result.ok()) file->content.append(bytes);
  return result;
}

DiskResult Disk::append(DiskIssue issue, const DiskFile& file, const FileContent& bytes) {
  const DiskResult result = begin_append(issue, file, bytes.size(), bytes.size());
  if (result.ok()) file->content.append(bytes);
  return result;
}

DiskResult Disk::append_copied(DiskIssue issue, const DiskFile& file, const FileContent& bytes) {
  const DiskResult result = begin_append(issue, file, bytes.size(), 0);
  if (result.ok()) file->content.append(bytes);
  return result;
}

DiskResult Disk::truncate(DiskIssue issue, const DiskFile& file, uint64_t size) {
  const DiskResult result = begin(issue, DiskOperation::metadata, file->path, 0);
  if (!result.ok()) return result;
  Entry entry;
  entry.node = file;
  entry.before = file->content;
  FileContent shorter = file->content;
  shorter.truncate(size);
  resize(*file, shorter);
  file->synced = std::min(file->synced, file->content.size());
  file->cold = std::min(file->cold, file->content.size());
  record(Kind::truncate, issue, result, std::move(entry));
  return result;
}

DiskResult Disk::sync(DiskIssue issue, const DiskFile& file) {
  const DiskResult result =
      begin(issue, DiskOperation::sync, file ? file->path : std::string_view(), 0);
  if (!result.ok()) return result;
  Entry entry;
  entry.node = file;
  entry.size = file ? file->content.size() : 0;
  record(Kind::sync, issue, result, std::move(entry));
  return result;
}

DiskResult Disk::remove(DiskIssue issue, std::string_view path) {
  if (open(path) == nullptr) return {DiskOutcome::not_found, {issue.at(), issue.at()}};
  const DiskResult result = begin(issue, DiskOperation::metadata, path, 0);
  if (!result.ok()) return result;
  Entry entry;
  entry.path = path;
  entry.node = detach(path);
  record(Kind::remove, issue, result, std::move(entry));
  return result;
}

DiskResult Disk::rename(DiskIssue issue, std::string_view from, std::string_view to) {
  const bool directory = is_directory(from);
  if (!directory && open(from) == nullptr)
    return {DiskOutcome::not_found, {issue.at(), issue.at()}};
  const DiskResult result = begin(issue, DiskOperation::metadata, from, 0);
  if (!result.ok()) return result;
  if (directory) {
    move_directory(issue, result, from, to);
    return result;
  }
  Entry entry;
  entry.path = from;
  entry.target = to;
  entry.node = detach(from);
  entry.replaced = attach(to, entry.node);
  record(Kind::rename, issue, result, std::move(entry));
  return result;
}

void Disk::move_directory(DiskIssue issue, const DiskResult& done, std::string_view from,
                          std::string_view to) {
  // As a rename of each file and directory below, all with one end: taken back all or none.
  std::vector<std::string> paths;
  for (auto it = files_.upper_bound(std::string(from) + '/');
       it != files_.end() && is_below(it->first, from); ++it) {
    paths.push_back(it->first);
  }
  for (const std::string& path : paths) {
    Entry entry;
    entry.path = path;
    entry.target = std::string(to) + path.substr(from.size());
    entry.node = detach(path);
    entry.replaced = attach(entry.target, entry.node);
    record(Kind::rename, issue, done, std::move(entry));
  }
  std::vector<std::string> directories;
  for (const std::string& path : directories_) {
    if (path == from || is_below(path, from)) directories.push_back(path);
  }
  for (const std::string& path : directories) {
    directories_.erase(path);
    Entry removed;
    removed.path = path;
    record(Kind::remove_directory, issue, done, std::move(removed));
    Entry made;
    made.path = std::string(to) + path.substr(from.size());
    if (directories_.insert(made.path).second)
      record(Kind::make_directory, issue, done, std::move(made));
  }
}

DiskResult Disk::link(DiskIssue issue, std::string_view from, std::string_view to) {
  const DiskFile node = open(from);
  if (node == nullptr) return {DiskOutcome::not_found, {issue.at(), issue.at()}};
  if (open(to) != nullptr) return {DiskOutcome::exists, {issue.at(), issue.at()}};
  const DiskResult result = begin(issue, DiskOperation::metadata, to, 0);
  if (!result.ok()) return result;
  Entry entry;
  entry.path = to;
  entry.node = node;
  attach(to, node);
  record(Kind::link, issue, result, std::move(entry));
  return result;
}

DiskResult Disk::make_directory(DiskIssue issue, std::string_view path) {
  if (is_directory(path)) return {DiskOutcome::exists, {issue.at(), issue.at()}};
  const DiskResult result = begin(issue, DiskOperation::metadata, path, 0);
  if (!result.ok()) return result;
  directories_.emplace(path);
  Entry entry;
  entry.path = path;
  record(Kind::make_directory, issue, result, std::move(entry));
  return result;
}

DiskResult Disk::remove_directory(DiskIssue issue, std::string_view path) {
  const auto it = directories_.find(path);
  if (it == directories_.end()) return {DiskOutcome::not_found, {issue.at(), issue.at()}};
  if (!list(path).empty()) return {DiskOutcome::exists, {issue.at(), issue.at()}};
  const DiskResult result = begin(issue, DiskOperation::metadata, path, 0);
  if (!result.ok()) return result;
  directories_.erase(it);
  Entry entry;
  entry.path = path;
  record(Kind::remove_directory, issue, result, std::move(entry));
  return result;
}

void Disk::settle(Time at) {
  while (!pending_.empty() && pending_.front().end <= at) {
    Entry entry = std::move(pending_.front());
    pending_.pop_front();
    switch (entry.kind) {
      case Kind::append:
        break;
      case Kind::sync:
        if (entry.node)
          entry.node->synced =
              std::max(entry.node->synced, std::min(entry.size, entry.node->content.size()));
        unsynced_names_.clear();
        break;
      case Kind::create:
      case Kind::truncate:
      case Kind::remove:
      case Kind::rename:
      case Kind::link:
      case Kind::make_directory:
      case Kind::remove_directory:
        unsynced_names_.push_back(std::move(entry));
        break;
    }
  }
}

void Disk::undo(const Entry& entry) {
  switch (entry.kind) {
    case Kind::append: {
      FileContent shorter = entry.node->content;
      shorter.truncate(entry.size);
      resize(*entry.node, shorter);
      break;
    }
    case Kind::truncate:
      resize(*entry.node, entry.before);
      break;
    case Kind::sync:
      break;
    case Kind::create:
      detach(entry.path);
      if (entry.replaced) attach(entry.path, entry.replaced);
      break;
    case Kind::link:
      detach(entry.path);
      break;
    case Kind::remove:
      attach(entry.path, entry.node);
      break;
    case Kind::rename:
      detach(entry.target);
      if (entry.replaced) attach(entry.target, entry.replaced);
      attach(entry.path, entry.node);
      break;
    case Kind::make_directory:
      directories_.erase(entry.path);
      break;
    case Kind::remove_directory:
      directories_.insert(entry.path);
      break;
  }
}

void Disk::kill_writer(ProcessId writer, Time at) {
  settle(at);
  for (auto it = pending_.rbegin(); it != pending_.rend(); ++it) {
    if (it->writer == writer) undo(*it);
  }
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(),
                                [&](const Entry& e) { return e.writer == writer; }),
                 pending_.end());
}

void Disk::crash(Time at, TornChooser& chooser) {
  settle(at);
  for (auto it = pending_.rbegin(); it != pending_.rend(); ++it) undo(*it);
  pending_.clear();
  for (auto it = unsynced_names_.rbegin(); it != unsynced_names_.rend(); ++it) undo(*it);
  unsynced_names_.clear();
  tear(chooser);
  for (const auto& [path, node] : files_) make_cold(*node);
}

void Disk::tear(TornChooser& chooser) {
  for (const auto& [path, node] : files_) {
    const uint64_t issued = node->content.size();
    if (node->synced >= issued) continue;
    FileContent kept = node->content;
    const uint64_t tail = issued - node->synced;
    switch (chooser.choose_torn(path, node->synced, issued)) {
      case Torn::synced_only:
        kept.truncate(node->synced);
        break;
      case Torn::all_issued:
        break;
      case Torn::half_page_cut:
        kept.truncate(node->synced + (tail / kPage / 2) * kPage + std::min(tail, kPage) / 2);
        break;
      case Torn::zeroed_tail:
        // The size was written, the data were not (delayed allocation).
        kept.truncate(node->synced);
        kept.append(FileContent::adopt(std::string(tail, '\0')));
        break;
    }
    resize(*node, kept);
    node->synced = kept.size();
  }
}

bool Disk::flip_bit(std::string_view path, uint64_t bit) {
  const DiskFile node = open(path);
  if (node == nullptr || bit / 8 >= node->content.size()) return false;
  node->content.flip_bit(bit);
  return true;
}

bool Disk::cut_file(std::string_view path, uint64_t new_size) {
  const DiskFile node = open(path);
  if (node == nullptr) return false;
  FileContent shorter = node->content;
  shorter.truncate(new_size);
  resize(*node, shorter);
  node->synced = std::min(node->synced, node->content.size());
  return true;
}

void Disk::fold(Digest& into) const {
  for (const auto& [path, node] : files_) {
    into.fold(path);
    node->content.fold(into);
  }
  for (const std::string& path : directories_) into.fold(path);
}

}  // namespace drey::sim
