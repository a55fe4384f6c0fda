// The parts of DEBUG that look into the keyspace. Debug has checked nothing but the name: words[1].

#include <fmt/format.h>

#include <string>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"
#include "engine/commands/handlers.h"
#include "engine/commands/node_control.h"
#include "engine/env/env.h"
#include "engine/types/dataset_digest.h"
#include "engine/types/list_value.h"
#include "engine/types/value_types.h"

namespace norn::handlers {
namespace {

// The bytes of a string in an RDB file, behind its type: an integer takes 1, 2 or 4 bytes and one that says so.
// Valkey: it may compress longer strings there, so its figure for those can be smaller.
size_t SerializedBytes(const Entry& entry) {
  StringScratch scratch;
  const std::string_view text = entry.String(scratch);
  if (text.size() <= 11) {
    if (const std::optional<int64_t> value = ParseInt64(text)) {
      if (*value >= INT8_MIN && *value <= INT8_MAX) return 2;
      if (*value >= INT16_MIN && *value <= INT16_MAX) return 3;
      if (*value >= INT32_MIN && *value <= INT32_MAX) return 5;
    }
  }
  const size_t prefix = text.size() < 64 ? 1 : text.size() < 16384 ? 2 : 5;
  return prefix + text.size();
}

HashTableStats StatsOf(CommandContext& c, DbIndex db) {
  HashTableStats sum;
  for (uint32_t shard = 0; shard < c.keys.shard_count(); ++shard) {
    const HashTableStats stats = c.keys.shard(shard).db(db).TableStats();
    sum.items += stats.items;
    sum.marked += stats.marked;
    sum.segments += stats.segments;
    sum.lines += stats.lines;
    for (size_t i = 0; i < std::size(sum.items_at_distance); ++i) {
      sum.items_at_distance[i] += stats.items_at_distance[i];
    }
  }
  return sum;
}

constexpr uint64_t kSlotsOfLine = 7;

std::string TableText(const HashTableStats& stats, bool full) {
  if (stats.items == 0) return "";
  std::string text = fmt::format(
      "Hash table 0 stats (main hash table):\n table size: {}\n number of entries: {}\n",
      stats.lines * kSlotsOfLine, stats.items);
  if (!full) return text;
  text += fmt::format(" segments: {}\n bucket lines: {}\n", stats.segments, stats.lines);
  text += " distance from home distribution:\n";
  for (size_t i = 0; i < std::size(stats.items_at_distance); ++i) {
    const uint64_t items = stats.items_at_distance[i];
    if (items == 0) continue;
    text += fmt::format("   {}: {} ({:.2f}%)\n", i, items,
                        100.0 * static_cast<double>(items) / static_cast<double>(stats.items));
  }
  return text;
}

bool WantsFull(const CommandContext& c) { return c.count() >= 4 && WordIs(c.word(3), "full"); }

std::optional<int64_t> CountAt(CommandContext& c, size_t at) {
  const std::optional<int64_t> value = IntegerAt(c, at, kMustBePositive);
  if (!value || *value >= 0) return value;
  c.reply.Error(kMustBePositive);
  return std::nullopt;
}

// "value:7", cut or padded with zero bytes to `size_bytes` unless that is 0.
std::string PopulatedValue(int64_t number, int64_t size_bytes) {
  std::string value = fmt::format("value:{}", number);
  if (size_bytes > 0) value.resize(static_cast<size_t>(size_bytes), '\0');
  return value;
}

// Null: it is none.
const Quicklist* QuicklistOf(const Entry& entry) {
  if (EncodingNameOf(entry) != "quicklist") return nullptr;
  return &ListReader(entry).list();
}

std::string QuicklistText(const Quicklist& list, bool fast) {
  const QuicklistLimits& limits = list.limits();
  const double average = static_cast<double>(list.size()) / static_cast<double>(list.node_count());
  std::string text =
      fmt::format(" ql_nodes:{} ql_avg_node:{:.2f} ql_listpack_max:{} ql_compressed:{}",
                  list.node_count(), average, limits.fill, limits.compress_depth > 0 ? 1 : 0);
  if (fast) return text;
  size_t bytes = 0;
  for (size_t i = 0; i < list.node_count(); ++i) bytes += list.node(i).size_bytes();
  return text + fmt::format(" ql_uncompressed_size:{}", bytes);
}

std::string_view FormOf(const PackedNode& node) {
  if (node.is_large()) return ", large";
  if (node.is_folded()) return ", folded";
  return node.is_compressed() ? ", compressed" : "";
}

// The server's log is its standard output where no file is named.
void LogListpack(CommandContext& c, std::string_view listpack) {
  const ListpackView view(listpack);
  c.node.env().Log(env::LogLevel::kNotice,
                   fmt::format("listpack: count {}, bytes {}", view.Count(), listpack.size()));
  size_t index = 0;
  for (ListpackView::Position at = view.first(); at != view.end(); at = view.Next(at)) {
    const PackedValue value = view.At(at);
    PackedScratch scratch;
    c.node.env().Log(env::LogLevel::kNotice,
                     fmt::format("listpack element {}: {} {}", index++,
                                 value.is_integer() ? "integer" : "text", value.View(scratch)));
  }
}

}  // namespace

// Valkey: "Value at" tells an address, which would make two runs differ; there is none here.
void DebugObject(CommandContext& c) {
  const Key key = c.KeyAt(2);
  const EntryRef found = c.DbFor(key).FindAny(key);
  if (!found) return c.reply.Error(kNoSuchKey);
  std::string text = fmt::format("Value at:0x0 refcount:1 encoding:{}", EncodingNameOf(*found));
  const bool fast = c.count() == 4 && WordIs(c.word(3), "fast");
  if (!fast && found->IsString()) {
    text += fmt::format(" serializedlength:{}", SerializedBytes(*found));
  }
  const uint32_t access = found->access();
  const int64_t now_ms = c.moment.now_ms;
  text += fmt::format(" lru:{} lru_seconds_idle:{}", access, LruIdleMs(access, now_ms) / 1000);
  text += fmt::format(" lfu_freq:{} lfu_access_time_minutes:{}",
                      LfuCount(access, now_ms, AccessPolicyOf(c.options)), access >> 8);
  if (const Quicklist* list = QuicklistOf(*found)) text += QuicklistText(*list, fast);
  c.reply.Simple(text);
}

void DebugListpack(CommandContext& c) {
  const Key key = c.KeyAt(2);
  const EntryRef found = c.DbFor(key).FindAny(key);
  if (!found) return c.reply.Error(kNoSuchKey);
  if (EncodingNameOf(*found) != "listpack") {
    return c.reply.Error("ERR Not a listpack encoded object.");
  }
  LogListpack(c, found->packed());
  c.reply.Simple("Listpack structure printed on stdout");
}

void DebugQuicklist(CommandContext& c) {
  const Key key = c.KeyAt(2);
  const EntryRef found = c.DbFor(key).FindAny(key);
  if (!found) return c.reply.Error(kNoSuchKey);
  const Quicklist* list = QuicklistOf(*found);
  if (list == nullptr) return c.reply.Error("ERR Not a quicklist encoded object.");
  const bool full = c.count() == 4 && ParseInt64(c.word(3)).value_or(0) != 0;
  c.node.env().Log(env::LogLevel::kNotice,
                   fmt::format("quicklist: count {}{}", list->size(), QuicklistText(*list, false)));
  std::string scratch;
  for (size_t i = 0; i < list->node_count(); ++i) {
    const PackedNode& node = list->node(i);
    c.node.env().Log(env::LogLevel::kNotice,
                     fmt::format("quicklist node {}: count {}, bytes {}, uses {}{}", i,
                                 node.count(), node.size_bytes(), node.UsedBytes(), FormOf(node)));
    if (full && !node.is_large()) LogListpack(c, node.Read(scratch));
  }
  c.reply.Simple("Quicklist structure printed on stdout");
}

// Keys with a deadline are marked in the one table, so the second part only counts them.
void DebugHtStats(CommandContext& c) {
  const std::optional<int64_t> db = IntegerAt(c, 2);
  if (!db) return;
  if (*db < 0 || *db >= c.options.databases) return c.reply.Error("ERR Out of range database");
  const HashTableStats stats = StatsOf(c, DbIndex{static_cast<uint32_t>(*db)});
  std::string text = "[Dictionary HT]\n" + TableText(stats, WantsFull(c)) + "[Expires HT]\n";
  if (stats.marked > 0) text += fmt::format(" number of entries: {}\n", stats.marked);
  c.reply.Verbatim("txt", text);
}

void DebugHtStatsKey(CommandContext& c) {
  const Key key = c.KeyAt(2);
  if (!c.DbFor(key).Find(key, WithoutTouch(c))) return c.reply.Error(kNoSuchKey);
  c.reply.Error("ERR The value stored at the specified key is not represented using an hash table");
}

void DebugDigest(CommandContext& c) { c.reply.Simple(DigestOf(c.keys.shards()).Hex()); }

void DebugDigestValue(CommandContext& c) {
  c.reply.Array(c.count() - 2);
  for (size_t i = 2; i < c.count(); ++i) {
    const Key key = c.KeyAt(i);
    DatasetDigest digest;
    if (const EntryRef found = c.DbFor(key).Find(key, WithoutTouch(c))) digest.MixValue(*found);
    c.reply.Simple(digest.Hex());
  }
}

void DebugPopulate(CommandContext& c) {
  const std::optional<int64_t> keys = CountAt(c, 2);
  if (!keys) return;
  const std::string_view prefix = c.count() == 3 ? "key" : c.word(3);
  const std::optional<int64_t> size_bytes = c.count() == 5 ? CountAt(c, 4) : 0;
  if (!size_bytes) return;
  for (int64_t i = 0; i < *keys; ++i) {
    const std::string name = fmt::format("{}:{}", prefix, i);
    const Key key = c.keys.MakeKey(name);
    Db& db = c.DbFor(key);
    const EntryRef found = db.FindForWrite(key, c.moment);
    if (!found) db.SetString(key, found, PopulatedValue(i, *size_bytes), {}, c.moment);
  }
  c.reply.Ok();
}

}  // namespace norn::handlers
