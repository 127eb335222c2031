// drey: the command line. One file per command; here only the dispatch, suggestions and exit codes.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "reports/suggest.h"
#include "scenarios/process_memory.h"
#include "scenarios/sweep_plan.h"
#include "tools/command.h"

namespace drey::tools {

void print_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

std::vector<scenarios::ReadScenario> read_all(const std::vector<std::string>& files,
                                              const std::vector<std::string>& sets) {
  std::vector<scenarios::ReadScenario> all;
  bool good = true;
  for (const std::string& file : files) {
    all.push_back(scenarios::read_scenario_file(file));
    if (all.back().scenario && !sets.empty()) scenarios::put_values(all.back(), sets);
    if (all.back().scenario) continue;
    print_error(all.back().errors());
    good = false;
  }
  if (!good) all.clear();
  return all;
}

namespace {

constexpr std::string_view kExamples =
    "Examples:\n"
    "  drey run scenarios/catalogue/quickstart.json\n"
    "  drey run my.json --seeds 1..200 --jobs 8 --out results\n"
    "  drey check my.json\n"
    "  drey explain my.json\n"
    "  drey sweep scenarios/studies/q9-checkpoint-interval.json --out q9 --jobs 2\n"
    "\n"
    "Exit codes: 0 all held; 1 violated; 2 bad command line or scenario; 3 internal error; 4 no "
    "verdict; 5 not\n"
    "deterministic.\n";

// What CLI11 calls extra may be a mistyped command or option; its own message names neither.
std::string explain_extras(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* command = nullptr;
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(sub->get_name());
    if (!words.empty() && sub->get_name() == words.front()) command = sub;
  }
  if (command == nullptr) {
    if (words.empty() || words.front().front() == '-') return {};
    const std::string near = reports::nearest_name(words.front(), commands);
    std::string text = fmt::format("drey: unknown command \"{}\"; known: {}\n", words.front(),
                                   reports::name_list(commands, 20));
    if (!near.empty()) text += fmt::format("  did you mean \"{}\"?\n", near);
    return text;
  }
  std::vector<std::string> options;
  for (const CLI::Option* option : command->get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (name.rfind("--", 0) != 0 ||
        std::find(options.begin(), options.end(), name) != options.end())
      continue;
    const std::string near = reports::nearest_name(name, options);
    std::string text = fmt::format("drey {}: unknown option \"{}\"\n", command->get_name(), name);
    if (!near.empty()) text += fmt::format("  did you mean \"{}\"?\n", near);
    return text;
  }
  return {};
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("drey: a deterministic simulator of an Apache Flink cluster", "drey");
  app.footer(std::string(kExamples));
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every command");
  CommandLine line;
  add_run(app, line);
  add_check(app, line);
  add_explain(app, line);
  add_sweep(app, line);
  add_merge(app, line);
  add_compare(app, line);
  add_schema(app, line);
  add_mutants(app, line);
  add_version(app, line);
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return app.exit(error);  // --help
    const std::string known = explain_extras(app, words);
    print_error(known.empty()
                    ? fmt::format("drey: {}\nRun with --help for more information.\n", error.what())
                    : known);
    return kExitBadInput;
  }
  return line.exit_code;
}

}  // namespace
}  // namespace drey::tools

int main(int argc, char** argv) {
  drey::scenarios::keep_memory();
  try {
    return drey::tools::parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    drey::tools::print_error(fmt::format("drey: internal error: {}\n", error.what()));
    return drey::tools::kExitInternal;
  }
}
