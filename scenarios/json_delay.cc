#include <fmt/core.h>

#include "scenarios/json_reader.h"

namespace drey::scenarios {
namespace {

using reports::Bare;
using reports::print_duration;

constexpr std::string_view kExpected =
    "is not a duration (expected e.g. \"10 s\", \"500 ms\", \"2 min\")";

bool read_duration(const JsonNode& node, int64_t& ns, Messages& messages) {
  if (node.kind == JsonNode::Kind::text) {
    if (const auto duration = reports::parse_duration(node.text, Bare::refused)) {
      ns = duration->ns;
      return true;
    }
    messages.error(node.place, fmt::format("{} {}", json_quoted(node.text), kExpected));
  } else if (node.kind == JsonNode::Kind::number) {
    messages.error(node.place,
                   fmt::format("a duration needs a unit (expected e.g. \"{} s\")", node.text));
  } else {
    messages.error(node.place,
                   fmt::format("expected a duration, not {}", JsonNode::kind_name(node.kind)));
  }
  return false;
}

bool read_pair(const JsonNode& list, int64_t& a, int64_t& b, Messages& messages) {
  if (list.kind != JsonNode::Kind::list || list.items.size() != 2) {
    messages.error(list.place, "expected a list of two durations");
    return false;
  }
  return read_duration(list.items[0], a, messages) && read_duration(list.items[1], b, messages);
}

bool read_exponential(const JsonNode& node, Distribution& value, Messages& messages) {
  value.kind = Distribution::Kind::exponential;
  if (node.kind != JsonNode::Kind::list) return read_duration(node, value.b, messages);
  return read_pair(node, value.a, value.b, messages);
}

bool read_two_point(const JsonNode& node, Distribution& value, Messages& messages) {
  value.kind = Distribution::Kind::two_point;
  const bool three = node.kind == JsonNode::Kind::list && node.items.size() == 3;
  const auto tail = three && node.items[2].kind == JsonNode::Kind::text
                        ? reports::parse_ratio(node.items[2].text)
                        : std::nullopt;
  if (!tail || tail->numerator > tail->denominator) {
    messages.error(node.place,
                   "expected [usual duration, rare duration, share of the rare one], e.g. "
                   "[\"1 ms\", \"50 ms\", \"1 %\"]");
    return false;
  }
  value.tail = *tail;
  return read_duration(node.items[0], value.a, messages) &&
         read_duration(node.items[1], value.b, messages);
}

bool read_empirical(const JsonNode& node, Distribution& value, Messages& messages) {
  value.kind = Distribution::Kind::empirical;
  if (node.kind != JsonNode::Kind::object || node.members.empty()) {
    messages.error(node.place,
                   "expected an object of weights by duration, e.g. {\"1 ms\": 90, \"5 ms\": 10}");
    return false;
  }
  for (const JsonMember& member : node.members) {
    const auto duration = reports::parse_duration(member.key, Bare::refused);
    if (!duration) {
      messages.error(member.key_place, fmt::format("{} {}", json_quoted(member.key), kExpected));
      return false;
    }
    const auto weight = member.value.kind == JsonNode::Kind::number
                            ? reports::parse_integer(member.value.text)
                            : std::nullopt;
    if (!weight || *weight < 1 || *weight > 1'000'000) {
      messages.error(member.value.place, "a weight is a whole number from 1 to 1000000");
      return false;
    }
    if (!value.points.empty() && value.points.back().value >= duration->ns) {
      messages.error(member.key_place, "the durations of an empirical distribution must rise");
      return false;
    }
    value.points.push_back({duration->ns, static_cast<uint32_t>(*weight)});
  }
  return true;
}

}  // namespace

bool read_delay(const JsonNode& node, Distribution& value, Messages& messages) {
  value = Distribution{};
  if (node.kind != JsonNode::Kind::object) return read_duration(node, value.a, messages);
  if (node.members.size() != 1) {
    messages.error(node.place, "expected one of uniform, exp, two_point, empirical");
    return false;
  }
  const JsonMember& member = node.members.front();
  if (member.key == "uniform") {
    value.kind = Distribution::Kind::uniform;
    if (!read_pair(member.value, value.a, value.b, messages)) return false;
    if (value.a <= value.b) return true;
    messages.error(member.value.place, "the first duration is longer than the second");
    return false;
  }
  if (member.key == "exp") return read_exponential(member.value, value, messages);
  if (member.key == "two_point") return read_two_point(member.value, value, messages);
  if (member.key == "empirical") return read_empirical(member.value, value, messages);
  messages.error(member.key_place,
                 fmt::format("unknown distribution {}; known: uniform, exp, two_point, empirical",
                             json_quoted(member.key)));
  return false;
}

JsonNode print_delay(const Distribution& value) {
  const auto text = [](int64_t ns) { return json_text(print_duration(sim::Duration{ns})); };
  if (value.kind == Distribution::Kind::constant) return text(value.a);
  JsonNode object = json_object();
  JsonNode list = json_list();
  list.items = {text(value.a), text(value.b)};
  switch (value.kind) {
    case Distribution::Kind::constant:
      break;
    case Distribution::Kind::uniform:
      json_add(object, "uniform", std::move(list));
      break;
    case Distribution::Kind::exponential:
      json_add(object, "exp", std::move(list));
      break;
    case Distribution::Kind::two_point:
      list.items.push_back(json_text(reports::print_ratio(value.tail)));
      json_add(object, "two_point", std::move(list));
      break;
    case Distribution::Kind::empirical: {
      JsonNode points = json_object();
      for (const Distribution::Point& point : value.points)
        json_add(points, print_duration(sim::Duration{point.value}), json_integer(point.weight));
      json_add(object, "empirical", std::move(points));
      break;
    }
  }
  return object;
}

}  // namespace drey::scenarios
