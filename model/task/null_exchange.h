#pragma once
// The data endpoint of a TaskManager whose tasks are null tasks: no records, but every partition
// request, barrier and end of a partition crosses the network to the TaskManagers that it is for,
// as ranges of channels. What a channel costs here is a share of a counter.
//
// Waits like the exact exchange: a partition that is not there is answered "not found" after one to
// two partition_request_timeouts; a blocking one is there when its task has finished. The end of a
// connection fails the consumers behind it, never a producer. Everything leaves at the next flush,
// which is one `flush_interval` after the first thing that waits: network threads write out what
// has gathered while they wrote to the other thousand connections.
//
// Upstream: as data_exchange.h.
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "model/task/channel_ranges.h"
#include "model/task/task_runtime.h"
#include "sim/endpoint.h"

namespace drey::model {

// A task whose channels the exchange carries.
class RangeTask {
 public:
  virtual ~RangeTask() = default;
  virtual const Deployment& deployment() const = 0;
  // The first barrier came; all channels have passed it, so many with a barrier; all channels have
  // ended; the producer's TaskManager does not have this partition; a channel has failed.
  virtual void alignment_begun(CheckpointId id) = 0;
  virtual void aligned(CheckpointId id, uint64_t barriers) = 0;
  virtual void inputs_ended() = 0;
  virtual void partition_not_found(const PartitionId& partition) = 0;
  virtual void channel_failed(const Cause& cause) = 0;
};

// The producers of one group by the TaskManager that has them. Made once for all consumers of the
// group, whose deployments share one list.
struct ProducerIndex {
  struct Place {
    sim::Address at;
    ProducerSpans producers;
  };
  GroupProducers of;
  std::vector<Place> places;  // by address
  bool has(sim::ProcessId process) const;
};

class ProducerIndexes {
 public:
  std::shared_ptr<const ProducerIndex> of(JobId job, GroupIndex group, const GroupProducers& list);

 private:
  std::map<std::pair<JobId, GroupIndex>, std::shared_ptr<const ProducerIndex>> newest_;
};

struct NullExchangeOptions {
  uint64_t network_segments = UINT64_MAX;  // of the TaskManager; a task that finds too few fails
  sim::Duration flush_interval = sim::milliseconds(1);
  sim::Duration partition_request_timeout = sim::seconds(10);
  sim::Duration connect_timeout = sim::seconds(120);
};

class NullExchange final : public sim::Endpoint {
 public:
  static constexpr std::string_view kEndpointName = "data";

  NullExchange(sim::World& world, sim::ProcessId process, const NullExchangeOptions& options,
               ProducerIndexes& indexes);

  // Network buffers for the task's channels and results, until it is forgotten (data-plane page
  // 1.2). False: there are too few.
  bool take_buffers(const RangeTask& task);
  // The task runs: its pipelined results can be read, its inputs are requested.
  void started(RangeTask& task);
  // The task's outputs, after what they carried before.
  void barrier(const RangeTask& task, CheckpointId id);
  enum class End : uint8_t { finished, canceled, failed };
  void ended(RangeTask& task, End how);
  // Without a word: the task's object goes.
  void forget(const RangeTask& task);
  void release(const std::vector<PartitionId>& partitions);
  // The task asks again for a partition that was not found.
  void request_again(RangeTask& task, const PartitionId& partition);

