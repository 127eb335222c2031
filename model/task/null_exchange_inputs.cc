// The null exchange's consumers: where their producers are, the buffers that they need, and what
// comes in.
#include <algorithm>
#include <utility>

#include "model/task/null_exchange.h"

namespace drey::model {

// ---- where producers are

bool ProducerIndex::has(sim::ProcessId process) const {
  return std::any_of(places.begin(), places.end(),
                     [&](const Place& place) { return place.at.process == process; });
}

std::shared_ptr<const ProducerIndex> ProducerIndexes::of(JobId job, GroupIndex group,
                                                         const GroupProducers& list) {
  std::shared_ptr<const ProducerIndex>& newest = newest_[{job, group}];
  if (newest != nullptr && newest->of == list) return newest;
  std::map<sim::Address, std::vector<ProducerSpan>> places;
  for (const ShuffleDescriptor& each : *list)
    if (each.known) append(places[each.location], each.id.partition, each.id.producer.attempt);
  auto made = std::make_shared<ProducerIndex>();
  made->of = list;
  for (auto& [at, spans] : places)
    made->places.push_back({at, std::make_shared<std::vector<ProducerSpan>>(std::move(spans))});
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

void NullExchange::take(const ChannelRange& range) {
  const uint64_t channels = size_of(*range.producers);
  for (const ReaderSpan& span : *range.readers)
    for (uint32_t index = span.first; index <= span.last; ++index) {
      const auto gate = gates_.find({range.job, range.group, index});
      if (gate == gates_.end() || gate->second.attempt != span.attempt) continue;
      // Of another attempt than this task reads from: too late.
      const ProducerSpan& first = range.producers->front();
      const std::vector<ShuffleDescriptor>& known = *gate->second.producers->of;
      const PartitionIndex offset = first.first - known.front().id.partition;
      if (offset >= known.size() || known[offset].id.producer.attempt != first.attempt) continue;
      take(gate->second, range, channels);
    }
}

void NullExchange::take(Gate& gate, const ChannelRange& range, uint64_t channels) {
  switch (range.kind) {
    case ChannelRange::Kind::request:
    case ChannelRange::Kind::cancel:
      return;
    case ChannelRange::Kind::barrier:
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
    case ChannelRange::Kind::end:
      gate.ended += channels;
      if (gate.aligning > range.checkpoint) gate.arrived += channels;
      break;
    case ChannelRange::Kind::not_found: {
      const ProducerSpan& first = range.producers->front();
      const PartitionIndex offset = first.first - gate.producers->of->front().id.partition;
      gate.task->partition_not_found((*gate.producers->of)[offset].id);
      return;
    }
    case ChannelRange::Kind::producer_failed:
      gate.task->channel_failed(
          {.kind = Cause::Kind::remote_transport, .text = "error at remote TaskManager"});
      return;
  }
  RangeTask& task = *gate.task;
  bool aligned = gate.aligning > 0;
  bool over = true;
  uint64_t barriers = 0;
  for (const InputGateSpec& input : task.deployment().gates) {
    const Gate& each =
        gates_.at({task.deployment().attempt.job, input.group, task.deployment().attempt.subtask});
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
  for (const auto& [key, gate] : gates_) {
    if (gate.ended == gate.channels) continue;
    const auto place =
        std::find_if(gate.producers->places.begin(), gate.producers->places.end(),
                     [&](const ProducerIndex::Place& each) { return each.at.process == peer; });
    if (place == gate.producers->places.end()) continue;
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
