#include "engine/shard/routing.h"

#include <algorithm>
#include <numeric>

#include "engine/commands/scan_commands.h"
#include "engine/commands/table.h"
#include "engine/pubsub/channel_kind.h"

namespace norn {
namespace {

// One past the last word that the simple positions of `spec` cover; negative last_key counts from the end.
size_t KeysEnd(const CommandSpec& spec, size_t words) {
  const int last = spec.last_key >= 0 ? spec.last_key : static_cast<int>(words) + spec.last_key;
  return std::min(static_cast<size_t>(std::max(last, 0)) + 1, words);
}

uint32_t ShardOfWord(std::string_view word, const KeyspaceView& view) {
  return view.ShardOf(view.MakeKey(word));
}

}  // namespace

std::vector<uint32_t> EveryShard(uint32_t count) {
  std::vector<uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

namespace {

std::vector<uint32_t> ShardsOfChannels(const CommandRef& command, const KeyspaceView& view) {
  std::vector<uint32_t> shards;
  for (const std::string_view channel : command.Words().subspan(1)) {
    if (StandsInEveryShard(ChannelKind::kChannel, channel)) return EveryShard(view.shard_count());
    shards.push_back(ShardOfWord(channel, view));
  }
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  return shards;
}

}  // namespace

std::vector<uint32_t> ShardsOf(const CommandRef& command, const KeyspaceView& view) {
  const CommandSpec& spec = *command.spec;
  if (spec.placement == Placement::kAllShards) return EveryShard(view.shard_count());
  if (spec.placement == Placement::kScan) {
    return {ScanShard(command.words[1], view.map())};
  }
  if (spec.placement == Placement::kChannel) return {ShardOfWord(command.words[1], view)};
  if (spec.placement == Placement::kChannels) return ShardsOfChannels(command, view);
  std::vector<uint32_t> shards;
  // WATCH is the dispatcher's own, and yet touches the shards of its keys.
  const bool watches = spec.placement == Placement::kDispatcher && spec.first_key > 0;
  if (spec.placement != Placement::kKeys && !watches) return shards;
  // What it reaches besides its keys is in their slot, where there are slots.
  const bool reaches = spec.PlacementOf(command.Words()) == Placement::kAllShards;
  if (reaches && !view.map().slots) return EveryShard(view.shard_count());
  const auto keys = FindKeys(spec, command.Words());
  if (!keys) return EveryShard(view.shard_count());
  for (const KeyPosition& key : *keys) {
    shards.push_back(ShardOfWord(command.words[key.word], view));
  }
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  return shards;
}

bool RouteToOneShard(CommandRef& command, const KeyspaceView& view) {
  const CommandSpec& spec = *command.spec;
  if (spec.placement == Placement::kScan) {
    command.shard = ScanShard(command.words[1], view.map());
    return true;
  }
  if (spec.placement == Placement::kChannel || spec.placement == Placement::kChannels) {
    command.shard = ShardOfWord(command.words[1], view);
    return spec.placement == Placement::kChannel;
  }
  if (spec.placement != Placement::kKeys) return false;
  if (spec.first_key > 0 && static_cast<uint32_t>(spec.first_key) < command.word_count) {
    const Key key = view.MakeKey(command.words[spec.first_key]);
    command.first_key_hash = key.hash;
    command.first_key_slot = key.slot;
    command.has_first_key_hash = true;
  }
  if (view.shard_count() == 1) {
    command.shard = 0;
    return true;
  }
  if (!spec.simple_keys) {
    const std::vector<uint32_t> shards = ShardsOf(command, view);
    if (shards.size() == 1) command.shard = shards[0];
    return shards.size() == 1;
  }
  command.shard = view.ShardOf(command.FirstKey());
  const size_t end = KeysEnd(spec, command.word_count);
  for (size_t at = static_cast<size_t>(spec.first_key + spec.key_step); at < end;
       at += static_cast<size_t>(spec.key_step)) {
    if (ShardOfWord(command.words[at], view) != command.shard) return false;
  }
  return true;
}

}  // namespace norn
