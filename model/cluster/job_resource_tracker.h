#pragma once
// What one job requires of the ResourceManager, and which of the slots that it has count for which
// requirement. A slot counts for a requirement that it matches (equal profile or UNKNOWN); what
// matches nothing is excess and is tried again whenever a requirement or a slot changes.
//
// Where one of several profiles has to be chosen, the one that was acquired first is (upstream: the
// order of a hash map).
//
// Upstream: JobScopedResourceTracker, BiDirectionalResourceToRequirementMapping.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/cluster/resource_profile.h"

namespace drey::model {

class JobResourceTracker {
 public:
  // False: upstream throws (IllegalArgumentException) after having taken over the requirements and
  // before looking for excess: a requirement was lowered that slots of several profiles fulfil, and
  // the excess is used up exactly by some but not all of these profiles.
  bool set_requirements(const ResourceCounter& requirements);
  void acquired(const ResourceProfile& slot);
  void lost(const ResourceProfile& slot);  // one that was acquired (checked)

  const ResourceCounter& requirements() const { return requirements_; }
  ResourceCounter missing() const;
  ResourceCounter have() const;
  bool empty() const { return requirements_.empty() && excess_.empty(); }

 private:
  using Counts = std::vector<std::pair<ResourceProfile, uint32_t>>;  // in order of arrival
  struct Assigned {
    ResourceProfile requirement;
    Counts slots;
  };

  uint32_t fulfilled(const ResourceProfile& requirement) const;
  void assign(const ResourceProfile& requirement, const ResourceProfile& slot);
  void take_back(size_t index, const ResourceProfile& slot, uint32_t count);
  bool release_excess();
  void assign_excess();

  ResourceCounter requirements_;
  std::vector<Assigned> assigned_;
  Counts excess_;
};

}  // namespace drey::model
