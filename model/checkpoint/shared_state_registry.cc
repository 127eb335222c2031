#include "model/checkpoint/shared_state_registry.h"

#include <algorithm>

namespace drey::model {

SharedStateRegistry::Registered SharedStateRegistry::register_file(const SharedFile& file,
                                                                   CheckpointId id) {
  if (closed_) return {RegisterError::closed, {}};
  const auto found = entries_.find(file.key);
  if (found == entries_.end()) {
    if (file.is_placeholder()) return {RegisterError::unknown_state, {}};
    entries_[file.key] = Entry{file.path, id, id, file.prevents_discarding_created_checkpoint};
    return {RegisterError::none, file.path};
  }
  Entry& entry = found->second;
  if (!file.is_placeholder() && file.path != entry.path)
    return {RegisterError::different_handle, {}};
  entry.last_used = std::max(entry.last_used, id);
  entry.prevents_discarding_created |= file.prevents_discarding_created_checkpoint;
  return {RegisterError::none, entry.path};
}

SharedStateRegistry::RegisterError SharedStateRegistry::register_all(std::vector<SharedFile>& files,
                                                                     CheckpointId id) {
  for (SharedFile& file : files) {
    Registered registered = register_file(file, id);
    if (registered.error != RegisterError::none) return registered.error;
    file.path = std::move(registered.path);
  }
  return RegisterError::none;
}

bool SharedStateRegistry::is_unused(const Entry& entry, CheckpointId lowest_retained) const {
  return entry.last_used < lowest_retained;
}

// The mutant's file goes with the checkpoint that brought it, though the entry is still good.
bool SharedStateRegistry::is_deleted_in_use(const Entry& entry,
                                            CheckpointId lowest_retained) const {
  return mutant_ == Mutant::shared_file_deleted_in_use && entry.created_by < lowest_retained &&
         is_ours_to_delete(entry);
}

bool SharedStateRegistry::is_ours_to_delete(const Entry& entry) const {
  return entry.created_by > highest_not_claimed_;
}

bool SharedStateRegistry::keeps_creator(const Entry& entry) const {
  const auto creator = restored_.find(entry.created_by);
  if (creator == restored_.end()) return false;
  return entry.prevents_discarding_created || creator->second == RestoredSharing::no_sharing;
}

SharedStateRegistry::Unregistered SharedStateRegistry::unregister_unused(
    CheckpointId lowest_retained) {
  Unregistered result;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const Entry& entry = it->second;
    if (!is_unused(entry, lowest_retained)) {
      if (keeps_creator(entry)) result.still_in_use.insert(entry.created_by);
      if (is_deleted_in_use(entry, lowest_retained)) result.deleted.push_back(entry.path);
      ++it;
      continue;
    }
    if (is_ours_to_delete(entry)) result.deleted.push_back(entry.path);
    it = entries_.erase(it);
  }
  return result;
}

SharedStateRegistry::RegisterError SharedStateRegistry::register_restored(
    std::vector<SharedFile>& files, CheckpointId id, ClaimMode mode, RestoredSharing sharing) {
  const RegisterError error = register_all(files, id);
  if (error != RegisterError::none) return error;
  restored_[id] = sharing;
  if (mode != ClaimMode::claim) highest_not_claimed_ = std::max(highest_not_claimed_, id);
  return RegisterError::none;
}

}  // namespace drey::model
