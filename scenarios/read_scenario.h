#pragma once
// A scenario file -> Scenario, or messages. Reads the file and those that it extends, merges them
// (RFC 7396; the child's "faults+", "expect+" and "edges+" append), reads the result into values,
// resolves every name, and checks what types cannot say. All errors at once; nothing is thrown.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/json_tree.h"
#include "scenarios/messages.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

inline constexpr size_t kExtendsMax = 5;

struct ReadScenario {
  std::optional<Scenario> scenario;  // only without errors
  JsonNode tree;                     // merged; places say which file said what
  Sources sources;                   // the file itself, then what it extends
  Messages messages;

  std::string errors() const { return messages.render(sources); }
  // Of "/faults/0" or the like: file and line, 0 = nowhere.
  std::pair<std::string, uint32_t> line_of(std::string_view pointer) const;
};

ReadScenario read_scenario_file(const std::string& path);  // "-" is standard input
// `name` stands for the file in messages. Does not touch the file system: "extends" is refused, CSV
// files are not looked at.
ReadScenario read_scenario_text(std::string_view name, std::string_view text);

// A tree that was merged already, e.g. with a value of a sweep put into it. CSV files are looked
// for beside the file that names them.
std::optional<Scenario> scenario_of_tree(const JsonNode& tree, const Sources& sources,
                                         Messages& messages);

// Steps of the above, each in a file of its own.
void resolve_job(Scenario& scenario, const JsonNode& tree, Messages& messages);
void resolve_cluster(Scenario& scenario, const JsonNode& tree, Messages& messages);
void resolve_logs(const Scenario& scenario, const JsonNode& tree, Messages& messages);
void resolve_regions(const Scenario& scenario, const JsonNode& tree, Messages& messages);
void resolve_faults(Scenario& scenario, const JsonNode& tree, Messages& messages);
void resolve_expectations(Scenario& scenario, const JsonNode& tree, Messages& messages);

// The place of a value, or of the nearest part of its path that the files hold.
Place place_of(const JsonNode& tree, std::string_view pointer);
// Characters offset..offset+length inside the text at `pointer`.
Place place_inside(const JsonNode& tree, std::string_view pointer, size_t offset, size_t length);

}  // namespace drey::scenarios
