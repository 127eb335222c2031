// One body to many equals as many messages, event by event.
#include <gtest/gtest.h>

#include "sim/endpoint.h"
#include "sim/shared_message.h"
#include "tests/sim/one_endpoint.h"

namespace drey::sim {
namespace {

constexpr uint32_t kPeers = 12;

struct Word : SharedMessageOf<Word> {
  static constexpr std::string_view kName = "word";
  uint64_t n = 0;
  Duration pause;
  template <class V>
  void visit(V& v) const {
    v(n, pause);
  }
};

std::shared_ptr<Word> word(uint64_t n) {
  auto body = std::make_shared<Word>();
  body->n = n;
  return body;
}

struct Peer : Endpoint {
  Peer(World& w, ProcessId p) : Endpoint(w, p, "peer") {}
  void on_call(const Call& call, const Message& body, const Body&) override {
    heard.push_back(as<Word>(body).n);
    if (answering) answer(call, word(as<Word>(body).n + 100));
  }
  void on_reply(Continuation then, const Reply& reply) override {
    replies.emplace_back(then.argument, reply.failure);
  }
  void on_later(Continuation) override {}
  using Endpoint::connect_each;
  using Endpoint::tell;
  using Endpoint::tell_each;
  bool answering = true;
  std::vector<uint64_t> heard;
  std::vector<std::pair<uint64_t, CallFailure>> replies;
};

struct Crowd {
  explicit Crowd(Distribution latency, uint64_t tie_salt = 0)
      : world({.kernel = {.seed = 3, .tie_salt = tie_salt},
               .network = {.latency = std::move(latency)}}) {
    for (uint32_t i = 0; i < kPeers; ++i) {
      hosts.push_back(world.machines().add_host({.name = "h" + std::to_string(i)}));
      peers.push_back(
          world.machines().add_process(hosts.back(), "p" + std::to_string(i), launcher));
      world.machines().start(peers.back());
    }
  }
  Peer& peer(uint32_t i) { return endpoint_of<Peer>(world, peers[i]); }
  // Of a process that may be down.
  Address at(uint32_t i) {
    return {peers[i], world.machines().incarnation(peers[i]), endpoint_id("peer")};
  }
  std::vector<Stop> everybody(const Message& body) {
    std::vector<Stop> stops;
    for (uint32_t i = 0; i < kPeers; ++i)
      stops.push_back({at(i), static_cast<uint32_t>(body.wire_size()), 0});
    return stops;
  }
  void tell_all(uint32_t from, uint64_t n, bool at_once) {
    const Body body = word(n);
    if (at_once) {
      peer(from).tell_each(everybody(*body), body);
      return;
    }
    for (uint32_t i = 0; i < kPeers; ++i) peer(from).tell(at(i), {}, body);
  }
  void run(Duration d) { world.kernel().run(Time{} + d); }

  LauncherOf<Peer> launcher;
  World world;
  std::vector<HostId> hosts;
  std::vector<ProcessId> peers;
};

// Everything at once: ties, a cut that heals, a freeze, a kill, a reset while they are under way.
Digest128 busy_crowd(const Distribution& latency, uint64_t tie_salt, bool at_once) {
  Crowd crowd(latency, tie_salt);
  Machines& machines = crowd.world.machines();
  Network& network = crowd.world.network();
  network.set_link(crowd.hosts[0], crowd.hosts[3], {.cut = true});
  machines.freeze(crowd.peers[4]);
  for (uint64_t n = 0; n < 6; ++n) {
    for (uint32_t from = 0; from < 3; ++from) {
      crowd.tell_all(from, 10 * n + from, at_once);
      crowd.peer(from).tell(crowd.at(5), {}, word(1000 + n));
    }
    crowd.run(microseconds(static_cast<int64_t>(100 * (n + 1))));
    if (n == 2) network.set_link(crowd.hosts[0], crowd.hosts[3], {});
    if (n == 3) network.reset(crowd.peers[1], crowd.peers[6]);
    if (n == 4) machines.kill(crowd.peers[7], StopReason::kill, 137);
  }
  machines.thaw(crowd.peers[4]);
  crowd.run(seconds(2));
  EXPECT_GT(network.messages_delivered(), 150u);
  return crowd.world.kernel().hash();
}

TEST(FanOut, EqualsSendingOneByOne) {
  const std::vector<Distribution> latencies{
      Distribution::constant(microseconds(200).ns), Distribution::uniform(0, microseconds(400).ns),
      Distribution::two_point(microseconds(100).ns, milliseconds(3).ns, 1, 4)};
  for (const Distribution& latency : latencies)
    for (const uint64_t salt : {0u, 7u})
      EXPECT_EQ(busy_crowd(latency, salt, true), busy_crowd(latency, salt, false));
}

// Reached, silent, gone, lost by a rule: who has been reached says nothing.
TEST(FanOut, AConnectionThatCannotBeMadeIsHeardOf) {
  Crowd crowd(Distribution::constant(microseconds(200).ns));
  crowd.world.machines().crash_host(crowd.hosts[3]);
  crowd.world.machines().kill(crowd.peers[4], StopReason::kill, 137);
  crowd.world.network().lose({.message = "word", .from = "p0", .to = "p5"}, nullptr);
  const auto body = word(5);
  std::vector<Stop> stops;
  for (const uint32_t i : {1u, 2u, 3u, 4u, 5u}) stops.push_back({crowd.at(i), 100, 0});
  crowd.peer(0).connect_each(stops, body, seconds(3), 1);
  crowd.run(seconds(10));
  using Replies = std::vector<std::pair<uint64_t, CallFailure>>;
  const auto asked = [&](uint32_t i) {
    return crowd.peers[i].index | (uint64_t{crowd.at(i).incarnation} << 32);
  };
  EXPECT_EQ(crowd.peer(0).replies, (Replies{{asked(4), CallFailure::unreachable},
                                            {asked(3), CallFailure::timeout},
                                            {asked(5), CallFailure::timeout}}));
  EXPECT_EQ(crowd.peer(1).heard, std::vector<uint64_t>{5});
  EXPECT_EQ(crowd.peer(2).heard, std::vector<uint64_t>{5});
}

TEST(FanOut, ARuleLosesOneOfTheMany) {
  Crowd crowd(Distribution::constant(microseconds(200).ns));
  crowd.world.network().lose({.message = "word", .from = "p0", .to = "p9"}, nullptr);
  crowd.tell_all(0, 1, true);
  crowd.tell_all(0, 2, true);
  crowd.run(seconds(1));
  EXPECT_EQ(crowd.peer(9).heard, std::vector<uint64_t>{2});
  EXPECT_EQ(crowd.peer(8).heard, (std::vector<uint64_t>{1, 2}));
}

TEST(FanOut, ASharedBodyShowsAChangedField) {
  const auto body = word(5);
  Digest before;
  body->fold(before);
  ASSERT_TRUE(body->perturb_field(1));  // the duration
  EXPECT_EQ(body->pause, nanoseconds(1));
  Digest after;
  body->fold(after);
  EXPECT_NE(before.value(), after.value());
}

}  // namespace
}  // namespace drey::sim
