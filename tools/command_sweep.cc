// drey sweep FILE --out DIR: a scenario at many points, each run once and for all.
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>

#include "reports/quantity.h"
#include "reports/suggest.h"
#include "reports/write_json_report.h"
#include "scenarios/run_pool.h"
#include "scenarios/sweep_summary.h"
#include "tools/command.h"
#include "tools/output_folder.h"
#include "tools/progress_meter.h"
#include "tools/sweep_folder.h"
#include "tools/sweep_script.h"

namespace drey::tools {
namespace {

struct Options {
  std::string file;
  std::string out;
  std::string shard;
  size_t jobs = 1;
  std::string emit;
  size_t shards = 4;
  bool json = false;
  bool quiet = false;
  bool verdict = false;
};

// A process may do so many runs: small ones do not pay for a process each.
constexpr size_t kRunsPerProcess = 1000;

int64_t processor_us(int who) {
  rusage usage{};
  if (getrusage(who, &usage) != 0) return 0;
  const auto us = [](const timeval& t) { return int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

int bad_usage(const std::string& text) {
  print_error(fmt::format("drey sweep: {}\n", text));
  return kExitBadInput;
}

// "2/7": the third of seven.
std::optional<Shard> parse_shard(const std::string& text) {
  if (text.empty()) return Shard{};
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto index = reports::parse_integer(text.substr(0, slash));
  const auto of = reports::parse_integer(text.substr(slash + 1));
  if (!index || !of || *index < 0 || *index >= *of) return std::nullopt;
  return Shard{static_cast<size_t>(*index), static_cast<size_t>(*of)};
}

// One run of the sweep: what it is, before it ran.
struct Planned {
  size_t point = 0;
  size_t seed_index = 0;
  scenarios::RunRecord record;
};

class Sweep {
 public:
  Sweep(const Options& options, const scenarios::ReadScenario& read, scenarios::SweepPlan plan)
      : options_(options), scenario_(*read.scenario), plan_(std::move(plan)) {}

  // False, with messages: a point is no scenario.
  bool prepare(const scenarios::ReadScenario& read, scenarios::Messages& messages) {
    points_ = scenarios::scenarios_of(read, plan_, messages);
    if (points_.empty()) return false;
    const scenarios::Seeds seeds = scenarios::seeds_of(scenario_);
    for (size_t point = 0; point < points_.size(); ++point) {
      const std::string content = scenarios::content_id(points_[point]);
      for (int64_t i = 0; i < seeds.count; ++i) {
        Planned run;
        run.point = point;
        run.seed_index = static_cast<size_t>(i);
        run.record.scenario = scenario_.name;
        run.record.scenario_id = content;
        run.record.seed = scenarios::seed_at(content, static_cast<uint64_t>(seeds.first + i),
                                             scenario_.sweep->common_random_numbers);
        run.record.key = scenarios::run_key(content, run.record.seed);
        for (size_t axis = 0; axis < plan_.axes.size(); ++axis)
          run.record.params.emplace_back(plan_.axes[axis].name, plan_.label(point, axis));
        runs_.push_back(std::move(run));
      }
    }
    return true;
  }

  int go(Shard shard) {
    if (const std::string problem = folder_.open(options_.out, shard, wanted_); !problem.empty()) {
      print_error(fmt::format("drey sweep: {}\n", problem));
      return kExitInternal;
    }
    std::vector<const Planned*> todo;
    size_t there = 0;
    for (size_t i = shard.index; i < runs_.size(); i += shard.of) {
      const bool done = folder_.records().count(runs_[i].record.key) != 0;
      if (!done) todo.push_back(&runs_[i]);
      there += done ? 1 : 0;
    }
    if (!options_.quiet && there > 0)
      print_error(fmt::format("{} of {} runs are done already\n", there, there + todo.size()));
    const bool good = run(todo);
    folder_.sync();
    folder_.read_again();
    if (!conclude()) return kExitInternal;
    if (!todo.empty()) report_cost(todo.size());
    if (folder_.conflicts() > 0) {
      print_error(fmt::format("{} runs came out differently under one key\n", folder_.conflicts()));
      return scenarios::exit_code_of("nondeterministic");
    }
    if (!good) return kExitInternal;
    return options_.verdict ? scenarios::exit_code_of(worst_) : kExitHeld;
  }

 private:
  std::vector<scenarios::RunRequest> requests_of(const std::vector<const Planned*>& todo) const {
    std::vector<scenarios::RunRequest> requests;
    for (const Planned* run : todo) {
      scenarios::RunRequest request;
      request.scenario = &points_[run->point];
      request.file = options_.file;
      request.seed = run->record.seed;
      request.latency = true;
      requests.push_back(std::move(request));
    }
    return requests;
  }

  // In the process of the run: its record, which is its result document, and what both took. The
  // outcome brings what the table is made of; nothing when the record cannot be written.
  scenarios::RunOutcome outcome_of(const scenarios::RunRequest& request,
                                   const Planned& planned) const {
    const int64_t before = processor_us(RUSAGE_SELF);
    scenarios::RunOutcome outcome;
    scenarios::PrintedRecord printed;
    {
      scenarios::RunRecord record =
          scenarios::record_of(planned.record, scenarios::result_of(request));
      outcome.verdict = record.verdict;
      printed = scenarios::print_both(std::move(record), wanted_);
    }
    outcome.exit_code = scenarios::exit_code_of(outcome.verdict);
    outcome.cost_us = processor_us(RUSAGE_SELF) - before;
    if (folder_.append(printed.line)) outcome.json = std::move(printed.brief);
    return outcome;
  }

  // False: it cannot be written.
  bool keep(const Planned& planned, const scenarios::RunOutcome& outcome) {
    in_runs_us_ += outcome.cost_us;
    if (outcome.broke.empty()) {
      auto record = scenarios::parse_brief(outcome.json);
      if (record) folder_.take(std::move(*record));
      return record.has_value();
    }
    print_error(outcome.summary + "reproduce: " + reproduce(planned) + "\n");
    if (folder_.find_recorded(planned.record.key)) return true;
    return folder_.append_failure(scenarios::print_failure(planned.record, outcome.broke));
  }

  // False: some run ended without a result, or could not be recorded.
  bool run(const std::vector<const Planned*>& todo) {
    if (todo.empty()) return true;
    const std::vector<scenarios::RunRequest> requests = requests_of(todo);
    const auto planned = [&](const scenarios::RunRequest& request) {
      return todo[static_cast<size_t>(&request - requests.data())];
    };
    ProgressMeter meter(requests.size(), options_.quiet);
    double synced = 0;
    size_t failed = 0, broken = 0;
    bool written = true;
    const auto one = [&](const scenarios::RunRequest& request) {
      return outcome_of(request, *planned(request));
    };
    const auto take = [&](const scenarios::RunRequest& request,
                          const scenarios::RunOutcome& outcome) {
      written = keep(*planned(request), outcome);
      broken += outcome.verdict == "error" ? 1 : 0;
      failed += outcome.exit_code == kExitHeld ? 0 : 1;
      if (meter.seconds() - synced > 2) {
        synced = meter.seconds();
        folder_.sync();
      }
      meter.step(failed > 0 ? fmt::format(", {} did not pass", failed) : "");
      return written;
    };
    scenarios::run_pool(
        requests, options_.jobs, one, take,
        {.order = scenarios::HandOn::as_finished, .runs_per_process = kRunsPerProcess});
    if (!written) print_error(fmt::format("drey sweep: cannot write to \"{}\"\n", options_.out));
    return written && broken == 0;
  }

  // What the host spent: beside the results, never part of them. What is not the runs' own is the
  // sweep's: reading, processes, records, table and page.
  void report_cost(size_t runs) const {
    const double all =
        static_cast<double>(processor_us(RUSAGE_SELF) + processor_us(RUSAGE_CHILDREN)) / 1e6;
    const double in_runs = static_cast<double>(in_runs_us_) / 1e6;
    const double wall = clock_.seconds();
    write_whole(folder_.file("timing.json"),
                fmt::format("{{\"runs\": {}, \"wall_s\": {:.3f}, \"jobs\": {}, \"runs_cpu_s\": "
                            "{:.3f}, \"own_cpu_s\": {:.3f}}}\n",
                            runs, wall, options_.jobs, in_runs, all - in_runs));
    if (options_.quiet) return;
    print_error(
        fmt::format("{} runs in {:.1f} s; processor time: {:.2f} s in runs, {:.2f} s in the "
                    "sweep itself\n",
                    runs, wall, in_runs, all - in_runs));
  }

  std::string reproduce(const Planned& run) const {
    std::string command = fmt::format("drey run {} --seed {}", options_.file, run.record.seed);
    for (size_t axis = 0; axis < plan_.axes.size(); ++axis) {
      const scenarios::AxisValue& value = plan_.axes[axis].values[plan_.points[run.point][axis]];
      command += fmt::format(" --set '{}={}'", plan_.axes[axis].path,
                             scenarios::compact_json(value.value));
    }
    return command;
  }

  bool conclude() {
    const size_t seeds = static_cast<size_t>(scenarios::seeds_of(scenario_).count);
    const auto record = [&](size_t point, size_t seed) -> const scenarios::RunRecord* {
      const auto found = folder_.records().find(runs_[point * seeds + seed].record.key);
      return found == folder_.records().end() ? nullptr : &found->second;
    };
    scenarios::SweepSummary summary = scenarios::summarise(scenario_, plan_, record);
    summary.file = options_.file;
    for (const scenarios::SweepPointResult& point : summary.points)
      for (const auto& [verdict, times] : point.verdicts)
        worst_ = scenarios::worse_verdict(worst_, verdict);
    const scenarios::JsonNode found = scenarios::sweep_to_json(summary);
    const std::string document = scenarios::print_json(found);
    const std::string page =
        reports::report_page(reports::sweep_data(scenarios::sweep_for_page(found)));
    if (options_.json) {
      print_out(document);
    } else if (!options_.quiet) {
      print_out(scenarios::sweep_text(summary));
    }
    const bool written =
        write_whole(folder_.file("sweep.json"), document) &&
        write_whole(folder_.file("report.html"), page) &&
        write_whole(folder_.file("sweep.md"), scenarios::sweep_markdown(summary)) &&
        write_whole(folder_.file("sweep.csv"), reports::csv(scenarios::sweep_table(summary)));
    if (!written) print_error(fmt::format("drey sweep: cannot write to \"{}\"\n", options_.out));
    return written;
  }

  const Options& options_;
  const scenarios::Scenario& scenario_;
  scenarios::SweepPlan plan_;
  const scenarios::MetricNames wanted_ = scenarios::metrics_read(scenario_);
  std::vector<scenarios::Scenario> points_;
  std::vector<Planned> runs_;  // points by seeds
  SweepFolder folder_;
  ProgressMeter clock_{0, true};
  int64_t in_runs_us_ = 0;
  std::string worst_ = "pass";
};

int sweep(const Options& options) {
  const auto shard = parse_shard(options.shard);
  if (!shard)
    return bad_usage(
        fmt::format("\"{}\" is no shard (expected e.g. 0/4: the first of four)", options.shard));
  const std::vector<scenarios::ReadScenario> read = read_all({options.file});
  if (read.empty()) return kExitBadInput;
  if (!read[0].scenario->sweep)
    return bad_usage(fmt::format("{} has no \"sweep\" block", options.file));
  if (!options.emit.empty()) {
    const std::vector<std::string> kinds = script_kinds();
    if (std::find(kinds.begin(), kinds.end(), options.emit) == kinds.end())
      return bad_usage(fmt::format("unknown script \"{}\"; known: {}", options.emit,
                                   reports::name_list(kinds, 5)));
    print_out(sweep_script(options.emit, {options.file, options.out.empty() ? "sweep" : options.out,
                                          options.shards, options.jobs}));
    return kExitHeld;
  }
  if (options.out.empty()) return bad_usage("--out DIR is needed: the folder of the results");
  scenarios::Messages messages;
  auto plan = scenarios::plan_sweep(*read[0].scenario->sweep, read[0].tree, messages);
  std::optional<Sweep> sweep;
  if (plan) sweep.emplace(options, read[0], std::move(*plan));
  if (!sweep || !sweep->prepare(read[0], messages)) {
    print_error(messages.render(read[0].sources));
    return kExitBadInput;
  }
  return sweep->go(*shard);
}

}  // namespace

void add_sweep(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("sweep", "Run a scenario at every point of its \"sweep\" block");
  command->add_option("FILE", options->file, "Scenario with a sweep block")->required();
  command->add_option("--out", options->out,
                      "Folder of the results; the same command goes on where it was");
  command->add_option("--shard", options->shard, "i/n: every n-th run from the i-th on, i < n");
  command->add_option("--jobs", options->jobs, "Processes at a time")->check(CLI::Range(1, 1024));
  command->add_option("--emit", options->emit,
                      "Print a script that runs the shards: slurm, k8s or parallel");
  command->add_option("--shards", options->shards, "Shards of that script")
      ->check(CLI::Range(1, 1000));
  command->add_flag("--json", options->json, "One JSON document on stdout and nothing else");
  command->add_flag("--verdict", options->verdict,
                    "Exit code of the worst run; else 0 when all is run and recorded");
  command->add_flag("-q,--quiet", options->quiet, "No table and no progress");
  command->footer(
      "Examples:\n  drey sweep scenarios/studies/q9-checkpoint-interval.json --out q9 --jobs 2\n"
      "  drey sweep my.json --out results --shard 2/7\n"
      "  drey sweep my.json --out results --emit slurm --shards 16 > sweep.sbatch");
  command->callback([options, &line] { line.exit_code = sweep(*options); });
}

}  // namespace drey::tools
