#pragma once
// How slots.json writes profiles and counts, and the ResourceManager's kinds of cases in it.
#include "model/cluster/resource_profile.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

model::ResourceProfile profile_of(const Json& json);
Json json_of(const model::ResourceProfile& profile);
// The vectors sort by the printed text of the profile's JSON.
Json json_of(const model::ResourceCounter& counter);
model::ResourceCounter counter_of(const Json& json);

// kinds alloc, reconcile, default, tracker, manager
Outcome judge_resource_manager(const Json& c, const std::string& kind);
// resource-allocation-asserted.json
Outcome judge_resource_allocation(const Json& c);

}  // namespace drey::conformance
