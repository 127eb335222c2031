// Profiles, the job's declarative slot pool, choice of a free slot, matching of requests, and the
// ResourceManager's side.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "model/cluster/declarative_slot_pool.h"
#include "model/cluster/slot_selection.h"
#include "tests/conformance/slot_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

sim::Time at_millis(const Json& json) {
  return sim::Time{} + sim::milliseconds(json.get<int64_t>());
}

class Recorder final : public SlotPoolOutput {
 public:
  void declare_requirements(const ResourceCounter& requirements) override {
    declared.push_back(json_of(requirements));
  }
  void requirements_stable() override { ++stable; }
  void slots_available(const std::vector<AllocationId>& slots) override {
    for (const AllocationId slot : slots) available.push_back(slot.value - 1);
  }
  void give_back(AllocationId slot, const std::string&) override {
    freed.push_back(slot.value - 1);
  }

  Json declared = Json::array();
  std::vector<uint64_t> available{};
  std::vector<uint64_t> freed{};
  int stable = 0;
};

AllocationId allocation(const Json& slot) {
  return {slot.get<uint64_t>() + 1};
}  // 0 is no allocation

Json accepted_numbers(const std::vector<AllocationId>& slots) {
  Json numbers = Json::array();
  for (const AllocationId slot : slots) numbers.push_back(slot.value - 1);
  return numbers;
}

// One operation of a pool script; what it answers, or null.
Json pool_step(DeclarativeSlotPool& pool, const Json& op) {
  const sim::Time now = at_millis(op[0]);
  const auto what = op[1].get<std::string>();
  if (what == "inc" || what == "dec") {
    const auto change = ResourceCounter::of(profile_of(op[2]), op[3].get<uint32_t>());
    what == "inc" ? pool.increase(change, now) : pool.decrease(change, now);
    return nullptr;
  }
  if (what == "set") {
    ResourceCounter all;
    for (const Json& entry : op[2]) all.add(profile_of(entry[0]), entry[1].get<uint32_t>());
    pool.set_requirements(all);
    return nullptr;
  }
  if (what == "offer" || what == "register") {
    std::vector<OfferedSlot> slots;
    for (const Json& slot : op[3]) slots.push_back({allocation(slot[0]), profile_of(slot[1])});
    return accepted_numbers(what == "offer"
                                ? pool.offer(op[2].dump(), slots, now)
                                : pool.register_while_restarting(op[2].dump(), slots, now));
  }
  if (what == "reserve") {
    pool.reserve(allocation(op[2]), profile_of(op[3]), now);
    return nullptr;
  }
  if (what == "free") return json_of(pool.free_reserved(allocation(op[2]), now));
  if (what == "lose") return json_of(pool.release(allocation(op[2])));
  if (what == "loseTm") {
    std::set<AllocationId> lost;
    for (const auto& [id, slot] : pool.slots())
      if (slot.owner == op[2].dump()) lost.insert(id);
    return json_of(pool.release(lost));
  }
  throw std::invalid_argument("pool op " + what);
}

