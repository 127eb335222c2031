#include "scenarios/messages.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace drey::scenarios {
namespace {

constexpr size_t kWidest = 120;  // characters of a source line that are shown

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::string_view line_of(std::string_view text, uint32_t line) {
  size_t start = 0;
  for (uint32_t n = 1; n < line; ++n) {
    const size_t end = text.find('\n', start);
    if (end == std::string_view::npos) return {};
    start = end + 1;
  }
  std::string_view out = text.substr(start, text.find('\n', start) - start);
  if (!out.empty() && out.back() == '\r') out.remove_suffix(1);
  return out;
}

// The characters of a line, so that columns can be cut; control characters and broken bytes become
// '?'.
std::vector<std::string> characters(std::string_view line) {
  std::vector<std::string> out;
  for (const char c : line) {
    if (!out.empty() && !begins_character(c)) {
      out.back() += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\t') {
      out.emplace_back(" ");
    } else if (byte < 0x20 || byte == 0x7F) {
      out.emplace_back("?");
    } else {
      out.emplace_back(1, c);
    }
  }
  // A lead byte without the right number of continuation bytes would break the terminal.
  for (std::string& c : out) {
    const auto lead = static_cast<unsigned char>(c[0]);
    const size_t wanted = lead < 0x80                   ? 1
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                          : lead >= 0xE0                ? 3
                          : lead >= 0xC2                ? 2
                                                        : 0;
    if (c.size() != wanted || lead >= 0xF5) c.assign(1, '?');
  }
  return out;
}

std::string excerpt(std::string_view text, const Place& place, const std::string& hint) {
  const std::vector<std::string> all = characters(line_of(text, place.line));
  const size_t column = place.column - 1;
  const size_t begin = column > kWidest * 2 / 3 ? column - kWidest / 3 : 0;
  const size_t end = std::min(all.size(), begin + kWidest);
  std::string shown = begin > 0 ? "..." : "";
  const size_t lead = shown.size();
  for (size_t i = begin; i < end; ++i) shown += all[i];
  if (end < all.size()) shown += "...";
  const size_t room = end > column ? end - column : 1;
  const size_t marks = std::clamp<size_t>(place.length, 1, room);
  const std::string caret =
      std::string(column - begin + lead, ' ') + "^" + std::string(marks - 1, '~');
  return fmt::format("{:5} | {}\n      | {}{}\n", place.line, shown, caret,
                     hint.empty() ? "" : " " + hint);
}

}  // namespace

void Messages::error(Place place, std::string text, std::string suggestion) {
  for (const Entry& entry : entries_)
    if (entry.place == place && place.line != 0) return;
  if (entries_.size() >= kStored) {
    ++dropped_;
    return;
  }
  entries_.push_back(Entry{place, std::move(text), std::move(suggestion)});
}

void Messages::take(Messages other, std::string_view suffix) {
  for (Entry& entry : other.entries_)
    error(entry.place, entry.text + std::string(suffix), std::move(entry.suggestion));
  dropped_ += other.dropped_;
}

std::string Messages::render(const Sources& sources) const {
  std::vector<Entry> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  std::string out;
  for (size_t i = 0; i < sorted.size() && i < kMost; ++i) {
    const Entry& entry = sorted[i];
    const SourceFile& file = sources.at(entry.place.file);
    const std::string hint =
        entry.suggestion.empty() ? "" : fmt::format("did you mean \"{}\"?", entry.suggestion);
    if (entry.place.line == 0) {
      out += fmt::format("{}: error: {}\n", file.name, entry.text);
      continue;
    }
    out += fmt::format("{}:{}:{}: error: {}\n", file.name, entry.place.line, entry.place.column,
                       entry.text);
    out += excerpt(file.text, entry.place, hint);
  }
  if (sorted.size() > kMost)
    out += fmt::format("and {} more errors\n", sorted.size() - kMost + dropped_);
  return out;
}

}  // namespace drey::scenarios
