#pragma once
// What the oracles have to know of a scenario: the job's description and the few options on which
// their claims depend, as plain values (reports/oracles/job_view.h).
#include "model/graph/job_spec.h"
#include "reports/oracles/job_view.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

reports::OracleSetup oracle_setup_of(const Scenario& scenario, const model::JobSpec& job);

}  // namespace drey::scenarios
