// Splices of a node against those of a string, at both ends and between, with packing in between.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "engine/base/allocation.h"
#include "engine/base/prng.h"
#include "engine/structs/listpack.h"
#include "engine/structs/packed_node.h"

namespace norn {
namespace {

size_t DrawAt(Prng& prng, size_t size) {
  switch (prng.Below(3)) {
    case 0:
      return std::min<size_t>(6, size);
    case 1:
      return size - std::min<size_t>(1, size);
    default:
      return prng.Below(size + 1);
  }
}

void SpliceBoth(Prng& prng, PackedNode& node, std::string& plain) {
  const size_t at = DrawAt(prng, plain.size());
  const bool grows = prng.OneIn(2) || plain.size() < 40;
  const size_t removed = grows ? 0 : prng.Below(std::min<size_t>(200, plain.size() - at) + 1);
  const std::string inserted(prng.Below(grows ? 200 : 20), static_cast<char>(prng.Below(256)));
  PackedNode::Storage storage(node);
  const std::span<char> bytes = storage.Splice(at, removed, inserted.size());
  std::copy(inserted.begin(), inserted.end(), bytes.begin() + static_cast<ptrdiff_t>(at));
  plain.replace(at, removed, inserted);
}

RC_GTEST_PROP(PackedNodeProperty, SplicesAsAStringDoes, (uint64_t seed)) {
  Prng prng(seed);
  PackedNode node;
  std::string plain(Listpack::Empty());
  for (int step = 0; step < 300; ++step) {
    SpliceBoth(prng, node, plain);
    RC_ASSERT(node.bytes() == plain);
    RC_ASSERT(node.UsedBytes() >= plain.size());
    RC_ASSERT(node.UsedBytes() <= 2 * AllocationBytes(plain.size()) + 64);
    if (!prng.OneIn(20)) continue;
    node.Compress(plain.size());
    PackedNode copy(node);
    std::string scratch;
    RC_ASSERT(copy.Read(scratch) == plain);
    RC_ASSERT(copy.UsedBytes() == node.UsedBytes());
    node = std::move(copy);
    node.Open();
  }
}

TEST(PackedNode, PushesAndPopsAtTheFrontKeepTheirRoom) {
  PackedNode node;
  PackedNode::Storage storage(node);
  Listpack listpack(storage);
  for (int i = 0; i < 300; ++i) {
    listpack.Insert(listpack.view().first(), {"element:" + std::to_string(i)});
  }
  const size_t full_bytes = node.UsedBytes();
  EXPECT_LE(full_bytes, AllocationBytes(node.size_bytes()) * 5 / 4);
  for (int i = 0; i < 290; ++i) listpack.Erase(listpack.view().first(), 1);
  EXPECT_TRUE(ListpackIsValid(node.bytes()));
  EXPECT_LT(node.UsedBytes(), full_bytes / 8);
}

TEST(PackedNode, FoldedElementsComeBack) {
  PackedNode node;
  {
    PackedNode::Storage storage(node);
    for (int i = 0; i < 100; ++i) Listpack(storage).Append({"element:" + std::to_string(i)});
  }
  const std::string bytes(node.bytes());
  node.Fold(bytes.size() / 2);
  ASSERT_TRUE(node.is_folded());
  std::string scratch;
  EXPECT_EQ(node.Read(scratch), bytes);
  node.Open();
  EXPECT_EQ(node.bytes(), bytes);
}

}  // namespace
}  // namespace norn
