#include "engine/keyspace/effect_log.h"

#include <cstring>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/number.h"

namespace norn {
namespace {

constexpr size_t kKeptBytes = 64 * 1024;

char* PutHeader(char* at, char kind, size_t value) {
  *at++ = kind;
  at += FormatInt64(static_cast<int64_t>(value), at);
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

}  // namespace

void AppendCommand(ByteBuffer* out, std::span<const std::string_view> words) {
  constexpr size_t kHeaderMax = kInt64CharsMax + 3;
  size_t room = kHeaderMax;
  for (const std::string_view word : words) room += kHeaderMax + word.size() + 2;
  char* const begin = out->Reserve(room);
  char* at = PutHeader(begin, '*', words.size());
  for (const std::string_view word : words) {
    at = PutHeader(at, '$', word.size());
    if (!word.empty()) std::memcpy(at, word.data(), word.size());
    at += word.size();
    *at++ = '\r';
    *at++ = '\n';
  }
  out->Commit(static_cast<size_t>(at - begin));
}

EffectLog::Segment& EffectLog::SegmentFor(DbIndex db, uint32_t group, bool for_replicas) {
  const bool same = !segments_.empty() && segments_.back().db == db &&
                    segments_.back().group == group &&
                    segments_.back().for_replicas == for_replicas;
  if (!same) segments_.push_back({db, group, 0, for_replicas});
  return segments_.back();
}

void EffectLog::Add(DbIndex db, std::span<const std::string_view> words) {
  AppendCommand(&bytes_, words);
  ++commands_;
  SegmentFor(db, open_group_, false).end = bytes_.size();
}

void EffectLog::AddForReplicas(DbIndex db, std::span<const std::string_view> words) {
  AppendCommand(&bytes_, words);
  ++commands_;
  SegmentFor(db, open_group_, true).end = bytes_.size();
}

void EffectLog::TakeFrom(EffectLog& other) {
  CHECK(other.open_group_ == 0);
  // A group of the other stays one, unless it becomes part of ours.
  uint32_t their_group = 0, our_group = 0;
  size_t begin = 0;
  for (const Segment& segment : other.segments_) {
    if (open_group_ == 0 && segment.group != their_group) {
      their_group = segment.group;
      our_group = their_group == 0 ? 0 : ++last_group_;
    }
    bytes_.Append(other.bytes_.view().substr(begin, segment.end - begin));
    begin = segment.end;
    const uint32_t group = open_group_ != 0 ? open_group_ : our_group;
    SegmentFor(segment.db, group, segment.for_replicas).end = bytes_.size();
  }
  commands_ += other.commands_;
  other.Clear();
}

void EffectLog::BeginGroup() {
  CHECK(open_group_ == 0);
  open_group_ = ++last_group_;
  group_begin_commands_ = commands_;
}

void EffectLog::EndGroup() {
  CHECK(open_group_ != 0);
  if (commands_ - group_begin_commands_ < 2) {
    for (Segment& segment : segments_) {
      if (segment.group == open_group_) segment.group = 0;
    }
  }
  open_group_ = 0;
}

void EffectLog::Clear() {
  bytes_.Release(kKeptBytes);
  segments_.clear();
  commands_ = 0;
  last_group_ = 0;
}

void EffectLog::Swap(EffectLog& other) noexcept {
  bytes_.Swap(other.bytes_);
  segments_.swap(other.segments_);
  std::swap(commands_, other.commands_);
  std::swap(last_group_, other.last_group_);
  std::swap(open_group_, other.open_group_);
  std::swap(group_begin_commands_, other.group_begin_commands_);
}

}  // namespace norn
