#pragma once
// What the readers of expectations and of conditions share: a place in a list of tokens that ends
// with Token::Kind::end, the comparators, and a problem at a token.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "reports/expectation.h"
#include "reports/expression_lexer.h"

namespace drey::reports {

class TokenCursor {
 public:
  TokenCursor(std::vector<Token> tokens, TextProblem& problem)
      : tokens_(std::move(tokens)), problem_(problem) {}

  const Token& now() const { return tokens_[at_]; }
  const Token& first() const { return tokens_.front(); }
  const Token& before() const { return tokens_[at_ - 1]; }
  bool at_end() const { return now().kind == Token::Kind::end; }
  bool is_symbol(std::string_view text) const {
    return now().kind == Token::Kind::symbol && now().text == text;
  }
  void advance() { ++at_; }

  // Always false.
  bool fail(const Token& token, std::string message, std::string suggestion = {}) {
    problem_ = TextProblem{token.offset, std::max<size_t>(1, token.text.size()), std::move(message),
                           std::move(suggestion)};
    return false;
  }

  // `what` compares two sides: "an expectation".
  bool comparator(std::string_view what, Comparator& out) {
    constexpr std::array<std::pair<std::string_view, Comparator>, 6> kAll{
        {{"==", Comparator::equal},
         {"!=", Comparator::not_equal},
         {"<=", Comparator::less_or_equal},
         {">=", Comparator::greater_or_equal},
         {"<", Comparator::less},
         {">", Comparator::greater}}};
    for (const auto& [text, comparator] : kAll) {
      if (!is_symbol(text)) continue;
      out = comparator;
      advance();
      return true;
    }
    constexpr std::string_view kExpected = "expected one of == != <= >= < >";
    if (at_end()) return fail(now(), fmt::format("{} compares two sides; {}", what, kExpected));
    return fail(now(), fmt::format("{} before \"{}\"", kExpected, now().text));
  }

 private:
  std::vector<Token> tokens_;
  TextProblem& problem_;
  size_t at_ = 0;
};

}  // namespace drey::reports
