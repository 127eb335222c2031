#include "model/task/task_checkpoints.h"

#include <algorithm>

#include "fmt/core.h"
#include "model/runtime_facts.h"
#include "model/trace_events.h"
#include "sim/check.h"
#include "sim/object_store.h"

namespace drey::model {

namespace {
constexpr sim::Duration kUploadTimeout = sim::minutes(2);
constexpr size_t kRememberedAborts = 16;

// Folds a backend's entries in their backend-independent order.
class DigestVisitor final : public state::EntryVisitor {
 public:
  void on_entry(int32_t group, std::string_view name, std::string_view key,
                std::string_view value) override {
    digest_.fold(static_cast<uint64_t>(group), name.size(), key.size(), value.size());
    digest_.fold(key);
    digest_.fold(value);
  }
  void on_timer(int32_t group, std::string_view, std::string_view bytes) override {
    digest_.fold(static_cast<uint64_t>(group));
    digest_.fold(bytes);
  }
  uint64_t value() const { return digest_.value().high ^ digest_.value().low; }

 private:
  sim::Digest digest_;
};

uint64_t ns(sim::Duration d) { return static_cast<uint64_t>(d.ns); }
}  // namespace

// ---- up to the barrier ----

void TaskCheckpoints::perform(const Request& request) {
  const CheckpointId id = request.barrier.barrier.id;
  if (id <= last_) return;
  last_ = id;
  const bool too_old = highest_aborted_ >= 0 && id + 1 < highest_aborted_;
  if (aborted_before_.erase(id) > 0 || too_old) {
    pass_on_cancellation(id);
    return;
  }
  context_.announce_fact(fact_kind(CheckpointFact::aligned), static_cast<uint64_t>(id),
                         ns(request.alignment), 0);
  preparing_ = request;
  chain_.sinks.prepare_snapshot(id);
  go_on();
}

void TaskCheckpoints::go_on() {
  if (!preparing_.has_value()) return;
  chain_.sinks.go_on();
  if (chain_.sinks.waiting()) return;
  const Request request = *preparing_;
  preparing_.reset();
  host_.look();
  chain_.outputs.broadcast(request.barrier);
  if (host_.data_ended() && !final_.has_value()) final_ = request.barrier.barrier.id;
  take_snapshot(request);
}

void TaskCheckpoints::pass_on_cancellation(CheckpointId id) {
  host_.look();
  ChannelEvent marker{.kind = ChannelEvent::Kind::cancel_marker, .barrier = {}};
  marker.barrier.id = id;
  chain_.outputs.broadcast(marker);
}

void TaskCheckpoints::abort_by_barrier(CheckpointId id, CheckpointFailureReason reason) {
  if (id > last_) last_ = id;
  host_.decline(id, reason);
  pass_on_cancellation(id);
}

// ---- the sync part: tail to head ----

state::KeyedBackend::SnapshotKind TaskCheckpoints::kind_of(const Request& request) const {
  using Taken = state::KeyedBackend::SnapshotKind;
  const CheckpointOptions& options = request.barrier.barrier.options;
  if (is_savepoint(options.type))
    return options.native ? Taken::native_savepoint : Taken::savepoint;
  const bool incremental = context_.deployment().job->options.incremental;
  return incremental && options.type != SnapshotType::full_checkpoint ? Taken::incremental
                                                                      : Taken::full;
}

void TaskCheckpoints::take_snapshot(const Request& request) {
  const CheckpointId id = request.barrier.barrier.id;
  if (host_.user_code().throws_in_snapshot(id)) {
    context_.fail_task({.kind = Cause::Kind::state,
                        .text = fmt::format("snapshotState() of checkpoint {} threw", id),
                        .partition = {}});
    return;
  }
  Running& running = running_[id];
  running.request = request;
  running.snapshot = std::make_shared<TaskStateSnapshot>();
  state::Charge charge;
  for (const uint32_t op : chain_.ops) {
    running.snapshot->operators.push_back({.op = op, .keyed = {}, .source = {}, .bytes = {}});
    running.backends.push_back(nullptr);
  }
  snapshot_sinks(*running.snapshot);
  for (const size_t i : chain_.tail_first) {
    Operator& op = *chain_.operators[i];
    state::KeyedBackend* const backend = op.backend();
    if (backend == nullptr) continue;
    if (backend->begin_snapshot(static_cast<uint64_t>(id), kind_of(request), charge) !=
        state::Outcome::ok) {
      context_.fail_task({.kind = Cause::Kind::state, .text = "snapshot failed", .partition = {}});
      return;
    }
    running.backends[chain_.place_of(op.op())] = backend;
    announce_engine(*backend);
    if (const auto entries = backend->entries(); entries.has_value())
      context_.announce_fact(fact_kind(HeapFact::size), op.op(), *entries, backend->live_bytes());
    if (host_.digest_state()) announce_digest(id, op);
  }
  if (chain_.source != nullptr) {
    running.snapshot->operators[0].source = chain_.source->positions();
    for (const SourcePosition& position : chain_.source->positions())
      context_.announce_fact(fact_kind(CheckpointFact::source_position), static_cast<uint64_t>(id),
                             chain_.source->number_through(position.split), position.next_offset);
  }
  if (host_.data_ended())
    for (OperatorState& state : running.snapshot->operators) state.finished = true;
  running.sync = charge.time() + host_.user_code().snapshot_takes(id);
  context_.busy(running.sync);
  context_.announce_fact(fact_kind(CheckpointFact::sync_done), static_cast<uint64_t>(id),
                         ns(running.sync), 0);
  host_.sync_part_over(id);
  context_.after(running.sync, {TaskPart::checkpoint, async_begins, static_cast<uint64_t>(id)});
  const UserCodeFault* const pause = host_.user_code().pause_after_snapshot(id);
  const sim::Time begins =
      context_.time() + running.sync + (pause == nullptr ? sim::Duration{} : pause->after);
  if (pause == nullptr || begins < paused_until_) return;
  paused_until_ = begins + pause->time;
  context_.after(begins - context_.time(),
                 {TaskPart::checkpoint, pause_begins, static_cast<uint64_t>(pause->time.ns)});
}

void TaskCheckpoints::snapshot_sinks(TaskStateSnapshot& snapshot) const {
  for (const TaskSinks::Entry& entry : chain_.sinks.entries()) {
    snapshot.operators[chain_.place_of(entry.op)].bytes = entry.sink->snapshot();
    if (context_.deployment().job->options.mutant == Mutant::snapshot_of_first_branch) return;
  }
}

// What the storage engine has done so far, its I/O above all: so the hash sees each disk operation.
void TaskCheckpoints::announce_engine(const state::KeyedBackend& backend) {
  const state::BackendCounters counters = backend.counters();
  if (counters.io_operations == 0) return;
  context_.announce_fact(fact_kind(StateFact::engine),
                         (counters.flushes << 32) | counters.compactions, counters.io_digest.high,
                         counters.cache_misses);
}

void TaskCheckpoints::announce_digest(CheckpointId id, const Operator& op) {
  DigestVisitor visitor;
  op.backend()->visit(op.backend()->range(), visitor);
  context_.announce_fact(fact_kind(CheckpointFact::snapshot), static_cast<uint64_t>(id), op.op(),
                         visitor.value());
}

// ---- the async part ----

void TaskCheckpoints::timer(TaskCall call) {
  if (call.kind == copied) {
    send(call.argument);
    return;
  }
  if (call.kind == pause_begins) {
    host_.look();
    context_.busy(sim::nanoseconds(static_cast<int64_t>(call.argument)));
    return;
  }
  const auto id = static_cast<CheckpointId>(call.argument);
  const auto at = running_.find(id);
  if (at == running_.end()) return;
  at->second.async_begin = context_.time();
  pull(id);
}

void TaskCheckpoints::pull(CheckpointId id) {
  Running& running = running_[id];
  if (context_.time() < running.serialised) return;
  const uint32_t threads = context_.deployment().job->options.transfer_threads;
  while (running.pulling < running.backends.size() && running.uploading < threads) {
    state::KeyedBackend* const backend = running.backends[running.pulling];
    if (backend == nullptr) {
      ++running.pulling;
      continue;
    }
    state::KeyedBackend::File file;
    switch (backend->next(static_cast<uint64_t>(id), file)) {
      case state::KeyedBackend::Async::wait:
        host_.run_background_jobs();  // tells job_done() when one is over
        return;
      case state::KeyedBackend::Async::upload:
        upload(running, file);
        break;
      case state::KeyedBackend::Async::failed:
        fail_async(id);
        return;
      case state::KeyedBackend::Async::done:
        if (running.uploading > 0) return;
        running.snapshot->operators[running.pulling].keyed.push_back(
            backend->handle(static_cast<uint64_t>(id)));
        register_reused(running, running.snapshot->operators[running.pulling].keyed.back());
        ++running.pulling;
        break;
    }
  }
  if (running.pulling == running.backends.size()) finish(id);
}

void TaskCheckpoints::serialises_until(CheckpointId id, sim::Time end) {
  const auto at = running_.find(id);
  if (at != running_.end()) at->second.serialised = std::max(at->second.serialised, end);
}

void TaskCheckpoints::job_done() {
  std::vector<CheckpointId> waiting;
  for (const auto& [id, running] : running_)
    if (running.async_begin.ns != 0) waiting.push_back(id);
  for (const CheckpointId id : waiting)
    if (running_.count(id) != 0) pull(id);
}

std::string TaskCheckpoints::object_key(const Running& running, uint32_t op,
                                        const std::string& name, bool shared) const {
  const Deployment& deployment = context_.deployment();
  const AttemptId& attempt = deployment.attempt;
  const CheckpointId id = running.request.barrier.barrier.id;
  const CheckpointOptions& options = running.request.barrier.barrier.options;
  const std::string place =
      is_savepoint(options.type)
          ? options.location
          : fmt::format("{}/{}", deployment.job->checkpoint_directory,
                        shared ? std::string("shared") : fmt::format("chk-{}", id));
  return fmt::format("{}/{}-{}-{}-{}-{}", place, deployment.job->spec.operators[op].id,
                     attempt.subtask, attempt.attempt, id, name);
}

void TaskCheckpoints::upload(Running& running, const state::KeyedBackend::File& file) {
  const uint32_t op = running.snapshot->operators[running.pulling].op;
  CHECK(!file.placeholder, "what is in the store already is not uploaded again");
  auto put = std::make_shared<sim::PutObject>();
  put->key = object_key(running, op, file.name, file.shared);
  put->content = sim::ObjectContent(file.content);
  uploads_[++last_upload_] = {.id = running.request.barrier.barrier.id,
                              .op = running.pulling,
                              .name = file.name,
                              .object_key = put->key,
                              .bytes = file.content.size(),
                              .shared = file.shared,
                              .put = std::move(put)};
  ++running.uploading;
  if (file.copying.ns > 0)
    context_.after(file.copying, {TaskPart::checkpoint, copied, last_upload_});
  else
    send(last_upload_);
}

void TaskCheckpoints::send(uint64_t number) {
  const auto at = uploads_.find(number);
  if (at == uploads_.end()) return;
  if (running_.count(at->second.id) == 0) {  // aborted meanwhile
    uploads_.erase(at);
    return;
  }
  context_.call(context_.locate(context_.deployment().job->object_store), std::move(at->second.put),
                kUploadTimeout, {TaskPart::checkpoint, uploaded, number});
}

void TaskCheckpoints::answered(TaskCall call, const sim::Reply& reply) {
  const auto known = uploads_.find(call.argument);
  if (known == uploads_.end()) return;
  const Upload done = known->second;
  uploads_.erase(known);
  const auto at = running_.find(done.id);
  if (at == running_.end()) {  // aborted meanwhile
    if (reply.failure == sim::CallFailure::none) delete_object(done.object_key);
    return;
  }
  Running& running = at->second;
  --running.uploading;
  if (reply.failure != sim::CallFailure::none) {
    fail_async(done.id);
    return;
  }
  running.backends[done.op]->uploaded(static_cast<uint64_t>(done.id), done.name, done.object_key);
  if (done.shared)
    // The registry's key is the object itself, as upstream's is the physical file.
    running.shared_files.push_back(
        {.key = done.object_key, .path = done.object_key, .bytes = done.bytes});
  else
    running.private_files.push_back({.path = done.object_key, .bytes = done.bytes});
  running.stored.push_back(done);
  pull(done.id);
}

void TaskCheckpoints::finish(CheckpointId id) {
  Running done = std::move(running_[id]);
  running_.erase(id);
  const AttemptId& attempt = context_.deployment().attempt;
  const uint64_t bytes = done.snapshot->bytes();
  const sim::Duration async = context_.time() - done.async_begin;
  context_.announce_fact(fact_kind(CheckpointFact::async_done), static_cast<uint64_t>(id),
                         ns(async), bytes);
  announce_shared_files(id, *done.snapshot);
  TaskAcknowledgement ack{.task = {attempt.vertex, attempt.subtask, attempt.attempt},
                          .has_state = bytes > 0,
                          .private_files = std::move(done.private_files),
                          .shared_files = std::move(done.shared_files)};
  for (const OperatorState& state : done.snapshot->operators)
    ack.inline_bytes += state.bytes.size() + state.source.size() * sizeof(SourcePosition);
  ack.operators_finished = host_.data_ended();
  ack.deployed_as_finished = context_.deployment().finished_on_restore;
  ack.snapshot = std::move(done.snapshot);
  host_.acknowledge(id, std::move(ack),
                    {.start_delay = done.request.start_delay,
                     .alignment = done.request.alignment,
                     .sync = done.sync,
                     .async = async,
                     .bytes_persisted = bytes});
}

// Files of earlier checkpoints that this one uses again are named to the registry by placeholders
// (RB-6).
void TaskCheckpoints::register_reused(Running& running, const state::KeyedStateHandle& handle) {
  for (const state::HandleFile& file : handle.files)
    if (file.shared && file.placeholder)
      running.shared_files.push_back({.key = file.object_key, .path = {}, .bytes = file.bytes});
}

void TaskCheckpoints::announce_shared_files(CheckpointId id, const TaskStateSnapshot& snapshot) {
  uint64_t fresh = 0;
  uint64_t reused = 0;
  for (const OperatorState& operator_state : snapshot.operators)
    for (const state::KeyedStateHandle& handle : operator_state.keyed)
      for (const state::HandleFile& file : handle.files)
        if (file.shared) (file.placeholder ? reused : fresh) += file.bytes;
  if (fresh + reused > 0)
    context_.announce_fact(fact_kind(StateFact::shared_files), static_cast<uint64_t>(id), fresh,
                           reused);
}

void TaskCheckpoints::fail_async(CheckpointId id) {
  discard(running_[id]);
  running_.erase(id);
  host_.decline(id, CheckpointFailureReason::checkpoint_async_exception);
}

// What was stored for a checkpoint that will not be: nobody else knows of it.
void TaskCheckpoints::discard(Running& running) {
  const CheckpointId id = running.request.barrier.barrier.id;
  for (state::KeyedBackend* const backend : running.backends)
    if (backend != nullptr) backend->abort(static_cast<uint64_t>(id));
  for (const Upload& upload : running.stored) delete_object(upload.object_key);
}

void TaskCheckpoints::delete_object(const std::string& key) {
  auto gone = std::make_shared<sim::DeleteObject>();
  gone->key = key;
  context_.call(context_.locate(context_.deployment().job->object_store), std::move(gone),
                kUploadTimeout, {TaskPart::checkpoint, uploaded, 0});
}

// ---- told by the JobMaster ----

void TaskCheckpoints::aborted(CheckpointId id) {
  context_.announce_fact(fact_kind(CheckpointFact::notified_aborted), static_cast<uint64_t>(id), 0,
                         0);
  highest_aborted_ = std::max(highest_aborted_, id);
  const auto at = running_.find(id);
  if (at != running_.end()) {
    discard(at->second);
    running_.erase(at);
  } else if (id > last_) {
    aborted_before_.insert(id);
    while (aborted_before_.size() > kRememberedAborts)
      aborted_before_.erase(aborted_before_.begin());
  } else {
    for (const auto& op : chain_.operators)
      if (op->backend() != nullptr) op->backend()->abort(static_cast<uint64_t>(id));
  }
}

void TaskCheckpoints::completed(CheckpointId id) {
  context_.announce_fact(fact_kind(CheckpointFact::notified_complete), static_cast<uint64_t>(id), 0,
                         0);
  for (const auto& op : chain_.operators) {
    if (op->backend() == nullptr) continue;
    op->backend()->confirm(static_cast<uint64_t>(id));
    context_.announce_fact(fact_kind(StateFact::confirmed), static_cast<uint64_t>(id), op->op(), 0);
  }
  chain_.sinks.checkpoint_complete(id);
}

void TaskCheckpoints::subsumed(CheckpointId) {}

void TaskCheckpoints::cancel_all() {
  preparing_.reset();
  for (auto& [id, running] : running_) discard(running);
  running_.clear();
  for (const auto& [number, upload] : uploads_)
    if (upload.put == nullptr) delete_object(upload.object_key);
  uploads_.clear();
}

}  // namespace drey::model
