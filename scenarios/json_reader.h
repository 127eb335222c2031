#pragma once
// Reads a JSON tree into the values that a describe function names: types, units, ranges, unknown
// keys; all errors with their place. A FieldVisitor; see scenarios/field_visitor.h.
#include <string>
#include <string_view>

#include "scenarios/field_visitor.h"
#include "scenarios/json_tree.h"

namespace drey::scenarios {

// `ignored`: options in "flink" that may be unknown. `what` names the object in messages, e.g. "the
// scenario".
void read_object(const JsonNode& node, std::string_view what,
                 const std::vector<std::string>& ignored, Messages& messages,
                 const FieldVisitor::Inner& describe_it);

// A delay as text or object; false, with a message, when it is none.
bool read_delay(const JsonNode& node, Distribution& value, Messages& messages);
JsonNode print_delay(const Distribution& value);

std::optional<Target> parse_target(std::string_view text);
std::string print_target(const Target& target);

bool is_id(std::string_view text);  // a letter, then letters, digits, _ and -

}  // namespace drey::scenarios
