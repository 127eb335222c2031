#pragma once
// The keys of a scenario file: name, type, range, default and help of each, in one place. The
// reader, the printer behind `drey explain`, and the JSON Schema all come from these functions.
#include <array>
#include <string_view>

#include "scenarios/field_visitor.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

void describe(FieldVisitor& v, Scenario& scenario);
void describe_job(FieldVisitor& v, JobSpec& job);
void describe_cluster(FieldVisitor& v, ClusterSpec& cluster);
void describe_fault(FieldVisitor& v, FaultSpec& fault);
void describe_seeds(FieldVisitor& v, Seeds& seeds);
void describe_sweep(FieldVisitor& v, SweepSpec& sweep);
void describe_plot(FieldVisitor& v, PlotSpec& plot);

// Shapes of a fault, for the schema: each verb, and each further effect of the verbs that have
// several.
size_t fault_shapes();
void make_fault_shape(FaultSpec& fault, size_t shape);

inline constexpr std::string_view kVertexKindNames[] = {"source", "map",    "filter", "flat_map",
                                                        "keyed",  "window", "sink"};
inline constexpr std::string_view kShipNames[] = {"forward",   "hash",    "rebalance", "rescale",
                                                  "broadcast", "shuffle", "global"};
inline constexpr std::string_view kVerbNames[] = {"kill",
                                                  "crash",
                                                  "pause",
                                                  "restart",
                                                  "cut",
                                                  "slow_link",
                                                  "reset",
                                                  "lose",
                                                  "storage",
                                                  "pointer_store",
                                                  "broker",
                                                  "slow_card",
                                                  "slow_disk",
                                                  "lose_disk",
                                                  "damage_result",
                                                  "fail",
                                                  "terminate",
                                                  "cancel",
                                                  "savepoint",
                                                  "stop_with_savepoint",
                                                  "cancel_with_savepoint",
                                                  "resubmit"};
inline constexpr size_t kVerbCount = std::size(kVerbNames);

}  // namespace drey::scenarios
