#pragma once
// The network: hosts, and one TCP-like FIFO connection per direction of talk between two processes
// (design.md 2.7).
//
// A cut link delays: what is sent waits and is retransmitted (200 ms doubling to 120 s), arriving
// late after healing, or the connection resets after tcp_give_up. A reset loses what is queued or
// in flight. A killed process's host closes its connections (peers see it one latency later) and
// refuses new ones; a crashed host is silent; a frozen process keeps its connections and finds its
// mail when it thaws. A link that rejects answers what comes over it with a TCP reset, which itself
// passes: the sender's connection is gone, and who connects is refused as by a process that does
// not run. Calls inside one process do not cross the network.
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/distribution.h"
#include "sim/machines.h"
#include "sim/message.h"

namespace drey::sim {

class Endpoint;
class World;

enum class CallFailure : uint8_t {
  none,
  timeout,
  unreachable,
  fenced_off,
  endpoint_stopped,
  handler_failed
};
std::string_view name(CallFailure failure);

struct NetworkSpec {
  Distribution latency = Distribution::constant(microseconds(200).ns);
  uint64_t bytes_per_second = 1'250'000'000;  // of each host's card, sending side
  Duration retransmit_min = milliseconds(200);
  Duration retransmit_max = seconds(120);
  Duration tcp_give_up = minutes(15);
};

// One directed pair of hosts, as faults change it.
struct LinkState {
  bool cut = false;
  bool rejects = false;  // with resets; a cut link drops silently
  Duration extra_latency;
  uint64_t bytes_per_second = 0;  // of all that goes this way together; 0 = the card's
  uint32_t queue = 0;             // links of one number share what they take; 0: its own
};

// The fault `lose`: drops the number-th message (from 1) that matches; empty = any.
struct LoseRule {
  std::string message;   // Message::name()
  std::string from, to;  // process names
  bool answer = false;   // the answer to such an ask instead
  uint64_t number = 1;
  uint64_t seen = 0;
  bool done = false;
  uint32_t fault = 0;  // reported to the listener
};

class LoseListener {
 public:
  virtual ~LoseListener() = default;
  virtual void on_lost(uint32_t fault) = 0;
};

// Facts of FactGroup::network.
enum class NetworkFact : uint8_t {
  delivered,  // entity = receiving endpoint, subject = sending process, flags 1 = answer; a =
              // message kind, b, c = essence, content = digest of all fields
  lost,  // entity = receiving process, subject = sender; a = message kind: dropped by a `lose` rule
  connection_closed,  // entity = process told, subject = peer
  unreachable,        // entity = sender, subject = process that refused; a = message kind
  link_changed,       // entity = from host, subject = to host; a = 1: cut, 2: rejects, b = extra
                      // latency, c = rate
  card_limited,       // entity = host; a = bytes per second, 0 = as the spec says
};
constexpr uint16_t fact_kind(NetworkFact fact) {
  return fact_kind(FactGroup::network, static_cast<uint8_t>(fact));
}

struct Parcel {
  Body body;  // null for a failure answer without content
  Address from;
  Address to;
  FencingToken token;
  uint64_t call = 0;  // 0 = tell; else the asker's number
  bool answer = false;
  CallFailure failure = CallFailure::none;
  uint32_t ask_kind = 0;  // of an answer: the kind that was asked
  std::string_view ask_name;
  uint32_t bytes = 0;     // on the wire; 0: as the body says
  bool connects = false;  // nobody answers `call`: that it arrives is enough
};

// One body that goes to many at once: to each in turn, as if it had been sent one by one, at a cost
// per receiver that does not depend on the body. Every receiver finds in it what is meant for it.
// The endpoints of all stops have one name.
struct Stop {
  Address to;
  uint32_t bytes = 0;  // on the wire to this one
  uint64_t call = 0;   // as Parcel::call
};

class Network : public Entity, public ProcessObserver, public Departures {
 public:
  Network(World& world, NetworkSpec spec);
  ~Network() override;

  // Leaves when the running handler has returned; lost with its process if a fault of this instant
  // kills that first.
  void send(Parcel&& parcel);
  // `parcel` without receiver and call: those of the stops.
  void send_each(Parcel parcel, const std::vector<Stop>& stops);

  void attach(Endpoint& endpoint);
  void detach(Endpoint& endpoint);

  void set_link(HostId from, HostId to, LinkState state);
  LinkState link(HostId from, HostId to) const;
  // Limits all that a host sends, and all that it receives, to so much each; 0: not any more.
  void limit_card(HostId host, uint64_t bytes_per_second);
  // Both directions; loses what is queued and in flight; both ends are told.
  void reset(ProcessId a, ProcessId b);
  void lose(LoseRule rule, LoseListener* listener);

  uint64_t messages_delivered() const { return messages_delivered_; }
  uint64_t bytes_sent() const { return bytes_sent_; }

  void depart() override;
  void on_event(const Event& event) override;
  void on_process_stopped(ProcessId process, StopReason reason) override;
  void on_process_thawed(ProcessId process) override;

 private:
  enum Kind : uint8_t { arrive, arrive_locally, retransmit, tell_closed, fan_out_arrives };

