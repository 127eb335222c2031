// barrier-unaligned-asserted.json and barrier-alternating-asserted.json: what Flink's own tests
// assert about unaligned checkpoints.
#include <gtest/gtest.h>

#include <map>

#include "model/task/single_barrier_handler.h"
#include "tests/conformance/gate_script.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

constexpr std::string_view kPrefix = "CHECKPOINT_";

// ---- unaligned: every element is read as soon as it arrives ----

class UnalignedTrace {
 public:
  explicit UnalignedTrace(const Json& given)
      : given_(given),
        script_(given["channels"].get<uint32_t>(), model::BarrierMode::unaligned,
                given["finish"].get<bool>()) {}

  Json step(const Json& event) {
    script_.actions = Json::array();
    feed(event);
    Json step = Json::object();
    for (const Json& action : script_.actions) {
      if (action[0] == "trigger") step["trigger"].push_back(action[1]);
      if (action[0] == "abort")
        step["abort"].push_back(
            {{"id", action[1]}, {"reason", action[2].get<std::string>().substr(kPrefix.size())}});
      if (action[0] == "stop" && completed()) step["all_received"].push_back(action[1]);
      if (action[0] == "persist") step["persisted"] = true;
    }
    return step;
  }

  const model::SingleBarrierHandler& handler() {
    return dynamic_cast<const model::SingleBarrierHandler&>(script_.handler());
  }
  const Json& metrics() const { return script_.metrics; }

 private:
  bool completed() {
    return handler().all_barriers() == model::SingleBarrierHandler::Barriers::complete;
  }

  void feed(const Json& event) {
    const auto op = event["op"].get<std::string>();
    if (op == "advance") {
      script_.now = script_.now + sim::milliseconds(event["ms"].get<int64_t>());
      return;
    }
    const auto channel = event["ch"].get<uint32_t>();
    if (op == "data")
      script_.data(channel, given_.value("buffer_bytes", uint32_t{1}));
    else if (op == "barrier")
      script_.barrier(channel, barrier_of(event["id"].get<int64_t>(), "U",
                                          given_.value("barrier_created_ms", int64_t{0})));
    else if (op == "cancel")
      script_.cancel(channel, event["id"].get<int64_t>());
    else
      script_.end(channel);
    while (!script_.poll().is_null()) {
    }
  }

  const Json& given_;
  GateScript script_;
};

