#include "reports/oracles/given_snapshot.h"

#include <fmt/core.h>

#include "model/graph/execution_state.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/object_store.h"

namespace drey::reports {

using sim::ObjectFact;

void GivenSnapshot::begin(const sim::Fact& given) {
  if (given.a != options_.job || given_known_) return;
  given_known_ = true;
  const std::string directory = fmt::format("object/{}/", view_->names()(given.subject));
  for (const std::string& key : objects_)
    if (key.starts_with(directory)) given_.insert(key);
}

void GivenSnapshot::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind == fact_kind(ObjectFact::put)) {
    objects_.insert(std::string(view_->names()(fact.subject)));
  } else if (fact.kind == fact_kind(ObjectFact::deleted)) {
    const std::string key(view_->names()(fact.subject));
    objects_.erase(key);
    if (given_.count(key) == 0) return;
    evidence_.examined();
    if (!options_.claims)
      evidence_.violate(fact.at, fact_text(fact, view_->names()),
                        fmt::format("{} was deleted, but {} does not own what it started from", key,
                                    view_->job()));
  } else if (fact.kind == fact_kind(model::SavepointFact::given)) {
    begin(fact);
  } else if (!view_->of_job(fact)) {
    return;
  } else if (fact.kind == fact_kind(model::CheckpointFact::completed)) {
    ++completed_;
  } else if (fact.kind == fact_kind(model::ControlFact::job_status)) {
    finished_ = static_cast<model::JobStatus>(fact.a) == model::JobStatus::finished;
  }
}

Finding GivenSnapshot::finish(sim::Time end) {
  const bool replaced = finished_ && completed_ >= options_.retained;
  if (!given_known_ || (options_.claims && !replaced)) {
    evidence_.excuse("the job did not start from a snapshot, or not to its end");
    return evidence_.finding(name());
  }
  for (const std::string& key : given_) {
    evidence_.examined();
    if (options_.claims && objects_.count(key) != 0)
      evidence_.violate(
          end, "the end of the run",
          fmt::format("{} is there, but {} owns it and has newer checkpoints", key, view_->job()));
  }
  return evidence_.finding(name());
}

}  // namespace drey::reports
