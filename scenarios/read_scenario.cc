#include "scenarios/read_scenario.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "reports/suggest.h"
#include "scenarios/describe.h"
#include "scenarios/job_logs.h"
#include "scenarios/json_reader.h"
#include "scenarios/sweep_plan.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kAppended[] = {"faults", "expect", "edges"};

// At most one byte more than the limit, so that a device or a huge file costs nothing.
std::optional<std::string> read_stream(std::istream& in) {
  constexpr size_t kStep = size_t{64} << 10;
  std::string text;
  while (in && text.size() <= kFileBytesMax) {  // one byte too many tells that it is too long
    const size_t before = text.size();
    text.resize(std::min(before + kStep, size_t{kFileBytesMax} + 1));
    in.read(text.data() + before, static_cast<std::streamsize>(text.size() - before));
    text.resize(before + static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) return std::nullopt;
  return text;
}

std::optional<std::string> read_file(const std::string& path) {
  if (path == "-") return read_stream(std::cin);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return read_stream(in);
}

JsonNode take_member(JsonNode& object, std::string_view key) {
  for (size_t i = 0; i < object.members.size(); ++i) {
    if (object.members[i].key != key) continue;
    JsonNode value = std::move(object.members[i].value);
    object.members.erase(object.members.begin() + static_cast<std::ptrdiff_t>(i));
    return value;
  }
  return {};
}

// The cases of an axis are patches for later: a null in them takes away at a point, not here.
void keep_cases(JsonNode& tree) {
  for (JsonMember& sweep : tree.members)
    for (JsonMember& axes : sweep.value.members)
      for (JsonMember& axis : axes.value.members)
        for (JsonMember& cases : axis.value.members)
          if (sweep.key == "sweep" && axes.key == "axes" && cases.key == "cases")
            cases.value.whole = true;
}

class Loader {
 public:
  Loader(ReadScenario& out, bool files) : out_(out), files_(files) {}

  // The file and its ancestors, merged.
  bool load(const std::string& path, std::string text) {
    std::vector<JsonNode> chain;
    std::string name = path;
    for (;;) {
      const auto index = static_cast<uint32_t>(out_.sources.size());
      out_.sources.push_back(SourceFile{name, std::move(text)});
      auto tree = parse_json(out_.sources, index, out_.messages);
      if (!tree) return false;
      if (tree->kind != JsonNode::Kind::object) {
        out_.messages.error(tree->place, fmt::format("a scenario is an object, not {}",
                                                     JsonNode::kind_name(tree->kind)));
        return false;
      }
      take_member(*tree, "$schema");
      keep_cases(*tree);
      const bool extends = tree->find("extends") != nullptr;
      const JsonNode parent = take_member(*tree, "extends");
      chain.push_back(std::move(*tree));
      if (!extends) break;
      if (!next(parent, name, text)) return false;
    }
    merge(chain);
    return out_.messages.empty();
  }

 private:
  bool fail(const JsonNode& at, std::string text) {
    out_.messages.error(at.place, std::move(text));
    return false;
  }

  bool next(const JsonNode& parent, std::string& name, std::string& text) {
    if (parent.kind != JsonNode::Kind::text || parent.text.empty())
      return fail(parent, "\"extends\" names one file, e.g. \"quickstart.json\"");
    if (!files_) return fail(parent, "\"extends\" needs a file, not a text");
    if (out_.sources.size() > kExtendsMax)
      return fail(parent, fmt::format("more than {} files extend each other", kExtendsMax));
    const std::filesystem::path relative(parent.text);
    if (relative.is_absolute())
      return fail(parent, "\"extends\" must be a path relative to this file");
    const std::string path =
        (std::filesystem::path(name).parent_path() / relative).lexically_normal().string();
    for (const SourceFile& seen : out_.sources)
      if (std::filesystem::path(seen.name).lexically_normal().string() == path)
        return fail(parent, fmt::format("{} extends itself", json_quoted(parent.text)));
    auto read = read_file(path);
    if (!read) return fail(parent, fmt::format("cannot read {}", json_quoted(path)));
    name = path;
    text = std::move(*read);
    return true;
  }

  void merge(std::vector<JsonNode>& chain) {
    JsonNode merged = json_object();
    while (!chain.empty()) {
      JsonNode layer = std::move(chain.back());
      chain.pop_back();
      if (!chain.empty())
        take_member(layer, "about");  // prose speaks of the file that it stands in
      std::vector<JsonNode> more;
      for (const std::string_view key : kAppended) {
        JsonNode& home =
            key == "edges" && layer.find("job") != nullptr ? member_of(layer, "job") : layer;
        more.push_back(take_member(home, fmt::format("{}+", key)));
      }
      merged = merge_patch(std::move(merged), std::move(layer));
      for (size_t i = 0; i < more.size(); ++i) append(merged, kAppended[i], std::move(more[i]));
    }
    out_.tree = std::move(merged);
  }

  static JsonNode& member_of(JsonNode& object, std::string_view key) {
    for (JsonMember& member : object.members)
      if (member.key == key) return member.value;
    return object;
  }

  void append(JsonNode& merged, std::string_view key, JsonNode more) {
    if (more.place.line == 0) return;  // not there
    if (more.kind != JsonNode::Kind::list) {
      out_.messages.error(more.place,
                          fmt::format("expected a list, not {}", JsonNode::kind_name(more.kind)));
      return;
    }
    JsonNode& home = key == "edges" ? member_of(merged, "job") : merged;
    for (JsonMember& member : home.members) {
      if (member.key != key || member.value.kind != JsonNode::Kind::list) continue;
      for (JsonNode& item : more.items) member.value.items.push_back(std::move(item));
      return;
    }
    home.members.push_back(JsonMember{std::string(key), more.place, std::move(more)});
  }

  ReadScenario& out_;
  bool files_;
};

// Options that the file wants ignored are needed while it is read.
std::vector<std::string> ignored_options(const JsonNode& tree) {
  std::vector<std::string> names;
  const JsonNode* list = tree.find("ignore_options");
  if (list == nullptr) return names;
  for (const JsonNode& item : list->items) names.push_back(item.text);
  return names;
}

// Of a format that is not ours nothing else can be said.
bool newer_format(ReadScenario& out) {
  const JsonNode* format = out.tree.find("format");
  if (format == nullptr || format->kind != JsonNode::Kind::number) return false;
  const int64_t version = reports::parse_integer(format->text).value_or(0);
  if (version <= kFormat) return false;
  out.messages.error(
      format->place,
      fmt::format("format {} is newer than this drey, which reads format {}", version, kFormat));
  return true;
}

struct Step {
  const JsonNode& tree;
  const Sources& sources;
  Messages& messages;
};

void find_csv_files(const Step& step, Scenario& scenario) {
  for (VertexSpec& vertex : scenario.job.vertices) {
    if (!vertex.data) continue;
    const Place place = place_of(step.tree, fmt::format("/job/vertices/{}/data/csv", vertex.id));
    const std::filesystem::path folder =
        std::filesystem::path(step.sources[place.file].name).parent_path();
    vertex.data->file = (folder / vertex.data->path).lexically_normal().string();
    if (!std::filesystem::is_regular_file(vertex.data->file))
      step.messages.error(place, fmt::format("cannot read {}", json_quoted(vertex.data->file)));
  }
}

// Options that a job can bring along; the others are those of processes that run already.
bool is_of_a_job(std::string_view key) {
  constexpr std::string_view kOfJobs[] = {"execution.",   "restart-strategy.",
                                          "state.",       "pipeline.",
                                          "parallelism.", "jobmanager.execution."};
  return std::any_of(std::begin(kOfJobs), std::end(kOfJobs),
                     [&](std::string_view prefix) { return key.starts_with(prefix); });
}

std::optional<Scenario> read_tree(const Step& step, bool files);

// The scenario's job and options with a fault's `change` merged into them.
void read_later(const Step& step, Scenario& scenario, size_t fault) {
  const std::string pointer = fmt::format("/faults/{}", fault);
  const auto refuse = [&](const std::string& at, std::string text) {
    step.messages.error(place_of(step.tree, at), std::move(text));
  };
  if (scenario.flink.text("high-availability.type") != "NONE")
    return refuse(pointer, "resubmit with high availability is not modelled");
  if (scenario.job.effective_mode() == JobMode::batch || scenario.grain == Grain::null)
    return refuse(pointer, "resubmit needs a streaming job of the exact grain");
  JsonNode tree = step.tree;
  for (const std::string_view key :
       {"faults", "expect", "choices", "killed_by", "sweep", "plot", "seed", "seeds"})
    take_member(tree, key);
  const JsonNode* change = step.tree.at(pointer + "/change");
  if (change != nullptr) {
    for (const JsonMember& member : change->members)
      if (member.key != "job" && member.key != "flink")
        return step.messages.error(member.key_place, "\"change\" knows \"job\" and \"flink\"");
    if (const JsonNode* flink = change->find("flink"); flink != nullptr)
      for (const JsonMember& option : flink->members)
        if (!is_of_a_job(option.key))
          step.messages.error(option.key_place, "this option is the cluster's, not a job's");
    tree = merge_patch(std::move(tree), *change);
  }
  auto later = read_tree({tree, step.sources, step.messages}, true);
  if (!later) return;
  // The log is there already: what it has does not follow from the new parallelism.
  for (VertexSpec& vertex : later->job.vertices) {
    const VertexSpec* const before = scenario.vertex(vertex.id);
    if (before == nullptr || vertex.splits == before->splits) continue;
    const std::string at = fmt::format("/job/vertices/{}/splits", vertex.id);
    if (tree.at(at) != nullptr)
      step.messages.error(place_of(tree, at),
                          fmt::format("the log has {} splits already", before->splits));
    vertex.splits = before->splits;
  }
  for (const VertexSpec& vertex : later->job.vertices)
    if (vertex.kind == VertexKind::source && !log_of_later(scenario, *later, vertex).has_value())
      return refuse(pointer, fmt::format("source \"{}\" reads a log that the first job does not "
                                         "read: neither its topic nor its name nor what it "
                                         "describes is known there",
                                         vertex.id));
  scenario.later.push_back(std::move(*later));
}

std::optional<Scenario> read_tree(const Step& step, bool files) {
  Scenario scenario;
  read_object(step.tree, "the scenario", ignored_options(step.tree), step.messages,
              [&](FieldVisitor& v) { describe(v, scenario); });
  // Names are resolved only in a file whose parts were read: else each error would have echoes.
  if (step.messages.empty()) {
    if (scenario.seed && scenario.seeds)
      step.messages.error(place_of(step.tree, "/seeds"),
                          "\"seed\" and \"seeds\" exclude each other");
    resolve_job(scenario, step.tree, step.messages);
    resolve_cluster(scenario, step.tree, step.messages);
    resolve_faults(scenario, step.tree, step.messages);
    resolve_expectations(scenario, step.tree, step.messages);
    resolve_sweep(scenario, step.tree, step.messages);
    if (files) find_csv_files(step, scenario);
    if (step.messages.empty()) resolve_regions(scenario, step.tree, step.messages);
    if (step.messages.empty()) resolve_logs(scenario, step.tree, step.messages);
    for (size_t i = 0; step.messages.empty() && i < scenario.faults.size(); ++i)
      if (scenario.faults[i].verb == FaultVerb::resubmit) read_later(step, scenario, i);
  }
  if (!step.messages.empty()) return std::nullopt;
  return scenario;
}

ReadScenario read(const std::string& name, std::string text, bool files) {
  ReadScenario out;
  if (!Loader(out, files).load(name, std::move(text))) return out;
  if (newer_format(out)) return out;
  out.scenario = read_tree({out.tree, out.sources, out.messages}, files);
  return out;
}

}  // namespace

