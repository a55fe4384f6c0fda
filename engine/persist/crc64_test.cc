#include "engine/persist/crc64.h"

#include <gtest/gtest.h>

#include <string>

namespace norn::persist {
namespace {

TEST(Crc64, HasThePublishedCheckValue) { EXPECT_EQ(Crc64(0, "123456789"), 0xe9c6d914c4b8d9ca); }

TEST(Crc64, IsTheSameInAnyPieces) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 37);
  const std::string_view all = text;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc64(Crc64(0, all.substr(0, cut)), all.substr(cut)), Crc64(0, all)) << cut;
  }
}

TEST(Crc64, OfNothingIsWhatItWas) { EXPECT_EQ(Crc64(77, {}), 77u); }

}  // namespace
}  // namespace norn::persist
