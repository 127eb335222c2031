#include "model/cluster/pointer_store_leadership.h"

#include <algorithm>
#include <charconv>

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {

constexpr std::string_view kLeaderPrefix = "leader/";
constexpr int kFatalExitCode = 1;
// What was said last still leaves the process.
constexpr sim::Duration kShutdown = sim::milliseconds(50);

std::string pointer_of(const std::string& component) {
  return std::string(kLeaderPrefix) + component;
}

// "session address" as the value of a pointer.
std::string encode(const LeaderInformation& information) {
  return std::to_string(information.session) + " " + information.address;
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

MaybeLeader decode(const std::string& value) {
  const size_t space = value.find(' ');
  LeaderInformation information;
  if (space == std::string::npos ||
      !parse(std::string_view(value).substr(0, space), information.session))
    return std::nullopt;
  information.address = value.substr(space + 1);
  return information;
}

sim::FencingToken token_of(SessionId session) { return {0, session}; }

}  // namespace

PointerStoreLeadership::PointerStoreLeadership(sim::World& world, sim::ProcessId self,
                                               sim::ServiceName store, const FlinkOptions& options)
    : world_(world),
      self_(self),
      options_(options),
      id_(world.kernel().add(
          *this, world.kernel().intern(world.machines().name(self) + "/leadership"), self)),
      client_(world, self, store, options.pointer_client, *this),
      election_(*this, *this) {}

PointerStoreLeadership::~PointerStoreLeadership() { world_.kernel().remove(id_); }

// ---- finding leaders

void PointerStoreLeadership::watch(const std::string& component, LeaderListener& listener) {
  watches_.push_back({component, &listener});
  const auto known = retrievals_.find(component);
  if (known == retrievals_.end() || !known->second.leader().has_value()) return;
  to_tell_.push_back({component, &listener});
  world_.kernel().post({}, id_, tell_listener, 0, sim::Priority::task);
}

void PointerStoreLeadership::unwatch(const std::string& component, LeaderListener& listener) {
  const auto same = [&](const Watch& w) {
    return w.component == component && w.listener == &listener;
  };
  watches_.erase(std::remove_if(watches_.begin(), watches_.end(), same), watches_.end());
  to_tell_.erase(std::remove_if(to_tell_.begin(), to_tell_.end(), same), to_tell_.end());
}

std::optional<Leader> PointerStoreLeadership::leader(const std::string& component) const {
  const auto found = retrievals_.find(component);
  if (found == retrievals_.end() || !found->second.leader().has_value()) return std::nullopt;
  const std::optional<sim::Address> address = address_of(found->second.leader()->address);
  if (!address.has_value()) return std::nullopt;
  return Leader{*address, token_of(found->second.leader()->session)};
}

// "jm-1 incarnation endpoint": as a URL names a host, a port and an actor.
std::string PointerStoreLeadership::text_of(sim::Address address) const {
  return world_.machines().name(address.process) + " " + std::to_string(address.incarnation) + " " +
         std::to_string(address.endpoint);
}

std::optional<sim::Address> PointerStoreLeadership::address_of(const std::string& text) const {
  const size_t first = text.find(' ');
  const size_t second = text.find(' ', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos) return std::nullopt;
  sim::Address address;
  address.process = world_.machines().find_process(text.substr(0, first));
  const std::string_view view(text);
  const bool read = parse(view.substr(first + 1, second - first - 1), address.incarnation) &&
                    parse(view.substr(second + 1), address.endpoint);
  if (!read || !address.valid()) return std::nullopt;
  return address;
}

void PointerStoreLeadership::seen(const std::string& component, const MaybeLeader& information) {
  if (retrievals_[component].information_changed(information)) tell_listeners(component);
  if (!leads_) return;
  election_.information_changed(component, information);
}

void PointerStoreLeadership::all_seen(const std::vector<sim::PointerValue>& values) {
  std::map<std::string, MaybeLeader> now;
  for (const auto& [component, retrieval] : retrievals_) now[component] = std::nullopt;
  for (const sim::PointerValue& value : values)
    now[value.name.substr(kLeaderPrefix.size())] = decode(value.value);
  for (const auto& [component, information] : now) seen(component, information);
}

void PointerStoreLeadership::nobody_leads() {
  for (auto& [component, retrieval] : retrievals_)
    if (retrieval.connection_suspended()) tell_listeners(component);
}

void PointerStoreLeadership::tell_listeners(const std::string& component) {
  for (const Watch& watch : watches_) {
    if (watch.component != component) continue;
    to_tell_.push_back(watch);
    world_.kernel().post({}, id_, tell_listener, 0, sim::Priority::task);
  }
}

// ---- contending

void PointerStoreLeadership::contend(const std::string& component, Contender& contender) {
  contenders_[component] = &contender;
  election_.register_contender(component);
  run_election_later();
}

// Who withdraws knows it, and is not told of the revocation.
void PointerStoreLeadership::withdraw(const std::string& component) {
  contenders_.erase(component);
  election_.deregister_contender(component);
}

void PointerStoreLeadership::confirm(const std::string& component, sim::FencingToken session,
                                     sim::Address address) {
  election_.confirm(component, session.low, text_of(address));
  run_election_later();
}

void PointerStoreLeadership::run_election_later() {
  while (posted_ < election_.pending_operations()) {
    ++posted_;
    world_.kernel().post({}, id_, run_election, 0, sim::Priority::task);
  }
}

void PointerStoreLeadership::on_event(const sim::Event& event) {
  if (event.kind() == stop_over) {
    --stopping_;
    for (const auto& [component, contender] : contenders_) contender->on_stopped();
    exit_if_stopped();
    return;
  }
  if (event.kind() == exit_due) {
    world_.machines().exit_process(self_, sim::StopReason::exit, kFatalExitCode);
    return;
  }
  if (event.kind() == run_election) {
    --posted_;
    election_.run_one();
    run_election_later();
    return;
  }
  if (to_tell_.empty()) return;
  const Watch next = to_tell_.front();
  to_tell_.erase(to_tell_.begin());
  next.listener->on_leader_changed(next.component);
}

void PointerStoreLeadership::open() {
  open_ = true;
  client_.set_critical(true);
  if (client_.connected()) client_.join(*this, joined, std::string(kLeaderLatch));
}

void PointerStoreLeadership::close() {
  open_ = false;
  leads_ = false;
  client_.set_critical(false);
  client_.leave(std::string(kLeaderLatch));
}

void PointerStoreLeadership::publish(const std::string& component, const MaybeLeader& information) {
  if (!information.has_value()) {
    erase(component);
    return;
  }
  client_.write(*this, published,
                {.name = pointer_of(component),
                 .value = encode(*information),
                 .ephemeral = true,
                 .guard = std::string(kLeaderLatch)});
}

void PointerStoreLeadership::erase(const std::string& component) {
  client_.remove(*this, published, pointer_of(component), std::string(kLeaderLatch));
}

void PointerStoreLeadership::granted(const std::string& component, SessionId session) {
  const auto found = contenders_.find(component);
  if (found != contenders_.end()) found->second->on_granted(component, token_of(session));
}

void PointerStoreLeadership::revoked(const std::string& component) {
  const auto found = contenders_.find(component);
  if (found != contenders_.end()) found->second->on_revoked(component);
}

void PointerStoreLeadership::election_failed(const std::string&, LeaderElectionError error) {
  end_process(error == LeaderElectionError::driver_failed ? FatalError::connection
                                                          : FatalError::election);
}

// Each contender is told of a failure; the first ends the process.
void PointerStoreLeadership::end_process(FatalError error) {
  if (ending_) return;
  ending_ = true;
  world_.kernel().announce({.entity = world_.kernel().path(id_),
                            .subject = world_.machines().path(self_),
                            .kind = fact_kind(ControlFact::fatal_error),
                            .a = static_cast<uint64_t>(error)});
  exit_if_stopped();
}

void PointerStoreLeadership::stop_is_over() {
  world_.kernel().post({}, id_, stop_over, 0, sim::Priority::task);
}

void PointerStoreLeadership::exit_if_stopped() {
  if (ending_ && stopping_ == 0)
    world_.kernel().post(kShutdown, id_, exit_due, 0, sim::Priority::task);
}

// One id for all components, never used twice: the pointer store's session, and the number of the
// grant.
void PointerStoreLeadership::take_leadership() {
  if (leads_ || !open_ || ending_) return;
  leads_ = true;
  election_.grant((client_.session() << 16) | ++grants_);
  run_election_later();
}

void PointerStoreLeadership::lose_leadership() {
  if (!leads_) return;
  leads_ = false;
  election_.revoke();
  run_election_later();
}

// ---- the connection

bool PointerStoreLeadership::loses_leadership_when_suspended() const {
  return !options_.pointer_client.tolerate_suspended;
}

void PointerStoreLeadership::on_connected() {
  client_.watch(*this, watched, std::string(kLeaderPrefix));
  rejoin_after_reconnect();
}

// LeaderLatch.reset: its place in the latch is given up, unless it still leads.
void PointerStoreLeadership::rejoin_after_reconnect() {
  if (!open_ || leads_ || ending_) return;
  client_.leave(std::string(kLeaderLatch));
  client_.join(*this, joined, std::string(kLeaderLatch));
}

void PointerStoreLeadership::on_suspended() {
  if (!loses_leadership_when_suspended()) return;
  lose_leadership();
  nobody_leads();
}

void PointerStoreLeadership::on_lost() {
  lose_leadership();
  nobody_leads();
}

void PointerStoreLeadership::on_latch(const sim::LatchChanged& change) {
  if (change.latch != kLeaderLatch) return;
  if (change.leads)
    take_leadership();
  else
    lose_leadership();
}

void PointerStoreLeadership::on_changed(const sim::PointerChanged& change) {
  if (!change.value.name.starts_with(kLeaderPrefix)) return;
  const std::string component = change.value.name.substr(kLeaderPrefix.size());
  seen(component, change.removed ? MaybeLeader{} : decode(change.value.value));
}

// A notice that was lost is made up for: asking again says how things stand.
void PointerStoreLeadership::on_ping() {
  client_.watch(*this, watched, std::string(kLeaderPrefix));
  if (open_ && !ending_) client_.join(*this, joined, std::string(kLeaderLatch));
}

void PointerStoreLeadership::on_gave_up() { election_.fail(LeaderElectionError::driver_failed); }

void PointerStoreLeadership::on_pointer(uint64_t ticket, const PointerOutcome& outcome) {
  if (outcome.effect != PointerEffect::done) return;  // the next ping asks or publishes again
  switch (static_cast<Ticket>(ticket)) {
    case joined:
      if (outcome.version == 1)
        take_leadership();
      else
        lose_leadership();
      return;
    case watched:
      all_seen(outcome.values);
      return;
    case published:
      return;
  }
}

}  // namespace drey::model
