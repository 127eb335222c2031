#include "model/task/task_outputs.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

uint32_t ChainShape::outputs(const sim::Record& record, size_t from) const {
  for (size_t i = from; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (step.filter != nullptr) {
      if (!step.filter->keeps(record)) return 0;
      continue;
    }
    uint32_t sum = 0;
    for (uint32_t copy = 0; copy < step.copies; ++copy)
      sum += outputs(flat_map_copy(record, step.copies, copy), i + 1);
    return sum;
  }
  return 1;
}

void TaskOutputs::add(const Route& route) {
  const uint32_t channels = route.partition->subpartitions();
  Routed routed{
      .kind = route.kind,
      .max_parallelism = route.max_parallelism,
      .per_max_parallelism = sim::Reciprocal(static_cast<uint64_t>(route.max_parallelism)),
      .channels = channels,
      .partitioner = ChannelSelector({.kind = route.kind,
                                      .channels = channels,
                                      .max_parallelism = route.max_parallelism,
                                      .first_channel = route.first_channel}),
      .channel_of_group = {},
      .targets = {},
      .groups = {}};
  if (route.kind == PartitionerKind::hash) {
    for (int32_t group = 0; group < route.max_parallelism; ++group)
      routed.channel_of_group.push_back(static_cast<uint16_t>(
          state::subtask_of_group(group, route.max_parallelism, static_cast<int32_t>(channels))));
  }
  partitions_.push_back(route.partition);
  routes_.push_back(std::move(routed));
}

bool TaskOutputs::available() const {
  for (const auto& partition : partitions_)
    if (!partition->available()) return false;
  return true;
}

bool TaskOutputs::unflushed() const {
  for (const auto& partition : partitions_)
    if (partition->unflushed()) return true;
  return false;
}

// One output record's place in one result, with its buffer.
void TaskOutputs::route(size_t index, const sim::Record& record) {
  Routed& routed = routes_[index];
  ResultPartition& partition = *partitions_[index];
  if (routed.targets.size() == routed.routed) {
    const size_t room = routed.routed * 2 + 1024;
    routed.targets.resize(room);
    routed.groups.resize(room);
  }
  uint16_t group = 0;
  uint16_t target = 0;
  if (routed.kind == PartitionerKind::hash) {
    group = key_group_of(record.key, routed.max_parallelism);
    target = routed.channel_of_group[group];
  } else if (routed.kind == PartitionerKind::broadcast) {
    for (uint32_t channel = 1; channel < routed.channels; ++channel) partition.admit(channel);
  } else if (scatter_ != 0 && routed.kind == PartitionerKind::rebalance) {
    target = static_cast<uint16_t>(sim::mix(record.provenance, scatter_) % routed.channels);
  } else {
    target = static_cast<uint16_t>(routed.partitioner.select({}).value_or(0));
  }
  partition.admit(target);
  routed.targets[routed.routed] = target;
  routed.groups[routed.routed++] = group;
}

size_t TaskOutputs::admit(std::span<const sim::Record> records, const ChainShape& shape) {
  for (Routed& routed : routes_) CHECK(routed.routed == 0, "what was admitted was written");
  if (routes_.empty()) return records.size();
  if (routes_.size() == 1 && shape.one_to_one() && routes_[0].kind == PartitionerKind::hash)
    return admit_hashed(records);
  for (size_t i = 0; i < records.size(); ++i) {
    if (!available()) return i;
    const uint32_t outputs = shape.outputs(records[i]);
    for (uint32_t n = 0; n < outputs; ++n)
      for (size_t r = 0; r < routes_.size(); ++r) route(r, records[i]);
  }
  return records.size();
}

