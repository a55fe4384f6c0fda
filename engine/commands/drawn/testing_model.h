#pragma once
// A reference model in obvious code: what keys with values of each type are and what their commands reply, over std containers,
// without a thought for speed or memory. Tests only.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/number.h"
#include "engine/commands/drawn/testing_values.h"
#include "engine/commands/reply_value.h"

namespace norn::reference {

// What the model has to know about the server that it follows.
struct Followed {
  // What the server says to a command that changes nothing.
  std::function<ReplyValue(const Words&)> ask;
  int64_t stream_node_entries_max = 100;
  int64_t sparse_bytes_max = 3000;  // of HyperLogLogs
};

inline std::string Int(int64_t value) { return ":" + std::to_string(value); }
inline std::string Bulk(const std::string& text) { return "$" + text; }
inline std::string Array(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() == 1 ? "" : ", ") + item;
  return text + "]";
}

class Model {
 public:
  explicit Model(Followed server);
  bool Knows(const std::string& command) const { return commands_.contains(command); }
  // A sorted set with scores so large that sums depend on their order; "": none. Places are large too, but nobody adds them.
  std::string KeyWithHugeScores() const {
    for (const auto& [name, value] : keys_) {
      const Zset* zset = std::get_if<Zset>(&value.data);
      for (const auto& [member, score] : zset == nullptr || name[0] == 'g' ? Zset() : *zset) {
        if (std::abs(score) > 1e9) return name;
      }
    }
    return "";
  }
  // What the server has to say. Where it may choose, that is what it said, if it may be so and the model did the same; else why
  // not.
  std::string Run(const Words& words, const ReplyValue& said, int64_t now_ms) {
    Begin(now_ms);
    said_ = &said;
    try {
      const std::string reply = commands_.at(words[0])(words);
      std::erase_if(keys_, [](const auto& key) {
        return std::visit([](const auto& data) { return data.empty(); }, key.second.data);
      });
      return reply;
    } catch (const WrongType& wrong) {
      return wrong.error;
    }
  }
  // Nobody told a hash to lose its fields that have expired: housekeeping does.
  void EraseDueFields(int64_t now_ms) {
    for (auto& [name, value] : keys_) {
      Hash* hash = std::get_if<Hash>(&value.data);
      if (hash == nullptr || (value.deadline_ms && *value.deadline_ms <= now_ms)) continue;
      std::erase_if(*hash, [&](const auto& field) {
        return field.second.deadline_ms && *field.second.deadline_ms <= now_ms;
      });
    }
    std::erase_if(keys_, [](const auto& key) {
      const Hash* hash = std::get_if<Hash>(&key.second.data);
      return hash != nullptr && hash->empty();
    });
  }

 private:
  using Command = std::function<std::string(const Words&)>;

  // What was to expire by now has.
  void Begin(int64_t now_ms) {
    now_ms_ = now_ms;
    for (auto* keys : {&keys_, &keys_of_db_1_}) {
      std::erase_if(*keys, [&](const auto& key) {
        return key.second.deadline_ms && *key.second.deadline_ms <= now_ms;
      });
    }
  }
  // The value of that type; null: there is no such key.
  template <typename T>
  T* Find(const std::string& key) {
    const auto at = keys_.find(key);
    if (at == keys_.end()) return nullptr;
    T* value = std::get_if<T>(&at->second.data);
    if (value == nullptr) throw WrongType();
    return value;
  }
  template <typename T>
  T& Make(const std::string& key) {
    if (T* found = Find<T>(key)) return *found;
    return std::get<T>(keys_.emplace(key, Value{T(), {}}).first->second.data);
  }
  static int64_t Number(const std::string& word) { return *ParseInt64(word); }

  // Where the server chooses, what it chose; each in a file of its own.
  void AddChances();
  void AddKeys();
  void AddLives();
  void AddMoves();
  void AddSorting();
  void AddStrings();
  void AddStringEdits();
  void AddBits();
  void AddBitFields();
  void AddLists();
  void AddListEdits();
  void AddListWaits();
  void AddSets();
  void AddHashes();
  void AddWholeHashes();
  void AddFieldLives();
  void AddZsets();
  void AddRanges();
  void AddBytewiseRanges();
  void AddPops();
  void AddAlgebra();
  void AddStreams();
  void AddStreamEdits();
  void AddGroups();
  void AddGroupReads();
  void AddPending();
  void AddStreamInfo();
  void AddPlaces();
  void AddAreas();
  void AddHyperLogLogs();

  // ---- chance ----
  // The members, or the names of fields, of whatever type the command is for.
  Set ChoiceOf(const Words& w);
  std::string FollowChance(const Words& w);

