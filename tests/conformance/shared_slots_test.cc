// Logical slots on shared physical slots, and the time-out of a bulk of requests.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "fmt/core.h"
#include "model/cluster/shared_slots.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using namespace model;

// One script: answers physical requests at once unless deferred, and records what subtasks see.
class Script final : public SharedSlotAllocator::Output {
 public:
  explicit Script(const Json& given) : deferred_(given.value("deferred", false)) {
    std::vector<ResourceProfile> profiles;
    for (const Json& group : given.at("groups")) {
      sharing_.groups.emplace_back();
      std::vector<ResourceProfile> own;
      for (const Json& vertex : group.at("vertices")) {
        const SubtaskIndex subtask = number_of(vertex);
        sharing_.groups.back().push_back(subtask);
        sharing_.group_of.resize(std::max<size_t>(sharing_.group_of.size(), subtask + 1));
        sharing_.group_of[subtask] = static_cast<uint32_t>(sharing_.groups.size() - 1);
        own.push_back(sized_profile(1, 0));
      }
      profiles.push_back(group.contains("profile") ? named_profile(group["profile"]) : sum_of(own));
    }
    allocator_ = std::make_unique<SharedSlotAllocator>(sharing_, profiles, *this);
  }

  static SubtaskIndex number_of(const Json& vertex) {
    return static_cast<SubtaskIndex>(std::stoul(vertex.get<std::string>()));
  }
  // "P3" is three hundred subtasks' worth, so that no sum of a script's subtasks equals it.
  static ResourceProfile named_profile(const Json& name) {
    const auto number = static_cast<uint32_t>(std::stoul(name.get<std::string>().substr(1)));
    return sized_profile(100 * number, 0);
  }
  static Json json_of(const ResourceProfile& profile) {
    const uint64_t subtasks = profile.cpu / kCpuPerMillicore;
    if (subtasks >= 100) return fmt::format("P{}", subtasks / 100);
    return subtasks;
  }

  void request_physical_slot(uint32_t group, const ResourceProfile& profile) override {
    requested_.push_back(json_of(profile));
    if (!deferred_) allocator_->physical_slot_ready(group, {++slots_});
  }
  void return_physical_slot(uint32_t group) override { returned_.insert(group); }
  void logical_slot_ready(SubtaskIndex subtask, AllocationId) override {
    assigned_.insert(subtask);
  }
  void logical_slot_failed(SubtaskIndex subtask) override { failed_.insert(subtask); }
  void payload_terminated(SubtaskIndex subtask) override { terminated_.insert(subtask); }

  void run(const Json& event) {
    assigned_.clear();
    const auto op = event.at("op").get<std::string>();
    std::vector<SubtaskIndex> subtasks;
    if (event.contains("vertices")) {
      for (const Json& vertex : event["vertices"]) subtasks.push_back(number_of(vertex));
    }
    if (op == "create") return;
    if (op == "allocate")
      allocator_->allocate(subtasks);
    else if (op == "release")
      for (const SubtaskIndex s : subtasks) allocator_->release(s);
    else if (op == "cancel")
      for (const SubtaskIndex s : subtasks) allocator_->cancel(s);
    else if (op == "fulfil")
      allocator_->physical_slot_ready(event.at("group"), {++slots_});
    else if (op == "fail")
      allocator_->physical_request_failed(event.at("group"));
    else if (op == "lose")
      allocator_->physical_slot_lost(event.at("group"));
    else
      throw std::invalid_argument("op " + op);
  }

  Json answer(const std::string& field) const {
    if (field == "requests") return requested_.size();
    if (field == "profiles") return sorted(requested_);
    if (field == "assigned") return names(assigned_);
    if (field == "failed") return names(failed_);
    if (field == "terminated") return names(terminated_);
    if (field == "cancelled_groups") return returned_;
    if (field == "bulk_pending") {
      Json pending = Json::array();
      for (const ResourceProfile& profile : allocator_->pending_of(0))
        pending.push_back(json_of(profile));
      return sorted(pending);
    }
    if (field == "bulk_fulfilled") return allocator_->fulfilled_of(0);
    throw std::invalid_argument("field " + field);
  }

