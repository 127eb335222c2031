#include "model/cluster/job_sources.h"

#include <utility>

#include "model/io/source_events.h"
#include "model/runtime_facts.h"
#include "sim/log_contents.h"

namespace drey::model {

// One source: its coordinator, its holder, and where both send to.
struct JobSources::Source final : SourceCoordinatorOutput,
                                  OperatorCoordinatorOutput,
                                  SplitEnumeratorFactory {
  Source(JobSources& sources, uint32_t number, JobVertexIndex of_vertex, uint32_t of_op,
         uint16_t of_first_split, uint32_t parallelism)
      : owner(sources),
        index(number),
        vertex(of_vertex),
        op(of_op),
        first_split(of_first_split),
        coordinator({.parallelism = parallelism}, *this, *this),
        holder(parallelism, *this) {}

  // A source is the head of its chain.
  OperatorRef ref() const { return {owner.topology_.rank(vertex), 0}; }
  SubtaskIndex subtask(uint32_t of) const { return owner.topology_.subtask(vertex, of); }

  // SplitEnumeratorFactory
  std::unique_ptr<SplitEnumerator> make(SplitEnumeratorContext& context,
                                        const std::string* state) override {
    return std::make_unique<LogEnumerator>(context, state);
  }

  // SourceCoordinatorOutput
  void send_to_reader(uint32_t to, uint32_t attempt, OperatorEvent event) override {
    MainWork work{.source = index, .subtask = to, .attempt = attempt, .event = {}, .state = {}};
    work.event = std::move(event);
    owner.main_.push_back(std::move(work));
  }
  void snapshot_taken(CheckpointId id, std::string state) override {
    MainWork work{
        .kind = MainWork::Kind::snapshot, .source = index, .id = id, .event = {}, .state = {}};
    work.state = std::move(state);
    owner.main_.push_back(std::move(work));
  }
  void source_threw(SourceThrown thrown) override {
    owner.main_.push_back({.kind = MainWork::Kind::threw,
                           .source = index,
                           .thrown = thrown,
                           .event = {},
                           .state = {}});
  }
  void begin_discovery() override { owner.host_.describe_log(index); }
  void assigned(uint32_t to, const std::vector<SplitId>& splits) override {
    for (const SplitId split : splits)
      owner.host_.announce_source(fact_kind(SourceFact::split_assigned), subtask(to),
                                  first_split + uint64_t{split}, op, 0);
  }

  // OperatorCoordinatorOutput
  void send_event(uint64_t rpc, uint32_t to, uint32_t attempt,
                  const OperatorEventPtr& event) override {
    const uint64_t number = ++owner.next_number_;
    owner.told_[number] = {index, rpc};
    owner.host_.send_to_operator(number, subtask(to), attempt, op, event);
  }
  void begin_snapshot(CheckpointId id) override {
    coordinator.checkpoint(id);
    owner.wake();
  }
  void snapshot_result(CheckpointId id, bool succeeded,
                       std::optional<CoordinatorState> state) override {
    owner.host_.coordinator_done(ref(), id, succeeded, std::move(state));
  }
  void event_was_lost(uint32_t to, uint32_t attempt) override {
    owner.host_.operator_event_lost(subtask(to), attempt);
  }
  void fail_job() override { owner.host_.source_failed("the coordinator of a source failed"); }

  JobSources& owner;
  uint32_t index;
  JobVertexIndex vertex;
  uint32_t op;
  uint16_t first_split;  // of its log, as facts name it
  SourceCoordinator coordinator;
  OperatorCoordinatorHolder holder;
};

JobSources::JobSources(const JobInformation& job, const ExecutionTopology& topology,
                       JobSourcesHost& host)
    : topology_(topology), host_(host) {
  for (const JobVertexIndex vertex : topology.order()) {
    const JobVertex& description = job.graph.vertices[vertex];
    for (const uint32_t op : description.operators) {
      if (job.spec.operators[op].kind != OperatorKind::source) continue;
      const auto log = job.logs.find(op);
      const uint16_t first_split = log == job.logs.end() ? uint16_t{0} : log->second.first_split;
      sources_.push_back(std::make_unique<Source>(*this, static_cast<uint32_t>(sources_.size()),
                                                  vertex, op, first_split,
                                                  description.parallelism));
    }
  }
}

JobSources::~JobSources() = default;

uint32_t JobSources::op(uint32_t source) const { return sources_[source]->op; }

JobSources::Source* JobSources::find(OperatorRef coordinator) {
  for (const auto& source : sources_)
    if (source->ref() == coordinator) return source.get();
  return nullptr;
}

JobSources::Source* JobSources::source_of(JobVertexIndex vertex) {
  for (const auto& source : sources_)
    if (source->vertex == vertex) return source.get();
  return nullptr;
}

// ---- the two threads

void JobSources::wake() {
  if (std::exchange(awake_, true)) return;
  host_.wake_sources();
}

void JobSources::run() {
  awake_ = false;
  bool worked = true;
  while (worked) {
    worked = false;
    for (const auto& source : sources_) {
      while (source->coordinator.has_work()) {
        source->coordinator.run_one();
        worked = true;
      }
    }
    std::deque<MainWork> main;
    main.swap(main_);
    for (const MainWork& work : main) run_main(work);
    worked = worked || !main.empty();
  }
}

void JobSources::run_main(const MainWork& work) {
  Source& source = *sources_[work.source];
  switch (work.kind) {
    case MainWork::Kind::send:
      source.holder.send_event(work.subtask, work.attempt,
                               std::make_shared<OperatorEvent>(work.event));
      return;
    case MainWork::Kind::snapshot:
      source.holder.on_snapshot(work.id, CoordinatorState{work.state});
      return;
    case MainWork::Kind::threw:
      source.holder.fail_job();
      return;
  }
}

// ---- what happens in the job

void JobSources::start() {
  for (const auto& source : sources_) source->coordinator.start();
  if (!sources_.empty()) wake();
}

void JobSources::on_execution(SubtaskIndex subtask, ExecutionState state) {
  Source* const source = source_of(topology_.vertex_of(subtask));
  if (source == nullptr) return;
  const uint32_t index = topology_.index_of(subtask);
  const uint32_t attempt = host_.scheduler().graph().attempt(subtask);
  switch (state) {
    case ExecutionState::initializing:
      source->coordinator.attempt_ready(index, attempt);
      break;
    case ExecutionState::canceling:
    case ExecutionState::canceled:
    case ExecutionState::failed:
      source->coordinator.attempt_failed(index, attempt);
      break;
    case ExecutionState::created:
    case ExecutionState::scheduled:
    case ExecutionState::deploying:
    case ExecutionState::running:
    case ExecutionState::finished:
    case ExecutionState::reconciling:
      return;
  }
  wake();
}

bool JobSources::on_event(const AttemptId& attempt, uint32_t op, const OperatorEvent& event) {
  const std::optional<SubtaskIndex> subtask = host_.scheduler().find(attempt);
  if (!subtask.has_value()) return false;
  const ExecutionState state = host_.scheduler().graph().state(*subtask);
  Source* const source = source_of(attempt.vertex);
  const bool alive = state == ExecutionState::running || state == ExecutionState::initializing;
  if (!alive || source == nullptr || source->op != op) return false;
  const uint32_t index = topology_.index_of(*subtask);
  if (event.kind == static_cast<uint32_t>(SourceEvent::acknowledge_checkpoint))
    return source->holder.on_subtask_acknowledged(index, static_cast<CheckpointId>(event.argument));
  if (event.kind == static_cast<uint32_t>(SourceEvent::reader_registration))
    host_.announce_source(fact_kind(SourceFact::reader_registered), subtask, attempt.attempt, op,
                          0);
  source->coordinator.event(index, attempt.attempt, event);
  wake();
  return true;
}

void JobSources::on_event_told(uint64_t number, bool delivered) {
  const auto found = told_.find(number);
  if (found == told_.end()) return;
  const Told told = found->second;
  told_.erase(found);
  OperatorCoordinatorHolder& holder = sources_[told.source]->holder;
  if (delivered)
    holder.on_event_delivered(told.rpc);
  else
    holder.on_event_lost(told.rpc);
}

// A log that does not answer is asked again, as a client of Kafka does.
void JobSources::on_described(uint32_t source, const std::vector<uint64_t>* sizes) {
  if (sizes == nullptr) {
    host_.describe_log_later(source);
    return;
  }
  bool bounded = true;
  for (const uint64_t size : *sizes) bounded = bounded && size != sim::LogContents::kUnbounded;
  sources_[source]->coordinator.discovered(static_cast<uint32_t>(sizes->size()), bounded);
  wake();
}

void JobSources::subtasks_reset(const std::vector<SubtaskIndex>& subtasks, CheckpointId restored) {
  for (const SubtaskIndex subtask : subtasks) {
    Source* const source = source_of(topology_.vertex_of(subtask));
    if (source == nullptr) continue;
    const uint32_t index = topology_.index_of(subtask);
    source->holder.subtask_restarted(index, host_.scheduler().graph().attempt(subtask));
    source->coordinator.subtask_reset(index, restored);
    wake();
  }
}

void JobSources::reset_all() {
  for (const auto& source : sources_) reset(source->ref(), kNoCheckpoint, nullptr);
}

// ---- checkpoints

std::set<OperatorRef> JobSources::coordinators() const {
  std::set<OperatorRef> all;
  for (const auto& source : sources_) all.insert(source->ref());
  return all;
}

void JobSources::checkpoint(OperatorRef coordinator, CheckpointId id) {
  find(coordinator)->holder.checkpoint(id);
}

void JobSources::abort_triggering(OperatorRef coordinator) {
  find(coordinator)->holder.abort_current_triggering();
}

void JobSources::complete(OperatorRef coordinator, CheckpointId id) {
  Source* const source = find(coordinator);
  if (!source->holder.on_checkpoint_ended(id)) return;
  source->coordinator.complete(id);
  wake();
}

void JobSources::aborted(OperatorRef coordinator, CheckpointId id) {
  Source* const source = find(coordinator);
  if (!source->holder.on_checkpoint_ended(id)) return;
  source->coordinator.aborted(id);
  wake();
}

void JobSources::reset(OperatorRef coordinator, CheckpointId id, const CoordinatorState* state) {
  Source* const source = find(coordinator);
  host_.announce_source(fact_kind(SourceFact::coordinator_reset), std::nullopt, source->op,
                        state == nullptr ? 0 : static_cast<uint64_t>(id), 0);
  source->holder.reset();
  const IndexRange subtasks = topology_.subtasks_of(source->vertex);
  for (SubtaskIndex s = subtasks.first; s <= subtasks.last; ++s)
    source->holder.subtask_restarted(topology_.index_of(s), host_.scheduler().graph().attempt(s));
  source->coordinator.reset(state == nullptr ? nullptr : &state->bytes);
  wake();
}

}  // namespace drey::model
