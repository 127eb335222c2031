#include "sim/pointer_store.h"

#include <gtest/gtest.h>

#include "tests/sim/service_client.h"

namespace drey::sim {
namespace {

struct PointerStoreTest : testing::Test {
  TestClientLauncher launcher;
  World world{{.kernel = {.seed = 5}}};
  PointerStore store{world, {}};
  ProcessId one = add_client(world, launcher, "jm-1");
  ProcessId two = add_client(world, launcher, "jm-2");
  FactList facts{interest(FactGroup::store)};

  PointerStoreTest() {
    world.kernel().add_sink(&facts);
    store.start();
  }
  ~PointerStoreTest() override { world.machines().shut_down(); }

  TestClient& client(ProcessId process) { return client_of(world, process); }
  template <class Request>
  PointerAnswer ask(ProcessId process, Request request) {
    const uint64_t n = client(process).send(store.service_name(), std::move(request));
    client(process).wait(milliseconds(50));
    return client(process).body<PointerAnswer>(n);
  }
  uint64_t open(ProcessId process, Duration timeout = seconds(10)) {
    OpenSession request;
    request.timeout = timeout;
    return ask(process, request).session;
  }
  PointerAnswer join(ProcessId process, uint64_t session) {
    JoinLatch request;
    request.session = session;
    request.latch = "leader";
    return ask(process, request);
  }
  PointerAnswer write(ProcessId process, uint64_t session, std::string name, std::string value,
                      uint64_t expected = kAnyVersion, std::string guard = "") {
    WritePointer request;
    request.session = session;
    request.name = std::move(name);
    request.value = std::move(value);
    request.expected = expected;
    request.guard = std::move(guard);
    return ask(process, request);
  }
  PointerResult ping(ProcessId process, uint64_t session) {
    PingSession request;
    request.session = session;
    return ask(process, request).result;
  }
  // Keeps the session of `process` alive for so many seconds.
  void keep_alive(ProcessId process, uint64_t session, int for_seconds) {
    for (int i = 0; i < for_seconds; ++i) {
      ping(process, session);
      client(process).wait(milliseconds(950));
    }
  }
};

TEST_F(PointerStoreTest, CompareAndSet) {
  const uint64_t s = open(one);
  const PointerAnswer first = write(one, s, "chk/1", "a", kMustNotExist);
  EXPECT_EQ(first.result, PointerResult::ok);
  EXPECT_EQ(write(one, s, "chk/1", "b", kMustNotExist).result, PointerResult::exists);
  const PointerAnswer second = write(one, s, "chk/1", "b", first.version);
  EXPECT_EQ(second.result, PointerResult::ok);
  EXPECT_GT(second.version, first.version);
  EXPECT_EQ(write(one, s, "chk/1", "c", first.version).result, PointerResult::wrong_version);
  EXPECT_EQ(write(one, s, "chk/2", "c", first.version).result, PointerResult::missing);
  RemovePointer removal;
  removal.session = s;
  removal.name = "chk/1";
  removal.expected = second.version;
  EXPECT_EQ(ask(one, removal).result, PointerResult::ok);
  EXPECT_EQ(ask(one, removal).result, PointerResult::missing);
  EXPECT_TRUE(store.values().empty());
  EXPECT_EQ(facts.count(fact_kind(PointerFact::written)), 2u);
}

TEST_F(PointerStoreTest, ReadsByNameAndPrefix) {
  const uint64_t s = open(one);
  for (const char* name : {"a/1", "a/2", "b"}) write(one, s, name, name);
  ReadPointers all;
  all.session = s;
  all.prefix = "a/";
  EXPECT_EQ(ask(one, all).values.size(), 2u);
  all.exact = true;
  EXPECT_EQ(ask(one, all).result, PointerResult::missing);
  all.prefix = "b";
  EXPECT_EQ(ask(one, all).values.at(0).value, "b");
}

TEST_F(PointerStoreTest, TheFirstMemberLeadsAndASilentOneLosesIt) {
  const uint64_t s1 = open(one);
  const uint64_t s2 = open(two);
  EXPECT_TRUE(join(one, s1).leads);
  EXPECT_FALSE(join(two, s2).leads);
  EXPECT_TRUE(join(one, s1).leads);  // joining again only asks
  keep_alive(two, s2, 12);           // jm-1 is silent
  EXPECT_EQ(store.leader("leader"), s2);
  ASSERT_EQ(client(two).told.size(), 1u);
  EXPECT_TRUE(as<LatchChanged>(*client(two).told[0].second).leads);
  EXPECT_EQ(ping(one, s1), PointerResult::expired);
  EXPECT_EQ(write(one, s1, "x", "late").result, PointerResult::expired);
  EXPECT_EQ(facts.count(fact_kind(PointerFact::session_expired)), 1u);
  EXPECT_EQ(facts.count(fact_kind(PointerFact::leader_changed)), 2u);
}

TEST_F(PointerStoreTest, AFrozenLeaderIsReplacedAndItsGuardedWriteRefused) {
  const uint64_t s1 = open(one, seconds(5));
  const uint64_t s2 = open(two, seconds(5));
  join(one, s1);
  join(two, s2);
  EXPECT_EQ(write(one, s1, "ptr", "1", kAnyVersion, "leader").result, PointerResult::ok);
  EXPECT_EQ(write(two, s2, "ptr", "2", kAnyVersion, "leader").result, PointerResult::not_leader);
  world.machines().freeze(one);
  keep_alive(two, s2, 6);
  world.machines().thaw(one);
  EXPECT_EQ(store.leader("leader"), s2);
  const uint64_t again = open(one);
  EXPECT_FALSE(join(one, again).leads);
  EXPECT_EQ(write(one, again, "ptr", "stale", kAnyVersion, "leader").result,
            PointerResult::not_leader);
  EXPECT_EQ(write(two, s2, "ptr", "2", kAnyVersion, "leader").result, PointerResult::ok);
}

TEST_F(PointerStoreTest, EphemeralValuesGoWithTheSessionAndWatchersAreTold) {
  const uint64_t s1 = open(one);
  const uint64_t s2 = open(two);
  WatchPointers watching;
  watching.session = s2;
  watching.prefix = "leader/";
  EXPECT_TRUE(ask(two, watching).values.empty());
  WritePointer request;
  request.session = s1;
  request.name = "leader/dispatcher";
  request.value = "jm-1";
  request.ephemeral = true;
  ask(one, request);
  write(one, s1, "other", "not watched");
  ASSERT_EQ(client(two).told.size(), 1u);
  EXPECT_EQ(as<PointerChanged>(*client(two).told[0].second).value.value, "jm-1");
  CloseSession closing;
  closing.session = s1;
  ask(one, closing);
  ASSERT_EQ(client(two).told.size(), 2u);
  EXPECT_TRUE(as<PointerChanged>(*client(two).told[1].second).removed);
  EXPECT_EQ(store.values().count("other"), 1u);
}

TEST_F(PointerStoreTest, AWriteWhoseAnswerIsLostHasHappened) {
  const uint64_t s = open(one);
  store.add_rule({.effect = ServiceEffect::lose_answer, .operation = "write_pointer", .count = 1},
                 nullptr);
  WritePointer request;
  request.session = s;
  request.name = "chk/7";
  request.value = "handle";
  request.expected = kMustNotExist;
  const uint64_t lost = client(one).send(store.service_name(), request, seconds(1));
  client(one).wait(seconds(2));
  EXPECT_EQ(client(one).reply(lost).failure, CallFailure::timeout);
  EXPECT_EQ(write(one, s, "chk/7", "handle", kMustNotExist).result, PointerResult::exists);
}

TEST_F(PointerStoreTest, SessionsOutliveTheProcessAndAFaultCanEndThem) {
  const uint64_t s = open(one, seconds(5));
  client(one).wait(seconds(4));
  world.machines().kill(store.process(), StopReason::kill, 137);
  client(one).wait(seconds(20));
  world.machines().start(store.process());
  client(one).wait(seconds(4));
  EXPECT_EQ(ping(one, s), PointerResult::ok);
  EXPECT_EQ(store.expire_sessions_of(two), 0u);
  EXPECT_EQ(store.expire_sessions_of(one), 1u);
  EXPECT_EQ(ping(one, s), PointerResult::expired);
  EXPECT_EQ(store.open_sessions(), 0u);
}

}  // namespace
}  // namespace drey::sim
