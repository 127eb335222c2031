#include "scenarios/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "model/mutants.h"
#include "model/trace_events.h"
#include "reports/collect.h"
#include "reports/judge_expectations.h"
#include "reports/metrics.h"
#include "reports/microscope.h"
#include "reports/oracles/all.h"
#include "reports/oracles/batch_ledger.h"
#include "reports/oracles/ledger.h"
#include "reports/region_picture.h"
#include "reports/write_github.h"
#include "reports/write_json.h"
#include "reports/write_json_report.h"
#include "reports/write_json_trace.h"
#include "reports/write_junit.h"
#include "reports/write_log.h"
#include "reports/write_terminal.h"
#include "scenarios/assembly.h"
#include "scenarios/committed_output.h"
#include "scenarios/fault_injector.h"
#include "scenarios/message_names.h"
#include "scenarios/oracle_setup.h"
#include "scenarios/report_input.h"

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

constexpr size_t kRegionLines = 8;  // of the summary; `drey explain --regions` says all

size_t rank_of(std::string_view verdict) {
  for (size_t i = 0; i < kRanks.size(); ++i)
    if (kRanks[i].verdict == verdict) return i;
  return kRanks.size() - 1;
}

}  // namespace

namespace {

// Stops the run when the client has heard how its jobs ended.
class EndOfJob : public sim::TraceSink {
 public:
  EndOfJob(sim::Kernel& kernel, size_t jobs) : kernel_(kernel), open_(jobs) {}
  uint64_t interests() const override { return interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind == model::fact_kind(model::ControlFact::job_status))
      status_ = static_cast<model::JobStatus>(fact.a);
    if (fact.kind != model::fact_kind(model::ControlFact::job_result)) return;
    if (--open_ == 0) kernel_.stop();
  }
  bool known() const { return open_ == 0; }
  model::JobStatus status() const { return status_; }

 private:
  sim::Kernel& kernel_;
  size_t open_;  // jobs whose end is not known
  model::JobStatus status_ = model::JobStatus::initializing;
};

reports::Guarantee guarantee_of(const Scenario& scenario, const model::JobInformation& job,
                                const reports::SinkPath& path) {
  const bool batch = scenario.job.mode == JobMode::batch;
  if (!batch && !job.options.checkpointing) return reports::Guarantee::none;
  // Its restarts lose what was in flight.
  if (scenario.flink.flag("drey.approximate-local-recovery")) return reports::Guarantee::none;
  const VertexSpec* sink = scenario.vertex(path.sink);
  if (sink == nullptr || sink->delivery == Delivery::none) return reports::Guarantee::none;
  if (batch)
    return sink->delivery == Delivery::exactly_once ? reports::Guarantee::exactly_once
                                                    : reports::Guarantee::at_least_once;
  const bool exactly_once = sink->delivery == Delivery::exactly_once && job.options.exactly_once;
  return exactly_once ? reports::Guarantee::exactly_once : reports::Guarantee::at_least_once;
}

std::string reproduce_command(const RunRequest& request) {
  std::string command = fmt::format("drey run {} --seed {}{}", request.file, request.seed,
                                    request.mutant.empty() ? "" : " --mutant " + request.mutant);
  for (const std::string& set : request.set) command += fmt::format(" --set '{}'", set);
  return command;
}

model::Mutant mutant_of(const RunRequest& request) {
  return model::mutant_named(request.mutant).value_or(model::Mutant::none);
}

// One run from its assembly to its result.
class Run : public sim::TrafficCounter {
 public:
  // `followed`: provenances whose history is to be kept (design.md 2.5); it changes nothing else.
  explicit Run(const RunRequest& request, const std::vector<uint64_t>& followed = {})
      : request_(request),
        assembly_(*request.scenario, {.seed = request.seed, .mutant = mutant_of(request)}),
        kernel_(assembly_.world().kernel()),
        names_(kernel_, &assembly_.logs()),
        collector_(names_),
        log_(names_),
        end_(kernel_, 1 + request.scenario->later.size()),
        faults_(*request.scenario, assembly_) {
    if (!followed.empty()) {
      microscope_ = std::make_unique<reports::Microscope>(followed, names_);
      kernel_.add_sink(microscope_.get());
    }
    kernel_.add_sink(&collector_);
    if (request.log) kernel_.add_sink(&log_);
    kernel_.add_sink(&end_);
    const reports::OracleSetup setup = oracle_setup_of(*request.scenario, assembly_.job().spec);
    oracles_ = reports::make_oracles(setup, names_);
    if (request.scenario->grain != Grain::null)  // null tasks have no records to compare
      oracles_.push_back(std::make_unique<reports::BatchLedger>(
          assembly_.logs(), std::make_shared<const reports::JobView>(setup, names_)));
    for (size_t i = 0; i < assembly_.later_jobs().size(); ++i) {
      const model::JobInformation& later = *assembly_.later_jobs()[i];
      reports::OracleSetup own = oracle_setup_of(request.scenario->later[i], later.spec);
      own.job = later.job;
      own.checkpoint_directory = later.checkpoint_directory;
      own.starts_from_snapshot = true;
      own.lasting_faults = setup.lasting_faults;
      for (auto& oracle : reports::make_oracles(own, names_)) oracles_.push_back(std::move(oracle));
    }
    for (const auto& oracle : oracles_) kernel_.add_sink(oracle.get());
    if (request.committed) {
      committed_ = std::make_unique<CommittedOutput>(*request.scenario);
      kernel_.add_sink(committed_.get());
    }
    if (request.report) {
      report_ = std::make_unique<reports::ReportCollector>(report_input_of(*request.scenario),
                                                           setup, names_, assembly_.logs(), this);
      report_->add_to(kernel_);
    }
    const std::vector<reports::SinkPath> paths =
        reports::sink_paths(assembly_.job().spec, assembly_.logs());
    for (const reports::SinkPath& path : paths) add_ledger(path, paths.size() == 1);
    add_expectations();
  }

