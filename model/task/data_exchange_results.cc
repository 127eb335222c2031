// What a process holds of its tasks' results: pipelined partitions, results on its disk, and the
// views that readers open of them.
#include <algorithm>

#include "model/mutants.h"
#include "model/task/data_exchange.h"

namespace drey::model {

// The writer's own queue, for the one reader of a pipelined subpartition.
class DataExchange::PipelinedView final : public SubpartitionView {
 public:
  PipelinedView(std::shared_ptr<ResultPartition> partition, uint32_t subpartition)
      : partition_(std::move(partition)), subpartition_(subpartition) {}
  PipelinedSubpartition& queue() override { return partition_->queue(subpartition_); }
  TakenBuffer take(uint64_t payload, BufferType type, uint32_t size, uint32_t sequence) override {
    return partition_->take(subpartition_, payload, type, size, sequence);
  }
  void recycle(uint64_t buffer) override { partition_->recycle(subpartition_, buffer); }
  void look() override { partition_->look(); }
  void user_records_processed() override { partition_->user_records_processed(subpartition_); }

 private:
  std::shared_ptr<ResultPartition> partition_;
  uint32_t subpartition_;
};

void DataExchange::add(std::shared_ptr<ResultPartition> partition) {
  const PartitionId id = partition->id();
  partitions_[id] = {std::move(partition)};
  serve_waiting(id);
}

// Pipelined: at once. On disk: when it is complete, or grows.
bool DataExchange::can_be_opened(const PartitionId& id) const {
  if (const auto file = stored_.find(id); file != nullptr)
    return file->growing() || file->complete();
  const auto at = partitions_.find(id);
  return at != partitions_.end() && !at->second.partition->stored();
}

std::unique_ptr<SubpartitionView> DataExchange::open(const PartitionId& id, uint32_t subpartition,
                                                     ViewOwner& owner, uint64_t number) {
  if (const auto file = stored_.find(id); file != nullptr) {
    if (file->open()) return stored_.open(id, subpartition, owner, number);
    announce_result(*file, ResultFact::unreadable);
    return nullptr;
  }
  const std::shared_ptr<ResultPartition>& partition = partitions_.at(id).partition;
  partition->look();
  if (partition->reconnects()) partition->queue(subpartition).restart_reading();
  return std::make_unique<PipelinedView>(partition, subpartition);
}

bool DataExchange::hides_loss(const PartitionId& id) const {
  if (options_.mutant != Mutant::unreadable_result_is_plain_error) return false;
  const auto file = stored_.find(id);
  return file != nullptr && file->complete() && !file->readable();
}

std::unique_ptr<SubpartitionView> DataExchange::open_local(const PartitionId& id,
                                                           uint32_t subpartition, ViewOwner& owner,
                                                           uint64_t number) {
  return can_be_opened(id) ? open(id, subpartition, owner, number) : nullptr;
}

void DataExchange::serve_waiting(const PartitionId& id) {
  if (!can_be_opened(id)) return;
  std::vector<Waiting> found;
  for (size_t i = 0; i < waiting_.size();) {
    if (waiting_[i].entry.partition == id) {
      found.push_back(waiting_[i]);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  for (const Waiting& w : found) open_view(w.from, w.entry);
}

void DataExchange::task_ended(const PartitionId& id, Removal how) {
  const auto at = partitions_.find(id);
  if (at == partitions_.end()) return;
  at->second.task_ended = true;
  at->second.partition->detach_writer();
  if (how != Removal::finished) {
    drop(id, how);
    return;
  }
  if (at->second.partition->stored()) {
    // What it wrote is its readers' now.
    at->second.partition->release();
    partitions_.erase(at);
    serve_waiting(id);
    return;
  }
  remove_if_done(id);
}

// Released without a cause nothing is sent, and the consumers of a pipelined one stay silent until
// the JobMaster cancels them.
void DataExchange::drop(const PartitionId& id, Removal how) {
  const bool process_lives = world().machines().running(process());
  std::shared_ptr<ResultPartition> gone;
  if (const auto at = partitions_.find(id); at != partitions_.end()) {
    gone = at->second.partition;
    partitions_.erase(at);
    if (gone->stored() && process_lives) gone->abandon_store();
  }
  if (const auto file = stored_.find(id); file != nullptr && process_lives) {
    announce_result(*file, ResultFact::dropped);
    stored_.drop(id);
  }
  for (auto& [process, connection] : connections_) {
    for (uint32_t reader = 0; reader < connection->views.size(); ++reader) {
      const View& view = connection->views[reader];
      if (view.view == nullptr || view.partition != id) continue;
      if (how == Removal::failed)
        say(connection->peer, view.receiver, ChannelData::Kind::producer_failed, 0);
      close_view(*connection, reader);
    }
  }
  if (gone != nullptr) gone->release();
}

void DataExchange::release(const std::vector<PartitionId>& ids) {
  for (const PartitionId& id : ids) {
    const auto at = partitions_.find(id);
    if (at != partitions_.end()) at->second.partition->detach_writer();
    drop(id, Removal::canceled);
  }
}

void DataExchange::local_consumed(const PartitionId& id, uint32_t subpartition, bool at_end) {
  const auto at = partitions_.find(id);
  if (at == partitions_.end() || at->second.partition->stored()) return;
  // The next attempt of the reader goes on where this one was.
  if (at->second.partition->reconnects() && !at_end) return;
  at->second.partition->consumed(subpartition);
  remove_if_done(id);
}

void DataExchange::remove_if_done(const PartitionId& id) {
  const auto at = partitions_.find(id);
  if (at == partitions_.end() || !at->second.task_ended) return;
  if (!at->second.partition->all_consumed()) return;
  const std::shared_ptr<ResultPartition> gone = at->second.partition;
  partitions_.erase(at);
  gone->release();
}

// ---- results on disk ----

// "job-1/src/0#2.3" is of the subtask job-1/src/0.
void DataExchange::announce_result(const PartitionFile& file, ResultFact what) {
  const std::string subtask = file.name().substr(0, file.name().find('#'));
  announce(fact_kind(what), kernel().intern(subtask), file.id().partition,
           file.id().producer.attempt, file.bytes());
}

class DataExchange::DiskStore final : public ResultStore {
 public:
  DiskStore(DataExchange& exchange, std::shared_ptr<PartitionFile> file, bool selective)
      : exchange_(exchange), file_(std::move(file)), selective_(selective) {}
  void append(SpilledRegion region) override {
    if (selective_) region = exchange_.stored_.hand_to_readers(file_->id(), std::move(region));
    file_->append(std::move(region));
    if (file_->growing()) exchange_.stored_.grown(file_->id());
  }
  void complete() override {
    file_->finish();
    if (file_->complete()) exchange_.announce_result(*file_, ResultFact::written);
    if (file_->growing()) exchange_.stored_.grown(file_->id());
  }
  sim::Time busy_until() const override { return file_->written_at(); }
  bool settled() const override { return true; }
  bool failed() const override { return file_->failed(); }
  uint64_t bytes() const override { return file_->bytes(); }
  bool eager() const override { return selective_ && exchange_.stored_.has_readers(file_->id()); }

 private:
  DataExchange& exchange_;
  std::shared_ptr<PartitionFile> file_;
  bool selective_;
};

std::shared_ptr<ResultStore> DataExchange::store_of(const PartitionId& id, const std::string& name,
                                                    Keeping keeping) {
  const bool growing = keeping != Keeping::whole;
  if (options_.shuffle_service.process.valid()) return remote_store_of(id, name, growing);
  auto store = std::make_shared<DiskStore>(*this, stored_.create(id, name, growing),
                                           keeping == Keeping::selective);
  serve_waiting(id);
  return store;
}

void DataExchange::read_ends_after(sim::Duration time, uint64_t number) {
  later(time, {read_done, number});
}

void DataExchange::on_later(sim::Continuation then) {
  if (then.kind == answer_due)
    region_written(then.argument);
  else
    stored_.read_ended(then.argument);
}

// A remote reader's file cannot be read any more: ProducerFailedException, as upstream.
void DataExchange::view_failed(uint64_t number) {
  const auto [process, reader] = stored_views_.at(number);
  const auto line = connections_.find(process);
  if (line == connections_.end()) return;
  const View& view = line->second->views[reader];
  say(line->second->peer, view.receiver, ChannelData::Kind::producer_failed, 0);
  close_view(*line->second, reader);
}

}  // namespace drey::model