  // ---- keys ----
  std::string ExpireKey(const Words& w, int64_t unit_ms, bool relative);
  std::string CopyTo(std::map<std::string, Value>& keys, const Words& w, bool replaces);
  std::string Sort(const Words& w);

  // ---- strings ----
  // Replaces whatever was there.
  void SetString(const std::string& key, const std::string& value,
                 std::optional<int64_t> deadline_ms = {}) {
    keys_[key] = {value, deadline_ms};
    if (deadline_ms && *deadline_ms <= now_ms_) keys_.erase(key);
  }
  std::string GetString(const std::string& key) {
    const std::string* value = Find<std::string>(key);
    return value == nullptr ? "nil" : Bulk(*value);
  }
  std::string SetWithOptions(const Words& w, size_t key_at);
  std::string AddNumber(const std::string& key, int64_t number);
  // As replied; nullopt: the old text is no number.
  static std::optional<std::string> AddFloat(const std::string& old, const std::string& number);
  std::string BytesOf(const std::string& key) {
    const std::string* value = Find<std::string>(key);
    return value == nullptr ? "" : *value;
  }

  // ---- lists ----
  std::string Push(const Words& w, bool front, bool only_existing) {
    if (only_existing && Find<List>(w[1]) == nullptr) return Int(0);
    List& list = Make<List>(w[1]);
    for (size_t i = 2; i < w.size(); ++i) front ? list.push_front(w[i]) : list.push_back(w[i]);
    return Int(static_cast<int64_t>(list.size()));
  }
  static std::string PopOne(List& list, bool front) {
    const std::string element = front ? list.front() : list.back();
    front ? list.pop_front() : list.pop_back();
    return element;
  }
  static std::string PopSome(List& list, bool front, int64_t count) {
    std::vector<std::string> popped;
    for (; count > 0 && !list.empty(); --count) popped.push_back(Bulk(PopOne(list, front)));
    return Array(popped);
  }
  // [numkeys key... LEFT|RIGHT [COUNT n]] from `count_at` on.
  std::string PopFirst(const Words& w, size_t count_at);
  std::string Pop(const Words& w, bool front) {
    List* list = Find<List>(w[1]);
    if (list == nullptr) return "nil";
    return w.size() == 2 ? Bulk(PopOne(*list, front)) : PopSome(*list, front, Number(w[2]));
  }
  std::string Move(const std::string& from, const std::string& to, bool from_front, bool to_front) {
    List* source = Find<List>(from);
    if (source == nullptr) return "nil";
    Find<List>(to);
    const std::string element = PopOne(*source, from_front);
    List& destination = Make<List>(to);
    to_front ? destination.push_front(element) : destination.push_back(element);
    return Bulk(element);
  }
  // The indices from `first` to `last` that there are, ends included.
  static std::pair<int64_t, int64_t> Clamp(int64_t first, int64_t last, int64_t size) {
    if (first < 0) first = std::max<int64_t>(0, first + size);
    if (last < 0) last += size;
    return {first, std::min(last, size - 1)};
  }
  std::string Positions(const Words& w);

  // ---- sets ----
  Set SetOf(const std::string& key) {
    const Set* set = Find<Set>(key);
    return set == nullptr ? Set() : *set;
  }
  Set Combine(const std::string& how, const Words& w, size_t first, size_t end);
  static std::string Members(const Set& set) {
    std::vector<std::string> items;
    for (const std::string& member : set) items.push_back(Bulk(member));
    return Array(items);
  }
  std::string Store(const std::string& key, Set set) {
    const auto size = static_cast<int64_t>(set.size());
    keys_.erase(key);
    if (size > 0) keys_.emplace(key, Value{std::move(set), {}});
    return Int(size);
  }

