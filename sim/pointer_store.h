#pragma once
// The pointer store (what ZooKeeper or Kubernetes is to Flink): small named values with versions,
// sessions that end when their client is silent, and latches that elect one leader among sessions.
//
// Sessions: any request of a session keeps it alive; after its time-out without one it is expired:
// its ephemeral values go and its places in latches pass on. Whoever asks with an expired session
// is told `expired`. Sessions outlive the store's process, which gives each its full time-out again
// when it starts. Latches: members stand in the order of joining; the first one leads. A session
// that comes to lead by another's leaving is told (LatchChanged); joining again says how one
// stands, so a client that lost its connection can ask. Values: version = the store's revision at
// the last write, never used twice. Compare-and-set by `expected`. A write may be guarded by a
// latch: it takes effect only while its session leads. Watchers of a prefix are told of each change
// (PointerChanged); watching again gives the values as they are.
//
// Requests of one client are served in order. Faults: sim/service.h (a write with a lost answer has
// taken effect), and expire_sessions_of.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/pointer_store_messages.h"
#include "sim/service.h"

namespace drey::sim {

struct PointerStoreOptions {
  ServiceOptions service{.name = "pointer-store",
                         .latency = Distribution::uniform(milliseconds(1).ns, milliseconds(3).ns),
                         .in_order = true};
};

// Facts of FactGroup::store, 16 to 31. entity = store.
enum class PointerFact : uint8_t {
  session_opened = 16,  // subject = client process; a = session
  session_closed,
  session_expired,
  leader_changed,  // subject = "latch/" + name; a = session that leads now, 0 = none; c = hash of
                   // its process's path
  written,  // subject = "pointer/" + name; a = version, b = session; content = digest of the value
  removed,  // subject = "pointer/" + name; a = version it had, b = session
  refused,  // subject = client process; a = PointerResult, b = kind of the request
};
constexpr uint16_t fact_kind(PointerFact fact) {
  return fact_kind(FactGroup::store, static_cast<uint8_t>(fact));
}

class PointerStore final : public Service {
 public:
  PointerStore(World& world, PointerStoreOptions options)
      : Service(world, std::move(options.service)) {}

  const std::map<std::string, PointerValue, std::less<>>& values() const { return values_; }
  // The session that leads, 0 = none.
  uint64_t leader(std::string_view latch) const;
  size_t open_sessions() const { return sessions_.size(); }
  // A fault: returns how many sessions of this process were expired.
  size_t expire_sessions_of(ProcessId client);

 private:
  class Server;
  struct Session {
    Address client;
    Duration timeout{};
    Time last_heard{0};
    std::vector<std::string> watched;  // prefixes
  };

  std::unique_ptr<ServiceEndpoint> make_endpoint(ProcessId process) override;

  std::map<uint64_t, Session> sessions_;
  std::map<std::string, std::vector<uint64_t>, std::less<>> latches_;
  std::map<std::string, PointerValue, std::less<>> values_;
  uint64_t next_session_ = 1;
  uint64_t revision_ = 0;
  Server* server_ = nullptr;  // of the running process
};

}  // namespace drey::sim
