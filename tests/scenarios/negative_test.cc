// Every file under tests/negative is refused with exactly the messages beside it.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "scenarios/read_scenario.h"
#include "tests/scenarios/catalogue.h"

namespace drey::scenarios {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Messages are pinned with bare file names, wherever the sources lie.
std::string without_folder(std::string text, const std::string& folder) {
  for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

TEST(Negative, MessagesArePinned) {
  const std::string folder = std::string(DREY_SOURCE_DIR) + "/tests/negative/";
  const std::vector<std::string> files = bad_files();
  EXPECT_GE(files.size(), 40u);
  for (const std::string& file : files) {
    const ReadScenario read = read_scenario_file(file);
    EXPECT_FALSE(read.scenario) << file;
    EXPECT_EQ(without_folder(read.errors(), folder),
              file_text(file.substr(0, file.size() - 5) + ".expected"))
        << file;
  }
}

TEST(Negative, AHugeFileIsRefusedWithoutBeingRead) {
  const std::string name = ::testing::TempDir() + "drey_huge.json";
  {
    std::ofstream out(name, std::ios::binary);
    out << "{\"name\": ";
    out.seekp(std::streamoff{2} << 30);  // a sparse 2 GB number
    out << "1}";
  }
  const ReadScenario read = read_scenario_file(name);
  EXPECT_FALSE(read.scenario);
  EXPECT_NE(read.errors().find("larger than 4 MiB"), std::string::npos) << read.errors();
  EXPECT_LE(read.sources.front().text.size(), kFileBytesMax + 1);
  std::filesystem::remove(name);
}

TEST(Negative, ANumberOfFourMillionDigitsIsRefused) {
  const std::string text = "{\"records\": " + std::string(4'000'000, '7') + "}";
  const ReadScenario read = read_scenario_text("x.json", text);
  EXPECT_FALSE(read.scenario);
  EXPECT_LT(read.errors().size(), 1000u);
}

TEST(Negative, ManyDuplicateKeysStayCheap) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"a\":1,\n";
  const ReadScenario read = read_scenario_text("x.json", text + "\"b\":1}");
  EXPECT_FALSE(read.scenario);
  EXPECT_NE(read.errors().find("and 199979 more errors"), std::string::npos)
      << read.errors().substr(read.errors().size() - 100);
}

}  // namespace
}  // namespace drey::scenarios
