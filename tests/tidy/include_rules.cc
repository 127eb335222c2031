#include "tests/tidy/include_rules.h"

#include <algorithm>
#include <array>
#include <optional>

namespace drey::tidy {
namespace {

constexpr std::array<std::string_view, 6> kRooms = {"sim",     "state",     "model",
                                                    "reports", "scenarios", "tools"};

std::optional<size_t> room_position(std::string_view room) {
  const auto found = std::find(kRooms.begin(), kRooms.end(), room);
  if (found == kRooms.end()) return std::nullopt;
  return static_cast<size_t>(found - kRooms.begin());
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Files whose path begins with `from` may include headers of model whose path begins with `to`.
struct Door {
  std::string_view from;
  std::string_view to;
};
// Inside model each folder sees itself and the headers directly in model/; the rest is listed here.
constexpr Door kDoors[] = {
    {"model/task/", "model/graph/"},
    // What a barrier and a restore handle carry; nothing that runs.
    {"model/task/", "model/checkpoint/checkpoint_types.h"},
    // The exact grain assembles the operators of a chain; the rest of task/ does not know them.
    {"model/task/task_chain", "model/operators/"},
    {"model/task/task_chain", "model/io/"},
    {"model/task/task_outputs", "model/operators/"},
    {"model/task/exact_", "model/operators/"},
    {"model/task/exact_", "model/io/"},
    {"model/operators/", "model/task/"},
    {"model/operators/", "model/graph/"},
    {"model/io/", "model/task/"},
    {"model/io/", "model/graph/"},
    {"model/io/", "model/operators/operator.h"},
    {"model/io/", "model/operators/record_block.h"},
    {"model/io/", "model/operators/timer_service.h"},
    {"model/checkpoint/", "model/graph/"},
    // The door of design.md 2.11 and the data that crosses it.
    {"model/checkpoint/", "model/task/task_runtime.h"},
    {"model/checkpoint/", "model/task/deployment.h"},
    {"model/failover/", "model/graph/"},
    {"model/failover/", "model/checkpoint/checkpoint_types.h"},
    {"model/client/", "model/graph/"},
    // A client talks to the cluster: its messages, options and the leader's address.
    {"model/client/", "model/cluster/messages.h"},
    {"model/client/", "model/cluster/savepoint_messages.h"},
    {"model/client/", "model/cluster/leadership.h"},
    {"model/client/", "model/cluster/flink_options.h"},
    {"model/cluster/", "model/"},
};

// What reports/ may see of model: the announced facts and the description of the job (design.md
// section 1).
constexpr std::string_view kReportsView[] = {
    "model/trace_events.h", "model/runtime_facts.h", "model/result_facts.h",
    "model/savepoint_facts.h", "model/fact_names.h", "model/graph/execution_state.h",
    "model/graph/job_spec.h",
    // The job's shape: which subtasks there are and what connects them; no state.
    "model/graph/execution_topology.h", "model/graph/result_partition_type.h",
    // What the operators of a job mean, as pure functions of a record and the description.
    "model/graph/record_functions.h",
    // Subtasks and edges of a job as Flink wires them; what follows of them, oracles compute.
    "model/graph/execution_topology.h", "model/graph/result_partition_type.h"};

struct Fence {
  std::string_view header;  // prefix of what stands between < and >
  std::string_view place;   // in words
  std::vector<std::string_view> allowed;
};

std::vector<Fence> fences() {
  return {
      {"rocksdb/", "state/rocksdb_*", {"state/rocksdb_", "tests/state/rocksdb_", "tests/bench/"}},
      {"boost/", "model/graph", {"model/graph/", "tests/bench/"}},
      {"CLI/", "tools", {"tools/"}},
      {"nlohmann/",
       "scenarios/json_* and reports/write_json*",
       {"scenarios/json_", "reports/write_json", "tests/"}},
      {"sqlite3", "reports and scenarios/explore", {"reports/", "scenarios/explore"}},
      {"valijson/", "tests", {"tests/"}},
      {"gtest/", "tests", {"tests/"}},
      {"gmock/", "tests", {"tests/"}},
      {"benchmark/", "tests/bench", {"tests/bench/"}},
      {"spdlog/", "tools and scenarios (diagnostics only)", {"tools/", "scenarios/"}},
      {"xxhash", "tests", {"tests/"}},
  };
}

struct Include {
  std::string header;
  bool quoted = false;
};

std::optional<Include> include_of(const std::string& line) {
  const size_t hash = line.find_first_not_of(' ');
  if (hash == std::string::npos || line.compare(hash, 8, "#include") != 0) return std::nullopt;
  const size_t open = line.find_first_of("<\"", hash);
  if (open == std::string::npos) return std::nullopt;
  const size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string::npos) return std::nullopt;
  return Include{line.substr(open + 1, close - open - 1), line[open] == '"'};
}

bool door_open(std::string_view from, std::string_view to) {
  const std::string own = "model/" + model_folder_of(from) + "/";
  if (model_folder_of(to).empty() || starts_with(to, own)) return true;
  return std::any_of(std::begin(kDoors), std::end(kDoors), [&](const Door& door) {
    return starts_with(from, door.from) && starts_with(to, door.to);
  });
}

// The first rule that the include breaks.
std::optional<std::pair<std::string, std::string>> broken(const std::string& path,
                                                          const Include& include) {
  const std::string& to = include.header;
  if (!include.quoted || room_of(to) == "fmt") {
    for (const Fence& fence : fences()) {
      if (!starts_with(to, fence.header)) continue;
      const bool inside = std::any_of(fence.allowed.begin(), fence.allowed.end(),
                                      [&](std::string_view p) { return starts_with(path, p); });
      if (!inside) return {{"fence", "<" + to + "> belongs in " + std::string(fence.place)}};
    }
    return std::nullopt;
  }
  const std::optional<size_t> mine = room_position(room_of(path));
  const std::optional<size_t> theirs = room_position(room_of(to));
  if (!theirs && room_of(to) != "tests") {
    return {{"include-path", "\"" + to + "\": own headers are included from the root"}};
  }
  if (!mine) return std::nullopt;  // tests see all
  if (!theirs || *theirs > *mine) {
    return {{"room-direction", "\"" + to +
                                   "\": rooms include only to the left (sim, state, model, "
                                   "reports, scenarios, tools)"}};
  }
  if (room_of(path) == "model" && room_of(to) == "model" && !door_open(path, to)) {
    return {{"model-door", "\"" + to + "\" is not a door of model/" + model_folder_of(path) +
                               "; see tests/tidy/include_rules.cc"}};
  }
  if (room_of(path) == "reports" && room_of(to) == "model" &&
      std::find(std::begin(kReportsView), std::end(kReportsView), to) == std::end(kReportsView)) {
    return {{"reports-view", "\"" + to +
                                 "\": of model, reports sees only announced facts and the "
                                 "job's description"}};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Finding> check_includes(const SourceFile& file) {
  std::vector<Finding> findings;
  bool once = false;
  for (size_t i = 0; i < file.raw.size(); ++i) {
    once = once || file.raw[i] == "#pragma once";
    // The directive must survive the blanking (it is not in a comment); its text is in the raw
    // line.
    if (file.code[i].find("#include") == std::string::npos) continue;
    const std::optional<Include> include = include_of(file.raw[i]);
    if (!include) continue;
    if (const auto rule = broken(file.path, *include)) {
      findings.push_back({file.path, i + 1, rule->first, rule->second});
    }
  }
  const bool header = file.path.size() > 2 && file.path.compare(file.path.size() - 2, 2, ".h") == 0;
  if (header && !once) {
    findings.push_back({file.path, 1, "include-path", "a header begins with #pragma once"});
  }
  return findings;
}

}  // namespace drey::tidy
