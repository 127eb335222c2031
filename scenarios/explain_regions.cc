#include "scenarios/explain_regions.h"

#include "scenarios/assembly.h"

namespace drey::scenarios {

reports::RegionPicture regions_of(const Scenario& scenario) {
  return reports::make_region_picture(model::build_job_graph(job_spec_of(scenario)), {});
}

}  // namespace drey::scenarios
