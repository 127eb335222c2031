#pragma once
// Slots that no job has, of the TaskManagers that are registered at the leading ResourceManager,
// followed from the facts. A TaskManager's slots count from its registration; a job has a slot from
// its allocation by the TaskManager until the TaskManager has freed it.
//
// Upstream: the ResourceManager's gauge taskSlotsAvailable.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sim/trace.h"

namespace drey::reports {

class FreeSlots {
 public:
  // `who` announces (a path), `whom` it is about (its name). Control facts; others do nothing.
  void on(const sim::Fact& fact, std::string_view who, std::string_view whom);
  uint64_t count() const;

 private:
  struct TaskManager {
    std::string session;  // resource id, new in each incarnation
    bool registered = false;
    uint64_t slots = 0;
    uint64_t allocated = 0;
  };
  std::map<std::string, TaskManager, std::less<>> task_managers_;  // by process
};

}  // namespace drey::reports
