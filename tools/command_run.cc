// drey run FILE...: runs scenarios over seeds and says what held.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "reports/quantity.h"
#include "reports/suggest.h"
#include "scenarios/mutant_list.h"
#include "scenarios/run_pool.h"
#include "tools/command.h"
#include "tools/output_folder.h"

namespace drey::tools {
namespace {

struct Options {
  std::vector<std::string> files;
  std::optional<uint64_t> seed;
  std::string seeds;
  size_t jobs = 1;
  bool json = false;
  bool quiet = false;
  bool twice = false;
  std::string out;
  std::string committed;
  std::string mutant;
  std::vector<std::string> set;
  bool github = false;
};

struct SeedRange {
  uint64_t first = 1;
  uint64_t last = 1;
};

// "3..20", both inclusive.
std::optional<SeedRange> parse_seeds(const std::string& text) {
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const auto first = reports::parse_integer(text.substr(0, dots));
  const auto last = reports::parse_integer(text.substr(dots + 2));
  if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
  return SeedRange{static_cast<uint64_t>(*first), static_cast<uint64_t>(*last)};
}

SeedRange seeds_of(const Options& options, const scenarios::Scenario& scenario) {
  if (!options.seeds.empty()) return parse_seeds(options.seeds).value_or(SeedRange{});
  if (options.seed) return {*options.seed, *options.seed};
  if (scenario.seeds) {
    const auto first = static_cast<uint64_t>(scenario.seeds->first);
    return {first, first + static_cast<uint64_t>(scenario.seeds->count) - 1};
  }
  const auto seed = static_cast<uint64_t>(scenario.seed.value_or(1));
  return {seed, seed};
}

int bad_usage(const std::string& text) {
  print_error(fmt::format("drey run: {}\n", text));
  return kExitBadInput;
}

int unknown_mutant(const std::string& name) {
  std::vector<std::string> names;
  for (const scenarios::MutantEntry& mutant : scenarios::mutant_list())
    names.emplace_back(mutant.name);
  const std::string near = reports::nearest_name(name, names);
  return bad_usage(fmt::format("unknown mutant \"{}\"{}; `drey mutants` lists them", name,
                               near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
}

// For JUnit and annotations: the lines of what a scenario expects.
scenarios::LineIndex lines_of(const scenarios::ReadScenario& read) {
  scenarios::LineIndex lines;
  const auto add = [&](std::string name, const std::string& pointer) {
    auto [file, line] = read.line_of(pointer);
    lines[std::move(name)] = {std::move(file), line};
  };
  for (size_t i = 0; i < read.scenario->expect.size(); ++i)
    add("expect/" + read.scenario->expect[i].parsed.id, fmt::format("/expect/{}", i));
  for (size_t i = 0; i < read.scenario->faults.size(); ++i)
    add("fault/" + read.scenario->faults[i].id, fmt::format("/faults/{}", i));
  return lines;
}

std::vector<scenarios::RunRequest> requests_of(const Options& options,
                                               const std::vector<scenarios::ReadScenario>& read,
                                               const std::vector<scenarios::LineIndex>& lines) {
  std::vector<scenarios::RunRequest> requests;
  for (size_t i = 0; i < read.size(); ++i) {
    const SeedRange range = seeds_of(options, *read[i].scenario);
    for (uint64_t seed = range.first; seed <= range.last; ++seed) {
      scenarios::RunRequest request;
      request.scenario = &*read[i].scenario;
      request.file = options.files[i];
      request.seed = seed;
      request.mutant = options.mutant;
      request.twice = options.twice;
      request.committed = !options.committed.empty();
      request.graph = !options.out.empty();
      request.latency = !options.out.empty();
      request.log = !options.out.empty();
      request.lines = &lines[i];
      request.set = options.set;
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

// The page shows one run in full: the first that did not pass, else the first. A single run has
// collected what it needs; of many, that one is run once more, which is the same run.
void add_page(const std::vector<scenarios::RunRequest>& requests, size_t shown,
              OutputFolder& folder) {
  if (requests.size() == 1) return;
  scenarios::RunRequest request = requests[shown];
  request.report = true;
  const scenarios::RunOutcome outcome = scenarios::run_once(request);
  folder.show(outcome.detail, outcome.trace);
}

std::string reproduce(const Options& options, const scenarios::RunRequest& request) {
  std::string command = fmt::format("drey run {} --seed {}{}{}", request.file, request.seed,
                                    options.mutant.empty() ? "" : " --mutant " + options.mutant,
                                    options.twice ? " --twice" : "");
  for (const std::string& set : options.set) command += fmt::format(" --set '{}'", set);
  return command + "\n";
}

// Annotations on stdout, where the runner reads them; the summary where the runner says.
bool write_github(const OutputFolder& folder, const std::string& worst) {
  print_out(folder.annotations());
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary == nullptr || folder.append_summary(summary, worst)) return true;
  print_error(fmt::format("drey run: cannot write \"{}\"\n", summary));
  return false;
}

int run(const Options& options) {
  if (options.seed && !options.seeds.empty())
    return bad_usage("--seed and --seeds exclude each other");
  if (!options.seeds.empty() && !parse_seeds(options.seeds))
    return bad_usage(
        fmt::format("\"{}\" is no range of seeds (expected e.g. 1..200)", options.seeds));
  if (!options.mutant.empty() && scenarios::find_mutant(options.mutant) == nullptr)
    return unknown_mutant(options.mutant);
  const std::vector<scenarios::ReadScenario> read = read_all(options.files, options.set);
  if (read.empty()) return kExitBadInput;
  std::vector<scenarios::LineIndex> lines;
  for (const scenarios::ReadScenario& scenario : read) lines.push_back(lines_of(scenario));
  std::vector<scenarios::RunRequest> requests = requests_of(options, read, lines);
  if (requests.size() == 1) requests.front().report = !options.out.empty();
  if (!options.committed.empty() && requests.size() != 1)
    return bad_usage("--committed is for one file and one seed");

  OutputFolder folder(options.out);
  bool kept = true;
  std::string worst = "pass";
  std::string failed;  // reproduce command of the first run that did not pass
  size_t done = 0;
  size_t shown = 0;  // its position, as soon as one did not pass
  const bool meter = isatty(STDERR_FILENO) != 0 && requests.size() > 1 && !options.quiet;
  scenarios::run_pool(
      requests, options.jobs, scenarios::run_once,
      [&](const scenarios::RunRequest& request, const scenarios::RunOutcome& outcome) {
        worst = scenarios::worse_verdict(worst, outcome.verdict);
        if (failed.empty() && outcome.exit_code != kExitHeld) {
          failed = reproduce(options, request);
          if (outcome.verdict != "error") shown = done;
        }
        folder.add(outcome);
        if (!options.committed.empty()) kept = write_whole(options.committed, outcome.committed);
        ++done;
        if (meter) print_error(fmt::format("\r{}/{} runs, {}\x1b[K", done, requests.size(), worst));
        const bool show = requests.size() == 1 || outcome.exit_code != kExitHeld;
        if (show && !options.json && !options.quiet) print_out(outcome.summary);
        return true;
      });
  if (meter) print_error("\r\x1b[K");
  if (options.json) {
    print_out(folder.document(worst));
  } else if (requests.size() > 1) {
    print_out(fmt::format("{} runs: {}\n", requests.size(), worst));
  }
  if (!options.out.empty()) add_page(requests, shown, folder);
  if (!options.out.empty() && !folder.write(worst)) {
    print_error(fmt::format("drey run: cannot write to \"{}\"\n", options.out));
    return kExitInternal;
  }
  if (!kept) {
    print_error(fmt::format("drey run: cannot write \"{}\"\n", options.committed));
    return kExitInternal;
  }
  if (options.github && !write_github(folder, worst)) return kExitInternal;
  if (!failed.empty()) print_error("reproduce: " + failed);
  return scenarios::exit_code_of(worst);
}

}  // namespace

void add_run(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run scenarios and verify every promise");
  command->add_option("FILE", options->files, "Scenario files; - is standard input")->required();
  command->add_option("--seed", options->seed, "One seed; default: the scenario's, else 1");
  command->add_option("--seeds", options->seeds, "A range of seeds, A..B, both inclusive");
  command->add_option("--jobs", options->jobs, "Processes at a time")->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json, "One JSON document on stdout and nothing else");
  command->add_option("--out", options->out,
                      "Folder for result.json, report.html, junit.xml, log.txt, trace.json, "
                      "graph.dot and graph.json");
  command->add_option("--committed", options->committed,
                      "File for the committed records (CSV), in the order of the broker");
  command->add_option("--mutant", options->mutant, "Switch one known bug on (see `drey mutants`)");
  command->add_flag("--twice", options->twice,
                    "Run twice and compare: exit code 5 when the hashes differ");
  command->add_option("--set", options->set,
                      "PATH=VALUE put into the scenario, e.g. '/flink/heartbeat.timeout=8 s'");
  command->add_flag("--github", options->github,
                    "Also GitHub annotations, and a step summary in $GITHUB_STEP_SUMMARY");
  command->add_flag("-q,--quiet", options->quiet, "Only the verdict, by the exit code");
  command->footer(
      "Examples:\n  drey run scenarios/catalogue/quickstart.json\n  drey run my.json --seeds "
      "1..200 --jobs 8");
  command->callback([options, &line] { line.exit_code = run(*options); });
}

}  // namespace drey::tools
