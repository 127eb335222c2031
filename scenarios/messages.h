#pragma once
// Messages about bad input: collected, never thrown; printed in the order of the file, at most 20
// of them.
//
//   region.json:9:31: error: unknown key "paralelism" in vertex "map"
//       9 |       "map": { "kind": "map", "paralelism": 8 }
//         |                               ^~~~~~~~~~~~ did you mean "parallelism"?
//
// Lines and columns count from 1; columns count characters (code points), not bytes.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drey::scenarios {

struct SourceFile {
  std::string name;  // as the user wrote it
  std::string text;
};
using Sources = std::vector<SourceFile>;

struct Place {
  uint32_t file = 0;  // index in Sources
  uint32_t line = 0;  // 0: no place in the text (a file that cannot be read)
  uint32_t column = 0;
  uint32_t length = 1;  // characters to underline
  friend bool operator==(const Place&, const Place&) = default;
};

class Messages {
 public:
  static constexpr size_t kMost = 20;

  // `suggestion` is a name; it is printed as: did you mean "name"?
  void error(Place place, std::string text, std::string suggestion);
  void error(Place place, std::string text) { error(place, std::move(text), {}); }
  // Those of another reading, each text with `suffix` behind it.
  void take(Messages other, std::string_view suffix);
  // Of the same place only the first error counts: what follows from it would be noise.
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }

  std::string render(const Sources& sources) const;

 private:
  struct Entry {
    Place place;
    std::string text;
    std::string suggestion;
  };
  static constexpr size_t kStored = 500;  // a hostile file must not cost quadratic time

  std::vector<Entry> entries_;
  size_t dropped_ = 0;
};

}  // namespace drey::scenarios
