#pragma once
// The names of all messages that cross the simulated network, by kind: what `lose` can name, and
// how results count them.
#include <cstdint>
#include <map>
#include <string>

namespace drey::scenarios {

std::map<uint32_t, std::string> message_names();

}  // namespace drey::scenarios
