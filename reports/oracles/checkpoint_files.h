#pragma once
// The objects of a job's checkpoints, by what was put and deleted in the store, for the oracles
// that judge them. Keys: "<dir>/chk-<id>/_metadata", "<dir>/chk-<id>/<rest>", "<dir>/shared/<rest>"
// where <rest> = "<operator>-<subtask>-<attempt>-<checkpoint>-<name>".
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

struct CheckpointFile {
  std::string key;
  bool metadata = false;
  uint64_t checkpoint = 0;  // that uploaded it
  model::SubtaskIndex subtask = 0;
  uint64_t attempt = 0;
  bool there = false;
  bool damaged = false;  // by a fault
};

class CheckpointFiles {
 public:
  CheckpointFiles(std::string directory, std::shared_ptr<const JobView> view)
      : prefix_("object/" + std::move(directory) + "/"), view_(std::move(view)) {}

  // Follows put, deleted, damaged; the file that the fact is about, or null.
  const CheckpointFile* on(const sim::Fact& fact);
  const std::map<uint32_t, CheckpointFile>& by_path() const { return files_; }
  // Of one checkpoint, in the order of their first put.
  std::vector<const CheckpointFile*> of(uint64_t checkpoint) const;

 private:
  std::optional<CheckpointFile> parse(std::string_view key) const;
  bool parse_rest(std::string_view rest, CheckpointFile& file) const;

  std::string prefix_;
  std::shared_ptr<const JobView> view_;
  std::map<uint32_t, CheckpointFile> files_;  // by path
  std::set<uint32_t> others_;                 // paths that are no such file
  std::map<uint64_t, std::vector<uint32_t>> of_checkpoint_;
};

}  // namespace drey::reports
