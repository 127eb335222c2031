#include "model/cluster/pointer_store_client.h"

#include <algorithm>
#include <utility>

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {

constexpr sim::Duration kMaxPingInterval = sim::seconds(10);  // ClientCnxn.MAX_SEND_PING_INTERVAL
constexpr uint64_t kMaxReconnectPauseMs = 1000;               // ClientCnxn sleeps up to a second

sim::Duration ping_interval(const PointerClientOptions& options) {
  return std::min(options.session_timeout / 3, kMaxPingInterval);
}
sim::Duration silence_limit(const PointerClientOptions& options) {
  return options.session_timeout * 2 / 3;
}
sim::Duration connect_timeout(const PointerClientOptions& options) {
  return std::min(options.session_timeout / 3, options.connection_timeout);
}

// A try that was refused may have met the effect of an earlier one of the same request.
bool may_be_own_effect(bool in_doubt, sim::PointerResult result) {
  return in_doubt &&
         (result == sim::PointerResult::exists || result == sim::PointerResult::wrong_version ||
          result == sim::PointerResult::missing);
}

// FLINK-22494: a write in doubt is not a failed write.
PointerEffect effect_without_answer(bool in_doubt) {
  return in_doubt ? PointerEffect::unknown : PointerEffect::refused;
}

}  // namespace

PointerStoreClient::PointerStoreClient(sim::World& world, sim::ProcessId process,
                                       sim::ServiceName store, const PointerClientOptions& options,
                                       PointerConnectionListener& listener)
    : Endpoint(world, process, kPointerClientEndpoint),
      store_(store),
      options_(options),
      listener_(listener) {
  later({}, {reconnect, connecting_});
}

// ---- the connection

void PointerStoreClient::set_state(PointerConnection state) {
  state_ = state;
  announce(fact_kind(ControlFact::pointer_connection), world().machines().path(process()),
           static_cast<uint64_t>(state), session_, 0);
}

void PointerStoreClient::heard() {
  if (connected()) arm_timer(silence_timer, silence_limit(options_));
}

void PointerStoreClient::connect() {
  ++connecting_;
  if (session_ != 0) {
    auto body = std::make_shared<sim::PingSession>();
    body->session = session_;
    ask(store(), {}, std::move(body), connect_timeout(options_), {pinged, connecting_});
    return;
  }
  auto body = std::make_shared<sim::OpenSession>();
  body->timeout = options_.session_timeout;
  ask(store(), {}, std::move(body), connect_timeout(options_), {opened, connecting_});
}

void PointerStoreClient::reconnect_later() {
  const uint64_t draw =
      kernel().draw(sim::name_hash("pointer-client/reconnect"), path(), 0, connecting_);
  const auto pause = static_cast<int64_t>(sim::scale_draw(draw, kMaxReconnectPauseMs));
  later(sim::milliseconds(pause), {reconnect, connecting_});
}

// To a try to connect (a ping while connected only counts as having been heard of).
void PointerStoreClient::session_answered(bool opening, const sim::Reply& reply) {
  if (reply.failure != sim::CallFailure::none) {
    if (connected()) return;  // silence is judged by its own timer
    if (reply.failure == sim::CallFailure::timeout)
      world().network().reset(process(), store_.process);
    reconnect_later();
    return;
  }
  const auto& answer = sim::as<sim::PointerAnswer>(*reply.body);
  if (answer.result == sim::PointerResult::expired) {
    lose();
    connect();
    return;
  }
  if (opening) session_ = answer.session;
  if (connected())
    heard();
  else
    established();
}

void PointerStoreClient::established() {
  set_state(PointerConnection::connected);
  disarm_timer(lost_timer);
  disarm_timer(give_up_timer);
  heard();
  arm_timer(ping_timer, ping_interval(options_));
  listener_.on_connected();
  std::vector<uint64_t> waiting;
  for (const auto& [number, request] : requests_)
    if (request.phase == Phase::waiting) waiting.push_back(number);
  for (const uint64_t number : waiting)
    if (requests_.count(number) != 0) attempt(number);
}

void PointerStoreClient::suspend() {
  if (!connected()) return;
  set_state(PointerConnection::suspended);
  disarm_timer(ping_timer);
  disarm_timer(silence_timer);
  arm_timer(lost_timer, options_.session_timeout);
  ++suspensions_;
  if (critical_) {
    // CuratorFrameworkImpl.performBackgroundOperation: without a connection an operation waits for
    // the connection time-out, and only then is retried.
    sim::Duration patience = options_.connection_timeout;
    for (uint32_t n = 0; n < options_.max_retry_attempts; ++n)
      patience = patience + retry_delay(n, suspensions_ << 8);
    arm_timer(give_up_timer, patience);
  }
  world().network().reset(process(), store_.process);
  std::vector<uint64_t> under_way;
  for (const auto& [number, request] : requests_)
    if (request.phase == Phase::in_flight) under_way.push_back(number);
  listener_.on_suspended();
  for (const uint64_t number : under_way)
    if (requests_.count(number) != 0) try_failed(number, true);
  connect();
}

