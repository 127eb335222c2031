#pragma once
// Tokens of the small languages inside scenario strings: expectations ("sink.committed_records ==
// 5") and conditions of faults ("checkpoint.phase == acknowledged"). A problem carries its place
// inside the string, for the caret.
//
//   path      seg{.seg}; a segment is letters, digits, _ and - (a - only before a letter or digit,
//   without blanks), the
//             first may name a subtask: agg/0.state
//   quantity  12, 1.5, 60 s, 200 mb, 5 %, 20000/s, 200 mb/s
//   symbol    == != <= >= < > + - * / ( ) ,
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/quantity.h"

namespace drey::reports {

struct TextProblem {
  size_t offset = 0;
  size_t length = 1;
  std::string message;
  std::string suggestion;  // without "did you mean"; may be empty
};

enum class Dimension : uint8_t { count, duration, bytes, rate, byte_rate, word };
std::string_view dimension_name(Dimension dimension);  // for people: "size"
std::string_view dimension_key(Dimension dimension);   // in files: "bytes", "byte_rate"

struct Token {
  enum class Kind : uint8_t { path, quantity, symbol, end };
  Kind kind = Kind::end;
  std::string text;
  size_t offset = 0;
  Ratio value;  // of a quantity, in ns, bytes, or per second
  Dimension dimension = Dimension::count;
};

// False, with `problem` set, on a character or unit that has no meaning. The last token is always
// `end`.
bool tokenize(std::string_view text, std::vector<Token>& tokens, TextProblem& problem);

}  // namespace drey::reports
