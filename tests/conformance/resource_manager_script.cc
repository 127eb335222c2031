// Drives the ResourceManager's part of slots.json and the asserted rows on resource allocation.
#include <algorithm>
#include <map>
#include <stdexcept>

#include "fmt/core.h"
#include "model/cluster/job_resource_tracker.h"
#include "model/cluster/resource_allocation.h"
#include "model/cluster/slot_manager.h"
#include "tests/conformance/slot_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

LoadBalance mode_named(const std::string& name) {
  static const std::map<std::string, LoadBalance> kModes{
      {"NONE", LoadBalance::none},
      {"SLOTS", LoadBalance::slots},
      {"MIN_RESOURCES", LoadBalance::min_resources},
      {"TASKS", LoadBalance::tasks}};
  return kModes.at(name);
}

AllocationOptions options_of(const Json& c) {
  AllocationOptions options;
  options.worker = profile_of(c.at("worker"));
  options.slots_per_worker = c.at("slots").get<uint32_t>();
  if (c.contains("mode")) options.mode = mode_named(c["mode"].get<std::string>());
  options.redundant = c.at("redundant").get<uint32_t>();
  options.min_total = sized_profile(c.at("minCpu").get<uint64_t>(), c.at("minMem").get<uint64_t>());
  return options;
}

