#include "scenarios/csv_records.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

namespace drey::scenarios {

namespace {

// One row at a time from RFC 4180 text; quotes may hold commas, doubled quotes and line ends.
class CsvReader {
 public:
  explicit CsvReader(std::string text) : text_(std::move(text)) {}

  bool next(std::vector<std::string>& fields) {
    fields.clear();
    if (at_ >= text_.size()) return false;
    line_ = next_line_;
    for (;;) {
      fields.push_back(field());
      if (at_ >= text_.size()) return true;
      const char c = text_[at_++];
      if (c == ',') continue;
      if (c == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      ++next_line_;
      return true;
    }
  }
  int line() const { return line_; }

 private:
  std::string field() {
    std::string out;
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      while (at_ < text_.size()) {
        const char c = text_[at_++];
        if (c != '"') {
          if (c == '\n') ++next_line_;
          out += c;
        } else if (at_ < text_.size() && text_[at_] == '"') {
          out += '"';
          ++at_;
        } else {
          break;
        }
      }
      return out;
    }
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r')
      out += text_[at_++];
    return out;
  }

  std::string text_;
  size_t at_ = 0;
  int line_ = 0;
  int next_line_ = 1;
};

std::optional<int64_t> whole_number(std::string_view text) {
  if (text.empty()) return {};
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 18) return {};
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

// Days since 1970-01-01 of a proleptic Gregorian date.
int64_t days_of(int64_t year, int64_t month, int64_t day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

std::optional<int64_t> time_of(std::string_view text) {
  if (const auto millis = whole_number(text)) return millis;
  // yyyy-mm-ddThh:mm:ss[.fff][Z]
  constexpr size_t kSeconds = 19;
  if (text.size() < kSeconds || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return {};
  const auto part = [&](size_t from, size_t size) { return whole_number(text.substr(from, size)); };
  const auto year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const auto hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return {};
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 ||
      *second > 60)
    return {};
  int64_t millis = 0;
  std::string_view rest = text.substr(kSeconds);
  if (!rest.empty() && rest.back() == 'Z') rest.remove_suffix(1);
  if (!rest.empty()) {
    if (rest.front() != '.' || rest.size() < 2 || rest.size() > 10) return {};
    std::string digits(rest.substr(1));
    digits.resize(3, '0');
    const auto fraction = whole_number(digits);
    if (!fraction) return {};
    millis = *fraction;
  }
  const int64_t seconds =
      ((days_of(*year, *month, *day) * 24 + *hour) * 60 + *minute) * 60 + *second;
  return seconds * 1000 + millis;
}

std::optional<size_t> column_of(const std::vector<std::string>& header, const std::string& name) {
  for (size_t i = 0; i < header.size(); ++i)
    if (header[i] == name) return i;
  return {};
}

}  // namespace

CsvRecords load_csv(const CsvData& data, CsvKeys& keys) {
  CsvRecords out;
  const auto fail = [&](int line, size_t column, const std::string& what) {
    out.rows.clear();
    out.error = fmt::format("{}:{}:{}: error: {}", data.path, line, column + 1, what);
    return out;
  };
  std::ifstream stream(data.file, std::ios::binary);
  if (!stream) return fail(1, 0, "cannot be read");
  std::stringstream text;
  text << stream.rdbuf();
  CsvReader reader(text.str());
  std::vector<std::string> fields;
  if (!reader.next(fields)) return fail(1, 0, "no header line");
  const auto key = column_of(fields, data.key);
  const auto value = column_of(fields, data.value);
  const bool timed = !data.time.empty();
  const size_t time = timed ? column_of(fields, data.time).value_or(fields.size()) : 0;
  if (!key) return fail(1, 0, fmt::format("no column \"{}\"", data.key));
  if (!value) return fail(1, 0, fmt::format("no column \"{}\"", data.value));
  if (timed && time == fields.size()) return fail(1, 0, fmt::format("no column \"{}\"", data.time));
  const size_t columns = fields.size();
  while (reader.next(fields)) {
    if (fields.size() == 1 && fields[0].empty()) continue;  // an empty line
    if (fields.size() != columns)
      return fail(reader.line(), fields.size(),
                  fmt::format("{} fields, the header has {}", fields.size(), columns));
    const auto number = whole_number(fields[*value]);
    if (!number)
      return fail(reader.line(), *value,
                  fmt::format("\"{}\" is not a whole number", fields[*value]));
    int64_t at = static_cast<int64_t>(out.rows.size());
    if (timed) {
      const auto parsed = time_of(fields[time]);
      if (!parsed)
        return fail(
            reader.line(), time,
            fmt::format("\"{}\" is neither milliseconds nor an ISO 8601 time", fields[time]));
      at = *parsed;
    }
    const auto [entry, added] = keys.ids.emplace(fields[*key], keys.texts.size());
    if (added) keys.texts.push_back(fields[*key]);
    out.rows.push_back({.key = entry->second, .value = *number, .event_time = at});
  }
  if (out.rows.empty()) return fail(reader.line() + 1, 0, "no records");
  return out;
}

std::vector<sim::Record> read_csv_records(const CsvData& data, CsvKeys& keys) {
  CsvRecords records = load_csv(data, keys);
  if (!records.error.empty()) {
    fmt::print(stderr, "{}\n", records.error);
    std::exit(2);
  }
  return std::move(records.rows);
}

}  // namespace drey::scenarios
