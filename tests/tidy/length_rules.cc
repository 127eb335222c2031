#include "tests/tidy/length_rules.h"

namespace drey::tidy {
namespace {

constexpr size_t kFileLinesMax = 500;
constexpr size_t kTestLinesMax = 800;
constexpr size_t kFunctionLinesMax = 70;
constexpr size_t kColumnsMax = 120;

// What a brace opens, decided by the text between the last ; { } and it.
bool opens_function(const std::string& before) {
  if (before.find('(') == std::string::npos) return false;
  for (const std::string_view word : {"namespace", "class", "struct", "enum", "union"}) {
    // "struct" of a parameter or return type would hide a function; such spellings are not used
    // here.
    if (has_word(before, word)) return false;
  }
  // An initialiser such as "const X x = f({" is not a function; an operator is.
  const size_t equals = before.find('=');
  return equals == std::string::npos || before.find("operator") != std::string::npos ||
         before.find('(') < equals;
}

class FunctionFinder {
 public:
  explicit FunctionFinder(const SourceFile& file) : file_(file) {}

  std::vector<Finding> run() {
    for (size_t i = 0; i < file_.code.size(); ++i) {
      const std::string& line = file_.code[i];
      const size_t first = line.find_first_not_of(' ');
      if (first != std::string::npos && line[first] == '#') continue;  // macros have no shape
      for (const char c : line) step(c, i);
      before_ += ' ';
    }
    return findings_;
  }

 private:
  void step(char c, size_t line) {
    if (c == '{') {
      if (function_depth_ == 0 && opens_function(before_)) {
        function_depth_ = depth_ + 1;
        opened_ = line;
      }
      ++depth_;
      before_.clear();
    } else if (c == '}') {
      if (function_depth_ != 0 && depth_ == function_depth_) close(line);
      if (depth_ > 0) --depth_;
      before_.clear();
    } else if (c == ';') {
      before_.clear();
    } else {
      before_ += c;
    }
  }
  void close(size_t line) {
    function_depth_ = 0;
    const size_t length = line - opened_ + 1;
    if (length <= kFunctionLinesMax) return;
    findings_.push_back(
        {file_.path, opened_ + 1, "function-length",
         std::to_string(length) + " lines; more than 70 wants to be two functions"});
  }

  const SourceFile& file_;
  std::vector<Finding> findings_;
  std::string before_;
  size_t depth_ = 0;
  size_t function_depth_ = 0;  // 0: outside functions
  size_t opened_ = 0;
};

}  // namespace

std::vector<Finding> check_lengths(const SourceFile& file) {
  std::vector<Finding> findings = FunctionFinder(file).run();
  const size_t most = room_of(file.path) == "tests" ? kTestLinesMax : kFileLinesMax;
  if (file.raw.size() > most) {
    findings.push_back({file.path, most + 1, "file-length",
                        std::to_string(file.raw.size()) + " lines; more than " +
                            std::to_string(most) + " wants to be two files"});
  }
  for (size_t i = 0; i < file.raw.size(); ++i) {
    if (file.raw[i].size() <= kColumnsMax) continue;
    // The inside of a raw string is text, e.g. a scenario of a test.
    const bool blank = file.code[i].find_first_not_of(' ') == std::string::npos;
    if (blank && file.raw[i].find("//") == std::string::npos) continue;
    findings.push_back({file.path, i + 1, "line-length",
                        std::to_string(file.raw[i].size()) + " columns; break the line"});
  }
  return findings;
}

}  // namespace drey::tidy