Json sorted(std::vector<Json> list) {
  std::sort(list.begin(), list.end(),
            [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
  return list;
}

Json json_of_allocations(const std::vector<JobAllocation>& allocations) {
  std::vector<Json> list;
  for (const JobAllocation& each : allocations)
    list.push_back({each.job, conformance::json_of(each.profile), each.count});
  return sorted(std::move(list));
}

Json each_sorted(const Json& lists) {
  Json result = Json::array();
  for (const Json& list : lists) result.push_back(sorted({list.begin(), list.end()}));
  return result;
}

Outcome judge_alloc(const Json& c) {
  const AllocationOptions options = options_of(c);
  std::vector<RegisteredWorker> registered;
  for (const Json& tm : c.at("tms"))
    registered.push_back({profile_of(tm[0]), profile_of(tm[1]),
                          default_slot_profile(options.worker, options.slots_per_worker), false});
  for (const Json& index : c.at("blocked")) registered[index.get<size_t>()].blocked = true;
  const std::vector<ResourceProfile> pending(c.at("pending").get<size_t>(), options.worker);
  std::vector<JobShortage> jobs;
  for (const Json& missing : c.at("jobs")) {
    jobs.push_back({static_cast<JobId>(jobs.size()), {}});
    for (const Json& entry : missing)
      jobs.back().missing.emplace_back(profile_of(entry[0]), entry[1].get<uint32_t>());
  }
  const AllocationPlan plan = fulfil_requirements(options, registered, pending, jobs);
  Json actual{{"onTm", Json::array()}, {"onPending", Json::array()}, {"new", Json::array()}};
  for (const auto& on : plan.on_registered) actual["onTm"].push_back(json_of_allocations(on));
  for (size_t i = 0; i < plan.on_pending.size(); ++i)
    actual[i < pending.size() ? "onPending" : "new"].push_back(
        json_of_allocations(plan.on_pending[i]));
  actual["unfulfillable"] = plan.unfulfillable;
  Json expected = c.at("expected");
  for (const char* field : {"onTm", "onPending", "new"})
    expected[field] = each_sorted(expected.at(field));
  // The order of new and of pending workers is that of random ids upstream.
  for (const char* field : {"onPending", "new"}) {
    expected[field] = sorted({expected[field].begin(), expected[field].end()});
    actual[field] = sorted({actual[field].begin(), actual[field].end()});
  }
  return expect_equal(expected, actual, "plan");
}

Outcome judge_reconcile(const Json& c) {
  const AllocationOptions options = options_of(c);
  const ResourceProfile slot = default_slot_profile(options.worker, options.slots_per_worker);
  std::vector<IdleWorker> registered;
  for (const Json& tm : c.at("tms"))
    registered.push_back({options.worker, profile_of(tm[0]), tm[1] == "timeout"});
  std::vector<PendingWorker> pending;
  for (const Json& used : c.at("pendingUsed")) {
    const auto slots = used.get<uint64_t>();
    pending.push_back({options.worker, minus(options.worker, times(slot, slots)), slots > 0});
  }
  const ReconcilePlan plan = reconcile_workers(options, registered, pending);
  return expect_equal(c.at("expected"),
                      {{"release", plan.release},
                       {"releasePending", plan.release_pending},
                       {"new", plan.new_workers}},
                      "reconcile");
}

// Exact: the decimal of a number of 1e-8 cores without trailing zeros.
std::string decimal(uint64_t cpu) {
  std::string text = fmt::format("{}.{:08}", cpu / 100'000'000, cpu % 100'000'000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Outcome judge_default(const Json& c) {
  const ResourceProfile worker = profile_of(c.at("worker"));
  const ResourceProfile slot = default_slot_profile(worker, c.at("slots").get<uint32_t>());
  return expect_equal(c.at("expected"),
                      {{"cpu", decimal(slot.cpu)},
                       {"heapBytes", slot.heap},
                       {"numSlots", slots_that_fit(worker, slot)}},
                      "default slot");
}

Outcome judge_tracker(const Json& c) {
  JobResourceTracker tracker;
  for (size_t k = 0; k < c.at("ops").size(); ++k) {
    const Json& op = c["ops"][k];
    bool threw = false;
    if (op[0] == "req")
      threw = !tracker.set_requirements(counter_of(op[1]));
    else if (op[0] == "acquired")
      tracker.acquired(profile_of(op[1]));
    else if (op[0] == "lost")
      tracker.lost(profile_of(op[1]));
    else
      throw std::invalid_argument("tracker op " + op[0].dump());
    Json actual;
    if (threw)
      actual["error"] = "IllegalArgumentException";
    else
      actual = {{"missing", json_of(tracker.missing())}, {"acquired", json_of(tracker.have())}};
    const Outcome outcome =
        expect_equal(c.at("expected")[k], actual, "op " + std::to_string(k) + " " + op.dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

// One job, TaskManagers of default-size slots, a manual clock.
class ManagerScript final : public SlotManagerOutput {
 public:
  explicit ManagerScript(const Json& c)
      : slots_(c.at("slotsPerTm").get<uint32_t>()), manager_(options_of_script(c), *this, {}) {
    // What the start itself does at time 0 is not part of the script.
    manager_.on_time(now_);
    events_.clear();
  }

  Json step(const Json& op) {
    Json result = Json::object();
    const auto at = sim::Time{} + sim::milliseconds(op[0].get<int64_t>());
    const uint32_t failed = manager_.failed_checks();
    while (manager_.next_timer().has_value() && *manager_.next_timer() <= at) {
      now_ = *manager_.next_timer();
      manager_.on_time(now_);
    }
    now_ = at;
    put_events(result, "before");
    perform(op, result);
    put_events(result, "events");
    if (manager_.failed_checks() != failed) result["error"] = "NullPointerException";
    std::vector<size_t> used;
    for (const WorkerId id : workers_) used.push_back(manager_.used_slots(id));
    std::sort(used.rbegin(), used.rend());
    result["used"] = used;
    result["pendingTms"] = manager_.pending_workers();
    return result;
  }

  AllocationId new_allocation() override { return {++allocations_}; }
  void request_slot(const SlotOrder& order) override {
    event({"requestSlot"});
    const bool refused = refuse_next_;
    refuse_next_ = false;
    manager_.slot_answered(order.allocation, !refused, now_);
  }
  void not_enough_resources(JobId, const ResourceCounter& acquired) override {
    event({"notEnough", json_of(acquired)});
  }
  void declare_workers(uint32_t needed, const std::vector<WorkerId>& unwanted) override {
    event({"declare", needed, unwanted.size()});
  }
  void ask_release(WorkerId worker) override { manager_.release_answered(worker, true, now_); }
  void free_inactive_slots(WorkerId, JobId) override {}

 private:
  static SlotManager::Options options_of_script(const Json& c) {
    SlotManager::Options options;
    const auto slots = c.at("slotsPerTm").get<uint32_t>();
    options.allocation.worker = times(sized_profile(1000, 100), slots);
    options.allocation.slots_per_worker = slots;
    options.allocation.redundant = c.at("redundant").get<uint32_t>();
    if (!c.at("maxTms").is_null())
      options.max_total = times(options.allocation.worker, c["maxTms"].get<uint64_t>());
    options.check_delay = sim::milliseconds(c.at("checkDelay").get<int64_t>());
    options.declare_delay = sim::milliseconds(c.at("declareDelay").get<int64_t>());
    options.requests_workers = c.at("active").get<bool>();
    return options;
  }

  void perform(const Json& op, Json& result) {
    const auto what = op[1].get<std::string>();
    if (what == "require") {
      manager_.require(1, ResourceCounter::of(kUnknownProfile, op[2].get<uint32_t>()), now_);
    } else if (what == "register") {
      const auto id = op[2].get<WorkerId>() + 1;
      const auto registration = manager_.register_worker(
          id, times(sized_profile(1000, 100), slots_), sized_profile(1000, 100), {}, now_);
      const bool rejected = registration == SlotManager::Registration::rejected;
      if (!rejected) workers_.push_back(id);
      result["result"] = rejected ? "REJECTED" : "SUCCESS";
    } else if (what == "startupOver") {
      manager_.tell_unfulfillable(true);
    } else if (what == "refuseNext") {
      refuse_next_ = true;
    } else if (what == "freeSlot") {
      WorkerId fullest = 0;
      for (const WorkerId id : workers_)
        if (fullest == 0 || manager_.used_slots(id) > manager_.used_slots(fullest)) fullest = id;
      if (fullest != 0) manager_.free_slot(manager_.any_slot_of(fullest), now_);
    } else if (what != "end") {
      throw std::invalid_argument("manager op " + what);
    }
  }

  void event(Json what) {
    what.insert(what.begin(), sim::to_millis(now_));
    for (auto& [known, count] : events_) {
      if (known != what) continue;
      ++count;
      return;
    }
    events_.emplace_back(std::move(what), 1);
  }

  void put_events(Json& result, const char* field) {
    std::vector<Json> list;
    for (auto& [what, count] : events_) {
      list.push_back(what);
      list.back().push_back(count);
    }
    events_.clear();
    if (!list.empty()) result[field] = sorted(std::move(list));
  }

  uint32_t slots_;
  SlotManager manager_;
  std::vector<WorkerId> workers_{};
  std::vector<std::pair<Json, int>> events_{};
  bool refuse_next_ = false;
  uint64_t allocations_ = 0;
  sim::Time now_{};
};

Outcome judge_manager(const Json& c) {
  ManagerScript script(c);
  if (c.at("ops").size() < c.at("expected").size()) return failed("more results than ops");
  for (size_t k = 0; k < c.at("ops").size(); ++k) {
    const Json actual = script.step(c["ops"][k]);
    Json expected = c.at("expected")[k];
    for (const char* field : {"before", "events"})
      if (expected.contains(field))
        expected[field] = sorted({expected[field].begin(), expected[field].end()});
    // Compared as objects: the order of fields is the writer's.
    for (const auto& [field, value] : expected.items())
      if (!actual.contains(field) || actual[field] != value)
        return expect_equal(expected, actual, fmt::format("op {} {}", k, c["ops"][k].dump()));
    if (actual.size() != expected.size())
      return expect_equal(expected, actual, fmt::format("op {} {}", k, c["ops"][k].dump()));
  }
  return passed();
}

}  // namespace

Outcome judge_resource_manager(const Json& c, const std::string& kind) {
  if (kind == "alloc") return judge_alloc(c);
  if (kind == "reconcile") return judge_reconcile(c);
  if (kind == "default") return judge_default(c);
  if (kind == "tracker") return judge_tracker(c);
  if (kind == "manager") return judge_manager(c);
  return failed("unknown kind " + kind);
}

namespace {

// Sizes count default slots.
constexpr ResourceProfile slots_sized(uint64_t size) {
  return times(sized_profile(1000, 100), size);
}

class AssertedAllocation {
 public:
  explicit AssertedAllocation(const Json& c) : given_(c.at("given")) {
    options_.worker = slots_sized(given_.at("worker").get<uint64_t>());
    options_.slots_per_worker = given_.at("worker").get<uint32_t>();
    options_.mode = mode_named(given_.at("mode").get<std::string>());
    options_.redundant = given_.at("redundant").get<uint32_t>();
    for (const Json& tm : given_.at("registered")) names_.push_back(tm.at("name"));
    for (const Json& tm : given_.at("pending")) pending_names_.push_back(tm.at("name"));
    if (c.at("events")[0].at("op") == "fulfil")
      fulfil();
    else
      reconcile();
  }

  Json answer(const std::string& field, const Json& expected) const {
    if (field == "fulfilled") return plan_.unfulfillable.empty();
    if (field == "unfulfillable") return !plan_.unfulfillable.empty();
    if (field == "new") return is_plan_ ? plan_.new_workers : reconciled_.new_workers;
    if (field == "pending_used") return pending_used();
    if (field == "released") return named(names_, reconciled_.release);
    if (field == "pending_released") return named(pending_names_, reconciled_.release_pending);
    if (field == "only") return only(expected);
    Json per_name = Json::object();
    for (const auto& [name, value] : expected.items()) {
      const auto at = std::find(names_.begin(), names_.end(), name) - names_.begin();
      const auto& on = plan_.on_registered.at(static_cast<size_t>(at));
      if (field == "count_on") per_name[name] = count(on);
      // The size that must be among the allocations, if it is.
      if (field == "has") {
        for (const JobAllocation& each : on)
          if (each.profile == slots_sized(value.get<uint64_t>())) per_name[name] = value;
      }
    }
    if (field == "count_on" || field == "has") return per_name;
    throw std::invalid_argument("field " + field);
  }

 private:
  void fulfil() {
    is_plan_ = true;
    std::vector<RegisteredWorker> registered;
    for (const Json& tm : given_.at("registered"))
      registered.push_back({slots_sized(tm.at("total").get<uint64_t>()),
                            slots_sized(tm.at("free").get<uint64_t>()), slots_sized(1),
                            tm.value("blocked", false)});
    std::vector<ResourceProfile> pending;
    for (const Json& tm : given_.at("pending"))
      pending.push_back(slots_sized(tm.at("total").get<uint64_t>()));
    JobShortage job{1, {}};
    for (const Json& each : given_.at("requirements")) {
      const auto size = each.at("size").get<uint64_t>();
      job.missing.emplace_back(size == 0 ? kUnknownProfile : slots_sized(size),
                               each.at("count").get<uint32_t>());
    }
    plan_ = fulfil_requirements(options_, registered, pending, {job});
  }

  void reconcile() {
    std::vector<IdleWorker> registered;
    for (const Json& tm : given_.at("registered"))
      registered.push_back({slots_sized(tm.at("total").get<uint64_t>()),
                            slots_sized(tm.at("free").get<uint64_t>()), tm.value("idle", false)});
    std::vector<PendingWorker> pending;
    for (const Json& tm : given_.at("pending")) {
      const auto total = tm.at("total").get<uint64_t>();
      const auto used = tm.at("used").get<uint64_t>();
      pending.push_back({slots_sized(total), slots_sized(total - used), used > 0});
    }
    reconciled_ = reconcile_workers(options_, registered, pending);
  }

  static uint32_t count(const std::vector<JobAllocation>& allocations) {
    uint32_t sum = 0;
    for (const JobAllocation& each : allocations) sum += each.count;
    return sum;
  }
  uint32_t pending_used() const {
    uint32_t used = 0;
    for (const auto& on : plan_.on_pending) used += on.empty() ? 0 : 1;
    return used;
  }
  static Json named(const std::vector<std::string>& names, const std::vector<size_t>& indexes) {
    std::vector<Json> list;
    for (const size_t index : indexes) list.emplace_back(names.at(index));
    return sorted(std::move(list));
  }
  // The task manager on which all allocations lie; null stands for any one.
  Json only(const Json& expected) const {
    std::vector<std::string> used;
    for (size_t i = 0; i < names_.size(); ++i)
      if (!plan_.on_registered[i].empty()) used.push_back(names_[i]);
    if (used.size() != 1) return "on " + std::to_string(used.size());
    return expected.is_null() ? Json() : Json(used.front());
  }

  Json given_;
  AllocationOptions options_;
  std::vector<std::string> names_{};
  std::vector<std::string> pending_names_{};
  AllocationPlan plan_{};
  ReconcilePlan reconciled_{};
  bool is_plan_ = false;
};

}  // namespace

Outcome judge_resource_allocation(const Json& c) {
  const AssertedAllocation allocation(c);
  Json actual = Json::object();
  for (const auto& [field, value] : c.at("expected").items())
    actual[field] = allocation.answer(field, value);
  return expect_equal(c.at("expected"), actual, "allocation");
}

}  // namespace drey::conformance
