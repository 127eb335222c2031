#include "tests/tidy/source_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace drey::tidy {
namespace {

bool is_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Blanks comments and literals in place; keeps newlines, so that lines stay lines.
class Blanker {
 public:
  explicit Blanker(std::string text) : text_(std::move(text)) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n", false);
      } else if (starts("/*")) {
        blank_until("*/", true);
      } else if (starts("R\"") && (at_ == 0 || !is_identifier(text_[at_ - 1]))) {
        blank_raw_string();
      } else if (text_[at_] == '"') {
        blank_quoted('"');
      } else if (text_[at_] == '\'' && (at_ == 0 || !is_identifier(text_[at_ - 1]))) {
        blank_quoted('\'');  // not the digit separator of 1'000
      } else {
        ++at_;
      }
    }
    return text_;
  }

 private:
  bool starts(std::string_view word) const { return text_.compare(at_, word.size(), word) == 0; }
  void blank_to(size_t end) {
    for (; at_ < std::min(end, text_.size()); ++at_)
      if (text_[at_] != '\n') text_[at_] = ' ';
  }
  void blank_until(std::string_view end, bool with_end) {
    const size_t found = text_.find(end, at_ + 2);
    blank_to(found == std::string::npos ? text_.size() : found + (with_end ? end.size() : 0));
  }
  void blank_raw_string() {
    const size_t open = text_.find('(', at_);
    if (open == std::string::npos) return blank_to(text_.size());
    const std::string close = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
    const size_t found = text_.find(close, open);
    blank_to(found == std::string::npos ? text_.size() : found + close.size());
  }
  void blank_quoted(char quote) {
    ++at_;  // the quotes stay: an empty literal is still a literal
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      const size_t length = text_[at_] == '\\' ? 2 : 1;
      blank_to(at_ + length);
    }
    if (at_ < text_.size()) ++at_;
  }

  std::string text_;
  size_t at_ = 0;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

SourceFile parse_source(std::string path, std::string_view text) {
  SourceFile file{.path = std::move(path), .raw = lines_of(text), .code = {}};
  file.code = lines_of(Blanker(std::string(text)).run());
  file.code.resize(file.raw.size());
  return file;
}

std::vector<SourceFile> read_sources(const std::string& root,
                                     const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    const fs::path top = fs::path(root) / folder;
    if (!fs::is_directory(top)) return {};
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(top)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      // What npm puts beside the report's page while it is being built is nobody's source.
      if (entry.path().generic_string().find("/node_modules/") != std::string::npos) continue;
      paths.push_back(fs::relative(entry.path(), root).generic_string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<SourceFile> files;
  for (const std::string& path : paths) {
    std::ifstream in(fs::path(root) / path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    files.push_back(parse_source(path, text.str()));
  }
  return files;
}

std::string room_of(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

std::string model_folder_of(std::string_view path) {
  if (room_of(path) != "model") return "";
  const size_t begin = path.find('/') + 1;
  const size_t end = path.find('/', begin);
  return end == std::string_view::npos ? "" : std::string(path.substr(begin, end - begin));
}

bool has_word(std::string_view line, std::string_view word) {
  for (size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool open = at == 0 || !is_identifier(word[0]) || !is_identifier(line[at - 1]);
    const bool closed =
        end == line.size() || !is_identifier(word.back()) || !is_identifier(line[end]);
    if (open && closed) return true;
  }
  return false;
}

std::string to_text(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": [" + finding.rule + "] " +
         finding.text;
}

}  // namespace drey::tidy
