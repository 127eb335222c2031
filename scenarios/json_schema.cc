#include "scenarios/json_schema.h"

#include <fmt/core.h>

#include <algorithm>

#include "scenarios/describe.h"
#include "scenarios/json_reader.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kIdPattern = "^[A-Za-z_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$";

JsonNode typed(std::string_view type) {
  JsonNode node = json_object();
  json_add(node, "type", json_text(type));
  return node;
}

JsonNode pattern_text(std::string_view pattern) {
  JsonNode node = typed("string");
  json_add(node, "pattern", json_text(pattern));
  return node;
}

JsonNode reference(std::string_view definition) {
  JsonNode node = json_object();
  json_add(node, "$ref", json_text(fmt::format("#/definitions/{}", definition)));
  return node;
}

JsonNode list_of(JsonNode items) {
  JsonNode node = typed("array");
  json_add(node, "items", std::move(items));
  return node;
}

JsonNode any_of(JsonNode a, JsonNode b) {
  JsonNode node = json_object();
  JsonNode list = json_list();
  list.items = {std::move(a), std::move(b)};
  json_add(node, "anyOf", std::move(list));
  return node;
}

JsonNode text_list(const std::vector<std::string>& texts) {
  JsonNode list = json_list();
  for (const std::string& text : texts) list.items.push_back(json_text(text));
  return list;
}

// One object shape as a describe function names it.
struct Shape {
  JsonNode properties = json_object();
  std::vector<std::string> required;
  std::string kind_key;   // discriminated by the value of this key ...
  std::string kind;       // ... being this,
  std::string verb;       // or by the presence of this key
  bool text_too = false;  // the element may be a text instead
  std::string text_help;
};

JsonNode object_of(const Shape& shape, bool complete) {
  JsonNode node = typed("object");
  json_add(node, "properties", shape.properties);
  if (complete && !shape.required.empty()) json_add(node, "required", text_list(shape.required));
  json_add(node, "additionalProperties", json_boolean(false));
  return node;
}

class SchemaWriter final : public FieldVisitor {
 public:
  explicit SchemaWriter(Shape& shape) : shape_(shape) {}

  void boolean(const Field& field, bool&) override { add(field, typed("boolean")); }
  void integer(const Field& field, int64_t& value) override {
    JsonNode node = typed("integer");
    json_add(node, "minimum", json_integer(field.least));
    if (field.most != INT64_MAX) json_add(node, "maximum", json_integer(field.most));
    if (value != 0 && !optional(field)) json_add(node, "default", json_integer(value));
    add(field, std::move(node));
  }
  void duration(const Field& field, sim::Duration& value) override {
    JsonNode node = pattern_text(reports::duration_pattern());
    if (!optional(field)) json_add(node, "default", json_text(reports::print_duration(value)));
    add(field, std::move(node));
  }
  void size(const Field& field, uint64_t& value) override {
    JsonNode node = pattern_text(reports::size_pattern());
    json_add(node, "default", json_text(reports::print_size(value)));
    add(field, std::move(node));
  }
  void rate(const Field& field, Rate&, bool) override {
    add(field, pattern_text(reports::rate_pattern()));
  }
  void ratio(const Field& field, Ratio&) override {
    JsonNode number = typed("number");
    json_add(number, "minimum", json_integer(0));
    json_add(number, "maximum", json_integer(1));
    add(field, any_of(pattern_text(reports::ratio_pattern()), std::move(number)));
  }
  void delay(const Field& field, Distribution&) override { add(field, reference("delay")); }
  void text(const Field& field, std::string&, TextForm form) override {
    JsonNode node = form == TextForm::id ? pattern_text(kIdPattern) : typed("string");
    if (form != TextForm::id) json_add(node, "minLength", json_integer(1));
    add(field, std::move(node));
  }
  void texts(const Field& field, std::vector<std::string>&) override {
    add(field, list_of(typed("string")));
  }
  void choice(const Field& field, std::span<const std::string_view> names, size_t& index) override {
    JsonNode node = json_object();
    JsonNode list = json_list();
    for (const std::string_view name : names) list.items.push_back(json_text(name));
    json_add(node, "enum", std::move(list));
    if (field.required || field.name == shape_.verb) {
      shape_.kind_key = std::string(field.name);
      shape_.kind = std::string(names[index]);
    } else if (!optional(field)) {
      json_add(node, "default", json_text(names[index]));
    }
    add(field, std::move(node));
  }
  void target(const Field& field, Target&) override { add(field, reference("target")); }
  void targets(const Field& field, std::vector<Target>&) override {
    add(field, reference("targets"));
  }
  void sides(const Field& field, std::vector<Target>&, std::vector<Target>&) override {
    JsonNode node = list_of(reference("targets"));
    json_add(node, "minItems", json_integer(2));
    json_add(node, "maxItems", json_integer(2));
    add(field, std::move(node));
  }
  void subtask(const Field& field, std::string&, int64_t&) override {
    add(field, pattern_text("^[^/]+/[0-9]+$"));
  }
  void options(const Field& field, FlinkOptions&) override { add(field, flink_schema()); }
  void numbers(const Field& field, std::vector<std::pair<std::string, int64_t>>&) override {
    JsonNode number = typed("integer");
    json_add(number, "minimum", json_integer(0));
    JsonNode node = typed("object");
    json_add(node, "additionalProperties", std::move(number));
    add(field, std::move(node));
  }
  void json(const Field& field, std::string_view type, std::string&) override {
    if (type != "scalar") return add(field, typed(type));
    JsonNode node = json_object();
    json_add(node, "type", text_list({"string", "number"}));
    add(field, std::move(node));
  }
  void object(const Field& field, const Inner& inner) override {
    Shape shape;
    SchemaWriter writer(shape);
    inner(writer);
    if (field.name == "job") json_add(shape.properties, "edges+", list_of(json_object()));
    add(field, object_of(shape, false));
  }
  void map(const Field& field, Elements& elements) override {
    // null: a child removes what its parent has (merge patch).
    JsonNode node = typed("object");
    json_add(node, "propertyNames", pattern_text(kIdPattern));
    json_add(node, "additionalProperties", any_of(element_schema(elements, false), typed("null")));
    add(field, std::move(node));
  }
  void list(const Field& field, Elements& elements) override {
    add(field, list_of(element_schema(elements, true)));
  }
  bool wants(const Field& field, bool) override {
    optionals_.emplace_back(field.name);
    helps_.emplace_back(field.help);
    return true;
  }
  size_t alternative(std::string_view, std::span<const std::string_view> names,
                     size_t current) override {
    shape_.verb = std::string(names[current]);
    return current;
  }
  void either(const Field& field, bool, const Inner& plain, const Inner& as_object) override {
    wants(field, true);
    plain(*this);
    as_object(*this);
  }
  bool element_text(std::string_view help, std::string&, TextForm) override {
    shape_.text_too = true;
    shape_.text_help = std::string(help);
    return false;
  }

