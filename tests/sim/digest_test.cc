#include "sim/digest.h"

#include <gtest/gtest.h>

namespace drey::sim {
namespace {

TEST(Digest, HasOneValueOnEveryToolChain) {
  Digest digest;
  digest.fold(1, 2, 3, 4);
  digest.fold("a name");
  EXPECT_EQ(to_hex(digest.value()), "3a2ac47cbe50921f83972a45085a9615");
}

}  // namespace
}  // namespace drey::sim
