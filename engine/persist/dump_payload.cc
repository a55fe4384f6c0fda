#include "engine/persist/dump_payload.h"

#include "engine/base/check.h"
#include "engine/persist/crc64.h"
#include "engine/persist/rdb_format.h"
#include "engine/persist/rdb_input.h"
#include "engine/persist/rdb_output.h"
#include "engine/persist/value_codec.h"

namespace norn::persist {
namespace {

constexpr size_t kFooterBytes = 10;
constexpr size_t kChecksumBytes = 8;

}  // namespace

void AppendDumpPayload(const Entry& entry, const RdbEncodeOptions& options, ByteBuffer& out) {
  const size_t begin = out.size();
  RdbEncoder(options).Value(entry, out);
  RdbOutput footer(out, nullptr);
  // An older reader must not take it for something else.
  const bool is_newer = static_cast<uint8_t>(out.view()[begin]) == kRdbTypeHash2;
  footer.LittleEndian(static_cast<uint64_t>(is_newer ? kRdbVersionValkeyMin : options.version), 2);
  footer.LittleEndian(Crc64(0, out.view().substr(begin)), kChecksumBytes);
}

bool DumpPayloadIsWhole(std::string_view payload, bool relaxed_version) {
  if (payload.size() < kFooterBytes) return false;
  RdbInput footer(payload.substr(payload.size() - kFooterBytes), "footer");
  const int version = static_cast<int>(footer.LittleEndian(2));
  const uint64_t checksum = footer.LittleEndian(kChecksumBytes);
  return (ReadsRdbVersion(version) || relaxed_version) &&
         checksum == Crc64(0, payload.substr(0, payload.size() - kChecksumBytes));
}

std::optional<DetachedValue> ReadDumpPayload(std::string_view payload, const TypeRules& rules) {
  CHECK(payload.size() >= kFooterBytes);
  RdbInput in(payload.substr(0, payload.size() - kFooterBytes), "payload");
  const uint8_t rdb_type = in.Byte();
  if (!in.ok()) return std::nullopt;
  return DecodeValue(rdb_type, 0, in, rules);
}

}  // namespace norn::persist