 private:
  bool optional(const Field& field) const {
    return std::find(optionals_.begin(), optionals_.end(), field.name) != optionals_.end();
  }

  std::string help_of(const Field& field) const {
    if (!field.help.empty()) return std::string(field.help);
    for (size_t i = 0; i < optionals_.size(); ++i)
      if (optionals_[i] == field.name) return helps_[i];
    return {};
  }

  void add(const Field& field, JsonNode schema) {
    const bool is_reference = schema.find("$ref") != nullptr;
    if (const std::string help = help_of(field); !help.empty() && !is_reference)
      schema.members.insert(schema.members.begin(), JsonMember{"description", {}, json_text(help)});
    if (field.required) shape_.required.emplace_back(field.name);
    for (JsonMember& member : shape_.properties.members) {
      if (member.key != field.name) continue;
      member.value = any_of(std::move(member.value), std::move(schema));
      return;
    }
    json_add(shape_.properties, field.name, std::move(schema));
  }

  static JsonNode flink_schema() {
    JsonNode properties = json_object();
    for (const OptionInfo& option : flink_options()) {
      JsonNode node = json_object();
      std::string help(option.help);
      if (!option.choices.empty()) help += fmt::format(" One of {}.", option.choices);
      json_add(node, "description", json_text(help));
      json_add(node, "type", text_list({"string", "number", "boolean", "null"}));
      if (!option.fallback.empty()) json_add(node, "default", json_text(option.fallback));
      json_add(properties, option.key, std::move(node));
    }
    JsonNode other = json_object();
    json_add(other, "type", text_list({"string", "number", "boolean", "null"}));
    JsonNode node = typed("object");
    json_add(node, "properties", std::move(properties));
    json_add(node, "additionalProperties", std::move(other));
    return node;
  }

  // All shapes of an element in one schema: what is legal for any shape, and for each shape what is
  // legal then.
  static JsonNode element_schema(const Elements& elements, bool complete) {
    Shape all;
    JsonNode rules = json_list();
    JsonNode verbs = json_list();
    for (size_t i = 0; i < elements.variants(); ++i) {
      Shape shape;
      SchemaWriter writer(shape);
      elements.describe_variant(i, writer);
      merge(all, shape);
      if (elements.variants() == 1) return finish(object_of(shape, complete), shape);
      if (!shape.verb.empty()) {
        shape.required.push_back(shape.verb);
        add_once(verbs, only_required(shape.verb));
      }
      rules.items.push_back(rule(shape, complete));
    }
    all.required.clear();
    JsonNode node = object_of(all, complete);
    if (complete && !verbs.items.empty()) json_add(node, "oneOf", std::move(verbs));
    json_add(node, "allOf", std::move(rules));
    return finish(std::move(node), all);
  }

  static JsonNode finish(JsonNode node, const Shape& shape) {
    if (!shape.text_too) return node;
    JsonNode text = typed("string");
    json_add(text, "description", json_text(shape.text_help));
    json_add(text, "minLength", json_integer(1));
    return any_of(std::move(text), std::move(node));
  }

