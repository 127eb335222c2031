#include "reports/recovery_segments.h"

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;

void RecoverySegments::fault_landed(sim::Time now) {
  if (recovering_) return;
  fault_ = now;
  for (Split& split : splits_) split.usual = split.lag;
}

void RecoverySegments::failed(sim::Time now) {
  if (recovering_) return enter(Segment::cancel, now);
  recovering_ = true;
  spent_ = {};
  if (!fault_)
    for (Split& split : splits_) split.usual = split.lag;
  for (Split& split : splits_) {
    split.target = split.position;
    split.heard = false;
  }
  segment_ = Segment::detect;
  since_ = fault_.value_or(now);
  fault_.reset();
  enter(Segment::cancel, now);
}

void RecoverySegments::enter(Segment segment, sim::Time now) {
  spent_[static_cast<size_t>(segment_)] += (now - since_).ns;
  segment_ = segment;
  since_ = now;
}

void RecoverySegments::on_control(const sim::Fact& fact) {
  switch (static_cast<ControlFact>(fact.kind & 0xff)) {
    case ControlFact::failure:
    case ControlFact::failover_begun:
      if (!recovering_ || segment_ != Segment::cancel) failed(fact.at);
      break;
    case ControlFact::restart_task:
      restarting_.insert(fact.subject.index);
      break;
    case ControlFact::failover_end:
      if (recovering_ && segment_ == Segment::cancel) enter(Segment::slots, fact.at);
      break;
    case ControlFact::deployed:
      if (recovering_ && segment_ == Segment::slots) enter(Segment::deploy, fact.at);
      break;
    case ControlFact::execution_state: {
      const auto state = static_cast<ExecutionState>(fact.b);
      const bool begun = state == ExecutionState::initializing ||
                         state == ExecutionState::running || state == ExecutionState::finished;
      if (!recovering_ || segment_ != Segment::deploy || !begun) break;
      restarting_.erase(fact.subject.index);
      if (restarting_.empty()) enter(Segment::restore, fact.at);
      break;
    }
    default:  // the others end no segment
      break;
  }
}

void RecoverySegments::standing(bool all, sim::Time now) {
  if (all && !up_since_) {
    up_since_ = now;
    if (!first_up_) first_up_ = now;
  } else if (!all && up_since_) {
    up_ns_ += (now - *up_since_).ns;
    up_since_.reset();
  }
  if (!all || !recovering_ || segment_ < Segment::slots || segment_ > Segment::restore) return;
  restarting_.clear();
  enter(Segment::replay, now);
  advance(now);
}

void RecoverySegments::started_reading(uint64_t split, uint64_t offset) {
  if (split >= splits_.size()) splits_.resize(split + 1);
  splits_[split].position = offset;
  splits_[split].lag = INT64_MAX;  // until its first record
  splits_[split].heard = true;
}

void RecoverySegments::emitted(uint64_t split, uint64_t first, uint64_t records, sim::Time now) {
  if (split >= splits_.size()) splits_.resize(split + 1);
  Split& at = splits_[split];
  at.position = first + records;
  at.heard = true;
  const auto number = static_cast<uint16_t>(split);
  if (has_lag() && records > 0 && split < logs_.splits()) {
    at.lag = (now - logs_.available_at(number, first)).ns;
    lag_.add(static_cast<uint64_t>(std::max<int64_t>(0, at.lag)));
    at.lag = (now - logs_.available_at(number, first + records - 1)).ns;
  }
  if (recovering_ && segment_ >= Segment::replay) advance(now);
}

// A split that was read to its end and belongs to no restarted region is never heard of again.
bool RecoverySegments::replayed() const {
  for (size_t i = 0; i < splits_.size(); ++i) {
    const Split& split = splits_[i];
    const bool ended = i < logs_.splits() && split.position >= logs_.size(static_cast<uint16_t>(i));
    if (split.position < split.target || (!split.heard && !ended)) return false;
  }
  return true;
}

bool RecoverySegments::caught_up() const {
  if (!has_lag()) return true;
  constexpr int64_t kNear = 1'000'000'000;
  for (size_t i = 0; i < splits_.size() && i < logs_.splits(); ++i) {
    const bool ended = splits_[i].position >= logs_.size(static_cast<uint16_t>(i));
    if (!ended && splits_[i].lag > std::max(splits_[i].usual, kNear)) return false;
  }
  return true;
}

void RecoverySegments::advance(sim::Time now) {
  if (segment_ == Segment::replay && replayed()) enter(Segment::catch_up, now);
  if (segment_ != Segment::catch_up || !caught_up()) return;
  enter(Segment::catch_up, now);
  recovering_ = false;
  int64_t total = 0;
  for (size_t i = 0; i < spent_.size(); ++i) {
    series_[i].add(spent_[i]);
    total += spent_[i];
  }
  series_.back().add(total);
}

void RecoverySegments::finish(sim::Time now) { end_ = now; }

const Series* RecoverySegments::series(std::string_view name) const {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return nullptr;
  return &series_[static_cast<size_t>(found - kNames.begin())];
}

std::optional<Ratio> RecoverySegments::availability() const {
  if (!first_up_ || end_ <= *first_up_) return std::nullopt;
  const int64_t up = up_ns_ + (up_since_ ? (end_ - *up_since_).ns : 0);
  return Ratio{up, (end_ - *first_up_).ns};
}

}  // namespace drey::reports
