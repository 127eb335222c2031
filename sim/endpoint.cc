#include "sim/endpoint.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::sim {

Endpoint::Endpoint(World& world, ProcessId process, std::string_view endpoint_name)
    : world_(world) {
  Machines& machines = world_.machines();
  address_ = {process, machines.incarnation(process), endpoint_id(endpoint_name)};
  path_ = world_.kernel().intern(machines.name(process) + "/" + std::string(endpoint_name));
  id_ = world_.kernel().add(*this, path_, process);
  world_.network().attach(*this);
}

Endpoint::~Endpoint() {
  world_.network().detach(*this);
  world_.kernel().remove(id_);
}

void Endpoint::on_timer(uint8_t) {
  CHECK(false, "a timer fired that the endpoint does not handle");
}
void Endpoint::on_connection_closed(ProcessId) {}

void Endpoint::ask(Address to, FencingToken token, Body body, Duration timeout, Continuation then) {
  const uint64_t number = open_ask(timeout, then);
  world_.network().send(
      {.body = std::move(body), .from = address_, .to = to, .token = token, .call = number});
}

void Endpoint::tell(Address to, FencingToken token, Body body) {
  world_.network().send({.body = std::move(body), .from = address_, .to = to, .token = token});
}

void Endpoint::tell_each(const std::vector<Stop>& stops, Body body) {
  world_.network().send_each({.body = std::move(body), .from = address_}, stops);
}

void Endpoint::connect_each(std::vector<Stop> stops, Body body, Duration timeout, uint16_t then) {
  for (Stop& stop : stops) {
    const uint64_t asked = stop.to.process.index | (uint64_t{stop.to.incarnation} << 32);
    stop.call = open_ask(timeout, {then, asked});
  }
  world_.network().send_each({.body = std::move(body), .from = address_, .connects = true}, stops);
}

void Endpoint::answer(const Call& call, Body body) {
  if (!call.wants_answer()) return;
  world_.network().send({.body = std::move(body),
                         .from = address_,
                         .to = call.from,
                         .call = call.number,
                         .answer = true,
                         .ask_kind = call.kind,
                         .ask_name = call.name});
}

void Endpoint::refuse(const Call& call, CallFailure failure) {
  if (!call.wants_answer()) return;
  world_.network().send({.from = address_,
                         .to = call.from,
                         .call = call.number,
                         .answer = true,
                         .failure = failure,
                         .ask_kind = call.kind,
                         .ask_name = call.name});
}

void Endpoint::later(Duration delay, Continuation then) {
  uint32_t index = static_cast<uint32_t>(laters_.size());
  if (free_laters_.empty()) {
    laters_.push_back(then);
  } else {
    index = free_laters_.back();
    free_laters_.pop_back();
    laters_[index] = then;
  }
  world_.kernel().post(delay, id_, later_due, index, Priority::timer);
}

void Endpoint::off_thread(Duration cost, Continuation then) { later(cost, then); }

void Endpoint::arm_timer(uint8_t kind, Duration delay) {
  CHECK(kind < later_due, "an endpoint has 24 named timers");
  world_.kernel().arm(id_, kind, delay, Priority::timer);
}

void Endpoint::disarm_timer(uint8_t kind) { world_.kernel().disarm(id_, kind); }

void Endpoint::set_token(FencingToken mine) {
  fenced_ = true;
  token_set_ = true;
  token_ = mine;
}

void Endpoint::clear_token() {
  fenced_ = true;
  token_set_ = false;
  token_ = {};
}

FactNumber Endpoint::announce(uint16_t kind, PathId subject, uint64_t a, uint64_t b, uint64_t c) {
  return kernel().announce(
      {.entity = path_, .subject = subject, .kind = kind, .a = a, .b = b, .c = c});
}

FactNumber Endpoint::announce(uint16_t kind, uint64_t a, uint64_t b, uint64_t c) {
  return announce(kind, path_, a, b, c);
}

void Endpoint::receive(const Parcel& parcel) {
  if (parcel.answer) {
    Continuation then;
    if (!asks_.close(parcel.call, then)) return;  // timed out before
    on_reply(then, {parcel.body, parcel.failure});
    return;
  }
  const uint64_t number = parcel.connects ? 0 : parcel.call;
  const Call call{number, parcel.from, parcel.body->kind(), parcel.body->name()};
  if (fenced_ && (!token_set_ || !(token_ == parcel.token))) {
    refuse(call, CallFailure::fenced_off);
    return;
  }
  on_call(call, *parcel.body, parcel.body);
}

uint64_t Endpoint::open_ask(Duration timeout, Continuation then) {
  const Time deadline = now() + timeout;
  const uint64_t number = asks_.open(then, deadline);
  if (deadline < next_timeout_) {
    next_timeout_ = deadline;
    world_.kernel().post(timeout, id_, call_timeout, 0, Priority::timer);
  }
  return number;
}

// One reply per event, as for every other reply: what a handler sent has left before the next one.
void Endpoint::time_out() {
  if (due_.empty()) {
    if (now() >= next_timeout_) next_timeout_ = kEndOfTime;
    due_ = asks_.due(now());
    std::reverse(due_.begin(), due_.end());
  }
  if (due_.empty()) {
    watch_deadlines();
    return;
  }
  const uint64_t number = due_.back();
  due_.pop_back();
  Continuation then;
  const bool open = asks_.close(number, then);
  if (due_.empty())
    watch_deadlines();
  else
    world_.kernel().post({}, id_, call_timeout, 0, Priority::timer);
  if (open) on_reply(then, {nullptr, CallFailure::timeout});
}

// An event that comes too early finds nothing due and looks further.
void Endpoint::watch_deadlines() {
  const Time earliest = asks_.earliest_deadline();
  if (earliest >= next_timeout_) return;
  next_timeout_ = earliest;
  world_.kernel().post(std::max(earliest - now(), Duration{}), id_, call_timeout, 0,
                       Priority::timer);
}

void Endpoint::on_event(const Event& event) {
  if (event.kind() == later_due) {
    const auto index = static_cast<uint32_t>(event.argument);
    const Continuation then = laters_[index];
    free_laters_.push_back(index);
    on_later(then);
    return;
  }
  if (event.kind() == call_timeout) {
    time_out();
    return;
  }
  on_timer(event.kind());
}

}  // namespace drey::sim
