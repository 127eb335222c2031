#include "scenarios/json_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace drey::scenarios {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Line and column of byte offsets, by a table of line starts. Whoever asks for places in ascending
// order pays for each character once, however long the lines are.
class Lines {
 public:
  Lines(std::string_view text, uint32_t file) : text_(text), file_(file), starts_(1, 0) {
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }

  Place place(size_t from, size_t until) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), from);
    const auto line = static_cast<uint32_t>(after - starts_.begin());
    const size_t start = starts_[line - 1];
    if (known_.at < start || known_.at > from) known_ = {start, 0};
    known_ = {from, known_.characters + count(known_.at, from)};
    return Place{file_, line, 1 + known_.characters, std::max(1u, count(from, until))};
  }

 private:
  uint32_t count(size_t from, size_t until) const {
    uint32_t characters = 0;
    for (size_t i = from; i < until && i < text_.size(); ++i)
      characters += is_continuation(text_[i]) ? 0 : 1;
    return characters;
  }

  std::string_view text_;
  uint32_t file_;
  std::vector<size_t> starts_;
  // How many characters of its line lie before an offset that was asked for last.
  struct Known {
    size_t at = 0;
    uint32_t characters = 0;
  };
  mutable Known known_;
};

// An iterator that tells how far the parser has read.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  const char** read = nullptr;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    *read = ++at;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at == b.at;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }
};

// Builds the tree from SAX events; false from a handler ends the parse.
class Builder {
 public:
  Builder(std::string_view text, uint32_t file, const char** read, Messages& messages)
      : text_(text), lines_(text, file), read_(read), messages_(messages) {}

  JsonNode take_root() { return std::move(root_); }
  bool complete() const { return complete_ && !failed_; }

  // nlohmann's SAX interface.
  bool null() { return scalar(JsonNode::Kind::null, {}, false, 4); }
  bool boolean(bool value) { return scalar(JsonNode::Kind::boolean, {}, value, value ? 4 : 5); }
  bool number_integer(int64_t) { return number(); }
  bool number_unsigned(uint64_t) { return number(); }
  bool number_float(double, const std::string&) { return number(); }
  bool binary(std::vector<uint8_t>&) { return false; }

  bool string(std::string& value) {
    const size_t end = offset();
    JsonNode node;
    node.kind = JsonNode::Kind::text;
    node.text = value;
    node.place = lines_.place(string_start(end), end);
    return put(std::move(node));
  }

  bool key(std::string& value) {
    const size_t end = offset();
    const Place place = lines_.place(string_start(end), end);
    Level& level = levels_.back();
    level.duplicate = !level.keys.insert(value).second;
    if (level.duplicate)
      messages_.error(place,
                      fmt::format("key {} appears twice in this object", json_quoted(value)));
    level.key = JsonMember{value, place, {}};
    return true;
  }

