#include "model/task/subtask_state_mapper.h"

#include "state/key_group.h"

namespace drey::model {

namespace {

std::vector<int32_t> interval(int32_t first, int32_t last) {
  std::vector<int32_t> all;
  for (int32_t i = first; i <= last; ++i) all.push_back(i);
  return all;
}

std::vector<int32_t> every_nth(int32_t first, int32_t old_parallelism, int32_t step) {
  std::vector<int32_t> all;
  for (int32_t i = first; i < old_parallelism; i += step) all.push_back(i);
  return all;
}

std::vector<int32_t> owners_of_range(int32_t new_subtask, int32_t old_parallelism,
                                     int32_t new_parallelism) {
  constexpr int32_t kGroups = state::kMaxMaxParallelism;
  const auto range = state::key_groups_of_subtask(new_subtask, kGroups, new_parallelism);
  return interval(state::subtask_of_group(range.first, kGroups, old_parallelism),
                  state::subtask_of_group(range.last, kGroups, old_parallelism));
}

}  // namespace

std::string_view name(SubtaskStateMapper mapper) {
  switch (mapper) {
    case SubtaskStateMapper::arbitrary:
      return "ARBITRARY";
    case SubtaskStateMapper::first:
      return "FIRST";
    case SubtaskStateMapper::full:
      return "FULL";
    case SubtaskStateMapper::range:
      return "RANGE";
    case SubtaskStateMapper::round_robin:
      return "ROUND_ROBIN";
    case SubtaskStateMapper::unsupported:
      return "UNSUPPORTED";
  }
  return "";
}

bool is_ambiguous(SubtaskStateMapper mapper) {
  return mapper == SubtaskStateMapper::full || mapper == SubtaskStateMapper::range;
}

std::optional<std::vector<int32_t>> old_subtasks(SubtaskStateMapper mapper, int32_t new_subtask,
                                                 int32_t old_parallelism, int32_t new_parallelism) {
  switch (mapper) {
    case SubtaskStateMapper::arbitrary:
    case SubtaskStateMapper::round_robin:
      return every_nth(new_subtask, old_parallelism, new_parallelism);
    case SubtaskStateMapper::first:
      return new_subtask == 0 ? interval(0, old_parallelism - 1) : std::vector<int32_t>{};
    case SubtaskStateMapper::full:
      return interval(0, old_parallelism - 1);
    case SubtaskStateMapper::range:
      return owners_of_range(new_subtask, old_parallelism, new_parallelism);
    case SubtaskStateMapper::unsupported:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace drey::model
