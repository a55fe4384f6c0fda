// CLUSTERSCAN: the keys of a whole cluster, slot after slot, each at the node that has it. The client need not know which: a
// cursor is "FINGERPRINT-{TAG}-POSITION", and its tag takes it, like a key, to the node of the slot where it goes on.
//
// The fingerprint names the tables that the position belongs to. At a node that did not make the cursor (the slot moved, a
// replica took over, a restart) the slot is begun anew: keys may come twice, and none is left out that was there all the time.
// Valkey: of 9.1. A slot that is on its way to another node is scanned where it is owned: what has been moved already is not.

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/base/glob.h"
#include "engine/base/key_slot.h"
#include "engine/base/number.h"
#include "engine/cluster/cluster_command_rows.h"
#include "engine/cluster/slot_tags.h"
#include "engine/commands/errors.h"
#include "engine/commands/replies.h"
#include "engine/commands/type_names.h"

namespace norn::cluster::cluster_command {
namespace {

struct ScanPoint {
  SlotId slot;
  uint64_t position = 0;
};

struct ScanWords {
  ScanPoint from;
  bool from_start = false;  // the cursor was 0
  size_t count = 10;
  std::string_view pattern = "*";
  std::optional<ValueType> type;
  std::optional<SlotId> only;
};

std::string FingerprintOf(const ClusterCall& call) {
  return fmt::format("{:08x}", static_cast<uint32_t>(call.host.ScanFingerprint()));
}

std::string CursorText(const ClusterCall& call, ScanPoint at) {
  return fmt::format("{}-{{{}}}-{}", FingerprintOf(call), TagOfSlot(at.slot), at.position);
}

// nullopt: no cursor of ours.
std::optional<ScanPoint> ParseCursor(const ClusterCall& call, std::string_view cursor) {
  const size_t open = cursor.find("-{");
  const size_t close = cursor.rfind("}-");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
    return std::nullopt;
  }
  const std::optional<uint64_t> position = ParseUint64(cursor.substr(close + 2));
  if (!position) return std::nullopt;
  const bool mine = cursor.substr(0, open) == FingerprintOf(call);
  return ScanPoint{norn::KeySlot(cursor), mine ? *position : 0};
}

// False: the error is written.
bool ReadOption(const ClusterCall& call, size_t at, ScanWords* words) {
  const std::string_view name = call.words[at];
  const std::string_view value = call.words[at + 1];
  if (WordIs(name, "match")) {
    words->pattern = value;
    return true;
  }
  if (WordIs(name, "slot")) {
    words->only = SlotAt(call, at + 1);
    return words->only.has_value();
  }
  if (WordIs(name, "type")) {
    for (const auto& [type, text] : kTypeNames) {
      if (WordIs(value, text)) words->type = type;
    }
    if (!words->type) call.reply.Error(fmt::format("ERR unknown type name '{}'", UpToNul(value)));
    return words->type.has_value();
  }
  const std::optional<int64_t> count = ParseInt64(value);
  if (!WordIs(name, "count") || (count && *count < 1)) {
    call.reply.Error(kSyntaxError);
    return false;
  }
  if (!count) call.reply.Error(kNotAnInteger);
  words->count = static_cast<size_t>(count.value_or(0));
  return count.has_value();
}

// nullopt: the error is written.
std::optional<ScanWords> ReadWords(const ClusterCall& call) {
  ScanWords words;
  for (size_t at = 3; at < call.words.size(); at += 2) {
    if (at + 1 == call.words.size()) {
      call.reply.Error(kSyntaxError);
      return std::nullopt;
    }
    if (!ReadOption(call, at, &words)) return std::nullopt;
  }
  words.from_start = call.words[2] == "0";
  const std::optional<ScanPoint> from = words.from_start
                                            ? ScanPoint{words.only.value_or(SlotId{0}), 0}
                                            : ParseCursor(call, call.words[2]);
  if (!from || (words.only && from->slot != *words.only)) {
    call.reply.Error("ERR invalid cursor");
    return std::nullopt;
  }
  words.from = *from;
  return words;
}

bool ServesHere(const ClusterCall& call, SlotId slot) {
  const Topology& view = call.member.view();
  const ClusterNode* owner = view.OwnerOf(slot);
  if (owner == nullptr) return false;
  const ClusterNode& self = view.self();
  if (self.is_primary()) return owner->id == self.id;
  return call.session.readonly && owner->id == self.primary;
}

}  // namespace

void ClusterScan(const ClusterCall& call) {
  const std::optional<ScanWords> words = ReadWords(call);
  if (!words) return;
  const int64_t now_ms = call.wall.unix_ms();
  std::vector<std::string> keys;
  size_t visited = 0;
  ScanPoint at = words->from;
  bool done = false;
  while (!done && visited < words->count && ServesHere(call, at.slot)) {
    at.position = call.host.ScanSlot(
        at.slot, call.session.db, at.position, words->count - visited, [&](const Entry& entry) {
          ++visited;
          if (words->type && entry.type() != *words->type) return;
          if (words->pattern != "*" && !GlobMatch(words->pattern, entry.key())) return;
          if (!entry.ExpiredAt(now_ms)) keys.emplace_back(entry.key());
        });
    if (at.position != 0) continue;
    done = words->only.has_value() || at.slot.value + 1u == kSlotCount;
    if (!done) ++at.slot.value;
  }
  call.reply.Array(2);
  call.reply.Bulk(done ? "0" : CursorText(call, at));
  call.reply.Array(keys.size());
  for (const std::string& key : keys) call.reply.Bulk(key);
}

}  // namespace norn::cluster::cluster_command
