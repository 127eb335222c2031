#include "scenarios/message_names.h"

#include "model/cluster/messages.h"
#include "model/cluster/registration_messages.h"
#include "model/cluster/savepoint_messages.h"
#include "model/task/channel_ranges.h"
#include "model/task/data_messages.h"
#include "sim/broker_messages.h"
#include "sim/external_log.h"
#include "sim/object_store.h"
#include "sim/pointer_store_messages.h"

namespace drey::scenarios {

namespace {

template <class... Messages>
std::map<uint32_t, std::string> names_of() {
  // A failure, or an answer that says no more than that it was done: network.h gives it no kind.
  std::map<uint32_t, std::string> names{{0, "answer_without_content"}};
  (names.emplace(Messages::kind_id(), std::string(Messages::kName)), ...);
  return names;
}

}  // namespace

std::map<uint32_t, std::string> message_names() {
  return names_of<
      model::Acknowledge, model::SubmitJob, model::SubmitJobAnswer, model::RequestJobStatus,
      model::JobStatusAnswer, model::TriggerSavepoint, model::RequestSavepoint,
      model::SavepointAnswer, model::SavepointEnded, model::CancelJob, model::JobStatusChanged,
      model::JobCleanedUp, model::ConnectRpc, model::RegisterTaskExecutor, model::RegisterJobMaster,
      model::RegisterTaskManager, model::RegistrationAnswer, model::SlotReport,
      model::HeartbeatFromResourceManager, model::HeartbeatFromJobMaster,
      model::HeartbeatFromTaskManager, model::SlotHeartbeatFromTaskManager,
      model::HeartbeatFromJobMasterToResourceManager, model::DeclareRequiredResources,
      model::NotEnoughResources, model::RequestSlot, model::OfferSlots, model::OfferSlotsAnswer,
      model::FreeSlot, model::FailSlot, model::SlotAvailable, model::FreeInactiveSlots,
      model::SubmitTask, model::CancelTask, model::UpdateTaskState, model::UpdateTaskStateAnswer,
      model::UpdatePartitions, model::RequestPartitionState, model::PartitionStateAnswer,
      model::PartitionAvailable, model::ReleasePartitions, model::EndOfData, model::EventToOperator,
      model::EventToCoordinator, model::TriggerCheckpoint, model::AcknowledgeCheckpoint,
      model::DeclineCheckpoint, model::NotifyCheckpointComplete, model::AbortCheckpoint,
      model::DisconnectTaskManager, model::DisconnectJobManager, model::DisconnectResourceManager,
      model::RequestPartitions, model::PartitionsRequested, model::ChannelControl,
      model::ChannelData, model::RequestRanges, model::ChannelRanges, sim::InitProducer,
      sim::ProducerInitialised, sim::AppendRecords, sim::RecordsAppended, sim::EndTransaction,
      sim::TransactionEnded, sim::ListTransactions, sim::TransactionList, sim::ReadCommitted,
      sim::CommittedRecords, sim::FetchRecords, sim::FetchedRange, sim::DescribeLog,
      sim::LogDescription, sim::PutObject, sim::GetObject, sim::DeleteObject, sim::ListObjects,
      sim::ObjectAnswer, sim::OpenSession, sim::PingSession, sim::CloseSession, sim::JoinLatch,
      sim::LeaveLatch, sim::WritePointer, sim::RemovePointer, sim::ReadPointers, sim::WatchPointers,
      sim::PointerAnswer, sim::LatchChanged, sim::PointerChanged>();
}

}  // namespace drey::scenarios
