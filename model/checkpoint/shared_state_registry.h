#pragma once
// Who uses which shared file, by key and checkpoint id (SR-1..8). No reference counts: an entry
// lives as long as some retained checkpoint is not newer than the last one that used it. Errors
// that upstream throws are values; each of them would be a lost or mixed-up file, so callers treat
// them as a failed acknowledgement.
//
// Upstream: SharedStateRegistryImpl, CompletedCheckpoint#registerSharedStatesAfterRestored.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "model/mutants.h"

namespace drey::model {

enum class ClaimMode : uint8_t { claim, no_claim, legacy };

// What a restored snapshot was when it was taken, as far as sharing goes.
enum class RestoredSharing : uint8_t {
  shared,      // a checkpoint: later ones may use its files
  no_sharing,  // a savepoint (native or canonical)
};

class SharedStateRegistry {
 public:
  enum class RegisterError : uint8_t { none, unknown_state, different_handle, closed };

  struct Registered {
    RegisterError error = RegisterError::none;
    std::string path;  // the file now behind the key
  };

  struct Unregistered {
    std::vector<std::string> deleted;     // files to delete, in key order
    std::set<CheckpointId> still_in_use;  // restored checkpoints whose directory must stay
  };

  explicit SharedStateRegistry(Mutant mutant = Mutant::none) : mutant_(mutant) {}

  // A null path (empty) is a placeholder.
  Registered register_file(const SharedFile& file, CheckpointId id);
  // Registers all files of an acknowledgement and replaces placeholders by real paths.
  RegisterError register_all(std::vector<SharedFile>& files, CheckpointId id);
  Unregistered unregister_unused(CheckpointId lowest_retained);

  // SR-5. The caller leaves unclaimed snapshots out: they are not registered at all.
  RegisterError register_restored(std::vector<SharedFile>& files, CheckpointId id, ClaimMode mode,
                                  RestoredSharing sharing);
  void close() { closed_ = true; }

  size_t size() const { return entries_.size(); }
  bool has(const std::string& key) const { return entries_.count(key) > 0; }

 private:
  struct Entry {
    std::string path;
    CheckpointId created_by = 0;
    CheckpointId last_used = 0;
    bool prevents_discarding_created = false;
  };

  bool is_deleted_in_use(const Entry& entry, CheckpointId lowest_retained) const;
  bool is_unused(const Entry& entry, CheckpointId lowest_retained) const;
  bool is_ours_to_delete(const Entry& entry) const;
  bool keeps_creator(const Entry& entry) const;

  Mutant mutant_;
  std::map<std::string, Entry> entries_;
  std::map<CheckpointId, RestoredSharing> restored_;
  CheckpointId highest_not_claimed_ = INT64_MIN;
  bool closed_ = false;
};

}  // namespace drey::model
