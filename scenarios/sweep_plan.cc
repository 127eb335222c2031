#include "scenarios/sweep_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "reports/suggest.h"

namespace drey::scenarios {
namespace {

std::string label_of(const JsonNode& value) {
  return value.kind == JsonNode::Kind::text ? value.text : compact_json(value);
}

// "~1" is a slash, "~0" a tilde (RFC 6901).
std::string unescaped(std::string_view step) {
  std::string out;
  for (size_t i = 0; i < step.size(); ++i) {
    const bool escape = step[i] == '~' && i + 1 < step.size();
    out += !escape ? step[i] : step[i + 1] == '1' ? '/' : '~';
    i += escape ? 1 : 0;
  }
  return out;
}

class Planner {
 public:
  Planner(const SweepSpec& sweep, const JsonNode& tree, Messages& messages)
      : sweep_(sweep), tree_(tree), messages_(messages) {}

  std::optional<SweepPlan> run() {
    const size_t before = messages_.size();
    for (const AxisSpec& axis : sweep_.axes) add(axis);
    if (messages_.size() != before) return std::nullopt;
    check_zip();
    const std::vector<std::vector<std::pair<size_t, size_t>>> excluded = exclusions();
    if (messages_.size() != before) return std::nullopt;
    if (!cross()) return std::nullopt;
    auto& points = plan_.points;
    points.erase(std::remove_if(
                     points.begin(), points.end(),
                     [&](const std::vector<size_t>& point) {
                       return std::any_of(excluded.begin(), excluded.end(), [&](const auto& rule) {
                         return std::all_of(rule.begin(), rule.end(), [&](const auto& part) {
                           return point[part.first] == part.second;
                         });
                       });
                     }),
                 points.end());
    plan_.zipped = zipped_;
    if (!points.empty()) return std::move(plan_);
    error("/sweep/exclude", "nothing is left of the sweep");
    return std::nullopt;
  }

 private:
  void error(const std::string& pointer, std::string text, std::string suggestion = {}) {
    messages_.error(place_of(tree_, pointer), std::move(text), std::move(suggestion));
  }

  void add(const AxisSpec& spec) {
    const std::string pointer = "/sweep/axes/" + spec.name;
    Axis axis;
    axis.name = spec.name;
    axis.path = spec.path;
    axis.path_place = place_of(tree_, pointer + "/path");
    const bool in_sweep = spec.path.starts_with("/sweep") || spec.path.starts_with("/plot");
    if ((!spec.path.empty() && !spec.path.starts_with('/')) || in_sweep)
      return error(pointer + "/path",
                   "expected a path into the scenario, e.g. /flink/heartbeat.timeout");
    const int ways =
        (spec.values.empty() ? 0 : 1) + (spec.cases.empty() ? 0 : 1) + (spec.from.empty() ? 0 : 1);
    if (ways != 1)
      return error(pointer,
                   fmt::format("axis \"{}\" needs one of: values, cases, from", spec.name));
    if (spec.path.empty() && spec.cases.empty())
      return error(pointer, fmt::format("axis \"{}\" needs \"path\"", spec.name));
    if (!spec.from.empty()) {
      if (!range(spec, pointer, axis)) return;
    } else {
      listed(tree_.at(pointer + (spec.cases.empty() ? "/values" : "/cases")), axis);
    }
    if (axis.values.empty())
      return error(pointer, fmt::format("axis \"{}\" has no values", spec.name));
    for (size_t i = 0; i < axis.values.size(); ++i)
      for (size_t k = 0; k < i; ++k)
        if (axis.values[i].label == axis.values[k].label)
          messages_.error(axis.values[i].value.place,
                          fmt::format("axis \"{}\" has {} twice", spec.name,
                                      json_quoted(axis.values[i].label)));
    plan_.axes.push_back(std::move(axis));
  }

  bool range(const AxisSpec& spec, const std::string& pointer, Axis& axis) {
    const JsonNode* to = tree_.at(pointer + "/to");
    if (to == nullptr || spec.count < 2) {
      error(pointer, fmt::format("axis \"{}\" needs \"from\", \"to\" and \"count\"", spec.name));
      return false;
    }
    std::string why;
    for (JsonNode& value :
         range_values(*tree_.at(pointer + "/from"), *to, spec.count, spec.scale, why)) {
      const bool again = !axis.values.empty() && axis.values.back().label == label_of(value);
      if (!again) axis.values.push_back({label_of(value), std::move(value)});
    }
    if (!why.empty()) error(pointer + "/from", why);
    return why.empty();
  }

  static void listed(const JsonNode* values, Axis& axis) {
    if (values == nullptr) return;
    for (const JsonNode& item : values->items) axis.values.push_back({label_of(item), item});
    for (const JsonMember& member : values->members)
      axis.values.push_back({member.key, member.value});
  }

