#include "scenarios/json_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "reports/suggest.h"

namespace drey::scenarios {
namespace {

using reports::Bare;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string a_kind(const JsonNode& node) { return std::string(JsonNode::kind_name(node.kind)); }

class Reader final : public FieldVisitor {
 public:
  struct Context {
    const std::vector<std::string>& ignored;
    Messages& messages;
  };
  Reader(const JsonNode& node, std::string what, const Context& context)
      : node_(node), what_(std::move(what)), context_(context) {}

  // After the description: what nobody asked for.
  void report_unknown() {
    if (node_.kind != JsonNode::Kind::object || gave_up_) return;
    for (const JsonMember& member : node_.members) {
      if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
      context_.messages.error(member.key_place,
                              fmt::format("unknown key {} in {}", json_quoted(member.key), what_),
                              reports::nearest_name(member.key, known_));
    }
  }

  void boolean(const Field& field, bool& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::boolean) return wrong(*node, "expected true or false");
    value = node->boolean;
  }

  void integer(const Field& field, int64_t& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::number) return wrong(*node, "expected a whole number");
    const auto number = reports::parse_integer(node->text);
    if (!number) {
      const bool digits = node->text.find_first_not_of("-0123456789") == std::string::npos;
      return error(
          *node, fmt::format("{} is {}", node->text, digits ? "too large" : "not a whole number"));
    }
    if (*number < field.least || *number > field.most)
      return error(*node, range_text(node->text, fmt::format("{}", field.least),
                                     fmt::format("{}", field.most), *number < field.least));
    value = *number;
  }

  void duration(const Field& field, sim::Duration& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    Distribution delay;
    if (node->kind == JsonNode::Kind::object)
      return error(*node, "expected one duration here, not a distribution");
    if (!read_delay(*node, delay, context_.messages)) return;
    if (delay.a < field.least || delay.a > field.most)
      return error(*node,
                   range_text(json_quoted(node->text), reports::print_duration({field.least}),
                              reports::print_duration({field.most}), delay.a < field.least));
    value.ns = delay.a;
  }