 private:
  struct Result {
    uint32_t attempt = 0;
    bool readable = false;  // pipelined, or finished
    bool finished = false;
    CheckpointId last_barrier = 0;
  };
  struct Gate {
    RangeTask* task = nullptr;
    uint32_t attempt = 0;
    std::shared_ptr<const ProducerIndex> producers;
    uint64_t channels = 0;
    uint64_t ended = 0;
    CheckpointId aligning = 0;
    uint64_t arrived =
        0;  // channels that have passed the barrier of `aligning`, or ended before it
    uint64_t barriers = 0;  // of these, with a barrier
  };
  using GateKey = std::tuple<JobId, GroupIndex, uint32_t>;  // index of the reader in its vertex
  struct View {                                             // of a consumer elsewhere
    sim::Address consumer;
    ProducerSpans producers;
    ReaderSpans readers;
  };
  struct Views {
    std::vector<View> first;  // by the consumer's process
    std::vector<View> more;   // of consumers that have asked twice
  };
  struct Waiting {
    sim::Address from;
    ChannelRange range;
    sim::Time since;
  };
  struct Ready {  // what results have for their readers
    ChannelRange::Kind kind = ChannelRange::Kind::barrier;
    JobId job = 0;
    CheckpointId checkpoint = 0;
    std::vector<ProducerSpan> producers;
  };
  struct Asking {  // readers of this process that want the same producers
    ChannelRange::Kind kind = ChannelRange::Kind::request;
    JobId job = 0;
    GroupIndex group = 0;
    std::shared_ptr<const ProducerIndex> producers;
    std::vector<ReaderSpan> readers;
  };
  struct Outgoing {
    sim::Address to;
    std::vector<ChannelRange> requests;
    std::vector<ChannelRange> ranges;
  };
  // What a list of producers means at this moment. Lists of a group are shared by all who ask, so
  // mostly the last one asks again.
  struct LookedUp {
    ProducerSpans producers;
    JobId job = 0;
    uint64_t version = 0;
    bool all_there = false;
    bool all_ended = false;
    std::vector<std::pair<CheckpointId, ProducerSpans>> ended;  // by their last barrier
  };
  enum Timer : uint8_t { flush_due, expiry_due };
  enum Reply : uint16_t { connected };

  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation) override {}
  void on_timer(uint8_t kind) override;
  void on_connection_closed(sim::ProcessId peer) override;

  void want_flush();
  void flush();
  void gather_asking();
  void gather_ready();
  void send_gathered();
  std::vector<ChannelRange>& ranges_for(const sim::Address& to);
  Outgoing& outgoing(const sim::Address& to);
  void ask_for(const RangeTask& task, ChannelRange::Kind kind);
  void make_ready(const RangeTask& task, ChannelRange::Kind kind);

  void serve(const sim::Address& from, const ChannelRange& range);
  void add_view(const sim::Address& from, const ChannelRange& range);
  const LookedUp& look_up(const ChannelRange& range);
  bool is_gone(const View& view, JobId job) const;
  std::vector<ProducerSpan> missing_of(const ChannelRange& range) const;
  static void drop_readers(View& view, const sim::Address& from, const ChannelRange& range);
  void drop_view(const sim::Address& from, const ChannelRange& range);
  void expire();

  void take(const ChannelRange& range);
  void take(Gate& gate, const ChannelRange& range, uint64_t channels);
  void gate_fails(const Gate& gate, Cause::Kind kind, const char* text,
                  std::optional<PartitionId> partition);
  void lose_process(sim::ProcessId peer, Cause::Kind kind, const char* text);

  NullExchangeOptions options_;
  ProducerIndexes& indexes_;
  std::map<std::pair<JobId, PartitionIndex>, Result> results_;
  uint64_t results_version_ = 1;
  LookedUp looked_up_;
  std::map<std::pair<JobId, GroupIndex>, Views> views_;
  std::vector<Waiting> waiting_;
  std::map<GateKey, Gate> gates_;
  std::map<AttemptId, uint64_t> buffers_;  // required by each task
  uint64_t buffers_taken_ = 0;
  std::vector<Ready> ready_;
  std::vector<Asking> asking_;
  std::vector<uint32_t> known_peers_;  // by process: its incarnation + 1
  std::vector<Outgoing> outgoing_;     // by process
  std::vector<uint32_t> touched_;      // of these
  bool flush_wanted_ = false;
};

}  // namespace drey::model
