// drey merge DIR... -o FILE.db: the runs of many folders in one database.
#include <fmt/core.h>

#include <filesystem>

#include "scenarios/merge_records.h"
#include "scenarios/run.h"
#include "tools/command.h"
#include "tools/output_folder.h"
#include "tools/sweep_folder.h"

namespace drey::tools {
namespace {

struct Options {
  std::vector<std::string> folders;
  std::string out;
  std::string csv;
  bool quiet = false;
};

int fail(const std::string& text) {
  print_error(fmt::format("drey merge: {}\n", text));
  return kExitBadInput;
}

int merge(const Options& options) {
  scenarios::RecordMerger merger;
  if (std::filesystem::exists(options.out))
    if (const std::string why = merger.add_database(options.out); !why.empty())
      return fail(fmt::format("cannot read \"{}\": {}", options.out, why));
  const size_t before = merger.runs();
  for (const std::string& folder : options.folders) {
    if (std::filesystem::is_regular_file(folder)) {
      if (const std::string why = merger.add_database(folder); !why.empty())
        return fail(fmt::format("cannot read \"{}\": {}", folder, why));
      continue;
    }
    const std::map<std::string, std::string> files = record_files(folder);
    if (files.empty()) return fail(fmt::format("no runs in \"{}\"", folder));
    for (const auto& [name, text] : files) merger.add_lines(text);
  }
  const reports::RunDatabase database = merger.database();
  if (const std::string why = reports::write_run_database(options.out, database); !why.empty()) {
    print_error(fmt::format("drey merge: cannot write \"{}\": {}\n", options.out, why));
    return kExitInternal;
  }
  if (!options.csv.empty() && !write_whole(options.csv, scenarios::merged_csv(database))) {
    print_error(fmt::format("drey merge: cannot write \"{}\"\n", options.csv));
    return kExitInternal;
  }
  if (!options.quiet) {
    std::map<std::string, size_t> verdicts;
    for (const reports::RunRow& run : database.runs) ++verdicts[run.verdict];
    std::string text = fmt::format("{} runs, {} new", merger.runs(), merger.runs() - before);
    for (const auto& [verdict, count] : verdicts) text += fmt::format(", {} {}", count, verdict);
    if (merger.torn() > 0) text += fmt::format(", {} torn lines left out", merger.torn());
    if (merger.failed() > 0)
      text += fmt::format(", {} ended without a result and are missing", merger.failed());
    print_out(text + "\n");
  }
  if (database.conflicts.empty()) return kExitHeld;
  print_error(
      fmt::format("{} results under keys that have another result too: see table conflict\n",
                  database.conflicts.size()));
  return scenarios::exit_code_of("nondeterministic");
}

}  // namespace

void add_merge(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("merge", "Merge the runs of sweeps into one database");
  command->add_option("DIR", options->folders, "Folders of sweeps, or databases")->required();
  command->add_option("-o,--out", options->out, "The SQLite file; what it holds already stays")
      ->required();
  command->add_option("--csv", options->csv, "Also a row per run and metric, as CSV");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing when all is well");
  command->footer(
      "Exit code 5: one key has two results (table conflict).\nExample:\n  drey merge "
      "results-a results-b -o runs.db");
  command->callback([options, &line] { line.exit_code = merge(*options); });
}

}  // namespace drey::tools
