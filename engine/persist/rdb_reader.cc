#include "engine/persist/rdb_reader.h"
#include "engine/base/status.h"

#include <fmt/format.h>

#include "engine/base/number.h"
#include "engine/base/status.h"
#include "engine/persist/rdb_format.h"
#include "engine/persist/value_codec.h"

namespace norn::persist {
namespace {

// The name that a module's id carries: nine letters of six bits, above ten bits of version.
std::string ModuleName(uint64_t id) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string name(9, '?');
  for (size_t i = 0; i < name.size(); ++i) name[i] = kLetters[id >> (58 - 6 * i) & 63];
  return name;
}

// Past a module's data, which says itself how long it is.
void SkipModuleData(RdbInput& in) {
  while (in.ok()) {
    const uint64_t at = in.offset();
    switch (in.Length()) {
      case kRdbModuleEof:
        return;
      case kRdbModuleSigned:
      case kRdbModuleUnsigned:
        in.Length();
        break;
      case kRdbModuleFloat:
        in.Small(4);
        break;
      case kRdbModuleDouble:
        in.Small(8);
        break;
      case kRdbModuleString:
        in.String();
        break;
      default:
        in.FailAt(at, "unknown part of a module's data");
    }
  }
}

}  // namespace

absl::Status RdbVisitor::OnAux(std::string_view, std::string_view) { return absl::OkStatus(); }
absl::Status RdbVisitor::OnDb(DbIndex) { return absl::OkStatus(); }
absl::Status RdbVisitor::OnEmpty(const RdbEntry&) { return absl::OkStatus(); }

absl::Status RdbVisitor::OnSizes(uint64_t, uint64_t) { return absl::OkStatus(); }
absl::Status RdbVisitor::OnFunction(std::string_view) { return absl::OkStatus(); }
absl::Status RdbVisitor::OnModuleAux(std::string_view) { return absl::OkStatus(); }

RdbReader::RdbReader(ByteSource& source, const RdbReadOptions& options)
    : options_(options), in_(source, options.name) {
  if (!options.verify_checksum) in_.DisableChecksum();
}

absl::Status RdbReader::Read(RdbVisitor& visitor) {
  ReadHeader();
  while (in_.ok()) {
    opcode_offset_ = in_.offset();
    const uint8_t opcode = in_.Byte();
    if (!in_.ok()) break;
    if (opcode == kRdbEof) return ReadTrailer();
    if (absl::Status read = ReadPart(opcode, visitor); !read.ok()) return read;
  }
  return in_.status();
}

// ---- begin and end ----

void RdbReader::ReadHeader() {
  const std::string_view magic = in_.Small(kRdbMagicBytes);
  const bool redis = magic.starts_with("REDIS");
  const bool valkey = magic.starts_with("VALKEY");
  if (!redis && !valkey) return in_.FailAt(0, "no snapshot: wrong signature");
  for (const char digit : magic.substr(redis ? 5 : 6)) {
    if (digit < '0' || digit > '9') return in_.FailAt(0, "no snapshot: wrong signature");
    version_ = version_ * 10 + (digit - '0');
  }
  CheckVersion(valkey);
}

void RdbReader::CheckVersion(bool valkey_magic) {
  if (version_ < 1 || valkey_magic != (version_ >= kRdbVersionValkeyMin)) {
    return in_.FailAt(0, "no snapshot: signature and version do not go together");
  }
  if (ReadsRdbVersion(version_) || options_.relaxed_version) return;
  in_.Unsupported(0, fmt::format("Can't handle RDB format version {}", version_));
}

absl::Status RdbReader::ReadTrailer() {
  if (version_ < kRdbVersionChecksum) return absl::OkStatus();
  const uint64_t at = in_.offset();
  const uint64_t computed = in_.Checksum();
  const uint64_t stored = in_.LittleEndian(8);
  if (in_.ok() && options_.verify_checksum && stored != 0 && stored != computed) {
    in_.FailAt(at,
               fmt::format("wrong checksum {:016x}, the contents have {:016x},", stored, computed));
  }
  return in_.status();
}

