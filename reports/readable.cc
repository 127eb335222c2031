#include "reports/readable.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

namespace drey::reports {
namespace {

struct Unit {
  double size;
  std::string_view name;
};
constexpr Unit kTimes[] = {{3600e9, " h"}, {60e9, " min"}, {1e9, " s"},
                           {1e6, " ms"},   {1e3, " us"},   {1, " ns"}};
constexpr Unit kSizes[] = {{1099511627776.0, " TiB"},
                           {1073741824.0, " GiB"},
                           {1048576.0, " MiB"},
                           {1024.0, " KiB"},
                           {1, " B"}};

// Three digits, and no exponent for what a person would write out.
std::string digits(double value) {
  const double magnitude = value < 0 ? -value : value;
  if (magnitude >= 1000) return fmt::format("{:.0f}", value);
  std::string text = fmt::format("{:.{}f}", value, magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

const Unit& unit_of(double value, std::span<const Unit> units) {
  const double magnitude = value < 0 ? -value : value;
  for (const Unit& unit : units)
    // Seconds up to ten minutes: "90 s" reads better than "1.5 min".
    if (magnitude >= unit.size * (unit.name == " min" ? 10 : 1)) return unit;
  return units.back();
}

std::span<const Unit> units_of(Dimension dimension) {
  if (dimension == Dimension::duration) return kTimes;
  return kSizes;
}

}  // namespace

std::string readable(double value, Dimension dimension) {
  if (dimension == Dimension::duration || dimension == Dimension::bytes ||
      dimension == Dimension::byte_rate) {
    if (value == 0) return dimension == Dimension::duration ? "0 s" : "0 B";
    const Unit& unit = unit_of(value, units_of(dimension));
    return fmt::format("{}{}{}", digits(value / unit.size), unit.name,
                       dimension == Dimension::byte_rate ? "/s" : "");
  }
  return digits(value) + (dimension == Dimension::rate ? "/s" : "");
}

std::string readable(const Statistic& statistic, Dimension dimension) {
  if (statistic.count == 0) return "-";
  std::string text = readable(statistic.mean, dimension);
  if (statistic.half_width && *statistic.half_width > 0)
    text += " +- " + readable(*statistic.half_width, dimension);
  return text;
}

std::string aligned(const TextTable& table) {
  std::vector<size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : table) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i)
      line += fmt::format(" {:<{}} ", row[i], i + 1 < row.size() ? widths[i] : 0);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string markdown(const TextTable& table) {
  std::string out;
  for (size_t i = 0; i < table.size(); ++i) {
    out += "|";
    for (const std::string& cell : table[i]) {
      std::string safe;
      for (const char c : cell) {
        if (c == '|') safe += '\\';
        safe += c;
      }
      out += " " + safe + " |";
    }
    out += "\n";
    if (i > 0) continue;
    out += "|";
    for (size_t k = 0; k < table[i].size(); ++k) out += "---|";
    out += "\n";
  }
  return out;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

std::string csv(const TextTable& table) {
  std::string out;
  for (const auto& row : table) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      out += csv_cell(row[i]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace drey::reports
