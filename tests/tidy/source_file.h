#pragma once
// One source file as the guards see it: the raw lines, and the same lines with comments and the
// contents of literals blanked, so that a word in a comment or a message is no violation. Line
// numbers are 1-based in findings.
#include <string>
#include <string_view>
#include <vector>

namespace drey::tidy {

struct SourceFile {
  std::string path;               // from the root, "model/graph/chaining.cc"
  std::vector<std::string> raw;   // lines as they are
  std::vector<std::string> code;  // same count, comments and literals blanked
};

// A broken rule: `rule` is the guard's name, `text` says what and what to use instead.
struct Finding {
  std::string path;
  size_t line = 0;
  std::string rule;
  std::string text;
};

SourceFile parse_source(std::string path, std::string_view text);
// All .h and .cc files below the given folders of the root, sorted by path; empty when a folder is
// missing.
std::vector<SourceFile> read_sources(const std::string& root,
                                     const std::vector<std::string>& folders);

// "model" of "model/graph/chaining.cc".
std::string room_of(std::string_view path);
// "graph" of "model/graph/chaining.cc", empty outside model or directly in it.
std::string model_folder_of(std::string_view path);
// Whether `word` occurs in the line with no identifier character before it (and none after it, when
// it ends in one).
bool has_word(std::string_view line, std::string_view word);

std::string to_text(const Finding& finding);

}  // namespace drey::tidy
