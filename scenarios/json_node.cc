#include <fmt/core.h>

#include "scenarios/json_tree.h"

namespace drey::scenarios {
namespace {

void print(const JsonNode& node, size_t level, std::string& out) {
  const std::string inner(2 * (level + 1), ' ');
  const std::string outer(2 * level, ' ');
  switch (node.kind) {
    case JsonNode::Kind::null:
      out += "null";
      return;
    case JsonNode::Kind::boolean:
      out += node.boolean ? "true" : "false";
      return;
    case JsonNode::Kind::number:
      out += node.text;
      return;
    case JsonNode::Kind::text:
      out += json_quoted(node.text);
      return;
    case JsonNode::Kind::list:
      if (node.items.empty()) {
        out += "[]";
        return;
      }
      out += "[\n";
      for (size_t i = 0; i < node.items.size(); ++i) {
        out += inner;
        print(node.items[i], level + 1, out);
        out += i + 1 < node.items.size() ? ",\n" : "\n";
      }
      out += outer + "]";
      return;
    case JsonNode::Kind::object:
      if (node.members.empty()) {
        out += "{}";
        return;
      }
      out += "{\n";
      for (size_t i = 0; i < node.members.size(); ++i) {
        out += inner + json_quoted(node.members[i].key) + ": ";
        print(node.members[i].value, level + 1, out);
        out += i + 1 < node.members.size() ? ",\n" : "\n";
      }
      out += outer + "}";
      return;
  }
}

}  // namespace

const JsonMember* JsonNode::member(std::string_view key) const {
  for (const JsonMember& candidate : members)
    if (candidate.key == key) return &candidate;
  return nullptr;
}

const JsonNode* JsonNode::find(std::string_view key) const {
  const JsonMember* found = member(key);
  return found == nullptr ? nullptr : &found->value;
}

const JsonNode* JsonNode::at(std::string_view pointer) const {
  const JsonNode* node = this;
  while (!pointer.empty() && node != nullptr) {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    if (node->kind != Kind::list) {
      node = node->find(step);
      continue;
    }
    size_t index = 0;
    for (const char c : step) index = index * 10 + static_cast<size_t>(c - '0');
    node = index < node->items.size() ? &node->items[index] : nullptr;
  }
  return node;
}

std::string_view JsonNode::kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "true or false";
    case Kind::number:
      return "a number";
    case Kind::text:
      return "a text";
    case Kind::list:
      return "a list";
    case Kind::object:
      return "an object";
  }
  return "null";
}

// RFC 7396. Depth is bounded by that of the parser.
JsonNode merge_patch(JsonNode parent, JsonNode child) {
  if (child.kind != JsonNode::Kind::object || child.whole) return child;
  if (parent.kind != JsonNode::Kind::object) parent = json_object();
  parent.place = child.place;
  for (JsonMember& member : child.members) {
    size_t i = 0;
    while (i < parent.members.size() && parent.members[i].key != member.key) ++i;
    const bool there = i < parent.members.size();
    if (member.value.kind == JsonNode::Kind::null) {
      if (there) parent.members.erase(parent.members.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (there) {
      parent.members[i].key_place = member.key_place;
      parent.members[i].value =
          merge_patch(std::move(parent.members[i].value), std::move(member.value));
    } else {
      member.value = merge_patch(JsonNode{}, std::move(member.value));
      parent.members.push_back(std::move(member));
    }
  }
  return parent;
}

std::string print_json(const JsonNode& node) {
  std::string out;
  print(node, 0, out);
  return out + "\n";
}

std::string compact_json(const JsonNode& node) {
  std::string out;
  if (node.kind == JsonNode::Kind::list) {
    for (const JsonNode& item : node.items) {
      out += out.empty() ? '[' : ',';
      out += compact_json(item);
    }
    return out.empty() ? "[]" : out + "]";
  }
  if (node.kind == JsonNode::Kind::object) {
    for (const JsonMember& member : node.members) {
      out += out.empty() ? '{' : ',';
      out += json_quoted(member.key);
      out += ':';
      out += compact_json(member.value);
    }
    return out.empty() ? "{}" : out + "}";
  }
  print(node, 0, out);
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

JsonNode json_text(std::string_view text) {
  JsonNode node;
  node.kind = JsonNode::Kind::text;
  node.text = std::string(text);
  return node;
}
JsonNode json_number(std::string text) {
  JsonNode node;
  node.kind = JsonNode::Kind::number;
  node.text = std::move(text);
  return node;
}
JsonNode json_integer(int64_t value) { return json_number(fmt::format("{}", value)); }
JsonNode json_boolean(bool value) {
  JsonNode node;
  node.kind = JsonNode::Kind::boolean;
  node.boolean = value;
  return node;
}
JsonNode json_object() {
  JsonNode node;
  node.kind = JsonNode::Kind::object;
  return node;
}
JsonNode json_list() {
  JsonNode node;
  node.kind = JsonNode::Kind::list;
  return node;
}
JsonNode& json_add(JsonNode& object, std::string_view key, JsonNode value) {
  object.members.push_back(JsonMember{std::string(key), {}, std::move(value)});
  return object.members.back().value;
}

}  // namespace drey::scenarios