  void size(const Field& field, uint64_t& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind == JsonNode::Kind::number)
      return error(*node, fmt::format("a size needs a unit (expected e.g. \"{} kb\")", node->text));
    if (node->kind != JsonNode::Kind::text) return wrong(*node, "expected a size");
    const auto bytes = reports::parse_size(node->text, Bare::refused);
    if (!bytes)
      return error(*node,
                   fmt::format("{} is not a size (expected e.g. \"200 b\", \"64 kb\", \"2 gb\")",
                               json_quoted(node->text)));
    const auto signed_bytes = static_cast<int64_t>(*bytes);
    if (signed_bytes < field.least || signed_bytes > field.most)
      return error(*node, range_text(json_quoted(node->text),
                                     reports::print_size(static_cast<uint64_t>(field.least)),
                                     reports::print_size(static_cast<uint64_t>(field.most)),
                                     signed_bytes < field.least));
    value = *bytes;
  }

  void rate(const Field& field, Rate& value, bool bytes) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    const std::string_view example = bytes ? "\"200 mb/s\"" : "\"20000/s\"";
    if (node->kind == JsonNode::Kind::number)
      return error(*node, fmt::format("a rate needs a unit (expected e.g. {})", example));
    if (node->kind != JsonNode::Kind::text) return wrong(*node, "expected a rate");
    auto rate = reports::parse_rate(node->text);
    if (rate && rate->per_second != 0 && rate->bytes != bytes) rate = std::nullopt;
    if (!rate)
      return error(*node, fmt::format("{} is not a rate {}(expected e.g. {})",
                                      json_quoted(node->text), bytes ? "of bytes " : "", example));
    rate->bytes = bytes;
    if (static_cast<int64_t>(rate->per_second) < field.least)
      return error(*node, fmt::format("{} is too little", json_quoted(node->text)));
    value = *rate;
  }

  void ratio(const Field& field, Ratio& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::text && node->kind != JsonNode::Kind::number)
      return wrong(*node, "expected a share");
    const auto ratio = reports::parse_ratio(node->text);
    if (!ratio || ratio->numerator > ratio->denominator)
      return error(*node, fmt::format("{} is not a share (expected e.g. \"5 %\", 0.25, \"1/3\")",
                                      json_quoted(node->text)));
    value = *ratio;
  }

  void delay(const Field& field, Distribution& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    Distribution read;
    if (read_delay(*node, read, context_.messages)) value = std::move(read);
  }

  void text(const Field& field, std::string& value, TextForm form) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::text) return wrong(*node, "expected a text");
    if (form == TextForm::id && !is_id(node->text))
      return error(*node, fmt::format("{} is not a name (a letter, then letters, digits, _ and -)",
                                      json_quoted(node->text)));
    if (node->text.empty())
      return error(*node, fmt::format("\"{}\" must not be empty", field.name));
    value = node->text;
  }

  void texts(const Field& field, std::vector<std::string>& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::list) return wrong(*node, "expected a list of texts");
    for (const JsonNode& item : node->items) {
      if (item.kind != JsonNode::Kind::text) return wrong(item, "expected a text");
      value.push_back(item.text);
    }
  }

  void choice(const Field& field, std::span<const std::string_view> names, size_t& index) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    std::vector<std::string> legal;
    for (size_t i = 0; i < names.size(); ++i) {
      legal.emplace_back(names[i]);
      if (node->kind == JsonNode::Kind::text && node->text == names[i]) {
        index = i;
        return;
      }
    }
    if (node->kind != JsonNode::Kind::text)
      return wrong(*node, "expected one of " + reports::name_list(legal, legal.size()));
    gave_up_ = field.required;  // of an unknown kind no key is known either
    context_.messages.error(
        node->place,
        fmt::format("unknown {} {} in {}; known: {}", field.name, json_quoted(node->text), what_,
                    reports::name_list(legal, legal.size())),
        reports::nearest_name(node->text, legal));
  }

  void target(const Field& field, Target& value) override {
    const JsonNode* node = take(field);
    if (node != nullptr) read_target(*node, value);
  }

  void targets(const Field& field, std::vector<Target>& value) override {
    const JsonNode* node = take(field);
    if (node != nullptr) read_targets(*node, value);
  }

  void sides(const Field& field, std::vector<Target>& one, std::vector<Target>& two) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::list || node->items.size() != 2)
      return error(*node, "expected a list of two sides, e.g. [\"tm-1\", \"jm-1\"]");
    read_targets(node->items[0], one);
    read_targets(node->items[1], two);
  }

  void subtask(const Field& field, std::string& vertex, int64_t& number) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    const std::string& text = node->text;
    const size_t slash = text.find('/');
    const int64_t parsed = slash == std::string::npos
                               ? -1
                               : reports::parse_integer(text.substr(slash + 1)).value_or(-1);
    if (node->kind != JsonNode::Kind::text || parsed < 0)
      return error(*node, "expected a subtask, e.g. \"agg/0\"");
    vertex = text.substr(0, slash);
    number = parsed;
  }

  void options(const Field& field, FlinkOptions& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::object)
      return wrong(*node, "expected an object of Flink options");
    for (const JsonMember& member : node->members) read_option(member, value);
  }

  void numbers(const Field& field, std::vector<std::pair<std::string, int64_t>>& value) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::object) return wrong(*node, "expected an object of numbers");
    for (const JsonMember& member : node->members) {
      const auto number = member.value.kind == JsonNode::Kind::number
                              ? reports::parse_integer(member.value.text)
                              : std::nullopt;
      if (!number || *number < 0) {
        error(member.value, "expected a whole number, at least 0");
      } else {
        value.emplace_back(member.key, *number);
      }
    }
  }

  void json(const Field& field, std::string_view type, std::string& text) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    const JsonNode::Kind kind = node->kind;
    if (type == "array" && kind != JsonNode::Kind::list) return wrong(*node, "expected a list");
    if (type == "object" && kind != JsonNode::Kind::object)
      return wrong(*node, "expected an object");
    if (type == "scalar" && kind != JsonNode::Kind::text && kind != JsonNode::Kind::number)
      return wrong(*node, "expected a text or a number");
    text = compact_json(*node);
  }

  void object(const Field& field, const Inner& inner) override {
    const JsonNode* node = take(field);
    if (node != nullptr) nested(*node, json_quoted(field.name), inner);
  }

  void map(const Field& field, Elements& elements) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::object) return wrong(*node, "expected an object");
    if (node->members.empty()) return error(*node, fmt::format("\"{}\" is empty", field.name));
    for (const JsonMember& member : node->members) {
      if (!is_id(member.key)) {
        context_.messages.error(
            member.key_place,
            fmt::format("{} is not a name (a letter, then letters, digits, _ and -)",
                        json_quoted(member.key)));
        continue;
      }
      elements.add(member.key);
      const size_t index = elements.size() - 1;
      nested(member.value, fmt::format("{} {}", elements.what(), json_quoted(member.key)),
             [&](FieldVisitor& v) { elements.describe(index, v); });
    }
  }

  void list(const Field& field, Elements& elements) override {
    const JsonNode* node = take(field);
    if (node == nullptr) return;
    if (node->kind != JsonNode::Kind::list) return wrong(*node, "expected a list");
    for (const JsonNode& item : node->items) {
      elements.add({});
      const size_t index = elements.size() - 1;
      const JsonNode* id = item.find("id");
      const std::string name = id != nullptr && id->kind == JsonNode::Kind::text
                                   ? json_quoted(id->text)
                                   : fmt::format("{}", index);
      Reader reader(item, fmt::format("{} {}", elements.what(), name), context_);
      elements.describe(index, reader);
      reader.report_unknown();
    }
  }

  bool wants(const Field& field, bool) override {
    known(field.name);
    return node_.find(field.name) != nullptr;
  }

  size_t alternative(std::string_view what, std::span<const std::string_view> names,
                     size_t current) override {
    if (!is_object()) return current;
    std::vector<std::string> legal;
    std::vector<size_t> there;
    for (size_t i = 0; i < names.size(); ++i) {
      legal.emplace_back(names[i]);
      if (node_.find(names[i]) != nullptr) there.push_back(i);
    }
    if (there.size() == 1) return there.front();
    gave_up_ = true;
    if (there.size() > 1) {
      const JsonMember* second = node_.member(names[there[1]]);
      context_.messages.error(second->key_place, fmt::format("{} has both {} and {}", what_,
                                                             json_quoted(names[there[0]]),
                                                             json_quoted(names[there[1]])));
      return there.front();
    }
    std::string hint;
    Place place = node_.place;
    for (const JsonMember& member : node_.members) {
      if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
      hint = reports::nearest_name(member.key, legal);
      if (hint.empty()) continue;
      place = member.key_place;
      break;
    }
    context_.messages.error(
        place, fmt::format("{} needs one of: {}", what, reports::name_list(legal, legal.size())),
        hint);
    return names.size() > current ? current : 0;
  }

  void either(const Field& field, bool, const Inner& plain, const Inner& as_object) override {
    known(field.name);
    const JsonNode* node = node_.find(field.name);
    if (node == nullptr) return;
    (node->kind == JsonNode::Kind::object ? as_object : plain)(*this);
  }

  bool element_text(std::string_view, std::string& value, TextForm) override {
    if (node_.kind == JsonNode::Kind::text) {
      value = node_.text;
      if (value.empty()) error(node_, "an empty text");
      return true;
    }
    if (node_.kind == JsonNode::Kind::object) return false;
    wrong(node_, "expected a text or an object");
    return true;
  }

 private:
  void known(std::string_view name) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.emplace_back(name);
  }

  bool is_object() {
    if (node_.kind == JsonNode::Kind::object) return true;
    wrong(node_, "expected an object");
    return false;
  }

  const JsonNode* take(const Field& field) {
    known(field.name);
    if (!is_object()) return nullptr;
    const JsonNode* node = node_.find(field.name);
    if (node == nullptr && field.required && !gave_up_)
      context_.messages.error(node_.place, fmt::format("{} needs \"{}\"", what_, field.name));
    return node;
  }

  void error(const JsonNode& node, std::string text) {
    context_.messages.error(node.place, std::move(text));
  }
  void wrong(const JsonNode& node, const std::string& expected) {
    error(node, fmt::format("{}, not {}", expected, a_kind(node)));
  }

  static std::string range_text(const std::string& value, const std::string& least,
                                const std::string& most, bool low) {
    return low ? fmt::format("{} is too little; at least {}", value, least)
               : fmt::format("{} is too much; at most {}", value, most);
  }

  void nested(const JsonNode& node, std::string what, const Inner& inner) {
    Reader reader(node, std::move(what), context_);
    inner(reader);
    reader.report_unknown();
  }

  void read_target(const JsonNode& node, Target& value) {
    if (node.kind != JsonNode::Kind::text) return wrong(node, "expected a process, e.g. \"tm-1\"");
    const auto target = parse_target(node.text);
    if (!target)
      return error(node,
                   fmt::format("{} names no process (expected e.g. \"tm-1\", \"tm-*\", \"leader\", "
                               "\"task(agg/0)\", \"any(tm)\")",
                               json_quoted(node.text)));
    value = *target;
  }

  void read_targets(const JsonNode& node, std::vector<Target>& value) {
    if (node.kind != JsonNode::Kind::list) {
      value.emplace_back();
      return read_target(node, value.back());
    }
    if (node.items.empty()) return error(node, "an empty list of processes");
    for (const JsonNode& item : node.items) {
      value.emplace_back();
      read_target(item, value.back());
    }
  }

  void read_option(const JsonMember& member, FlinkOptions& value) {
    const bool ignored = std::find(context_.ignored.begin(), context_.ignored.end(), member.key) !=
                         context_.ignored.end();
    const OptionInfo* option = find_option(member.key);
    if (option == nullptr) {
      if (ignored) return;
      std::vector<std::string> legal;
      for (const OptionInfo& candidate : flink_options()) legal.emplace_back(candidate.key);
      context_.messages.error(
          member.key_place,
          fmt::format("drey does not model the option {}; to run without it, add it to "
                      "\"ignore_options\"",
                      json_quoted(member.key)),
          reports::nearest_name(member.key, legal));
      return;
    }
    const JsonNode& node = member.value;
    const bool scalar = node.kind == JsonNode::Kind::text || node.kind == JsonNode::Kind::number ||
                        node.kind == JsonNode::Kind::boolean;
    if (!scalar) return wrong(node, "expected the value of an option");
    const std::string text =
        node.kind == JsonNode::Kind::boolean ? (node.boolean ? "true" : "false") : node.text;
    std::string why;
    auto normal = normal_option(*option, text, why);
    if (!normal) return error(node, fmt::format("{} {} ({})", json_quoted(text), why, member.key));
    value.set(member.key, std::move(*normal));
  }

  const JsonNode& node_;
  std::string what_;
  const Context& context_;
  std::vector<std::string> known_;
  bool gave_up_ = false;
};

}  // namespace

bool is_id(std::string_view text) {
  if (text.empty() || text.size() > 100 || !is_letter(text.front()) || text.back() == '-')
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

void read_object(const JsonNode& node, std::string_view what,
                 const std::vector<std::string>& ignored, Messages& messages,
                 const FieldVisitor::Inner& describe_it) {
  const Reader::Context context{ignored, messages};
  Reader reader(node, std::string(what), context);
  describe_it(reader);
  reader.report_unknown();
}

}  // namespace drey::scenarios
