#include "sim/network.h"

#include <gtest/gtest.h>

#include "sim/endpoint.h"
#include "tests/sim/one_endpoint.h"

namespace drey::sim {
namespace {

struct Ping : MessageOf<Ping> {
  static constexpr std::string_view kName = "ping";
  uint64_t n = 0;
  std::string text;
  template <class V>
  void visit(V& v) const {
    v(n, text);
  }
};

Body ping(uint64_t n) {
  auto body = std::make_shared<Ping>();
  body->n = n;
  return body;
}

struct Peer : Endpoint {
  Peer(World& w, ProcessId p) : Endpoint(w, p, "peer") {}
  void on_call(const Call& call, const Message& body, const Body&) override {
    calls.push_back(as<Ping>(body).n);
    call_times.push_back(now().ns);
    if (answering) answer(call, ping(as<Ping>(body).n + 100));
  }
  void on_reply(Continuation then, const Reply& reply) override {
    replies.emplace_back(then.argument, reply.failure);
  }
  void on_later(Continuation) override {}
  void on_connection_closed(ProcessId) override { ++closed; }
  void say(Address to, uint64_t n) { ask(to, {}, ping(n), seconds(10), {1, n}); }
  using Endpoint::set_token;
  using Endpoint::tell;
  bool answering = true;
  int closed = 0;
  std::vector<uint64_t> calls;
  std::vector<int64_t> call_times;
  std::vector<std::pair<uint64_t, CallFailure>> replies;
};

struct NetworkTest : testing::Test {
  LauncherOf<Peer> launcher;
  World world{{.kernel = {.seed = 3}}};
  HostId ha = world.machines().add_host({.name = "a"});
  HostId hb = world.machines().add_host({.name = "b"});
  ProcessId a = world.machines().add_process(ha, "a", launcher);
  ProcessId b = world.machines().add_process(hb, "b", launcher);
  NetworkTest() {
    world.machines().start(a);
    world.machines().start(b);
  }
  Peer& peer(ProcessId p) { return endpoint_of<Peer>(world, p); }
  void run(Duration d) { world.kernel().run(Time{} + d); }
  using Replies = std::vector<std::pair<uint64_t, CallFailure>>;
};

TEST_F(NetworkTest, AnAskIsAnsweredOverTwoLatencies) {
  peer(a).say(peer(b).address(), 1);
  run(seconds(1));
  EXPECT_EQ(peer(b).calls, std::vector<uint64_t>{1});
  EXPECT_EQ(peer(a).replies, (Replies{{1, CallFailure::none}}));
}

// Parcels lie where they were put while others come and go, and answers are sent meanwhile.
TEST_F(NetworkTest, HundredsInFlightArriveInOrder) {
  std::vector<uint64_t> sent;
  Replies answers;
  for (uint64_t n = 0; n < 500; ++n) {
    peer(a).say(peer(b).address(), n);
    sent.push_back(n);
    answers.emplace_back(n, CallFailure::none);
  }
  run(seconds(1));
  EXPECT_EQ(peer(b).calls, sent);
  EXPECT_EQ(peer(a).replies, answers);
  peer(a).say(peer(b).address(), 500);
  run(seconds(2));
  EXPECT_EQ(peer(b).calls.back(), 500u);
}

// Every message counts once, request and answer, when it leaves; also one that nobody receives.
TEST_F(NetworkTest, BytesSentAreThoseOfTheMessages) {
  EXPECT_EQ(world.network().bytes_sent(), 0u);
  const uint64_t one = ping(0)->wire_size();
  for (const uint64_t n : {1U, 2U, 3U}) peer(a).say(peer(b).address(), n);
  run(seconds(1));
  EXPECT_EQ(world.network().bytes_sent(), 6 * one);
  const Address old = peer(b).address();
  world.machines().crash_host(hb);
  peer(a).say(old, 4);
  run(seconds(30));
  EXPECT_EQ(world.network().bytes_sent(), 7 * one);
}

TEST_F(NetworkTest, ACutDelaysAndHealingDeliversInOrder) {
  world.network().set_link(ha, hb, {.cut = true});
  peer(a).say(peer(b).address(), 1);
  peer(a).say(peer(b).address(), 2);
  run(milliseconds(500));
  EXPECT_TRUE(peer(b).calls.empty());
  world.network().set_link(ha, hb, {});
  run(seconds(2));
  EXPECT_EQ(peer(b).calls, (std::vector<uint64_t>{1, 2}));
  // Retransmitted at 200 ms and 600 ms; healed at 500 ms.
  EXPECT_GE(peer(b).call_times[0], milliseconds(600).ns);
}

TEST_F(NetworkTest, ACutLongerThanTheAskTimesOut) {
  world.network().set_link(ha, hb, {.cut = true});
  peer(a).say(peer(b).address(), 1);
  run(minutes(1));
  EXPECT_EQ(peer(a).replies, (Replies{{1, CallFailure::timeout}}));
  run(minutes(20));
  EXPECT_EQ(peer(a).closed, 1);  // tcp_give_up
}

// What the slow link takes in a second, all that goes over it shares.
TEST_F(NetworkTest, ASlowLinkSendsOneMessageAfterTheOther) {
  world.network().set_link(ha, hb, {.bytes_per_second = 1000});
  for (uint64_t i = 1; i <= 5; ++i) peer(a).say(peer(b).address(), i);
  run(seconds(9));
  ASSERT_EQ(peer(b).calls.size(), 5u);
  const Duration least = milliseconds(4 * static_cast<int64_t>(kMessageOverhead));
  EXPECT_GT(peer(b).call_times[4] - peer(b).call_times[0], (least - milliseconds(5)).ns);
}

constexpr uint64_t kFrameHeaders = 66;  // a limit counts them

TEST_F(NetworkTest, LinksThatShareAQueueShareWhatItTakes) {
  const HostId hc = world.machines().add_host({.name = "c"});
  const ProcessId c = world.machines().add_process(hc, "c", launcher);
  world.machines().start(c);
  world.network().set_link(ha, hb, {.bytes_per_second = 1000, .queue = 1});
  world.network().set_link(ha, hc, {.bytes_per_second = 1000, .queue = 1});
  for (uint64_t i = 1; i <= 3; ++i) {
    peer(a).tell(peer(b).address(), {}, ping(i));
    peer(a).tell(peer(c).address(), {}, ping(i));
  }
  run(seconds(9));
  ASSERT_EQ(peer(c).calls.size(), 3u);
  const Duration least = milliseconds(5 * static_cast<int64_t>(kMessageOverhead + kFrameHeaders));
  EXPECT_GT(peer(c).call_times[2] - peer(b).call_times[0], (least - milliseconds(5)).ns);
}

// Whatever goes over it, whoever it is for; the other host's card is its own.
TEST_F(NetworkTest, ALimitedCardIsSharedByAllThatItsHostReceives) {
  const HostId hc = world.machines().add_host({.name = "c"});
  const ProcessId c = world.machines().add_process(hc, "c", launcher);
  world.machines().start(c);
  world.network().limit_card(hb, 1000);
  for (uint64_t i = 1; i <= 3; ++i) {
    peer(a).tell(peer(b).address(), {}, ping(i));
    peer(c).tell(peer(b).address(), {}, ping(i + 10));
    peer(a).tell(peer(c).address(), {}, ping(i));
  }
  run(seconds(9));
  ASSERT_EQ(peer(b).calls.size(), 6u);
  const Duration least = milliseconds(5 * static_cast<int64_t>(kMessageOverhead + kFrameHeaders));
  EXPECT_GT(peer(b).call_times[5] - peer(b).call_times[0], (least - milliseconds(5)).ns);
  ASSERT_EQ(peer(c).calls.size(), 3u);
  EXPECT_LT(peer(c).call_times[2] - peer(c).call_times[0], milliseconds(5).ns);
}

TEST_F(NetworkTest, ALinkThatRejectsClosesTheSendersEndAndRefuses) {
  peer(a).say(peer(b).address(), 1);
  run(seconds(1));
  world.network().set_link(ha, hb, {.rejects = true});
  peer(a).say(peer(b).address(), 2);
  run(seconds(2));
  EXPECT_EQ(peer(a).closed, 1);
  peer(a).say(peer(b).address(), 3);
  run(seconds(3));
  EXPECT_EQ(peer(a).closed, 1);  // nothing was open any more
  EXPECT_EQ(peer(b).calls, (std::vector<uint64_t>{1}));
  EXPECT_EQ(peer(b).closed, 0);  // it finds out when it sends
  EXPECT_EQ(peer(a).replies.back(), std::make_pair(uint64_t{3}, CallFailure::unreachable));
  world.network().set_link(ha, hb, {});
  peer(a).say(peer(b).address(), 4);
  run(seconds(4));
  EXPECT_EQ(peer(a).replies.back(), std::make_pair(uint64_t{4}, CallFailure::none));
}

TEST_F(NetworkTest, AKilledProcessClosesItsConnectionsAndRefuses) {
  peer(a).say(peer(b).address(), 1);
  run(seconds(1));
  const Address old = peer(b).address();
  world.machines().kill(b, StopReason::kill, 137);
  run(seconds(2));
  EXPECT_EQ(peer(a).closed, 1);
  peer(a).say(old, 2);
  run(seconds(3));
  EXPECT_EQ(peer(a).replies.back(), std::make_pair(uint64_t{2}, CallFailure::unreachable));
  world.machines().start(b);
  peer(a).say(old, 3);  // a stale incarnation
  run(seconds(4));
  EXPECT_EQ(peer(a).replies.back(), std::make_pair(uint64_t{3}, CallFailure::unreachable));
}

TEST_F(NetworkTest, ACrashedHostIsSilent) {
  peer(a).say(peer(b).address(), 1);
  run(seconds(1));
  const Address old = peer(b).address();
  world.machines().crash_host(hb);
  peer(a).say(old, 2);
  run(seconds(30));
  EXPECT_EQ(peer(a).closed, 0);
  EXPECT_EQ(peer(a).replies.back(), std::make_pair(uint64_t{2}, CallFailure::timeout));
}

TEST_F(NetworkTest, AFrozenProcessFindsItsMail) {
  world.machines().freeze(b);
  peer(a).say(peer(b).address(), 1);
  run(seconds(1));
  EXPECT_TRUE(peer(b).calls.empty());
  world.machines().thaw(b);
  run(seconds(2));
  EXPECT_EQ(peer(a).replies, (Replies{{1, CallFailure::none}}));
}

TEST_F(NetworkTest, LosesTheNamedMessageOrItsAnswer) {
  world.network().lose({.message = "ping", .from = "a", .to = "b", .number = 2}, nullptr);
  world.network().lose({.message = "ping", .answer = true, .number = 2}, nullptr);
  for (uint64_t n = 1; n <= 3; ++n) peer(a).say(peer(b).address(), n);
  run(seconds(30));
  EXPECT_EQ(peer(b).calls, (std::vector<uint64_t>{1, 3}));
  EXPECT_EQ(
      peer(a).replies,
      (Replies{{1, CallFailure::none}, {2, CallFailure::timeout}, {3, CallFailure::timeout}}));
}

TEST_F(NetworkTest, AWrongTokenIsRefusedAndATellDropped) {
  peer(b).set_token({1, 2});
  peer(a).say(peer(b).address(), 1);
  peer(a).tell(peer(b).address(), {1, 3}, ping(7));
  peer(a).tell(peer(b).address(), {1, 2}, ping(8));
  run(seconds(1));
  EXPECT_EQ(peer(b).calls, std::vector<uint64_t>{8});
  EXPECT_EQ(peer(a).replies, (Replies{{1, CallFailure::fenced_off}}));
}

TEST_F(NetworkTest, MessagesOfAHandlerDieWithAProcessKilledInItsInstant) {
  peer(a).say(peer(b).address(), 1);
  world.machines().kill(a, StopReason::kill, 137);
  run(seconds(1));
  EXPECT_TRUE(peer(b).calls.empty());
}

TEST_F(NetworkTest, AMessagesFieldsAreCountedFoldedAndShown) {
  Ping one;
  one.n = 5;
  one.text = "abc";
  EXPECT_EQ(one.wire_size(), kMessageOverhead + 8 + 4 + 3);
  EXPECT_EQ(one.essence()[0], 5u);
  Digest before;
  one.fold(before);
  ASSERT_TRUE(one.perturb_field(0));
  Digest after;
  one.fold(after);
  EXPECT_EQ(one.n, 4u);
  EXPECT_NE(before.value(), after.value());
  EXPECT_FALSE(one.perturb_field(1));
}

}  // namespace
}  // namespace drey::sim