// The same for the usual case, without a call per record.
size_t TaskOutputs::admit_hashed(std::span<const sim::Record> records) {
  Routed& routed = routes_[0];
  ResultPartition& partition = *partitions_[0];
  if (routed.targets.size() < records.size()) {
    routed.targets.resize(records.size());
    routed.groups.resize(records.size());
  }
  const uint16_t* const channel_of_group = routed.channel_of_group.data();
  const sim::Reciprocal max_parallelism = routed.per_max_parallelism;
  for (size_t i = 0; i < records.size(); ++i) {
    const uint16_t group = key_group_of(records[i].key, max_parallelism);
    routed.groups[i] = group;
    routed.targets[i] = channel_of_group[group];
  }
  routed.routed = partition.admit({routed.targets.data(), records.size()});
  return routed.routed;
}

void TaskOutputs::write(std::span<const sim::Record> outputs) {
  for (size_t r = 0; r < routes_.size(); ++r) write_routed(r, outputs);
}

void TaskOutputs::write_routed(size_t result, std::span<const sim::Record> outputs) {
  Routed& routed = routes_[result];
  ResultPartition& partition = *partitions_[result];
  CHECK(routed.routed == outputs.size(), "the chain emits what its shape says");
  routed.routed = 0;
  if (routed.kind == PartitionerKind::broadcast) {
    for (const sim::Record& record : outputs)
      for (uint32_t channel = 0; channel < routed.channels; ++channel)
        partition.write(channel, record, 0);
    return;
  }
  const uint16_t* const targets = routed.targets.data();
  const uint16_t* const groups = routed.groups.data();
  for (size_t i = 0; i < outputs.size(); ++i) partition.write(targets[i], outputs[i], groups[i]);
}

size_t TaskOutputs::admit(std::span<const sim::Record> records, std::span<const Emitter> emitters) {
  for (Routed& routed : routes_) CHECK(routed.routed == 0, "what was admitted was written");
  if (emitters.empty()) return records.size();
  if (routes_.size() == 1 && emitters[0].shape.one_to_one() &&
      routes_[0].kind == PartitionerKind::hash)
    return admit_hashed(records);
  for (size_t i = 0; i < records.size(); ++i) {
    if (!available()) return i;
    for (const Emitter& emitter : emitters) {
      const uint32_t outputs = emitter.shape.outputs(records[i]);
      for (uint32_t n = 0; n < outputs; ++n)
        for (const size_t result : emitter.results) route(result, records[i]);
    }
  }
  return records.size();
}

void TaskOutputs::write_to(size_t result, std::span<const sim::Record> outputs, bool asked) {
  if (!asked)
    for (const sim::Record& record : outputs) route(result, record);
  write_routed(result, outputs);
}

void TaskOutputs::write_unasked(std::span<const sim::Record> outputs) {
  for (const sim::Record& record : outputs)
    for (size_t r = 0; r < routes_.size(); ++r) route(r, record);
  write(outputs);
}

void TaskOutputs::write_element(const InlineElement& element) {
  for (const auto& partition : partitions_) partition->write_element(element);
}

void TaskOutputs::spill_if_due() {
  for (const auto& partition : partitions_)
    if (partition->spill_due()) partition->spill();
}

sim::Time TaskOutputs::busy_until() const {
  sim::Time until;
  for (const auto& partition : partitions_)
    if (partition->stored()) until = std::max(until, partition->store()->busy_until());
  return until;
}

bool TaskOutputs::settled() const {
  return std::all_of(partitions_.begin(), partitions_.end(), [](const auto& partition) {
    return !partition->stored() || partition->store()->settled();
  });
}

bool TaskOutputs::store_failed() const {
  return std::any_of(partitions_.begin(), partitions_.end(), [](const auto& partition) {
    return partition->stored() && partition->store()->failed();
  });
}

void TaskOutputs::seal() {
  for (const auto& partition : partitions_)
    if (partition->stored()) partition->finish();
}

void TaskOutputs::publish() {
  for (const auto& partition : partitions_) partition->publish();
}

void TaskOutputs::flush() {
  for (const auto& partition : partitions_) partition->flush();
}

void TaskOutputs::broadcast(const ChannelEvent& event) {
  for (const auto& partition : partitions_) partition->broadcast(event);
}

void TaskOutputs::finish() {
  for (const auto& partition : partitions_) partition->finish();
}

}  // namespace drey::model
