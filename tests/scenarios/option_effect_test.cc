// "No effect because the model ignores this option" must not happen: for each Flink option that the
// reader accepts, tests/data/option_effects.json names a scenario of the library and a value that
// changes what happens in it, down to the trace's hash. An option without one has to leave the
// table in flink_options.cc, so that the reader refuses it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/flink_options.h"
#include "tests/scenarios/set_run.h"

namespace drey::scenarios {
namespace {

struct Effect {
  std::string option, value, file;
  std::vector<std::string> set;  // on both sides
};

std::vector<Effect> effects() {
  std::ifstream in(DREY_SOURCE_DIR "/tests/data/option_effects.json");
  const auto json = nlohmann::json::parse(in);
  std::vector<Effect> all;
  for (const auto& [option, entry] : json.items()) {
    Effect effect{option, entry.at("value"), entry.at("scenario"), {}};
    if (entry.contains("set")) effect.set = entry.at("set").get<std::vector<std::string>>();
    all.push_back(std::move(effect));
  }
  return all;
}

TEST(OptionEffects, EachAcceptedOptionChangesWhatHappensSomewhere) {
  std::map<std::pair<std::string, std::vector<std::string>>, std::string> without;
  for (const Effect& effect : effects()) {
    SCOPED_TRACE(effect.option);
    std::string& before = without[{effect.file, effect.set}];
    if (before.empty()) before = hash_with(effect.file, effect.set);
    std::vector<std::string> set = effect.set;
    set.push_back("/flink/" + effect.option + "=" + effect.value);
    EXPECT_NE(hash_with(effect.file, set), before);
  }
}

TEST(OptionEffects, TheListNamesEachAcceptedOptionAndNoOther) {
  std::set<std::string> accepted, listed;
  for (const OptionInfo& option : flink_options()) accepted.emplace(option.key);
  for (const Effect& effect : effects()) listed.insert(effect.option);
  EXPECT_EQ(listed, accepted);
}

// What must be seen to fail: an option of Flink that nothing in drey can obey.
TEST(OptionEffects, AnOptionWithoutEffectIsRefused) {
  for (const char* option : {"pipeline.object-reuse", "execution.state-recovery.from-local",
                             "task.cancellation.interval", "state.backend.rocksdb.thread.num"}) {
    ReadScenario read =
        read_scenario_file(DREY_SOURCE_DIR "/scenarios/catalogue/bounded/finishes.json");
    put_values(read, {std::string("/flink/") + option + "=true"});
    EXPECT_FALSE(read.scenario) << option;
    const std::string text = read.messages.render(read.sources);
    EXPECT_NE(text.find(option), std::string::npos) << text;
    EXPECT_NE(text.find("ignore_options"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace drey::scenarios
