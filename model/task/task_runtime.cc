#include "model/task/task_runtime.h"

namespace drey::model {

std::string_view name_of(Cause::Kind kind) {
  switch (kind) {
    case Cause::Kind::none:
      return "none";
    case Cause::Kind::user:
      return "user-exception";
    case Cause::Kind::partition_not_found:
      return "partition-not-found";
    case Cause::Kind::partition_connection:
      return "partition-connection";
    case Cause::Kind::remote_transport:
      return "remote-transport";
    case Cause::Kind::task_manager_lost:
      return "task-manager-lost";
    case Cause::Kind::slot_lost:
      return "slot-lost";
    case Cause::Kind::state:
      return "state";
    case Cause::Kind::out_of_memory:
      return "out-of-memory";
    case Cause::Kind::checkpoint:
      return "checkpoint-failures";
    case Cause::Kind::external:
      return "external-system";
    case Cause::Kind::cancellation_stuck:
      return "cancellation-stuck";
    case Cause::Kind::deployment:
      return "deployment";
    case Cause::Kind::no_resources:
      return "no-resources";
    case Cause::Kind::job_master_lost:
      return "job-master-lost";
    case Cause::Kind::internal:
      return "internal";
  }
  return "";
}

}  // namespace drey::model
