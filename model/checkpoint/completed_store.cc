#include "model/checkpoint/completed_store.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace drey::model {

std::vector<std::string> CompletedCheckpoint::private_files() const {
  std::vector<std::string> files;
  for (const auto& [vertex, state] : vertices)
    for (const auto& [index, subtask] : state.subtasks)
      for (const PrivateFile& file : subtask.acknowledgement.private_files)
        files.push_back(file.path);
  return files;
}

std::vector<SharedFile> CompletedCheckpoint::shared_files() const {
  std::vector<SharedFile> files;
  for (const auto& [vertex, state] : vertices)
    for (const auto& [index, subtask] : state.subtasks)
      files.insert(files.end(), subtask.acknowledgement.shared_files.begin(),
                   subtask.acknowledgement.shared_files.end());
  return files;
}

bool CompletedCheckpoint::has_subtask_states() const {
  for (const auto& [vertex, state] : vertices)
    for (const auto& [index, subtask] : state.subtasks)
      if (subtask.acknowledgement.has_state) return true;
  return false;
}

void CheckpointsCleaner::clean(CheckpointId id, const std::string& location,
                               std::vector<std::string> files, bool discard) {
  if (!discard) {
    ++empty_cleanups_;
    return;
  }
  const uint64_t ticket = next_ticket_++;
  running_.insert(ticket);
  disposal_.discard_checkpoint(ticket, id, location, std::move(files));
}

void CheckpointsCleaner::add_subsumed(std::shared_ptr<const CompletedCheckpoint> checkpoint) {
  subsumed_.push_back(std::move(checkpoint));
}

bool CheckpointsCleaner::may_clean(const CompletedCheckpoint& checkpoint, CheckpointId below,
                                   const std::set<CheckpointId>& in_use) {
  return checkpoint.id < below && in_use.count(checkpoint.id) == 0;
}

void CheckpointsCleaner::clean_subsumed(CheckpointId below, const std::set<CheckpointId>& in_use) {
  std::vector<std::shared_ptr<const CompletedCheckpoint>> kept;
  std::vector<std::shared_ptr<const CompletedCheckpoint>> gone;
  for (auto& checkpoint : subsumed_)
    (may_clean(*checkpoint, below, in_use) ? gone : kept).push_back(std::move(checkpoint));
  subsumed_ = std::move(kept);
  for (const auto& checkpoint : gone)
    clean(checkpoint->id, checkpoint->location, checkpoint->private_files(),
          checkpoint->props.discard_on_subsumed);
}

uint32_t CheckpointsCleaner::take_empty_cleanups() { return std::exchange(empty_cleanups_, 0); }

bool CheckpointsCleaner::discard_finished(uint64_t ticket) { return running_.erase(ticket) > 0; }

std::vector<CheckpointId> CheckpointsCleaner::waiting() const {
  std::vector<CheckpointId> ids;
  for (const auto& checkpoint : subsumed_) ids.push_back(checkpoint->id);
  return ids;
}

CompletedCheckpointStore::CompletedCheckpointStore(Options options, SharedStateRegistry& registry,
                                                   CheckpointsCleaner& cleaner,
                                                   StateDisposal& disposal)
    : options_(options), registry_(registry), cleaner_(cleaner), disposal_(disposal) {
  CHECK(options_.num_retained >= 1, "execution.checkpointing.num-retained must be at least 1");
}

CompletedCheckpointStore::Entry CompletedCheckpointStore::latest() const {
  if (checkpoints_.empty()) return nullptr;
  if (options_.mutant == Mutant::recover_from_older_checkpoint && checkpoints_.size() > 1)
    return checkpoints_[checkpoints_.size() - 2];
  return checkpoints_.back();
}

CompletedCheckpointStore::Entry CompletedCheckpointStore::newest_real_checkpoint() const {
  for (auto it = checkpoints_.rbegin(); it != checkpoints_.rend(); ++it)
    if (!(*it)->props.is_savepoint()) return *it;
  return nullptr;
}

