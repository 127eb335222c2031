#include "reports/suggest.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace drey::reports {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

size_t edit_distance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> cell((a.size() + 1) * width);
  const auto at = [&](size_t i, size_t j) -> size_t& { return cell[i * width + j]; };
  for (size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      size_t best =
          std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0u : 1u)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) best = std::min(best, at(i - 2, j - 2) + 1);
      at(i, j) = best;
    }
  }
  return at(a.size(), b.size());
}

}  // namespace

std::string nearest_name(std::string_view wrong, std::span<const std::string> legal) {
  constexpr size_t kLongest = 100;  // the table is quadratic; nobody mistypes a longer name
  if (wrong.empty() || wrong.size() > kLongest) return {};
  size_t best_distance = std::max<size_t>(1, wrong.size() / 3) + 1;
  std::string best;
  for (const std::string& name : legal) {
    if (name.size() > kLongest) continue;
    const size_t distance = edit_distance(wrong, name);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = name;
  }
  return best;
}

std::string name_list(std::span<const std::string> names, size_t most) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

}  // namespace drey::reports
