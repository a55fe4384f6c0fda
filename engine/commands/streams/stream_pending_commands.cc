// What was handed out and is not acknowledged: looked at, and given to somebody else.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/streams/stream_handlers.h"
#include "engine/commands/streams/stream_repeat.h"
#include "engine/commands/streams/stream_words.h"

namespace norn::handlers {
namespace {

// ---- XPENDING ----

struct PendingWords {
  int64_t idle_ms_min = 0;
  StreamIdRange range;
  int64_t count_max = 0;
  std::optional<std::string_view> consumer;
};

std::optional<PendingWords> ReadPending(CommandContext& c) {
  PendingWords words;
  size_t at = 3;
  if (WordIs(c.word(at), "idle")) {
    const std::optional<int64_t> idle = IntegerAt(c, at + 1);
    if (!idle) return std::nullopt;
    if (c.count() < 8) return c.reply.Error(kSyntaxError), std::nullopt;
    words.idle_ms_min = *idle;
    at += 2;
  }
  const std::optional<int64_t> count = IntegerAt(c, at + 2);
  if (!count) return std::nullopt;
  words.count_max = std::max<int64_t>(*count, 0);
  const std::optional<StreamIdRange> range = StreamIdRangeAt(c, at, at + 1);
  if (!range) return std::nullopt;
  words.range = *range;
  if (at + 3 < c.count()) words.consumer = c.word(at + 3);
  return words;
}

void ReplyPendingSummary(CommandContext& c, const StreamGroup& group) {
  c.reply.Array(4);
  c.reply.Integer(static_cast<int64_t>(group.pending().size()));
  if (group.pending().empty()) {
    c.reply.Null();
    c.reply.Null();
    return c.reply.NullArray();
  }
  ReplyStreamId(c, group.pending().begin()->first);
  ReplyStreamId(c, group.pending().rbegin()->first);
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  size_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer->pending().empty()) continue;
    c.reply.Array(2);
    c.reply.Bulk(name);
    c.reply.BulkInteger(static_cast<int64_t>(consumer->pending().size()));
    ++consumers;
  }
  c.reply.EndArray(begun, consumers);
}

// One pending entry, if it is idle for long enough.
bool ReplyPendingEntry(CommandContext& c, const PendingWords& words, StreamId id,
                       const StreamPending& pending) {
  const int64_t idle_ms = c.moment.now_ms - pending.delivered_ms;
  if (words.idle_ms_min != 0 && idle_ms < words.idle_ms_min) return false;
  c.reply.Array(4);
  ReplyStreamId(c, id);
  c.reply.Bulk(pending.consumer->name());
  c.reply.Integer(std::max<int64_t>(idle_ms, 0));
  c.reply.Integer(static_cast<int64_t>(pending.deliveries));
  return true;
}

void ReplyPendingEntries(CommandContext& c, const PendingWords& words, const StreamGroup& group) {
  const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
  int64_t count = 0;
  if (words.consumer) {
    const auto& ids = group.FindConsumer(*words.consumer)->pending();
    for (auto at = ids.lower_bound(words.range.min);
         count < words.count_max && at != ids.end() && *at <= words.range.max; ++at) {
      count += ReplyPendingEntry(c, words, *at, group.pending().at(*at));
    }
  } else {
    const auto& all = group.pending();
    for (auto at = all.lower_bound(words.range.min);
         count < words.count_max && at != all.end() && at->first <= words.range.max; ++at) {
      count += ReplyPendingEntry(c, words, at->first, at->second);
    }
  }
  c.reply.EndArray(begun, static_cast<size_t>(count));
}

// ---- XCLAIM and XAUTOCLAIM ----

struct ClaimRules {
  int64_t idle_ms_min = 0;
  int64_t delivered_ms = 0;
  std::optional<uint64_t> deliveries;
  bool force = false;
  bool just_id = false;
};

// Gives entries of one group to a consumer.
class Claim {
 public:
  Claim(CommandContext& c, const Key& key, Stream& stream, std::string_view group_name,
        std::string_view consumer_name, const ClaimRules& rules)
      : c_(c),
        rules_(rules),
        stream_(stream),
        group_(*stream.FindGroup(group_name)),
        repeat_(c, key.bytes, group_name, group_) {
    consumer_ = group_.FindConsumer(consumer_name);
    if (consumer_ == nullptr) {
      consumer_ = &group_.AddConsumer(consumer_name, c.moment.now_ms);
      made_consumer_ = true;
      ++changes_;
      c.Notify(config::kNotifyStream, "xgroup-createconsumer", key.bytes);
    }
    consumer_->seen_ms = c.moment.now_ms;
  }

  StreamGroup& group() { return group_; }
  StreamRepeat& repeat() { return repeat_; }
  size_t changes() const { return changes_; }

