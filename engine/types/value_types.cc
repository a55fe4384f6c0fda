#include "engine/types/value_types.h"

#include <fmt/format.h>

#include <deque>
#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/number.h"
#include "engine/types/hash_value.h"
#include "engine/types/list_value.h"
#include "engine/types/rebuild.h"
#include "engine/types/set_value.h"
#include "engine/types/stream_value.h"
#include "engine/types/zset_value.h"

namespace norn {
namespace {

struct TypeRow {
  ValueType type;
  std::string_view (*encoding_name)(const Entry& entry);
  void (*mix)(const Entry& entry, DatasetDigest& digest);
  void (*emit_rebuild)(const Entry& entry, EmitCommand emit);
};

// ---- strings ----

std::string_view StringEncoding(const Entry& entry) { return entry.EncodingName(); }

void MixString(const Entry& entry, DatasetDigest& digest) {
  StringScratch scratch;
  digest.Mix(entry.String(scratch));
}

void EmitString(const Entry& entry, EmitCommand emit) {
  StringScratch scratch;
  const std::string_view words[] = {"SET", entry.key(), entry.String(scratch)};
  emit(words);
}

// Words that stay until their command is complete: integers need somewhere to have their digits.
class Digits {
 public:
  std::string_view Of(const PackedValue& value) {
    if (!value.is_integer()) return value.text();
    return value.View(scratches_[next_++ % std::size(scratches_)]);
  }

