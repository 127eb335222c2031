#include "tools/sweep_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace drey::tools {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool write_line(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

std::map<std::string, std::string> record_files(const std::string& folder, const std::string& but) {
  std::map<std::string, std::string> files;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure))
    if (entry.path().extension() == ".jsonl" && entry.path() != but)
      files[entry.path().filename().string()] = text_of(entry.path());
  return files;
}

SweepFolder::~SweepFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string SweepFolder::open(const std::string& path, Shard shard, scenarios::MetricNames wanted) {
  path_ = path;
  wanted_ = std::move(wanted);
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) return fmt::format("cannot make the folder \"{}\"", path);
  own_ = file(fmt::format("runs-{}-of-{}.jsonl", shard.index, shard.of));
  descriptor_ = ::open(own_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) return fmt::format("cannot write \"{}\"", own_);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0)
    return fmt::format("another process works on \"{}\"", own_);
  if (!end_torn_line()) return fmt::format("cannot write \"{}\"", own_);
  read_again();
  own_known_ = true;
  return {};
}

bool SweepFolder::end_torn_line() const {
  char last = '\n';
  const off_t size = ::lseek(descriptor_, 0, SEEK_END);
  return size <= 0 || ::pread(descriptor_, &last, 1, size - 1) != 1 || last == '\n' ||
         write_line(descriptor_, "\n");
}

void SweepFolder::read_again() {
  // Nobody else writes to its own.
  for (const auto& [name, text] : record_files(path_, own_known_ ? own_ : "")) {
    size_t& known = known_[name];
    const size_t end = text.rfind('\n');  // what follows is being written
    if (end == std::string::npos || end < known) continue;
    read(std::string_view(text).substr(known, end + 1 - known));
    known = end + 1;
  }
}

void SweepFolder::read(std::string_view rest) {
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    auto record = scenarios::parse_record(rest.substr(0, end), &wanted_);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!record) continue;
    take(std::move(*record));
  }
}

void SweepFolder::take(scenarios::RunRecord record) {
  const auto found = records_.find(record.key);
  if (found == records_.end()) {
    std::string key = record.key;
    records_.emplace(std::move(key), std::move(record));
  } else if (found->second.digest != record.digest) {
    ++conflicts_;
  }
}

bool SweepFolder::append(const std::string& line) const { return write_line(descriptor_, line); }

bool SweepFolder::append_failure(const std::string& line) {
  return end_torn_line() && write_line(descriptor_, line);
}

bool SweepFolder::find_recorded(const std::string& key) {
  const std::string text = text_of(own_);
  const size_t at = text.rfind(fmt::format("{{\"key\":\"{}\"", key));
  if (at == std::string::npos) return false;
  const std::string_view rest = std::string_view(text).substr(at);
  read(rest.substr(0, rest.find('\n')));
  return records_.count(key) != 0;
}

void SweepFolder::sync() { ::fdatasync(descriptor_); }

}  // namespace drey::tools
