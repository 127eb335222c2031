#include "reports/free_slots.h"

#include "model/trace_events.h"

namespace drey::reports {

using model::ControlFact;

void FreeSlots::on(const sim::Fact& fact, std::string_view who, std::string_view whom) {
  const auto by_resource_manager = [&] {
    return who.find("resource-manager") != std::string_view::npos;
  };
  switch (static_cast<ControlFact>(fact.kind & 0xff)) {
    case ControlFact::registered: {
      if (!by_resource_manager() || whom.find('#') == std::string_view::npos) return;
      TaskManager& task_manager = task_managers_[std::string(whom.substr(0, whom.find('#')))];
      if (task_manager.session != whom) task_manager.allocated = 0;  // a new process has no slots
      task_manager.session = std::string(whom);
      task_manager.registered = true;
      task_manager.slots = fact.b;
      return;
    }
    case ControlFact::disconnected: {
      if (!by_resource_manager()) return;
      const auto at = task_managers_.find(whom.substr(0, whom.find('#')));
      if (at != task_managers_.end()) at->second.registered = false;
      return;
    }
    case ControlFact::slot_allocated:
      ++task_managers_[std::string(who.substr(0, who.find('/')))].allocated;
      return;
    case ControlFact::slot_freed: {
      const auto at = task_managers_.find(who.substr(0, who.find('/')));
      if (at != task_managers_.end() && at->second.allocated > 0) --at->second.allocated;
      return;
    }
    default:  // the others say nothing of slots
      return;
  }
}

uint64_t FreeSlots::count() const {
  uint64_t free = 0;
  for (const auto& [process, task_manager] : task_managers_)
    if (task_manager.registered && task_manager.slots > task_manager.allocated)
      free += task_manager.slots - task_manager.allocated;
  return free;
}

}  // namespace drey::reports
