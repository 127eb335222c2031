#include "tests/conformance/twin_scenario.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>

namespace drey::conformance {

namespace {

std::string compact(const std::string& duration) {  // "0.35 s" -> "350ms"
  const double value = std::strtod(duration.c_str(), nullptr);
  const size_t unit_at = duration.find_first_not_of("0123456789. ");
  const std::string unit = unit_at == std::string::npos ? "" : duration.substr(unit_at);
  double ms = value;
  if (unit == "s" || unit.starts_with("s ")) ms *= 1000;
  if (unit == "min") ms *= 60'000;
  return std::to_string(static_cast<int64_t>(ms + 0.5)) + "ms";
}

// Serialised: what twin 091 has written per record.
constexpr int64_t kRecordBytes = 51;

// The cluster was up for some time when the job came.
constexpr int64_t kUpBefore = 10;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

class Builder {
 public:
  explicit Builder(const Json& twin) : twin_(twin) {}

  TwinScenario build() {
    out_.scenario = {{"name", "twin"},
                     {"about", twin_.value("about", "")},
                     {"job", Json::object()},
                     {"cluster", Json::object()},
                     {"flink", Json::object()},
                     {"faults", Json::array()},
                     {"limits", {{"time", "10min"}}}};
    out_.jobs = {twin_["job"]};
    job();
    cluster();
    options();
    for (const Json& fault : twin_["faults"]) this->fault(fault);
    return std::move(out_);
  }

 private:
  void missing(const std::string& feature) {
    if (std::find(out_.missing.begin(), out_.missing.end(), feature) == out_.missing.end())
      out_.missing.push_back(feature);
  }

  // ---- job

  void job() {
    Json& job = out_.scenario["job"];
    const Json& described = twin_["job"];
    if (described.value("mode", "") == "batch") job["mode"] = "batch";
    job["submit_after"] = std::to_string(kUpBefore) + "s";
    job["vertices"] = Json::object();
    job["edges"] = Json::array();
    std::map<std::string, std::string> ship_into;
    for (const Json& edge : described["edges"]) {
      const std::string to = edge["to"];
      if (ship_into.count(to) != 0) missing("operators with two inputs");
      ship_into[to] = edge["ship"];
    }
    for (const auto& [id, vertex] : described["vertices"].items())
      chain(id, vertex, ship_into.count(id) != 0 ? ship_into[id] : "");
    for (const Json& edge : described["edges"])
      if (job["vertices"].contains(head_of_[edge["to"]]))
        job["edges"].push_back(tail_of_[edge["from"]] + " -> " + edge["ship"].get<std::string>() +
                               " -> " + head_of_[edge["to"]]);
    const Json& load = twin_["load"];
    job["record_bytes"] = std::to_string(kRecordBytes) + " bytes";
    if (load.contains("max_par")) job["max_parallelism"] = load["max_par"];
    static const std::set<std::string> known{
        "splits",     "records_per_split", "records_per_second_and_split",
        "keys",       "splits_are",        "disorder",
        "late_every", "late_from",         "late_to",
        "sink",       "max_par",           "cost_us_per_record"};
    for (const auto& [key, value] : load.items())
      if (known.count(key) == 0) missing("load: " + key);
  }

  // The operators that Flink chained into one vertex.
  void chain(const std::string& id, const Json& vertex, const std::string& ship) {
    Json& job = out_.scenario["job"];
    std::string before;
    for (const Json& name : vertex["operators"]) {
      const std::string op = name;
      if (ends_with(op, "sink committer")) {
        if (before.empty()) head_of_[id] = tail_of_[id] = drey_id(op);
        continue;  // drey's sink is writer and committer; in batch mode it adds the latter itself
      }
      // Late records: drey drops and counts them instead of giving them to a sink.
      if (op == "late writer" || op == "late committer") continue;
      const bool writer = ends_with(op, "sink writer");
      const std::string made = drey_id(writer ? op.substr(0, op.size() - 7) : op);
      Json& spec = job["vertices"][made];
      spec = {{"kind", "map"}, {"uid", op}};
      if (vertex["parallelism"].is_number())
        spec["parallelism"] = vertex["parallelism"];
      else
        missing("parallelism derived by the scheduler");
      if (writer) {
        spec["kind"] = "sink";
        if (twin_["load"].value("sink", "") == "append") spec["delivery"] = "at-least-once";
      }
      if (!writer && before.empty() && ship.empty())
        source(spec, made);
      else if (!writer && before.empty() && op == "window")
        window(spec);
      else if (!writer && before.empty() && ship == "hash")
        spec.update({{"kind", "keyed"}, {"aggregate", "count"}});
      if (before.empty())
        spec["chaining"] = "head";
      else
        job["edges"].push_back(before + " -> forward -> " + made);
      cost(spec, op);
      if (before.empty()) head_of_[id] = made;
      before = made;
      tail_of_[id] = made;
      operators_of_[id].push_back(made);
    }
  }

