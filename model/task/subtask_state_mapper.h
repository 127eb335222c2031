#pragma once
// Which old subtasks' in-flight data (and, for unions, state) a new subtask takes over after a
// change of parallelism. Range works on key groups of the fixed max parallelism 32768. Range and
// full are ambiguous: an old subtask may feed several new ones, which then filter records by their
// own partitioner. Upstream: SubtaskStateMapper.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace drey::model {

enum class SubtaskStateMapper : uint8_t { arbitrary, first, full, range, round_robin, unsupported };

std::string_view name(SubtaskStateMapper mapper);
bool is_ambiguous(SubtaskStateMapper mapper);
// Old subtasks of new subtask `new_subtask`, ascending; nothing when the edge can carry no channel
// state (unsupported).
std::optional<std::vector<int32_t>> old_subtasks(SubtaskStateMapper mapper, int32_t new_subtask,
                                                 int32_t old_parallelism, int32_t new_parallelism);

}  // namespace drey::model