ReadScenario read_scenario_file(const std::string& path) {
  auto text = read_file(path);
  if (text) return read(path, std::move(*text), true);
  ReadScenario out;
  out.sources.push_back(SourceFile{path, {}});
  out.messages.error(Place{0, 0, 0, 1}, "cannot read this file");
  return out;
}

ReadScenario read_scenario_text(std::string_view name, std::string_view text) {
  return read(std::string(name), std::string(text), false);
}

std::pair<std::string, uint32_t> ReadScenario::line_of(std::string_view pointer) const {
  const Place place = place_of(tree, pointer);
  return {place.file < sources.size() ? sources[place.file].name : std::string(), place.line};
}

std::optional<Scenario> scenario_of_tree(const JsonNode& tree, const Sources& sources,
                                         Messages& messages) {
  return read_tree({tree, sources, messages}, true);
}

Place place_of(const JsonNode& tree, std::string_view pointer) {
  for (;;) {
    const JsonNode* node = tree.at(pointer);
    if (node != nullptr && node->place.line != 0) return node->place;
    if (pointer.empty()) return Place{};
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

Place place_inside(const JsonNode& tree, std::string_view pointer, size_t offset, size_t length) {
  Place place = place_of(tree, pointer);
  const JsonNode* node = tree.at(pointer);
  if (node == nullptr || node->kind != JsonNode::Kind::text) return place;
  const auto characters = [&](size_t bytes) {
    const size_t end = std::min(bytes, node->text.size());
    return static_cast<uint32_t>(
        std::count_if(node->text.begin(), node->text.begin() + static_cast<std::ptrdiff_t>(end),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  };
  const uint32_t from = characters(offset);
  place.column += 1 + from;
  place.length = std::max(1u, characters(offset + length) - from);
  return place;
}

}  // namespace drey::scenarios
