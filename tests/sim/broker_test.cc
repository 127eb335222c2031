#include "sim/broker.h"

#include <gtest/gtest.h>

#include "tests/sim/service_client.h"

namespace drey::sim {
namespace {

RecordBatch records(uint64_t first, size_t count) {
  std::vector<Record> made(count);
  for (size_t i = 0; i < count; ++i) made[i] = {.key = first + i, .provenance = first + i};
  return RecordBatch(made);
}

struct BrokerTest : testing::Test {
  TestClientLauncher launcher;
  World world{{.kernel = {.seed = 5}}};
  Broker broker{world, {.transaction_timeout = minutes(1), .keep_committed = true}};
  ProcessId process = add_client(world, launcher, "tm-1");
  FactList facts{interest(FactGroup::external)};

  struct Producer {
    std::string id;
    int64_t producer_id = 0;
    int32_t epoch = 0;
    uint64_t sequence = 0;
  };

  BrokerTest() {
    world.kernel().add_sink(&facts);
    broker.start();
  }
  ~BrokerTest() override { world.machines().shut_down(); }

  TestClient& client() { return client_of(world, process); }
  template <class Answer, class Request>
  Answer ask(Request request) {
    const uint64_t n = client().send(broker.service_name(), std::move(request));
    client().wait(milliseconds(100));
    return client().body<Answer>(n);
  }
  Producer init(const std::string& id, Duration timeout = {}) {
    InitProducer request;
    request.transactional_id = id;
    request.transaction_timeout = timeout;
    const auto answer = ask<ProducerInitialised>(request);
    return {id, answer.producer_id, answer.epoch};
  }
  AppendRecords appending(Producer& producer, RecordBatch batch) {
    AppendRecords request;
    request.transactional_id = producer.id;
    request.producer_id = producer.producer_id;
    request.epoch = producer.epoch;
    request.sequence = producer.sequence++;
    request.batch = std::move(batch);
    return request;
  }
  BrokerResult append(Producer& producer, RecordBatch batch) {
    return ask<RecordsAppended>(appending(producer, std::move(batch))).result;
  }
  EndTransaction ending(const Producer& producer, bool commit) {
    EndTransaction request;
    request.transactional_id = producer.id;
    request.producer_id = producer.producer_id;
    request.epoch = producer.epoch;
    request.commit = commit;
    return request;
  }
  BrokerResult end(const Producer& producer, bool commit) {
    return ask<TransactionEnded>(ending(producer, commit)).result;
  }
  CommittedRecords read(uint64_t from) {
    ReadCommitted request;
    request.from = from;
    return ask<CommittedRecords>(request);
  }
};

TEST_F(BrokerTest, CommittedIsVisibleAndAnnouncedInOrderAbortedIsNot) {
  Producer a = init("a");
  Producer b = init("b");
  EXPECT_EQ(append(a, records(0, 3)), BrokerResult::ok);
  EXPECT_EQ(append(b, records(100, 2)), BrokerResult::ok);
  EXPECT_EQ(append(a, records(3, 1)), BrokerResult::ok);
  EXPECT_EQ(read(0).batch.size(), 0u);
  EXPECT_TRUE(facts.batches.empty());
  EXPECT_EQ(end(b, false), BrokerResult::ok);
  EXPECT_EQ(end(a, true), BrokerResult::ok);
  ASSERT_EQ(facts.batches.size(), 2u);
  EXPECT_EQ(facts.batches[0].second.size(), 3u);
  EXPECT_EQ(facts.batches[1].second.at(0).key, 3u);
  const CommittedRecords seen = read(0);
  ASSERT_EQ(seen.batch.size(), 4u);
  EXPECT_EQ(seen.batch.records()[3].key, 3u);
  EXPECT_EQ(seen.last_stable_offset, 6u);
  EXPECT_EQ(broker.committed_records(), 4u);
  EXPECT_EQ(facts.count(fact_kind(BrokerFact::transaction_begun)), 2u);
  EXPECT_EQ(facts.count(fact_kind(BrokerFact::transaction_committed)), 1u);
  EXPECT_EQ(facts.count(fact_kind(BrokerFact::transaction_aborted)), 1u);
}

TEST_F(BrokerTest, ReadersStopAtTheFirstOpenTransaction) {
  Producer a = init("a");
  Producer b = init("b");
  append(a, records(0, 1));
  append(b, records(10, 1));
  end(b, true);
  EXPECT_EQ(read(0).batch.size(), 0u);
  EXPECT_EQ(read(0).last_stable_offset, 0u);
  end(a, false);
  EXPECT_EQ(read(0).batch.size(), 1u);
  EXPECT_EQ(read(0).next, 2u);
  EXPECT_EQ(read(2).batch.size(), 0u);
}

TEST_F(BrokerTest, ANewProducerFencesTheOldOneAndAbortsItsTransaction) {
  Producer old = init("a");
  append(old, records(0, 1));
  Producer fresh = init("a");
  EXPECT_EQ(fresh.producer_id, old.producer_id);
  EXPECT_EQ(fresh.epoch, old.epoch + 1);
  EXPECT_EQ(append(old, records(1, 1)), BrokerResult::fenced);
  EXPECT_EQ(end(old, true), BrokerResult::fenced);
  EXPECT_EQ(end(fresh, true), BrokerResult::invalid_state);
  EXPECT_EQ(append(fresh, records(2, 1)), BrokerResult::ok);
  EXPECT_EQ(end(fresh, true), BrokerResult::ok);
  EXPECT_EQ(read(0).batch.records()[0].key, 2u);
  EXPECT_EQ(facts.count(fact_kind(BrokerFact::refused)), 3u);
}

TEST_F(BrokerTest, ACommitWhoseAnswerWasLostCanBeRepeated) {
  Producer a = init("a");
  append(a, records(0, 2));
  broker.add_rule(
      {.effect = ServiceEffect::lose_answer, .operation = "end_transaction", .count = 1}, nullptr);
  const uint64_t lost = client().send(broker.service_name(), ending(a, true));
  client().wait(seconds(11));
  EXPECT_EQ(client().reply(lost).failure, CallFailure::timeout);
  EXPECT_EQ(broker.committed_records(), 2u);
  EXPECT_EQ(end(a, true), BrokerResult::already_done);
  EXPECT_EQ(end(a, false), BrokerResult::invalid_state);
  EXPECT_EQ(broker.committed_records(), 2u);
  EXPECT_EQ(facts.batches.size(), 1u);
}

TEST_F(BrokerTest, ARepeatedBatchIsNotAddedAgainAndASkippedOneIsRefused) {
  Producer a = init("a");
  const AppendRecords request = appending(a, records(0, 2));
  EXPECT_EQ(ask<RecordsAppended>(request).result, BrokerResult::ok);
  EXPECT_EQ(ask<RecordsAppended>(request).result, BrokerResult::duplicate);
  ++a.sequence;
  EXPECT_EQ(append(a, records(2, 1)), BrokerResult::out_of_order);
  end(a, true);
  EXPECT_EQ(broker.committed_records(), 2u);
}

TEST_F(BrokerTest, ATransactionTimesOutAndItsProducerIsFenced) {
  Producer a = init("a", seconds(5));
  append(a, records(0, 1));
  client().wait(seconds(4));
  EXPECT_EQ(broker.open_transactions("").size(), 1u);
  client().wait(seconds(2));
  EXPECT_TRUE(broker.open_transactions("").empty());
  EXPECT_EQ(end(a, true), BrokerResult::fenced);
  EXPECT_EQ(broker.committed_records(), 0u);
  ASSERT_EQ(facts.count(fact_kind(BrokerFact::transaction_aborted)), 1u);
}

TEST_F(BrokerTest, TheTimeOutOfATransactionThatEndedDoesNotHitTheNext) {
  Producer a = init("a", seconds(5));
  append(a, records(0, 1));
  end(a, true);
  client().wait(seconds(3));
  append(a, records(1, 1));
  client().wait(seconds(3));  // the first would time out here
  EXPECT_EQ(end(a, true), BrokerResult::ok);
  EXPECT_EQ(broker.committed_transactions(), 2u);
}

TEST_F(BrokerTest, TransactionsSurviveTheProcessAndStillTimeOut) {
  Producer a = init("job-1/a");
  Producer b = init("job-1/b", seconds(30));
  append(a, records(0, 1));
  append(b, records(1, 1));
  world.machines().kill(broker.process(), StopReason::kill, 137);
  client().wait(seconds(1));
  world.machines().start(broker.process());
  const auto listed = ask<TransactionList>(ListTransactions{});
  ASSERT_EQ(listed.open.size(), 2u);
  EXPECT_EQ(listed.open[0].transactional_id, "job-1/a");
  EXPECT_EQ(end(a, true), BrokerResult::ok);
  client().wait(seconds(40));
  EXPECT_TRUE(broker.open_transactions("").empty());
}

TEST_F(BrokerTest, WithoutTransactionARecordIsVisibleAtOnce) {
  AppendRecords request;
  request.batch = records(7, 2);
  EXPECT_EQ(ask<RecordsAppended>(request).result, BrokerResult::ok);
  EXPECT_EQ(read(0).batch.size(), 2u);
  EXPECT_EQ(facts.batches.size(), 1u);
}

TEST_F(BrokerTest, AnUnknownProducerIsRefused) {
  Producer a = init("a");
  a.producer_id = 77;
  EXPECT_EQ(append(a, records(0, 1)), BrokerResult::unknown_producer);
  a.id = "nobody";
  EXPECT_EQ(end(a, true), BrokerResult::unknown_producer);
}

}  // namespace
}  // namespace drey::sim
