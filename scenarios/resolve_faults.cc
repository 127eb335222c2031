#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "reports/suggest.h"
#include "scenarios/describe.h"
#include "scenarios/job_logs.h"
#include "scenarios/json_reader.h"
#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

class Resolver {
 public:
  Resolver(Scenario& scenario, const JsonNode& tree, Messages& messages)
      : scenario_(scenario), tree_(tree), messages_(messages) {
    for (const VertexSpec& vertex : scenario.job.vertices) names_.vertices.push_back(vertex.id);
    names_.processes = scenario.cluster.task_manager_names();
    for (const std::string& name : scenario.cluster.job_manager_names())
      names_.processes.push_back(name);
    names_.processes.emplace_back("client");
    ending_ = names_.processes;
    ending_.emplace_back("pointer-store");
    ends_ = names_.processes;
    for (const std::string_view outside : {"broker", "log", "storage", "pointer-store"})
      ends_.emplace_back(outside);
    for (const std::string& name : log_services(scenario)) {
      logs_.push_back(name);
      if (name != "log") ends_.push_back(name);
    }
    if (logs_.size() > 1) logs_.emplace_back("log");
  }

  void run() {
    name_faults();
    for (size_t i = 0; i < scenario_.faults.size(); ++i) {
      FaultSpec& fault = scenario_.faults[i];
      pointer_ = fmt::format("/faults/{}", i);
      check_when(fault);
      check_targets(fault);
    }
  }

 private:
  void name_faults() {
    std::set<std::string> seen;
    for (size_t i = 0; i < scenario_.faults.size(); ++i) {
      FaultSpec& fault = scenario_.faults[i];
      if (fault.id.empty()) fault.id = fmt::format("f{}", i);
      if (!seen.insert(fault.id).second)
        messages_.error(place_of(tree_, fmt::format("/faults/{}/id", i)),
                        fmt::format("a second fault has the id \"{}\"", fault.id));
      names_.faults.push_back(fault.id);
    }
  }

  void check_when(FaultSpec& fault) {
    if (fault.at && !fault.when_text.empty()) {
      messages_.error(place_of(tree_, pointer_ + "/when"),
                      "\"at\" and \"when\" exclude each other");
    } else if (!fault.at && fault.when_text.empty()) {
      messages_.error(place_of(tree_, pointer_),
                      fmt::format("fault \"{}\" needs \"at\" or \"when\"", fault.id));
    }
    if (fault.nth != 1 && fault.when_text.empty())
      messages_.error(place_of(tree_, pointer_ + "/nth"),
                      "\"nth\" counts a condition: it needs \"when\"");
    if (fault.times > 1 && !fault.every && fault.when_text.empty())
      messages_.error(place_of(tree_, pointer_ + "/times"),
                      "\"times\" needs \"every\" or \"when\"");
    if (fault.every && fault.times == 1)
      messages_.error(place_of(tree_, pointer_ + "/every"),
                      "\"every\" needs \"times\", more than 1");
    if (fault.when_text.empty()) return;
    reports::TextProblem problem;
    fault.when = parse_condition(fault.when_text, names_, problem);
    if (fault.when) return;
    messages_.error(place_inside(tree_, pointer_ + "/when", problem.offset, problem.length),
                    problem.message, problem.suggestion);
  }