 private:
  static Json sorted(Json list) {
    std::sort(list.begin(), list.end());
    return list;
  }
  static Json names(const std::set<SubtaskIndex>& subtasks) {
    Json list = Json::array();
    for (const SubtaskIndex s : subtasks) list.push_back(std::to_string(s));
    return list;
  }

  bool deferred_;
  SlotSharing sharing_{};
  std::unique_ptr<SharedSlotAllocator> allocator_{};
  Json requested_ = Json::array();
  std::set<uint32_t> returned_{};
  std::set<SubtaskIndex> assigned_{};
  std::set<SubtaskIndex> failed_{};
  std::set<SubtaskIndex> terminated_{};
  uint64_t slots_ = 0;
};

Outcome judge_shared_slots(const Json& c) {
  if (c.at("events").size() == 1 && c["events"][0].at("op") == "create")
    return skipped(
        "the pool's own time-out check for batch requests, which upstream switches off here, "
        "does not exist in drey");
  Script script(c.at("given"));
  Json steps = Json::array();
  for (size_t k = 0; k < c.at("events").size(); ++k) {
    script.run(c["events"][k]);
    Json step = Json::object();
    for (const auto& [field, value] : c.at("expected").at("steps")[k].items())
      step[field] = script.answer(field);
    steps.push_back(step);
  }
  return expect_equal(c.at("expected").at("steps"), steps, "steps");
}

TEST(SharedSlotVectors, SharedSlotsAsserted) {
  run_vectors("shared-slots-asserted.json",
              [](const Json& c, const Json&) { return judge_shared_slots(c); });
}

class BulkScript {
 public:
  explicit BulkScript(const Json& given)
      : check_(sim::milliseconds(given.at("timeout_ms").get<int64_t>()), sim::Time{}) {
    const auto requests = given.at("requests").get<size_t>();
    pending_.assign(requests - given.at("fulfilled").size(), kUnknownProfile);
    for (const Json& slot : given.at("slots")) {
      const AllocationId id{slots_.size() + 1};
      const auto occupied = slot.at("occupied").get<std::string>();
      slots_.push_back({id, sized_profile(1, 1),
                        occupied == "NO"            ? SlotOccupation::none
                        : occupied == "TEMPORARILY" ? SlotOccupation::temporary
                                                    : SlotOccupation::indefinite});
      if (slot.contains("fulfils")) in_bulk_.push_back(id);
    }
  }

  Json run(const Json& event) {
    const auto op = event.at("op").get<std::string>();
    if (op == "schedule") scheduled_ = true;
    if (op == "advance") return advance(sim::milliseconds(event.at("ms").get<int64_t>()));
    if (op == "check") return {{"result", name_of(check_once())}};
    if (op == "is_fulfillable") return {{"fulfillable", fulfillable()}};
    return Json::object();
  }

 private:
  using Verdict = SlotRequestBulkCheck::Verdict;

  static std::string name_of(Verdict verdict) {
    switch (verdict) {
      case Verdict::fulfilled:
        return "FULFILLED";
      case Verdict::pending:
        return "PENDING";
      case Verdict::timeout:
        return "TIMEOUT";
    }
    return "";
  }
  bool fulfillable() const { return is_bulk_fulfillable(pending_, slots_, in_bulk_); }
  Verdict check_once() { return check_.check(now_, pending_.empty(), fulfillable()); }

  Json advance(sim::Duration by) {
    const sim::Time until = now_ + by;
    bool cancelled = false;
    while (scheduled_ && !cancelled && check_.next_check() <= until) {
      now_ = check_.next_check();
      cancelled = check_once() == Verdict::timeout;
    }
    now_ = until;
    return scheduled_ ? Json{{"cancelled", cancelled}} : Json::object();
  }

  SlotRequestBulkCheck check_;
  std::vector<ResourceProfile> pending_{};
  std::vector<PoolSlotView> slots_{};
  std::vector<AllocationId> in_bulk_{};
  bool scheduled_ = false;
  sim::Time now_{};
};

TEST(SharedSlotVectors, BulkCheckAsserted) {
  run_vectors("bulk-check-asserted.json", [](const Json& c, const Json&) {
    BulkScript script(c.at("given"));
    Json steps = Json::array();
    for (const Json& event : c.at("events")) steps.push_back(script.run(event));
    return expect_equal(c.at("expected").at("steps"), steps, "steps");
  });
}

}  // namespace
}  // namespace drey::conformance