// The session is gone, or taken for gone.
void PointerStoreClient::lose() {
  const bool was_connected = connected();
  const bool known = state_ == PointerConnection::suspended || was_connected;
  session_ = 0;
  disarm_timer(ping_timer);
  disarm_timer(silence_timer);
  disarm_timer(lost_timer);
  if (!known) return;
  set_state(PointerConnection::lost);
  listener_.on_lost();
}

void PointerStoreClient::on_connection_closed(sim::ProcessId peer) {
  if (peer == store_.process) suspend();
}

void PointerStoreClient::on_call(const sim::Call&, const sim::Message& body, const sim::Body&) {
  heard();
  if (body.kind() == sim::LatchChanged::kind_id()) {
    const auto& change = sim::as<sim::LatchChanged>(body);
    if (connected() && change.session == session_) listener_.on_latch(change);
  } else if (body.kind() == sim::PointerChanged::kind_id()) {
    const auto& change = sim::as<sim::PointerChanged>(body);
    if (connected() && change.session == session_) listener_.on_changed(change);
  } else {
    CHECK(false, "a pointer-store client got a message that it does not know");
  }
}

void PointerStoreClient::on_reply(sim::Continuation then, const sim::Reply& reply) {
  switch (static_cast<Then>(then.kind)) {
    case opened:
    case pinged:
      if (then.argument == connecting_)
        session_answered(then.kind == opened, reply);
      else if (reply.failure == sim::CallFailure::none)
        heard();
      return;
    case tried:
      answered(then.argument, reply);
      return;
    case left:
    case reconnect:
    case retry:
      return;
  }
}

void PointerStoreClient::on_later(sim::Continuation then) {
  if (then.kind == reconnect) {
    if (then.argument == connecting_ && !connected()) connect();
    return;
  }
  const auto found = requests_.find(then.argument >> 8);
  if (then.kind != retry || found == requests_.end()) return;
  if ((found->second.attempt & 0xff) != (then.argument & 0xff)) return;
  attempt(found->first);
}

void PointerStoreClient::on_timer(uint8_t kind) {
  switch (static_cast<TimerKind>(kind)) {
    case ping_timer: {
      auto body = std::make_shared<sim::PingSession>();
      body->session = session_;
      ask(store(), {}, std::move(body), silence_limit(options_), {pinged, ++connecting_});
      arm_timer(ping_timer, ping_interval(options_));
      listener_.on_ping();
      return;
    }
    case silence_timer:
      suspend();
      return;
    case lost_timer:
      lose();
      connect();
      return;
    case give_up_timer:
      if (!connected() && critical_) listener_.on_gave_up();
      return;
  }
}

// ---- requests

void PointerStoreClient::write(PointerUser& user, uint64_t ticket, PointerWriteRequest request) {
  add({.user = &user, .ticket = ticket, .verb = Verb::write, .what = std::move(request)});
}

void PointerStoreClient::remove(PointerUser& user, uint64_t ticket, const std::string& name,
                                const std::string& guard) {
  add({.user = &user,
       .ticket = ticket,
       .verb = Verb::remove,
       .what = {.name = name, .guard = guard}});
}

void PointerStoreClient::read(PointerUser& user, uint64_t ticket, const std::string& prefix,
                              bool exact) {
  add({.user = &user,
       .ticket = ticket,
       .verb = Verb::read,
       .what = {.name = prefix},
       .exact = exact});
}

void PointerStoreClient::join(PointerUser& user, uint64_t ticket, const std::string& latch) {
  add({.user = &user, .ticket = ticket, .verb = Verb::join, .what = {.name = latch}});
}

void PointerStoreClient::watch(PointerUser& user, uint64_t ticket, const std::string& prefix) {
  add({.user = &user, .ticket = ticket, .verb = Verb::watch, .what = {.name = prefix}});
}

void PointerStoreClient::leave(const std::string& latch) {
  if (!connected()) return;
  auto body = std::make_shared<sim::LeaveLatch>();
  body->session = session_;
  body->latch = latch;
  ask(store(), {}, std::move(body), options_.connection_timeout, {left, 0});
}

void PointerStoreClient::forget(PointerUser& user) {
  for (auto& [number, request] : requests_)
    if (request.user == &user) request.user = nullptr;
}

void PointerStoreClient::add(Request request) {
  const uint64_t number = ++next_request_;
  requests_.emplace(number, std::move(request));
  attempt(number);
}

// Curator blocks up to the connection time-out for a connection, then tries anyway.
void PointerStoreClient::attempt(uint64_t number) {
  Request& request = requests_.at(number);
  ++request.attempt;
  if (!connected()) {
    const bool waited = request.phase == Phase::waiting;
    request.phase = Phase::waiting;
    if (waited && request.attempt > 1) {
      try_failed(number, false);
    } else {
      later(options_.connection_timeout, {retry, (number << 8) | (request.attempt & 0xff)});
    }
    return;
  }
  request.phase = Phase::in_flight;
  ask(store(), {}, body_of(request), options_.connection_timeout,
      {tried, (number << 8) | (request.attempt & 0xff)});
}

