// A user's own records: CSV in, committed output out, exactly once over a crash.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace drey {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The key's field as written; the value, the last field but one.
struct Row {
  std::string key;
  int64_t value = 0;
};
Row row_of(const std::string& line) {
  const size_t last = line.rfind(',');
  const size_t before = line.rfind(',', last - 1);
  return {line.substr(0, before), std::stoll(line.substr(before + 1, last - before - 1))};
}

TEST(CsvOutput, CommittedRecordsAreTheRunningSumsOfTheUsersKeys) {
  const std::string data = DREY_SOURCE_DIR "/tests/data/";
  const std::string out = ::testing::TempDir() + "/committed-" + std::to_string(getpid()) + ".csv";
  const std::string command = std::string(DREY_BINARY_DIR) + "/drey run '" + data +
                              "orders.json' -q --committed '" + out + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::vector<std::string> in = lines_of(data + "orders.csv");
  const std::vector<std::string> committed = lines_of(out);
  ASSERT_EQ(committed.size(), in.size());
  EXPECT_EQ(committed[0], in[0]);
  std::map<std::string, int64_t> sums;
  std::map<std::string, int> counts;
  for (size_t i = 1; i < in.size(); ++i) {
    const Row row = row_of(in[i]);
    sums[row.key] += row.value;
    ++counts[row.key];
  }
  std::map<std::string, int64_t> last;
  for (size_t i = 1; i < committed.size(); ++i) {
    const Row row = row_of(committed[i]);
    last[row.key] = row.value;
    --counts[row.key];
  }
  EXPECT_EQ(last, sums);
  for (const auto& [key, left] : counts) EXPECT_EQ(left, 0) << key;
  EXPECT_EQ(sums.count("\"Bob, the 2nd\""), 1u);
  std::remove(out.c_str());
}

TEST(CsvOutput, IsForOneRun) {
  const std::string command = std::string(DREY_BINARY_DIR) +
                              "/drey run '" DREY_SOURCE_DIR
                              "/tests/data/orders.json' --seeds 1..2 --committed x.csv 2>/dev/null";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 2);
}

}  // namespace
}  // namespace drey
