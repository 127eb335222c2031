#pragma once
// A slot as the scheduler sees it: enough to reach the TaskManager.
#include <string>

#include "model/task/deployment.h"
#include "sim/message.h"

namespace drey::model {

struct AssignedSlot {
  AllocationId allocation;
  std::string task_manager;  // ResourceID
  sim::Address control;
  sim::Address data;
  bool valid() const { return allocation.value != 0; }
};

}  // namespace drey::model
