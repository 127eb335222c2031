// drey explain FILE: the merged scenario with defaults and the origin of each value.
#include "scenarios/explain.h"
#include "tools/command.h"

namespace drey::tools {

void add_explain(CLI::App& app, CommandLine& line) {
  struct Options {
    std::string file;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "explain", "Print a scenario merged, with defaults and where each value is from");
  command->add_option("FILE", options->file, "Scenario file; - is standard input")->required();
  command->add_flag("--json", options->json, "Strict JSON, without origins");
  command->callback([options, &line] {
    const std::vector<scenarios::ReadScenario> read = read_all({options->file});
    if (read.empty()) {
      line.exit_code = kExitBadInput;
      return;
    }
    print_out(options->json ? scenarios::print_scenario(*read.front().scenario)
                            : scenarios::explain(read.front()));
  });
}

}  // namespace drey::tools
