// Any bytes as a norn message, as facts of a heartbeat, as a memory word: refused, or understood in a way that reads back.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "engine/cluster/norn_words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace norn::cluster;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const std::optional<ElectionMessage> message = DecodeElectionMessage(bytes)) {
    const std::string again = EncodeElectionMessage(*message);
    CHECK(again.size() <= bytes.size());
    CHECK(DecodeElectionMessage(again).has_value());
  }
  if (const std::optional<NornNews> news = DecodeNornNews(bytes)) {
    CHECK(DecodeNornNews(EncodeNornNews(*news)) == news);
  }
  if (const std::optional<HeartbeatFacts> facts = DecodeHeartbeatFacts(bytes)) {
    CHECK(DecodeHeartbeatFacts(EncodeHeartbeatFacts(*facts)) == facts);
  }
  if (const std::optional<NornMemory> memory = ParseNornMemory(bytes)) {
    CHECK(ParseNornMemory(NornMemoryText(*memory)) == memory);
  }
  return 0;
}
