// The twins: each file in DREY_TWINS_DIR (default: the committed copy) becomes a scenario, is run
// on seeds 1 to DREY_TWIN_SEEDS (default 20), and its facts are compared. Prints a table twin by
// twin.
//
// tests/conformance/open_twins.json lists what is not as in the twin yet, and why. It is checked in
// both directions: a difference that it does not name fails the test, and so does an entry that has
// become untrue.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "model/trace_events.h"
#include "reports/oracles/ledger.h"
#include "scenarios/assembly.h"
#include "scenarios/fault_injector.h"
#include "scenarios/read_scenario.h"
#include "tests/conformance/twin_compare.h"
#include "tests/conformance/twin_facts.h"
#include "tests/conformance/twin_scenario.h"

namespace drey::conformance {

namespace {

class EndOfJob final : public sim::TraceSink {
 public:
  EndOfJob(sim::Kernel& kernel, size_t jobs) : kernel_(kernel), open_(jobs) {}
  uint64_t interests() const override { return sim::interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind != model::fact_kind(model::ControlFact::job_result) || open_ == 0) return;
    if (--open_ == 0) kernel_.stop();
  }
  bool known() const { return open_ == 0; }

 private:
  sim::Kernel& kernel_;
  size_t open_;  // jobs whose end is not known
};

// Of a twin with several jobs: what it says of one of them, as a twin of its own.
Json twin_of_job(const Json& twin, const TwinScenario& made, size_t job) {
  if (made.jobs.size() == 1) return twin;
  Json one = twin;
  one["job"] = made.jobs[job];
  one["facts"] = twin["facts"]["jobs"][job];
  one["ranges"] = Json::object();
  const std::string prefix = "job" + std::to_string(job + 1) + ".";
  const Json ranges = twin.value("ranges", Json::object());
  for (const auto& [fact, range] : ranges.items())
    if (fact.starts_with(prefix)) one["ranges"][fact.substr(prefix.size())] = range;
  return one;
}

// What it says of all of them together.
Json twin_of_all(const Json& twin) {
  Json whole = twin;
  whole["facts"].erase("jobs");
  whole["ranges"] = Json::object();
  return whole;
}

// One seed: the facts of each job. Those of the last one know the output of all.
using JobFacts = std::vector<Json>;

JobFacts run_twin(const std::vector<Json>& twins, const TwinScenario& made,
                  const scenarios::Scenario& scenario, uint64_t seed) {
  scenarios::Assembly assembly(scenario, {.seed = seed});
  sim::Kernel& kernel = assembly.world().kernel();
  scenarios::FaultInjector faults(scenario, assembly);
  std::vector<std::unique_ptr<TwinFacts>> facts;
  for (const Json& twin : twins) {
    facts.push_back(std::make_unique<TwinFacts>(twin, made, kernel, assembly.logs(),
                                                made.job_numbers[facts.size()]));
    kernel.add_sink(facts.back().get());
  }
  EndOfJob end(kernel, made.submissions);
  kernel.add_sink(&end);
  std::vector<std::unique_ptr<reports::Ledger>> ledgers;
  const std::vector<reports::SinkPath> paths =
      reports::sink_paths(assembly.job().spec, assembly.logs());
  for (const reports::SinkPath& path : paths) {
    if (!path.problem.empty()) continue;
    reports::LedgerOptions options{.path = path, .logs = assembly.logs()};
    options.only_sink = paths.size() == 1;
    options.job = made.submissions;
    if (!assembly.job().options.checkpointing) options.guarantee = reports::Guarantee::none;
    ledgers.push_back(std::make_unique<reports::Ledger>(options, reports::TraceNames(kernel)));
    kernel.add_sink(ledgers.back().get());
  }
  assembly.start();
  faults.start();
  const sim::Time limit = sim::Time{} + scenario.limits.time;
  kernel.run(limit);
  // What the end itself sets off (the last commits, slots that go back), and what the fault still
  // does.
  if (end.known()) kernel.run(kernel.now() + sim::seconds(20));
  for (const auto& ledger : ledgers)
    EXPECT_EQ(ledger->counts().wrong + ledger->counts().reordered, 0u) << scenario.name;
  JobFacts found;
  for (const auto& each : facts) found.push_back(each->facts());
  return found;
}

// The twin's facts of all jobs together, from those of each.
Json facts_of_all(const JobFacts& jobs) {
  Json facts = jobs.back();
  if (jobs.front().contains("savepoint_operation"))
    facts["savepoint_operation"] = jobs.front()["savepoint_operation"];
  return facts;
}

struct Row {
  std::string twin;
  std::vector<std::string> missing;
  std::map<std::string, std::pair<Difference, int>>
      differs;  // by fact: the first, on how many seeds
  std::set<std::string> not_compared;
  size_t compared = 0;
};

// `seen`: facts that differ on this seed.
void add(Row& row, std::set<std::string>& seen, const std::string& prefix,
         const Comparison& comparison) {
  row.compared += comparison.compared.size();
  for (const std::string& fact : comparison.not_compared) row.not_compared.insert(prefix + fact);
  for (const Difference& each : comparison.differences) {
    const std::string fact = prefix + each.fact;
    auto& entry = row.differs.try_emplace(fact, each, 0).first->second;
    if (seen.insert(fact).second) ++entry.second;
  }
}

Row judge(const std::filesystem::path& file, int seeds) {
  Row row{.twin = file.stem().string()};
  Json twin = Json::parse(std::ifstream(file));
  const TwinScenario made = scenario_of_twin(twin);
  row.missing = made.missing;
  if (const char* folder = std::getenv("DREY_TWIN_SCENARIOS"))
    std::ofstream(std::filesystem::path(folder) / file.filename()) << made.scenario.dump(2) << '\n';
  if (!row.missing.empty()) return row;
  const auto read = scenarios::read_scenario_text(file.filename().string(), made.scenario.dump(2));
  if (!read.scenario.has_value()) {
    row.missing.push_back(read.errors());
    return row;
  }
  std::vector<Json> twins;
  for (size_t job = 0; job < made.jobs.size(); ++job) twins.push_back(twin_of_job(twin, made, job));
  for (int seed = 1; seed <= seeds; ++seed) {
    const JobFacts facts = run_twin(twins, made, *read.scenario, static_cast<uint64_t>(seed));
    std::set<std::string> seen;
    row.compared = 0;
    for (size_t job = 0; job < twins.size(); ++job)
      add(row, seen, twins.size() == 1 ? "" : "job" + std::to_string(job + 1) + ".",
          compare_with_twin(twins[job], facts[job]));
    if (twins.size() > 1)
      add(row, seen, "", compare_with_twin(twin_of_all(twin), facts_of_all(facts)));
  }
  return row;
}

std::string cut(const std::string& text, size_t length) {
  return text.size() <= length ? text : text.substr(0, length - 3) + "...";
}

void print(const Row& row, int seeds) {
  if (!row.missing.empty()) {
    fmt::print("{:<58} cannot run:\n", row.twin);
    for (const std::string& feature : row.missing) fmt::print("    missing: {}\n", feature);
    return;
  }
  if (row.differs.empty()) {
    fmt::print("{:<58} pass ({} facts)\n", row.twin, row.compared);
  } else {
    fmt::print("{:<58} differs:\n", row.twin);
    for (const auto& [fact, found] : row.differs)
      fmt::print("    {} ({} of {} seeds)\n      expected {}\n      got      {}\n", fact,
                 found.second, seeds, cut(found.first.expected, 400), cut(found.first.got, 400));
  }
  if (!row.not_compared.empty()) fmt::print("    not compared:");
  for (const std::string& fact : row.not_compared) fmt::print(" {}", fact);
  if (!row.not_compared.empty()) fmt::print("\n");
}

// What the table of open differences says of a twin against what was found.
std::string contradiction(const Row& row, const Json& open) {
  const bool listed = open.contains(row.twin);
  const Json entry = listed ? open[row.twin] : Json::object();
  if (!row.missing.empty())
    return !listed || !entry.contains("missing") ? "cannot be run, and is not listed as such" : "";
  if (entry.contains("missing")) return "is listed as not runnable, but runs";
  const Json facts = entry.value("differs", Json::array());
  if (listed && row.differs.empty()) return "is listed as open, but passes";
  for (const auto& [fact, found] : row.differs)
    if (std::find(facts.begin(), facts.end(), fact) == facts.end())
      return fmt::format("differs in {}, which is not listed", fact);
  return "";
}

TEST(twins, facts_are_as_recorded) {
  const char* folder = std::getenv("DREY_TWINS_DIR");
  const char* seeds_text = std::getenv("DREY_TWIN_SEEDS");
  const char* only = std::getenv("DREY_TWIN");
  const int seeds = seeds_text == nullptr ? 20 : std::atoi(seeds_text);
  const std::filesystem::path here = std::filesystem::path(DREY_SOURCE_DIR) / "tests/conformance";
  const std::filesystem::path twins = folder == nullptr ? here / "twins" : folder;
  const Json open = Json::parse(std::ifstream(here / "open_twins.json"));
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(twins))
    if (entry.path().extension() == ".json" &&
        (only == nullptr || entry.path().stem().string().find(only) != std::string::npos))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_FALSE(files.empty()) << "no twins in " << twins;
  std::map<std::string, int> counts;
  for (const auto& file : files) {
    const Row row = judge(file, seeds);
    print(row, seeds);
    std::fflush(stdout);
    ++counts[!row.missing.empty() ? "cannot run" : row.differs.empty() ? "pass" : "differ"];
    const std::string wrong = contradiction(row, open);
    EXPECT_EQ(wrong, "") << row.twin;
  }
  fmt::print("twins: {} pass, {} differ, {} cannot run; {} seeds each\n", counts["pass"],
             counts["differ"], counts["cannot run"], seeds);
}

}  // namespace

}  // namespace drey::conformance