  enum class Result : uint8_t { kClaimed, kNot, kEntryGone };
  // An id whose entry is gone is pending for nobody any more.
  Result One(StreamId id) {
    StreamPending* pending = group_.FindPending(id);
    if (pending == nullptr && !rules_.force) return Result::kNot;
    if (!stream_.log().Contains(id)) {
      if (pending == nullptr) return Result::kNot;
      repeat_.Claim(id, *pending);
      group_.ErasePending(id);
      ++changes_;
      return Result::kEntryGone;
    }
    if (pending != nullptr && rules_.idle_ms_min > 0 &&
        c_.moment.now_ms - pending->delivered_ms < rules_.idle_ms_min) {
      return Result::kNot;
    }
    // Forced on a group that never gave it out, it counts as given out once before.
    const bool is_new = pending == nullptr;
    StreamPending& claimed = group_.Assign(id, *consumer_);
    if (is_new) claimed.deliveries = 1;
    claimed.delivered_ms = rules_.delivered_ms;
    if (rules_.deliveries) {
      claimed.deliveries = *rules_.deliveries;
    } else if (!rules_.just_id) {
      ++claimed.deliveries;
    }
    consumer_->active_ms = c_.moment.now_ms;
    repeat_.Claim(id, claimed);
    made_consumer_ = false;  // the claim says it
    ++changes_;
    return Result::kClaimed;
  }

  void ReplyClaimed(StreamId id) {
    rules_.just_id ? ReplyStreamId(c_, id) : void(ReplyStreamEntryOf(c_, stream_.log(), id));
  }

  // Valkey: a consumer that was made and got nothing is not heard of by replicas and log. Here it is.
  void Finish() {
    if (made_consumer_) repeat_.Consumer(consumer_->name());
  }

 private:
  CommandContext& c_;
  const ClaimRules& rules_;
  Stream& stream_;
  StreamGroup& group_;
  StreamRepeat repeat_;
  StreamConsumer* consumer_ = nullptr;
  bool made_consumer_ = false;
  size_t changes_ = 0;
};

struct ClaimWords {
  ClaimRules rules;
  std::vector<StreamId> ids;
  StreamId last_id;
};

// Wraps as clients' arithmetic may.
int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// The option at `*at`, which then stands on its last word. False: the error is replied.
bool ReadClaimOption(CommandContext& c, size_t* at, ClaimWords* words) {
  const std::string_view word = c.word(*at);
  const bool more = *at + 1 < c.count();
  if (WordIs(word, "force")) return words->rules.force = true;
  if (WordIs(word, "justid")) return words->rules.just_id = true;
  if (WordIs(word, "lastid") && more) {
    const std::optional<StreamId> id = StreamIdAt(c, ++*at);
    if (id) words->last_id = *id;
    return id.has_value();
  }
  const bool is_idle = WordIs(word, "idle"), is_count = WordIs(word, "retrycount");
  if (!more || (!is_idle && !is_count && !WordIs(word, "time"))) {
    c.reply.Error(fmt::format("ERR Unrecognized XCLAIM option '{}'", UpToNul(word)));
    return false;
  }
  const std::optional<int64_t> value =
      IntegerAt(c, ++*at,
                is_idle    ? "ERR Invalid IDLE option argument for XCLAIM"
                : is_count ? "ERR Invalid RETRYCOUNT option argument for XCLAIM"
                           : "ERR Invalid TIME option argument for XCLAIM");
  if (!value) return false;
  if (is_count) {
    words->rules.deliveries.reset();
    if (*value >= 0) words->rules.deliveries = static_cast<uint64_t>(*value);
  } else {
    words->rules.delivered_ms = is_idle ? Minus(c.moment.now_ms, *value) : *value;
  }
  return true;
}

std::optional<ClaimWords> ReadClaim(CommandContext& c) {
  ClaimWords words;
  const auto idle = IntegerAt(c, 4, "ERR Invalid min-idle-time argument for XCLAIM");
  if (!idle) return std::nullopt;
  words.rules.idle_ms_min = std::max<int64_t>(*idle, 0);
  words.rules.delivered_ms = c.moment.now_ms;
  size_t at = 5;
  for (; at < c.count(); ++at) {
    const std::optional<StreamId> id = ParseStreamId(c.word(at));
    if (!id) break;
    words.ids.push_back(*id);
  }
  for (; at < c.count(); ++at) {
    if (!ReadClaimOption(c, &at, &words)) return std::nullopt;
  }
  // A time that cannot be is no error: clients work it out by clocks of their own.
  int64_t& delivered_ms = words.rules.delivered_ms;
  if (delivered_ms < 0 || delivered_ms > c.moment.now_ms) delivered_ms = c.moment.now_ms;
  return words;
}

struct AutoClaimWords {
  ClaimRules rules;
  StreamId start;
  int64_t count = 100;
};

constexpr int64_t kAttemptsFactor = 10;