 private:
  PackedScratch scratches_[2 * kRebuildElementsMax];
  size_t next_ = 0;
};

// ---- lists ----

std::string_view ListEncoding(const Entry& entry) { return ListReader(entry).EncodingName(); }

void MixList(const Entry& entry, DatasetDigest& digest) {
  ListReader(entry).Visit(0, ListEnd::kFront, [&](const PackedValue& element) {
    PackedScratch scratch;
    digest.Mix(element.View(scratch));
    return true;
  });
}

// A node's text may go when the next is entered: elements are copied.
void EmitList(const Entry& entry, EmitCommand emit) {
  std::deque<std::string> elements;
  RebuildCommand command("RPUSH", entry.key(), 1, emit);
  ListReader(entry).Visit(0, ListEnd::kFront, [&](const PackedValue& element) {
    elements.push_back(element.ToString());
    command.Add(elements.back());
    if (elements.size() > kRebuildElementsMax) elements.pop_front();
    return true;
  });
  command.Finish();
}

// ---- sets ----

std::string_view SetEncoding(const Entry& entry) { return SetReader(entry).EncodingName(); }

void MixSet(const Entry& entry, DatasetDigest& digest) {
  SetReader(entry).ForEach([&](const PackedValue& member) {
    PackedScratch scratch;
    digest.Xor(member.View(scratch));
  });
}

void EmitSet(const Entry& entry, EmitCommand emit) {
  Digits digits;
  RebuildCommand command("SADD", entry.key(), 1, emit);
  SetReader(entry).ForEach([&](const PackedValue& member) { command.Add(digits.Of(member)); });
  command.Finish();
}

// ---- sorted sets ----

std::string_view ZsetEncoding(const Entry& entry) { return ZsetReader(entry).EncodingName(); }

void MixZset(const Entry& entry, DatasetDigest& digest) {
  ZsetReader(entry).ForEach([&](const ZsetMember& member) {
    PackedScratch scratch;
    DatasetDigest one;
    one.Mix(member.name.View(scratch));
    one.Mix(fmt::format("{:.17g}", member.score));
    digest.Xor(one.bytes());
  });
}

void EmitZset(const Entry& entry, EmitCommand emit) {
  Digits digits;
  std::deque<DoubleText> scores;
  RebuildCommand command("ZADD", entry.key(), 2, emit);
  ZsetReader(entry).ForEach([&](const ZsetMember& member) {
    scores.emplace_back(member.score);
    command.Add(scores.back().view());
    command.Add(digits.Of(member.name));
    if (scores.size() > kRebuildElementsMax) scores.pop_front();
  });
  command.Finish();
}

// ---- hashes ----

HashReader AllOf(const Entry& entry) { return HashReader(entry, INT64_MIN); }

std::string_view HashEncoding(const Entry& entry) { return AllOf(entry).EncodingName(); }

void MixHash(const Entry& entry, DatasetDigest& digest) {
  AllOf(entry).ForEach([&](const HashField& field) {
    PackedScratch scratch;
    DatasetDigest one;
    one.Mix(field.name.View(scratch));
    one.Mix(field.value.View(scratch));
    if (field.deadline_ms != Field::kNoDeadline) one.Xor("!!hexpire!!");
    digest.Xor(one.bytes());
  });
}

void EmitHash(const Entry& entry, EmitCommand emit) {
  Digits digits;
  RebuildCommand command("HSET", entry.key(), 2, emit);
  AllOf(entry).ForEach([&](const HashField& field) {
    command.Add(digits.Of(field.name));
    command.Add(digits.Of(field.value));
  });
  command.Finish();
  AllOf(entry).ForEach([&](const HashField& field) {
    if (field.deadline_ms == Field::kNoDeadline) return;
    const Int64Text deadline(field.deadline_ms);
    const std::string_view words[] = {"HPEXPIREAT", entry.key(), deadline.view(),
                                      "FIELDS",     "1",         digits.Of(field.name)};
    emit(words);
  });
}

// ---- streams ----

std::string_view StreamEncoding(const Entry&) { return "stream"; }

void MixStream(const Entry& entry, DatasetDigest& digest) {
  StreamOf(entry).log().Visit(
      kStreamIdMin, kStreamIdMax, StreamDirection::kUp, [&](const StreamEntry& one) {
        digest.Mix(StreamIdText(one.id(), '.').view());
        one.ForEachField([&](const PackedValue& field, const PackedValue& value) {
          PackedScratch scratch;
          digest.Mix(field.View(scratch));
          digest.Mix(value.View(scratch));
        });
        return true;
      });
}

void EmitStreamEntries(const Entry& entry, EmitCommand emit) {
  if (StreamOf(entry).size() == 0) {
    // An entry that goes at once leaves an empty stream.
    const std::string_view words[] = {"XADD", entry.key(), "MAXLEN", "0", "0-1", "x", "y"};
    return emit(words);
  }
  StreamOf(entry).log().Visit(
      kStreamIdMin, kStreamIdMax, StreamDirection::kUp, [&](const StreamEntry& one) {
        const StreamIdText id(one.id());
        std::deque<std::string> integers;
        std::vector<std::string_view> words = {"XADD", entry.key(), id.view()};
        const auto add = [&](const PackedValue& value) {
          words.push_back(value.is_integer() ? integers.emplace_back(value.ToString())
                                             : value.text());
        };
        one.ForEachField([&](const PackedValue& field, const PackedValue& value) {
          add(field);
          add(value);
        });
        emit(words);
        return true;
      });
}

void EmitStreamConsumer(std::string_view key, std::string_view group_name, const StreamGroup& group,
                        const StreamConsumer& consumer, EmitCommand emit) {
  if (consumer.pending().empty()) {
    const std::string_view words[] = {"XGROUP", "CREATECONSUMER", key, group_name, consumer.name()};
    return emit(words);
  }
  for (const StreamId id : consumer.pending()) {
    const StreamPending& pending = group.pending().at(id);
    const StreamIdText id_text(id);
    const Int64Text delivered(pending.delivered_ms);
    const Int64Text deliveries(static_cast<int64_t>(pending.deliveries));
    const std::string_view words[] = {
        "XCLAIM",       key,    group_name,       consumer.name(), "0",
        id_text.view(), "TIME", delivered.view(), "RETRYCOUNT",    deliveries.view(),
        "JUSTID",       "FORCE"};
    emit(words);
  }
}

void EmitStream(const Entry& entry, EmitCommand emit) {
  const Stream& stream = StreamOf(entry);
  EmitStreamEntries(entry, emit);
  const StreamIdText last(stream.last_id()), deleted(stream.max_deleted_id());
  const Int64Text added(static_cast<int64_t>(stream.entries_added()));
  const std::string_view words[] = {"XSETID",     entry.key(),    last.view(),   "ENTRIESADDED",
                                    added.view(), "MAXDELETEDID", deleted.view()};
  emit(words);
  for (const auto& [name, group] : stream.groups()) {
    const StreamIdText group_last(group->last_id);
    const Int64Text read(group->entries_read);
    const std::string_view create[] = {"XGROUP",          "CREATE",      entry.key(), name,
                                       group_last.view(), "ENTRIESREAD", read.view()};
    emit(create);
    for (const auto& [consumer_name, consumer] : group->consumers()) {
      EmitStreamConsumer(entry.key(), name, *group, *consumer, emit);
    }
  }
}

// ---- the table ----

constexpr TypeRow kTypes[] = {
    {ValueType::kString, StringEncoding, MixString, EmitString},
    {ValueType::kList, ListEncoding, MixList, EmitList},
    {ValueType::kSet, SetEncoding, MixSet, EmitSet},
    {ValueType::kZset, ZsetEncoding, MixZset, EmitZset},
    {ValueType::kHash, HashEncoding, MixHash, EmitHash},
    {ValueType::kStream, StreamEncoding, MixStream, EmitStream},
};

const TypeRow& RowOf(const Entry& entry) {
  for (const TypeRow& row : kTypes) {
    if (row.type == entry.type()) return row;
  }
  CheckFailed(__FILE__, __LINE__, "the type has a row", "");
}

}  // namespace

std::string_view EncodingNameOf(const Entry& entry) { return RowOf(entry).encoding_name(entry); }

void MixValueInto(const Entry& entry, DatasetDigest& digest) { RowOf(entry).mix(entry, digest); }

void EmitRebuild(const Entry& entry, EmitCommand emit) { RowOf(entry).emit_rebuild(entry, emit); }

}  // namespace norn
