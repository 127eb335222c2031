// Start and end of a JobMaster: what an earlier leader left is read before anything runs, and
// removed when the job is over for good.
#include <algorithm>

#include "model/checkpoint/metadata.h"
#include "model/cluster/job_master.h"
#include "model/cluster/pointer_store_leadership.h"
#include "model/cluster/state_assignment.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "sim/check.h"
#include "sim/object_store.h"

namespace drey::model {

namespace {

constexpr uint32_t kMetadataReads = 4;  // tries, as a file system's client makes them
constexpr sim::Duration kMetadataReadPause = sim::seconds(1);

}  // namespace

void JobMaster::start() {
  if (ha_ != nullptr)
    ha_->recover();
  else if (spec_.restore.given())
    read_given();
  else
    start_execution();
}

// RS-1: only a job without a checkpoint of its own begins with what it was given.
void JobMaster::read_given() {
  given_ = true;
  metadata_.push_back({.pointer = {.id = 0, .location = spec_.restore.path}});
  read_metadata(0);
}

void JobMaster::start_from_given() {
  const CompletedCheckpointStore::Entry loaded = metadata_.front().checkpoint;
  metadata_.clear();
  announce(fact_kind(SavepointFact::given), kernel().intern(spec_.restore.path), spec_.job->job, 0,
           0);
  std::string error = adopt_max_parallelism(*loaded, scheduler_.graph().topology(), *own_job_);
  if (error.empty()) error = checkpoints_.start_from(*loaded, spec_.restore);
  if (!error.empty()) {
    refuse_start(error);
    return;
  }
  start_execution();
}

// JobInitializationException: the job has failed before anything of it was deployed.
void JobMaster::refuse_start(const std::string& why) {
  announce(fact_kind(SavepointFact::refused), kernel().intern(job_component(spec_.job->job)), 0, 0,
           0);
  started_ = true;
  scheduler_.fail_for_good(
      {.kind = Cause::Kind::state,
       .text = "Failed to rollback to checkpoint/savepoint " + spec_.restore.path + ". " + why,
       .partition = {}});
}

void JobMaster::ha_data_read(const std::vector<CheckpointPointer>& pointers) {
  for (const CheckpointPointer& pointer : pointers) metadata_.push_back({.pointer = pointer});
  for (size_t i = 0; i < metadata_.size(); ++i) read_metadata(i);
  if (!metadata_.empty()) return;
  if (spec_.restore.given() && !spec_.ended_as.has_value())
    read_given();
  else
    recovered();
}

void JobMaster::read_metadata(size_t index) {
  auto body = std::make_shared<sim::GetObject>();
  body->key = metadata_[index].pointer.location + "/_metadata";
  ask(sim::resolve(world(), spec_.object_store), {}, std::move(body), options_.ask_timeout,
      {metadata_read, index});
}

void JobMaster::metadata_answered(size_t index, const sim::Reply& reply) {
  Metadata& metadata = metadata_[index];
  bool missing = false;
  if (reply.failure == sim::CallFailure::none) {
    const auto& answer = sim::as<sim::ObjectAnswer>(*reply.body);
    missing = answer.result == sim::ObjectResult::missing;
    if (!missing) metadata.checkpoint = decode_metadata(answer.content.bytes().to_string());
    missing = missing || metadata.checkpoint == nullptr;
  }
  if (metadata.checkpoint == nullptr) {
    if (!missing && ++metadata.failures < kMetadataReads) {
      later(kMetadataReadPause, {metadata_retry, index});
      return;
    }
    if (given_) {
      refuse_start("there is no _metadata in " + spec_.restore.path);
      return;
    }
    // A pointer to something that cannot be read: a checkpoint is never skipped, an older one would
    // be taken instead.
    if (!spec_.ended_as.has_value()) {
      recovery_failed();
      return;
    }
    ha_->remove(metadata.pointer.id);
  }
  metadata.open = false;
  const bool all = std::none_of(metadata_.begin(), metadata_.end(),
                                [](const Metadata& one) { return one.open; });
  if (!all) return;
  if (given_)
    start_from_given();
  else
    recovered();
}

void JobMaster::recovered() {
  std::vector<CompletedCheckpointStore::Entry> checkpoints;
  for (const Metadata& metadata : metadata_)
    if (metadata.checkpoint != nullptr) checkpoints.push_back(metadata.checkpoint);
  metadata_.clear();
  checkpoints_.recover(std::move(checkpoints));
  if (spec_.ended_as.has_value()) {
    over_ = true;
    clean_up();
    return;
  }
  if (!checkpoints_.restore_initial()) {
    recovery_failed();
    return;
  }
  start_execution();
}

// control-plane.md 8.4: the process ends, so that the next leader tries again. (A failed start of a
// new submission fails the job upstream; here it ends the process, too.)
void JobMaster::recovery_failed() {
  announce(fact_kind(ControlFact::fatal_error), world().machines().path(process()),
           static_cast<uint64_t>(FatalError::recovery), 0, 0);
  world().machines().exit_process(process(), sim::StopReason::exit, 1);
}

// Only now it can be found: by TaskManagers and by the ResourceManager.
void JobMaster::start_execution() {
  started_ = true;
  leadership_.confirm(job_component(spec_.job->job), spec_.token, address());
  leadership_.watch(job_component(spec_.job->job), *this);
  leadership_.watch(std::string(kResourceManagerComponent), *this);
  later(options_.slot_idle_timeout, {idle_check, 0});
  sources_.start();
  scheduler_.start();
  if (cancel_wanted_) scheduler_.cancel();
}

// The ResourceManager compares with the published leader; before it can see this one it would
// refuse.
bool JobMaster::leads_visibly() const {
  const std::optional<Leader> leader = leadership_.leader(job_component(spec_.job->job));
  return leader.has_value() && leader->token == spec_.token;
}

void JobMaster::clean_up() {
  cleaning_ = true;
  checkpoints_.shut_down(spec_.ended_as.value_or(status()));
  report_if_clean();
}

void JobMaster::report_if_clean() {
  if (!cleaning_ || cleaned_) return;
  if (checkpoints_.shutting_down() || !deletions_.empty()) return;
  if (ha_ != nullptr && !ha_->idle()) return;
  cleaned_ = true;
  tell_cleaned();
}

// The two words on which the rest of a job's life hangs are asks, repeated until they are heard.
void JobMaster::tell_end() {
  auto body = std::make_shared<JobStatusChanged>();
  body->job = spec_.job->job;
  body->status = status();
  ask(spec_.dispatcher, spec_.token, std::move(body), options_.ask_timeout, {end_told, 0});
}

void JobMaster::tell_cleaned() {
  auto body = std::make_shared<JobCleanedUp>();
  body->job = spec_.job->job;
  ask(spec_.dispatcher, spec_.token, std::move(body), options_.ask_timeout, {cleaned_told, 0});
}

}  // namespace drey::model
