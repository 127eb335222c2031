#pragma once
// The data endpoint of a TaskManager: owns the network buffers and the result partitions of its
// tasks, serves consumers of other TaskManagers, and carries what its own tasks consume from there.
//
// A partition is registered by its task and lives here until its consumers have taken everything,
// or its task failed or was cancelled; a result on disk (stored_results.h) until it is released. A
// request for a partition that is not there waits for it and
// is answered "not found" after one to two `partition_request_timeout`s. The end of a connection
// fails the consumers behind it, never a producer (data-plane page 1.11). Inside one process
// nothing crosses the network: consumers use find() and poll the queue themselves.
//
// Upstream: NettyShuffleEnvironment, ResultPartitionManager, NettyServer with
// PartitionRequestQueue, PartitionRequestClient, CreditBasedPartitionRequestClientHandler.
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "model/result_facts.h"
#include "model/task/data_messages.h"
#include "model/task/network_buffer_pool.h"
#include "model/task/partition_request_queue.h"
#include "model/task/remote_store.h"
#include "model/task/result_partition.h"
#include "model/task/stored_results.h"
#include "sim/endpoint.h"
#include "sim/service.h"

namespace drey::model {

enum class ChannelFailure : uint8_t {
  not_found,        // the producer's TaskManager does not have the partition
  no_connection,    // PartitionConnectionException
  transport,        // the connection was lost: RemoteTransportException
  producer_failed,  // the producing task failed: RemoteTransportException "Error at remote task
                    // manager"
  local_released,   // the partition of a producer in this process is gone: CancelTaskException
  local_read,       // a result of this process could not be read to its end: IOException
};

// Where a task's input hears from the exchange. `channel` is its own number.
class ChannelReceiver {
 public:
  virtual ~ChannelReceiver() = default;
  virtual void on_data(uint32_t channel, const ChannelData::Entry& entry) = 0;
  virtual void on_channel_failed(uint32_t channel, ChannelFailure failure) = 0;
  virtual int32_t take_credit(uint32_t channel) = 0;  // the AddCredit message leaves
};

struct DataExchangeOptions {
  int32_t network_segments = 8192;
  sim::Duration partition_request_timeout = sim::seconds(10);
  sim::Duration connect_timeout = sim::seconds(120);
  int32_t sort_shuffle_min_buffers = 512;  // taskmanager.network.sort-shuffle.min-buffers
  Mutant mutant = Mutant::none;
  sim::ServiceName shuffle_service;  // where results are stored; no process: on the own disk
};

class DataExchange final : public sim::Endpoint,
                           private StoredResultsHost,
                           private RemoteStoreHost,
                           private ViewOwner {
 public:
  static constexpr std::string_view kEndpointName = "data";

  // `disk`: where results are stored; null when nobody does.
  DataExchange(sim::World& world, sim::ProcessId process, const DataExchangeOptions& options,
               sim::Disk* disk = nullptr);
  ~DataExchange() override;

  NetworkBufferPool& buffers() { return buffers_; }
  int32_t sort_shuffle_min_buffers() const { return options_.sort_shuffle_min_buffers; }

  // Producer side.
  void add(std::shared_ptr<ResultPartition> partition);
  // A place for a result that its task will write.
  std::shared_ptr<ResultStore> store_of(const PartitionId& id, const std::string& name,
                                        Keeping keeping);
  enum class Removal : uint8_t { finished, canceled, failed };
  // The task has ended. Finished: the partition stays for its readers.
  void task_ended(const PartitionId& id, Removal how);
  // Results that nobody needs any more.
  void release(const std::vector<PartitionId>& ids);
  size_t partitions() const { return partitions_.size(); }
  const StoredResults& stored() const { return stored_; }

  // A local consumer. Null: the partition is not there (yet), or cannot be read. When the view is
  // done with, local_consumed().
  std::unique_ptr<SubpartitionView> open_local(const PartitionId& id, uint32_t subpartition,
                                               ViewOwner& owner, uint64_t number);
  void local_consumed(const PartitionId& id, uint32_t subpartition, bool at_end);
  // For a mutant: it is complete, its files cannot be opened, and that is taken for a plain error.
  bool hides_loss(const PartitionId& id) const;

  // Consumer side.
  uint64_t request(sim::Address producer, const PartitionId& partition, uint32_t subpartition,
                   int32_t credit, ChannelReceiver& receiver, uint32_t channel);
  // The same receiver asks again after not_found.
  void request_again(uint64_t receiver);
  void queue_credit(uint64_t receiver) { queue_control(receiver, ChannelControl::Kind::credit); }
  void queue_resume(uint64_t receiver) { queue_control(receiver, ChannelControl::Kind::resume); }
  void queue_processed(uint64_t receiver) {
    queue_control(receiver, ChannelControl::Kind::processed);
  }
  // `cancel`: tells the producer; else the channel has seen its end.
  void close(uint64_t receiver, bool cancel);

 private:
  struct Receiver {
    ChannelReceiver* to = nullptr;
    uint32_t channel = 0;
    sim::Address producer;
    PartitionId partition;
    uint32_t subpartition = 0;
    int32_t credit = 0;
  };
  struct View {
    uint64_t receiver = 0;
    uint64_t number = 0;
    PartitionId partition;
    std::unique_ptr<SubpartitionView> view;  // null: closed
    uint32_t subpartition = 0;
  };
  class PipelinedView;
  class DiskStore;
  // The server's side of one consumer process.
  struct Connection final : PartitionRequestOutput {
    Connection(DataExchange& exchange, sim::Address to) : owner(exchange), peer(to), queue(*this) {}
    bool buffer(uint32_t reader, const PolledBuffer& buffer) override;
    void backlog(uint32_t reader, int32_t backlog) override;
    DataExchange& owner;
    sim::Address peer;
    PartitionRequestQueue queue;
    std::vector<View> views;                 // by reader
    std::map<uint64_t, uint32_t> reader_of;  // by receiver
    std::vector<ChannelData::Entry> outgoing;
    std::vector<uint32_t> ended;  // readers that sent their end of partition
  };
  struct Waiting {
    sim::Address from;
    RequestPartitions::Entry entry;
    sim::Time since;
  };
  enum Timer : uint8_t { flush_due, expiry_due };
  enum Reply : uint16_t { requested, read_done, region_stored, answer_due };

  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_timer(uint8_t kind) override;
  void on_connection_closed(sim::ProcessId peer) override;

  Connection& connection(const sim::Address& peer);
  // StoredResultsHost, ViewOwner of remote readers
  void read_ends_after(sim::Duration time, uint64_t number) override;
  void view_failed(uint64_t view) override;

  // data_exchange_shuffle.cc
  std::shared_ptr<ResultStore> remote_store_of(const PartitionId& id, const std::string& name,
                                               bool growing);
  void send_region(RemoteStore& store, std::shared_ptr<StoreRegion> message) override;
  void drop_remote(const PartitionId& id) override;
  void region_answered(uint64_t number, const sim::Reply& reply);
  void store_region(const sim::Call& call, const StoreRegion& message);
  void region_written(uint64_t number);

  void announce_result(const PartitionFile& file, ResultFact what);
  bool can_be_opened(const PartitionId& id) const;
  std::unique_ptr<SubpartitionView> open(const PartitionId& id, uint32_t subpartition,
                                         ViewOwner& owner, uint64_t number);
  void drop(const PartitionId& id, Removal how);
  void serve_waiting(const PartitionId& id);
  void serve(const sim::Address& from, const RequestPartitions::Entry& entry);
  void open_view(const sim::Address& from, const RequestPartitions::Entry& entry);
  void on_control(const sim::Address& from, const ChannelControl& control);
  void on_data(const ChannelData& data);
  void close_view(Connection& connection, uint32_t reader, bool at_end = false);
  void say(const sim::Address& to, uint64_t receiver, ChannelData::Kind kind, int32_t backlog);
  void queue_control(uint64_t receiver, ChannelControl::Kind kind);
  void queue_request(uint64_t receiver);
  void want_flush() { kernel().arm(entity(), flush_due, {}, sim::Priority::background); }
  void flush_all();
  void flush_to_producers();
  void expire();
  void remove_if_done(const PartitionId& id);
  void fail_receiver(uint64_t receiver, ChannelFailure failure);

  DataExchangeOptions options_;
  NetworkBufferPool buffers_;
  struct Registered {
    std::shared_ptr<ResultPartition> partition;
    bool task_ended = false;
  };
  std::map<PartitionId, Registered> partitions_;
  sim::KernelClock clock_;
  StoredResults stored_;
  // By the number of a view: whose it is.
  std::map<uint64_t, std::pair<sim::ProcessId, uint32_t>> stored_views_;
  uint64_t last_stored_view_ = 0;
  // Shuffle service: regions under way, by number; calls that are answered when the disk is done.
  std::map<uint64_t, std::weak_ptr<RemoteStore>> storing_;
  uint64_t last_store_ = 0;
  std::map<uint64_t, std::pair<sim::Call, PartitionId>> answers_due_;
  uint64_t last_answer_ = 0;
  std::map<sim::ProcessId, std::unique_ptr<Connection>> connections_;
  std::vector<Waiting> waiting_;

  std::map<uint64_t, Receiver> receivers_;
  uint64_t last_receiver_ = 0;
  // Per producer's endpoint, what leaves at the end of this instant.
  struct Outgoing {
    std::vector<uint64_t> requests;
    std::vector<ChannelControl::Entry> control;
  };
  std::map<sim::Address, Outgoing> outgoing_;
  std::map<uint64_t, std::vector<uint64_t>> asked_;  // by number of the ask: its receivers
  uint64_t last_ask_ = 0;
};

}  // namespace drey::model
