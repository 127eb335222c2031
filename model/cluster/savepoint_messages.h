#pragma once
// Savepoints as a user asks for them: client -> Dispatcher -> JobMaster, and back. As over REST:
// the trigger is acknowledged when the operation has begun, its end is asked for. Operations are
// numbered by the client and known to the Dispatcher that began them: a JobManager that dies takes
// them along.
//
// Upstream: RestClusterClient.triggerSavepoint and stopWithSavepoint,
// DispatcherCachedOperationsHandler, JobMasterGateway.triggerSavepoint and stopWithSavepoint.
#include <string>

#include "model/checkpoint/checkpoint_types.h"
#include "model/cluster/messages.h"
#include "model/savepoint_facts.h"

namespace drey::model {

struct TriggerSavepoint : sim::MessageOf<TriggerSavepoint> {  // client -> Dispatcher, ask
  static constexpr std::string_view kName = "trigger_savepoint";
  JobId job = 0;
  uint64_t operation = 0;
  SavepointKind kind = SavepointKind::plain;
  SavepointFormat format = SavepointFormat::canonical;
  std::string directory;
  DREY_FIELDS(job, operation, kind, format, directory)
};
struct RequestSavepoint : sim::MessageOf<RequestSavepoint> {  // client -> Dispatcher, ask
  static constexpr std::string_view kName = "request_savepoint";
  JobId job = 0;
  uint64_t operation = 0;
  DREY_FIELDS(job, operation)
};
struct SavepointAnswer : sim::MessageOf<SavepointAnswer> {
  static constexpr std::string_view kName = "savepoint_answer";
  enum class State : uint8_t { unknown, in_progress, completed, failed } state = State::unknown;
  CheckpointId checkpoint = 0;
  std::string location;
  DREY_FIELDS(state, checkpoint, location)
};
struct SavepointEnded : sim::MessageOf<SavepointEnded> {  // JobMaster -> Dispatcher, tell
  static constexpr std::string_view kName = "savepoint_ended";
  JobId job = 0;
  uint64_t operation = 0;
  bool completed = false;
  CheckpointId checkpoint = 0;
  std::string location;
  DREY_FIELDS(job, operation, completed, checkpoint, location)
};

}  // namespace drey::model