  void source(Json& spec, const std::string& id) {
    source_ = id;
    const Json& load = twin_["load"];
    const int64_t splits = load["splits"];
    spec["kind"] = "source";
    spec.erase("chaining");
    spec["splits"] = splits;
    spec["records"] = splits * load["records_per_split"].get<int64_t>();
    if (load["records_per_second_and_split"].is_number()) {
      spec["rate"] =
          std::to_string(splits * load["records_per_second_and_split"].get<int64_t>()) + "/s";
    }
    spec["pace"] = "generator";
    spec["keys"] = load["keys"];
    spec["key_distribution"] = "stride";
    spec["key_stride"] = 31;
    spec["split_stride"] = 7;
  }

  // README, "The jobs": tumbling windows of 500 ms.
  void window(Json& spec) {
    spec["kind"] = "window";
    spec["window"] = "500ms";
    // The twin's source emits a watermark after each record with a new maximum; its records are at
    // least a millisecond apart.
    out_.scenario["flink"]["pipeline.auto-watermark-interval"] = "1 ms";
    Json& source = out_.scenario["job"]["vertices"][source_];
    const Json& load = twin_["load"];
    const std::string disorder = std::to_string(load.value("disorder", int64_t{0})) + "ms";
    source["out_of_orderness"] = disorder;
    source["disorder"] = disorder;
    Json& times = source["event_times"];
    times = {{"start", "10s"}, {"step", "2ms"}, {"shuffle", 7919}, {"late_by", "3s"}};
    for (const char* key : {"late_every", "late_from", "late_to"})
      if (load.contains(key)) times[key] = load[key];
  }

  void cost(Json& spec, const std::string& op) {
    const Json costs = twin_["load"].value("cost_us_per_record", Json::object());
    if (!costs.contains(op)) return;
    if (costs[op].is_number())
      spec["cost"] = std::to_string(costs[op].get<int64_t>()) + "us";
    else
      missing("cost of '" + op + "': " + costs[op].dump());
  }

  // ---- cluster and options

  void cluster() {
    const Json& described = twin_["cluster"];
    Json& cluster = out_.scenario["cluster"];
    cluster["job_managers"] = described["job_managers"];
    cluster["task_managers"] = described["task_managers"];
    cluster["slots_each"] = described["slots_each"];
    // One machine: files and commits are local.
    cluster["storage"] = {{"latency", "500us"}};
    cluster["broker"] = {{"latency", "500us"}};
    cluster["pointer_store"] = {{"latency", "500us"}};
    cluster["too_few_slots"] = true;
    if (described.contains("application_mode")) missing("application mode");
  }

  // What drey refuses because nothing in it would differ.
  void options() {
    constexpr std::string_view kWithoutEffect[] = {"task.cancellation.interval",
                                                   "execution.state-recovery.from-local"};
    Json& flink = out_.scenario["flink"];
    for (const auto& [key, value] : twin_["flink"].items()) {
      if (key != "execution.runtime-mode") flink[key] = value;
      for (const std::string_view without : kWithoutEffect)
        if (key == without) out_.scenario["ignore_options"].push_back(key);
    }
  }

  // ---- faults

