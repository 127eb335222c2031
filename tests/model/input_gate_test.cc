// An input gate with local and remote channels over real subpartitions and pools: what the vectors
// do not reach.
#include "model/task/input_gate.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "model/task/partition_request_queue.h"

namespace drey::model {
namespace {

struct NoOutput : RemoteChannelOutput {
  void credit_available(uint32_t channel) override { credits.push_back(channel); }
  void resume_consumption(uint32_t) override {}
  std::vector<uint32_t> credits;
};

struct Listener : InputGateListener {
  void gate_available() override { ++available; }
  void gate_priority() override { ++priority; }
  int available = 0;
  int priority = 0;
};

class Writer {
 public:
  explicit Writer(PipelinedSubpartition& to) : to_(to) {}
  void full(uint32_t bytes) {
    positions_.push_back({.committed = bytes, .finished = true});
    QueuedBuffer buffer;
    buffer.writer = &positions_.back();
    buffer.payload = bytes;
    to_.add(buffer);
  }
  void event(BufferType type, int64_t checkpoint) { to_.add(made(type, checkpoint)); }
  void finish() { to_.finish(made(BufferType::end_of_partition, -1)); }

 private:
  static QueuedBuffer made(BufferType type, int64_t checkpoint) {
    QueuedBuffer buffer;
    buffer.type = type;
    buffer.checkpoint = checkpoint;
    buffer.size = 20;
    return buffer;
  }

  PipelinedSubpartition& to_;
  std::deque<WriterPosition> positions_;
};

struct Persisted : OutputStateListener, InputStateListener {
  void persist(int64_t checkpoint, const QueuedBuffer& buffer) override {
    output.push_back({checkpoint, buffer.payload});
  }
  void persist(int64_t checkpoint, uint32_t, const ReceivedBuffer* buffers, size_t n) override {
    for (size_t i = 0; i < n; ++i) input.push_back({checkpoint, buffers[i].payload});
  }
  using Row = std::pair<int64_t, uint64_t>;
  std::vector<Row> output;
  std::vector<Row> input;
};

class InputGateTest : public ::testing::Test {
 protected:
  NetworkBufferPool network_{100};
  NoOutput out_;
  Listener heard_;
  InputGate gate_{
      {.channels = 2, .exclusive_per_channel = 2, .required_floating = 1, .total_floating = 8},
      network_,
      out_,
      &heard_};
};

TEST_F(InputGateTest, LocalChannelsBlockBehindAnAlignedBarrierUntilResumed) {
  PipelinedSubpartition first;
  PipelinedSubpartition second;
  Writer to_first(first);
  Writer to_second(second);
  ASSERT_TRUE(gate_.set_up());
  gate_.connect_local(0, first);
  gate_.connect_local(1, second);
  EXPECT_FALSE(gate_.available());

  to_first.full(10);
  EXPECT_FALSE(gate_.available()) << "a single full buffer waits for a flush or the next one";
  to_first.event(BufferType::aligned_checkpoint_barrier, 1);
  to_first.full(11);
  to_first.full(12);
  EXPECT_EQ(heard_.available, 1);

  EXPECT_EQ(gate_.poll()->buffer.payload, 10u);
  EXPECT_EQ(gate_.poll()->buffer.type, BufferType::aligned_checkpoint_barrier);
  EXPECT_FALSE(gate_.poll().has_value()) << "the producer's queue is blocked";

  to_second.full(20);
  to_second.full(21);
  const auto other = gate_.poll();
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->channel, 1u) << "the other channel goes on";

