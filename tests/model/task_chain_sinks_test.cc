#include "model/task/task_chain_sinks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drey::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Notes what the sinks ask of the broker.
class NotedContext final : public TaskContext {
 public:
  NotedContext() {
    auto information = std::make_shared<JobInformation>();
    information->graph.vertices.emplace_back();
    deployment_.job = information;
  }
  const Deployment& deployment() const override { return deployment_; }
  sim::Time time() const override { return {}; }
  sim::Address locate(const sim::Address& service) const override { return service; }
  void call(sim::Address, sim::Body body, sim::Duration, TaskCall then) override {
    asked.push_back(fmt_of(*body, then));
    last = then;
  }
  void after(sim::Duration, TaskCall then) override { last = then; }
  void busy(sim::Duration) override {}
  void announce_fact(uint16_t, uint64_t, uint64_t, uint64_t) override {}
  void announce_records(uint16_t, uint64_t, uint64_t, uint64_t, std::span<const sim::Record>,
                        sim::Digest128) override {}
  void fail_task(const Cause&) override { failed = true; }
  void wake() override {}

  std::vector<std::string> take() { return std::exchange(asked, {}); }
  std::vector<std::string> asked;
  TaskCall last;
  bool failed = false;

 private:
  static std::string fmt_of(const sim::Message& body, const TaskCall& then) {
    return std::string(body.name()) + " " + std::to_string(BrokerSink::number_of(then));
  }
  Deployment deployment_;
};

class TwoSinks {
 public:
  TwoSinks() {
    for (uint32_t i = 0; i < 2; ++i)
      sinks.add({.op = i,
                 .sink = std::make_unique<BrokerSink>(
                     BrokerSink::Options{.number = i, .prefix = "job-1-out"}, context),
                 .committables = {}});
  }
  template <class Answer>
  void answer(TaskCall to) {
    sinks.answered(to, {.body = std::make_shared<Answer>()});
    sinks.go_on();
  }
  void open() {
    sinks.open();
    answer<sim::TransactionList>(context.last);
    answer<sim::TransactionList>(context.last);
    ASSERT_TRUE(sinks.opened());
    (void)context.take();
  }
  // One record each; returns the calls of the appends.
  std::vector<TaskCall> write() {
    std::vector<TaskCall> appends;
    for (const TaskSinks::Entry& entry : sinks.entries()) {
      const sim::Record record{.key = 1, .value = 1, .event_time = 1, .provenance = 1};
      entry.sink->write({&record, 1});
      entry.sink->publish();
      answer<sim::ProducerInitialised>(context.last);
      appends.push_back(context.last);
    }
    (void)context.take();
    return appends;
  }
  NotedContext context;
  TaskSinks sinks;
};

TEST(TaskChainSinks, OpenOneAfterTheOther) {
  TwoSinks two;
  two.sinks.open();
  EXPECT_THAT(two.context.take(), ElementsAre("list_transactions 0"));
  EXPECT_TRUE(two.sinks.waiting());
  two.answer<sim::TransactionList>(two.context.last);
  EXPECT_FALSE(two.sinks.opened());
  EXPECT_THAT(two.context.take(), ElementsAre("list_transactions 1"));
  two.answer<sim::TransactionList>(two.context.last);
  EXPECT_TRUE(two.sinks.opened());
  EXPECT_FALSE(two.sinks.waiting());
}

// The head of the chain first, so the last branch; the one before it waits for its flush.
TEST(TaskChainSinks, PrepareASnapshotFromTheLastBranchOn) {
  TwoSinks two;
  two.open();
  const std::vector<TaskCall> appends = two.write();
  two.sinks.prepare_snapshot(1);
  two.answer<sim::RecordsAppended>(appends[0]);
  EXPECT_TRUE(two.sinks.waiting()) << "the other one has not flushed";
  EXPECT_EQ(two.sinks.entries()[0].sink->snapshot(),
            TwoSinks().sinks.entries()[0].sink->snapshot());
  two.answer<sim::RecordsAppended>(appends[1]);
  EXPECT_FALSE(two.sinks.waiting());
  EXPECT_NE(two.sinks.entries()[0].sink->snapshot(),
            TwoSinks().sinks.entries()[0].sink->snapshot());
}

TEST(TaskChainSinks, CommitFromTheFirstBranchOn) {
  TwoSinks two;
  two.open();
  for (const TaskCall& append : two.write()) two.answer<sim::RecordsAppended>(append);
  two.sinks.prepare_snapshot(1);
  EXPECT_FALSE(two.sinks.waiting());
  two.sinks.checkpoint_complete(1);
  EXPECT_THAT(two.context.take(), ElementsAre("end_transaction 0"));
  EXPECT_FALSE(two.sinks.available());
  two.answer<sim::TransactionEnded>(two.context.last);
  EXPECT_THAT(two.context.take(), ElementsAre("end_transaction 1"));
  two.answer<sim::TransactionEnded>(two.context.last);
  EXPECT_THAT(two.context.take(), IsEmpty());
  EXPECT_TRUE(two.sinks.available());
  EXPECT_FALSE(two.context.failed);
}

// "out" and "out-1": the names of one's transactions begin like the other's.
TEST(TaskChainSinks, ASinkLeavesTheTransactionsOfALongerNameAlone) {
  TwoSinks two;
  two.sinks.open();
  (void)two.context.take();
  const auto open = std::make_shared<sim::TransactionList>();
  open->open = {{.transactional_id = "job-1-out-1-0-5"}, {.transactional_id = "job-1-out-0-5"}};
  two.sinks.answered(two.context.last, {.body = open});
  EXPECT_THAT(two.context.take(), ElementsAre("init_producer 0"));
  two.answer<sim::ProducerInitialised>(two.context.last);
  EXPECT_THAT(two.context.take(), ElementsAre("list_transactions 1")) << "it was the only one";
}

}  // namespace
}  // namespace drey::model
