#include "tests/conformance/twin_compare.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

namespace drey::conformance {

namespace {

constexpr int64_t kNoise = 500;  // ms

int64_t milliseconds_of(const Json& flink, const char* key, int64_t otherwise) {
  if (!flink.contains(key)) return otherwise;
  const std::string text = flink[key];
  const int64_t value = std::strtoll(text.c_str(), nullptr, 10);
  const bool ms = text.find("ms") != std::string::npos;
  const bool minutes = text.find("min") != std::string::npos;
  return ms ? value : minutes ? value * 60'000 : value * 1000;
}

class Comparer {
 public:
  Comparer(const Json& twin, const Json& got) : twin_(twin), got_(got) {}

  Comparison run() {
    for (const auto& [fact, expected] : twin_["facts"].items()) {
      if (fact == "times") {
        times(expected);
      } else if (fact == "checkpoints") {
        checkpoints(expected);
      } else if (fact == "scheduler") {
        continue;  // what the options say
      } else if (!got_.contains(fact)) {
        out_.not_compared.insert(fact);
      } else if ((fact == "failed_attempts" || fact == "canceled_attempts") && lacks_slots()) {
        out_.compared.insert(fact);
        one_of_those_waiting(fact, expected, got_[fact]);
      } else if (fact.ends_with("_ms") && expected.is_array() && got_[fact].is_number()) {
        out_.compared.insert(fact);
        bounds(fact, fact, expected, got_[fact]);
      } else {
        out_.compared.insert(fact);
        exact(fact, expected, got_[fact]);
      }
    }
    ranges();
    return std::move(out_);
  }

 private:
  void differ(const std::string& fact, const std::string& expected, const Json& got) {
    out_.differences.push_back({fact, expected, got.dump()});
  }

  // Keys that varied are left out of the twin's objects, so only those that are there count.
  void exact(const std::string& fact, const Json& expected, const Json& got) {
    if (expected.is_object() && got.is_object()) {
      for (const auto& [key, value] : expected.items()) {
        if (!got.contains(key)) {
          // A fact that this run does not derive (an exception's text, say) is no difference.
          if (fact == "root_exceptions" || fact.starts_with("output"))
            out_.not_compared.insert(fact + "." + key);
          else
            differ(fact + "." + key, value.dump(), nullptr);
        } else {
          exact(fact, value, got[key]);
        }
      }
      if (fact == "final_task_states" && expected != got) differ(fact, expected.dump(), got);
      return;
    }
    if (fact == "root_exceptions" && expected.is_array() && got.is_array()) {
      if (expected.size() != got.size()) return differ(fact, expected.dump(), got);
      for (size_t i = 0; i < expected.size(); ++i) exact(fact, expected[i], got[i]);
      return;
    }
    if (fact == "restart_set") return restart_sets(expected, got);
    if (of_either_sender(expected) != of_either_sender(got)) differ(fact, expected.dump(), got);
  }

  // The ResourceManager and the JobMaster beat from their own start on. Which of them is the first
  // to miss a TaskManager follows from the moment of submission, which is not recorded: between
  // both beats of one interval there were 12 to 945 ms in the recordings that show both. What
  // follows is the same, under either name.
  static Json of_either_sender(const Json& fact) {
    if (fact == "ResourceManagerException") return "JobMasterException";
    if (!fact.is_array()) return fact;
    std::set<Json> kinds;
    bool renamed = false;
    for (const Json& each : fact) {
      kinds.insert(of_either_sender(each));
      renamed = renamed || each == "ResourceManagerException";
    }
    return renamed ? Json(kinds) : fact;
  }

  // control-plane.md 0.1 and 6.4: the requests of a bulk fail in the order of identity hashes, and
  // the first of them fails the job. So which of the waiting tasks it is, is no fact; how many of
  // each vertex's tasks failed, how many were cancelled, and that all are one or the other, is.
  bool lacks_slots() const {
    const Json& facts = twin_["facts"];
    return facts.value("first_failure", "") == "NoResourceAvailableException";
  }

