#include "model/task/partitioner.h"

#include <array>

#include "sim/check.h"
#include "state/key_group.h"

namespace drey::model {

namespace {

constexpr std::array<PartitionerKind, 8> kKinds = {
    PartitionerKind::forward, PartitionerKind::rebalance, PartitionerKind::rescale,
    PartitionerKind::shuffle, PartitionerKind::global,    PartitionerKind::broadcast,
    PartitionerKind::hash,    PartitionerKind::custom};

uint32_t floor_mod(int64_t value, uint32_t n) {
  const int64_t r = value % static_cast<int64_t>(n);
  return static_cast<uint32_t>(r < 0 ? r + static_cast<int64_t>(n) : r);
}

// High half of a product: uniform for n far below 2^64, without division.
uint32_t scale_draw(uint64_t draw, uint32_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint32_t>((Wide{draw} * n) >> 64);
}

}  // namespace

PartitionerTraits traits(PartitionerKind kind) {
  using Mapper = SubtaskStateMapper;
  const auto all_to_all = [](Mapper upstream, Mapper downstream) {
    return PartitionerTraits{.broadcast = false,
                             .pointwise = false,
                             .unaligned_supported = true,
                             .upstream_mapper = upstream,
                             .downstream_mapper = downstream};
  };
  switch (kind) {
    case PartitionerKind::forward:
    case PartitionerKind::rescale:
      return {.pointwise = true};
    case PartitionerKind::broadcast:
      return {.broadcast = true};
    case PartitionerKind::rebalance:
    case PartitionerKind::shuffle:
      return all_to_all(Mapper::arbitrary, Mapper::round_robin);
    case PartitionerKind::global:
      return all_to_all(Mapper::arbitrary, Mapper::first);
    case PartitionerKind::hash:
      return all_to_all(Mapper::arbitrary, Mapper::range);
    case PartitionerKind::custom:
      return all_to_all(Mapper::arbitrary, Mapper::full);
  }
  return {};
}

std::string_view name(PartitionerKind kind) {
  switch (kind) {
    case PartitionerKind::forward:
      return "forward";
    case PartitionerKind::rebalance:
      return "rebalance";
    case PartitionerKind::rescale:
      return "rescale";
    case PartitionerKind::shuffle:
      return "shuffle";
    case PartitionerKind::global:
      return "global";
    case PartitionerKind::broadcast:
      return "broadcast";
    case PartitionerKind::hash:
      return "hash";
    case PartitionerKind::custom:
      return "custom";
  }
  return "";
}

std::optional<PartitionerKind> partitioner_named(std::string_view wanted) {
  for (const PartitionerKind kind : kKinds) {
    if (name(kind) == wanted) return kind;
  }
  return std::nullopt;
}

ChannelSelector::ChannelSelector(const Options& options) : options_(options) {
  CHECK(options.channels > 0, "a partitioner needs a channel");
  CHECK(options.kind != PartitionerKind::hash || options.max_parallelism > 0,
        "a hash partitioner needs the consumer's max parallelism");
  // Rescale starts before channel 0; rebalance at a drawn channel, which the first record skips.
  last_ = options.kind == PartitionerKind::rebalance ? options.first_channel % options.channels
                                                     : options.channels - 1;
}

uint32_t ChannelSelector::next_round_robin() {
  last_ = last_ + 1 == options_.channels ? 0 : last_ + 1;
  return last_;
}

std::optional<uint32_t> ChannelSelector::select(const Choice& record) {
  switch (options_.kind) {
    case PartitionerKind::forward:
    case PartitionerKind::global:
      return 0;
    case PartitionerKind::rebalance:
    case PartitionerKind::rescale:
      return next_round_robin();
    case PartitionerKind::shuffle:
      return scale_draw(record.draw, options_.channels);
    case PartitionerKind::custom:
      return floor_mod(record.key, options_.channels);
    case PartitionerKind::hash:
      return static_cast<uint32_t>(state::subtask_of_group(
          state::key_group_of_hash(record.key_hash, options_.max_parallelism),
          options_.max_parallelism, static_cast<int32_t>(options_.channels)));
    case PartitionerKind::broadcast:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace drey::model