  struct Blocked {                 // what a cut link holds back
    std::deque<uint32_t> parcels;  // waiting for a retransmission, in order
    Time since{0};
    Duration retry;
  };
  // A thousand processes that all talk to each other have a million of these.
  struct Connection {
    ProcessId from, to;
    uint64_t messages = 0;  // numbers them for their draws
    Time last_arrival{0};
    uint64_t path_hash = 0;  // of "connection/from>to"; 0: nobody needed it yet
    uint32_t epoch = 0;      // grows by a reset; what is in flight under an older one is lost
    bool blocked = false;    // something waits, in blocked_
  };
  struct Link {
    LinkState state;
    Time free{0};  // of a slow one: when it has sent what it was given
  };
  struct Listeners {             // of one process
    Endpoint* latest = nullptr;  // that had mail; null: none, or it is gone
    std::vector<Endpoint*> all;
  };
  struct Flight {
    Parcel parcel;
    uint32_t connection = UINT32_MAX;
    uint32_t epoch = 0;
  };
  // A flight keeps its place while others come and go: a parcel is put there when it is sent, and
  // delivered where it lies.
  static constexpr uint32_t kFlightsTogether = 64;
  using Flights = std::array<Flight, kFlightsTogether>;

  // What is on its way to many. Only the next arrival is in the kernel's queue.
  struct Arrival {
    Time at;
    ProcessId process;
    uint32_t incarnation = 0;
    uint32_t call = 0;
    uint32_t bytes = 0;
    uint32_t connection = 0;
    uint32_t epoch = 0;
  };
  struct FanOut {
    Parcel parcel;
    std::vector<Arrival> arrivals;  // ascending in time
    size_t next = 0;
    uint64_t order = 0;     // of the first
    uint64_t breaks = 0;    // of connections, when it left
    uint32_t endpoint = 0;  // of every receiver
  };

  static constexpr uint32_t kFanOutBit = uint32_t{1} << 31;

  uint32_t connection(ProcessId from, ProcessId to);
  Duration latency_of(Connection& line, uint64_t purpose, uint64_t n) const;
  Time arrival_time(Connection& line, uint64_t bytes);
  Time over_changed_links(HostId from, HostId to, Time start, Time sent, uint64_t bytes,
                          Duration& latency);
  void leave(uint32_t flight);
  void leave_each(uint32_t fan_out);
  bool leave_one(const FanOut& fan, Arrival& arrival);
  static Parcel parcel_of(const FanOut& fan, const Arrival& arrival);
  void next_arrival(uint32_t fan_out);
  void post_arrival(uint32_t fan_out);
  void fetch_ahead(const Event* event) const;
  void perturb(Parcel& parcel);
  bool lost_by_rule(const Parcel& parcel);
  void launch(uint32_t connection, uint32_t flight);
  void block(uint32_t connection, uint32_t flight);
  void retry(uint32_t connection);
  void arrived(uint32_t flight);
  void hand_over(const Parcel& parcel);
  void deliver(const Parcel& parcel);
  void connected(const Parcel& parcel);
  void refuse(const Parcel& parcel);
  void reject(uint32_t connection, const Parcel& parcel);
  void break_connection(uint32_t connection, bool tell_peer);
  Flight& flight(uint32_t index) {
    return (*flights_[index / kFlightsTogether])[index % kFlightsTogether];
  }
  void make_flights();
  uint32_t keep(Parcel&& parcel);
  uint32_t keep(Parcel&& parcel, uint32_t connection, uint32_t epoch);
  void release(uint32_t flight);
  Endpoint* find(const Address& address);

  World& world_;
  NetworkSpec spec_;
  EntityId id_;
  std::vector<uint32_t> outbox_;  // flights; with kFanOutBit: fan-outs
  std::vector<std::unique_ptr<FanOut>> fan_outs_;
  std::vector<uint32_t> free_fan_outs_;
  std::vector<std::unique_ptr<Flights>> flights_;
  std::vector<uint32_t> free_flights_;
  std::vector<Connection> connections_;
  std::vector<std::vector<uint32_t>> connection_of_;  // by sender, receiver; UINT32_MAX = none yet
  std::map<uint32_t, Blocked> blocked_;               // by connection
  std::map<std::pair<uint32_t, uint32_t>, Link> links_;
  std::set<uint32_t> rejected_;  // connections that were open when their link began to reject
  std::map<uint32_t, Time> queue_free_;  // of slow links that share a queue
  struct LimitedCard {
    uint64_t bytes_per_second = 0;
    Time sends, receives;  // free again
  };
  std::map<uint32_t, LimitedCard> limited_;          // by host
  std::vector<Time> card_free_;                      // by host
  std::vector<Listeners> endpoints_;                 // by process
  std::vector<std::vector<Parcel>> mail_of_frozen_;  // by process
  std::vector<std::pair<LoseRule, LoseListener*>> rules_;
  uint64_t breaks_ = 0;  // of connections; while it stands still, none needs to be looked at
  uint64_t messages_delivered_ = 0;
  uint64_t bytes_sent_ = 0;
};

// Inline: what a caller lists field by field is written where it stays. A copy would wait for the
// stores of the parts that it reads as a whole.
inline uint32_t Network::keep(Parcel&& parcel) {
  if (free_flights_.empty()) [[unlikely]]
    make_flights();
  const uint32_t index = free_flights_.back();
  free_flights_.pop_back();
  Flight& kept = flight(index);
  kept.parcel = std::move(parcel);
  kept.connection = UINT32_MAX;
  return index;
}

inline void Network::send(Parcel&& parcel) { outbox_.push_back(keep(std::move(parcel))); }

}  // namespace drey::sim