// ---- parts ----

absl::Status RdbReader::ReadPart(uint8_t opcode, RdbVisitor& visitor) {
  switch (opcode) {
    case kRdbDeadlineMs:
      next_.deadline_ms = static_cast<int64_t>(in_.LittleEndian(8));
      return in_.status();
    case kRdbDeadlineSeconds:
      next_.deadline_ms = int64_t{static_cast<int32_t>(in_.LittleEndian(4))} * 1000;
      return in_.status();
    case kRdbIdle:
      next_.idle_seconds = in_.Length();
      return in_.status();
    case kRdbFrequency:
      next_.frequency = in_.Byte();
      return in_.status();
    case kRdbSelectDb:
      return ReadDb(visitor);
    case kRdbSizes:
      return ReadSizes(visitor);
    case kRdbAux:
      return ReadAux(visitor);
    case kRdbSlotInfo:
      for (int i = 0; i < 3; ++i) in_.Length();
      return in_.status();
    case kRdbFunction: {
      const std::string_view library = in_.String();
      return in_.ok() ? visitor.OnFunction(library) : in_.status();
    }
    case kRdbModuleAux:
      return ReadModuleAux(visitor);
    case kRdbFunctionPreGa:
      in_.Unsupported(opcode_offset_, "opcode 246 (function in the form of a release candidate)");
      return in_.status();
    case kRdbSlotImport:
      in_.Unsupported(opcode_offset_, "opcode 243 (unfinished slot import)");
      return in_.status();
    default:
      return ReadEntry(opcode, visitor);
  }
}

absl::Status RdbReader::ReadEntry(uint8_t rdb_type, RdbVisitor& visitor) {
  const bool known = !RdbTypeName(rdb_type).empty();
  if (known) first_.assign(in_.String());
  if (!in_.ok()) return in_.status();
  std::optional<DetachedValue> value = DecodeValue(rdb_type, opcode_offset_, in_, options_.rules);
  if (!in_.ok()) return in_.status();
  next_.key = first_;
  absl::Status visited = value ? visitor.OnEntry(next_, *std::move(value)) : visitor.OnEmpty(next_);
  const DbIndex db = next_.db;
  next_ = RdbEntry();
  next_.db = db;
  // The visitor knows what is wrong with an entry, but not where it stands.
  if (!absl::IsDataLoss(visited)) return visited;
  in_.FailAt(opcode_offset_, MessageOf(visited));
  return in_.status();
}

absl::Status RdbReader::ReadAux(RdbVisitor& visitor) {
  first_.assign(in_.String());
  const std::string_view value = in_.String();
  return in_.ok() ? visitor.OnAux(first_, value) : in_.status();
}

absl::Status RdbReader::ReadDb(RdbVisitor& visitor) {
  const uint64_t db = in_.Length();
  if (db > INT32_MAX) in_.FailAt(opcode_offset_, fmt::format("database {}", db));
  if (!in_.ok()) return in_.status();
  next_.db = DbIndex{static_cast<uint32_t>(db)};
  return visitor.OnDb(next_.db);
}

absl::Status RdbReader::ReadSizes(RdbVisitor& visitor) {
  const uint64_t keys = in_.Length();
  const uint64_t deadlines = in_.Length();
  return in_.ok() ? visitor.OnSizes(keys, deadlines) : in_.status();
}

absl::Status RdbReader::ReadModuleAux(RdbVisitor& visitor) {
  const uint64_t module = in_.Length();
  if (in_.Length() != kRdbModuleUnsigned) in_.FailAt(opcode_offset_, "damaged data of a module");
  in_.Length();  // before or after the keys: nothing to us
  SkipModuleData(in_);
  return in_.ok() ? visitor.OnModuleAux(ModuleName(module)) : in_.status();
}

}  // namespace norn::persist
