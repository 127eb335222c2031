// Targets as text: "tm-1", "tm-*", "leader", "standby", "task(agg/0)", "any(tm)".
#include <fmt/core.h>

#include "scenarios/json_reader.h"

namespace drey::scenarios {

std::optional<Target> parse_target(std::string_view text) {
  if (text == "leader") return Target{Target::Form::leader, {}, 0};
  if (text == "standby") return Target{Target::Form::standby, {}, 0};
  if (text == "any(tm)") return Target{Target::Form::any, "tm", 0};
  if (text == "any(jm)") return Target{Target::Form::any, "jm", 0};
  if (text.size() > 6 && text.substr(0, 5) == "task(" && text.back() == ')') {
    const std::string_view inner = text.substr(5, text.size() - 6);
    const size_t slash = inner.find('/');
    if (slash == std::string_view::npos || !is_id(inner.substr(0, slash))) return std::nullopt;
    const auto number = reports::parse_integer(inner.substr(slash + 1));
    if (!number || *number < 0) return std::nullopt;
    return Target{Target::Form::task, std::string(inner.substr(0, slash)), *number};
  }
  if (text.size() > 1 && text.back() == '*') {
    std::string_view prefix = text.substr(0, text.size() - 1);
    if (prefix.back() == '-') prefix.remove_suffix(1);
    if (!is_id(prefix)) return std::nullopt;
    return Target{Target::Form::prefix, std::string(text.substr(0, text.size() - 1)), 0};
  }
  if (!is_id(text)) return std::nullopt;
  return Target{Target::Form::name, std::string(text), 0};
}

std::string print_target(const Target& target) {
  switch (target.form) {
    case Target::Form::name:
      return target.text;
    case Target::Form::prefix:
      return target.text + "*";
    case Target::Form::leader:
      return "leader";
    case Target::Form::standby:
      return "standby";
    case Target::Form::task:
      return fmt::format("task({}/{})", target.text, target.subtask);
    case Target::Form::any:
      return fmt::format("any({})", target.text);
  }
  return {};
}

}  // namespace drey::scenarios
