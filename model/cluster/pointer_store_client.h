#pragma once
// One process's client of the pointer store: a session kept alive by pings, the state of the
// connection, and requests with retries. Process-wide, as Curator's client is.
//
// Connection (control-plane.md 8.1): suspended when the store's process closes it or after 2/3 of
// the session time-out without an answer; lost when it has been suspended for a whole session
// time-out, or when the store says that the session has expired; then a new session is opened. A
// ping goes out at least every third of the session time-out and every 10 s (ZooKeeper's
// MAX_SEND_PING_INTERVAL). A reconnecting client uses a new socket: what was queued on the old one
// is lost.
//
// Requests: tried while connected, waiting up to connection-timeout for that; after a failed try
// the wait is retry-wait * max(1, draw in [0, 2^n)), at most max-retry-wait
// (ExponentialBackoffRetry); max-retry-attempts retries. A critical client (of a process with
// contenders) that stays disconnected for the connection time-out and then for as long as a
// background request would be retried gives up: on_gave_up, which ends a JobManager.
//
// Upstream: CuratorFramework, ClientCnxn, ConnectionStateManager.
#include <map>
#include <string>

#include "model/cluster/flink_options.h"
#include "model/cluster/pointer_access.h"
#include "sim/endpoint.h"
#include "sim/service.h"

namespace drey::model {

enum class PointerConnection : uint8_t { connecting, connected, suspended, lost };

class PointerConnectionListener {
 public:
  virtual ~PointerConnectionListener() = default;
  virtual void on_connected() = 0;
  virtual void on_suspended() = 0;
  virtual void on_lost() = 0;
  virtual void on_latch(const sim::LatchChanged& change) = 0;
  virtual void on_changed(const sim::PointerChanged& change) = 0;
  // Connected and idle for a ping's time: the moment to look whether a notice was missed.
  virtual void on_ping() = 0;
  virtual void on_gave_up() = 0;
};

inline constexpr std::string_view kPointerClientEndpoint = "pointer-store-client";

class PointerStoreClient : public sim::Endpoint, public PointerAccess {
 public:
  PointerStoreClient(sim::World& world, sim::ProcessId process, sim::ServiceName store,
                     const PointerClientOptions& options, PointerConnectionListener& listener);

  PointerConnection state() const { return state_; }
  bool connected() const { return state_ == PointerConnection::connected; }
  uint64_t session() const { return session_; }
  void set_critical(bool critical) { critical_ = critical; }

  void write(PointerUser& user, uint64_t ticket, PointerWriteRequest request) override;
  void remove(PointerUser& user, uint64_t ticket, const std::string& name,
              const std::string& guard) override;
  void read(PointerUser& user, uint64_t ticket, const std::string& prefix, bool exact) override;
  void forget(PointerUser& user) override;

  // Of this session only: not repeated over a loss of the connection (the owner asks again when it
  // is back). Answered by on_pointer; join: version 1 = leads.
  void join(PointerUser& user, uint64_t ticket, const std::string& latch);
  void watch(PointerUser& user, uint64_t ticket, const std::string& prefix);
  void leave(const std::string& latch);

 private:
  enum Then : uint16_t { opened, pinged, reconnect, tried, retry, left };
  enum TimerKind : uint8_t { ping_timer, silence_timer, lost_timer, give_up_timer };
  enum class Verb : uint8_t { write, remove, read, join, watch };
  enum class Phase : uint8_t { waiting, in_flight, sleeping };

  struct Request {
    PointerUser* user = nullptr;  // null: forgotten
    uint64_t ticket = 0;
    Verb verb = Verb::read;
    PointerWriteRequest what{};  // name, and of a write the rest
    bool exact = false;
    Phase phase = Phase::waiting;
    uint32_t attempt = 0;  // tries and waits; a reply or wait of an older one is stale
    uint32_t failures = 0;
    bool in_doubt = false;     // a try may have taken effect although nobody was told
    bool verifying = false;    // the try under way looks whether it did
    PointerOutcome verdict{};  // what was refused before verifying
  };

  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_timer(uint8_t kind) override;
  void on_connection_closed(sim::ProcessId peer) override;

  sim::Address store() const { return sim::resolve(world(), store_); }
  void set_state(PointerConnection state);
  void heard();
  void connect();
  void reconnect_later();
  void session_answered(bool opening, const sim::Reply& reply);
  void suspend();
  void lose();
  void established();

  void add(Request request);
  void attempt(uint64_t number);
  sim::Body body_of(const Request& request) const;
  void answered(uint64_t number, const sim::Reply& reply);
  void judge(uint64_t number, const sim::PointerAnswer& answer);
  void try_failed(uint64_t number, bool may_have_taken_effect);
  void finish(uint64_t number, PointerOutcome outcome);
  sim::Duration retry_delay(uint32_t failures, uint64_t n) const;

  sim::ServiceName store_;
  const PointerClientOptions& options_;
  PointerConnectionListener& listener_;
  PointerConnection state_ = PointerConnection::connecting;
  uint64_t session_ = 0;     // 0 = none
  uint64_t connecting_ = 0;  // numbers the tries to connect
  bool critical_ = false;
  uint64_t next_request_ = 0;
  uint64_t suspensions_ = 0;
  std::map<uint64_t, Request> requests_;
};

}  // namespace drey::model