sim::Body PointerStoreClient::body_of(const Request& request) const {
  if (request.verifying || request.verb == Verb::read) {
    auto body = std::make_shared<sim::ReadPointers>();
    body->session = session_;
    body->prefix = request.what.name;
    body->exact = request.verifying || request.exact;
    return body;
  }
  if (request.verb == Verb::write) {
    auto body = std::make_shared<sim::WritePointer>();
    body->session = session_;
    body->name = request.what.name;
    body->value = request.what.value;
    body->expected = request.what.expected;
    body->ephemeral = request.what.ephemeral;
    body->guard = request.what.guard;
    return body;
  }
  if (request.verb == Verb::remove) {
    auto body = std::make_shared<sim::RemovePointer>();
    body->session = session_;
    body->name = request.what.name;
    body->guard = request.what.guard;
    return body;
  }
  if (request.verb == Verb::join) {
    auto body = std::make_shared<sim::JoinLatch>();
    body->session = session_;
    body->latch = request.what.name;
    return body;
  }
  auto body = std::make_shared<sim::WatchPointers>();
  body->session = session_;
  body->prefix = request.what.name;
  return body;
}

void PointerStoreClient::answered(uint64_t argument, const sim::Reply& reply) {
  const uint64_t number = argument >> 8;
  const auto found = requests_.find(number);
  if (found == requests_.end() || (found->second.attempt & 0xff) != (argument & 0xff) ||
      found->second.phase != Phase::in_flight)
    return;
  if (reply.failure != sim::CallFailure::none) {
    try_failed(number, reply.failure == sim::CallFailure::timeout);
    return;
  }
  heard();
  judge(number, sim::as<sim::PointerAnswer>(*reply.body));
}

void PointerStoreClient::judge(uint64_t number, const sim::PointerAnswer& answer) {
  Request& request = requests_.at(number);
  PointerOutcome outcome{.effect = PointerEffect::refused,
                         .result = answer.result,
                         .answered = true,
                         .version = answer.version,
                         .values = answer.values};
  if (answer.result == sim::PointerResult::expired) {
    try_failed(number, false);
    if (!connected()) return;  // told already
    lose();
    connect();
    return;
  }
  if (request.verifying) {
    const bool own = answer.result == sim::PointerResult::ok && !answer.values.empty() &&
                     answer.values.front().value == request.what.value;
    if (own) {
      outcome.effect = PointerEffect::done;
      outcome.version = answer.values.front().version;
    } else {
      outcome = request.verdict;
    }
    finish(number, std::move(outcome));
    return;
  }
  if (answer.result == sim::PointerResult::ok) {
    outcome.effect = PointerEffect::done;
    if (request.verb == Verb::join) outcome.version = answer.leads ? 1 : 0;
  } else if (may_be_own_effect(request.in_doubt, answer.result)) {
    if (request.verb == Verb::write) {
      request.verdict = std::move(outcome);
      request.verifying = true;
      attempt(number);
      return;
    }
    outcome.effect = PointerEffect::done;  // removed already
  } else if (request.in_doubt) {
    outcome.effect =
        PointerEffect::unknown;  // an earlier try may have come before the refusal's reason
  }
  finish(number, std::move(outcome));
}

void PointerStoreClient::try_failed(uint64_t number, bool may_have_taken_effect) {
  Request& request = requests_.at(number);
  if (may_have_taken_effect && !request.verifying) request.in_doubt = true;
  const bool of_this_session = request.verb == Verb::join || request.verb == Verb::watch;
  ++request.failures;
  if (request.failures > options_.max_retry_attempts || (of_this_session && !connected())) {
    finish(number, {.effect = effect_without_answer(request.in_doubt)});
    return;
  }
  request.phase = Phase::sleeping;
  ++request.attempt;
  later(retry_delay(request.failures - 1, number),
        {retry, (number << 8) | (request.attempt & 0xff)});
}

void PointerStoreClient::finish(uint64_t number, PointerOutcome outcome) {
  const Request ended = std::move(requests_.at(number));
  requests_.erase(number);
  if (ended.user != nullptr) ended.user->on_pointer(ended.ticket, outcome);
}

sim::Duration PointerStoreClient::retry_delay(uint32_t failures, uint64_t n) const {
  const uint64_t bound = uint64_t{2} << std::min(failures, 20u);
  const uint64_t draw = kernel().draw(sim::name_hash("pointer-client/retry"), path(), n, failures);
  const auto factor = static_cast<int64_t>(std::max<uint64_t>(1, sim::scale_draw(draw, bound)));
  return std::min(options_.retry_wait * factor, options_.max_retry_wait);
}

}  // namespace drey::model
