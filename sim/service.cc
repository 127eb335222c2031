#include "sim/service.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace drey::sim {

namespace {

constexpr uint64_t kLatencyStream = name_hash("service/latency");

class ServiceProgram final : public Program {
 public:
  explicit ServiceProgram(std::unique_ptr<ServiceEndpoint> endpoint)
      : endpoint_(std::move(endpoint)) {}

 private:
  std::unique_ptr<ServiceEndpoint> endpoint_;
};

}  // namespace

Address resolve(World& world, ServiceName service) {
  return {service.process, world.machines().incarnation(service.process), service.endpoint};
}

Service::Service(World& world, ServiceOptions options)
    : world_(world), options_(std::move(options)), name_hash_(name_hash(options_.name)) {
  host_ = world_.machines().add_host({.name = options_.name + "-host"});
  process_ = world_.machines().add_process(host_, options_.name, *this);
}

void Service::start() { world_.machines().start(process_); }

std::unique_ptr<Program> Service::launch(World&, ProcessId process) {
  return std::make_unique<ServiceProgram>(make_endpoint(process));
}

void Service::add_rule(ServiceRule rule, ServiceFaultListener* listener) {
  rules_.emplace_back(std::move(rule), listener);
}

void Service::remove_rules(uint32_t fault) {
  rules_.erase(std::remove_if(rules_.begin(), rules_.end(),
                              [fault](const auto& entry) { return entry.first.fault == fault; }),
               rules_.end());
}

ServiceVerdict Service::judge(const Call& call, PathId service) {
  ServiceVerdict verdict;
  if (rules_.empty()) return verdict;
  Machines& machines = world_.machines();
  const Time now = world_.kernel().now();
  for (auto& [rule, listener] : rules_) {
    if (now >= rule.until) continue;
    if (!rule.operation.empty() && rule.operation != call.name) continue;
    if (!rule.from.empty() && rule.from != machines.name(call.from.process)) continue;
    ++rule.seen;
    if (rule.seen < rule.number || rule.seen - rule.number >= rule.count) continue;
    switch (rule.effect) {
      case ServiceEffect::outage:
        verdict.silent = true;
        break;
      case ServiceEffect::error:
        verdict.fail = true;
        break;
      case ServiceEffect::lose_answer:
        verdict.lose_answer = true;
        break;
      case ServiceEffect::throttle:
        if (rule.bytes_per_second == 0 && rule.delay.ns == 0) continue;
        verdict.bytes_per_second = rule.bytes_per_second;
        verdict.delay = verdict.delay + rule.delay;
        break;
    }
    world_.kernel().announce({.entity = service,
                              .subject = machines.path(call.from.process),
                              .kind = kServiceFaultFact,
                              .a = static_cast<uint64_t>(rule.effect),
                              .b = call.kind});
    if (listener != nullptr) listener->on_service_fault(rule.fault);
  }
  return verdict;
}

Time Service::served_at(const Call& call, Duration transfer, const ServiceVerdict& verdict) {
  Kernel& kernel = world_.kernel();
  Client& client = clients_[call.from.process];
  const PathId client_path = world_.machines().path(call.from.process);
  const uint64_t draw = kernel.draw(kLatencyStream, client_path, name_hash_, ++client.requests);
  const Duration delay = Duration{options_.latency.sample(draw)} + transfer + verdict.delay;
  Time served = kernel.now() + delay;
  if (options_.in_order) served = std::max(served, client.last_served);
  served.ns += static_cast<int64_t>(kernel.perturbed(Perturbation::latency));
  client.last_served = served;
  return served;
}

ServiceEndpoint::ServiceEndpoint(Service& service, ProcessId process)
    : Endpoint(service.world(), process, Service::kEndpointName), service_(service) {}

PathId ServiceEndpoint::client_path(const Address& client) const {
  return world().machines().path(client.process);
}

Duration ServiceEndpoint::transfer(const Message&, uint64_t) { return {}; }

void ServiceEndpoint::on_work(uint16_t, uint64_t) {
  CHECK(false, "the service has no work of its own");
}

void ServiceEndpoint::on_reply(Continuation, const Reply&) {}

void ServiceEndpoint::work_later(Duration delay, uint16_t kind, uint64_t argument) {
  CHECK(kind < kServe, "the last kind of work is the base's own");
  later(delay, {kind, argument});
}

void ServiceEndpoint::on_call(const Call& call, const Message& body, const Body& shared) {
  const ServiceVerdict verdict = service_.judge(call, path());
  if (verdict.silent) return;
  const Duration moving = transfer(body, verdict.bytes_per_second);
  const Time served = service_.served_at(call, moving, verdict);
  auto index = static_cast<uint32_t>(pending_.size());
  if (free_pending_.empty()) {
    pending_.push_back({call, shared, verdict});
  } else {
    index = free_pending_.back();
    free_pending_.pop_back();
    pending_[index] = {call, shared, verdict};
  }
  later(served - now(), {kServe, index});
}

void ServiceEndpoint::on_later(Continuation then) {
  if (then.kind != kServe) {
    on_work(then.kind, then.argument);
    return;
  }
  // It stays where it is while it is served: requests come by events of their own.
  Pending& pending = pending_[then.argument];
  announce(kServiceServedFact, client_path(pending.call.from), pending.call.kind, 0, 0);
  if (pending.verdict.fail) {
    refuse(pending.call, CallFailure::handler_failed);
  } else {
    // Served as if it had been told: no answer.
    if (pending.verdict.lose_answer) pending.call.number = 0;
    Body result = serve(pending.call, *pending.request, pending.request);
    if (result != nullptr) answer(pending.call, std::move(result));
  }
  pending.request = nullptr;
  free_pending_.push_back(static_cast<uint32_t>(then.argument));
}

}  // namespace drey::sim
