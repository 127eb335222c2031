#include <gtest/gtest.h>

#include <algorithm>

#include "model/checkpoint/shared_state_registry.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::ClaimMode;
using model::RestoredSharing;
using model::SharedFile;
using model::SharedStateRegistry;

ClaimMode mode_of(const std::string& name) {
  if (name == "CLAIM") return ClaimMode::claim;
  return name == "LEGACY" ? ClaimMode::legacy : ClaimMode::no_claim;
}

Json error_json(SharedStateRegistry::RegisterError error) {
  switch (error) {
    case SharedStateRegistry::RegisterError::none:
      return nullptr;
    case SharedStateRegistry::RegisterError::unknown_state:
      return Json{{"error", "unknown state"}};
    case SharedStateRegistry::RegisterError::different_handle:
      return Json{{"error", "different handle"}};
    case SharedStateRegistry::RegisterError::closed:
      return Json{{"error", "closed"}};
  }
  return "?";
}

Json restore(SharedStateRegistry& registry, const Json& event) {
  const ClaimMode mode = mode_of(event[2].get<std::string>());
  if (mode == ClaimMode::no_claim) return nullptr;  // unclaimed snapshots are not registered
  std::vector<SharedFile> files;
  for (const Json& name : event[4])
    files.push_back({name.get<std::string>(), name.get<std::string>(), 0, false});
  const RestoredSharing sharing =
      event[3] == "checkpoint" ? RestoredSharing::shared : RestoredSharing::no_sharing;
  return error_json(registry.register_restored(files, event[1].get<int64_t>(), mode, sharing));
}

Json register_one(SharedStateRegistry& registry, const std::string& key, const std::string& handle,
                  int64_t id, bool prevent) {
  const SharedFile file{key, handle == "placeholder" ? "" : handle, 0, prevent};
  const auto registered = registry.register_file(file, id);
  return registered.error == SharedStateRegistry::RegisterError::none
             ? Json(registered.path)
             : error_json(registered.error);
}

Outcome judge(const Json& one_case, const Json&) {
  SharedStateRegistry registry(mutant_under_test());
  Json actual = Json::array();
  for (const Json& event : one_case.at("events")) {
    const std::string op = event[0].get<std::string>();
    if (op == "restore") {
      actual.push_back(restore(registry, event));
    } else if (op == "register") {
      actual.push_back(register_one(registry, event[1].get<std::string>(),
                                    event[2].get<std::string>(), event[3].get<int64_t>(),
                                    event[4].get<bool>()));
    } else if (op == "unregister") {
      auto gone = registry.unregister_unused(event[1].get<int64_t>());
      std::sort(gone.deleted.begin(), gone.deleted.end());
      actual.push_back(Json::array({gone.deleted, gone.still_in_use}));
    } else {
      registry.close();
      actual.push_back(nullptr);
    }
  }
  return expect_equal(one_case.at("expected"), actual, "answers");
}

Outcome judge_asserted(const Json& one_case, const Json&) {
  SharedStateRegistry registry;
  std::set<std::string> discarded;
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Json& event = events[i];
    const std::string op = event.at("op").get<std::string>();
    std::set<int64_t> in_use;
    if (op == "register") {
      register_one(registry, event.at("key").get<std::string>(),
                   event.at("handle").get<std::string>(), event.at("id").get<int64_t>(),
                   event.value("prevent", false));
    } else if (op == "unregister") {
      const auto gone = registry.unregister_unused(event.at("id").get<int64_t>());
      discarded.insert(gone.deleted.begin(), gone.deleted.end());
      in_use = gone.still_in_use;
    } else if (op == "restore") {
      std::vector<SharedFile> files;
      for (const auto& [key, handle] : event.at("keys").items())
        files.push_back({key, handle.get<std::string>(), 0, false});
      registry.register_restored(files, event.at("id").get<int64_t>(),
                                 mode_of(one_case.at("given").value("claim", "CLAIM")),
                                 event.at("kind") == "RETAINED_CHECKPOINT"
                                     ? RestoredSharing::shared
                                     : RestoredSharing::no_sharing);
    } else if (op != "complete") {
      return failed("unknown op " + op);
    }
    for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
      const std::string where = "step " + std::to_string(i) + " " + field;
      Outcome outcome = failed("unknown field " + field);
      if (field == "discarded") {
        outcome = expect_equal(value, Json(discarded), where);
      } else if (field == "in_use") {
        outcome = expect_equal(value, Json(in_use), where);
      } else if (field == "kept") {
        outcome = passed();
        for (const Json& handle : value)
          if (discarded.count(handle.get<std::string>()) > 0) outcome = failed(where);
      }
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

TEST(SharedRegistry, Conformance) { run_vectors("shared-registry.json", judge); }
TEST(SharedRegistry, Asserted) { run_vectors("shared-registry-asserted.json", judge_asserted); }

TEST(SharedRegistry, MutantFails) {
  expect_mutant_fails(model::Mutant::shared_file_deleted_in_use, "shared-registry.json", judge);
}

}  // namespace
}  // namespace drey::conformance