  void check_targets(FaultSpec& fault) {
    const std::string verb(kVerbNames[static_cast<size_t>(fault.verb)]);
    const bool link = fault.verb == FaultVerb::cut || fault.verb == FaultVerb::slow_link ||
                      fault.verb == FaultVerb::reset;
    const bool process = fault.verb == FaultVerb::kill || fault.verb == FaultVerb::pause ||
                         fault.verb == FaultVerb::restart;
    for (size_t i = 0; i < fault.targets.size(); ++i)
      check(fault.targets[i],
            link      ? ends_
            : process ? ending_
                      : names_.processes,
            place_of_target(pointer_ + "/" + verb + (link ? "/0" : ""), i));
    for (size_t i = 0; i < fault.other_side.size(); ++i)
      check(fault.other_side[i], ends_, place_of_target(pointer_ + "/" + verb + "/1", i));
    const bool rpc = fault.verb == FaultVerb::lose;
    if (fault.from)
      check(*fault.from, rpc ? ends_ : names_.processes, place_of(tree_, pointer_ + "/from"));
    if (fault.to) check(*fault.to, ends_, place_of(tree_, pointer_ + "/to"));
    if (!fault.log.empty()) check_log(fault);
    if (fault.verb == FaultVerb::fail || fault.verb == FaultVerb::damage_result)
      check_subtask(fault.vertex, fault.subtask, place_of(tree_, pointer_ + "/" + verb));
    const bool slow = fault.verb == FaultVerb::slow_link || fault.verb == FaultVerb::slow_disk;
    if (slow && !fault.latency && !fault.bandwidth)
      messages_.error(place_of(tree_, pointer_ + "/" + verb),
                      verb + " needs \"latency\" or \"bandwidth\"");
    if (fault.effect == FaultEffect::throttle && !fault.bandwidth)
      messages_.error(place_of(tree_, pointer_ + "/storage"), "throttle needs \"bandwidth\"");
  }

  void check_log(const FaultSpec& fault) {
    const Place place = place_of(tree_, pointer_ + "/log");
    if (std::find(logs_.begin(), logs_.end(), fault.log) == logs_.end())
      messages_.error(place,
                      fmt::format("no external log is called \"{}\"; known: {}", fault.log,
                                  reports::name_list(logs_, 12)),
                      reports::nearest_name(fault.log, logs_));
    else if (fault.operation != "any" && fault.operation != "fetch")
      messages_.error(place, fmt::format("\"{}\" is asked of the broker, not of a log: a log knows "
                                         "fetch",
                                         fault.operation));
  }

  Place place_of_target(const std::string& pointer, size_t index) const {
    const JsonNode* node = tree_.at(pointer);
    const bool list = node != nullptr && node->kind == JsonNode::Kind::list;
    return place_of(tree_, list ? fmt::format("{}/{}", pointer, index) : pointer);
  }

  void check(const Target& target, const std::vector<std::string>& legal, Place place) {
    switch (target.form) {
      case Target::Form::leader:
      case Target::Form::standby:
      case Target::Form::any:
        return;
      case Target::Form::task:
        return check_subtask(target.text, target.subtask, place);
      case Target::Form::name:
        if (std::find(legal.begin(), legal.end(), target.text) != legal.end()) return;
        break;
      case Target::Form::prefix:
        if (std::any_of(legal.begin(), legal.end(), [&](const std::string& name) {
              return name.compare(0, target.text.size(), target.text) == 0;
            }))
          return;
        break;
    }
    messages_.error(place,
                    fmt::format("no process is called \"{}\"; known: {}", print_target(target),
                                reports::name_list(legal, 12)),
                    reports::nearest_name(target.text, legal));
  }

  void check_subtask(const std::string& id, int64_t number, Place place) {
    const VertexSpec* vertex = scenario_.vertex(id);
    if (vertex == nullptr) {
      messages_.error(place,
                      fmt::format("fault names vertex \"{}\"; known: {}", id,
                                  reports::name_list(names_.vertices, 12)),
                      reports::nearest_name(id, names_.vertices));
    } else if (number >= vertex->parallelism) {
      messages_.error(place,
                      fmt::format("\"{}\" has the subtasks 0 to {}", id, vertex->parallelism - 1));
    }
  }

  Scenario& scenario_;
  const JsonNode& tree_;
  Messages& messages_;
  ConditionNames names_;
  std::vector<std::string> ending_;  // processes that can be killed, paused and started
  std::vector<std::string> ends_;    // of links: processes and the outside world
  std::vector<std::string> logs_;    // external ones
  std::string pointer_;
};

}  // namespace

void resolve_faults(Scenario& scenario, const JsonNode& tree, Messages& messages) {
  Resolver(scenario, tree, messages).run();
}

}  // namespace drey::scenarios
