// Readers of one TaskManager that have heard the same are counted together, and apart as soon as
// one of them hears something else; and the lists of spans that they are named by.
#include "model/task/null_exchange.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/one_endpoint.h"

namespace drey::model {
namespace {

constexpr PartitionIndex kProducers = 4;
constexpr sim::Duration kAMoment = sim::milliseconds(10);

// Folded as a message folds it.
template <class T>
sim::Digest128 digest_of(const T& field) {
  sim::Digest digest;
  sim::message_fields::Folder folder{digest};
  sim::message_fields::Walk<sim::message_fields::Folder> walk{folder};
  walk(field);
  return digest.value();
}

TEST(SpanList, IsFoldedLikeAListBehindAPointerHoweverLongItIs) {
  const std::vector<ReaderSpan> one{{3, 7, 1}};
  const std::vector<ReaderSpan> two{{3, 7, 1}, {9, 9, 2}};
  for (const std::vector<ReaderSpan>& spans : {one, two})
    EXPECT_EQ(digest_of(ReaderSpans(spans)),
              digest_of(std::make_shared<const std::vector<ReaderSpan>>(spans)));
  EXPECT_NE(digest_of(ReaderSpans(one)), digest_of(ReaderSpans({{3, 7, 2}})));
  EXPECT_NE(digest_of(ReaderSpans(one)), digest_of(ReaderSpans(two)));
}

TEST(SpanList, KnowsItsChannelsAndIsEqualByValue) {
  const ReaderSpans one({{3, 7, 1}});
  EXPECT_EQ(one.size(), 1u);
  EXPECT_EQ(one.count(), 5u);
  EXPECT_EQ(one, ReaderSpans({{3, 7, 1}}));
  const ReaderSpans two({{3, 7, 1}, {9, 9, 1}});
  EXPECT_EQ(two.size(), 2u);
  EXPECT_EQ(two.count(), 6u);
  EXPECT_EQ(two, ReaderSpans({{3, 7, 1}, {9, 9, 1}}));
  EXPECT_FALSE(two == ReaderSpans({{3, 8, 1}}));  // as many channels
  const ReaderSpans none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
}

class Reader : public RangeTask {
 public:
  Reader(uint32_t subtask, uint32_t attempt, GroupProducers producers) {
    made_.attempt = {.job = 1, .vertex = 1, .subtask = subtask, .attempt = attempt};
    made_.job = std::make_shared<JobInformation>();
    made_.gates.push_back({.producers = std::move(producers)});
  }
  const Deployment& deployment() const override { return made_; }
  void alignment_begun(CheckpointId id) override { begun.push_back(id); }
  void aligned(CheckpointId id, uint64_t barriers) override {
    alignments.push_back({id, barriers});
  }
  void inputs_ended() override { ++ended; }
  void partition_not_found(const PartitionId& partition) override {
    not_found.push_back(partition.partition);
  }
  void channel_failed(const Cause&) override { ++failures; }

  std::vector<CheckpointId> begun;
  std::vector<std::pair<CheckpointId, uint64_t>> alignments;
  std::vector<PartitionIndex> not_found;
  int ended = 0;
  int failures = 0;

 private:
  Deployment made_;
};

struct Exchanges : sim::Launcher {
  std::unique_ptr<sim::Program> launch(sim::World& world, sim::ProcessId process) override {
    struct Started : sim::Program {
      Started(Exchanges& all, sim::World& w, sim::ProcessId p) : exchange(w, p, {}, all.lists) {
        all.newest = &exchange;
      }
      NullExchange exchange;
    };
    return std::make_unique<Started>(*this, world, process);
  }
  SharedLists lists;
  NullExchange* newest = nullptr;
};

// Stands for the TaskManager that has the producers.
struct Producers : sim::Endpoint {
  Producers(sim::World& w, sim::ProcessId p) : Endpoint(w, p, NullExchange::kEndpointName) {}
  void on_call(const sim::Call&, const sim::Message& body, const sim::Body&) override {
    if (body.kind() != RequestRanges::kind_id()) return;
    for (const ReadersRange& range : sim::as<RequestRanges>(body).entries)
      asked.push_back(range.readers);
  }
  void on_reply(sim::Continuation, const sim::Reply&) override {}
  void on_later(sim::Continuation) override {}
  void say(sim::Address to, ProducersRange::Kind kind, ProducerSpan producers, ReaderSpan readers,
           CheckpointId checkpoint) {
    auto body = std::make_shared<ChannelRanges>();
    const auto places = std::make_shared<const std::vector<ReaderPlace>>(
        std::vector<ReaderPlace>{{to, ReaderSpans({readers})}});
    body->entries.push_back({kind, 1, 0, checkpoint, ProducerSpans({producers}), places});
    tell(to, {}, body);
  }
  std::vector<ReaderSpans> asked;
};

class NullExchangeTest : public testing::Test {
 protected:
  NullExchangeTest() {
    machines().start(here_);
    machines().start(there_);
    const auto list = std::make_shared<std::vector<ShuffleDescriptor>>();
    for (PartitionIndex p = 0; p < kProducers; ++p)
      list->push_back({{p, {.job = 1, .subtask = p}}, from().address(), true});
    producers_ = list;
  }
  sim::Machines& machines() { return world_.machines(); }
  NullExchange& exchange() { return *exchanges_.newest; }
  Producers& from() { return sim::endpoint_of<Producers>(world_, there_); }
  Reader& start(uint32_t subtask, uint32_t attempt = 0) {
    readers_.push_back(std::make_unique<Reader>(subtask, attempt, producers_));
    exchange().started(*readers_.back());
    return *readers_.back();
  }
  void say(ProducersRange::Kind kind, ProducerSpan producers, ReaderSpan readers,
           CheckpointId checkpoint = 0) {
    from().say(exchange().address(), kind, producers, readers, checkpoint);
    settle();
  }
  void settle() { world_.kernel().run(world_.kernel().now() + kAMoment); }

