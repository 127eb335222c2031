#include "reports/oracles/job_view.h"

#include <fmt/core.h>

namespace drey::reports {

JobView::JobView(const OracleSetup& setup, TraceNames names)
    : names_(names),
      job_(fmt::format("job-{}", setup.job)),
      spec_(setup.spec),
      topology_(model::build_job_graph(setup.spec)) {
  for (model::SubtaskIndex i = 0; i < topology_.subtasks(); ++i)
    by_name_.emplace(topology_.name_of(i), i);
}

int64_t JobView::look_up(sim::PathId path) const {
  if (!path.valid()) return kOther;
  if (path.index >= by_path_.size()) by_path_.resize(path.index + 1, kUnknown);
  int64_t& found = by_path_[path.index];
  if (found != kUnknown) return found;
  found = kOther;
  const std::string_view name = names_(path);
  if (name == job_) {
    found = kJob;
  } else if (name.size() > job_.size() && name.starts_with(job_) && name[job_.size()] == '/') {
    const auto subtask = by_name_.find(name.substr(job_.size() + 1));
    if (subtask != by_name_.end()) found = subtask->second;
  }
  return found;
}

}  // namespace drey::reports
