#include "engine/keyspace/entry.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/keyspace/entry_builder.h"

namespace norn {
namespace {

class EntryTest : public testing::Test {
 protected:
  Entry* New(std::string_view key, int64_t deadline_ms, const ValueView& value) {
    return EntryBuilder::New(pool_, key, deadline_ms, 0x123456, value);
  }
  static ValueView Embedded(std::string_view bytes) {
    ValueView view;
    view.embedded = bytes;
    return view;
  }
  EntryPool pool_;
};

TEST_F(EntryTest, SixteenAndSixteenTakeForty) {
  Entry* entry = New("0123456789abcdef", kNoDeadline, Embedded("fedcba9876543210"));
  EXPECT_EQ(entry->SizeBytes(), 40u);
  EXPECT_EQ(pool_.UsedBytes(), 40u);
  EntryBuilder::Free(pool_, entry);
  entry = New("0123456789abcdef", 77, Embedded("fedcba9876543210"));
  EXPECT_EQ(entry->SizeBytes(), 48u);
  EntryBuilder::Free(pool_, entry);
  EXPECT_EQ(pool_.UsedBytes(), 0u);
}

TEST_F(EntryTest, ReadsBackEveryShape) {
  for (size_t key_bytes : {0u, 7u, 255u, 256u, 600u}) {
    for (int64_t deadline_ms : {kNoDeadline, int64_t{0}, INT64_MAX}) {
      const std::string key(key_bytes, 'k');
      ValueView integer;
      integer.encoding = Encoding::kInt;
      integer.word = static_cast<uint64_t>(INT64_MIN);
      for (const ValueView& value : {Embedded("value"), integer}) {
        Entry* entry = New(key, deadline_ms, value);
        EXPECT_EQ(entry->key(), key);
        EXPECT_EQ(entry->deadline_ms(), deadline_ms);
        EXPECT_EQ(entry->access(), 0x123456u);
        StringScratch scratch;
        EXPECT_EQ(entry->String(scratch),
                  value.encoding == Encoding::kInt ? "-9223372036854775808" : "value");
        EXPECT_EQ(entry->StringLength(), entry->String(scratch).size());
        EntryBuilder::Free(pool_, entry);
      }
    }
  }
}

TEST_F(EntryTest, ExpiresAtItsDeadline) {
  Entry* entry = New("k", 100, Embedded("v"));
  EXPECT_FALSE(entry->ExpiredAt(99));
  EXPECT_TRUE(entry->ExpiredAt(100));
  EntryBuilder::Free(pool_, entry);
}

TEST_F(EntryTest, OverwritesOnlyWithinItsSize) {
  Entry* entry = New("key", kNoDeadline, Embedded("12345"));  // 8 + 3 + 5 = 16
  EXPECT_TRUE(EntryBuilder::Overwrite(entry, Embedded("abc")));
  EXPECT_TRUE(EntryBuilder::Overwrite(entry, Embedded("abcde")));
  EXPECT_FALSE(EntryBuilder::Overwrite(entry, Embedded("abcdef")));
  ValueView integer;
  integer.encoding = Encoding::kInt;
  EXPECT_FALSE(EntryBuilder::Overwrite(entry, integer));
  StringScratch scratch;
  EXPECT_EQ(entry->String(scratch), "abcde");
  EntryBuilder::Free(pool_, entry);
}

TEST(AllocationBytes, HasFourClassesADoubling) {
  EXPECT_EQ(AllocationBytes(1), 16u);
  EXPECT_EQ(AllocationBytes(17), 32u);
  EXPECT_EQ(AllocationBytes(128), 128u);
  EXPECT_EQ(AllocationBytes(129), 160u);
  EXPECT_EQ(AllocationBytes(256), 256u);
  EXPECT_EQ(AllocationBytes(257), 320u);
  EXPECT_EQ(AllocationBytes(1025), 1280u);
  EXPECT_EQ(AllocationBytes(4096), 4096u);
  EXPECT_EQ(AllocationBytes(5000), 5120u);
}

TEST(StringBlock, GrowsInPlaceUntilItsCapacity) {
  StringBlock* block = StringBlock::New("hello");
  const size_t capacity = block->capacity_bytes;
  EXPECT_EQ(block->UsedBytes(), 32u);
  block = StringBlock::Resize(block, capacity);
  EXPECT_EQ(block->capacity_bytes, capacity);
  EXPECT_EQ(block->view().substr(0, 5), "hello");
  block = StringBlock::Resize(block, capacity + 1);
  EXPECT_GE(block->capacity_bytes, capacity + capacity / 4);
  EXPECT_EQ(block->view().substr(0, 5), "hello");
  StringBlock::Free(block);
}

}  // namespace
}  // namespace norn