  void when(const Json& fault, Json& made) {
    std::smatch match;
    if (fault.contains("at") && fault["at"].is_string()) {
      made["at"] = std::to_string(kUpBefore) + "s";
      made["after"] = compact(fault["at"]);
    } else if (fault.contains("then")) {
      made["when"] = out_.scenario["faults"].back()["when"];  // just after the one before
      made["after"] = "1ms";
    } else if (fault.contains("after_previous")) {
      made["when"] = "fault." + previous_ + " == landed";
      made["after"] = compact(fault["after_previous"]);
    } else if (fault.contains("when")) {
      const std::string text = fault["when"];
      if (std::regex_match(text, match, std::regex("([0-9]+) checkpoints? completed")))
        made["when"] = "checkpoint.completed >= " + match[1].str();
      else if (std::regex_match(text, match, std::regex("[0-9]+ subtasks of (.+) RUNNING")))
        made["when"] = drey_id(match[1]) + ".state == RUNNING";
      else if (std::regex_match(text, std::regex("[A-Z]+")))
        made["when"] = "job.state == " + text;
      else
        missing("moment: " + text);
    } else {
      missing("moment of " + fault.dump());
    }
    if (fault.contains("after")) made["after"] = compact(fault["after"]);
  }

  // "TM of agg/0", "JM", "TM" ...
  std::string target(const std::string& whom) {
    std::smatch match;
    if (std::regex_match(whom, match, std::regex("TM of (.+)"))) {
      const std::string subtask = match[1];
      const size_t slash = subtask.find('/');
      if (out_.lost_vertex.empty()) out_.lost_vertex = subtask;
      return "task(" + head_of_operator(subtask.substr(0, slash)) + subtask.substr(slash) + ")";
    }
    if (whom == "JM" || whom == "leading JM") return "leader";
    if (whom == "each TM") return "tm-*";
    if (whom == "standby JM") return "standby";
    if (whom == "ZooKeeper") return "pointer-store";
    missing("process: " + whom);
    return "leader";
  }

  // Places are known by the vertex, which bears the name of its first operator.
  std::string head_of_operator(const std::string& op) const {
    for (const auto& [vertex, operators] : operators_of_)
      if (std::find(operators.begin(), operators.end(), drey_id(op)) != operators.end())
        return head_of_.at(vertex);
    return drey_id(op);
  }

  void user_code(const std::string& whom, Json made, const Json& fault) {
    const size_t slash = whom.find('/');
    if (slash != std::string::npos) made["subtask"] = std::stoll(whom.substr(slash + 1));
    const Json at = fault.value("at", Json::object());
    for (const char* key : {"split", "offset"})
      if (at.contains(key)) made[key] = at[key];
    if (at.contains("checkpoint") && at["checkpoint"].is_number())
      made["checkpoint"] = at["checkpoint"];
    made["while_attempt_below"] = fault.value("while_attempt_below", 1'000'000);
    Json& vertices = out_.scenario["job"]["vertices"];
    const std::string op = drey_id(whom.substr(0, slash));
    if (!vertices.contains(op)) return missing("user code of " + whom);
    vertices[op]["user_code"].push_back(made);
  }

  bool user_fault(const Json& fault) {
    if (fault.contains("throw")) {
      user_code(fault["throw"], {{"action", "throw"}}, fault);
    } else if (fault.contains("hang")) {
      user_code(fault["hang"], {{"action", "hang"}}, fault);
    } else if (fault.contains("snapshot_throws")) {
      user_code(fault["snapshot_throws"], {{"action", "throw_in_snapshot"}}, fault);
    } else if (fault.contains("snapshot_takes")) {
      user_code(fault["task"],
                {{"action", "slow_snapshot"}, {"time", compact(fault["snapshot_takes"])}}, fault);
    } else if (fault.contains("pause")) {
      // "0.3 s after its part of each checkpoint", "1 s (it makes up for it)"
      user_code(fault["pause"],
                {{"action", "pause_after_snapshot"},
                 {"after", compact(fault["from"])},
                 {"time", compact(fault["for"])}},
                fault);
    } else {
      return false;
    }
    return true;
  }

  void cut(const Json& fault, Json& made) {
    const std::string sides = fault["cut"];
    const size_t dash = sides.find(" - ");
    made["cut"] = {target(sides.substr(0, dash)), target(sides.substr(dash + 3))};
    if (fault.value("packets", "dropped") != "dropped") made["packets"] = "rejected";
    if (fault.contains("direction")) made["direction"] = "asymmetric";
    if (fault.contains("for")) made["for"] = compact(fault["for"]);
  }

