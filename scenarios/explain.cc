#include "scenarios/explain.h"

#include <fmt/core.h>

#include "scenarios/describe.h"
#include "scenarios/json_reader.h"
#include "sim/check.h"
#include "sim/digest.h"

namespace drey::scenarios {
namespace {

// Writes what the description names. Values that are not set (empty optionals) are left out.
class Printer final : public FieldVisitor {
 public:
  explicit Printer(JsonNode& out) : out_(out) {}

  void boolean(const Field& field, bool& value) override { add(field, json_boolean(value)); }
  void integer(const Field& field, int64_t& value) override { add(field, json_integer(value)); }
  void duration(const Field& field, sim::Duration& value) override {
    add(field, json_text(reports::print_duration(value)));
  }
  void size(const Field& field, uint64_t& value) override {
    add(field, json_text(reports::print_size(value)));
  }
  void rate(const Field& field, Rate& value, bool bytes) override {
    value.bytes = bytes;
    add(field, json_text(reports::print_rate(value)));
  }
  void ratio(const Field& field, Ratio& value) override {
    add(field, json_text(reports::print_ratio(value)));
  }
  void delay(const Field& field, Distribution& value) override { add(field, print_delay(value)); }
  void text(const Field& field, std::string& value, TextForm) override {
    add(field, json_text(value));
  }
  void texts(const Field& field, std::vector<std::string>& value) override {
    JsonNode list = json_list();
    for (const std::string& text : value) list.items.push_back(json_text(text));
    add(field, std::move(list));
  }
  void choice(const Field& field, std::span<const std::string_view> names, size_t& index) override {
    add(field, json_text(names[index]));
  }
  void target(const Field& field, Target& value) override {
    add(field, json_text(print_target(value)));
  }
  void targets(const Field& field, std::vector<Target>& value) override { add(field, side(value)); }
  void sides(const Field& field, std::vector<Target>& one, std::vector<Target>& two) override {
    JsonNode list = json_list();
    list.items = {side(one), side(two)};
    add(field, std::move(list));
  }
  void subtask(const Field& field, std::string& vertex, int64_t& number) override {
    add(field, json_text(fmt::format("{}/{}", vertex, number)));
  }
  void options(const Field& field, FlinkOptions& value) override {
    JsonNode object = json_object();
    for (const auto& [key, text] : value.values()) json_add(object, key, json_text(text));
    add(field, std::move(object));
  }
  void numbers(const Field& field, std::vector<std::pair<std::string, int64_t>>& value) override {
    if (value.empty()) return;
    JsonNode object = json_object();
    for (const auto& [key, number] : value) json_add(object, key, json_integer(number));
    add(field, std::move(object));
  }
  void json(const Field& field, std::string_view, std::string& text) override {
    if (auto node = parse_json(text)) add(field, std::move(*node));
  }
  void object(const Field& field, const Inner& inner) override { add(field, nested(inner)); }
  void map(const Field& field, Elements& elements) override {
    JsonNode object = json_object();
    for (size_t i = 0; i < elements.size(); ++i)
      json_add(object, elements.key(i), nested([&](FieldVisitor& v) { elements.describe(i, v); }));
    add(field, std::move(object));
  }
  void list(const Field& field, Elements& elements) override {
    if (elements.size() == 0 && field.name == "plot") return;  // of no sweep nothing is drawn
    JsonNode list = json_list();
    for (size_t i = 0; i < elements.size(); ++i)
      list.items.push_back(nested([&](FieldVisitor& v) { elements.describe(i, v); }));
    add(field, std::move(list));
  }
  bool wants(const Field&, bool is_set) override { return is_set; }
  size_t alternative(std::string_view, std::span<const std::string_view>, size_t current) override {
    return current;
  }
  void either(const Field&, bool object_now, const Inner& plain, const Inner& as_object) override {
    (object_now ? as_object : plain)(*this);
  }
  bool element_text(std::string_view, std::string& value, TextForm) override {
    if (value.empty()) return false;
    out_ = json_text(value);
    return true;
  }

 private:
  void add(const Field& field, JsonNode value) { json_add(out_, field.name, std::move(value)); }
  static JsonNode nested(const Inner& inner) {
    JsonNode object = json_object();
    Printer printer(object);
    inner(printer);
    return object;
  }
  static JsonNode side(const std::vector<Target>& targets) {
    if (targets.size() == 1) return json_text(print_target(targets.front()));
    JsonNode list = json_list();
    for (const Target& target : targets) list.items.push_back(json_text(print_target(target)));
    return list;
  }

  JsonNode& out_;
};

// Prints one value a line, each scalar with where it came from.
class Explainer {
 public:
  Explainer(const ReadScenario& read, std::string& out) : read_(read), out_(out) {}

  void print(const JsonNode& node, const std::string& pointer, const std::string& tail,
             size_t level) {
    const std::string inner(2 * (level + 1), ' ');
    if (node.kind == JsonNode::Kind::object && !node.members.empty()) {
      out_ += "{\n";
      for (size_t i = 0; i < node.members.size(); ++i) {
        const JsonMember& member = node.members[i];
        out_ += inner + json_quoted(member.key) + ": ";
        print(member.value, pointer + "/" + member.key, i + 1 < node.members.size() ? "," : "",
              level + 1);
      }
      out_ += std::string(2 * level, ' ') + "}" + tail + "\n";
    } else if (node.kind == JsonNode::Kind::list && !node.items.empty()) {
      out_ += "[\n";
      for (size_t i = 0; i < node.items.size(); ++i) {
        out_ += inner;
        print(node.items[i], fmt::format("{}/{}", pointer, i), i + 1 < node.items.size() ? "," : "",
              level + 1);
      }
      out_ += std::string(2 * level, ' ') + "]" + tail + "\n";
    } else {
      std::string text = print_json(node);
      text.pop_back();
      out_ += fmt::format("{}{}  // {}\n", text, tail, origin(pointer));
    }
  }

 private:
  std::string origin(const std::string& pointer) const {
    const JsonNode* node = read_.tree.at(pointer);
    // An expanded edge comes from the chain at or before its place; a resolved id or short form
    // from its object.
    if (node == nullptr) return pointer.rfind("/job/edges", 0) == 0 ? edges_origin() : "default";
    if (node->place.line == 0) return "default";
    return fmt::format("{}:{}", read_.sources[node->place.file].name, node->place.line);
  }
  std::string edges_origin() const {
    const Place place = place_of(read_.tree, "/job/edges");
    return fmt::format("{}:{}", read_.sources[place.file].name, place.line);
  }

  const ReadScenario& read_;
  std::string& out_;
};

}  // namespace

JsonNode scenario_to_json(const Scenario& scenario) {
  Scenario copy = scenario;  // a visitor may write; a printer does not, but the signature is shared
  JsonNode out = json_object();
  Printer printer(out);
  describe(printer, copy);
  return out;
}

std::string print_scenario(const Scenario& scenario) {
  return print_json(scenario_to_json(scenario));
}

std::string explain(const ReadScenario& read) {
  CHECK(read.scenario.has_value(), "only a scenario without errors can be explained");
  std::string out;
  Explainer(read, out).print(scenario_to_json(*read.scenario), {}, {}, 0);
  return out;
}

std::string scenario_id(const Scenario& scenario) {
  sim::Digest digest;
  digest.fold(print_scenario(scenario));
  return sim::to_hex(digest.value());
}

}  // namespace drey::scenarios
