#include "model/task/user_code.h"

#include "model/graph/record_functions.h"

namespace drey::model {

using Action = UserCodeFault::Action;

void UserCode::add(size_t place, const OperatorSpec& op, uint32_t subtask, uint32_t attempt) {
  for (const UserCodeFault& fault : op.user_code) {
    if (attempt >= fault.while_attempt_below || fault.subtask.value_or(subtask) != subtask)
      continue;
    switch (fault.action) {
      case Action::throw_at_record:
      case Action::hang_at_record:
        at_records_.push_back({place, fault});
        break;
      case Action::throw_in_snapshot:
      case Action::slow_snapshot:
      case Action::pause_after_snapshot:
        in_snapshots_.push_back(fault);
        break;
    }
  }
}

namespace {
bool is_record_of(const UserCodeFault& fault, const sim::Record& record) {
  return sim::provenance_split(record.provenance) == fault.split &&
         (sim::provenance_offset(record.provenance) & ~kOrdinalMask) == fault.offset;
}
}  // namespace

std::optional<UserCode::Hit> UserCode::find(size_t place,
                                            std::span<const sim::Record> block) const {
  std::optional<Hit> first;
  for (const AtRecord& each : at_records_) {
    if (each.place != place) continue;
    for (size_t i = 0; i < block.size() && (!first.has_value() || i < first->index); ++i) {
      if (!is_record_of(each.fault, block[i])) continue;
      first = {i, each.fault.action, each.fault.split, each.fault.offset};
    }
  }
  return first;
}

bool UserCode::may_hit(std::span<const sim::Record> block) const {
  for (const AtRecord& each : at_records_)
    for (const sim::Record& record : block)
      if (is_record_of(each.fault, record)) return true;
  return false;
}

const UserCodeFault* UserCode::in_snapshot(Action action, int64_t checkpoint) const {
  for (const UserCodeFault& fault : in_snapshots_)
    if (fault.action == action && (fault.checkpoint == 0 || fault.checkpoint == checkpoint))
      return &fault;
  return nullptr;
}

bool UserCode::throws_in_snapshot(int64_t checkpoint) const {
  return in_snapshot(Action::throw_in_snapshot, checkpoint) != nullptr;
}

const UserCodeFault* UserCode::pause_after_snapshot(int64_t checkpoint) const {
  return in_snapshot(Action::pause_after_snapshot, checkpoint);
}

sim::Duration UserCode::snapshot_takes(int64_t checkpoint) const {
  sim::Duration time;
  for (const UserCodeFault& fault : in_snapshots_)
    if (fault.action == Action::slow_snapshot &&
        (fault.checkpoint == 0 || fault.checkpoint == checkpoint))
      time = time + fault.time;
  return time;
}

}  // namespace drey::model