  static void add_once(JsonNode& list, JsonNode item) {
    for (const JsonNode& known : list.items)
      if (print_json(known) == print_json(item)) return;
    list.items.push_back(std::move(item));
  }

  static JsonNode only_required(const std::string& key) {
    JsonNode node = json_object();
    json_add(node, "required", text_list({key}));
    return node;
  }

  static JsonNode rule(const Shape& shape, bool complete) {
    JsonNode condition = only_required(shape.kind_key.empty() ? shape.verb : shape.kind_key);
    if (!shape.kind_key.empty()) {
      JsonNode constant = json_object();
      json_add(constant, "const", json_text(shape.kind));
      JsonNode properties = json_object();
      json_add(properties, shape.kind_key, std::move(constant));
      json_add(condition, "properties", std::move(properties));
    }
    JsonNode node = json_object();
    json_add(node, "if", std::move(condition));
    json_add(node, "then", object_of(shape, complete));
    return node;
  }

  static void merge(Shape& all, const Shape& shape) {
    all.text_too = shape.text_too;
    all.text_help = shape.text_help;
    for (const JsonMember& member : shape.properties.members) {
      JsonNode* known = nullptr;
      for (JsonMember& other : all.properties.members)
        if (other.key == member.key) known = &other.value;
      if (known == nullptr) {
        json_add(all.properties, member.key, member.value);
      } else if (print_json(*known) != print_json(member.value)) {
        *known = json_object();  // what it may be depends on the shape
      }
    }
  }

  Shape& shape_;
  std::vector<std::string> optionals_;
  std::vector<std::string> helps_;
};

JsonNode one_key(std::string_view key, JsonNode value) {
  Shape shape;
  json_add(shape.properties, key, std::move(value));
  shape.required.emplace_back(key);
  return object_of(shape, true);
}

JsonNode definitions() {
  const auto span = [] { return pattern_text(reports::duration_pattern()); };
  const auto list = [](JsonNode items, int64_t count) {
    JsonNode node = list_of(std::move(items));
    json_add(node, "minItems", json_integer(count));
    json_add(node, "maxItems", json_integer(count));
    return node;
  };
  JsonNode weight = typed("integer");
  json_add(weight, "minimum", json_integer(1));
  json_add(weight, "maximum", json_integer(1'000'000));
  JsonNode points = typed("object");
  json_add(points, "minProperties", json_integer(1));
  json_add(points, "additionalProperties", std::move(weight));
  JsonNode forms = json_list();
  forms.items = {
      span(), one_key("uniform", list(span(), 2)), one_key("exp", any_of(span(), list(span(), 2))),
      one_key("two_point", list(typed("string"), 3)), one_key("empirical", std::move(points))};
  JsonNode delay = json_object();
  json_add(delay, "description", json_text("A duration, or a distribution of durations."));
  json_add(delay, "anyOf", std::move(forms));
  JsonNode target = typed("string");
  json_add(target, "description",
           json_text("A process: \"tm-1\", \"tm-*\", \"leader\", \"standby\", \"task(agg/0)\", "
                     "\"any(tm)\"; at "
                     "the end of a link "
                     "also broker, log, storage, pointer-store."));
  json_add(target, "minLength", json_integer(1));
  JsonNode several = list_of(reference("target"));
  json_add(several, "minItems", json_integer(1));
  JsonNode all = json_object();
  json_add(all, "delay", std::move(delay));
  json_add(all, "target", std::move(target));
  json_add(all, "targets", any_of(reference("target"), std::move(several)));
  return all;
}

}  // namespace

JsonNode scenario_schema() {
  Scenario sample;
  Shape shape;
  SchemaWriter writer(shape);
  describe(writer, sample);
  json_add(shape.properties, "$schema", typed("string"));
  JsonNode parent = typed("string");
  json_add(parent, "description",
           json_text("A scenario that this one changes (RFC 7396), relative to this file."));
  json_add(shape.properties, "extends", std::move(parent));
  for (const std::string_view key : {"faults", "expect"}) {
    const JsonNode* items = shape.properties.find(key);
    json_add(shape.properties, fmt::format("{}+", key), *items);
  }
  JsonNode root = json_object();
  json_add(root, "$schema", json_text("http://json-schema.org/draft-07/schema#"));
  json_add(root, "title", json_text("drey scenario, format 1"));
  json_add(root, "definitions", definitions());
  for (JsonMember& member : object_of(shape, false).members)
    root.members.push_back(std::move(member));
  JsonNode child = json_object();
  json_add(child, "required", text_list({"extends"}));
  JsonNode whole = json_object();
  json_add(whole, "required", text_list({"name", "job"}));
  JsonNode forms = json_list();
  forms.items = {std::move(child), std::move(whole)};
  json_add(root, "anyOf", std::move(forms));
  return root;
}

std::string schema_text() { return print_json(scenario_schema()); }

}  // namespace drey::scenarios
