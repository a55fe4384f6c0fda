#include "engine/persist/rdb_encoder.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/persist/rdb_output.h"
#include "engine/persist/value_codec.h"

namespace norn::persist {

namespace {

RdbEncodeOptions::Access AccessWrittenFor(config::MaxmemoryPolicy policy) {
  using config::MaxmemoryPolicy;
  switch (policy) {
    case MaxmemoryPolicy::kVolatileLru:
    case MaxmemoryPolicy::kAllKeysLru:
      return RdbEncodeOptions::Access::kIdle;
    case MaxmemoryPolicy::kVolatileLfu:
    case MaxmemoryPolicy::kAllKeysLfu:
      return RdbEncodeOptions::Access::kFrequency;
    default:
      return RdbEncodeOptions::Access::kNone;
  }
}

}  // namespace

RdbEncodeOptions RdbEncodeOptionsOf(const config::Options& options, int64_t now_ms) {
  return {.version = static_cast<int>(options.rdb_write_version),
          .compress = options.rdbcompression,
          .access = AccessWrittenFor(options.maxmemory_policy),
          .policy = AccessPolicyOf(options),
          .now_ms = now_ms};
}

RdbEncoder::RdbEncoder(const RdbEncodeOptions& options) : options_(options) {
  CHECK(options.version >= kRdbVersionWriteMin);
  CHECK(options.version <= kRdbVersionDefault);
}

void RdbEncoder::Header(ByteBuffer& out) const {
  out.Append(fmt::format("REDIS{:04}", options_.version));
}

void RdbEncoder::Aux(std::string_view key, std::string_view value, ByteBuffer& out) const {
  RdbOutput to(out, nullptr);
  to.Byte(kRdbAux);
  to.String(key);
  to.String(value);
}

void RdbEncoder::AuxInteger(std::string_view key, int64_t value, ByteBuffer& out) const {
  RdbOutput to(out, nullptr);
  to.Byte(kRdbAux);
  to.String(key);
  to.IntegerString(value);
}

void RdbEncoder::SelectDb(DbIndex db, ByteBuffer& out) const {
  RdbOutput to(out, nullptr);
  to.Byte(kRdbSelectDb);
  to.Length(db.value);
}

void RdbEncoder::Sizes(uint64_t keys, uint64_t deadlines, ByteBuffer& out) const {
  RdbOutput to(out, nullptr);
  to.Byte(kRdbSizes);
  to.Length(keys);
  to.Length(deadlines);
}

void RdbEncoder::AddEntry(const Entry& entry, ByteBuffer& out) {
  RdbOutput to(out, compressor());
  if (entry.has_deadline()) {
    to.Byte(kRdbDeadlineMs);
    to.LittleEndian(static_cast<uint64_t>(entry.deadline_ms()), 8);
  }
  if (options_.access == RdbEncodeOptions::Access::kIdle) {
    to.Byte(kRdbIdle);
    to.Length(LruIdleMs(entry.access(), options_.now_ms) / 1000);
  } else if (options_.access == RdbEncodeOptions::Access::kFrequency) {
    to.Byte(kRdbFrequency);
    to.Byte(static_cast<uint8_t>(LfuCount(entry.access(), options_.now_ms, options_.policy)));
  }
  const ValueCodec& codec = CodecOf(entry.type());
  const uint8_t rdb_type = codec.rdb_type_of(entry, options_.version);
  to.Byte(rdb_type);
  to.String(entry.key());
  codec.encode(entry, rdb_type, to);
}

void RdbEncoder::Value(const Entry& entry, ByteBuffer& out) {
  RdbOutput to(out, compressor());
  const ValueCodec& codec = CodecOf(entry.type());
  const uint8_t rdb_type = codec.rdb_type_of(entry, options_.version);
  to.Byte(rdb_type);
  codec.encode(entry, rdb_type, to);
}

}  // namespace norn::persist
