#include "model/cluster/leader_election.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::LeaderElectionError;
using model::LeaderInformation;
using model::MaybeLeader;
using model::SessionId;

Json to_json(const MaybeLeader& information) {
  if (!information) return nullptr;
  return {information->session, information->address};
}

MaybeLeader from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return LeaderInformation{json.at(0), json.at(1)};
}

std::string exception_of(LeaderElectionError error) {
  switch (error) {
    case LeaderElectionError::illegal_state:
      return "IllegalStateException";
    case LeaderElectionError::session_vanished:
      return "NullPointerException";
    case LeaderElectionError::driver_failed:
      return "IOException";
  }
  return "";
}

class Harness final : public model::LeaderElectionDriver, public model::LeaderContenders {
 public:
  explicit Harness(bool automatic) : automatic_(automatic), service_(*this, *this) {}

  // A driver that was opened anew has to be elected first, whatever the one before it held.
  void open() override {
    driver_leads_ = false;
    actions_.push_back({"driver_open"});
  }
  void close() override { actions_.push_back({"driver_close"}); }
  bool has_leadership() const override { return driver_leads_; }
  void publish(const std::string& component, const MaybeLeader& information) override {
    actions_.push_back({"publish", component, to_json(information)});
  }
  void erase(const std::string& component) override { actions_.push_back({"delete", component}); }

  void granted(const std::string& component, SessionId session) override {
    actions_.push_back({"granted", component, session});
  }
  void revoked(const std::string& component) override {
    actions_.push_back(Json::array({"revoked", component}));
  }
  void election_failed(const std::string& component, LeaderElectionError error) override {
    actions_.push_back({"error", component, exception_of(error)});
  }
  void leadership_answer(const std::string& component, bool leads) override {
    actions_.push_back({"has", component, leads});
  }
  void confirm_failed(const std::string& component) override {
    actions_.push_back({"confirm_failed", component, "IllegalStateException"});
  }

  Json run(const Json& event) {
    actions_ = Json::array();
    apply(event);
    while (automatic_ && service_.pending_operations() > 0) service_.run_one();
    Json confirmed = Json::array();
    for (const char* component : {"a", "b", "c"}) {
      const MaybeLeader information = service_.confirmed(component);
      confirmed.push_back(information ? Json(information->session) : Json(nullptr));
    }
    return {actions_, service_.pending_operations(), confirmed};
  }

 private:
  void apply(const Json& event) {
    const std::string op = event.at(0);
    if (op == "register") return service_.register_contender(event.at(1));
    if (op == "deregister") return service_.deregister_contender(event.at(1));
    if (op == "confirm") return service_.confirm(event.at(1), event.at(2), event.at(3));
    if (op == "has_leadership") return service_.ask_leadership(event.at(1), event.at(2));
    if (op == "information")
      return service_.information_changed(event.at(1), from_json(event.at(2)));
    if (op == "driver_error") return service_.fail(LeaderElectionError::driver_failed);
    if (op == "run_one") return service_.run_one();
    if (op == "grant") {
      driver_leads_ = true;
      return service_.grant(event.at(1));
    }
    if (op == "revoke") {
      driver_leads_ = false;
      return service_.revoke();
    }
    ASSERT_EQ(op, "all_information");
    std::map<std::string, LeaderInformation> seen;
    for (const Json& entry : event.at(1)) seen[entry.at(0)] = *from_json(entry.at(1));
    service_.all_information_changed(seen);
  }

  bool automatic_;
  bool driver_leads_ = false;
  Json actions_ = Json::array();
  model::LeaderElectionService service_;
};

TEST(Conformance, LeaderElection) {
  run_vectors("leader-election.json", [](const Json& one_case, const Json&) {
    Harness harness(one_case.at("executor") == "auto");
    const Json& events = one_case.at("events");
    for (size_t i = 0; i < events.size(); ++i) {
      const Outcome outcome = expect_equal(one_case.at("expected").at(i), harness.run(events[i]),
                                           "event " + std::to_string(i) + " " + events[i].dump());
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
    return passed();
  });
}

}  // namespace
}  // namespace drey::conformance
