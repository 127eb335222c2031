#pragma once
// Quantities as text: durations, sizes, rates, ratios and simple distributions, read and printed
// with integers only. In reports/ because both expectations and scenarios need it and includes go
// only to the left.
//
// Durations and sizes are read exactly as Flink reads them, so that values can be pasted from a
// configuration:
//   digits, blanks, unit label (case ignored); d|day(s), h|hour(s), min|minute(s),
//   s|sec(s)|second(s), ms|milli(s)| millisecond(s), µs|micro(s)|microsecond(s),
//   ns|nano(s)|nanosecond(s); b|bytes, k|kb|kibibytes, m|mb|mebibytes, g|gb|gibibytes,
//   t|tb|tebibytes, all powers of 1024. In addition: us, KiB, MiB, GiB, TiB.
// A bare number is a duration in milliseconds or a size in bytes only with Bare::flink (inside
// "flink"), else refused. Upstream: TimeUtils.parseDuration, MemorySize.parse. Errors: an empty
// optional, never an exception.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace drey::reports {

enum class Bare : uint8_t { refused, flink };

// An exact fraction, "0.1 %" = 1/1000, "1.5" = 3/2; lowest terms, denominator > 0.
struct Ratio {
  int64_t numerator = 0;
  int64_t denominator = 1;
  friend bool operator==(const Ratio&, const Ratio&) = default;
};

// Things per second; 0 = without limit. "20000/s", "200 mb/s" (bytes), "1200/min".
struct Rate {
  uint64_t per_second = 0;
  bool bytes = false;
  friend bool operator==(const Rate&, const Rate&) = default;
};

// A delay as integer data, for the variates of sim/. Nanoseconds.
//   constant: a. uniform: a..b inclusive. exponential: a + exp(mean b). two_point: a, or b with
//   probability `tail`. empirical: `points` with integer weights, in order of value.
struct Distribution {
  enum class Kind : uint8_t { constant, uniform, exponential, two_point, empirical };
  struct Point {
    int64_t value = 0;
    uint32_t weight = 0;
    friend bool operator==(const Point&, const Point&) = default;
  };
  Kind kind = Kind::constant;
  int64_t a = 0;
  int64_t b = 0;
  Ratio tail;
  std::vector<Point> points;
  friend bool operator==(const Distribution&, const Distribution&) = default;
};

std::optional<sim::Duration> parse_duration(std::string_view text, Bare bare);
std::optional<uint64_t> parse_size(std::string_view text, Bare bare);
std::optional<Rate> parse_rate(std::string_view text);
std::optional<Ratio> parse_ratio(std::string_view text);  // "5 %", "0.25", "3/4"
std::optional<int64_t> parse_integer(std::string_view text);

// Text that parses back to the same value, in the largest unit that is exact.
std::string print_duration(sim::Duration duration);
std::string print_size(uint64_t bytes);
std::string print_rate(Rate rate);
std::string print_ratio(Ratio ratio);

// Regular expressions (ECMA 262) that accept what the parsers accept; for the JSON Schema.
std::string_view duration_pattern();
std::string_view size_pattern();
std::string_view rate_pattern();
std::string_view ratio_pattern();

}  // namespace drey::reports
