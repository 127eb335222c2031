// What option_effect_test.cc says of Flink's options, of a scenario's own settings: each leaf of
// `cluster`, `job`, `grain` and `null_task` that the reader accepts has a scenario of the library
// in which its value changes the trace's hash (tests/data/setting_effects.json), or is listed there
// as a label with the reason. A setting without either has to leave the reader.
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
  std::ifstream in(DREY_SOURCE_DIR "/tests/data/setting_effects.json");
  return nlohmann::json::parse(in);
}

// The leaves of the schema below a pointer; elements of maps and lists count as "*".
class Leaves {
 public:
  explicit Leaves(const nlohmann::json& schema) : schema_(schema) {}

  std::set<std::string> of(const std::string& key) {
    if (!walk(schema_.at("properties").at(key), "/" + key, {})) found_.insert("/" + key);
    return std::move(found_);
  }

 private:
  using Seen = std::set<std::string>;

  // True: there is something below it.
  bool walk(const nlohmann::json& node, const std::string& path, Seen seen) {
    bool inner = false;
    if (node.contains("$ref")) {
      const std::string name = node.at("$ref").get<std::string>().substr(14);  // #/definitions/
      if (name == "delay" || !seen.insert(name).second) {
        found_.insert(path);
        return false;
      }
      return walk(schema_.at("definitions").at(name), path, seen);
    }
    for (const char* several : {"anyOf", "oneOf", "allOf"})
      if (node.contains(several))
        for (const auto& one : node.at(several)) inner |= walk(one, path, seen);
    for (const char* part : {"then", "else"})
      if (node.contains(part)) inner |= walk(node.at(part), path, seen);
    if (node.contains("properties")) {
      for (const auto& [name, below] : node.at("properties").items()) {
        inner = true;
        if (name.ends_with('+')) continue;  // the same elements, added to those of the parent
        if (!walk(below, path + "/" + name, seen)) found_.insert(path + "/" + name);
      }
    }
    for (const char* elements : {"additionalProperties", "items"})
      if (node.contains(elements) && node.at(elements).is_object())
        inner |= walk(node.at(elements), path + "/*", seen);
    return inner;
  }

  const nlohmann::json& schema_;
  std::set<std::string> found_;
};

std::set<std::string> accepted() {
  const auto schema = nlohmann::json::parse(schema_text());
  std::set<std::string> all;
  for (const char* part : {"cluster", "job", "grain", "null_task"})
    for (const std::string& leaf : Leaves(schema).of(part)) all.insert(leaf);
  return all;
}

TEST(SettingEffects, EachSettingChangesWhatHappensSomewhere) {
  std::map<std::pair<std::string, std::vector<std::string>>, std::string> without;
  const auto json = table();
  EXPECT_GT(json.at("effects").size(), 60u);
  for (const auto& [setting, entry] : json.at("effects").items()) {
    SCOPED_TRACE(setting);
    const std::string file = entry.at("scenario");
    std::vector<std::string> set;
    if (entry.contains("before")) set = entry.at("before").get<std::vector<std::string>>();
    std::string& before = without[{file, set}];
    if (before.empty()) before = hash_with(file, set);
    set.push_back(entry.at("set"));
    EXPECT_NE(hash_with(file, set), before);
  }
}

TEST(SettingEffects, TheTableNamesEachAcceptedSettingAndNoOther) {
  expect_complete(table(), accepted(), "setting");
}

// What nothing in drey obeys was accepted once, and is refused now.
TEST(SettingEffects, ASettingWithoutEffectIsRefused) {
  const std::pair<const char*, const char*> refused[] = {
      {"bounded/finishes.json", R"(/cluster/task_managers={"tm": {"count": 2, "slots": 3}})"},
      {"bounded/finishes.json", R"(/cluster/task_managers={"tm": {"count": 2, "cores": 3}})"},
      {"window/tumbling-crash.json", "/job/vertices/sum/allowed_lateness=1 s"}};
  for (const auto& [file, set] : refused) {
    ReadScenario read =
        read_scenario_file(DREY_SOURCE_DIR "/scenarios/catalogue/" + std::string(file));
    ASSERT_TRUE(read.scenario) << file;
    put_values(read, {set});
    EXPECT_FALSE(read.scenario) << set;
    EXPECT_NE(read.messages.render(read.sources).find("unknown key"), std::string::npos)
        << read.messages.render(read.sources);
  }
}

}  // namespace
}  // namespace drey::scenarios
