#pragma once
// What the commands share. Each command_x.cc adds one subcommand and sets `exit_code` when it ran.
// Conventions: results on stdout, everything else on stderr; --json prints one document and nothing
// else; exit codes of design.md section 6.
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/read_scenario.h"

namespace drey::tools {

inline constexpr int kExitHeld = 0;
inline constexpr int kExitViolated = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitInternal = 3;

struct CommandLine {
  int exit_code = kExitHeld;
};

void add_run(CLI::App& app, CommandLine& line);
void add_check(CLI::App& app, CommandLine& line);
void add_explain(CLI::App& app, CommandLine& line);
void add_sweep(CLI::App& app, CommandLine& line);
void add_merge(CLI::App& app, CommandLine& line);
void add_compare(CLI::App& app, CommandLine& line);
void add_schema(CLI::App& app, CommandLine& line);
void add_mutants(CLI::App& app, CommandLine& line);
void add_version(CLI::App& app, CommandLine& line);

void print_out(std::string_view text);    // stdout
void print_error(std::string_view text);  // stderr

// Reads all, with the values of --set put in; prints the messages of those that are bad and says so
// by an empty list.
std::vector<scenarios::ReadScenario> read_all(const std::vector<std::string>& files,
                                              const std::vector<std::string>& sets = {});

}  // namespace drey::tools