Outcome judge_pool(const Json& c) {
  Recorder out;
  DeclarativeSlotPool pool({.request_max_interval = {},
                            .idle_timeout = sim::milliseconds(c.at("idleTimeout").get<int64_t>())},
                           out);
  for (size_t k = 0; k < c.at("ops").size(); ++k) {
    const Json& op = c["ops"][k];
    out.declared = Json::array();
    out.available.clear();
    out.freed.clear();
    Json actual = Json::object();
    if (op[1] == "idle") {
      actual["freedCount"] = pool.release_idle(at_millis(op[0]));
      out.freed.clear();  // which of several equal ones is arbitrary upstream
    } else {
      const Json result = pool_step(pool, op);
      if (!result.is_null()) actual["result"] = result;
    }
    if (!out.declared.empty()) actual["declared"] = out.declared;
    std::sort(out.available.begin(), out.available.end());
    if (!out.available.empty()) actual["available"] = out.available;
    std::sort(out.freed.begin(), out.freed.end());
    if (!out.freed.empty()) actual["freed"] = out.freed;
    actual["req"] = json_of(pool.required());
    actual["have"] = json_of(pool.fulfilled());
    const Outcome outcome =
        expect_equal(c.at("expected")[k], actual, "op " + std::to_string(k) + " " + op.dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

Outcome judge_debounce(const Json& c) {
  Recorder out;
  DeclarativeSlotPool pool(
      {.request_max_interval = sim::milliseconds(c.at("interval").get<int64_t>())}, out);
  Json actual{
      {"declared", Json::array()}, {"stableAt", Json::array()}, {"stableAfterOp", Json::array()}};
  const auto collect = [&](int64_t now) {
    for (const Json& requirements : out.declared) actual["declared"].push_back({now, requirements});
    for (int i = 0; i < out.stable; ++i) actual["stableAt"].push_back(now);
    out.declared = Json::array();
    out.stable = 0;
  };
  const auto run_until = [&](sim::Time limit) {
    while (pool.next_declaration().has_value() && *pool.next_declaration() <= limit) {
      const sim::Time due = *pool.next_declaration();
      pool.on_time(due);
      collect(sim::to_millis(due));
    }
  };
  for (const Json& op : c.at("ops")) {
    run_until(at_millis(op[0]));
    const auto count = ResourceCounter::of(kUnknownProfile, op[2].get<uint32_t>());
    if (op[1] == "inc") pool.increase(count, at_millis(op[0]));
    if (op[1] == "dec") pool.decrease(count, at_millis(op[0]));
    if (op[1] == "set") pool.set_requirements(count);
    collect(op[0].get<int64_t>());
    actual["stableAfterOp"].push_back(pool.is_stable());
  }
  run_until(sim::kEndOfTime);
  return expect_equal(c.at("expected"), actual, "debounce");
}

Outcome judge_fits(const Json& c) {
  const ResourceProfile a = profile_of(c.at("a"));
  const ResourceProfile b = profile_of(c.at("b"));
  // The comparison is not defined for a slot without a size; the pool refuses such slots.
  const Json matching =
      is_unknown(a) ? Json("UnsupportedOperationException") : Json(is_matching(a, b));
  return expect_equal(c.at("expected"),
                      {{"isMatching", matching}, {"allFieldsNoLessThan", is_at_least(a, b)}},
                      "fits");
}

TaskManagerPlace place_of(const Json& c, const Json& task_manager) {
  const auto index = task_manager.get<size_t>();
  return {"tm-" + std::to_string(index), "host-" + c.at("tms")[index][0].dump()};
}

Outcome judge_select(const Json& c) {
  std::vector<SlotCandidate> free;
  for (const Json& slot : c.at("slots")) {
    const double utilisation = c.at("tms")[slot[0].get<size_t>()][1].get<double>();
    free.push_back({.place = place_of(c, slot[0]),
                    .profile = profile_of(slot[1]),
                    .utilisation_ppm = static_cast<uint32_t>(utilisation * 1e6)});
  }
  std::vector<TaskManagerPlace> preferred;
  for (const Json& task_manager : c.at("preferred")) preferred.push_back(place_of(c, task_manager));
  const auto selected =
      select_slot(free, profile_of(c.at("want")), preferred, c.at("spread").get<bool>());
  Json actual;
  if (selected.has_value()) actual = {selected->slot, model::name_of(selected->locality)};
  return expect_equal(c.at("expected"), actual, "select");
}

Outcome judge_match(const Json& c) {
  std::vector<PlacedSlot> slots;
  std::vector<ResourceProfile> profiles;
  for (const Json& slot : c.at("slots")) {
    slots.push_back({slot[0].get<size_t>(), profile_of(slot[1])});
    profiles.push_back(slots.back().profile);
  }
  std::vector<LoadedRequest> requests;
  std::vector<ResourceProfile> wanted;
  for (const Json& request : c.at("requests")) {
    requests.push_back({profile_of(request[0]), request[1].get<uint32_t>()});
    wanted.push_back(requests.back().profile);
  }
  if (!c.at("balanced").get<bool>()) {
    Json pairs = Json::array();
    for (const auto& [request, slot] : match_in_order(profiles, wanted))
      pairs.push_back({request, slot});
    return expect_equal(c.at("expected"), {{"pairs", pairs}}, "match");
  }
  auto loads = c.at("loads").get<std::vector<uint64_t>>();
  const auto pairs = match_balanced(slots, requests, loads);
  for (const auto& [request, slot] : pairs)
    loads[slots[slot].task_manager] += requests[request].load;
  std::sort(loads.begin(), loads.end());
  Json actual{{"matched", pairs.size()}};
  if (c.at("stable").get<bool>()) actual["loads"] = loads;
  return expect_equal(c.at("expected"), actual, "match");
}

Outcome judge_slots(const Json& c) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind == "fits") return judge_fits(c);
  if (kind == "pool") return judge_pool(c);
  if (kind == "debounce") return judge_debounce(c);
  if (kind == "select") return judge_select(c);
  if (kind == "match") return judge_match(c);
  return judge_resource_manager(c, kind);
}

// Named profiles of the asserted rows, as sizes.
ResourceProfile profile_named(const std::string& name, bool slot) {
  if (name == "big") return sized_profile(2000, 200);
  // A slot that is called UNKNOWN has the default size, which nobody asks for by name.
  if (name == "small" || slot) return sized_profile(1000, 100);
  return kUnknownProfile;
}

Outcome judge_balanced(const Json& c) {
  const Json& given = c.at("given");
  if (given.at("mode") != "TASKS")
    return skipped("the mode SLOTS of the balanced matching is the adaptive scheduler's");
  std::vector<uint64_t> loads;
  std::vector<PlacedSlot> slots;
  for (const Json& task_manager : given.at("task_managers")) {
    for (const Json& slot : task_manager.at("slots"))
      slots.push_back({loads.size(), profile_named(slot.get<std::string>(), true)});
    loads.push_back(task_manager.at("load").get<uint64_t>());
  }
  std::vector<LoadedRequest> requests;
  for (const Json& request : given.at("requests"))
    requests.push_back({profile_named(request.at("profile").get<std::string>(), false),
                        request.at("load").get<uint32_t>()});
  const auto pairs = match_balanced(slots, requests, loads);
  for (const auto& [request, slot] : pairs)
    loads[slots[slot].task_manager] += requests[request].load;
  for (const auto& [field, value] : c.at("expected").items()) {
    if (field == "matched" && value != pairs.size()) return failed("matched");
    if (field == "min_load_per_task_manager" &&
        *std::min_element(loads.begin(), loads.end()) < value.get<uint64_t>())
      return failed("loads");
  }
  return passed();
}

TEST(SlotVectors, BalancedMatchingAsserted) {
  run_vectors("balanced-matching-asserted.json",
              [](const Json& c, const Json&) { return judge_balanced(c); });
}

TEST(SlotVectors, ResourceAllocationAsserted) {
  run_vectors("resource-allocation-asserted.json",
              [](const Json& c, const Json&) { return judge_resource_allocation(c); });
}

TEST(SlotVectors, Slots) {
  run_vectors("slots.json", [](const Json& c, const Json&) { return judge_slots(c); });
}

}  // namespace
}  // namespace drey::conformance
