// The null exchange's consumers: where their producers are, the buffers that they need, and what
// comes in.
#include <algorithm>
#include <tuple>
#include <utility>

#include "model/task/null_exchange.h"

namespace drey::model {

// ---- where producers are

std::shared_ptr<const ProducerIndex> SharedLists::producers(JobId job, GroupIndex group,
                                                            const GroupProducers& list) {
  std::shared_ptr<const ProducerIndex>& newest = newest_[{job, group}];
  if (newest != nullptr && newest->of == list) return newest;
  std::map<sim::Address, std::vector<ProducerSpan>> places;
  for (const ShuffleDescriptor& each : *list)
    if (each.known) append(places[each.location], each.id.partition, each.id.producer.attempt);
  const auto sorted = std::make_shared<std::vector<ProducerPlace>>();
  for (auto& [at, spans] : places) sorted->push_back({at, ProducerSpans(std::move(spans))});
  auto made = std::make_shared<ProducerIndex>();
  made->of = list;
  made->places = sorted;
  newest = std::move(made);
  return newest;
}

ReaderPlaces SharedLists::readers(std::vector<ReaderPlace> places) {
  if (newest_readers_ == nullptr || *newest_readers_ != places)
    newest_readers_ = std::make_shared<const std::vector<ReaderPlace>>(std::move(places));
  return newest_readers_;
}

namespace {

constexpr uint64_t kExclusive = 2;                // of a channel
constexpr uint64_t kMostRequiredBlocking = 1000;  // of a gate
constexpr uint64_t kSortBuffers = 512;            // of a blocking result

uint64_t required_by_gate(ResultPartitionType type, uint64_t channels) {
  const uint64_t wanted = channels * kExclusive + 1;
  return is_pipelined_or_bounded(type) || is_bounded(type)
             ? wanted
             : std::min(kMostRequiredBlocking, wanted);
}

uint64_t required_by_result(ResultPartitionType type, uint64_t subpartitions) {
  return is_blocking_or_persistent(type) ? kSortBuffers : subpartitions + 1;
}

}  // namespace

// Exclusive buffers belong to channels from elsewhere only; what a gate needs of them is counted as
// if all its producers were.
bool NullExchange::take_buffers(const RangeTask& task) {
  const Deployment& deployment = task.deployment();
  const JobGraph& graph = deployment.job->graph;
  uint64_t required = 0;
  for (const InputGateSpec& gate : deployment.gates)
    required += required_by_gate(graph.data_set_of(gate.edge).type, gate.producers->size());
  for (const ResultPartitionSpec& result : deployment.results)
    required += required_by_result(graph.data_sets[result.data_set].type, result.subpartitions);
  if (required > options_.network_segments - std::min(buffers_taken_, options_.network_segments))
    return false;
  buffers_[deployment.attempt] = required;
  buffers_taken_ += required;
  return true;
}

// ---- consuming

// The first gates that hold this reader or one after it.
NullExchange::GatesAt NullExchange::gates_from(JobId job, GroupIndex group, uint32_t reader) {
  return std::lower_bound(gates_.begin(), gates_.end(), std::tie(job, group, reader),
                          [](const Gates& gates, const auto& key) {
                            return std::tie(gates.job, gates.group, gates.last) < key;
                          });
}

NullExchange::GatesAt NullExchange::gates_of(JobId job, GroupIndex group, uint32_t reader) {
  const GatesAt found = gates_from(job, group, reader);
  const bool same =
      found != gates_.end() && found->job == job && found->group == group && found->first <= reader;
  return same ? found : gates_.end();
}

bool NullExchange::is_gate_of(GatesAt gates, const RangeTask& task) const {
  return gates != gates_.end() &&
         gates->tasks[task.deployment().attempt.subtask - gates->first] == &task;
}

void NullExchange::add_gate(RangeTask& task, const InputGateSpec& input) {
  const AttemptId& attempt = task.deployment().attempt;
  const uint32_t reader = attempt.subtask;
  if (const GatesAt older = gates_of(attempt.job, input.group, reader); older != gates_.end())
    gates_.erase(only(older, reader, reader));
  Gates gates{.job = attempt.job,
              .group = input.group,
              .first = reader,
              .last = reader,
              .attempt = attempt.attempt,
              .seen = {.channels = input.producers->size()},
              .producers = lists_.producers(attempt.job, input.group, input.producers),
              .tasks = {&task}};
  join(gates_.insert(gates_from(attempt.job, input.group, reader), std::move(gates)));
}

// So that some of them begin with this reader; gives these, which may be the whole or nothing.
NullExchange::GatesAt NullExchange::split(GatesAt gates, uint32_t reader) {
  if (reader <= gates->first) return gates;
  if (reader > gates->last) return gates + 1;
  const auto count = static_cast<ptrdiff_t>(reader - gates->first);
  Gates rest = *gates;
  rest.first = reader;
  rest.tasks.erase(rest.tasks.begin(), rest.tasks.begin() + count);
  gates->last = reader - 1;
  gates->tasks.resize(static_cast<size_t>(count));
  return gates_.insert(gates + 1, std::move(rest));
}

// Those of readers first..last among these, apart from the others.
NullExchange::GatesAt NullExchange::only(GatesAt gates, uint32_t first, uint32_t last) {
  const GatesAt from = split(gates, first);
  return split(from, last + 1) - 1;
}

// With its neighbours, if nothing tells them apart.
void NullExchange::join(GatesAt gates) {
  const auto same = [](const Gates& a, const Gates& b) {
    return a.job == b.job && a.group == b.group && a.last + 1 == b.first &&
           a.attempt == b.attempt && a.producers == b.producers && a.seen == b.seen;
  };
  const auto take_next = [&](GatesAt at) {
    const GatesAt next = at + 1;
    at->last = next->last;
    at->tasks.insert(at->tasks.end(), next->tasks.begin(), next->tasks.end());
    gates_.erase(next);
  };
  if (gates + 1 != gates_.end() && same(*gates, *(gates + 1))) take_next(gates);
  if (gates != gates_.begin() && same(*(gates - 1), *gates)) take_next(gates - 1);
}

void NullExchange::take(const ProducersRange& range, const ReaderSpans& readers) {
  const ProducerSpan& first = range.producers.front();
  for (const ReaderSpan& span : readers) {
    GatesAt gates = gates_from(range.job, range.group, span.first);
    for (; gates != gates_.end(); ++gates) {
      if (gates->job != range.job || gates->group != range.group || gates->first > span.last) break;
      if (gates->attempt != span.attempt) continue;
      // Of another attempt than these tasks read from: too late.
      const std::vector<ShuffleDescriptor>& known = *gates->producers->of;
      const PartitionIndex offset = first.first - known.front().id.partition;
      if (offset >= known.size() || known[offset].id.producer.attempt != first.attempt) continue;
      gates = only(gates, span.first, span.last);
      take(*gates, range, range.producers.count());
    }
  }
}

void NullExchange::take(Gates& gates, const ProducersRange& range, uint64_t channels) {
  Progress& seen = gates.seen;
  bool begins = false;
  switch (range.kind) {
    case ProducersRange::Kind::barrier:
      if (range.checkpoint < seen.aligning) return;
      if (range.checkpoint > seen.aligning) {
        seen.aligning = range.checkpoint;
        seen.arrived = seen.ended;
        seen.barriers = 0;
        begins = true;
      }
      seen.arrived += channels;
      seen.barriers += channels;
      break;
    case ProducersRange::Kind::end:
      seen.ended += channels;
      if (seen.aligning > range.checkpoint) seen.arrived += channels;
      break;
    case ProducersRange::Kind::not_found: {
      const ProducerSpan& first = range.producers.front();
      const PartitionIndex offset = first.first - gates.producers->of->front().id.partition;
      for (RangeTask* const task : gates.tasks)
        task->partition_not_found((*gates.producers->of)[offset].id);
      return;
    }
    case ProducersRange::Kind::producer_failed:
      for (RangeTask* const task : gates.tasks)
        task->channel_failed(
            {.kind = Cause::Kind::remote_transport, .text = "error at remote TaskManager"});
      return;
  }
  const bool completed = seen.arrived == seen.channels || seen.ended == seen.channels;
  if (!begins && !completed) return;
  for (RangeTask* const task : gates.tasks) {
    if (begins) task->alignment_begun(range.checkpoint);
    if (completed) gate_completed(*task, seen);
  }
}

// The task's other gates may still miss something.
void NullExchange::gate_completed(RangeTask& task, const Progress& seen) {
  const AttemptId& attempt = task.deployment().attempt;
  bool aligned = seen.aligning > 0;
  bool over = true;
  uint64_t barriers = 0;
  for (const InputGateSpec& input : task.deployment().gates) {
    const Progress& each = gates_of(attempt.job, input.group, attempt.subtask)->seen;
    aligned = aligned && each.arrived == each.channels && each.aligning == seen.aligning;
    over = over && each.ended == each.channels;
    barriers += each.barriers;
  }
  if (aligned) task.aligned(seen.aligning, barriers);
  if (over) task.inputs_ended();
}

void NullExchange::lose_process(sim::ProcessId peer, Cause::Kind kind, const char* text) {
  std::vector<RangeTask*> lost;
  std::vector<std::optional<PartitionId>> blamed;
  for (const Gates& gates : gates_) {
    if (gates.seen.ended == gates.seen.channels) continue;
    const std::vector<ProducerPlace>& places = *gates.producers->places;
    const auto place = std::find_if(places.begin(), places.end(), [&](const ProducerPlace& each) {
      return each.at.process == peer;
    });
    if (place == places.end()) continue;
    const PartitionIndex offset =
        place->producers.front().first - gates.producers->of->front().id.partition;
    for (RangeTask* const task : gates.tasks) {
      lost.push_back(task);
      blamed.emplace_back(kind == Cause::Kind::partition_connection
                              ? std::optional((*gates.producers->of)[offset].id)
                              : std::nullopt);
    }
  }
  for (size_t i = 0; i < lost.size(); ++i)
    lost[i]->channel_failed({.kind = kind, .text = text, .partition = blamed[i]});
}

}  // namespace drey::model
