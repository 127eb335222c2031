#include "reports/write_json.h"

#include <nlohmann/json.hpp>

namespace drey::reports {
namespace {

using Json = nlohmann::ordered_json;

Json failovers(const RunResult& result) {
  Json list = Json::array();
  for (const FailoverResult& failover : result.failovers) {
    Json restarted = Json::array();
    // Not by [], which looks at all keys before: a failover may have thousands of tasks.
    Json::object_t reason;
    for (const auto& [subtask, why] : failover.restarted) {
      restarted.push_back(subtask);
      reason.emplace_back(subtask, why);
    }
    list.push_back({{"cause", failover.cause},
                    {"failed", failover.failed},
                    {"at_ns", failover.at.ns},
                    {"number", failover.number},
                    {"backoff_ns", failover.backoff.ns},
                    {"restarted", restarted},
                    {"reason", reason}});
  }
  return list;
}

Json history(const RunResult& result) {
  Json statuses = Json::array();
  for (const auto& each : result.history.statuses)
    statuses.push_back({{"at_ns", each.at.ns}, {"status", each.status}});
  Json exceptions = Json::array();
  for (const auto& each : result.history.exceptions)
    exceptions.push_back({{"at_ns", each.at.ns},
                          {"task", each.task},
                          {"attempt", each.attempt},
                          {"cause", each.cause}});
  Json::object_t attempts;  // each task once; [] would look at all before
  for (const auto& [task, attempt] : result.history.attempts) attempts.emplace_back(task, attempt);
  return {{"statuses", statuses}, {"exceptions", exceptions}, {"attempts", attempts}};
}

Json violations(const RunResult& result) {
  Json list = Json::array();
  for (const Violation& violation : result.violations)
    list.push_back({{"oracle", violation.oracle},
                    {"at_ns", violation.at.ns},
                    {"event", violation.event},
                    {"what", violation.what},
                    {"history", violation.history}});
  return list;
}

Json oracles(const RunResult& result) {
  Json list = Json::array();
  for (const OracleResult& oracle : result.oracles)
    list.push_back({{"name", oracle.name},
                    {"claim", oracle.claim},
                    {"judgement", name_of(oracle.judgement)},
                    {"examined", oracle.examined},
                    {"excuse", oracle.excuse}});
  return list;
}

Json expectations(const RunResult& result) {
  Json list = Json::array();
  for (const ExpectationResult& expectation : result.expectations)
    list.push_back({{"id", expectation.id},
                    {"text", expectation.text},
                    {"outcome", name_of(expectation.outcome)},
                    {"left", expectation.left},
                    {"right", expectation.right},
                    {"because", expectation.because}});
  return list;
}

Json faults(const RunResult& result) {
  Json list = Json::array();
  for (const FaultResult& fault : result.faults)
    list.push_back({{"id", fault.id},
                    {"landed", fault.landed > 0},
                    {"times", fault.landed},
                    {"optional", fault.optional}});
  return list;
}

Json messages(const RunResult& result) {
  Json counts = Json::object();
  for (const auto& [kind, count] : result.messages) counts[kind] = count;
  return counts;
}

Json nodes(const RegionPicture& picture) {
  Json list = Json::array();
  for (const RegionPicture::Node& node : picture.nodes) {
    Json marks = Json::array();
    for (const RegionPicture::Mark& mark : node.marks)
      marks.push_back({{"failover", mark.failover}, {"rule", mark.rule}, {"tasks", mark.tasks}});
    list.push_back({{"id", node.id},
                    {"vertex", node.vertex},
                    {"label", node.label},
                    {"index", node.first},
                    {"subtasks", node.subtasks},
                    {"region", node.region},
                    {"x", node.x},
                    {"y", node.y},
                    {"width", node.width},
                    {"height", node.height},
                    {"marks", std::move(marks)}});
  }
  return list;
}

// From the middle of the right side to the middle of the left side.
Json edges(const RegionPicture& picture) {
  Json list = Json::array();
  for (const RegionPicture::Edge& edge : picture.edges) {
    const RegionPicture::Node& from = picture.nodes[edge.from];
    const RegionPicture::Node& to = picture.nodes[edge.to];
    list.push_back(
        {{"from", from.id},
         {"to", to.id},
         {"type", edge.type},
         {"pattern", edge.pattern},
         {"ship", edge.ship},
         {"channels", edge.channels},
         {"tied", edge.tied},
         {"points",
          {{from.x + from.width, from.y + from.height / 2}, {to.x, to.y + to.height / 2}}}});
  }
  return list;
}

Json regions(const RegionPicture& picture) {
  Json list = Json::array();
  for (const RegionPicture::Region& region : picture.regions)
    list.push_back(
        {{"number", region.number}, {"size", region.size}, {"subtasks", region.subtasks}});
  return list;
}

Json metrics(const RunResult& result) {
  Json values = Json::object();
  for (const MetricRow& row : result.metrics) {
    // Whole numbers stay whole; a fraction is read from its decimal text, the same everywhere.
    if (row.dimension == Dimension::word)
      values[row.name] = row.value.word;
    else
      values[row.name] = Json::parse(decimal_text(row.value.number));
  }
  return {{"version", kMetricsVersion}, {"values", values}};
}

}  // namespace

std::string to_json(const RegionPicture& picture) {
  const Json document = {{"version", kResultVersion},
                         {"job", picture.job},
                         {"detail", picture.by_subtask ? "subtasks" : "vertices"},
                         {"width", picture.width},
                         {"height", picture.height},
                         {"subtasks", picture.subtasks},
                         {"channels", picture.channels},
                         {"nodes", nodes(picture)},
                         {"edges", edges(picture)},
                         {"regions", regions(picture)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_json(const RunResult& result) {
  const BuildIdentity build = build_identity();
  const LedgerCounts& ledger = result.ledger;
  const Json document = {{"version", kResultVersion},
                         {"verdict", name_of(result.verdict)},
                         {"hash", result.hash},
                         {"scenario", result.scenario},
                         {"seed", result.seed},
                         {"mutant", result.mutant},
                         {"sim_time_ns", result.end.ns},
                         {"events", result.events},
                         {"limit", result.limit},
                         {"job_state", result.job_state},
                         {"ledger",
                          {{"compared", ledger.compared},
                           {"lost", ledger.lost},
                           {"doubled", ledger.doubled},
                           {"reordered", ledger.reordered},
                           {"wrong", ledger.wrong}}},
                         {"checkpoints",
                          {{"completed", result.checkpoints.completed},
                           {"failed", result.checkpoints.failed},
                           {"restored", result.checkpoints.restored}}},
                         {"regions", result.regions},
                         {"failovers", failovers(result)},
                         {"history", history(result)},
                         {"faults", faults(result)},
                         {"violations", violations(result)},
                         {"rocksdb",
                          {{"flushes", result.rocksdb.flushes},
                           {"compactions", result.rocksdb.compactions},
                           {"checkpoint_sst_bytes", result.rocksdb.checkpoint_sst_bytes},
                           {"reused_sst_bytes", result.rocksdb.reused_sst_bytes}}},
                         {"messages", messages(result)},
                         {"barriers", result.barriers},
                         {"oracles", oracles(result)},
                         {"not_checked", result.not_checked},
                         {"expectations", expectations(result)},
                         {"metrics", metrics(result)},
                         {"reproduce", result.reproduce},
                         {"build",
                          {{"version", build.version},
                           {"commit", build.commit},
                           {"compiler", build.compiler},
                           {"library", build.library}}}};
  // Names come from scenario files: a byte that is no UTF-8 is replaced, never an exception.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drey::reports
