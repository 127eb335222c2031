#include "reports/expression_lexer.h"

#include <fmt/core.h>

#include <array>

namespace drey::reports {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (static_cast<unsigned char>(c) >= 0x80);
}
bool is_name_char(char c) { return is_letter(c) || is_digit(c); }

class Lexer {
 public:
  Lexer(std::string_view text, std::vector<Token>& tokens, TextProblem& problem)
      : text_(text), tokens_(tokens), problem_(problem) {}

  bool run() {
    for (;;) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
      if (at_ >= text_.size()) break;
      const char c = text_[at_];
      const bool ok = is_digit(c) ? quantity() : is_letter(c) ? path() : symbol();
      if (!ok) return false;
    }
    Token end;
    end.offset = text_.size();
    tokens_.push_back(end);
    return true;
  }

 private:
  char peek(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool fail(size_t offset, size_t length, std::string message) {
    problem_ = TextProblem{offset, length, std::move(message), {}};
    return false;
  }

  bool path() {
    const size_t start = at_;
    bool dotted = false;
    for (;;) {
      segment();
      if (!dotted && peek(0) == '/' && is_digit(peek(1))) subtask();
      if (peek(0) != '.' || !is_letter(peek(1))) break;
      ++at_;
      dotted = true;
    }
    Token token;
    token.kind = Token::Kind::path;
    token.text = std::string(text_.substr(start, at_ - start));
    token.offset = start;
    tokens_.push_back(std::move(token));
    return true;
  }

  void segment() {
    while (is_name_char(peek(0)) || (peek(0) == '-' && is_name_char(peek(1)))) ++at_;
  }

  // agg/0 before any dot is a subtask; "a.b/3 == 1" is a division.
  void subtask() {
    ++at_;
    while (is_digit(peek(0))) ++at_;
  }

  bool quantity() {
    const size_t start = at_;
    while (is_digit(peek(0))) ++at_;
    if (peek(0) == '.' && is_digit(peek(1))) {
      ++at_;
      while (is_digit(peek(0))) ++at_;
    }
    const size_t number_end = at_;
    size_t unit = at_;
    while (unit < text_.size() && text_[unit] == ' ') ++unit;
    size_t end = unit;
    if (end < text_.size() && text_[end] == '%') {
      ++end;
    } else {
      while (end < text_.size() && is_letter(text_[end])) ++end;
      const std::string_view word = text_.substr(unit, end - unit);
      if (word == "and" || word == "or") end = unit;
    }
    const size_t rate_end = rate_suffix(end);
    if (end == unit && rate_end == end) end = number_end;
    if (rate_end != end && rate_end != unit) end = rate_end;
    at_ = end;
    return finish_quantity(start, end);
  }

  // "/s", "/min" or "/h" after position `from`, not the begin of a path or call.
  size_t rate_suffix(size_t from) const {
    if (from >= text_.size() || text_[from] != '/') return from;
    size_t end = from + 1;
    while (end < text_.size() && is_name_char(text_[end])) ++end;
    const std::string_view per = text_.substr(from + 1, end - from - 1);
    const bool unit = per == "s" || per == "min" || per == "h";
    const char after = end < text_.size() ? text_[end] : '\0';
    return unit && after != '.' && after != '(' ? end : from;
  }

  bool finish_quantity(size_t start, size_t end) {
    Token token;
    token.kind = Token::Kind::quantity;
    token.text = std::string(text_.substr(start, end - start));
    token.offset = start;
    if (const auto duration = parse_duration(token.text, Bare::refused)) {
      token.value = Ratio{duration->ns, 1};
      token.dimension = Dimension::duration;
    } else if (const auto bytes = parse_size(token.text, Bare::refused)) {
      token.value = Ratio{static_cast<int64_t>(*bytes), 1};
      token.dimension = Dimension::bytes;
    } else if (const auto rate = parse_rate(token.text)) {
      token.value = Ratio{static_cast<int64_t>(rate->per_second), 1};
      token.dimension = rate->bytes ? Dimension::byte_rate : Dimension::rate;
    } else if (const auto ratio = parse_ratio(token.text)) {
      token.value = *ratio;
    } else {
      return fail(
          start, end - start,
          fmt::format(
              "\"{}\" is not a quantity (expected e.g. 12, 0.5, \"60 s\", \"200 mb\", \"5 %\", "
              "\"20000/s\")",
              token.text));
    }
    tokens_.push_back(std::move(token));
    return true;
  }

  bool symbol() {
    constexpr std::array<std::string_view, 13> kSymbols{"==", "!=", "<=", ">=", "<", ">", "+",
                                                        "-",  "*",  "/",  "(",  ")", ","};
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      Token token;
      token.kind = Token::Kind::symbol;
      token.text = std::string(symbol);
      token.offset = at_;
      tokens_.push_back(std::move(token));
      at_ += symbol.size();
      return true;
    }
    if (text_[at_] == '=') return fail(at_, 1, "\"=\" does not compare; write \"==\"");
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte < 0x20) return fail(at_, 1, fmt::format("unexpected character U+{:04X}", byte));
    return fail(at_, 1, fmt::format("unexpected character '{}'", text_[at_]));
  }

  std::string_view text_;
  std::vector<Token>& tokens_;
  TextProblem& problem_;
  size_t at_ = 0;
};

}  // namespace

std::string_view dimension_name(Dimension dimension) {
  switch (dimension) {
    case Dimension::count:
      return "count";
    case Dimension::duration:
      return "duration";
    case Dimension::bytes:
      return "size";
    case Dimension::rate:
      return "rate";
    case Dimension::byte_rate:
      return "rate of bytes";
    case Dimension::word:
      return "word";
  }
  return "count";
}

std::string_view dimension_key(Dimension dimension) {
  if (dimension == Dimension::bytes) return "bytes";
  if (dimension == Dimension::byte_rate) return "byte_rate";
  return dimension_name(dimension);
}

bool tokenize(std::string_view text, std::vector<Token>& tokens, TextProblem& problem) {
  return Lexer(text, tokens, problem).run();
}

}  // namespace drey::reports
