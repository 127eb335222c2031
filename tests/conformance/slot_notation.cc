#include "tests/conformance/slot_notation.h"

#include <algorithm>

namespace drey::conformance {

using namespace model;

ResourceProfile profile_of(const Json& json) {
  if (json == "U") return kUnknownProfile;
  return sized_profile(json[0].get<uint64_t>(), json[1].get<uint64_t>());
}

Json json_of(const ResourceProfile& profile) {
  switch (profile.kind) {
    case ResourceProfile::Kind::unknown:
      return "U";
    case ResourceProfile::Kind::any:
      return "ANY";
    case ResourceProfile::Kind::sized:
      break;
  }
  return {profile.cpu / kCpuPerMillicore, profile.heap / kBytesPerMib};
}

Json json_of(const ResourceCounter& counter) {
  std::vector<Json> entries;
  for (const auto& [profile, count] : counter.counts())
    entries.push_back(Json::array({json_of(profile), count}));
  std::sort(entries.begin(), entries.end(),
            [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
  return entries;
}

ResourceCounter counter_of(const Json& json) {
  ResourceCounter counter;
  for (const Json& entry : json) counter.add(profile_of(entry[0]), entry[1].get<uint32_t>());
  return counter;
}

}  // namespace drey::conformance
