#pragma once
// A command on its way to its handler: the row, the words, and what routing found out. The words belong to the
// connection's input (or a transaction's queue) and outlive the run.

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/commands/command.h"

namespace norn {

struct CommandRef {
  const CommandSpec* spec = nullptr;
  const std::string_view* words = nullptr;
  uint32_t word_count = 0;
  uint32_t shard = 0;           // where its keys live, when one shard has them all
  uint64_t first_key_hash = 0;  // with has_first_key_hash
  SlotId first_key_slot = {};   // the same; 0 unless keys are kept by slot
  bool has_first_key_hash = false;
  size_t request_bytes = 0;
  // Of its keys, in cluster mode, where somebody must ask under the tokens whether it may run here (redirect.h).
  static constexpr uint16_t kNoSlot = UINT16_MAX;
  uint16_t slot = kNoSlot;

  bool has_slot() const { return slot != kNoSlot; }

  // The first key without its bytes: enough to prefetch it and to find its shard. With has_first_key_hash.
  Key FirstKey() const { return Key{{}, first_key_hash, first_key_slot}; }
  std::span<const std::string_view> Words() const { return {words, word_count}; }
};

}  // namespace norn
