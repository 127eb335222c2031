#include "model/io/source_coordinator.h"

#include <utility>

#include "model/io/source_events.h"
#include "sim/check.h"

namespace drey::model {

SourceCoordinator::SourceCoordinator(const Options& options, SplitEnumeratorFactory& factory,
                                     SourceCoordinatorOutput& output)
    : options_(options), factory_(factory), output_(output) {}

// ---- the main thread's

void SourceCoordinator::put(Work work) { work_.push_back(std::move(work)); }

void SourceCoordinator::start() {
  started_ = true;
  if (enumerator_ == nullptr) enumerator_ = factory_.make(*this, nullptr);
  put({.kind = Work::Kind::start, .event = {}});
}

void SourceCoordinator::attempt_ready(uint32_t subtask, uint32_t attempt) {
  put({.kind = Work::Kind::ready, .subtask = subtask, .attempt = attempt, .event = {}});
}

void SourceCoordinator::attempt_failed(uint32_t subtask, uint32_t attempt) {
  put({.kind = Work::Kind::failed, .subtask = subtask, .attempt = attempt, .event = {}});
}

void SourceCoordinator::event(uint32_t subtask, uint32_t attempt, const OperatorEvent& event) {
  put({.kind = Work::Kind::event, .subtask = subtask, .attempt = attempt, .event = event});
}

void SourceCoordinator::subtask_reset(uint32_t subtask, CheckpointId restored) {
  put({.kind = Work::Kind::reset, .subtask = subtask, .id = restored, .event = {}});
}

void SourceCoordinator::checkpoint(CheckpointId id) {
  put({.kind = Work::Kind::checkpoint, .id = id, .event = {}});
}

void SourceCoordinator::complete(CheckpointId id) {
  put({.kind = Work::Kind::complete, .id = id, .event = {}});
}

void SourceCoordinator::aborted(CheckpointId id) {
  put({.kind = Work::Kind::aborted, .id = id, .event = {}});
}

void SourceCoordinator::discovered(uint32_t splits, bool bounded) {
  put({.kind = Work::Kind::discovered, .subtask = splits, .id = bounded ? 1 : 0, .event = {}});
}

void SourceCoordinator::reset(const std::string* state) {
  work_.clear();
  if (enumerator_ != nullptr) enumerator_->close();
  readers_.clear();
  gateways_.clear();
  no_more_.clear();
  tracker_ = {};
  backlog_.reset();
  enumerator_ = factory_.make(*this, state);
  if (started_) put({.kind = Work::Kind::start, .event = {}});
}

// ---- its own thread's

void SourceCoordinator::run_one() {
  const Work work = std::move(work_.front());
  work_.pop_front();
  const SourceThrown thrown = run(work);
  if (thrown != SourceThrown::nothing) output_.source_threw(thrown);
}

SourceThrown SourceCoordinator::run(const Work& work) {
  switch (work.kind) {
    case Work::Kind::start:
      return enumerator_->start();
    case Work::Kind::ready:
      if (!gateways_[work.subtask].insert(work.attempt).second) return SourceThrown::illegal_state;
      return SourceThrown::nothing;
    case Work::Kind::failed: {
      const auto reader = readers_.find(work.subtask);
      if (reader != readers_.end() && reader->second.erase(work.attempt) > 0 &&
          reader->second.empty())
        readers_.erase(reader);
      gateways_[work.subtask].erase(work.attempt);
      return SourceThrown::nothing;
    }
    case Work::Kind::event:
      return handle(work);
    case Work::Kind::reset:
      gateways_[work.subtask].clear();
      readers_.erase(work.subtask);
      no_more_.erase(work.subtask);
      return enumerator_->add_splits_back(tracker_.take_back(work.subtask, work.id), work.subtask);
    case Work::Kind::checkpoint: {
      std::string state = enumerator_->snapshot(work.id);
      tracker_.on_checkpoint(work.id);
      output_.snapshot_taken(work.id, std::move(state));
      return SourceThrown::nothing;
    }
    case Work::Kind::complete:
      tracker_.on_complete(work.id);
      enumerator_->notify_complete(work.id);
      return SourceThrown::nothing;
    case Work::Kind::aborted:
      enumerator_->notify_aborted(work.id);
      return SourceThrown::nothing;
    case Work::Kind::discovered:
      return enumerator_->discovered(work.subtask, work.id != 0);
  }
  CHECK(false, "unknown work of a source coordinator");
}

SourceThrown SourceCoordinator::handle(const Work& work) {
  switch (static_cast<SourceEvent>(work.event.kind)) {
    case SourceEvent::reader_registration:
      return register_reader(work.subtask, work.attempt);
    case SourceEvent::request_split:
      if (no_more_.count(work.subtask) > 0) return SourceThrown::nothing;
      return enumerator_->handle_split_request(work.subtask);
    case SourceEvent::to_enumerator:
      return enumerator_->handle_event(work.subtask, work.attempt, work.event.argument);
    case SourceEvent::acknowledge_checkpoint:
    case SourceEvent::add_splits:
    case SourceEvent::no_more_splits:
    case SourceEvent::to_reader:
    case SourceEvent::backlog:
      break;
  }
  return SourceThrown::illegal_argument;
}

// Of several attempts of one subtask each gets what the others got since the last checkpoint: there
// are none then.
SourceThrown SourceCoordinator::register_reader(uint32_t subtask, uint32_t attempt) {
  const bool existed = registered(subtask);
  if (!readers_[subtask].insert(attempt).second) return SourceThrown::illegal_state;
  const auto cached = tracker_.pending().find(subtask);
  if (cached != tracker_.pending().end()) {
    if (!options_.concurrent_attempts) return SourceThrown::illegal_state;
    if (!cached->second.empty()) {
      const SourceThrown thrown = send(subtask, attempt, add_splits_event(cached->second));
      if (thrown != SourceThrown::nothing) return thrown;
    }
  }
  if (options_.concurrent_attempts && no_more_.count(subtask) > 0) {
    const SourceThrown thrown = send(subtask, attempt, source_event(SourceEvent::no_more_splits));
    if (thrown != SourceThrown::nothing) return thrown;
  }
  if (!existed) {
    const SourceThrown thrown = enumerator_->add_reader(subtask);
    if (thrown != SourceThrown::nothing) return thrown;
  }
  if (!backlog_.has_value()) return SourceThrown::nothing;
  return send(subtask, attempt, source_event(SourceEvent::backlog, *backlog_ ? 1 : 0));
}

SourceThrown SourceCoordinator::send(uint32_t subtask, uint32_t attempt, OperatorEvent event) {
  if (gateways_[subtask].count(attempt) == 0) return SourceThrown::illegal_state;
  output_.send_to_reader(subtask, attempt, std::move(event));
  return SourceThrown::nothing;
}

// ---- SplitEnumeratorContext

SourceThrown SourceCoordinator::assign(const SplitsBySubtask& assignment) {
  for (const auto& [subtask, splits] : assignment)
    if (!registered(subtask)) return SourceThrown::illegal_argument;
  tracker_.record(assignment);
  for (const auto& [subtask, splits] : assignment) {
    if (splits.empty()) continue;
    output_.assigned(subtask, splits);
    for (const uint32_t attempt : readers_[subtask]) {
      const SourceThrown thrown = send(subtask, attempt, add_splits_event(splits));
      if (thrown != SourceThrown::nothing) return thrown;
    }
  }
  return SourceThrown::nothing;
}

SourceThrown SourceCoordinator::signal_no_more_splits(uint32_t subtask) {
  no_more_.insert(subtask);
  return signal_intermediate_no_more_splits(subtask);
}

SourceThrown SourceCoordinator::signal_intermediate_no_more_splits(uint32_t subtask) {
  if (!registered(subtask)) return SourceThrown::null_pointer;
  for (const uint32_t attempt : readers_[subtask]) {
    const SourceThrown thrown = send(subtask, attempt, source_event(SourceEvent::no_more_splits));
    if (thrown != SourceThrown::nothing) return thrown;
  }
  return SourceThrown::nothing;
}

SourceThrown SourceCoordinator::send_event(uint32_t subtask, uint32_t attempt, uint64_t event) {
  const std::set<uint32_t>& ready = gateways_[subtask];
  if (!options_.concurrent_attempts) {
    if (ready.empty()) return SourceThrown::illegal_state;
    attempt = *ready.begin();
  }
  return send(subtask, attempt, source_event(SourceEvent::to_reader, event));
}

SourceThrown SourceCoordinator::set_backlog(bool backlog) {
  backlog_ = backlog;
  for (uint32_t subtask = 0; subtask < options_.parallelism; ++subtask) {
    const std::set<uint32_t>& ready = gateways_[subtask];
    if (ready.size() > 1) return SourceThrown::illegal_argument;
    if (ready.empty()) continue;
    const SourceThrown thrown =
        send(subtask, *ready.begin(), source_event(SourceEvent::backlog, backlog ? 1 : 0));
    if (thrown != SourceThrown::nothing) return thrown;
  }
  return SourceThrown::nothing;
}

}  // namespace drey::model
