// The model: entries of streams, and what groups were handed of them.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "engine/commands/drawn/testing_model.h"
#include "engine/commands/drawn/testing_streams.h"

namespace norn::reference {
namespace {

// An upper bound of one number means all of that millisecond.
bool InRange(EntryId id, const std::string& min, const std::string& max) {
  if (min == "+" || max == "-") return false;
  const bool above = min == "-" || (min[0] == '(' ? id > IdOf(min.substr(1)) : id >= IdOf(min));
  const bool below = max == "+" || (max[0] == '(' ? id < IdOf(max.substr(1), UINT64_MAX)
                                                  : id <= IdOf(max, UINT64_MAX));
  return above && below;
}

int64_t Trim(Stream& stream, const std::string& how, const std::string& threshold) {
  int64_t trimmed = 0;
  const auto has_to_go = [&] {
    if (stream.entries.empty()) return false;
    if (how == "MINID") return stream.entries.begin()->first < IdOf(threshold);
    return static_cast<int64_t>(stream.entries.size()) > *ParseInt64(threshold);
  };
  for (; has_to_go(); ++trimmed) stream.entries.erase(stream.entries.begin());
  return trimmed;
}

std::optional<int64_t> EntriesReadIn(const Words& w) {
  const int64_t read = NumberBehind(w, "ENTRIESREAD", -1);
  return read < 0 ? std::nullopt : std::optional(read);
}

std::string NoGroup(const std::string& key, const std::string& group) {
  return fmt::format("-NOGROUP No such key '{}' or consumer group '{}'", key, group);
}

}  // namespace

// ---- entries ----

// nullopt: it would not be greater than all before.
static std::optional<EntryId> NextId(const Stream& stream, const std::string& word,
                                     int64_t now_ms) {
  const EntryId behind_last = {stream.last.first, stream.last.second + 1};
  if (word == "*") return std::max(behind_last, EntryId(static_cast<uint64_t>(now_ms), 0));
  if (word.ends_with("-*")) {
    const EntryId first = IdOf(word.substr(0, word.size() - 2));
    if (first.first == stream.last.first) return behind_last;
    return first > stream.last ? std::optional(first) : std::nullopt;
  }
  return IdOf(word) > stream.last ? std::optional(IdOf(word)) : std::nullopt;
}

std::string Model::AddEntry(const Words& w) {
  size_t at = 2;
  std::string how, threshold;
  bool makes = true, packed = false;
  for (;; ++at) {
    if (w[at] == "NOMKSTREAM") {
      makes = false;
    } else if (w[at] == "LIMIT") {
      ++at;
    } else if (w[at] == "MAXLEN" || w[at] == "MINID") {
      how = w[at++];
      packed = w[at] == "~";
      if (packed || w[at] == "=") ++at;
      threshold = w[at];
    } else {
      break;
    }
  }
  const std::string& word = w[at];
  if (!word.ends_with("*") && IdOf(word) == EntryId()) {
    return "-ERR The ID specified in XADD must be greater than 0-0";
  }
  const Stream* before = Find<Stream>(w[1]);
  if (before == nullptr && !makes) return "nil";
  const auto id = NextId(before == nullptr ? Stream() : *before, word, now_ms_);
  if (!id)
    return "-ERR The ID specified in XADD is equal or smaller than the target stream top item";
  Stream& stream = Make<Stream>(w[1]);
  stream.entries[*id] = Words(w.begin() + static_cast<std::ptrdiff_t>(at) + 1, w.end());
  stream.last = *id;
  ++stream.entries_added;
  if (packed) {
    const std::string wrong = FollowTrim(stream, w);
    if (!wrong.empty()) return wrong;
  } else if (!how.empty()) {
    Trim(stream, how, threshold);
  }
  return ShowId(*id);
}

std::string Model::SetLastId(const Words& w) {
  const EntryId id = IdOf(w[2]);
  const auto max_deleted = std::find(w.begin(), w.end(), "MAXDELETEDID");
  if (max_deleted != w.end() && id < IdOf(max_deleted[1])) {
    return "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
  }
  Stream* stream = Find<Stream>(w[1]);
  if (stream == nullptr) return "-ERR no such key";
  if (id < stream->max_deleted) {
    return "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
  }
  if (!stream->entries.empty() && id < stream->entries.rbegin()->first) {
    return "-ERR The ID specified in XSETID is smaller than the target stream top item";
  }
  stream->last = id;
  stream->entries_added = NumberBehind(w, "ENTRIESADDED", stream->entries_added);
  if (max_deleted != w.end() && IdOf(max_deleted[1]) != EntryId()) {
    stream->max_deleted = IdOf(max_deleted[1]);
  }
  return "+OK";
}

void Model::AddStreamEdits() {
  commands_["XADD"] = [this](const Words& w) { return AddEntry(w); };
  commands_["XSETID"] = [this](const Words& w) { return SetLastId(w); };
  commands_["XDEL"] = [this](const Words& w) {
    Stream* stream = Find<Stream>(w[1]);
    int64_t erased = 0;
    for (size_t i = 2; stream != nullptr && i < w.size(); ++i) {
      if (stream->entries.erase(IdOf(w[i])) == 0) continue;
      stream->max_deleted = std::max(stream->max_deleted, IdOf(w[i]));
      ++erased;
    }
    return Int(erased);
  };
  commands_["XTRIM"] = [this](const Words& w) {
    Stream* stream = Find<Stream>(w[1]);
    if (stream == nullptr) return Int(0);
    if (!HasWord(w, "~")) return Int(Trim(*stream, w[2], w.back()));
    const std::string wrong = FollowTrim(*stream, w);
    return wrong.empty() ? norn::Show(*said_) : wrong;
  };
}

void Model::AddStreams() {
  commands_["XLEN"] = [this](const Words& w) {
    const Stream* stream = Find<Stream>(w[1]);
    return Int(stream == nullptr ? 0 : static_cast<int64_t>(stream->entries.size()));
  };
  const auto range = [this](const Words& w, size_t min_at, size_t max_at) {
    if (w[max_at] == "(0-0") {
      return std::string("-ERR invalid end ID for the interval");
    }
    const Stream* stream = Find<Stream>(w[1]);
    std::vector<std::string> items;
    for (const auto& [id, fields] : (stream == nullptr ? Stream() : *stream).entries) {
      if (InRange(id, w[min_at], w[max_at])) items.push_back(ShowEntry(id, fields));
    }
    if (min_at > max_at) std::reverse(items.begin(), items.end());
    const auto most = static_cast<size_t>(NumberBehind(w, "COUNT", INT64_MAX));
    items.resize(std::min(items.size(), most));
    return Array(items);
  };
  commands_["XRANGE"] = [=](const Words& w) { return range(w, 2, 3); };
  commands_["XREVRANGE"] = [=](const Words& w) { return range(w, 3, 2); };
  commands_["XREAD"] = [this](const Words& w) -> std::string {
    const auto keys = static_cast<size_t>(std::find(w.begin(), w.end(), "STREAMS") - w.begin()) + 1;
    const size_t count = (w.size() - keys) / 2;
    const auto most = static_cast<size_t>(NumberBehind(w, "COUNT", INT64_MAX));
    std::vector<std::string> streams;
    for (size_t i = keys; i < keys + count; ++i) {
      const Stream* stream = Find<Stream>(w[i]);
      std::vector<std::string> items;
      for (const auto& [id, fields] : (stream == nullptr ? Stream() : *stream).entries) {
        if (id > IdOf(w[i + count]) && items.size() < most) items.push_back(ShowEntry(id, fields));
      }
      if (!items.empty()) streams.push_back(Array({Bulk(w[i]), Array(items)}));
    }
    return streams.empty() ? "nil" : Array(streams);
  };
}

// ---- groups ----

std::string Model::CreateGroup(const Words& w) {
  Stream* stream = Find<Stream>(w[2]);
  if (stream == nullptr && !HasWord(w, "MKSTREAM")) {
    return "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may "
           "want to use the MKSTREAM option to create an empty stream automatically.";
  }
  stream = &Make<Stream>(w[2]);
  const EntryId id = w[4] == "$" ? stream->last : IdOf(w[4]);
  if (stream->groups.contains(w[3])) return "-BUSYGROUP Consumer Group name already exists";
  stream->groups[w[3]] = {
      .last = id, .entries_read = EntriesReadIn(w), .consumers = {}, .pending = {}};
  return "+OK";
}

std::string Model::ChangeGroup(const Words& w) {
  Stream* stream = Find<Stream>(w[2]);
  if (stream == nullptr) {
    return "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may "
           "want to use the MKSTREAM option to create an empty stream automatically.";
  }
  if (w[1] == "DESTROY") return Int(static_cast<int64_t>(stream->groups.erase(w[3])));
  if (!stream->groups.contains(w[3])) {
    return fmt::format("-NOGROUP No such consumer group '{}' for key name '{}'", w[3], w[2]);
  }
  Group& group = stream->groups.at(w[3]);
  if (w[1] == "SETID") {
    group.last = w[4] == "$" ? stream->last : IdOf(w[4]);
    group.entries_read = EntriesReadIn(w);
    return "+OK";
  }
  if (w[1] == "CREATECONSUMER") {
    return Int(group.consumers.emplace(w[4], Consumer{.seen_ms = now_ms_}).second);
  }
  const auto erased = std::erase_if(
      group.pending, [&](const auto& pending) { return pending.second.consumer == w[4]; });
  group.consumers.erase(w[4]);
  return Int(static_cast<int64_t>(erased));
}

void Model::AddGroups() {
  commands_["XGROUP"] = [this](const Words& w) {
    return w[1] == "CREATE" ? CreateGroup(w) : ChangeGroup(w);
  };
  commands_["XACK"] = [this](const Words& w) {
    Group* group = FindGroup(w[1], w[2]);
    int64_t erased = 0;
    for (size_t i = 3; group != nullptr && i < w.size(); ++i) {
      erased += static_cast<int64_t>(group->pending.erase(IdOf(w[i])));
    }
    return Int(erased);
  };
}

// Of one stream; "": nothing.
std::string Model::ReadGroupOf(const std::string& key, const Words& w, const std::string& behind) {
  Stream& stream = *Find<Stream>(key);
  Group& group = stream.groups.at(w[2]);
  const std::string& consumer = w[3];
  group.consumers[consumer].seen_ms = now_ms_;
  const auto most = static_cast<size_t>(NumberBehind(w, "COUNT", INT64_MAX));
  std::vector<std::string> items;
  if (behind == ">") {
    for (const auto& [id, fields] : stream.entries) {
      if (id <= group.last || items.size() == most) continue;
      items.push_back(ShowEntry(id, fields));
      if (!HasWord(w, "NOACK")) {
        group.pending[id] = {consumer, now_ms_, 1};
        group.consumers[consumer].active_ms = now_ms_;
      }
      CountRead(stream, group, id);
      group.last = id;
    }
    return items.empty() ? "" : Array({Bulk(key), Array(items)});
  }
  for (auto& [id, pending] : group.pending) {
    if (pending.consumer != consumer || id <= IdOf(behind) || items.size() == most) continue;
    if (!stream.entries.contains(id)) {
      items.push_back(Array({ShowId(id), "nil"}));
      continue;
    }
    items.push_back(ShowEntry(id, stream.entries.at(id)));
    pending.delivered_ms = now_ms_;
    ++pending.deliveries;
  }
  return Array({Bulk(key), Array(items)});
}

std::string Model::ReadGroup(const Words& w) {
  const auto keys = static_cast<size_t>(std::find(w.begin(), w.end(), "STREAMS") - w.begin()) + 1;
  const size_t count = (w.size() - keys) / 2;
  for (size_t i = keys; i < keys + count; ++i) {
    if (FindGroup(w[i], w[2]) == nullptr) {
      return NoGroup(w[i], w[2]) + " in XREADGROUP with GROUP option";
    }
  }
  std::vector<std::string> streams;
  for (size_t i = keys; i < keys + count; ++i) {
    const std::string read = ReadGroupOf(w[i], w, w[i + count]);
    if (!read.empty()) streams.push_back(read);
  }
  return streams.empty() ? "nil" : Array(streams);
}

void Model::AddGroupReads() {
  commands_["XREADGROUP"] = [this](const Words& w) { return ReadGroup(w); };
}

// ---- what is pending ----

// Makes the entry pending for whom `as` names, with its time; the number of deliveries is what the words say.
Model::Claimed Model::ClaimOne(Stream& stream, Group& group, EntryId id, const Pending& as,
                               const Words& w, int64_t idle_ms_min, int64_t now_ms) {
  const auto at = group.pending.find(id);
  const bool there = at != group.pending.end();
  if (!there && !HasWord(w, "FORCE")) return Claimed::kNo;
  if (!stream.entries.contains(id)) {
    group.pending.erase(id);
    return there ? Claimed::kGone : Claimed::kNo;
  }
  if (there && now_ms - at->second.delivered_ms < idle_ms_min) return Claimed::kNo;
  const int64_t before = there ? at->second.deliveries : 1;
  const int64_t after = HasWord(w, "JUSTID") ? before : before + 1;
  group.pending[id] = {as.consumer, as.delivered_ms, NumberBehind(w, "RETRYCOUNT", after)};
  return Claimed::kYes;
}

std::string Model::Claim(const Words& w) {
  Group* group = FindGroup(w[1], w[2]);
  if (group == nullptr) return NoGroup(w[1], w[2]);
  Consumer& consumer = group->consumers[w[3]];
  consumer.seen_ms = now_ms_;
  int64_t delivered_ms = now_ms_ - NumberBehind(w, "IDLE", 0);
  delivered_ms = std::min(now_ms_, NumberBehind(w, "TIME", delivered_ms));
  if (const auto last = std::find(w.begin(), w.end(), "LASTID"); last != w.end()) {
    group->last = std::max(group->last, IdOf(last[1]));
  }
  Stream& stream = *Find<Stream>(w[1]);
  std::vector<std::string> items;
  for (size_t i = 5; i < w.size() && std::isdigit(static_cast<unsigned char>(w[i][0])) != 0; ++i) {
    const EntryId id = IdOf(w[i]);
    const Claimed done =
        ClaimOne(stream, *group, id, {w[3], delivered_ms, 0}, w, Number(w[4]), now_ms_);
    if (done != Claimed::kYes) continue;
    consumer.active_ms = now_ms_;
    items.push_back(HasWord(w, "JUSTID") ? ShowId(id) : ShowEntry(id, stream.entries.at(id)));
  }
  return Array(items);
}

std::string Model::AutoClaim(const Words& w) {
  Group* group = FindGroup(w[1], w[2]);
  if (group == nullptr) return NoGroup(w[1], w[2]);
  Consumer& consumer = group->consumers[w[3]];
  consumer.seen_ms = now_ms_;
  Stream& stream = *Find<Stream>(w[1]);
  std::vector<EntryId> ids;
  for (const auto& [id, pending] : group->pending) {
    if (id >= IdOf(w[5])) ids.push_back(id);
  }
  int64_t left = NumberBehind(w, "COUNT", 100);
  int64_t attempts = 10 * left;
  std::vector<std::string> items, gone;
  size_t at = 0;
  for (; at < ids.size() && left > 0 && attempts > 0; ++at, --attempts) {
    const EntryId id = ids[at];
    const Claimed done = ClaimOne(stream, *group, id, {w[3], now_ms_, 0}, w, Number(w[4]), now_ms_);
    if (done == Claimed::kNo) continue;
    --left;
    if (done == Claimed::kGone) {
      gone.push_back(ShowId(id));
    } else {
      consumer.active_ms = now_ms_;
      items.push_back(HasWord(w, "JUSTID") ? ShowId(id) : ShowEntry(id, stream.entries.at(id)));
    }
  }
  const EntryId next = at < ids.size() ? ids[at] : EntryId();
  return Array({ShowId(next), Array(items), Array(gone)});
}

void Model::AddPending() {
  commands_["XCLAIM"] = [this](const Words& w) { return Claim(w); };
  commands_["XAUTOCLAIM"] = [this](const Words& w) { return AutoClaim(w); };
  commands_["XPENDING"] = [this](const Words& w) {
    const Group* group = FindGroup(w[1], w[2]);
    if (group == nullptr) return NoGroup(w[1], w[2]);
    std::vector<std::string> items;
    if (w.size() > 3) {
      for (const auto& [id, pending] : group->pending) {
        if (w.size() > 6 && pending.consumer != w[6]) continue;
        items.push_back(Array({ShowId(id), Bulk(pending.consumer),
                               Int(now_ms_ - pending.delivered_ms), Int(pending.deliveries)}));
      }
      items.resize(std::min(items.size(), static_cast<size_t>(Number(w[5]))));
      return Array(items);
    }
    std::map<std::string, int64_t> of_consumers;
    for (const auto& [id, pending] : group->pending) ++of_consumers[pending.consumer];
    for (const auto& [name, count] : of_consumers) {
      items.push_back(Array({Bulk(name), Bulk(std::to_string(count))}));
    }
    const auto& all = group->pending;
    if (all.empty()) return Array({Int(0), "nil", "nil", "nil"});
    return Array({Int(static_cast<int64_t>(all.size())), ShowId(all.begin()->first),
                  ShowId(all.rbegin()->first), Array(items)});
  };
}

}  // namespace norn::reference