  std::optional<size_t> axis_named(const std::string& name, const Place& place) {
    std::vector<std::string> names;
    for (const Axis& axis : plan_.axes) names.push_back(axis.name);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<size_t>(found - names.begin());
    messages_.error(
        place,
        fmt::format("unknown axis {}; known: {}", json_quoted(name), reports::name_list(names, 12)),
        reports::nearest_name(name, names));
    return std::nullopt;
  }

  void check_zip() {
    for (size_t i = 0; i < sweep_.zip.size(); ++i) {
      const std::string pointer = fmt::format("/sweep/zip/{}", i);
      const auto axis = axis_named(sweep_.zip[i], place_of(tree_, pointer));
      if (!axis) continue;
      if (std::find(zipped_.begin(), zipped_.end(), *axis) != zipped_.end()) {
        error(pointer, fmt::format("axis \"{}\" is zipped twice", sweep_.zip[i]));
      } else if (!zipped_.empty() &&
                 plan_.axes[zipped_.front()].values.size() != plan_.axes[*axis].values.size()) {
        error(pointer, fmt::format("zipped axes need as many values: \"{}\" has {}, \"{}\" has {}",
                                   plan_.axes[zipped_.front()].name,
                                   plan_.axes[zipped_.front()].values.size(), sweep_.zip[i],
                                   plan_.axes[*axis].values.size()));
      }
      zipped_.push_back(*axis);
    }
    if (zipped_.size() == 1) error("/sweep/zip", "zip needs at least two axes");
  }

  // Axis and value of each part of each rule.
  std::vector<std::vector<std::pair<size_t, size_t>>> exclusions() {
    std::vector<std::vector<std::pair<size_t, size_t>>> rules;
    const JsonNode* list = tree_.at("/sweep/exclude");
    if (list == nullptr) return rules;
    for (const JsonNode& item : list->items) {
      rules.emplace_back();
      if (item.kind != JsonNode::Kind::object || item.members.empty())
        messages_.error(item.place,
                        "expected an object of axis and value, e.g. {\"load\": \"1 s\"}");
      for (const JsonMember& member : item.members) {
        const auto axis = axis_named(member.key, member.key_place);
        if (!axis) continue;
        if (const auto value = value_labelled(*axis, member.value))
          rules.back().emplace_back(*axis, *value);
      }
    }
    return rules;
  }

  std::optional<size_t> value_labelled(size_t axis, const JsonNode& node) {
    std::vector<std::string> labels;
    for (const AxisValue& value : plan_.axes[axis].values) labels.push_back(value.label);
    const std::string wanted = label_of(node);
    const auto found = std::find(labels.begin(), labels.end(), wanted);
    if (found != labels.end()) return static_cast<size_t>(found - labels.begin());
    messages_.error(node.place,
                    fmt::format("axis \"{}\" has no value {}; known: {}", plan_.axes[axis].name,
                                json_quoted(wanted), reports::name_list(labels, 12)),
                    reports::nearest_name(wanted, labels));
    return std::nullopt;
  }

  bool is_zipped(size_t axis) const {
    return std::find(zipped_.begin(), zipped_.end(), axis) != zipped_.end();
  }

  // The first of the zipped axes leads, the others follow it.
  bool cross() {
    constexpr size_t kMostPoints = 10'000'000;
    plan_.points = {std::vector<size_t>(plan_.axes.size(), 0)};
    for (size_t axis = 0; axis < plan_.axes.size(); ++axis) {
      if (is_zipped(axis) && axis != zipped_.front()) continue;
      const size_t count = plan_.axes[axis].values.size();
      if (plan_.points.size() * count > kMostPoints) {
        error("/sweep/axes", fmt::format("more than {} points", kMostPoints));
        return false;
      }
      std::vector<std::vector<size_t>> more;
      for (const std::vector<size_t>& point : plan_.points) {
        for (size_t value = 0; value < count; ++value) {
          more.push_back(point);
          if (!is_zipped(axis)) more.back()[axis] = value;
          for (const size_t follower : zipped_)
            if (is_zipped(axis)) more.back()[follower] = value;
        }
      }
      plan_.points = std::move(more);
    }
    return true;
  }

  const SweepSpec& sweep_;
  const JsonNode& tree_;
  Messages& messages_;
  SweepPlan plan_;
  std::vector<size_t> zipped_;
};

// Puts a value into the tree; objects that are not there yet are made on the way.
class Setter {
 public:
  Setter(const Axis& axis, Messages& messages) : axis_(axis), messages_(messages) {}

  void put(JsonNode& node, std::string_view path, const JsonNode& value) {
    if (path.empty()) {
      node = merge_patch(std::move(node), value);
      return;
    }
    path.remove_prefix(1);
    const std::string_view raw = path.substr(0, path.find('/'));
    path.remove_prefix(raw.size());
    const std::string step = unescaped(raw);
    if (node.kind == JsonNode::Kind::list) {
      if (JsonNode* item = item_of(node, step)) put(*item, path, value);
      return;
    }
    if (node.kind != JsonNode::Kind::object) return fail(step, "is inside a value");
    put_member(node, step, path, value);
  }

