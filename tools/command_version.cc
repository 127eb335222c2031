// drey version: what this binary is.
#include <fmt/core.h>

#include "scenarios/json_tree.h"
#include "tools/command.h"

namespace drey::tools {
namespace {

constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kFlink = "2.3.0";

}  // namespace

void add_version(CLI::App& app, CommandLine&) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->add_flag("--json", *json, "One JSON document");
  command->callback([json] {
    if (!*json) return print_out(fmt::format("drey {} (models Flink {})\n", kVersion, kFlink));
    scenarios::JsonNode document = scenarios::json_object();
    scenarios::json_add(document, "drey", scenarios::json_text(kVersion));
    scenarios::json_add(document, "flink", scenarios::json_text(kFlink));
    scenarios::json_add(document, "scenario_format", scenarios::json_integer(1));
    scenarios::json_add(document, "compiler", scenarios::json_text(__VERSION__));
    print_out(scenarios::print_json(document));
  });
}

}  // namespace drey::tools
