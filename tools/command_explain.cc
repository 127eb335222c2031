// drey explain FILE: the merged scenario with defaults and the origin of each value; with --regions
// the pipelined regions of its job.
#include <fmt/core.h>

#include <filesystem>

#include "reports/write_json.h"
#include "scenarios/explain.h"
#include "scenarios/explain_regions.h"
#include "tools/command.h"
#include "tools/output_folder.h"

namespace drey::tools {
namespace {

struct Options {
  std::string file;
  bool json = false;
  bool regions = false;
  std::string out;
};

int explain_regions(const Options& options, const scenarios::Scenario& scenario) {
  const reports::RegionPicture picture = scenarios::regions_of(scenario);
  print_out(options.json ? reports::to_json(picture) : reports::region_text(picture));
  if (options.out.empty()) return kExitHeld;
  const std::filesystem::path folder(options.out);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure && write_whole(folder / "graph.dot", reports::to_dot(picture)) &&
      write_whole(folder / "graph.json", reports::to_json(picture)))
    return kExitHeld;
  print_error(fmt::format("drey explain: cannot write to \"{}\"\n", options.out));
  return kExitInternal;
}

}  // namespace

void add_explain(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "explain", "Print a scenario merged, with defaults and where each value is from");
  command->add_option("FILE", options->file, "Scenario file; - is standard input")->required();
  command->add_flag("--json", options->json, "Strict JSON, without origins");
  CLI::Option* regions = command->add_flag("--regions", options->regions,
                                           "The pipelined regions of its job instead: what "
                                           "restarts together (--json: as boxes and lines)");
  command
      ->add_option("--out", options->out,
                   "Folder for the regions as graph.dot (Graphviz) and graph.json")
      ->needs(regions);
  command->footer(
      "Example:\n  drey explain --regions my.json --out graph && dot -Tsvg graph/graph.dot");
  command->callback([options, &line] {
    const std::vector<scenarios::ReadScenario> read = read_all({options->file});
    if (read.empty()) {
      line.exit_code = kExitBadInput;
      return;
    }
    if (options->regions) {
      line.exit_code = explain_regions(*options, *read.front().scenario);
      return;
    }
    print_out(options->json ? scenarios::print_scenario(*read.front().scenario)
                            : scenarios::explain(read.front()));
  });
}

}  // namespace drey::tools