  reports::RunResult go() {
    assembly_.start();
    faults_.start();
    const sim::Time limit = sim::Time{} + request_.scenario->limits.time;
    const sim::Kernel::Stop stop = kernel_.run(limit);
    if (end_.known())
      kernel_.run(std::min(limit, kernel_.now() + aftermath_of(*request_.scenario, faults_)));
    return result(stop);
  }
  const std::string& log() const { return log_.text(); }
  const model::JobGraph& graph() const { return assembly_.job().graph; }
  std::string committed() const { return committed_ == nullptr ? "" : committed_->text(); }
  // Null unless asked for.
  const reports::ReportCollector* report() const { return report_.get(); }
  // What a second run of the same seed should follow record by record.
  std::vector<uint64_t> suspects() const {
    std::vector<uint64_t> all;
    for (const auto& ledger : ledgers_)
      for (const uint64_t provenance : ledger->microscope()) all.push_back(provenance);
    return all;
  }
  const reports::Microscope* microscope() const { return microscope_.get(); }

 private:
  sim::Traffic traffic() override {
    return {.network = assembly_.world().network().bytes_sent(),
            .disks = assembly_.disks().traffic()};
  }

  void add_expectations() {
    std::vector<reports::Expectation> expectations;
    for (const ExpectSpec& spec : request_.scenario->expect) expectations.push_back(spec.parsed);
    reports::MetricsOptions options;
    for (const model::JobVertex& vertex : assembly_.job().graph.vertices)
      for (const uint32_t op : vertex.operators)
        options.task_of[assembly_.job().spec.operators[op].id] = vertex.id;
    options.logs = assembly_.logs();
    options.latency = request_.latency || reports::wants_latency(expectations);
    for (const auto& ledger : ledgers_) options.ledgers.push_back(ledger.get());
    options.traffic = this;
    metrics_ = std::make_unique<reports::Metrics>(options, names_);
    kernel_.add_sink(metrics_.get());
    judge_ = std::make_unique<reports::ExpectationJudge>(std::move(expectations), *metrics_);
    kernel_.add_sink(judge_.get());
  }

  void add_ledger(const reports::SinkPath& path, bool only_sink) {
    if (!path.problem.empty()) {
      not_checked_.push_back(path.sink + ": " + path.problem);
      return;
    }
    if (request_.scenario->grain == Grain::null) {
      not_checked_.push_back(path.sink + ": null tasks move no records");
      return;
    }
    reports::LedgerOptions options;
    options.path = path;
    options.only_sink = only_sink;
    for (const VertexSpec& vertex : request_.scenario->job.vertices)
      if (vertex.nondeterministic == Nondeterminism::order)
        options.path.order_kept = options.path.fold_kept = false;
    options.logs = assembly_.logs();
    options.job = 1 + assembly_.later_jobs().size();
    options.guarantee = guarantee_of(*request_.scenario, assembly_.job(), path);
    ledgers_.push_back(std::make_unique<reports::Ledger>(options, names_));
    kernel_.add_sink(ledgers_.back().get());
  }

  // Where the scenario says what the results are about.
  void add_lines(reports::RunResult& result) const {
    if (request_.lines == nullptr) return;
    const auto line = [&](const std::string& name) {
      const auto found = request_.lines->find(name);
      return found == request_.lines->end() ? reports::SourceLine{} : found->second;
    };
    for (reports::FaultResult& fault : result.faults) fault.where = line("fault/" + fault.id);
    for (reports::ExpectationResult& e : result.expectations) e.where = line("expect/" + e.id);
  }

  bool bounded() const { return assembly_.logs().total() != sim::LogContents::kUnbounded; }

