// What setting_effect_test.cc says of a scenario's settings, of its faults: each field that the
// reader accepts, of each verb and effect of its own ("lose.number", "storage=error.for"), has a
// scenario of the library in which its value changes the trace's hash
// (tests/data/fault_effects.json), or is listed there as a label with the reason. A field without
// either has to leave the reader.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/json_schema.h"
#include "tests/scenarios/set_run.h"

namespace drey::scenarios {
namespace {

nlohmann::json table() {
  std::ifstream in(DREY_SOURCE_DIR "/tests/data/fault_effects.json");
  return nlohmann::json::parse(in);
}

// "broker=error" of what the schema says under the condition that a fault is one.
std::string shape_of(const nlohmann::json& condition) {
  const std::string verb = condition.at("required").at(0);
  if (!condition.contains("properties")) return verb;
  const std::string effect = condition.at("properties").at(verb).at("const");
  return effect == "job" ? verb : verb + "=" + effect;  // all that a savepoint can be of
}

// Fields that all faults have stand alone, the others behind their shape.
std::set<std::string> accepted() {
  const auto schema = nlohmann::json::parse(schema_text());
  const auto& shapes = schema.at("properties").at("faults").at("items").at("allOf");
  std::map<std::string, size_t> in_shapes;
  for (const auto& shape : shapes)
    for (const auto& [name, field] : shape.at("then").at("properties").items()) ++in_shapes[name];
  std::set<std::string> all;
  for (const auto& shape : shapes)
    for (const auto& [name, field] : shape.at("then").at("properties").items())
      all.insert(in_shapes.at(name) == shapes.size() ? name
                                                     : shape_of(shape.at("if")) + "." + name);
  return all;
}

std::string hash_of(const std::string& file, const nlohmann::json& faults) {
  return hash_with(file, {"/expect=[]", "/killed_by=[]", "/faults=" + faults.dump()});
}

TEST(FaultEffects, EachFieldChangesWhatHappensSomewhere) {
  std::map<std::pair<std::string, std::string>, std::string> without;
  const auto json = table();
  EXPECT_GT(json.at("effects").size(), 80u);
  for (const auto& [field, entry] : json.at("effects").items()) {
    SCOPED_TRACE(field);
    const std::string file = entry.at("scenario");
    nlohmann::json fault = entry.value("fault", nlohmann::json::object());
    const auto beside = entry.value("beside", nlohmann::json::array());  // faults that stay
    nlohmann::json before = beside;
    if (!fault.empty()) before.push_back(fault);
    std::string& hash = without[{file, before.dump()}];
    if (hash.empty()) hash = hash_of(file, before);
    fault.merge_patch(entry.at("with"));
    nlohmann::json after = beside;
    after.push_back(fault);
    EXPECT_NE(hash_of(file, after), hash);
  }
}

TEST(FaultEffects, TheTableNamesEachAcceptedFieldAndNoOther) {
  const auto json = table();
  for (const auto& [field, entry] : json.at("effects").items()) {
    const std::string name = field.substr(field.rfind('.') + 1);
    EXPECT_TRUE(entry.at("with").contains(name)) << field << " is not what its entry changes";
  }
  expect_complete(json, accepted(), "field of a fault");
}

// Without effect once, and refused now: an expiry is a moment, and no request is hit.
TEST(FaultEffects, AFieldWithoutEffectIsRefused) {
  for (const char* field : {R"("for": "3 s")", R"("operation": "read")"}) {
    ReadScenario read = read_scenario_file(
        DREY_SOURCE_DIR "/scenarios/catalogue/job_manager/failover-standby.json");
    ASSERT_TRUE(read.scenario);
    put_values(read, {R"(/faults=[{"at": "1 s", "pointer_store": "session_expiry", )" +
                      std::string(field) + "}]"});
    EXPECT_FALSE(read.scenario) << field;
    EXPECT_NE(read.messages.render(read.sources).find("unknown key"), std::string::npos)
        << read.messages.render(read.sources);
  }
}

}  // namespace
}  // namespace drey::scenarios