  using Kind = ProducersRange::Kind;
  Exchanges exchanges_;
  sim::LauncherOf<Producers> producers_of_;
  sim::World world_{{.kernel = {.seed = 3}}};
  sim::ProcessId here_ =
      machines().add_process(machines().add_host({.name = "a"}), "tm-1", exchanges_);
  sim::ProcessId there_ =
      machines().add_process(machines().add_host({.name = "b"}), "tm-2", producers_of_);
  GroupProducers producers_;
  std::vector<std::unique_ptr<Reader>> readers_;
};

TEST_F(NullExchangeTest, ReadersThatStartTogetherAskAndAreServedAsOneSpan) {
  Reader& first = start(5);
  Reader& second = start(6);
  Reader& third = start(7);
  settle();
  EXPECT_EQ(from().asked, (std::vector<ReaderSpans>{ReaderSpans({{5, 7, 0}})}));
  say(Kind::barrier, {0, 2, 0}, {5, 7, 0}, 1);
  say(Kind::barrier, {3, 3, 0}, {5, 7, 0}, 1);
  for (const Reader* reader : {&first, &second, &third}) {
    EXPECT_EQ(reader->begun, std::vector<CheckpointId>{1});
    EXPECT_EQ(reader->alignments, (std::vector<std::pair<CheckpointId, uint64_t>>{{1, 4}}));
  }
}

TEST_F(NullExchangeTest, AReaderThatHearsSomethingElseIsCountedForItself) {
  Reader& first = start(5);
  Reader& middle = start(6);
  Reader& last = start(7);
  say(Kind::end, {0, 1, 0}, {5, 7, 0});
  say(Kind::end, {2, 3, 0}, {6, 6, 0});
  EXPECT_EQ(first.ended + last.ended, 0);
  EXPECT_EQ(middle.ended, 1);
  say(Kind::end, {2, 3, 0}, {7, 7, 0});
  EXPECT_EQ(first.ended, 0);
  EXPECT_EQ(last.ended, 1);
  say(Kind::not_found, {2, 2, 0}, {5, 5, 0});
  EXPECT_EQ(first.not_found, std::vector<PartitionIndex>{2});
  EXPECT_TRUE(middle.not_found.empty());
}

// The reader that was there before has left, and so has what it had heard.
TEST_F(NullExchangeTest, ANewAttemptAmongOthersBeginsAnew) {
  Reader& first = start(5);
  Reader& old = start(6);
  Reader& last = start(7);
  say(Kind::end, {0, 1, 0}, {5, 7, 0});
  exchange().ended(old, NullExchange::End::canceled);
  Reader& again = start(6, 1);
  say(Kind::end, {2, 3, 0}, {5, 7, 0});  // of the old attempt, too late for the new one
  EXPECT_EQ(first.ended, 1);
  EXPECT_EQ(last.ended, 1);
  EXPECT_EQ(old.ended + again.ended, 0);
  say(Kind::end, {0, 3, 0}, {6, 6, 1});
  EXPECT_EQ(again.ended, 1);
  say(Kind::end, {0, 3, 1}, {6, 6, 1});  // of a producer's attempt that it does not read
  EXPECT_EQ(again.ended, 1);
}

TEST_F(NullExchangeTest, ALostProducerFailsEachReaderThatStillReadsFromIt) {
  Reader& first = start(5);
  Reader& second = start(6);
  settle();
  say(Kind::end, {0, 3, 0}, {6, 6, 0});
  machines().kill(there_, sim::StopReason::kill, 1);
  settle();
  EXPECT_EQ(first.failures, 1);
  EXPECT_EQ(second.failures, 0);
}

TEST(SharedLists, ReadersThatAreTheSameAreOneList) {
  SharedLists lists;
  const sim::Address at{{1}, 1, 7};
  const ReaderPlaces first = lists.readers({{at, ReaderSpans({{0, 3, 0}})}});
  EXPECT_EQ(lists.readers({{at, ReaderSpans({{0, 3, 0}})}}), first);
  const ReaderPlaces other = lists.readers({{at, ReaderSpans({{0, 3, 1}})}});
  EXPECT_NE(other, first);
  EXPECT_EQ(other->front().readers, ReaderSpans({{0, 3, 1}}));
}

}  // namespace
}  // namespace drey::model