  reports::RunResult result(sim::Kernel::Stop stop) {
    reports::RunResult result;
    result.scenario = request_.file;
    result.seed = request_.seed;
    result.mutant = request_.mutant;
    result.hash = to_hex(kernel_.hash());
    result.end = kernel_.now();
    result.events = kernel_.events_run();
    result.reproduce = reproduce_command(request_);
    if (stop == sim::Kernel::Stop::event_limit) result.limit = "events";
    if (!end_.known() && bounded() && stop == sim::Kernel::Stop::time_limit)
      result.limit = "simulated time";
    collector_.fill(result, message_names());
    result.regions = reports::region_lines(reports::make_region_picture(graph(), {}), kRegionLines);
    for (const auto& ledger : ledgers_) {
      // A job that has finished owes everything; one that was stopped or failed, what its
      // checkpoints cover.
      if (end_.status() == model::JobStatus::finished) ledger->owe_everything();
      result.add(*ledger, ledger->finish(kernel_.now()));
      result.ledger += ledger->counts();
    }
    for (const auto& oracle : oracles_) result.add(*oracle, oracle->finish(kernel_.now()));
    for (const FaultInjector::Report& fault : faults_.reports())
      result.faults.push_back({fault.id, fault.landed, fault.optional});
    metrics_->finish(kernel_.now());
    if (report_ != nullptr) report_->finish(kernel_.now());
    judge_->finish(kernel_.now(), result);
    add_lines(result);
    reports::ExpectationNames names;
    for (const VertexSpec& vertex : request_.scenario->job.vertices)
      names.vertices.push_back(vertex.id);
    for (const FaultSpec& fault : request_.scenario->faults) names.faults.push_back(fault.id);
    result.metrics = reports::metric_table(*metrics_, names);
    for (std::string& line : not_checked_) result.not_checked.push_back(std::move(line));
    result.conclude();
    return result;
  }

  const RunRequest& request_;
  Assembly assembly_;
  sim::Kernel& kernel_;
  reports::TraceNames names_;
  reports::Collector collector_;
  reports::LogWriter log_;
  EndOfJob end_;
  FaultInjector faults_;
  std::vector<std::unique_ptr<reports::Oracle>> oracles_;
  std::vector<std::unique_ptr<reports::Ledger>> ledgers_;
  std::unique_ptr<reports::Metrics> metrics_;
  std::unique_ptr<reports::ExpectationJudge> judge_;
  std::unique_ptr<reports::Microscope> microscope_;
  std::unique_ptr<CommittedOutput> committed_;
  std::unique_ptr<reports::ReportCollector> report_;
  std::vector<std::string> not_checked_;
};

}  // namespace

sim::Duration aftermath_of(const Scenario& scenario, const FaultInjector& faults) {
  sim::Duration aftermath = sim::seconds(2);
  const std::vector<FaultInjector::Report> reports = faults.reports();
  const bool hit = std::any_of(reports.begin(), reports.end(),
                               [](const FaultInjector::Report& fault) { return fault.landed > 0; });
  if (!hit) return aftermath;
  const model::FlinkOptions flink = flink_options_of(scenario);
  return aftermath + flink.heartbeat.timeout + flink.slot_timeout;
}

reports::RunResult result_of(const RunRequest& request) { return Run(request).go(); }

RunOutcome run_once(const RunRequest& request) {
  Run run(request);
  reports::RunResult result = run.go();
  if (request.twice) {
    Run again(request);
    if (again.go().hash != result.hash) result.verdict = reports::RunVerdict::nondeterministic;
  }
  if (const std::vector<uint64_t> suspects = run.suspects(); !suspects.empty()) {
    Run closer(request, suspects);
    closer.go();
    closer.microscope()->attach(result.violations);
  }
  RunOutcome outcome;
  outcome.verdict = name_of(result.verdict);
  outcome.exit_code = exit_code_of(outcome.verdict);
  outcome.summary = reports::to_terminal(result);
  outcome.json = reports::to_json(result);
  outcome.junit = reports::to_junit_suite(result);
  outcome.log = run.log();
  outcome.committed = run.committed();
  if (request.graph) {
    const reports::RegionPicture picture =
        reports::make_region_picture(run.graph(), result.failovers);
    outcome.graph_dot = reports::to_dot(picture);
    outcome.graph_json = reports::to_json(picture);
  }
  outcome.annotations = reports::github_annotations(result);
  outcome.row = reports::github_row(result);
  if (run.report() != nullptr) {
    outcome.detail = reports::detail_json(*run.report());
    outcome.trace = reports::trace_json(*run.report(), result);
  }
  return outcome;
}

const std::string& worse_verdict(const std::string& a, const std::string& b) {
  return rank_of(a) >= rank_of(b) ? a : b;
}

int exit_code_of(const std::string& verdict) { return kRanks[rank_of(verdict)].exit_code; }

}  // namespace drey::scenarios
