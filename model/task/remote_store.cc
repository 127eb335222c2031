#include "model/task/remote_store.h"

namespace drey::model {

void RemoteStore::post(std::shared_ptr<const SpilledRegion> region) {
  auto message = std::make_shared<StoreRegion>();
  message->partition = id_;
  message->name = name_;
  message->growing = growing_;
  message->number = posted_++;
  message->region = std::move(region);
  waiting_.push_back(message);
  if (waiting_.size() == 1) host_.send_region(*this, std::move(message));
}

void RemoteStore::answered(bool stored) {
  if (!stored) {
    failed_ = true;
    waiting_.clear();
  }
  if (waiting_.empty()) return;
  complete_ = waiting_.front()->region == nullptr;
  waiting_.pop_front();
  if (!waiting_.empty()) host_.send_region(*this, waiting_.front());
}

}  // namespace drey::model
