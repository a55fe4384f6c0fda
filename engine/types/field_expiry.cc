#include "engine/types/field_expiry.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/types/hash_value.h"

namespace norn {
namespace {

// At once from one hash: what one HDEL names.
constexpr size_t kLinesAtOnce = 16;

void TellOf(Keyspace& keyspace, DbIndex db, const std::string& key,
            const std::vector<std::string>& fields, bool key_is_gone) {
  keyspace.stats().expired_fields += fields.size();
  std::vector<std::string_view> words = {"HDEL", key};
  words.insert(words.end(), fields.begin(), fields.end());
  keyspace.RecordRemoval(db, words);
  keyspace.events().Add(config::kNotifyHash, "hexpired", db, key);
  if (key_is_gone) keyspace.events().Add(config::kNotifyGeneric, "del", db, key);
}

// True when nothing more of this key is due in this round.
bool ExpireFieldsOf(Keyspace& keyspace, Db& db, const std::string& name, const TypeRules& rules,
                    int64_t now_ms, size_t* erased) {
  const Key key = keyspace.MakeKey(name);
  const EntryRef found = db.FindAny(key);
  if (!found || found->type() != ValueType::kHash || found->IsPacked()) {
    db.ForgetTimedObject(name);
    return true;
  }
  if (found->ExpiredAt(now_ms)) return true;
  KeyPlace place(db, key, found, ValueType::kHash, {.now_ms = now_ms});
  std::vector<std::string> fields;
  const bool round_ends =
      HashWriter(place, rules).EraseDue(now_ms, kLinesAtOnce, [&](std::string_view field) {
        fields.emplace_back(field);
      });
  if (!fields.empty()) TellOf(keyspace, db.index(), name, fields, !place.exists());
  *erased += fields.size();
  return round_ends;
}

}  // namespace

size_t ExpireFieldsSome(Keyspace& keyspace, Db& db, const config::Options& options, int64_t now_ms,
                        size_t lines) {
  const TypeRules rules{options, keyspace.hash_seed()};
  size_t erased = 0;
  size_t keys_left = db.TimedObjectCount();
  std::string& at = db.timed_walk();
  while (lines > 0 && keys_left > 0) {
    const std::string* next = db.TimedObjectFrom(at);
    if (next == nullptr) {
      if (at.empty()) break;
      at.clear();
      continue;
    }
    at = *next;
    const std::string name = at;
    if (ExpireFieldsOf(keyspace, db, name, rules, now_ms, &erased)) {
      at += '\0';  // the first that comes behind this name
      --keys_left;
    }
    lines -= std::min(lines, kLinesAtOnce);
  }
  return erased;
}

}  // namespace norn