std::optional<CheckpointId> CompletedCheckpointStore::lowest_real_id() const {
  std::optional<CheckpointId> lowest;
  for (const Entry& entry : checkpoints_)
    if (!entry->props.is_savepoint() && (!lowest.has_value() || entry->id < *lowest))
      lowest = entry->id;
  return lowest;
}

bool CompletedCheckpointStore::can_subsume(const CompletedCheckpoint& candidate,
                                           const Entry& newest_real) const {
  const CompletedCheckpoint& newest = *checkpoints_.back();
  if (&candidate == &newest) return false;
  if (candidate.props.is_savepoint()) return true;
  if (newest.props.is_synchronous()) return true;  // after it nothing is restored from before
  return newest_real != nullptr && newest_real.get() != &candidate;
}

CompletedCheckpointStore::Entry CompletedCheckpointStore::subsume() {
  Entry last_subsumed;
  const Entry newest_real = newest_real_checkpoint();
  size_t i = 0;
  while (checkpoints_.size() > options_.num_retained && i < checkpoints_.size()) {
    if (!can_subsume(*checkpoints_[i], newest_real)) {
      ++i;
      continue;
    }
    last_subsumed = checkpoints_[i];
    checkpoints_.erase(checkpoints_.begin() + static_cast<std::ptrdiff_t>(i));
    if (options_.high_availability) disposal_.remove_pointer(last_subsumed->id);
    cleaner_.add_subsumed(last_subsumed);
  }
  return last_subsumed;
}

void CompletedCheckpointStore::release_below(CheckpointId lowest) {
  SharedStateRegistry::Unregistered gone = registry_.unregister_unused(lowest);
  cleaner_.clean_subsumed(lowest, gone.still_in_use);
  if (!gone.deleted.empty()) disposal_.discard_files(std::move(gone.deleted));
}

CompletedCheckpointStore::Entry CompletedCheckpointStore::add(Entry checkpoint) {
  CHECK(checkpoint != nullptr, "a completed checkpoint");
  checkpoints_.push_back(std::move(checkpoint));
  Entry last_subsumed = subsume();
  if (const auto lowest = lowest_real_id()) release_below(*lowest);
  return last_subsumed;
}

void CompletedCheckpointStore::remove_oldest() {
  CHECK(!checkpoints_.empty(), "there is a checkpoint to remove");
  const Entry oldest = checkpoints_.front();
  checkpoints_.pop_front();
  if (options_.high_availability) disposal_.remove_pointer(oldest->id);
  cleaner_.add_subsumed(oldest);
  if (const auto lowest = lowest_real_id()) release_below(*lowest);
}

void CompletedCheckpointStore::shutdown(FinalJobStatus status) {
  const bool terminal = is_globally_terminal(status);
  const bool kept_for_next = !terminal && options_.high_availability &&
                             options_.mutant != Mutant::suspend_discards_checkpoints;
  if (kept_for_next) {
    checkpoints_.clear();  // a next JobManager finds them by their pointers
    return;
  }
  CheckpointId lowest_kept = INT64_MAX;
  for (const Entry& entry : checkpoints_) {
    const bool discard =
        entry->props.discard_on(status) || options_.mutant == Mutant::suspend_discards_checkpoints;
    if (options_.high_availability && terminal) disposal_.remove_pointer(entry->id);
    cleaner_.clean(entry->id, entry->location, entry->private_files(), discard);
    if (!discard) lowest_kept = std::min(lowest_kept, entry->id);
  }
  checkpoints_.clear();
  if (!terminal) return;
  release_below(lowest_kept);
  registry_.close();
}

void CompletedCheckpointStore::recover(std::vector<Entry> checkpoints) {
  std::stable_sort(checkpoints.begin(), checkpoints.end(),
                   [](const Entry& a, const Entry& b) { return a->id < b->id; });
  checkpoints_.assign(checkpoints.begin(), checkpoints.end());
}

}  // namespace drey::model
