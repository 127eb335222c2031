#pragma once
// One job's data in the pointer store, for its JobMaster: what is read when it starts, ids of
// checkpoints, pointers to completed checkpoints, and the rule that files are deleted only after
// the pointer to them is certainly gone.
//
// Order: a deletion asked for while pointers are being removed waits for all of those removals; if
// one of them did not certainly succeed, the files stay (a leak, never a pointer to nothing).
// Upstream: CheckpointIDCounter, DefaultCompletedCheckpointStore.tryRemoveCompletedCheckpoint,
// DefaultCompletedCheckpointStoreUtils.
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_coordinator.h"
#include "model/cluster/ha_stores.h"

namespace drey::model {

// Answers, each on an event of its own, never inside the call that asked.
class JobHaDataHost {
 public:
  virtual ~JobHaDataHost() = default;
  virtual void ha_data_read(const std::vector<CheckpointPointer>& pointers) = 0;
  virtual void ha_data_unreadable() = 0;
  virtual void id_ready(uint64_t ticket, CheckpointId id) = 0;
  virtual void id_refused(uint64_t ticket) = 0;
  virtual void pointer_ended(uint64_t ticket, CheckpointId id, PointerWrite outcome) = 0;
  // A removal has ended, or a deletion was given up: look whether all is clean.
  virtual void ha_data_settled() = 0;
  // These may be deleted (also inside delete_after_removals); or: they must stay.
  virtual void delete_now(uint64_t ticket, std::vector<std::string> keys) = 0;
  virtual void deletion_dropped(uint64_t ticket) = 0;
  // After release().
  virtual void ha_data_released() = 0;
};

class JobHaData : private PointerUser {
 public:
  JobHaData(PointerAccess& access, JobId job, JobHaDataHost& host);
  ~JobHaData() override;

  void recover();
  void next_id(uint64_t ticket);
  void put(uint64_t ticket, const CheckpointPointer& pointer);
  void remove(CheckpointId id);
  void delete_after_removals(uint64_t ticket, std::vector<std::string> keys);
  // The leadership is lost: nothing that is under way is answered any more, and the pointers are
  // let go, whoever finds them next (upstream releaseAll: the store is asked what there is; without
  // it the caller waits as long as the client retries).
  void release();
  bool idle() const { return removals_.empty() && deletions_.empty(); }

 private:
  enum class Step : uint8_t {
    recover_counter,
    recover_pointers,
    read_counter,
    advance,
    put,
    removed,
    release
  };
  struct Put {
    uint64_t ticket = 0;
    CheckpointId id = 0;
  };
  struct Deletion {
    uint64_t ticket = 0;
    std::vector<std::string> keys;
    std::set<uint64_t> after;  // removals
    bool allowed = true;
  };

  void on_pointer(uint64_t ticket, const PointerOutcome& outcome) override;
  uint64_t number(Step step);
  void give_id();
  void id_failed();
  void removal_ended(uint64_t number, const PointerOutcome& outcome);

  PointerAccess& access_;
  JobHaDataHost& host_;
  CheckpointIdCounter counter_;
  CheckpointPointers pointers_;
  uint64_t next_number_ = 0;
  std::deque<uint64_t> wanted_ids_;  // tickets; the first is being served
  std::map<uint64_t, Put> puts_;
  std::set<uint64_t> removals_;
  std::vector<Deletion> deletions_;
};

}  // namespace drey::model
