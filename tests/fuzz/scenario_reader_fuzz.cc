// Any bytes are a scenario or a list of messages: no crash, no hang, and what was accepted prints
// and reads back to the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scenarios/explain.h"
#include "scenarios/read_scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drey::scenarios::ReadScenario;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ReadScenario read = drey::scenarios::read_scenario_text("fuzz.json", text);
  if (!read.scenario) {
    if (read.errors().empty()) std::abort();
    return 0;
  }
  const ReadScenario again = drey::scenarios::read_scenario_text(
      "fuzz.json", drey::scenarios::print_scenario(*read.scenario));
  if (!again.scenario || !(*again.scenario == *read.scenario)) std::abort();
  return 0;
}
