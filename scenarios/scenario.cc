#include "scenarios/scenario.h"

#include <fmt/core.h>

#include <algorithm>

namespace drey::scenarios {

int64_t ClusterSpec::slots_total() const {
  int64_t slots = (task_managers + spare_task_managers) * slots_each;
  for (const TaskManagerGroup& group : groups) slots += group.count * slots_each;
  return slots;
}

std::vector<std::string> ClusterSpec::task_manager_names() const {
  std::vector<std::string> names;
  const int64_t plain = groups.empty() ? task_managers : 0;
  for (int64_t i = 1; i <= plain; ++i) names.push_back(fmt::format("tm-{}", i));
  for (const TaskManagerGroup& group : groups)
    for (int64_t i = 1; i <= group.count; ++i) names.push_back(fmt::format("{}-{}", group.name, i));
  for (int64_t i = 1; i <= spare_task_managers; ++i)
    names.push_back(fmt::format("tm-{}", plain + i));
  return names;
}

std::vector<std::string> ClusterSpec::job_manager_names() const {
  std::vector<std::string> names;
  for (int64_t i = 1; i <= job_managers; ++i) names.push_back(fmt::format("jm-{}", i));
  return names;
}

JobMode JobSpec::effective_mode() const {
  if (mode != JobMode::automatic) return mode;
  const bool bounded = std::all_of(vertices.begin(), vertices.end(), [](const VertexSpec& v) {
    return v.kind != VertexKind::source || v.records > 0 || v.data.has_value();
  });
  return bounded ? JobMode::batch : JobMode::streaming;
}

const VertexSpec* Scenario::vertex(std::string_view id) const {
  for (const VertexSpec& vertex : job.vertices)
    if (vertex.id == id) return &vertex;
  return nullptr;
}

}  // namespace drey::scenarios