  void world_fault(const Json& fault, Json& made) {
    if (fault.contains("kill")) {
      made["kill"] = target(fault["kill"]);
    } else if (fault.contains("terminate")) {
      made["terminate"] = target(fault["terminate"]);
    } else if (fault.contains("freeze")) {
      made["pause"] = target(fault["freeze"]);
      made["for"] = compact(fault["for"]);
    } else if (fault.contains("start")) {
      start(fault["start"], made);
    } else if (fault.contains("cut")) {
      cut(fault, made);
    } else if (fault.contains("limit_link")) {
      // Files are local there.
      made["slow_link"] = {target(fault["limit_link"]), {"tm-*", "jm-*"}};
      made["shared"] = true;
      const int64_t kilobits = std::strtoll(fault["rate"].get<std::string>().c_str(), nullptr, 10);
      made["bandwidth"] = std::to_string(kilobits * 125) + "B/s";
      made["for"] = compact(fault["for"]);
    } else if (fault.contains("checkpoint_directory")) {
      made["storage"] = "error";
      made["operation"] = "put";
      made["for"] = compact(fault["for"]);
    } else if (fault.contains("cancel")) {
      made["cancel"] = "job";
      if (fault["cancel"] == "job, checkpoint retained") {
        retained_ = true;
        out_.scenario["flink"]["execution.checkpointing.externalized-checkpoint-retention"] =
            "RETAIN_ON_CANCELLATION";
      }
    } else if (fault.contains("savepoint")) {
      made["savepoint"] = "job";
    } else if (fault.contains("stop_with_savepoint") ||
               fault.value("then", "") == "stop_with_savepoint") {
      made["stop_with_savepoint"] = "job";
      if (fault.value("format", "") == "NATIVE") made["format"] = "native";
    } else if (fault.contains("savepoint_directory")) {
      // The folder of the savepoint is what the JobManager writes next.
      made["storage"] = "error";
      made["operation"] = "put";
      made["from"] = "leader";
    } else {
      for (const auto& [key, value] : fault.items())
        if (key != "when" && key != "after" && key != "at" && key != "after_previous" &&
            key != "for")
          return missing("fault: " + key);
    }
  }

  void start(const std::string& what, Json& made) {
    if (what == "TM") {
      Json& cluster = out_.scenario["cluster"];
      const int64_t spare = cluster.value("spare_task_managers", int64_t{0}) + 1;
      cluster["spare_task_managers"] = spare;
      made["restart"] =
          std::string("tm-") + std::to_string(cluster["task_managers"].get<int64_t>() + spare);
    } else if (what == "JM") {
      made["restart"] = "jm-1";  // the only one where this occurs
    } else if (what == "ZooKeeper") {
      made["restart"] = target(what);
    } else {
      missing("start of " + what);
    }
  }

  // "then": what the next submission changes. The user waits until the job is over, and a moment.
  void resubmit(const Json& fault, Json& made) {
    made["resubmit"] = retained_ ? "checkpoint" : "savepoint";
    made["when"] = rejected_   ? "job.state == FAILED"
                   : retained_ ? "job.state == CANCELED"
                               : "job.state == FINISHED";
    made["after"] = "1s";
    Json changed = out_.jobs.back();
    Json change = {{"flink", Json::object()}, {"job", {{"vertices", Json::object()}}}};
    if (fault["then"] == "the same") change = out_.scenario["faults"].back()["change"];
    rejected_ = false;
    for (const auto& [key, value] : fault.items()) {
      if (key == "then") continue;
      if (key == "parallelism") {
        for (const auto& [id, vertex] : out_.scenario["job"]["vertices"].items())
          change["job"]["vertices"][id] = {{"parallelism", value}};
        for (auto& [id, vertex] : changed["vertices"].items()) vertex["parallelism"] = value;
      } else if (key == "claim_mode") {
        change["flink"]["execution.state-recovery.claim-mode"] = value;
      } else if (key == "ignore_unclaimed_state") {
        change["flink"]["execution.state-recovery.ignore-unclaimed-state"] = value;
      } else if (key == "with_operator" && value == "extra") {
        change["job"] = {{"vertices", {{"extra", extra_vertex()}}}, {"edges", edges_with_extra()}};
        add_extra(changed);
      } else if (key == "without_operator" && value == "extra") {
        change["job"] = {{"vertices", {{"extra", nullptr}}}, {"edges", edges_without_extra_}};
        changed = twin_["job"];
        rejected_ = twin_["facts"].contains("rejected: extra removed");
      } else if (key.find('.') != std::string::npos) {
        change["flink"][key] = value;
      } else {
        missing("a further submission with " + key);
      }
    }
    made["change"] = change;
    ++out_.submissions;
    if (rejected_) return;
    out_.jobs.push_back(changed);
    out_.job_numbers.push_back(out_.submissions);
  }

