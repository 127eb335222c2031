#pragma once
// Flink options that drey models: real keys, Flink's types, defaults and units. This table is the
// only place that knows a default; whoever needs an option asks a FlinkOptions by key. An option
// that is not in the table is an error unless the scenario lists it in "ignore_options". Defaults
// are those of Flink 2.3.0.
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/quantity.h"
#include "sim/time.h"

namespace drey::scenarios {

struct OptionInfo {
  enum class Type : uint8_t { duration, size, integer, boolean, number, choice };
  std::string_view key;
  Type type;
  std::string_view fallback;  // Flink's default as text; empty = none
  int64_t least;              // integers; durations in ms
  std::string_view choices;   // "hashmap|rocksdb"; of a choice
  std::string_view help;
};

std::span<const OptionInfo> flink_options();
const OptionInfo* find_option(std::string_view key);

// The value in normal form ("10 s", "RocksDB" -> "rocksdb"), or empty when it does not fit the
// option's type; `why` then says what is expected.
std::optional<std::string> normal_option(const OptionInfo& option, std::string_view text,
                                         std::string& why);

// Values by key. Asking for an option that the table does not have, or without value and default,
// is our bug: CHECK.
class FlinkOptions {
 public:
  void set(std::string_view key, std::string normal_text);
  bool is_set(std::string_view key) const;     // by the scenario
  bool has_value(std::string_view key) const;  // set, or has a default

  sim::Duration duration(std::string_view key) const;
  uint64_t size(std::string_view key) const;
  int64_t integer(std::string_view key) const;
  bool flag(std::string_view key) const;
  reports::Ratio number(std::string_view key) const;
  std::string text(std::string_view key) const;

  const std::map<std::string, std::string>& values() const { return set_; }
  friend bool operator==(const FlinkOptions&, const FlinkOptions&) = default;

 private:
  std::map<std::string, std::string> set_;
};

}  // namespace drey::scenarios
