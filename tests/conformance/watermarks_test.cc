// watermarks.json: model/task/watermark_valve.h, combined_watermark.h, watermark_generator.h.
#include <gtest/gtest.h>

#include "model/task/combined_watermark.h"
#include "model/task/watermark_generator.h"
#include "model/task/watermark_valve.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::WatermarkStatus;

Json valve(const Json& c) {
  model::WatermarkValve valve(c.at("channels").get<uint32_t>());
  Json all = Json::array();
  for (const Json& event : c.at("events")) {
    const auto op = event.at(0).get<std::string>();
    const auto channel = event.at(1).get<uint32_t>();
    const auto emitted = op == "W"
                             ? valve.input_watermark(channel, event.at(2).get<int64_t>())
                             : valve.input_status(channel, op == "I" ? WatermarkStatus::idle
                                                                     : WatermarkStatus::active);
    Json step = Json::array();
    if (emitted.watermark) step.push_back(Json::array({"W", *emitted.watermark}));
    if (emitted.status)
      step.push_back(Json::array({*emitted.status == WatermarkStatus::idle ? "I" : "A"}));
    all.push_back(step);
  }
  return all;
}

Json combine(const Json& c) {
  model::CombinedWatermark combined(c.at("inputs").get<uint32_t>(), mutant_under_test());
  Json all = Json::array();
  for (const Json& event : c.at("events")) {
    const auto op = event.at(0).get<std::string>();
    const auto input = event.at(1).get<uint32_t>();
    const bool changed = op == "W" ? combined.update_watermark(input, event.at(2).get<int64_t>())
                                   : combined.update_idle(input, op == "I");
    all.push_back(Json::array({changed, combined.watermark(), combined.is_idle()}));
  }
  return all;
}

Json generate(const Json& c) {
  const Json timeout = c.value("idle_timeout", Json());
  model::WatermarkGenerator::Options options{.bound_ms = c.at("bound").get<int64_t>(),
                                             .idle_timeout = {}};
  if (!timeout.is_null()) options.idle_timeout = sim::milliseconds(timeout.get<int64_t>());
  model::WatermarkGenerator generator(options);
  sim::Duration now{};
  Json all = Json::array();
  for (const Json& event : c.at("events")) {
    const auto op = event.at(0).get<std::string>();
    Json step = Json::array();
    if (op == "E") generator.on_event(event.at(1).get<int64_t>());
    if (op == "T") now = now + sim::milliseconds(event.at(1).get<int64_t>());
    if (op == "P") {
      const auto emitted = generator.on_periodic_tick(now);
      if (emitted.watermark) step.push_back(Json::array({"W", *emitted.watermark}));
      if (emitted.idle) step.push_back(Json::array({"I"}));
    }
    all.push_back(step);
  }
  return all;
}

Outcome judge(const Json& c, const Json&) {
  const auto kind = c.at("kind").get<std::string>();
  const Json got = kind == "valve" ? valve(c) : kind == "combine" ? combine(c) : generate(c);
  return expect_equal(c.at("expected"), got, kind);
}

TEST(Watermarks, Vectors) { run_vectors("watermarks.json", judge); }

TEST(Watermarks, MutantFails) {
  expect_mutant_fails(model::Mutant::first_split_moves_watermark, "watermarks.json", judge);
}

}  // namespace
}  // namespace drey::conformance
