#include "model/cluster/leader_election.h"

#include <utility>
#include <vector>

#include "sim/check.h"

namespace drey::model {

namespace {

std::vector<std::string> names(const std::map<std::string, MaybeLeader>& contenders) {
  std::vector<std::string> result;
  result.reserve(contenders.size());
  for (const auto& [name, information] : contenders) result.push_back(name);
  return result;
}

}  // namespace

void LeaderElectionService::register_contender(const std::string& component) {
  CHECK(!registered(component), "one contender per component");
  if (!is_open()) driver_.open();
  confirmed_.emplace(component, std::nullopt);
  // The session that it is told is the one of the moment when the operation runs, not of now.
  if (issued_) enqueue({.kind = Kind::late_registration, .component = component});
}

void LeaderElectionService::deregister_contender(const std::string& component) {
  const auto it = confirmed_.find(component);
  if (it == confirmed_.end()) return;
  confirmed_.erase(it);
  if (issued_) {
    contenders_.revoked(component);
    if (driver_.has_leadership()) driver_.erase(component);
  }
  if (is_open()) return;
  issued_.reset();
  driver_.close();
}

void LeaderElectionService::enqueue(Operation operation) {
  if (!is_open()) return;
  if (!operation.component.empty() && !registered(operation.component)) return;
  operations_.push_back(std::move(operation));
}

void LeaderElectionService::grant(SessionId session) {
  enqueue({.kind = Kind::grant, .session = session});
}

void LeaderElectionService::revoke() { enqueue({.kind = Kind::revoke}); }

void LeaderElectionService::confirm(const std::string& component, SessionId session,
                                    const std::string& address) {
  enqueue({.kind = Kind::confirm, .component = component, .session = session, .address = address});
}

void LeaderElectionService::ask_leadership(const std::string& component, SessionId session) {
  enqueue({.kind = Kind::ask_leadership, .component = component, .session = session});
}

void LeaderElectionService::fail(LeaderElectionError error) {
  for (const std::string& component : names(confirmed_)) {
    if (registered(component)) contenders_.election_failed(component, error);
  }
}

void LeaderElectionService::run_one() {
  if (operations_.empty()) return;
  const Operation operation = std::move(operations_.front());
  operations_.pop_front();
  // What was queued may have lost its subject meanwhile.
  if (!is_open()) return;
  if (!operation.component.empty() && !registered(operation.component)) return;
  std::optional<LeaderElectionError> error;
  switch (operation.kind) {
    case Kind::grant:
      error = run_grant(operation.session);
      break;
    case Kind::revoke:
      error = run_revoke();
      break;
    case Kind::late_registration:
      error = issued_ ? tell_granted(operation.component) : LeaderElectionError::session_vanished;
      break;
    case Kind::confirm:
      run_confirm(operation);
      break;
    case Kind::ask_leadership:
      contenders_.leadership_answer(operation.component,
                                    leads(operation.component, operation.session));
      break;
  }
  if (error) fail(*error);
}

std::optional<LeaderElectionError> LeaderElectionService::run_grant(SessionId session) {
  if (issued_) return LeaderElectionError::illegal_state;
  issued_ = session;
  for (const std::string& component : names(confirmed_)) {
    if (const auto error = tell_granted(component)) return error;
  }
  return std::nullopt;
}

std::optional<LeaderElectionError> LeaderElectionService::tell_granted(
    const std::string& component) {
  const auto it = confirmed_.find(component);
  if (it == confirmed_.end()) return std::nullopt;
  if (it->second) return LeaderElectionError::illegal_state;
  contenders_.granted(component, *issued_);
  return std::nullopt;
}

std::optional<LeaderElectionError> LeaderElectionService::run_revoke() {
  if (!issued_) return LeaderElectionError::illegal_state;
  for (const std::string& component : names(confirmed_)) tell_revoked(component);
  issued_.reset();
  return std::nullopt;
}

void LeaderElectionService::tell_revoked(const std::string& component) {
  const auto it = confirmed_.find(component);
  if (it == confirmed_.end()) return;
  it->second.reset();
  contenders_.revoked(component);
}

bool LeaderElectionService::leads(const std::string& component, SessionId session) const {
  return registered(component) && driver_.has_leadership() && issued_ == session;
}

// An outdated confirmation is ignored: the contender learns of the loss by the revocation.
void LeaderElectionService::run_confirm(const Operation& operation) {
  if (!leads(operation.component, operation.session)) return;
  MaybeLeader& confirmed = confirmed_.at(operation.component);
  if (confirmed) return contenders_.confirm_failed(operation.component);
  confirmed = LeaderInformation{operation.session, operation.address};
  driver_.publish(operation.component, confirmed);
}

void LeaderElectionService::information_changed(const std::string& component,
                                                const MaybeLeader& seen) {
  if (!is_open()) return;
  const MaybeLeader mine = confirmed(component);
  if (mine != seen) driver_.publish(component, mine);
}

void LeaderElectionService::all_information_changed(
    const std::map<std::string, LeaderInformation>& seen) {
  for (const std::string& component : names(confirmed_)) {
    const auto it = seen.find(component);
    information_changed(component, it == seen.end() ? MaybeLeader{} : MaybeLeader{it->second});
  }
}

MaybeLeader LeaderElectionService::confirmed(const std::string& component) const {
  const auto it = confirmed_.find(component);
  return it == confirmed_.end() ? MaybeLeader{} : it->second;
}

bool LeaderRetrieval::information_changed(const MaybeLeader& seen) {
  if (leader_ == seen) return false;
  leader_ = seen;
  return true;
}

}  // namespace drey::model
