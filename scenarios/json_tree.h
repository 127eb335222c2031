#pragma once
// JSON text -> a tree in which every key and value knows its place. // and /* */ comments are
// allowed, trailing commas are not; equal keys in one object are an error; numbers keep their text
// (no double is ever made of them).
//
// Bounds, so that no file can hurt: 4 MiB, 64 levels, 64 characters in a number. Text must be valid
// UTF-8. One syntax error ends the reading (what follows would be noise); duplicate keys are
// collected.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/messages.h"

namespace drey::scenarios {

inline constexpr size_t kFileBytesMax = size_t{4} << 20;
inline constexpr size_t kJsonDepthMax = 64;
inline constexpr size_t kNumberLengthMax = 64;

struct JsonMember;
struct JsonNode {
  enum class Kind : uint8_t { null, boolean, number, text, list, object };
  Kind kind = Kind::null;
  bool boolean = false;
  bool whole = false;               // an object that merge_patch replaces instead of merging
  std::string text;                 // of a number, verbatim; of a text, unescaped
  std::vector<JsonNode> items;      // list
  std::vector<JsonMember> members;  // object, in the order of the file
  Place place;                      // a list or object: its opening bracket

  const JsonNode* find(std::string_view key) const;
  const JsonMember* member(std::string_view key) const;
  // By JSON pointer ("/job/edges/0"), without escapes.
  const JsonNode* at(std::string_view pointer) const;
  static std::string_view kind_name(Kind kind);  // "a text", "an object", ...
};
struct JsonMember {
  std::string key;
  Place key_place;
  JsonNode value;
};

// Reads sources[file]. Empty, with messages, when the text is no JSON.
std::optional<JsonNode> parse_json(const Sources& sources, uint32_t file, Messages& messages);
// Of text that no user wrote, of any size; empty when it is no JSON.
std::optional<JsonNode> parse_json(std::string_view text);

// RFC 7396 merge patch of `child` over `parent`: objects merge, null deletes, anything else
// replaces; places stay those of where each value was written.
JsonNode merge_patch(JsonNode parent, JsonNode child);

// Strict JSON text, two blanks per level, objects in order; the inverse of parse_json but for
// places and comments.
std::string print_json(const JsonNode& node);
std::string compact_json(const JsonNode& node);  // on one line, without blanks
std::string json_quoted(std::string_view text);

// Builders, for what is printed.
JsonNode json_text(std::string_view text);
JsonNode json_number(std::string text);
JsonNode json_integer(int64_t value);
JsonNode json_boolean(bool value);
JsonNode json_object();
JsonNode json_list();
JsonNode& json_add(JsonNode& object, std::string_view key, JsonNode value);

}  // namespace drey::scenarios