 private:
  void put_member(JsonNode& object, const std::string& step, std::string_view path,
                  const JsonNode& value) {
    for (size_t i = 0; i < object.members.size(); ++i) {
      if (object.members[i].key != step) continue;
      if (path.empty() && value.kind == JsonNode::Kind::null) {
        object.members.erase(object.members.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        put(object.members[i].value, path, value);
      }
      return;
    }
    if (path.empty() && value.kind == JsonNode::Kind::null) return;
    JsonNode fresh = json_object();
    fresh.place = axis_.path_place;
    object.members.push_back(JsonMember{step, axis_.path_place, std::move(fresh)});
    put(object.members.back().value, path, value);
  }

  // By its number, or by its id.
  JsonNode* item_of(JsonNode& list, const std::string& step) {
    const auto index = reports::parse_integer(step);
    if (index && *index >= 0 && static_cast<size_t>(*index) < list.items.size())
      return &list.items[static_cast<size_t>(*index)];
    for (JsonNode& item : list.items) {
      const JsonNode* id = item.find("id");
      if (id != nullptr && id->text == step) return &item;
    }
    fail(step, "is no element of its list");
    return nullptr;
  }

  void fail(const std::string& step, std::string_view why) {
    messages_.error(axis_.path_place, fmt::format("{} in the path of axis \"{}\" {}",
                                                  json_quoted(step), axis_.name, why));
  }

  const Axis& axis_;
  Messages& messages_;
};

}  // namespace

std::optional<SweepPlan> plan_sweep(const SweepSpec& sweep, const JsonNode& tree,
                                    Messages& messages) {
  return Planner(sweep, tree, messages).run();
}

JsonNode tree_at(const JsonNode& tree, const SweepPlan& plan, size_t point, Messages& messages) {
  JsonNode copy = tree;
  for (size_t i = 0; i < plan.axes.size(); ++i)
    Setter(plan.axes[i], messages)
        .put(copy, plan.axes[i].path, plan.axes[i].values[plan.points[point][i]].value);
  return copy;
}

std::vector<Scenario> scenarios_of(const ReadScenario& read, const SweepPlan& plan,
                                   Messages& messages) {
  std::vector<Scenario> all;
  JsonNode base = read.tree;  // a point is no sweep itself
  base.members.erase(
      std::remove_if(base.members.begin(), base.members.end(),
                     [](const JsonMember& m) { return m.key == "sweep" || m.key == "plot"; }),
      base.members.end());
  for (size_t point = 0; point < plan.points.size(); ++point) {
    Messages found;
    const JsonNode tree = tree_at(base, plan, point, found);
    std::optional<Scenario> scenario;
    if (found.empty()) scenario = scenario_of_tree(tree, read.sources, found);
    std::string where;
    for (size_t axis = 0; axis < plan.axes.size(); ++axis)
      where += fmt::format("{}{} = {}", axis == 0 ? "" : ", ", plan.axes[axis].name,
                           plan.label(point, axis));
    messages.take(std::move(found), fmt::format(" (at {})", where));
    if (scenario) all.push_back(std::move(*scenario));
  }
  if (!messages.empty()) all.clear();
  return all;
}

void put_values(ReadScenario& read, const std::vector<std::string>& sets) {
  for (const std::string& set : sets) {
    const auto file = static_cast<uint32_t>(read.sources.size());
    read.sources.push_back(SourceFile{"--set", set});
    const size_t equals = std::min(set.find('='), set.size());
    Axis axis;
    axis.name = "--set";
    axis.path = set.substr(0, equals);
    axis.path_place = Place{file, 1, 1, static_cast<uint32_t>(std::max<size_t>(1, equals))};
    if (equals == set.size() || axis.path.empty() || axis.path.front() != '/') {
      read.messages.error(axis.path_place,
                          "expected PATH=VALUE, e.g. /flink/heartbeat.timeout=8 s");
      continue;
    }
    const std::string text = set.substr(equals + 1);
    auto value = parse_json(text);
    if (!value) value = json_text(text);
    value->place = Place{file, 1, static_cast<uint32_t>(equals + 2),
                         static_cast<uint32_t>(std::max<size_t>(1, text.size()))};
    Setter(axis, read.messages).put(read.tree, axis.path, *value);
  }
  read.scenario.reset();
  if (read.messages.empty())
    read.scenario = scenario_of_tree(read.tree, read.sources, read.messages);
}

Seeds seeds_of(const Scenario& scenario) {
  if (scenario.sweep && scenario.sweep->seeds) return *scenario.sweep->seeds;
  return scenario.seeds.value_or(Seeds{.first = scenario.seed.value_or(1), .count = 1});
}

size_t runs_of(const SweepPlan& plan, const Scenario& scenario) {
  return plan.points.size() * static_cast<size_t>(seeds_of(scenario).count);
}

}  // namespace drey::scenarios
