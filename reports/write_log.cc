#include "reports/write_log.h"

#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {
namespace {

using model::CheckpointFact;
using model::TaskFact;
using sim::FactGroup;

// Of the checkpoints' facts only those of a checkpoint as a whole, not of each task in it.
bool is_transition(const sim::Fact& fact) {
  switch (sim::fact_group(fact.kind)) {
    case FactGroup::machine:
    case FactGroup::fault:
    case FactGroup::control:
      return true;
    case FactGroup::task:
      return fact.kind == fact_kind(TaskFact::state) || fact.kind == fact_kind(TaskFact::restored);
    case FactGroup::checkpoint:
      break;
    case FactGroup::kernel:
    case FactGroup::network:
    case FactGroup::disk:
    case FactGroup::store:
    case FactGroup::external:
    case FactGroup::data:
    case FactGroup::state:
    case FactGroup::bench:
    case FactGroup::service:
      return false;
  }
  constexpr CheckpointFact kShown[] = {CheckpointFact::triggered, CheckpointFact::trigger_refused,
                                       CheckpointFact::declined,  CheckpointFact::completed,
                                       CheckpointFact::aborted,   CheckpointFact::restoring,
                                       CheckpointFact::stored};
  for (const CheckpointFact shown : kShown)
    if (fact.kind == fact_kind(shown)) return true;
  return false;
}

}  // namespace

uint64_t LogWriter::interests() const {
  return sim::interest(FactGroup::machine) | sim::interest(FactGroup::fault) |
         sim::interest(FactGroup::control) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::checkpoint);
}

void LogWriter::on(const sim::Fact& fact, sim::FactNumber) {
  if (!is_transition(fact)) return;
  text_ += time_text(fact.at);
  text_ += ' ';
  text_ += fact_text(fact, names_);
  text_ += '\n';
}

}  // namespace drey::reports
