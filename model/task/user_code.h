#pragma once
// What the code of a task's operators does wrong (UserCodeFault): asked by the task for each block
// of records that an operator is about to get, and by its checkpoints for each snapshot.
//
// Only faults that can strike this attempt of this subtask are kept, so a task without any pays one
// comparison per block. Places count along the chain: 0 is the first operator behind the source (or
// the input), the sink's writer comes last. In a chain that branches they are the places of the
// operators in their vertex, the head's is 0.
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/graph/job_spec.h"
#include "sim/record.h"

namespace drey::model {

class UserCode {
 public:
  void add(size_t place, const OperatorSpec& op, uint32_t subtask, uint32_t attempt);

  struct Hit {
    size_t index = 0;  // of the record in the block
    UserCodeFault::Action action = UserCodeFault::Action::throw_at_record;
    uint16_t split = 0;
    uint64_t offset = 0;
  };
  // The first record of the block at which the operator misbehaves.
  bool watches_records() const { return !at_records_.empty(); }
  std::optional<Hit> find(size_t place, std::span<const sim::Record> block) const;
  // Whether any operator may misbehave at one of these, or at what comes of it.
  bool may_hit(std::span<const sim::Record> block) const;

  // What snapshotState() of this checkpoint does.
  bool throws_in_snapshot(int64_t checkpoint) const;
  sim::Duration snapshot_takes(int64_t checkpoint) const;
  // What it does some time after its part of this checkpoint; null: nothing.
  const UserCodeFault* pause_after_snapshot(int64_t checkpoint) const;

 private:
  struct AtRecord {
    size_t place;
    UserCodeFault fault;
  };
  // The first that does this in this checkpoint; null: none.
  const UserCodeFault* in_snapshot(UserCodeFault::Action action, int64_t checkpoint) const;

  std::vector<AtRecord> at_records_;
  std::vector<UserCodeFault> in_snapshots_;
};

}  // namespace drey::model
