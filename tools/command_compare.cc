// drey compare A B: what differs between two runs, or between two sweeps.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "reports/quantity.h"
#include "scenarios/compare.h"
#include "tools/command.h"

namespace drey::tools {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string a, b;
  std::string tolerance;
  std::string metrics;
  std::string format = "text";
  bool all = false;
};

std::optional<std::string> text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A folder of a run or a sweep, or one of their files.
std::optional<scenarios::Comparand> read_one(const std::string& name) {
  scenarios::Comparand out;
  out.name = name;
  const fs::path path(name);
  std::optional<std::string> text;
  if (fs::is_directory(path)) {
    text = text_of(path / "sweep.json");
    if (!text) text = text_of(path / "result.json");
    out.log = text_of(path / "log.txt").value_or("");
  } else {
    text = text_of(path);
    if (path.filename() == "result.json")
      out.log = text_of(path.parent_path() / "log.txt").value_or("");
  }
  if (text)
    if (auto document = scenarios::parse_json(*text)) {
      out.document = std::move(*document);
      return out;
    }
  print_error(fmt::format("drey compare: \"{}\" is neither a result nor a sweep\n", name));
  return std::nullopt;
}

std::string shown(const Options& options, const reports::TextTable& table) {
  if (options.format == "markdown") return reports::markdown(table);
  if (options.format == "csv") return reports::csv(table);
  return reports::aligned(table);
}

int compare(const Options& options) {
  scenarios::CompareOptions how;
  how.all = options.all;
  how.metrics = options.metrics;
  if (!options.tolerance.empty()) {
    const auto ratio = reports::parse_ratio(options.tolerance);
    if (!ratio) {
      print_error(fmt::format("drey compare: \"{}\" is no tolerance (expected e.g. 5%)\n",
                              options.tolerance));
      return kExitBadInput;
    }
    how.tolerance = static_cast<double>(ratio->numerator) / static_cast<double>(ratio->denominator);
  }
  const auto a = read_one(options.a);
  const auto b = read_one(options.b);
  if (!a || !b) return kExitBadInput;
  const scenarios::CompareResult result = scenarios::compare(*a, *b, how);
  if (!result.problem.empty()) {
    print_error(fmt::format("drey compare: {}\n", result.problem));
    return kExitBadInput;
  }
  if (options.format == "text") print_out(result.head);
  if (result.table.size() > 1) print_out(shown(options, result.table));
  if (options.format == "text") print_out(result.divergence);
  for (const std::string& line : result.beyond) print_error(line + "\n");
  return result.beyond.empty() ? kExitHeld : kExitViolated;
}

}  // namespace

void add_compare(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("compare", "Differences between two runs or two sweeps, B against A");
  command->add_option("A", options->a, "Folder of --out, or result.json, or sweep.json; a baseline")
      ->required();
  command->add_option("B", options->b, "Likewise")->required();
  command->add_option("--tolerance", options->tolerance,
                      "Exit code 1 when a value of B differs from A by more, e.g. 5%");
  command->add_option("--metrics", options->metrics, "Only those that begin so, e.g. job.");
  command->add_option("--format", options->format, "text, markdown or csv")
      ->check(CLI::IsMember({"text", "markdown", "csv"}));
  command->add_flag("--all", options->all, "Also what is equal");
  command->footer(
      "Example:\n  drey compare baseline/result.json out --tolerance 5% --metrics job.");
  command->callback([options, &line] { line.exit_code = compare(*options); });
}

}  // namespace drey::tools
