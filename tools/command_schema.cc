// drey schema: the JSON Schema (Draft 7) of a scenario file, for editors.
#include "scenarios/json_schema.h"
#include "tools/command.h"

namespace drey::tools {

void add_schema(CLI::App& app, CommandLine&) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of a scenario file");
  command->footer("Example:\n  drey schema > drey-1.schema.json");
  command->callback([] { print_out(scenarios::schema_text()); });
}

}  // namespace drey::tools
