#pragma once
// One process's part in a leader election: contenders (one per component: dispatcher, resource
// manager, each job ...) share one driver, hence one leadership and one session id. Grants and
// revocations arrive from the driver and are handled one after the other by an executor of the
// service's own, never in a contender's main thread; each contender answers a grant with confirm(),
// and only then is (session, address) published for others to find.
//
// Invariants: at most one issued session at a time; confirmed information exists only for the
// issued session; contenders are told in the order of their names. Registration and deregistration
// act at once, everything else when run_one() takes it: the owner runs it as an event of its own
// (pending_operations() > 0).
//
// Upstream: DefaultLeaderElectionService, DefaultLeaderElection; LeaderRetrieval:
// DefaultLeaderRetrievalService.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace drey::model {

using SessionId = uint64_t;

struct LeaderInformation {
  SessionId session = 0;
  std::string address;
  friend bool operator==(const LeaderInformation& a, const LeaderInformation& b) {
    return a.session == b.session && a.address == b.address;
  }
};

// Nothing published, or published as empty: the same for the election.
using MaybeLeader = std::optional<LeaderInformation>;

// What a contender is told when the election itself fails; in a cluster it ends the process (fatal
// error).
enum class LeaderElectionError {
  illegal_state,     // grant while leading, revoke while not: IllegalStateException
  session_vanished,  // registered while leading, revoked before it was told: NullPointerException
  driver_failed,     // the driver's connection: IOException
};

// The connection to the pointer store (ZooKeeper latch, Kubernetes lease).
class LeaderElectionDriver {
 public:
  virtual ~LeaderElectionDriver() = default;
  virtual void open() = 0;
  virtual void close() = 0;
  virtual bool has_leadership() const = 0;
  virtual void publish(const std::string& component, const MaybeLeader& information) = 0;
  virtual void erase(const std::string& component) = 0;
};

class LeaderContenders {
 public:
  virtual ~LeaderContenders() = default;
  virtual void granted(const std::string& component, SessionId session) = 0;
  virtual void revoked(const std::string& component) = 0;
  virtual void election_failed(const std::string& component, LeaderElectionError error) = 0;
  // Answers to has_leadership() and to a confirm() that came twice.
  virtual void leadership_answer(const std::string& component, bool leads) = 0;
  virtual void confirm_failed(const std::string& component) = 0;
};

class LeaderElectionService {
 public:
  LeaderElectionService(LeaderElectionDriver& driver, LeaderContenders& contenders)
      : driver_(driver), contenders_(contenders) {}

  // The first registration opens the driver, the last removal closes it and forgets the session.
  void register_contender(const std::string& component);
  void deregister_contender(const std::string& component);
  bool registered(const std::string& component) const { return confirmed_.count(component) != 0; }

  // From the driver.
  void grant(SessionId session);
  void revoke();
  void fail(LeaderElectionError error);
  // The store shows `seen` for `component`; what differs from what is confirmed is written again,
  // at once.
  void information_changed(const std::string& component, const MaybeLeader& seen);
  // The whole register as the store shows it; a component that it lacks counts as empty.
  void all_information_changed(const std::map<std::string, LeaderInformation>& seen);

  // From a contender.
  void confirm(const std::string& component, SessionId session, const std::string& address);
  void ask_leadership(const std::string& component, SessionId session);

  size_t pending_operations() const { return operations_.size(); }
  void run_one();

  std::optional<SessionId> issued_session() const { return issued_; }
  MaybeLeader confirmed(const std::string& component) const;

 private:
  enum class Kind { grant, revoke, late_registration, confirm, ask_leadership };
  struct Operation {
    Kind kind = Kind::grant;
    std::string component{};  // empty: for all
    SessionId session = 0;
    std::string address{};
  };

  void enqueue(Operation operation);
  bool is_open() const { return !confirmed_.empty(); }
  bool leads(const std::string& component, SessionId session) const;
  std::optional<LeaderElectionError> run_grant(SessionId session);
  std::optional<LeaderElectionError> run_revoke();
  std::optional<LeaderElectionError> tell_granted(const std::string& component);
  void run_confirm(const Operation& operation);
  void tell_revoked(const std::string& component);

  LeaderElectionDriver& driver_;
  LeaderContenders& contenders_;
  std::map<std::string, MaybeLeader> confirmed_;  // a key per registered contender
  std::optional<SessionId> issued_;
  std::deque<Operation> operations_;
};

// The other side: who leads `component`, as the pointer store shows it. Tells its owner of changes
// only.
class LeaderRetrieval {
 public:
  // True if the leader changed (then leader() is the new one, or nothing).
  bool information_changed(const MaybeLeader& seen);
  // Connection suspended or lost: nobody is known to lead
  // (high-availability.zookeeper.client.tolerate-suspended- connections = false).
  bool connection_suspended() { return information_changed(std::nullopt); }
  const MaybeLeader& leader() const { return leader_; }

 private:
  MaybeLeader leader_;
};

}  // namespace drey::model
