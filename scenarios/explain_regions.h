#pragma once
// The job of a scenario as its pipelined regions, before any run: what `drey explain --regions`
// prints and writes.
#include "reports/region_picture.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

// The scenario has been read without errors.
reports::RegionPicture regions_of(const Scenario& scenario);

}  // namespace drey::scenarios