  void one_of_those_waiting(const std::string& fact, const Json& expected, const Json& got) {
    if (by_vertex(expected) != by_vertex(got) || ended(twin_["facts"]) != ended(got_))
      differ(fact, expected.dump(), got);
  }

  static std::map<std::string, size_t> by_vertex(const Json& attempts) {
    std::map<std::string, size_t> count;
    for (const Json& each : attempts) {
      const std::string name = each;
      ++count[name.substr(0, name.find('/'))];
    }
    return count;
  }

  static std::set<std::string> ended(const Json& facts) {
    std::set<std::string> all;
    for (const char* fact : {"failed_attempts", "canceled_attempts"})
      for (const Json& each : facts.value(fact, Json::array())) all.insert(each);
    return all;
  }

  // "2 tasks, which ones varied" stands for a set of which only the size is a fact.
  void restart_sets(const Json& expected, const Json& got) {
    bool equal = expected.size() == got.size();
    for (size_t i = 0; equal && i < expected.size(); ++i)
      equal = expected[i].is_string() ? std::strtoull(expected[i].get<std::string>().c_str(),
                                                      nullptr, 10) == got[i].size()
                                      : expected[i] == got[i];
    if (!equal) differ("restart_set", expected.dump(), got);
  }

  void checkpoints(const Json& expected) {
    const Json& got = got_["checkpoints"];
    out_.compared.insert("checkpoints");
    if (expected.contains("restored") && expected["restored"] != got["restored"])
      differ("checkpoints.restored", expected["restored"].dump(), got["restored"]);
    if (expected.contains("completed"))
      near("checkpoints.completed", expected["completed"], expected["completed"], 2,
           got["completed"]);
  }

  void near(const std::string& fact, int64_t least, int64_t most, int64_t within, const Json& got) {
    const int64_t value = got.get<int64_t>();
    if (value < least - within || value > most + within)
      differ(fact,
             std::to_string(least) + ".." + std::to_string(most) + " +- " + std::to_string(within),
             got);
  }

  // Facts that varied between the twin's runs, as far as they are numbers.
  void ranges() {
    const Json given = twin_.value("ranges", Json::object());
    for (const auto& [fact, range] : given.items()) {
      if (fact == "checkpoints.failed") continue;  // a matter of timing
      const Json* value = &got_;
      size_t from = 0;
      while (value != nullptr && from <= fact.size()) {
        // Names of subtasks hold dots: "attempts.a.src/0".
        const std::string rest = fact.substr(from);
        if (value->is_object() && value->contains(rest)) {
          value = &(*value)[rest];
          break;
        }
        const size_t dot = fact.find('.', from);
        const std::string key = fact.substr(from, dot - from);
        value = value->is_object() && value->contains(key) ? &(*value)[key] : nullptr;
        from = dot == std::string::npos ? fact.size() + 1 : dot + 1;
      }
      if (value == nullptr || !value->is_number()) {
        out_.not_compared.insert(fact);
        continue;
      }
      out_.compared.insert(fact);
      near(fact, range[0], most_of(fact, range[1]), slack_of(fact), *value);
    }
  }

  // Three runs do not bound what follows from the moment of the fault; the configuration does.
  //
  // Into the slots of a dead TaskManager tasks are deployed again and again until it is known
  // (control-plane.md 7.2, fact 4): one restart for each delay within the time of its detection.
  int64_t most_of(const std::string& fact, int64_t most) const {
    const Json& flink = twin_["flink"];
    const char* delay_key = "restart-strategy.fixed-delay.delay";
    const bool counts =
        fact == "restarts" || fact == "checkpoints.restored" || fact.starts_with("attempts.");
    const Json& times = got_["times"];
    const bool detected_late =
        times.contains("tm_loss_detected_ms") &&
        twin_["facts"].value("first_failure", "") == "RemoteTransportException";
    if (!counts || !detected_late || !flink.contains(delay_key)) return most;
    const int64_t delay = milliseconds_of(flink, delay_key, 1000);
    const int64_t detected = times["tm_loss_detected_ms"].get<int64_t>();
    return std::max(most, detected / std::max<int64_t>(delay, 1) + 1);
  }

