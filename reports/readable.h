#pragma once
// Numbers for people: three significant digits and the unit that suits them. "12.3 s", "450 ms",
// "1.5 mb", "2000".
#include <string>
#include <vector>

#include "reports/expression_lexer.h"
#include "reports/statistics.h"

namespace drey::reports {

// `value` in ns, bytes, or per second, as metrics are.
std::string readable(double value, Dimension dimension);
// "12.3 s", or with several samples "12.3 s +- 0.4 s".
std::string readable(const Statistic& statistic, Dimension dimension);

// Rows of equal width for a terminal, and the same in Markdown and CSV. The first row is the head.
using TextTable = std::vector<std::vector<std::string>>;
std::string aligned(const TextTable& table);
std::string markdown(const TextTable& table);
std::string csv(const TextTable& table);
std::string csv_cell(const std::string& text);

}  // namespace drey::reports
