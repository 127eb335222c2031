// The null exchange's consumers: where their producers are, the buffers that they need, and what
// comes in.
#include <algorithm>
#include <tuple>
#include <utility>

#include "model/task/null_exchange.h"

namespace drey::model {

// ---- where producers are

std::shared_ptr<const ProducerIndex> ProducerIndexes::of(JobId job, GroupIndex group,
                                                         const GroupProducers& list) {
  std::shared_ptr<const ProducerIndex>& newest = newest_[{job, group}];
  if (newest != nullptr && newest->of == list) return newest;
  std::map<sim::Address, std::vector<ProducerSpan>> places;
  for (const ShuffleDescriptor& each : *list)
    if (each.known) append(places[each.location], each.id.partition, each.id.producer.attempt);
  const auto sorted = std::make_shared<std::vector<ProducerPlace>>();
  for (auto& [at, spans] : places)
    sorted->push_back(
        {at, size_of(spans), std::make_shared<std::vector<ProducerSpan>>(std::move(spans))});
  auto made = std::make_shared<ProducerIndex>();
  made->of = list;
  made->places = sorted;
  newest = std::move(made);
  return newest;
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

std::vector<NullExchange::Gate>::iterator NullExchange::first_gate(JobId job, GroupIndex group,
                                                                   uint32_t reader) {
  return std::lower_bound(gates_.begin(), gates_.end(), std::tie(job, group, reader),
                          [](const Gate& gate, const auto& key) {
                            return std::tie(gate.job, gate.group, gate.reader) < key;
                          });
}

NullExchange::Gate* NullExchange::gate_of(JobId job, GroupIndex group, uint32_t reader) {
  const auto found = first_gate(job, group, reader);
  const bool same = found != gates_.end() && found->job == job && found->group == group &&
                    found->reader == reader;
  return same ? &*found : nullptr;
}

void NullExchange::take(const ProducersRange& range, const std::vector<ReaderSpan>& readers) {
  const ProducerSpan& first = range.producers->front();
  const uint64_t channels = size_of(*range.producers);
  // Of another attempt than this task reads from: too late. Readers mostly share one list.
  const ProducerIndex* last = nullptr;
  bool current = false;
  for (const ReaderSpan& span : readers) {
    auto gate = first_gate(range.job, range.group, span.first);
    for (; gate != gates_.end(); ++gate) {
      if (gate->job != range.job || gate->group != range.group || gate->reader > span.last) break;
      if (gate->attempt != span.attempt) continue;
      if (last != gate->producers.get()) {
        last = gate->producers.get();
        const std::vector<ShuffleDescriptor>& known = *last->of;
        const PartitionIndex offset = first.first - known.front().id.partition;
        current = offset < known.size() && known[offset].id.producer.attempt == first.attempt;
      }
      if (current) take(*gate, range, channels);
    }
  }
}

void NullExchange::take(Gate& gate, const ProducersRange& range, uint64_t channels) {
  switch (range.kind) {
    case ProducersRange::Kind::barrier:
      if (range.checkpoint < gate.aligning) return;
      if (range.checkpoint > gate.aligning) {
        gate.aligning = range.checkpoint;
        gate.arrived = gate.ended;
        gate.barriers = 0;
        gate.task->alignment_begun(range.checkpoint);
      }
      gate.arrived += channels;
      gate.barriers += channels;
      break;
    case ProducersRange::Kind::end:
      gate.ended += channels;
      if (gate.aligning > range.checkpoint) gate.arrived += channels;
      break;
    case ProducersRange::Kind::not_found: {
      const ProducerSpan& first = range.producers->front();
      const PartitionIndex offset = first.first - gate.producers->of->front().id.partition;
      gate.task->partition_not_found((*gate.producers->of)[offset].id);
      return;
    }
    case ProducersRange::Kind::producer_failed:
      gate.task->channel_failed(
          {.kind = Cause::Kind::remote_transport, .text = "error at remote TaskManager"});
      return;
  }
  if (gate.arrived == gate.channels || gate.ended == gate.channels) gate_completed(gate);
}

// The task's other gates may still miss something.
void NullExchange::gate_completed(const Gate& gate) {
  RangeTask& task = *gate.task;
  const AttemptId& attempt = task.deployment().attempt;
  bool aligned = gate.aligning > 0;
  bool over = true;
  uint64_t barriers = 0;
  for (const InputGateSpec& input : task.deployment().gates) {
    const Gate& each = *gate_of(attempt.job, input.group, attempt.subtask);
    aligned = aligned && each.arrived == each.channels && each.aligning == gate.aligning;
    over = over && each.ended == each.channels;
    barriers += each.barriers;
  }
  if (aligned) task.aligned(gate.aligning, barriers);
  if (over) task.inputs_ended();
}

void NullExchange::lose_process(sim::ProcessId peer, Cause::Kind kind, const char* text) {
  std::vector<RangeTask*> lost;
  std::vector<std::optional<PartitionId>> blamed;
  for (const Gate& gate : gates_) {
    if (gate.ended == gate.channels) continue;
    const std::vector<ProducerPlace>& places = *gate.producers->places;
    const auto place = std::find_if(places.begin(), places.end(), [&](const ProducerPlace& each) {
      return each.at.process == peer;
    });
    if (place == places.end()) continue;
    lost.push_back(gate.task);
    const PartitionIndex offset =
        place->producers->front().first - gate.producers->of->front().id.partition;
    blamed.emplace_back(kind == Cause::Kind::partition_connection
                            ? std::optional((*gate.producers->of)[offset].id)
                            : std::nullopt);
  }
  for (size_t i = 0; i < lost.size(); ++i)
    lost[i]->channel_failed({.kind = kind, .text = text, .partition = blamed[i]});
}

}  // namespace drey::model
