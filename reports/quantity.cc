#include "reports/quantity.h"

#include <fmt/core.h>

#include <array>
#include <numeric>
#include <span>

namespace drey::reports {
namespace {

struct Unit {
  std::string_view label;
  int64_t factor;
};

// Flink's labels in lower case, then ours.
constexpr std::array<Unit, 30> kTimeUnits{{
    {"d", 86'400'000'000'000},
    {"day", 86'400'000'000'000},
    {"days", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"hour", 3'600'000'000'000},
    {"hours", 3'600'000'000'000},
    {"min", 60'000'000'000},
    {"minute", 60'000'000'000},
    {"minutes", 60'000'000'000},
    {"s", 1'000'000'000},
    {"sec", 1'000'000'000},
    {"secs", 1'000'000'000},
    {"second", 1'000'000'000},
    {"seconds", 1'000'000'000},
    {"ms", 1'000'000},
    {"milli", 1'000'000},
    {"millis", 1'000'000},
    {"millisecond", 1'000'000},
    {"milliseconds", 1'000'000},
    {"\xc2\xb5s", 1'000},
    {"micro", 1'000},
    {"micros", 1'000},
    {"microsecond", 1'000},
    {"microseconds", 1'000},
    {"ns", 1},
    {"nano", 1},
    {"nanos", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"us", 1'000},
}};

constexpr std::array<Unit, 19> kSizeUnits{{
    {"b", 1},
    {"bytes", 1},
    {"k", 1 << 10},
    {"kb", 1 << 10},
    {"kibibytes", 1 << 10},
    {"m", 1 << 20},
    {"mb", 1 << 20},
    {"mebibytes", 1 << 20},
    {"g", 1 << 30},
    {"gb", 1 << 30},
    {"gibibytes", 1 << 30},
    {"t", int64_t{1} << 40},
    {"tb", int64_t{1} << 40},
    {"tebibytes", int64_t{1} << 40},
    {"kib", 1 << 10},
    {"mib", 1 << 20},
    {"gib", 1 << 30},
    {"tib", int64_t{1} << 40},
    {"byte", 1},
}};

constexpr int64_t kMostNanoseconds = sim::kForever.ns;
constexpr int64_t kMostBytes = int64_t{1} << 60;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view take_digits(std::string_view& text) {
  size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

std::optional<int64_t> to_int(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  int64_t value = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, 10, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, c - '0', &value)) return std::nullopt;
  }
  return value;
}

std::optional<int64_t> parse_with_units(std::string_view text, std::span<const Unit> units,
                                        std::optional<int64_t> bare_factor, int64_t most) {
  text = trim(text);
  const auto number = to_int(take_digits(text));
  if (!number) return std::nullopt;
  const std::string label = lower(trim(text));
  std::optional<int64_t> factor;
  if (label.empty()) factor = bare_factor;
  for (const Unit& unit : units)
    if (!label.empty() && unit.label == label) factor = unit.factor;
  if (!factor) return std::nullopt;
  int64_t value = 0;
  if (__builtin_mul_overflow(*number, *factor, &value)) return std::nullopt;
  if (value > most) return std::nullopt;
  return value;
}

std::optional<Ratio> decimal(std::string_view text) {
  const auto whole = to_int(take_digits(text));
  if (!whole) return std::nullopt;
  Ratio ratio{*whole, 1};
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    const std::string_view digits = take_digits(text);
    if (digits.empty() || digits.size() > 9) return std::nullopt;
    for (const char c : digits) {
      if (__builtin_mul_overflow(ratio.numerator, 10, &ratio.numerator)) return std::nullopt;
      if (__builtin_add_overflow(ratio.numerator, c - '0', &ratio.numerator)) return std::nullopt;
      ratio.denominator *= 10;
    }
  }
  if (!text.empty()) return std::nullopt;
  return ratio;
}

std::optional<Ratio> reduced(Ratio ratio, int64_t divide_by) {
  if (divide_by == 0) return std::nullopt;
  if (__builtin_mul_overflow(ratio.denominator, divide_by, &ratio.denominator)) return std::nullopt;
  const int64_t divisor = std::gcd(ratio.numerator, ratio.denominator);
  return Ratio{ratio.numerator / divisor, ratio.denominator / divisor};
}

}  // namespace

std::optional<sim::Duration> parse_duration(std::string_view text, Bare bare) {
  const auto factor = bare == Bare::flink ? std::optional<int64_t>(1'000'000) : std::nullopt;
  const auto ns = parse_with_units(text, kTimeUnits, factor, kMostNanoseconds);
  if (!ns) return std::nullopt;
  return sim::Duration{*ns};
}

std::optional<uint64_t> parse_size(std::string_view text, Bare bare) {
  const auto factor = bare == Bare::flink ? std::optional<int64_t>(1) : std::nullopt;
  const auto bytes = parse_with_units(text, kSizeUnits, factor, kMostBytes);
  if (!bytes) return std::nullopt;
  return static_cast<uint64_t>(*bytes);
}

std::optional<Rate> parse_rate(std::string_view text) {
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string per = lower(trim(text.substr(slash + 1)));
  const std::string_view amount = trim(text.substr(0, slash));
  int64_t seconds = 0;
  if (per == "s" || per == "sec" || per == "second") seconds = 1;
  if (per == "min" || per == "minute") seconds = 60;
  if (per == "h" || per == "hour") seconds = 3600;
  if (seconds == 0) return std::nullopt;
  Rate rate;
  if (const auto count = parse_integer(amount); count && *count >= 0) {
    rate.per_second = static_cast<uint64_t>(*count);
  } else if (const auto bytes = parse_size(amount, Bare::refused)) {
    rate = Rate{*bytes, true};
  } else {
    return std::nullopt;
  }
  if (rate.per_second % static_cast<uint64_t>(seconds) != 0) return std::nullopt;
  rate.per_second /= static_cast<uint64_t>(seconds);
  return rate;
}

std::optional<Ratio> parse_ratio(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.back() == '%') {
    text.remove_suffix(1);
    const auto percent = decimal(trim(text));
    return percent ? reduced(*percent, 100) : std::nullopt;
  }
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const auto above = parse_integer(text.substr(0, slash));
    const auto below = parse_integer(text.substr(slash + 1));
    if (!above || !below || *above < 0 || *below < 1) return std::nullopt;
    return reduced(Ratio{*above, 1}, *below);
  }
  const auto plain = decimal(text);
  return plain ? reduced(*plain, 1) : std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  text = trim(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto value = to_int(take_digits(text));
  if (!value || !text.empty()) return std::nullopt;
  return negative ? -*value : *value;
}

std::string print_duration(sim::Duration duration) {
  struct Step {
    int64_t ns;
    const char* label;
  };
  constexpr std::array<Step, 6> kSteps{{{3'600'000'000'000, "h"},
                                        {60'000'000'000, "min"},
                                        {1'000'000'000, "s"},
                                        {1'000'000, "ms"},
                                        {1'000, "us"},
                                        {1, "ns"}}};
  if (duration.ns == 0) return "0 s";
  for (const Step& step : kSteps)
    if (duration.ns % step.ns == 0) return fmt::format("{} {}", duration.ns / step.ns, step.label);
  return fmt::format("{} ns", duration.ns);
}

std::string print_size(uint64_t bytes) {
  constexpr std::array<const char*, 5> kLabels{"b", "kb", "mb", "gb", "tb"};
  size_t step = 0;
  while (bytes != 0 && bytes % 1024 == 0 && step + 1 < kLabels.size()) {
    bytes /= 1024;
    ++step;
  }
  return fmt::format("{} {}", bytes, kLabels[step]);
}

std::string print_rate(Rate rate) {
  if (rate.bytes) return print_size(rate.per_second) + "/s";
  return fmt::format("{}/s", rate.per_second);
}

std::string print_ratio(Ratio ratio) {
  if (ratio.denominator == 1) return fmt::format("{}", ratio.numerator);
  // Percent where that is exact and short, else the fraction itself.
  if (ratio.numerator <= INT64_MAX / 100 && (ratio.numerator * 100) % ratio.denominator == 0)
    return fmt::format("{} %", ratio.numerator * 100 / ratio.denominator);
  return fmt::format("{}/{}", ratio.numerator, ratio.denominator);
}

std::string_view duration_pattern() {
  return "^\\s*[0-9]+\\s*([dD]([aA][yY][sS]?)?|[hH]([oO][uU][rR][sS]?)?|[mM][iI][nN]([uU][tT][eE]["
         "sS]?)?|"
         "[sS]([eE][cC]([oO][nN][dD])?[sS]?)?|[mM][sS]|[mM][iI][lL][lL][iI]([sS][eE][cC][oO][nN]["
         "dD])?[sS]?|"
         "(u|U|\xc2\xb5)[sS]|[mM][iI][cC][rR][oO]([sS][eE][cC][oO][nN][dD])?[sS]?|[nN][sS]|"
         "[nN][aA][nN][oO]([sS][eE][cC][oO][nN][dD])?[sS]?)\\s*$";
}

std::string_view size_pattern() {
  return "^\\s*[0-9]+\\s*([bB]([yY][tT][eE][sS]?)?|[kKmMgGtT]([iI]?[bB])?|"
         "([kK][iI]|[mM][eE]|[gG][iI]|[tT][eE])[bB][iI][bB][yY][tT][eE][sS])\\s*$";
}

std::string_view rate_pattern() {
  return "^\\s*[0-9]+\\s*([bB]([yY][tT][eE][sS]?)?|[kKmMgGtT]([iI]?[bB])?)?\\s*/\\s*"
         "([sS]([eE][cC]([oO][nN][dD])?)?|[mM][iI][nN]([uU][tT][eE])?|[hH]([oO][uU][rR])?)\\s*$";
}

std::string_view ratio_pattern() {
  return "^\\s*([0-9]+(\\.[0-9]{1,9})?\\s*%?|[0-9]+\\s*/\\s*[0-9]+)\\s*$";
}

}  // namespace drey::reports
