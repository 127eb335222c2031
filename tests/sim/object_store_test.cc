#include "sim/object_store.h"

#include <gtest/gtest.h>

#include "tests/sim/service_client.h"

namespace drey::sim {
namespace {

PutObject put(std::string key, std::string bytes) {
  PutObject request;
  request.key = std::move(key);
  request.content = ObjectContent(FileContent(bytes));
  return request;
}
GetObject get(std::string key) {
  GetObject request;
  request.key = std::move(key);
  return request;
}
DeleteObject erase(std::string key) {
  DeleteObject request;
  request.key = std::move(key);
  return request;
}

struct Counter : ServiceFaultListener {
  void on_service_fault(uint32_t fault) override { hits.push_back(fault); }
  std::vector<uint32_t> hits;
};

struct ObjectStoreTest : testing::Test {
  TestClientLauncher launcher;
  World world{{.kernel = {.seed = 5}}};
  ObjectStore store{world, {}};
  ProcessId process = add_client(world, launcher, "tm-1");
  FactList facts{interest(FactGroup::store) | interest(FactGroup::fault)};
  Counter counter;

  ObjectStoreTest() {
    world.kernel().add_sink(&facts);
    store.start();
  }
  ~ObjectStoreTest() override { world.machines().shut_down(); }

  TestClient& client() { return client_of(world, process); }
  void run(Duration d) { client().wait(d); }
  template <class Request>
  uint64_t send(Request request) {
    const uint64_t n = client().send(store.service_name(), std::move(request));
    run(seconds(20));
    return n;
  }
};

TEST_F(ObjectStoreTest, PutsGetsListsAndDeletes) {
  send(put("chk-1/a", "hello world"));
  send(put("chk-1/b", "b"));
  send(put("chk-2/a", "c"));
  const uint64_t read = send(get("chk-1/a"));
  EXPECT_EQ(client().body<ObjectAnswer>(read).content.bytes().to_string(), "hello world");
  GetObject part = get("chk-1/a");
  part.offset = 6;
  part.length = 100;
  const uint64_t partial = send(part);
  EXPECT_EQ(client().body<ObjectAnswer>(partial).content.bytes().to_string(), "world");
  ListObjects listing;
  listing.prefix = "chk-1/";
  const uint64_t listed = send(listing);
  EXPECT_EQ(client().body<ObjectAnswer>(listed).keys,
            (std::vector<std::string>{"chk-1/a", "chk-1/b"}));
  send(erase("chk-1/a"));
  const uint64_t gone = send(get("chk-1/a"));
  EXPECT_EQ(client().body<ObjectAnswer>(gone).result, ObjectResult::missing);
  EXPECT_EQ(store.stored_bytes(), 2u);
  EXPECT_EQ(facts.count(fact_kind(ObjectFact::put)), 3u);
  EXPECT_EQ(facts.count(fact_kind(ObjectFact::deleted)), 1u);
}

TEST_F(ObjectStoreTest, APutThatMustNotOverwriteIsRefused) {
  send(put("k", "one"));
  PutObject second = put("k", "two");
  second.overwrite = false;
  const uint64_t n = send(second);
  EXPECT_EQ(client().body<ObjectAnswer>(n).result, ObjectResult::exists);
  EXPECT_EQ(store.objects().at("k").to_string(), "one");
}

TEST_F(ObjectStoreTest, BytesTakeTimeAndShareTheLine) {
  const std::string mebibytes(size_t{20} << 20, 'x');  // 0.1 s at 200 MiB/s
  const Time start = world.kernel().now();
  const uint64_t first = client().send(store.service_name(), put("a", mebibytes));
  run(seconds(5));
  const Duration took = client().reply(first).at - start;
  EXPECT_GE(took.ns, milliseconds(110).ns);
  EXPECT_LE(took.ns, milliseconds(200).ns);
}

TEST_F(ObjectStoreTest, ALostAnswerIsAnUnknownOutcome) {
  store.add_rule({.effect = ServiceEffect::lose_answer,
                  .operation = "put_object",
                  .number = 2,
                  .count = 1,
                  .fault = 7},
                 &counter);
  const uint64_t first = send(put("a", "1"));
  const uint64_t second = send(put("b", "2"));
  const uint64_t third = send(put("c", "3"));
  EXPECT_TRUE(client().answered(first));
  EXPECT_EQ(client().reply(second).failure, CallFailure::timeout);
  EXPECT_TRUE(client().answered(third));
  EXPECT_EQ(store.objects().at("b").to_string(), "2");  // it took effect
  EXPECT_EQ(counter.hits, std::vector<uint32_t>{7});
  EXPECT_EQ(facts.count(kServiceFaultFact), 1u);
}

TEST_F(ObjectStoreTest, AnErrorHasNoEffectAndAnOutageHasNoAnswer) {
  store.add_rule({.effect = ServiceEffect::error, .from = "tm-1", .count = 1, .fault = 1},
                 &counter);
  store.add_rule({.effect = ServiceEffect::error, .from = "tm-2", .fault = 2}, &counter);
  const uint64_t failed = send(put("a", "1"));
  EXPECT_EQ(client().reply(failed).failure, CallFailure::handler_failed);
  EXPECT_TRUE(store.objects().empty());
  store.add_rule({.effect = ServiceEffect::outage, .fault = 3}, &counter);
  const uint64_t silent = send(put("a", "1"));
  EXPECT_EQ(client().reply(silent).failure, CallFailure::timeout);
  EXPECT_TRUE(store.objects().empty());
  store.remove_rules(3);
  send(put("a", "1"));
  EXPECT_EQ(store.objects().size(), 1u);
  EXPECT_EQ(counter.hits, (std::vector<uint32_t>{1, 3}));
}

TEST_F(ObjectStoreTest, AThrottleOfNothingChangesNothing) {
  store.add_rule({.effect = ServiceEffect::throttle, .fault = 1}, &counter);
  send(put("a", "1"));
  EXPECT_TRUE(counter.hits.empty());
  store.add_rule({.effect = ServiceEffect::throttle, .bytes_per_second = 1, .fault = 2}, &counter);
  const Time before = world.kernel().now();
  const uint64_t slow = send(put("a", "12345"));
  EXPECT_GE((client().reply(slow).at - before).ns, seconds(5).ns);
}

TEST_F(ObjectStoreTest, WhatIsStoredSurvivesTheProcess) {
  send(put("a", "1"));
  world.machines().kill(store.process(), StopReason::kill, 137);
  const uint64_t down = send(get("a"));
  EXPECT_EQ(client().reply(down).failure, CallFailure::unreachable);
  world.machines().start(store.process());
  const uint64_t up = send(get("a"));
  EXPECT_EQ(client().body<ObjectAnswer>(up).content.bytes().to_string(), "1");
}

TEST_F(ObjectStoreTest, DamageIsReal) {
  send(put("a", "abc"));
  EXPECT_TRUE(store.flip_bit("a", 0));
  EXPECT_TRUE(store.truncate("a", 2));
  EXPECT_FALSE(store.lose("b"));
  const uint64_t n = send(get("a"));
  EXPECT_EQ(client().body<ObjectAnswer>(n).content.bytes().to_string(), "`b");
}

}  // namespace
}  // namespace drey::sim
