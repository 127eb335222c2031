#include "sim/file_content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace drey::sim {
namespace {

std::string pattern(size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>((i * 131 + seed * 17 + (i >> 7)) & 255);
  return text;
}

TEST(FileContent, AppendsReadBackAtEveryOffset) {
  FileContent rope;
  std::string expected;
  for (unsigned i = 0; i < 200; ++i) {
    const std::string part = pattern(i * 7 % 997, i);
    rope.append(part);
    expected += part;
  }
  ASSERT_EQ(rope.size(), expected.size());
  EXPECT_EQ(rope.to_string(), expected);
  for (size_t at = 0; at < expected.size(); at += 613) {
    std::string out(1500, 'x');
    const uint64_t n = rope.read(at, out.size(), out.data());
    EXPECT_EQ(out.substr(0, n), expected.substr(at, 1500));
  }
  EXPECT_EQ(rope.view(rope.size(), 1), "");
}

TEST(FileContent, AppendingAfterSharingLeavesTheOtherAlone) {
  FileContent a("head");
  const FileContent snapshot = a;
  FileContent b = a;
  a.append("-left");
  b.append("-right");  // the tip of the shared chunk is taken: b gets a chunk of its own
  EXPECT_EQ(a.to_string(), "head-left");
  EXPECT_EQ(b.to_string(), "head-right");
  EXPECT_EQ(snapshot.to_string(), "head");
}

TEST(FileContent, ViewsStayWhereTheyAre) {
  FileContent a("0123456789");
  const std::string_view early = a.view(0, 10);
  for (int i = 0; i < 10000; ++i) a.append("abcdefgh");
  EXPECT_EQ(a.view(0, 10).data(), early.data());
  EXPECT_EQ(early, "0123456789");
}

TEST(FileContent, DigestSeesBytesAndNotChunks) {
  const std::string text = pattern(100003, 5);
  FileContent whole(text);
  FileContent parts;
  for (size_t at = 0; at < text.size();) {
    const size_t n = std::min<size_t>(1 + at % 61, text.size() - at);
    FileContent part(std::string_view(text).substr(at, n));
    parts.append(part);
    at += n;
  }
  EXPECT_GT(parts.pieces(), whole.pieces());
  EXPECT_EQ(whole.digest(), parts.digest());
  EXPECT_TRUE(whole == parts);
  FileContent longer = whole;
  longer.append(std::string_view("\0", 1));
  EXPECT_NE(longer.digest(), whole.digest());
}

// Zeros are counted, not folded, wherever they lie and however they are cut.
TEST(FileContent, DigestSeesHowManyZerosThereAreAndWhere) {
  const FileContent zeros = FileContent::adopt(std::string(32768, '\0'));
  const auto padded = [&](size_t head, size_t chunks, std::string_view tail) {
    FileContent rope(pattern(head, 3));
    for (size_t i = 0; i < chunks; ++i) rope.append(zeros);
    rope.append(tail);
    return rope;
  };
  std::vector<Digest128> seen;
  for (const size_t head : {0u, 1u, 128u, 1000u, 12801u}) {
    for (const size_t chunks : {0u, 1u, 2u, 7u}) {
      const FileContent rope = padded(head, chunks, "behind");
      EXPECT_EQ(rope.digest(), FileContent(rope.to_string()).digest());
      FileContent bytewise;
      const std::string text = rope.to_string();
      for (size_t at = 0; at < text.size(); at += 997)
        bytewise.append(FileContent(std::string_view(text).substr(at, 997)));
      EXPECT_EQ(rope.digest(), bytewise.digest());
      seen.push_back(rope.digest());
      if (chunks == 0) continue;
      FileContent flipped = rope;
      flipped.flip_bit((head + 20000) * 8);
      seen.push_back(flipped.digest());
      FileContent without_tail = rope;
      without_tail.truncate(rope.size() - 6);
      seen.push_back(without_tail.digest());
      without_tail.truncate(rope.size() - 6 - 128);
      seen.push_back(without_tail.digest());
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST(FileContent, SliceTruncateAndFlipActOnOneRope) {
  const std::string text = pattern(70000, 9);
  FileContent rope;
  for (size_t at = 0; at < text.size(); at += 700)
    rope.append(FileContent(std::string_view(text).substr(at, 700)));
  EXPECT_EQ(rope.slice(699, 30002).to_string(), text.substr(699, 30002));
  EXPECT_EQ(rope.slice(70000, 0).size(), 0u);

  FileContent cut = rope;
  cut.truncate(12345);
  EXPECT_EQ(cut.to_string(), text.substr(0, 12345));
  cut.append("tail");
  EXPECT_EQ(cut.to_string(), text.substr(0, 12345) + "tail");
  EXPECT_EQ(rope.to_string(), text);

  FileContent flipped = rope;
  flipped.flip_bit(50000 * 8 + 3);
  std::string expected = text;
  expected[50000] = static_cast<char>(expected[50000] ^ 8);
  EXPECT_EQ(flipped.to_string(), expected);
  EXPECT_NE(flipped.digest(), rope.digest());
  flipped.flip_bit(50000 * 8 + 3);
  EXPECT_EQ(flipped.digest(), rope.digest());
}

}  // namespace
}  // namespace drey::sim
