// "No effect because the model ignores this option" must not happen: an option that the reader
// accepts is read by whoever builds the cluster or checks the scenario. One that nobody reads has
// to leave the table, so that the reader refuses it.
#include "scenarios/flink_options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace drey::scenarios {
namespace {

// The sources of scenarios/, but for the table itself.
std::string sources() {
  std::stringstream text;
  for (const auto& entry : std::filesystem::directory_iterator(DREY_SOURCE_DIR "/scenarios")) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".cc" || name == "flink_options.cc") continue;
    text << std::ifstream(entry.path()).rdbuf();
  }
  return text.str();
}

// As one literal, or put together of a prefix and the rest.
bool is_read(const std::string& text, const std::string& key) {
  const auto has = [&](const std::string& part) {
    return text.find("\"" + part + "\"") != std::string::npos;
  };
  if (has(key)) return true;
  for (size_t cut = 1; cut < key.size(); ++cut)
    if (has(key.substr(0, cut)) && has(key.substr(cut))) return true;
  return false;
}

TEST(FlinkOptions, EachThatIsAcceptedIsReadBySomeone) {
  const std::string text = sources();
  ASSERT_GT(text.size(), 100'000u);
  for (const OptionInfo& option : flink_options()) {
    const std::string key(option.key);
    EXPECT_TRUE(is_read(text, key)) << key;
  }
  EXPECT_FALSE(is_read(text, "pipeline.object-reuse"));
}

}  // namespace
}  // namespace drey::scenarios
