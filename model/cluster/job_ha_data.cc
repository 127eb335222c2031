#include "model/cluster/job_ha_data.h"

#include <utility>

#include "sim/check.h"

namespace drey::model {

namespace {

// FLINK-22494: what may have been written must not be deleted.
PointerWrite outcome_of(const PointerOutcome& outcome) {
  switch (outcome.effect) {
    case PointerEffect::done:
      return PointerWrite::written;
    case PointerEffect::refused:
      return PointerWrite::failed;
    case PointerEffect::unknown:
      return PointerWrite::unknown;
  }
  return PointerWrite::unknown;
}

bool may_delete_after(const PointerOutcome& removal) { return is_gone(removal); }

}  // namespace

JobHaData::JobHaData(PointerAccess& access, JobId job, JobHaDataHost& host)
    : access_(access), host_(host), counter_(access, job), pointers_(access, job) {}

JobHaData::~JobHaData() { access_.forget(*this); }

uint64_t JobHaData::number(Step step) {
  return (static_cast<uint64_t>(step) << 56) | ++next_number_;
}

void JobHaData::recover() { counter_.read(*this, number(Step::recover_counter)); }

void JobHaData::next_id(uint64_t ticket) {
  wanted_ids_.push_back(ticket);
  if (wanted_ids_.size() == 1) give_id();
}

// The id counts as given only when its successor is stored: no id is ever given twice.
void JobHaData::give_id() {
  if (counter_.stale())
    counter_.read(*this, number(Step::read_counter));
  else
    counter_.advance_to(*this, number(Step::advance), counter_.next() + 1);
}

void JobHaData::id_failed() {
  const uint64_t ticket = wanted_ids_.front();
  wanted_ids_.pop_front();
  host_.id_refused(ticket);
  if (!wanted_ids_.empty()) give_id();
}

void JobHaData::put(uint64_t ticket, const CheckpointPointer& pointer) {
  const uint64_t key = number(Step::put);
  puts_[key] = {ticket, pointer.id};
  pointers_.put(*this, key, pointer);
}

void JobHaData::remove(CheckpointId id) {
  const uint64_t key = number(Step::removed);
  removals_.insert(key);
  pointers_.remove(*this, key, id);
}

void JobHaData::delete_after_removals(uint64_t ticket, std::vector<std::string> keys) {
  if (removals_.empty()) {
    host_.delete_now(ticket, std::move(keys));
    return;
  }
  deletions_.push_back({ticket, std::move(keys), removals_, true});
}

void JobHaData::release() {
  access_.forget(*this);
  wanted_ids_.clear();
  puts_.clear();
  removals_.clear();
  deletions_.clear();
  pointers_.read_all(*this, number(Step::release));
}

void JobHaData::removal_ended(uint64_t key, const PointerOutcome& outcome) {
  removals_.erase(key);
  std::vector<Deletion> ready;
  std::vector<Deletion> waiting;
  for (Deletion& deletion : deletions_) {
    if (deletion.after.erase(key) > 0 && !may_delete_after(outcome)) deletion.allowed = false;
    (deletion.after.empty() ? ready : waiting).push_back(std::move(deletion));
  }
  deletions_ = std::move(waiting);
  for (Deletion& deletion : ready) {
    if (deletion.allowed)
      host_.delete_now(deletion.ticket, std::move(deletion.keys));
    else
      host_.deletion_dropped(deletion.ticket);
  }
  host_.ha_data_settled();
}

void JobHaData::on_pointer(uint64_t ticket, const PointerOutcome& outcome) {
  switch (static_cast<Step>(ticket >> 56)) {
    case Step::recover_counter:
      if (!was_read(outcome)) return host_.ha_data_unreadable();
      counter_.recovered(outcome);
      pointers_.read_all(*this, number(Step::recover_pointers));
      return;
    case Step::recover_pointers:
      if (!was_read(outcome)) return host_.ha_data_unreadable();
      host_.ha_data_read(CheckpointPointers::pointers_in(outcome));
      return;
    case Step::read_counter:
      if (!was_read(outcome)) return id_failed();
      counter_.recovered(outcome);
      give_id();
      return;
    case Step::advance: {
      const CheckpointId id = counter_.next();
      counter_.advanced(id + 1, outcome);
      if (counter_.stale()) return id_failed();
      const uint64_t wanted = wanted_ids_.front();
      wanted_ids_.pop_front();
      host_.id_ready(wanted, id);
      if (!wanted_ids_.empty()) give_id();
      return;
    }
    case Step::put: {
      const auto found = puts_.find(ticket);
      CHECK(found != puts_.end(), "an answer to a pointer that was put");
      const Put put = found->second;
      puts_.erase(found);
      host_.pointer_ended(put.ticket, put.id, outcome_of(outcome));
      return;
    }
    case Step::removed:
      removal_ended(ticket, outcome);
      return;
    case Step::release:
      host_.ha_data_released();
      return;
  }
}

}  // namespace drey::model
