#pragma once
// What the page of a run says of its scenario: the configuration with Flink's defaults beside it,
// the faults in words, the document as resolved.
#include "reports/report_data.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

reports::ReportInput report_input_of(const Scenario& scenario);

}  // namespace drey::scenarios