  // Records that a sink wrote before a failure wait up to the buffer time-out (100 ms) in their
  // buffers: so many of the load's records more or fewer are doubled.
  int64_t slack_of(const std::string& fact) const {
    if (fact == "checkpoints.completed") return 2;
    const Json& load = twin_["load"];
    const bool written = fact == "output.doubled" || fact == "output.records";
    if (!written || !load["records_per_second_and_split"].is_number()) return 0;
    return load["records_per_second_and_split"].get<int64_t>() * load["splits"].get<int64_t>() / 10;
  }

  // ---- times

  void times(const Json& expected) {
    const Json& got = got_["times"];
    for (const auto& [name, range] : expected.items()) {
      const std::string fact = "times." + name;
      if (name.starts_with("submission_to_")) continue;
      if (!got.contains(name)) {
        out_.not_compared.insert(fact);
        continue;
      }
      out_.compared.insert(fact);
      if (name == "restarting_ms")
        restarting(range, got[name]);
      else
        bounds(fact, name, range, got[name]);
    }
  }

  // The configured delay, at most 100 ms more; where the twin's own runs took longer, as they did.
  void restarting(const Json& expected, const Json& got) {
    bool fits = expected.size() == got.size();
    for (size_t i = 0; fits && i < expected.size(); ++i) {
      const int64_t value = got[i];
      fits = value >= expected[i][0].get<int64_t>() - 100 &&
             value <= expected[i][1].get<int64_t>() + 100;
    }
    if (!fits) differ("times.restarting_ms", expected.dump(), got);
  }

  // Times count from the first fault; where that is the user's (a savepoint), a process is hit so
  // much later.
  int64_t from_first_to_lethal_fault() const {
    int64_t later = 0;
    for (const Json& fault : twin_["faults"]) {
      if (fault.contains("after_previous")) later += milliseconds_of(fault, "after_previous", 0);
      for (const char* lethal : {"kill", "freeze", "terminate", "cut"})
        if (fault.contains(lethal)) return later;
    }
    return 0;
  }

  void bounds(const std::string& fact, const std::string& name, const Json& range,
              const Json& got) {
    const int64_t interval = milliseconds_of(twin_["flink"], "heartbeat.interval", 10'000);
    const int64_t timeout = milliseconds_of(twin_["flink"], "heartbeat.timeout", 50'000);
    int64_t least = range[0].get<int64_t>();
    int64_t most = range[1].get<int64_t>();
    const int64_t later = from_first_to_lethal_fault();
    const bool at_once = most - later < interval / 2;
    const bool by_heartbeat = twin_["facts"].contains("loss_detected_as");
    if (name == "tm_loss_detected_ms" || (name == "detection_ms" && !at_once && by_heartbeat)) {
      const bool by_timeout = least > 2 * interval + kNoise;
      least = by_timeout ? timeout - interval : interval;
      most = by_timeout ? timeout : 2 * interval;
      least += later - 100;
      most += later + kNoise;
    } else if (name == "detection_ms" && at_once) {
      least = later;
      most = later + kNoise;
    } else {
      least = least / 2 - kNoise;
      most = most * 2 + kNoise;
    }
    const int64_t value = got.get<int64_t>();
    if (value < least || value > most)
      differ(fact,
             std::to_string(least) + ".." + std::to_string(most) + " (twin " + range.dump() + ")",
             got);
  }

  const Json& twin_;
  const Json& got_;
  Comparison out_;
};

}  // namespace

Comparison compare_with_twin(const Json& twin, const Json& facts) {
  return Comparer(twin, facts).run();
}

}  // namespace drey::conformance