  bool start_object(size_t) { return open(JsonNode::Kind::object); }
  bool start_array(size_t) { return open(JsonNode::Kind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool parse_error(size_t, const std::string& token, const nlohmann::json::exception& error) {
    if (failed_) return false;
    const size_t end = offset();
    const std::string what = error.what();
    // The last token as nlohmann read it may hold comment text and blanks; the place is where
    // reading stopped.
    size_t from = end == 0 ? 0 : end - 1;
    if (what.find("unexpected end of input") != std::string::npos || text_.empty())
      return ended_early();
    if (what.find("out_of_range") != std::string::npos)
      return fail(number_start(number_end()), number_end(), "the number is too large");
    if (const size_t comma = comma_before(from);
        (text_[from] == '}' || text_[from] == ']') && comma != kNone)
      return fail(comma, comma + 1, "a comma after the last element is no JSON");
    if (what.find("invalid literal") != std::string::npos) {
      if (from > 0 && !is_word(text_[from]) && is_word(text_[from - 1])) --from;
      from = literal_start(from);
      size_t until = from;
      while (until < text_.size() && is_word(text_[until])) ++until;
      until = std::max(until, from + 1);
      return fail(from, until,
                  fmt::format("unexpected {}", shown(text_.substr(from, until - from))));
    }
    return fail(from, end, reworded(what, token));
  }

 private:
  static constexpr size_t kNone = std::string_view::npos;
  struct Level {
    JsonNode node;
    std::set<std::string> keys;
    JsonMember key;
    bool duplicate = false;
  };

  size_t offset() const { return static_cast<size_t>(*read_ - text_.data()); }

  bool fail(size_t from, size_t until, std::string text) {
    failed_ = true;
    messages_.error(lines_.place(from, until), std::move(text));
    return false;
  }

  bool ended_early() {
    if (levels_.empty()) return fail(text_.size(), text_.size(), "the file holds no JSON value");
    const JsonNode& inner = levels_.back().node;
    return fail(text_.size(), text_.size(),
                fmt::format("the file ends inside the {} that begins at line {}, column {}",
                            inner.kind == JsonNode::Kind::object ? "object" : "list",
                            inner.place.line, inner.place.column));
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           is_high(c);
  }
  static bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
  static bool is_number_char(char c) {
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
  }

  static std::string shown(std::string_view text) {
    constexpr size_t kMost = 40;
    if (text.size() <= kMost) return json_quoted(text);
    size_t end = kMost;
    while (end > 0 && is_continuation(text[end])) --end;
    return json_quoted(std::string(text.substr(0, end)) + "...");
  }

  // "... - unexpected '}'; expected string literal" without the library's preamble.
  static std::string reworded(const std::string& what, const std::string& token) {
    const size_t dash = what.find(" - ");
    std::string detail = dash == std::string::npos ? "syntax error" : what.substr(dash + 3);
    if (const size_t last = detail.find("; last read:"); last != std::string::npos) {
      const size_t expected = detail.find("; expected", last);
      detail =
          detail.substr(0, last) + (expected == std::string::npos ? "" : detail.substr(expected));
    }
    return token.size() > kNumberLengthMax * 4 ? detail.substr(0, 200) : detail;
  }

  size_t comma_before(size_t from) const {
    while (from > 0 && (text_[from - 1] == ' ' || text_[from - 1] == '\t' ||
                        text_[from - 1] == '\n' || text_[from - 1] == '\r'))
      --from;
    return from > 0 && text_[from - 1] == ',' ? from - 1 : kNone;
  }

  size_t literal_start(size_t from) const {
    while (from > 0 && is_word(text_[from]) && is_word(text_[from - 1])) --from;
    return from;
  }

  // `end` is just behind the closing quote; the opening one is the nearest quote not escaped.
  size_t string_start(size_t end) const {
    size_t i = end - 1;
    while (i > 0) {
      --i;
      if (text_[i] != '"') continue;
      size_t slashes = 0;
      while (i > slashes && text_[i - 1 - slashes] == '\\') ++slashes;
      if (slashes % 2 == 0) break;
    }
    return i;
  }

  size_t number_end() const {
    const size_t end = offset();
    return end > 0 && !is_number_char(text_[end - 1]) ? end - 1 : end;
  }
  size_t number_start(size_t end) const {
    while (end > 0 && is_number_char(text_[end - 1])) --end;
    return end;
  }

  bool number() {
    const size_t end = number_end();
    const size_t start = number_start(end);
    if (end - start > kNumberLengthMax)
      return fail(
          start, end,
          fmt::format("a number of {} characters (at most {})", end - start, kNumberLengthMax));
    return scalar(JsonNode::Kind::number, std::string(text_.substr(start, end - start)), false,
                  end - start);
  }

  bool scalar(JsonNode::Kind kind, std::string text, bool boolean_value, size_t length) {
    const size_t end = kind == JsonNode::Kind::number ? number_end() : offset();
    JsonNode node;
    node.kind = kind;
    node.text = std::move(text);
    node.boolean = boolean_value;
    node.place = lines_.place(end - length, end);
    return put(std::move(node));
  }

  bool open(JsonNode::Kind kind) {
    const size_t end = offset();
    if (levels_.size() >= kJsonDepthMax)
      return fail(end - 1, end, fmt::format("nested more than {} levels deep", kJsonDepthMax));
    Level level;
    level.node.kind = kind;
    level.node.place = lines_.place(end - 1, end);
    levels_.push_back(std::move(level));
    return true;
  }

  bool close() {
    JsonNode node = std::move(levels_.back().node);
    levels_.pop_back();
    return put(std::move(node));
  }

  bool put(JsonNode node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      complete_ = true;
      return true;
    }
    Level& level = levels_.back();
    if (level.node.kind == JsonNode::Kind::list) {
      level.node.items.push_back(std::move(node));
    } else if (!level.duplicate) {
      level.key.value = std::move(node);
      level.node.members.push_back(std::move(level.key));
    }
    return true;
  }

  std::string_view text_;
  Lines lines_;
  const char** read_;
  Messages& messages_;
  std::vector<Level> levels_;
  JsonNode root_;
  bool complete_ = false;
  bool failed_ = false;
};

// The first byte that is not part of well-formed UTF-8, or npos.
size_t find_bad_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80   ? 1
                          : lead < 0xC2 ? 0
                          : lead < 0xE0 ? 2
                          : lead < 0xF0 ? 3
                          : lead < 0xF5 ? 4
                                        : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (size_t k = 1; k < length; ++k)
      if (!is_continuation(text[i + k])) return i;
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    if (overlong || outside) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace

namespace {

std::optional<JsonNode> parse(std::string_view text, uint32_t file, Messages& messages) {
  if (const size_t bad = find_bad_utf8(text); bad != std::string_view::npos) {
    messages.error(
        Lines(text, file).place(bad, bad + 1),
        fmt::format("invalid UTF-8 (byte 0x{:02x})", static_cast<unsigned char>(text[bad])));
    return std::nullopt;
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    messages.error(Lines(text, file).place(nul, nul + 1),
                   "a NUL byte");  // the parser would take it for the end
    return std::nullopt;
  }
  const char* read = text.data();
  Builder builder(text, file, &read, messages);
  const CountingIterator begin{text.data(), &read};
  const CountingIterator end{text.data() + text.size(), &read};
  nlohmann::json::sax_parse(begin, end, &builder, nlohmann::json::input_format_t::json, true, true);
  if (!builder.complete()) return std::nullopt;
  return builder.take_root();
}

}  // namespace

std::optional<JsonNode> parse_json(const Sources& sources, uint32_t file, Messages& messages) {
  const std::string_view text = sources.at(file).text;
  if (text.size() <= kFileBytesMax) return parse(text, file, messages);
  messages.error(Place{file, 0, 0, 1},
                 fmt::format("the file is larger than {} MiB", kFileBytesMax >> 20));
  return std::nullopt;
}

std::optional<JsonNode> parse_json(std::string_view text) {
  Messages messages;
  auto node = parse(text, 0, messages);
  return messages.empty() ? std::move(node) : std::nullopt;
}

}  // namespace drey::scenarios
