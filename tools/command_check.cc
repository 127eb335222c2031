// drey check FILE...: parse and resolve only.
#include <fmt/core.h>

#include "scenarios/explain.h"
#include "scenarios/json_tree.h"
#include "scenarios/sweep_plan.h"
#include "tools/command.h"

namespace drey::tools {
namespace {

struct Options {
  std::vector<std::string> files;
  bool json = false;
  bool quiet = false;
};

// Every point of a sweep is read like a scenario; the mistakes join those of the file.
size_t check_points(scenarios::ReadScenario& read) {
  const auto plan = scenarios::plan_sweep(*read.scenario->sweep, read.tree, read.messages);
  if (plan) scenarios::scenarios_of(read, *plan, read.messages);
  if (!read.messages.empty()) read.scenario.reset();
  return plan ? plan->points.size() : 0;
}

int check(const Options& options) {
  int exit_code = kExitHeld;
  scenarios::JsonNode list = scenarios::json_list();
  for (const std::string& file : options.files) {
    scenarios::ReadScenario read = scenarios::read_scenario_file(file);
    size_t points = 0;
    if (read.scenario && read.scenario->sweep) points = check_points(read);
    scenarios::JsonNode entry = scenarios::json_object();
    scenarios::json_add(entry, "file", scenarios::json_text(file));
    scenarios::json_add(entry, "ok", scenarios::json_boolean(read.scenario.has_value()));
    if (read.scenario) {
      scenarios::json_add(entry, "id",
                          scenarios::json_text(scenarios::scenario_id(*read.scenario)));
      if (!options.json && !options.quiet)
        print_out(fmt::format("{}: ok: {}{}\n", file, read.scenario->name,
                              points > 0 ? fmt::format(" ({} points)", points) : ""));
    } else {
      exit_code = kExitBadInput;
      scenarios::json_add(entry, "errors", scenarios::json_text(read.errors()));
      print_error(read.errors());
    }
    list.items.push_back(std::move(entry));
  }
  if (options.json) print_out(scenarios::print_json(list));
  return exit_code;
}

}  // namespace

void add_check(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("check", "Read scenarios and report every mistake");
  command->add_option("FILE", options->files, "Scenario files; - is standard input")->required();
  command->add_flag("--json", options->json, "One JSON document");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing when all is well");
  command->callback([options, &line] { line.exit_code = check(*options); });
}

}  // namespace drey::tools
