#pragma once
// A client process for the tests of the world's services: asks, and keeps what came back.
#include <memory>
#include <utility>
#include <vector>

#include "sim/service.h"
#include "sim/world.h"
#include "tests/sim/one_endpoint.h"

namespace drey::sim {

struct TestClient : Endpoint {
  TestClient(World& w, ProcessId p) : Endpoint(w, p, "client") {}
  void on_call(const Call& call, const Message&, const Body& shared) override {
    told.emplace_back(now(), shared);
    answer(call, shared);
  }
  void on_reply(Continuation then, const Reply& reply) override {
    replies.push_back({then.argument, reply.failure, reply.body, now()});
  }
  void on_later(Continuation) override {}

  // An event at the end of the time, since the clock stands still where there is none.
  void wait(Duration d) {
    later(d, {});
    world().kernel().run(now() + d);
  }

  template <class Request>
  uint64_t send(ServiceName service, Request request, Duration timeout = seconds(10)) {
    ask(resolve(world(), service), {}, std::make_shared<Request>(std::move(request)), timeout,
        {1, ++asked});
    return asked;
  }

  struct Got {
    uint64_t ask = 0;
    CallFailure failure = CallFailure::none;
    Body body;
    Time at;
  };
  // The body of the reply to ask `n`; fails the test's expectation by a null body.
  const Got& reply(uint64_t n) const {
    static const Got none;
    for (const Got& got : replies)
      if (got.ask == n) return got;
    return none;
  }
  template <class Answer>
  const Answer& body(uint64_t n) const {
    const Got& got = reply(n);
    if (got.body == nullptr) std::abort();  // no answer: the test's premise is wrong
    return as<Answer>(*got.body);
  }
  bool answered(uint64_t n) const { return reply(n).body != nullptr; }

  uint64_t asked = 0;
  std::vector<Got> replies;
  std::vector<std::pair<Time, Body>> told;
};

using TestClientLauncher = LauncherOf<TestClient>;

// A client process on a host of its own.
inline ProcessId add_client(World& world, TestClientLauncher& launcher, const std::string& name) {
  const HostId host = world.machines().add_host({.name = name + "-host"});
  const ProcessId process = world.machines().add_process(host, name, launcher);
  world.machines().start(process);
  return process;
}

inline TestClient& client_of(World& world, ProcessId process) {
  return endpoint_of<TestClient>(world, process);
}

// Collects the facts of some groups.
struct FactList : TraceSink {
  explicit FactList(uint64_t groups) : groups_(groups) {}
  uint64_t interests() const override { return groups_; }
  void on(const Fact& fact, FactNumber) override { facts.push_back(fact); }
  void on_batch(const BatchFact& batch, FactNumber) override {
    batches.emplace_back(batch.head,
                         std::vector<Record>(batch.records.begin(), batch.records.end()));
  }
  size_t count(uint16_t kind) const {
    size_t n = 0;
    for (const Fact& fact : facts) n += fact.kind == kind ? 1 : 0;
    return n;
  }
  std::vector<Fact> facts;
  std::vector<std::pair<Fact, std::vector<Record>>> batches;

 private:
  uint64_t groups_;
};

}  // namespace drey::sim
