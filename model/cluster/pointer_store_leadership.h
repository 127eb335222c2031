#pragma once
// Leadership through the pointer store: one latch for all JobManagers of the cluster; whoever leads
// it is the leader of every component in its process, under one session id (LeaderElectionService
// decides all of that). The confirmed (session, address) of a component is an ephemeral pointer
// "leader/<component>", guarded by the latch; everybody watches these. Without contenders
// (TaskManagers, clients) only the watching half is used.
//
// Suspended connection, unless tolerated: leadership is lost and nobody is known to lead; back
// again, the process joins the latch anew, at its end. Lost connection: the same in any case
// (control-plane.md 8.1).
//
// A fatal error of the election, or a connection that stays away for longer than a background
// request is retried, ends the process.
//
// Upstream: ZooKeeperLeaderElectionDriver, ZooKeeperLeaderRetrievalDriver, Curator's LeaderLatch.
#include <map>
#include <string>
#include <vector>

#include "model/cluster/leader_election.h"
#include "model/cluster/leadership.h"
#include "model/cluster/pointer_store_client.h"

namespace drey::model {

// What ends a process by its own decision: a of ControlFact::fatal_error.
enum class FatalError : uint8_t {
  election,         // the election service failed
  connection,       // the pointer store was away for too long
  recovery,         // plans, results or checkpoints could not be read
  result_not_kept,  // the end of a job could not be written down
};

inline constexpr std::string_view kLeaderLatch = "leader-latch";

class PointerStoreLeadership : public Leadership,
                               public sim::Entity,
                               private LeaderElectionDriver,
                               private LeaderContenders,
                               private PointerConnectionListener,
                               private PointerUser {
 public:
  PointerStoreLeadership(sim::World& world, sim::ProcessId self, sim::ServiceName store,
                         const FlinkOptions& options);
  ~PointerStoreLeadership() override;

  void watch(const std::string& component, LeaderListener& listener) override;
  void unwatch(const std::string& component, LeaderListener& listener) override;
  std::optional<Leader> leader(const std::string& component) const override;
  void contend(const std::string& component, Contender& contender) override;
  void withdraw(const std::string& component) override;
  void confirm(const std::string& component, sim::FencingToken session,
               sim::Address address) override;
  PointerAccess* store() override { return &client_; }
  void stop_begins() override { ++stopping_; }
  void stop_is_over() override;
  void on_event(const sim::Event& event) override;

 private:
  enum Kind : uint8_t { tell_listener, run_election, stop_over, exit_due };
  enum Ticket : uint64_t { joined, watched, published };
  struct Watch {
    std::string component;
    LeaderListener* listener;
  };

  // LeaderElectionDriver
  void open() override;
  void close() override;
  bool has_leadership() const override { return leads_; }
  void publish(const std::string& component, const MaybeLeader& information) override;
  void erase(const std::string& component) override;
  // LeaderContenders
  void granted(const std::string& component, SessionId session) override;
  void revoked(const std::string& component) override;
  void election_failed(const std::string& component, LeaderElectionError error) override;
  void leadership_answer(const std::string&, bool) override {}
  void confirm_failed(const std::string&) override {}
  // PointerConnectionListener
  void on_connected() override;
  void on_suspended() override;
  void on_lost() override;
  void on_latch(const sim::LatchChanged& change) override;
  void on_changed(const sim::PointerChanged& change) override;
  void on_ping() override;
  void on_gave_up() override;
  // PointerUser
  void on_pointer(uint64_t ticket, const PointerOutcome& outcome) override;

  void take_leadership();
  void lose_leadership();
  bool loses_leadership_when_suspended() const;
  void rejoin_after_reconnect();
  void all_seen(const std::vector<sim::PointerValue>& values);
  void seen(const std::string& component, const MaybeLeader& information);
  void nobody_leads();
  void tell_listeners(const std::string& component);
  void run_election_later();
  void end_process(FatalError error);
  void exit_if_stopped();
  std::string text_of(sim::Address address) const;
  std::optional<sim::Address> address_of(const std::string& text) const;

  sim::World& world_;
  sim::ProcessId self_;
  const FlinkOptions& options_;
  sim::EntityId id_;
  PointerStoreClient client_;
  LeaderElectionService election_;
  std::map<std::string, Contender*> contenders_;
  bool open_ = false;
  bool leads_ = false;
  bool ending_ = false;    // a fatal error was met: exits when all has stopped
  uint32_t stopping_ = 0;  // parts of the process that are being stopped
  uint64_t grants_ = 0;
  size_t posted_ = 0;  // events that run the election
  std::map<std::string, LeaderRetrieval> retrievals_;
  std::vector<Watch> watches_;
  std::vector<Watch> to_tell_;
};

}  // namespace drey::model
