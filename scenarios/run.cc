#include "scenarios/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "reports/oracles/ledger.h"
#include "scenarios/assembly.h"
#include "scenarios/fault_injector.h"

namespace drey::scenarios {
namespace {

struct Rank {
  std::string_view verdict;
  int exit_code;
};
constexpr std::array<Rank, 6> kRanks{{{"pass", 0},
                                      {"vacuous", 4},
                                      {"limit", 4},
                                      {"fail", 1},
                                      {"nondeterministic", 5},
                                      {"error", 3}}};

size_t rank_of(std::string_view verdict) {
  for (size_t i = 0; i < kRanks.size(); ++i)
    if (kRanks[i].verdict == verdict) return i;
  return kRanks.size() - 1;
}

}  // namespace

namespace {

// Stops the run when the client has heard how its job ended.
class EndOfJob : public sim::TraceSink {
 public:
  explicit EndOfJob(sim::Kernel& kernel) : kernel_(kernel) {}
  uint64_t interests() const override { return interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind == model::fact_kind(model::ControlFact::job_status))
      status = static_cast<model::JobStatus>(fact.a);
    if (fact.kind == model::fact_kind(model::ControlFact::job_result)) {
      known = true;
      kernel_.stop();
    }
  }
  bool known = false;
  model::JobStatus status = model::JobStatus::initializing;

 private:
  sim::Kernel& kernel_;
};

// What stays at the end of a job is given back within this time, or never.
constexpr sim::Duration kAftermath = sim::seconds(2);

class Lines : public sim::TraceSink {
 public:
  Lines(std::string& out, reports::TraceNames names, sim::Kernel& kernel)
      : out_(out), names_(names), kernel_(kernel) {}
  uint64_t interests() const override {
    using sim::FactGroup;
    return interest(FactGroup::control) | interest(FactGroup::machine) |
           interest(FactGroup::checkpoint) | interest(FactGroup::fault) | interest(FactGroup::task);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    out_ += reports::time_text(kernel_.now()) + " " + reports::fact_text(fact, names_) + "\n";
  }

 private:
  std::string& out_;
  reports::TraceNames names_;
  sim::Kernel& kernel_;
};

}  // namespace

RunOutcome run_once(const RunRequest& request) {
  const Scenario& scenario = *request.scenario;
  Assembly assembly(scenario, {.seed = request.seed});
  sim::Kernel& kernel = assembly.world().kernel();
  RunOutcome outcome;
  Lines lines(outcome.log, reports::TraceNames(kernel), kernel);
  kernel.add_sink(&lines);
  EndOfJob end(kernel);
  kernel.add_sink(&end);
  reports::LedgerOptions ledger_options;
  ledger_options.path = reports::sink_paths(assembly.job().spec).front();
  ledger_options.log = assembly.log();
  reports::Ledger ledger(ledger_options, reports::TraceNames(kernel));
  kernel.add_sink(&ledger);
  FaultInjector faults(scenario, assembly);
  assembly.start();
  faults.start();
  const sim::Time limit = sim::Time{} + scenario.limits.time;
  kernel.run(limit);
  if (end.known) kernel.run(std::min(limit, kernel.now() + kAftermath));
  if (end.status == model::JobStatus::finished) ledger.owe_everything();
  const reports::Finding finding = ledger.finish(kernel.now());
  outcome.verdict = finding.judgement == reports::Judgement::held ? "pass" : "fail";
  outcome.exit_code = exit_code_of(outcome.verdict);
  outcome.summary = fmt::format(
      "hash {} events {} simulated {} ms, job {}, compared {} lost {} doubled {} reordered {}\n",
      to_hex(kernel.hash()), kernel.events_run(), sim::to_millis(kernel.now()),
      name_of(end.status), ledger.counts().compared, ledger.counts().lost,
      ledger.counts().doubled, ledger.counts().reordered);
  for (const auto& violation : finding.violations)
    outcome.summary += violation.event + ": " + violation.what + "\n";
  outcome.json = "{}";
  return outcome;
}

const std::string& worse_verdict(const std::string& a, const std::string& b) {
  return rank_of(a) >= rank_of(b) ? a : b;
}

int exit_code_of(const std::string& verdict) { return kRanks[rank_of(verdict)].exit_code; }

}  // namespace drey::scenarios