std::optional<AutoClaimWords> ReadAutoClaim(CommandContext& c) {
  constexpr int64_t kCountMax = INT64_MAX / 16;
  constexpr ErrorText kBadCount = "ERR COUNT must be > 0";
  AutoClaimWords words;
  const auto idle = IntegerAt(c, 4, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!idle) return std::nullopt;
  words.rules.idle_ms_min = std::max<int64_t>(*idle, 0);
  words.rules.delivered_ms = c.moment.now_ms;
  const std::optional<StreamId> start = RangeStartAt(c, 5);
  if (!start) return std::nullopt;
  words.start = *start;
  for (size_t i = 6; i < c.count(); ++i) {
    if (WordIs(c.word(i), "count") && i + 1 < c.count()) {
      const std::optional<int64_t> count = IntegerAt(c, ++i, kBadCount);
      if (!count) return std::nullopt;
      if (*count < 1 || *count > kCountMax) return c.reply.Error(kBadCount), std::nullopt;
      words.count = *count;
    } else if (WordIs(c.word(i), "justid")) {
      words.rules.just_id = true;
    } else {
      return c.reply.Error(kSyntaxError), std::nullopt;
    }
  }
  return words;
}

void AutoClaim(CommandContext& c, const AutoClaimWords& words, Claim& claim) {
  std::vector<StreamId> claimed, gone;
  const auto& pending = claim.group().pending();
  StreamId next = words.start;
  bool past_all = false;
  int64_t count = words.count;
  for (int64_t attempts = count * kAttemptsFactor; attempts > 0 && count > 0; --attempts) {
    const auto at = pending.lower_bound(next);
    if (at == pending.end()) break;
    const StreamId id = at->first;
    const Claim::Result result = claim.One(id);
    if (result == Claim::Result::kClaimed) claimed.push_back(id);
    if (result == Claim::Result::kEntryGone) gone.push_back(id);
    if (result != Claim::Result::kNot) --count;
    next = id;
    past_all = !next.Increment();
    if (past_all) break;
  }
  const auto cursor = past_all ? pending.end() : pending.lower_bound(next);
  c.reply.Array(3);
  ReplyStreamId(c, cursor == pending.end() ? kStreamIdMin : cursor->first);
  c.reply.Array(claimed.size());
  for (const StreamId id : claimed) claim.ReplyClaimed(id);
  c.reply.Array(gone.size());
  for (const StreamId id : gone) ReplyStreamId(c, id);
}

}  // namespace

void XPending(CommandContext& c) {
  const bool is_summary = c.count() == 3;
  if (!is_summary && (c.count() < 6 || c.count() > 9)) return c.reply.Error(kSyntaxError);
  std::optional<PendingWords> words;
  if (!is_summary && !(words = ReadPending(c))) return;
  const Key key = c.KeyAt(1);
  const std::optional<FoundGroup> found = FindStreamGroup(c, key, c.word(2), false);
  if (!found) return;
  if (found->group == nullptr) return ReplyNoSuchGroup(c, key.bytes, c.word(2));
  if (is_summary) return ReplyPendingSummary(c, *found->group);
  if (words->consumer && found->group->FindConsumer(*words->consumer) == nullptr) {
    return c.reply.Array(0);
  }
  ReplyPendingEntries(c, *words, *found->group);
}

void XClaim(CommandContext& c) {
  c.effect.Nothing();
  const Key key = c.KeyAt(1);
  const std::optional<FoundGroup> found = FindStreamGroup(c, key, c.word(2), true);
  if (!found) return;
  if (found->group == nullptr) return ReplyNoSuchGroup(c, key.bytes, c.word(2));
  const std::optional<ClaimWords> words = ReadClaim(c);
  if (!words) return;
  KeyPlace place = PlaceOf(c, key, found->entry, kStreamType);
  size_t changes = 0;
  place.Change([&](Object& object) {
    Claim claim(c, key, StreamOf(object), c.word(2), c.word(3), words->rules);
    const bool moves = words->last_id > claim.group().last_id;
    if (moves) claim.group().last_id = words->last_id;
    const ReplyWriter::Deferred begun = c.reply.BeginDeferred();
    size_t claimed = 0;
    bool repeated = false;
    for (const StreamId id : words->ids) {
      const Claim::Result result = claim.One(id);
      repeated |= result != Claim::Result::kNot;
      if (result != Claim::Result::kClaimed) continue;
      claim.ReplyClaimed(id);
      ++claimed;
    }
    c.reply.EndArray(begun, claimed);
    claim.Finish();
    changes = claim.changes();
    if (moves && !repeated) {
      claim.repeat().Position();
      ++changes;
    }
  });
  if (changes > 0) place.NoteChanges(changes);
}

void XAutoClaim(CommandContext& c) {
  c.effect.Nothing();
  const std::optional<AutoClaimWords> words = ReadAutoClaim(c);
  if (!words) return;
  const Key key = c.KeyAt(1);
  const std::optional<FoundGroup> found = FindStreamGroup(c, key, c.word(2), true);
  if (!found) return;
  if (found->group == nullptr) return ReplyNoSuchGroup(c, key.bytes, c.word(2));
  KeyPlace place = PlaceOf(c, key, found->entry, kStreamType);
  size_t changes = 0;
  place.Change([&](Object& object) {
    Claim claim(c, key, StreamOf(object), c.word(2), c.word(3), words->rules);
    AutoClaim(c, *words, claim);
    claim.Finish();
    changes = claim.changes();
  });
  if (changes > 0) place.NoteChanges(changes);
}

}  // namespace norn::handlers
