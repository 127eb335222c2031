#pragma once
// Judges a scenario's expectations on the metrics, while the run goes on and at its end.
//
//   check       at the end
//   always      at every instant at which it has a value (instants = announced facts)
//   never       at none
//   eventually  at some instant, at the latest `within` from the start, or from the landing of the
//               fault `after`
//   sometimes   at the end of at least one run of a seed set: of one run it is only told (warned)
//
// A sink that must be added to the kernel after the Metrics. Severity warn and note never fail.
#include <optional>
#include <string>
#include <vector>

#include "reports/expectation.h"
#include "reports/metrics.h"
#include "reports/run_result.h"

namespace drey::reports {

class ExpectationJudge final : public sim::TraceSink {
 public:
  ExpectationJudge(std::vector<Expectation> expectations, const Metrics& metrics);

  // Once, after Metrics::finish: adds every outcome to the result.
  void finish(sim::Time end, RunResult& result);

  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

 private:
  struct Standing {
    Expectation expectation;
    bool decided = false;  // nothing that comes can change it
    bool held = false;
    bool seen = false;      // it had a value at some instant
    Evaluation evaluation;  // the deciding or the last one
    sim::Time at{};
  };
  static bool temporal(ExpectationKind kind);
  void look(sim::Time at);
  void look(Standing& standing, sim::Time at);
  std::optional<sim::Time> deadline(const Expectation& expectation) const;
  ExpectationResult conclude(Standing& standing, sim::Time end);

  std::vector<Standing> standings_;
  const Metrics& metrics_;
  bool any_temporal_ = false;
};

}  // namespace drey::reports