  // "A second hash edge and a keyed operator `extra` (counts, passes records on) between agg and
  // the sink"; the README's words.
  static Json extra_vertex() {
    return {{"kind", "keyed"},    {"uid", "extra"},    {"parallelism", 2},
            {"chaining", "head"}, {"passes_on", true}, {"aggregate", "count"}};
  }
  Json edges_with_extra() {
    edges_without_extra_ = out_.scenario["job"]["edges"];
    Json edges = Json::array();
    for (const Json& edge : edges_without_extra_) {
      const std::string text = edge;
      if (!text.starts_with("agg -> forward -> ")) {
        edges.push_back(edge);
        continue;
      }
      edges.push_back("agg -> hash -> extra");
      edges.push_back("extra -> forward -> " + text.substr(text.rfind(' ') + 1));
    }
    return edges;
  }
  static void add_extra(Json& described) {
    Json operators = described["vertices"]["agg"]["operators"];
    operators[0] = "extra";
    described["vertices"]["agg"]["operators"] = {"agg"};
    described["vertices"]["extra"] = {{"operators", operators}, {"parallelism", 2}};
  }
  void first_submission(const Json& what) {
    if (what != Json{{"extra", 1}}) return missing("a first submission with " + what.dump());
    Json& job = out_.scenario["job"];
    job["edges"] = edges_with_extra();
    job["vertices"]["extra"] = extra_vertex();
    add_extra(out_.jobs.front());
  }

  void fault(const Json& fault) {
    if (user_fault(fault)) return;
    // What heals when the job is over changes no fact of it.
    if (fault.contains("heal") && fault.value("when", "") == "CANCELED") return;
    // The words for what `load` says in numbers.
    if (fault.contains("backpressure") && twin_["load"].contains("cost_us_per_record")) return;
    Json made = Json::object();
    const std::string id = std::string("f") + std::to_string(out_.scenario["faults"].size());
    made["id"] = id;
    if (fault.contains("first_submission")) return first_submission(fault["first_submission"]);
    if (fault.contains("then") && fault["then"] != "stop_with_savepoint") {
      resubmit(fault, made);
    } else {
      world_fault(fault, made);
      when(fault, made);
    }
    if (out_.timed_fault.empty()) out_.timed_fault = id;
    previous_ = id;
    out_.scenario["faults"].push_back(made);
  }

  const Json& twin_;
  TwinScenario out_;
  std::string previous_;
  bool retained_ = false;  // the job leaves a checkpoint, no savepoint
  bool rejected_ = false;  // the last submission
  Json edges_without_extra_ = Json::array();
  std::string source_;                                    // the last one described
  std::map<std::string, std::string> head_of_, tail_of_;  // by the twin's vertex
  std::map<std::string, std::vector<std::string>> operators_of_;
};

}  // namespace

std::string drey_id(const std::string& twin_id) {
  std::string id = twin_id;
  std::replace(id.begin(), id.end(), '.', '_');
  std::replace(id.begin(), id.end(), ' ', '-');
  return id;
}

std::vector<std::pair<std::string, std::string>> vertex_names(const Json& twin) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [id, vertex] : twin["job"]["vertices"].items())
    names.emplace_back(drey_id(vertex["operators"].front()), id);
  return names;
}

TwinScenario scenario_of_twin(const Json& twin) { return Builder(twin).build(); }

}  // namespace drey::conformance
