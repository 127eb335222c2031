#include "reports/oracles/result_release.h"

#include <fmt/core.h>

#include "model/graph/execution_state.h"
#include "model/result_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/machines.h"

namespace drey::reports {

using model::ResultFact;

void ResultRelease::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind == fact_kind(sim::MachineFact::process_stopped)) {
    const std::string_view process = view_->names()(fact.entity);
    for (auto at = kept_.begin(); at != kept_.end();)
      at = at->second.process == process ? kept_.erase(at) : std::next(at);
    return;
  }
  if (!view_->of_job(fact)) return;
  if (fact.kind == fact_kind(model::ControlFact::job_status)) {
    over_ = model::is_globally_terminal(static_cast<model::JobStatus>(fact.a));
  } else if (fact.kind == fact_kind(ResultFact::written)) {
    evidence_.examined();
    const std::string_view keeper = view_->names()(fact.entity);
    kept_[{fact.a, fact.b}] = {fact, std::string(keeper.substr(0, keeper.find('/')))};
  } else if (fact.kind == fact_kind(ResultFact::dropped)) {
    // What a failed task had begun to write was never complete.
    kept_.erase({fact.a, fact.b});
  }
}

Finding ResultRelease::finish(sim::Time end) {
  if (!over_) {
    evidence_.excuse("the job did not come to its end");
    if (evidence_.count() == 0) return evidence_.finding(name());
    kept_.clear();
  }
  for (const auto& [key, kept] : kept_)
    evidence_.violate(
        end, fact_text(kept.written, view_->names()),
        fmt::format("{} still keeps partition {} of attempt {} of {}: {} bytes", kept.process,
                    key.first, key.second, view_->names()(kept.written.subject), kept.written.c));
  if (evidence_.count() == 0) evidence_.excuse("no result was stored");
  return evidence_.finding(name());
}

}  // namespace drey::reports
