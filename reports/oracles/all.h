#pragma once
// Every oracle beside the ledger, made in one place from plain values (design.md section 4). All
// are on by default in every run; one that a configuration leaves nothing to judge says so by
// itself.
//
//   std::vector<std::unique_ptr<Oracle>> oracles = make_oracles(setup, TraceNames(kernel));
//   for (const auto& oracle : oracles) kernel.add_sink(oracle.get());
//   kernel.run(limit);
//   for (const auto& oracle : oracles) result.findings[oracle->name()] =
//   oracle->finish(kernel.now());
//
// The job's description must be valid (problems_of(setup.spec) is empty).
#include <memory>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleSetup& setup, TraceNames names);

}  // namespace drey::reports
