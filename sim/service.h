#pragma once
// What the world's services (object store, pointer store, external log, broker) have in common: a
// process of its own on a host of its own, asked by messages, each answer after a service latency,
// and the faults that can befall a request. What a service has stored lives in the Service, not in
// its process: it survives the process's death.
//
//   outage       requests vanish without an answer (the client's ask times out)
//   error        the request has no effect and is refused with handler_failed
//   lose_answer  the request takes effect and nobody is told: an unknown outcome
//   throttle     transfers are limited to a rate, and delayed
//
// A service has a name that clients resolve at each ask, as with DNS, since a new incarnation has a
// new address.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/distribution.h"
#include "sim/endpoint.h"

namespace drey::sim {

struct ServiceName {
  ProcessId process;
  uint32_t endpoint = 0;
};
// Where the service is now; unreachable while its process is down.
Address resolve(World& world, ServiceName service);

enum class ServiceEffect : uint8_t { outage, error, lose_answer, throttle };

struct ServiceRule {
  ServiceEffect effect = ServiceEffect::outage;
  std::string operation{};        // Message::name() of the request; empty = any
  std::string from{};             // process name of the client; empty = any
  uint64_t number = 1;            // from the number-th request that matches ...
  uint64_t count = UINT64_MAX;    // ... so many in a row,
  Time until = kEndOfTime;        // and not from this time on
  uint64_t bytes_per_second = 0;  // throttle; 0 = no limit
  Duration delay{};               // throttle: added to each request
  uint32_t fault = 0;             // told to the listener
  uint64_t seen = 0;
};

class ServiceFaultListener {
 public:
  virtual ~ServiceFaultListener() = default;
  virtual void on_service_fault(uint32_t fault) = 0;  // a request was hit
};

// Facts of FactGroup::fault that services announce: entity = service, subject = client process.
inline constexpr uint16_t kServiceFaultFact =
    fact_kind(FactGroup::fault, 200);  // a = effect, b = kind

// The one fact of FactGroup::service: a request was served now. What waits for an absolute time, or
// for the answer before it to leave the card, would hide when. entity = service, subject = client
// process, a = kind.
inline constexpr uint16_t kServiceServedFact = fact_kind(FactGroup::service, 0);

// What the rules say of one request.
struct ServiceVerdict {
  bool silent = false;
  bool fail = false;
  bool lose_answer = false;
  uint64_t bytes_per_second = 0;
  Duration delay;
};

struct ServiceOptions {
  std::string name;  // of the process and of its host
  Distribution latency = Distribution::constant(milliseconds(1).ns);
  bool in_order = false;  // requests of one client are served in the order of their arrival
};

class ServiceEndpoint;

class Service : public Launcher {
 public:
  // Adds host and process; start() starts it.
  Service(World& world, ServiceOptions options);
  ~Service() override = default;

  void start();
  ProcessId process() const { return process_; }
  HostId host() const { return host_; }
  ServiceName service_name() const { return {process_, endpoint_id(kEndpointName)}; }
  World& world() const { return world_; }

  // Rules are looked at in the order of their arming; a rule goes by itself after its last request
  // or time.
  void add_rule(ServiceRule rule, ServiceFaultListener* listener);
  void remove_rules(uint32_t fault);

  static constexpr std::string_view kEndpointName = "service";

 private:
  friend class ServiceEndpoint;
  std::unique_ptr<Program> launch(World& world, ProcessId process) override;
  virtual std::unique_ptr<ServiceEndpoint> make_endpoint(ProcessId process) = 0;

  struct Client {
    uint64_t requests = 0;  // numbers their draws
    Time last_served{0};
  };

  ServiceVerdict judge(const Call& call, PathId service);
  Time served_at(const Call& call, Duration transfer, const ServiceVerdict& verdict);

  World& world_;
  ServiceOptions options_;
  uint64_t name_hash_;
  HostId host_;
  ProcessId process_;
  std::vector<std::pair<ServiceRule, ServiceFaultListener*>> rules_;
  std::map<ProcessId, Client> clients_;
};

class ServiceEndpoint : public Endpoint {
 public:
  ServiceEndpoint(Service& service, ProcessId process);

 protected:
  // The result to answer with; null: answered later (or never) by the service itself.
  virtual Body serve(const Call& call, const Message& request, const Body& shared) = 0;
  // Bytes that the request moves through the service's line, and how long that takes at most at
  // `limit` bytes per second.
  virtual Duration transfer(const Message& request, uint64_t limit);
  // Later work of the service's own: `kind` from 0.
  virtual void on_work(uint16_t kind, uint64_t argument);
  void work_later(Duration delay, uint16_t kind, uint64_t argument);

  PathId client_path(const Address& client) const;

 private:
  void on_call(const Call& call, const Message& body, const Body& shared) final;
  void on_reply(Continuation then, const Reply& reply) override;
  void on_later(Continuation then) final;

  struct Pending {
    Call call;
    Body request;
    ServiceVerdict verdict;
  };
  static constexpr uint16_t kServe = UINT16_MAX;

  Service& service_;
  std::vector<Pending> pending_;
  std::vector<uint32_t> free_pending_;
};

}  // namespace drey::sim
