// drey mutants: the bugs that can be switched on, and what catches each.
#include <fmt/core.h>

#include "scenarios/json_tree.h"
#include "scenarios/mutant_list.h"
#include "tools/command.h"

namespace drey::tools {

void add_mutants(CLI::App& app, CommandLine&) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "mutants", "List the mutants with origin, oracle, scenario and killing seed");
  command->add_flag("--json", *json, "One JSON document");
  command->callback([json] {
    scenarios::JsonNode list = scenarios::json_list();
    for (const scenarios::MutantEntry& mutant : scenarios::mutant_list()) {
      if (!*json)
        print_out(fmt::format("{:32} {:20} {:16} {} seed {}\n", mutant.name, mutant.origin,
                              mutant.oracle, mutant.scenario, mutant.seed));
      scenarios::JsonNode entry = scenarios::json_object();
      scenarios::json_add(entry, "name", scenarios::json_text(mutant.name));
      scenarios::json_add(entry, "origin", scenarios::json_text(mutant.origin));
      scenarios::json_add(entry, "oracle", scenarios::json_text(mutant.oracle));
      scenarios::json_add(entry, "scenario", scenarios::json_text(mutant.scenario));
      scenarios::json_add(entry, "seed", scenarios::json_integer(mutant.seed));
      list.items.push_back(std::move(entry));
    }
    if (*json) print_out(scenarios::print_json(list));
  });
}

}  // namespace drey::tools
