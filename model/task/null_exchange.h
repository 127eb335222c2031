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
#include <optional>
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
  GroupProducers of;
  ProducerPlaces places;
};

// What the exchanges of all TaskManagers would else make each for itself.
class SharedLists {
 public:
  std::shared_ptr<const ProducerIndex> producers(JobId job, GroupIndex group,
                                                 const GroupProducers& list);
  // Readers of what one TaskManager has are mostly those of what the one before it had. Ascending
  // by address.
  ReaderPlaces readers(std::vector<ReaderPlace> places);

 private:
  std::map<std::pair<JobId, GroupIndex>, std::shared_ptr<const ProducerIndex>> newest_;
  ReaderPlaces newest_readers_;
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
               SharedLists& lists);

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
  // What the gate of a reader has seen of its channels.
  struct Progress {
    uint64_t channels = 0;
    uint64_t ended = 0;
    CheckpointId aligning = 0;
    uint64_t arrived = 0;   // channels that have passed its barrier, or ended before it
    uint64_t barriers = 0;  // of these, with a barrier
    friend bool operator==(const Progress&, const Progress&) = default;
  };
  // The gates of neighbouring readers of one group that have seen the same: mostly all that are
  // here. Apart as soon as one of them hears what another does not.
  struct Gates {
    JobId job = 0;
    GroupIndex group = 0;
    uint32_t first = 0;  // indexes of the readers in their vertex
    uint32_t last = 0;
    uint32_t attempt = 0;
    Progress seen;
    std::shared_ptr<const ProducerIndex> producers;
    std::vector<RangeTask*> tasks;  // of first..last
  };
  // Of the readers at one place, of those of this process's producers that they have asked for. A
  // thousand processes that all read from each other have a million of these: it holds on to the
  // request and to nothing else.
  struct View {
    sim::Address consumer;
    std::shared_ptr<const ReadersRange> range;  // null: nobody reads any more
  };
  struct Views {
    std::vector<View> first;  // by the consumer's process
    std::vector<View> more;   // of consumers that have asked twice
  };
  // Some readers ask for what is here.
  struct Request {
    sim::Address from;
    JobId job = 0;
    GroupIndex group = 0;
    ProducerSpans producers;
    ReaderSpans readers;
    sim::Time since;
  };
  struct Ready {  // what results have for their readers
    ProducersRange::Kind kind = ProducersRange::Kind::barrier;
    JobId job = 0;
    CheckpointId checkpoint = 0;
    std::vector<ProducerSpan> producers;
  };
  struct Asking {  // readers of this process that want the same producers
    ReadersRange::Kind kind = ReadersRange::Kind::request;
    JobId job = 0;
    GroupIndex group = 0;
    std::shared_ptr<const ProducerIndex> producers;
    std::vector<ReaderSpan> readers;
  };
  struct News {  // a range that waits for the flush, and for whom it is
    ProducersRange range;
    std::vector<ReaderPlace> readers;
  };
  // Who gets the body of a flush, and how many bytes of it.
  class Receivers {
   public:
    void add(const sim::Address& to, uint64_t bytes);
    // Without this one, which is here; whether it was among them.
    bool remove(const sim::Address& here);
    std::vector<sim::Stop> take();

   private:
    std::vector<sim::Stop> stops_;
    std::vector<uint32_t> stop_of_;  // by process: index + 1; 0 = none
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
  void gather_asking(std::vector<ReadersRange>& requests, std::vector<ReadersRange>& canceled);
  void gather_ready();
  std::vector<ProducersRange> gather_news();
  void send_ranges(std::vector<ReadersRange> canceled, std::vector<ProducersRange> news);
  void send_requests(std::vector<ReadersRange> requests);
  // To the producers of each range, with so many bytes for a channel.
  void address_producers(const std::vector<ReadersRange>& ranges, uint64_t channel);
  void ask_for(const RangeTask& task, ReadersRange::Kind kind);
  void make_ready(const RangeTask& task, ProducersRange::Kind kind);
  News& news_of(const ProducersRange& range);
  News* news_for(const Ready& ready, GroupIndex group, const std::vector<ProducerPlace>& asked);
  void handle(const sim::Address& from, const std::shared_ptr<const RequestRanges>& requests);
  void handle(const sim::Address& from, const ChannelRanges& ranges);

  void serve(const sim::Address& from, std::shared_ptr<const ReadersRange> range,
             const ProducerSpans& producers);
  void add_view(const sim::Address& from, std::shared_ptr<const ReadersRange> range);
  const LookedUp& look_up(JobId job, const ProducerSpans& producers);
  bool is_gone(const View& view) const;
  std::vector<ProducerSpan> missing_of(JobId job, const ProducerSpans& producers) const;
  static void drop_readers(View& view, const sim::Address& from, const ReaderSpans& readers);
  void drop_view(const sim::Address& from, const ReadersRange& range);
  void expire();

  using GatesAt = std::vector<Gates>::iterator;
  GatesAt gates_from(JobId job, GroupIndex group, uint32_t reader);
  GatesAt gates_of(JobId job, GroupIndex group, uint32_t reader);  // end: none
  void add_gate(RangeTask& task, const InputGateSpec& input);
  GatesAt split(GatesAt gates, uint32_t reader);
  GatesAt only(GatesAt gates, uint32_t first, uint32_t last);
  void join(GatesAt gates);
  bool is_gate_of(GatesAt gates, const RangeTask& task) const;
  void take(const ProducersRange& range, const ReaderSpans& readers);
  void take(Gates& gates, const ProducersRange& range, uint64_t channels);
  void gate_completed(RangeTask& task, const Progress& seen);
  void lose_process(sim::ProcessId peer, Cause::Kind kind, const char* text);

  NullExchangeOptions options_;
  SharedLists& lists_;
  std::map<std::pair<JobId, PartitionIndex>, Result> results_;
  uint64_t results_version_ = 1;
  LookedUp looked_up_;
  std::map<std::pair<JobId, GroupIndex>, Views> views_;
  std::vector<Request> waiting_;
  std::vector<Gates> gates_;               // by job, group, readers
  std::map<AttemptId, uint64_t> buffers_;  // required by each task
  uint64_t buffers_taken_ = 0;
  // What waits for the next flush.
  std::vector<Ready> ready_;
  std::vector<Asking> asking_;
  std::vector<ReadersRange> again_;
  std::vector<News> news_;
  bool flush_wanted_ = false;
  Receivers receivers_;
  std::vector<uint32_t> known_peers_;  // by process: its incarnation + 1
};

}  // namespace drey::model