  gate_.resume(0);
  EXPECT_EQ(gate_.poll()->buffer.payload, 11u);
  gate_.release();  // before the subpartitions go
}

TEST_F(InputGateTest, AnUnalignedBarrierOvertakesDataOfALocalChannel) {
  PipelinedSubpartition subpartition;
  Writer writer(subpartition);
  Persisted persisted;
  subpartition.set_output_state_listener(&persisted);
  ASSERT_TRUE(gate_.set_up());
  gate_.set_input_state_listener(&persisted);
  gate_.connect_local(0, subpartition);
  PipelinedSubpartition idle;
  gate_.connect_local(1, idle);

  writer.full(10);
  writer.full(11);
  writer.event(BufferType::prioritized_event_buffer, 7);
  EXPECT_EQ(heard_.priority, 1);
  const std::vector<Persisted::Row> overtaken{{7, 10}, {7, 11}};
  EXPECT_EQ(persisted.output, overtaken) << "at the producer";
  const auto barrier = gate_.poll();
  ASSERT_TRUE(barrier.has_value());
  EXPECT_EQ(barrier->buffer.checkpoint, 7);
  EXPECT_TRUE(gate_.checkpoint_started(7));
  EXPECT_EQ(gate_.poll()->buffer.payload, 10u);
  EXPECT_TRUE(persisted.input.empty()) << "the producer has persisted it";
  gate_.release();  // before the subpartitions go
}

TEST_F(InputGateTest, ATimeoutableBarrierIsPrioritisedWithWhatIsAheadOfIt) {
  PipelinedSubpartition subpartition;
  Writer writer(subpartition);
  Persisted persisted;
  subpartition.set_output_state_listener(&persisted);
  writer.full(10);
  writer.event(BufferType::timeoutable_aligned_checkpoint_barrier, 3);
  writer.full(11);
  subpartition.time_out_barrier(2);
  EXPECT_TRUE(persisted.output.empty()) << "another checkpoint's timer";
  subpartition.time_out_barrier(3);
  const std::vector<Persisted::Row> ahead{{3, 10}};
  EXPECT_EQ(persisted.output, ahead) << "what is behind it is not in flight";
  EXPECT_EQ(subpartition.poll()->type, BufferType::prioritized_event_buffer);
  EXPECT_FALSE(subpartition.blocked());
}

// Carries messages between the two ends at once.
struct Wire : PartitionRequestOutput {
  bool buffer(uint32_t reader, const PolledBuffer& sent) override {
    const auto arrival = gate->remote(reader).on_buffer({.payload = sent.payload,
                                                         .checkpoint = sent.checkpoint,
                                                         .size = sent.size,
                                                         .sequence = sent.sequence,
                                                         .type = sent.type},
                                                        sent.backlog);
    EXPECT_EQ(arrival, RemoteInputChannel::Arrival::queued);
    return true;
  }
  void backlog(uint32_t, int32_t) override { FAIL() << "only without exclusive buffers"; }
  InputGate* gate = nullptr;
};

TEST_F(InputGateTest, EverySegmentComesBackAndCreditsMatchBuffers) {
  std::deque<PipelinedSubpartition> subpartitions(2);
  std::deque<Writer> writers;
  for (auto& each : subpartitions) writers.emplace_back(each);
  Wire wire;
  wire.gate = &gate_;
  PartitionRequestQueue queue(wire);
  ASSERT_TRUE(gate_.set_up());
  for (uint32_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(gate_.connect_remote(i));
    queue.add_reader(subpartitions[i], gate_.remote(i).initial_credit());
  }
  int written = 0;
  int read = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 1 + round % 3; ++i, ++written)
      writers[static_cast<size_t>(round % 2)].full(static_cast<uint32_t>(1 + i));
    subpartitions[static_cast<size_t>(round % 2)].flush();
    for (int i = 0; i < 2; ++i) {
      const auto got = gate_.poll();
      if (!got.has_value()) break;
      ++read;
      gate_.recycle(got->channel, got->buffer.home);
    }
    while (!out_.credits.empty()) {
      const uint32_t channel = out_.credits.back();
      out_.credits.pop_back();
      queue.add_credit(channel, gate_.remote(channel).take_unannounced_credit());
    }
    for (uint32_t i = 0; i < 2; ++i)
      ASSERT_EQ(queue.credit(i) + gate_.remote(i).unannounced(), gate_.remote(i).available())
          << "round " << round << " channel " << i;
  }
  EXPECT_GT(read, 100);
  EXPECT_LE(read, written);
  gate_.release();
  EXPECT_EQ(network_.free(), network_.total());
  EXPECT_EQ(network_.required(), 0);
}

}  // namespace
}  // namespace drey::model
