#pragma once
// An endpoint: one main thread in a process, reached only by messages. Handlers run to completion;
// per connection what arrives is FIFO. Between endpoints only an Address is held (design.md 2.7).
//
// Instead of closures there are continuations, plain data that can be printed and hashed: `kind` is
// the endpoint's own enum, `argument` its own number. A reply comes exactly once per ask: the
// answer, a refusal, or the time-out. Follows Flink's RpcEndpoint / FencedRpcEndpoint; the time-out
// is `pekko.ask.timeout` there.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/ask_table.h"
#include "sim/world.h"

namespace drey::sim {

struct Reply {
  Body body;  // null unless failure == none
  CallFailure failure = CallFailure::none;
};

// A call to be answered now or later, exactly once; copyable plain data. A tell has number 0 and
// takes no answer.
struct Call {
  uint64_t number = 0;
  Address from;
  uint32_t kind = 0;
  std::string_view name;
  bool wants_answer() const { return number != 0; }
};

class Endpoint : public Entity {
 public:
  // The path is process name + "/" + name; the name is unique in its process.
  Endpoint(World& world, ProcessId process, std::string_view name);
  ~Endpoint() override;

  Address address() const { return address_; }
  PathId path() const { return path_; }
  ProcessId process() const { return address_.process; }

  void on_event(const Event& event) final;

 protected:
  World& world() const { return world_; }
  Kernel& kernel() const { return world_.kernel(); }
  Time now() const { return world_.kernel().now(); }
  EntityId entity() const { return id_; }

  void ask(Address to, FencingToken token, Body body, Duration timeout, Continuation then);
  void tell(Address to, FencingToken token,
            Body body);  // lost without notice when link or process dies
  // One body to many (Network::send_each), without a fencing token.
  void tell_each(const std::vector<Stop>& stops, Body body);
  // Over connections that have to be made first. Whoever has been reached gives no reply; refused
  // or silent until the time-out: one with the process and, in the upper 32 bits, its incarnation.
  void connect_each(std::vector<Stop> stops, Body body, Duration timeout, uint16_t then);
  void answer(const Call& call, Body body);
  void refuse(const Call& call, CallFailure failure);
  void later(Duration delay, Continuation then);  // scheduleRunAsync; dropped with the endpoint
  void off_thread(Duration cost,
                  Continuation then);  // an IO executor: comes back as an event of its own
  // Named timers: one pending per kind (0..23), re-arming replaces.
  void arm_timer(uint8_t kind, Duration delay);
  void disarm_timer(uint8_t kind);

  // From now on calls carry this token or are refused (asks) and dropped (tells).
  void set_token(FencingToken mine);
  // Fenced, with no token that fits: not the leader now.
  void clear_token();
  bool fenced_open() const { return !fenced_ || token_set_; }
  FencingToken token() const { return token_; }

  FactNumber announce(uint16_t kind, PathId subject, uint64_t a, uint64_t b, uint64_t c);
  FactNumber announce(uint16_t kind, uint64_t a, uint64_t b, uint64_t c);

 private:
  friend class Network;
  virtual void on_call(const Call& call, const Message& body, const Body& shared) = 0;
  virtual void on_reply(Continuation then, const Reply& reply) = 0;
  virtual void on_later(Continuation then) = 0;
  virtual void on_timer(uint8_t kind);
  // The connection with a peer's process has ended (reset, killed); what was in flight is lost.
  virtual void on_connection_closed(ProcessId peer);

  void receive(const Parcel& parcel);
  uint64_t open_ask(Duration timeout, Continuation then);
  void watch_deadlines();
  void time_out();

  enum Kind : uint8_t { first_timer = 0, later_due = 24, call_timeout = 25 };

  World& world_;
  Address address_;
  PathId path_;
  EntityId id_;
  bool fenced_ = false;
  bool token_set_ = false;
  FencingToken token_;
  AskTable asks_;
  Time next_timeout_ = kEndOfTime;  // when the pending event for time-outs comes
  std::vector<uint64_t> due_;       // timed out at this instant, last one first
  std::vector<Continuation> laters_;
  std::vector<uint32_t> free_laters_;
};

}  // namespace drey::sim