Outcome judge_unaligned(const Json& one_case) {
  UnalignedTrace trace(one_case["given"]);
  const Json& expected = one_case["expected"];
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    Json step = trace.step(events[i]);
    if (!expected.contains("steps")) continue;
    const Json& wanted = expected["steps"][i];
    if (wanted.contains("pending")) step["pending"] = trace.handler().checkpoint_pending();
    if (wanted.contains("latest")) step["latest"] = trace.handler().latest_checkpoint();
    if (wanted.contains("open")) step["open"] = trace.handler().open_channels();
    for (const char* word :
         {"trigger", "abort", "all_received", "persisted", "pending", "latest", "open"}) {
      const Json want = wanted.contains(word) ? wanted[word] : Json(nullptr);
      const Json got = step.contains(word) ? step[word] : Json(nullptr);
      const auto outcome = expect_equal(want, got, "event " + std::to_string(i) + " " + word);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  if (!expected.contains("metrics")) return passed();
  const Json& last = trace.metrics().back();
  return expect_equal(
      expected["metrics"],
      {{"bytes_during_alignment", last[3]}, {"alignment_ms", last[2]}, {"start_delay_ms", last[1]}},
      "metrics");
}

// ---- alternating ----

// Remote channels go through the gate; direct ones hand everything to the handler as it comes.
class AlternatingTrace {
 public:
  explicit AlternatingTrace(const Json& given)
      : channels_(static_cast<uint32_t>(given["channels"].size())),
        direct_(given["channels"][0] == "DIRECT"),
        bytes_(given.value("buffer_bytes", uint32_t{1})),
        script_(channels_, model::BarrierMode::alternating, true) {
    script_.direct = direct_;
    script_.now = sim::Time{} + sim::milliseconds(given["now_ms"].get<int64_t>());
  }

  // The element that was polled, or null.
  Json feed(const Json& event) {
    script_.actions = Json::array();
    const auto op = event["op"].get<std::string>();
    if (op == "poll") return script_.poll();
    if (op == "advance") {
      script_.now = script_.now + sim::milliseconds(event["ms"].get<int64_t>());
      if (event["timers"].get<bool>()) script_.run_due_timer(script_.handler());
    } else if (op == "run_timers") {
      script_.run_due_timer(script_.handler());
    } else if (op == "close") {
      script_.handler().close();
    } else if (op == "send_to_all") {
      for (uint32_t i = 0; i < channels_; ++i) arrive(i, event, true);
    } else {
      arrive(event["ch"].get<uint32_t>(), event, op == "send");
    }
    return nullptr;
  }

  Outcome check(const Json& wanted, const Json& polled) {
    note();
    for (const auto& item : wanted.items()) {
      const auto outcome =
          expect_equal(item.value(), actual(item.key(), item.value(), polled), item.key());
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
    return passed();
  }
  const Json& triggered_ids() const { return triggered_; }

 private:
  void arrive(uint32_t channel, const Json& event, bool deliver) {
    const auto what = event["what"].get<std::string>();
    if (what == "BARRIER" || what == "ANNOUNCEMENT")
      barrier(channel, event, what == "ANNOUNCEMENT");
    else if (what == "DATA")
      direct_ ? script_.handler().processed(bytes_) : script_.data(channel, bytes_);
    else if (what == "CANCEL")
      direct_ ? script_.handler().cancellation(channel, event["id"].get<int64_t>(), script_.now)
              : script_.cancel(channel, event["id"].get<int64_t>());
    else
      direct_ ? script_.handler().end_of_partition(channel, script_.now) : script_.end(channel);
    while (deliver && !direct_ && !script_.poll().is_null()) {
    }
  }

  void barrier(uint32_t channel, const Json& event, bool announcement) {
    Json option = "A";
    if (event.contains("timeout_ms")) option = event["timeout_ms"];
    if (event.value("alignment", "") == "UNALIGNED") option = "U";
    const int64_t created = event.value("created_ms", sim::to_millis(script_.now));
    const auto made = barrier_of(event["id"].get<int64_t>(), option, created);
    if (!direct_)
      script_.barrier(channel, made);
    else if (announcement)
      script_.handler().announcement(channel, made, 0, script_.now);
    else
      script_.handler().barrier(channel, made, model::BarrierOrigin::channel, script_.now);
  }

  void note() {
    aborted_ = Json::array();
    for (const Json& action : script_.actions) {
      if (action[0] == "abort") aborted_.push_back(action[1]);
      if (action[0] == "persist")
        persisted_[std::to_string(action[2].get<int>())] += action[3].size();
      if (action[0] != "trigger") continue;
      triggered_.push_back(action[1]);
      alignments_.push_back(action[2] == "U"   ? "UNALIGNED"
                            : action[2] == "A" ? "ALIGNED"
                                               : "TIMEOUTABLE");
    }
  }

  Json actual(const std::string& word, const Json& wanted, const Json& polled) {
    const auto& handler = dynamic_cast<const model::SingleBarrierHandler&>(script_.handler());
    if (word == "next") {
      const Json kind = polled.is_null() ? Json("nothing") : polled[0];
      return kind == "N" ? "ANNOUNCEMENT" : kind == "B" ? "BARRIER" : kind == "D" ? "DATA" : "END";
    }
    if (word == "triggered") return triggered_.size();
    if (word == "alignments") return alignments_;
    if (word == "aborted") return aborted_;
    if (word == "latest") return handler.latest_checkpoint();
    if (word == "pending") return handler.checkpoint_pending();
    if (word == "persisted") {
      Json rows = Json::object();
      for (const auto& [channel, count] : persisted_) rows[channel] = count;
      return rows;
    }
    if (word == "alignment_ms") return sim::to_millis(handler.alignment_duration(script_.now));
    if (word == "start_delay_ms") return sim::to_millis(handler.start_delay());
    if (word == "bytes_during_alignment") return script_.metrics.back()[3];
    // blocked, unblocked: the channels named are (not) blocked
    Json rows = Json::array();
    for (const Json& channel : wanted)
      if (handler.blocked().contains(channel.get<uint32_t>()) == (word == "blocked"))
        rows.push_back(channel);
    return rows;
  }

  uint32_t channels_;
  bool direct_;
  uint32_t bytes_;
  GateScript script_;
  Json triggered_ = Json::array();
  Json alignments_ = Json::array();
  Json aborted_ = Json::array();
  std::map<std::string, size_t> persisted_;
};

Outcome judge_alternating(const Json& one_case) {
  AlternatingTrace trace(one_case["given"]);
  const Json& expected = one_case["expected"];
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    const Json polled = trace.feed(events[i]);
    const Json wanted = expected.contains("steps") ? expected["steps"][i] : Json::object();
    auto outcome = trace.check(wanted, polled);
    if (outcome.kind == Outcome::Kind::passed) continue;
    outcome.why = "event " + std::to_string(i) + " " + events[i].dump() + ": " + outcome.why;
    return outcome;
  }
  if (!expected.contains("triggered_ids")) return passed();
  return expect_equal(expected["triggered_ids"], trace.triggered_ids(), "triggered_ids");
}

TEST(Conformance, BarrierUnalignedAsserted) {
  run_vectors("barrier-unaligned-asserted.json",
              [](const Json& one_case, const Json&) { return judge_unaligned(one_case); });
}

TEST(Conformance, BarrierAlternatingAsserted) {
  run_vectors("barrier-alternating-asserted.json",
              [](const Json& one_case, const Json&) { return judge_alternating(one_case); });
}

}  // namespace
}  // namespace drey::conformance
