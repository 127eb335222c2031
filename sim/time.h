#pragma once
// Simulated time: an integer count of nanoseconds in two strong types (design.md 2.1). Never a
// double.
//
//   Time t = Time{} + seconds(3);   Duration d = t - Time{};   d.ns == 3'000'000'000
//
// 64 bits hold 292 years. Transfer times round up, in one function (transfer_time), in 128-bit
// arithmetic.
#include <compare>
#include <cstdint>

namespace drey::sim {

struct Duration {
  int64_t ns = 0;

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, int64_t n) { return {a.ns * n}; }
  friend constexpr Duration operator/(Duration a, int64_t n) { return {a.ns / n}; }
};

struct Time {
  int64_t ns = 0;

  friend constexpr auto operator<=>(Time, Time) = default;
  friend constexpr Time operator+(Time t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr Time operator-(Time t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(Time a, Time b) { return {a.ns - b.ns}; }
};

inline constexpr Time kEndOfTime{INT64_MAX};
inline constexpr Duration kForever{INT64_MAX / 4};

constexpr Duration nanoseconds(int64_t n) { return {n}; }
constexpr Duration microseconds(int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration minutes(int64_t n) { return {n * 60'000'000'000}; }

// Whole milliseconds, rounded down: Flink's clocks and time stamps count these.
constexpr int64_t to_millis(Duration d) { return d.ns / 1'000'000; }
constexpr int64_t to_millis(Time t) { return t.ns / 1'000'000; }

// ceil(bytes / rate), the time that `bytes` occupy a device of `bytes_per_second` (> 0).
constexpr Duration transfer_time(uint64_t bytes, uint64_t bytes_per_second) {
  __extension__ using Wide = unsigned __int128;
  const Wide scaled = Wide{bytes} * 1'000'000'000u + (bytes_per_second - 1);
  return {static_cast<int64_t>(scaled / bytes_per_second)};
}

}  // namespace drey::sim
