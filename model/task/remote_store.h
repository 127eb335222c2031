#pragma once
// The writing side of a result at an external shuffle service: regions are sent one after the
// other, each when the one before is answered; the task does not wait, except at its end. An answer
// that does not come in time, or a refusal, fails the task.
#include <deque>
#include <memory>
#include <string>

#include "model/task/result_store.h"
#include "model/task/shuffle_messages.h"

namespace drey::model {

class RemoteStore;

// Sends; calls answered() once per region.
class RemoteStoreHost {
 public:
  virtual ~RemoteStoreHost() = default;
  virtual void send_region(RemoteStore& store, std::shared_ptr<StoreRegion> message) = 0;
  virtual void drop_remote(const PartitionId& id) = 0;
};

class RemoteStore final : public ResultStore, public std::enable_shared_from_this<RemoteStore> {
 public:
  RemoteStore(RemoteStoreHost& host, const PartitionId& id, std::string name, bool growing)
      : host_(host), id_(id), name_(std::move(name)), growing_(growing) {}

  const PartitionId& id() const { return id_; }
  void append(SpilledRegion region) override {
    bytes_ += region.bytes.size();
    post(std::make_shared<const SpilledRegion>(std::move(region)));
  }
  void complete() override { post(nullptr); }
  sim::Time busy_until() const override { return {}; }
  bool settled() const override { return waiting_.empty(); }
  bool failed() const override { return failed_; }
  uint64_t bytes() const override { return bytes_; }
  void abandon() override {
    if (!complete_) host_.drop_remote(id_);
  }

  void answered(bool stored);

 private:
  void post(std::shared_ptr<const SpilledRegion> region);

  RemoteStoreHost& host_;
  PartitionId id_;
  std::string name_;
  bool growing_;
  bool complete_ = false;
  bool failed_ = false;
  uint64_t bytes_ = 0;
  uint64_t posted_ = 0;
  std::deque<std::shared_ptr<StoreRegion>> waiting_;  // the first one is under way
};

}  // namespace drey::model
