#include "engine/structs/hyperloglog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace norn {
namespace {

namespace hll = hyperloglog;

constexpr size_t kSparseMax = 3000;

std::string Of(int elements, size_t sparse_bytes_max = kSparseMax) {
  std::string bytes = hll::Empty();
  for (int i = 0; i < elements; ++i) {
    hll::Raise(&bytes, hll::MarkOf("element:" + std::to_string(i)), sparse_bytes_max);
  }
  return bytes;
}

TEST(HyperLogLog, EmptyIsOneRunOfZeros) {
  EXPECT_EQ(hll::Empty(), std::string("HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18));
  EXPECT_EQ(hll::Describe(hll::Empty()), "Z:16384");
  EXPECT_EQ(hll::Count(hll::Empty()), 0u);
}

// Values that redis-server 7.0 gives.
TEST(HyperLogLog, MarksAreThoseOfValkey) {
  std::string bytes = hll::Empty();
  for (const char* element : {"a", "b", "c", "d", "e", "f", "g"}) {
    EXPECT_EQ(hll::Raise(&bytes, hll::MarkOf(element), kSparseMax), hll::Raised::kChanged);
    EXPECT_EQ(hll::Raise(&bytes, hll::MarkOf(element), kSparseMax), hll::Raised::kSame);
  }
  EXPECT_EQ(hll::Count(bytes), 7u);
  EXPECT_EQ(
      hll::Describe(bytes),
      "Z:1646 v:1,1 Z:5645 v:1,1 Z:1085 v:2,1 z:57 v:1,1 Z:4274 v:2,1 Z:2445 v:1,1 Z:622 v:1,1 "
      "Z:603");
}

TEST(HyperLogLog, SplitsAndJoinsRuns) {
  std::string bytes = hll::Empty();
  hll::Raise(&bytes, {100, 3}, kSparseMax);
  EXPECT_EQ(hll::Describe(bytes), "Z:100 v:3,1 Z:16283");
  hll::Raise(&bytes, {102, 3}, kSparseMax);
  EXPECT_EQ(hll::Describe(bytes), "Z:100 v:3,1 z:1 v:3,1 Z:16281");
  hll::Raise(&bytes, {101, 3}, kSparseMax);
  EXPECT_EQ(hll::Describe(bytes), "Z:100 v:3,3 Z:16281");
  hll::Raise(&bytes, {101, 32}, kSparseMax);
  EXPECT_EQ(hll::Describe(bytes), "Z:100 v:3,1 v:32,1 v:3,1 Z:16281");
  hll::Raise(&bytes, {0, 1}, kSparseMax);
  hll::Raise(&bytes, {16383, 1}, kSparseMax);
  EXPECT_EQ(hll::Describe(bytes), "v:1,1 Z:99 v:3,1 v:32,1 v:3,1 Z:16280 v:1,1");
}

TEST(HyperLogLog, BecomesDenseBeyondALimitOrAValue) {
  EXPECT_FALSE(hll::IsDense(Of(1000)));
  EXPECT_TRUE(hll::IsDense(Of(5000)));
  EXPECT_TRUE(hll::IsDense(Of(100, 50)));
  std::string bytes = Of(10);
  hll::Raise(&bytes, {5, 33}, kSparseMax);
  EXPECT_TRUE(hll::IsDense(bytes));
  EXPECT_EQ(bytes.size(), hll::kDenseBytes);
  EXPECT_EQ(hll::DenseRegister(bytes, 5), 33);
  EXPECT_EQ(hll::DenseRegister(bytes, 6), 0);
}

TEST(HyperLogLog, CountsWithinItsError) {
  for (const int elements : {1, 10, 100, 1000, 10'000, 100'000}) {
    const double count = static_cast<double>(*hll::Count(Of(elements)));
    EXPECT_NEAR(count, elements, 0.03 * elements) << elements;
  }
}

TEST(HyperLogLog, CountIsCachedUntilDropped) {
  std::string bytes = Of(3);
  EXPECT_EQ(hll::CachedCount(bytes), 0u);  // nobody dropped it
  hll::DropCachedCount(bytes);
  EXPECT_EQ(hll::CachedCount(bytes), std::nullopt);
  hll::SetCachedCount(bytes, 0x1234567);
  EXPECT_EQ(hll::CachedCount(bytes), 0x1234567u);
}

TEST(HyperLogLog, TestsItself) {
  Prng prng(7);
  EXPECT_EQ(hll::SelfTest(prng, kSparseMax), "");
}

}  // namespace
}  // namespace norn
