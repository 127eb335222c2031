// Results at an external shuffle service: the TaskManager's side, which stores, and the service's
// own, which is a data exchange without tasks.
#include <algorithm>

#include "model/task/data_exchange.h"
#include "sim/service.h"

namespace drey::model {

std::shared_ptr<ResultStore> DataExchange::remote_store_of(const PartitionId& id,
                                                           const std::string& name, bool growing) {
  RemoteStoreHost& host = *this;
  return std::make_shared<RemoteStore>(host, id, name, growing);
}

void DataExchange::send_region(RemoteStore& store, std::shared_ptr<StoreRegion> message) {
  storing_[++last_store_] = store.weak_from_this();
  ask(sim::resolve(world(), options_.shuffle_service), {}, std::move(message),
      options_.connect_timeout, {region_stored, last_store_});
}

void DataExchange::drop_remote(const PartitionId& id) {
  auto body = std::make_shared<DropResults>();
  body->partitions = {id};
  tell(sim::resolve(world(), options_.shuffle_service), {}, std::move(body));
}

void DataExchange::region_answered(uint64_t number, const sim::Reply& reply) {
  const auto found = storing_.find(number);
  const std::shared_ptr<RemoteStore> store = found->second.lock();
  storing_.erase(found);
  if (store == nullptr) return;
  store->answered(reply.failure == sim::CallFailure::none &&
                  sim::as<RegionStored>(*reply.body).stored);
  const auto at = partitions_.find(store->id());
  if (at != partitions_.end()) at->second.partition->store_answered();
}

// ---- the service ----

void DataExchange::store_region(const sim::Call& call, const StoreRegion& message) {
  std::shared_ptr<PartitionFile> file = stored_.find(message.partition);
  if (file == nullptr) {
    file = stored_.create(message.partition, message.name, message.growing);
    serve_waiting(message.partition);
  }
  if (message.region != nullptr) {
    file->append(*message.region);
  } else {
    file->finish();
    if (file->complete()) announce_result(*file, ResultFact::written);
  }
  if (file->growing()) stored_.grown(message.partition);
  // Answered when it is written.
  answers_due_[++last_answer_] = {call, message.partition};
  const sim::Duration rest = file->written_at() - now();
  later(std::max(rest, sim::Duration{}), {answer_due, last_answer_});
}

void DataExchange::region_written(uint64_t number) {
  const auto found = answers_due_.find(number);
  const auto [call, id] = found->second;
  answers_due_.erase(found);
  const std::shared_ptr<PartitionFile> file = stored_.find(id);
  auto body = std::make_shared<RegionStored>();
  body->stored = file != nullptr && !file->failed();
  answer(call, std::move(body));
  if (file != nullptr && file->complete()) serve_waiting(id);
}

}  // namespace drey::model
