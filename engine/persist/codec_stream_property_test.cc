// Payloads of streams with some bytes changed: refused, or a stream that holds together, is written again as an equal one, and can
// be told in commands that a log will accept.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/keyspace/keyspace.h"
#include "engine/persist/crc64.h"
#include "engine/persist/dump_payload.h"
#include "engine/types/dataset_digest.h"
#include "engine/types/stream_value.h"
#include "engine/types/value_types.h"

namespace norn::persist {
namespace {

constexpr size_t kFooterBytes = 10;

DetachedValue SomeStream() {
  auto object = std::make_unique<StreamObject>();
  Stream& stream = object->stream;
  config::Options options = config::Defaults();
  options.stream_node_max_entries = 3;
  for (uint64_t i = 1; i <= 8; ++i) {
    const std::vector<std::string_view> words = {"field", "value", i == 5 ? "odd" : "n", "12"};
    stream.Append({i, i % 3}, words, {options, 1});
  }
  stream.Erase({2, 2});
  StreamGroup& group = *stream.AddGroup("group", {5, 2}, 4);
  stream.AddGroup("other", {}, StreamGroup::kEntriesReadUnknown);
  StreamConsumer& a = group.AddConsumer("a", 1000);
  StreamConsumer& b = group.AddConsumer("b", 2000);
  for (uint64_t i = 1; i <= 5; ++i) {
    StreamPending& pending = group.Assign({i, i % 3}, i < 3 ? a : b);
    pending.delivered_ms = 1234;
    pending.deliveries = i;
  }
  return DetachedValue::OfObject(ValueType::kStream, std::move(object));
}

class Room {
 public:
  Room() : db_(keyspace_.db(DbIndex{0})) {}

  bool Load(std::string_view name, std::string_view payload) {
    std::optional<DetachedValue> value = ReadDumpPayload(payload, {});
    if (!value || value->type() != ValueType::kStream) return false;
    Load(name, *std::move(value));
    return true;
  }
  void Load(std::string_view name, DetachedValue value) {
    db_.Load(keyspace_.MakeKey(name), std::move(value), kNoDeadline, Db::OnDuplicate::kReplace);
  }
  const Entry& At(std::string_view name) { return *db_.FindAny(keyspace_.MakeKey(name)); }
  std::string Dump(std::string_view name) {
    ByteBuffer out;
    AppendDumpPayload(At(name), {.compress = false}, out);
    return std::string(out.view());
  }

 private:
  Keyspace keyspace_{{.hash_seed = 1, .prng_seed = 1, .databases = 1}};
  Db& db_;
};

std::string WithChecksum(std::string payload) {
  uint64_t checksum = Crc64(0, std::string_view(payload).substr(0, payload.size() - 8));
  for (size_t i = 8; i > 0; --i, checksum >>= 8) {
    payload[payload.size() - i] = static_cast<char>(checksum);
  }
  return payload;
}

RC_GTEST_PROP(StreamCodecProperty, DamagedPayloadsAreRefusedOrSound, ()) {
  Room room;
  room.Load("whole", SomeStream());
  std::string payload = room.Dump("whole");
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    const size_t at = *rc::gen::inRange(size_t{1}, payload.size() - kFooterBytes);
    payload[at] = *rc::gen::element(*rc::gen::arbitrary<char>(), static_cast<char>(payload[at] + 1),
                                    static_cast<char>(payload[at] - 1));
  }
  if (!room.Load("damaged", WithChecksum(payload))) return;
  const Stream& stream = StreamOf(room.At("damaged"));
  stream.CheckInvariants();
  RC_ASSERT(room.Load("again", room.Dump("damaged")));
  RC_ASSERT(room.Dump("again") == room.Dump("damaged"));
  DatasetDigest digest, again;
  MixValueInto(room.At("damaged"), digest);
  MixValueInto(room.At("again"), again);
  RC_ASSERT(digest.Hex() == again.Hex());
  EmitRebuild(room.At("damaged"), [](std::span<const std::string_view> words) {
    RC_ASSERT(words[0] != "XADD" || (words.size() % 2 == 1 && words.size() >= 5));
    RC_ASSERT(words[0] != "XADD" || words[2] != "0-0");
  });
}

}  // namespace
}  // namespace norn::persist