  // ---- hashes ----
  bool IsVisible(const Field& field) const {
    return !field.deadline_ms || *field.deadline_ms > now_ms_;
  }
  // As clients see it.
  Field* FindField(Hash* hash, const std::string& name) const {
    if (hash == nullptr) return nullptr;
    const auto at = hash->find(name);
    return at != hash->end() && IsVisible(at->second) ? &at->second : nullptr;
  }
  std::string Expire(const Words& w, int64_t unit_ms, bool relative);
  std::string SetEx(const Words& w);
  std::string GetEx(const Words& w);
  static size_t FieldsAt(const Words& w) {
    return static_cast<size_t>(std::find(w.begin(), w.end(), "FIELDS") - w.begin());
  }
  static bool Has(const Words& w, std::string_view word) {
    return std::find(w.begin() + 2, w.begin() + static_cast<std::ptrdiff_t>(FieldsAt(w)), word) !=
           w.begin() + static_cast<std::ptrdiff_t>(FieldsAt(w));
  }
  // PX or PXAT, as a deadline.
  std::optional<int64_t> DeadlineIn(const Words& w) const {
    for (size_t i = 2; i + 1 < FieldsAt(w); ++i) {
      if (w[i] == "PX") return now_ms_ + Number(w[i + 1]);
      if (w[i] == "PXAT") return Number(w[i + 1]);
    }
    return std::nullopt;
  }
  static bool Allows(const Words& w, std::optional<int64_t> now_has, int64_t deadline_ms) {
    if (Has(w, "NX")) return !now_has;
    if (Has(w, "XX")) return now_has.has_value();
    if (Has(w, "GT")) return now_has && deadline_ms > *now_has;
    if (Has(w, "LT")) return !now_has || deadline_ms < *now_has;
    return true;
  }

  // ---- sorted sets ----
  using Scored = std::vector<std::pair<double, std::string>>;
  static std::string Text(double score) { return std::string(DoubleText(score).view()); }
  static Scored InOrder(const Zset& zset) {
    Scored members;
    for (const auto& [name, score] : zset) members.emplace_back(score, name);
    std::sort(members.begin(), members.end());
    return members;
  }
  Scored OrderOf(const std::string& key) {
    const Zset* zset = Find<Zset>(key);
    return zset == nullptr ? Scored() : InOrder(*zset);
  }
  static std::string Show(const Scored& members, bool with_scores) {
    std::vector<std::string> items;
    for (const auto& [score, name] : members) {
      items.push_back(Bulk(name));
      if (with_scores) items.push_back(Bulk(Text(score)));
    }
    return Array(items);
  }
  static bool HasWord(const Words& w, std::string_view word) {
    return std::find(w.begin(), w.end(), word) != w.end();
  }
  static double Bound(const std::string& word) {
    return *ParseDouble(word[0] == '(' ? word.substr(1) : word);
  }
  static bool Within(double score, const std::string& min, const std::string& max) {
    const bool above = min[0] == '(' ? score > Bound(min) : score >= Bound(min);
    return above && (max[0] == '(' ? score < Bound(max) : score <= Bound(max));
  }
  static Scored Slice(const Scored& members, const Words& w, size_t first_at);
  static Scored Limit(Scored members, const Words& w);
  // What ZRANGE and ZRANGESTORE mean by the words from `key_at` on.
  Scored Range(const Words& w, size_t key_at);
  Scored WithinBytes(const Words& w, size_t key_at, size_t min_at, size_t max_at);
  std::string PopFirstScored(const Words& w, size_t count_at);
  std::string Add(const Words& w);
  Zset Algebra(const std::string& how, const Words& w, size_t count_at);

  // ---- streams ----
  // Null: the stream or its group is missing.
  Group* FindGroup(const std::string& key, const std::string& name) {
    Stream* stream = Find<Stream>(key);
    if (stream == nullptr || !stream->groups.contains(name)) return nullptr;
    return &stream->groups.at(name);
  }
  std::string AddEntry(const Words& w);
  // Entries went as packed ones do, by "~": checks which, and lets them go. "": they may.
  std::string FollowTrim(Stream& stream, const Words& w);
  std::string TellStream(const Words& w);
  std::string TellConsumers(const Words& w);
  std::string SetLastId(const Words& w);
  std::string CreateGroup(const Words& w);
  std::string ChangeGroup(const Words& w);
  std::string ReadGroup(const Words& w);
  std::string ReadGroupOf(const std::string& key, const Words& w, const std::string& behind);
  std::string Claim(const Words& w);
  std::string AutoClaim(const Words& w);
  enum class Claimed : uint8_t { kYes, kNo, kGone };
  static Claimed ClaimOne(Stream& stream, Group& group, EntryId id, const Pending& as,
                          const Words& w, int64_t idle_ms_min, int64_t now_ms);

  // ---- places: sorted sets ----
  std::string SearchOf(const Words& w, size_t source_at);

  // ---- HyperLogLogs: strings ----
  HyperLogLog* FindHyperLogLog(const std::string& key);
  HyperLogLog MergeOf(const Words& w);
  std::string FollowBytes(HyperLogLog& of) const;

  const Followed server_;
  std::map<std::string, Command> commands_;
  std::map<std::string, Value> keys_;
  std::map<std::string, Value> keys_of_db_1_;  // moved or copied there, and never back
  int64_t now_ms_ = 0;
  const ReplyValue* said_ = nullptr;
};

}  // namespace norn::reference
