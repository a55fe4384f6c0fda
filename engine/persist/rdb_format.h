#pragma once
// The numbers of the snapshot format (RDB), as every release of Redis and Valkey reads them. A file is
//
//   "REDIS0011" | "VALKEY080"     magic and version
//   ( aux | select | sizes | [deadline] [idle | frequency] type key value | ... )*
//   eof  crc64 (little-endian, over all before it; 0: none)
//
// Lengths: 00vvvvvv, 01vvvvvv vvvvvvvv, 0x80 and 4 bytes, 0x81 and 8 bytes (big-endian); 11eeeeee is a specially encoded
// string: an integer of 1, 2 or 4 bytes (little-endian), or LZF: compressed length, length, compressed bytes.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace norn::persist {

inline constexpr int kRdbVersionDefault = 11;  // Redis 7.2, Valkey 7.2 to 8.1
inline constexpr int kRdbVersionWriteMin = 9;  // Redis 5 and 6
inline constexpr int kRdbVersionListpacks =
    10;  // the first whose readers know listpacks, but for sets (11)
inline constexpr int kRdbVersionChecksum = 5;  // the first with a checksum at the end

// Versions 12 to 79 are another house's: they mean something else by the same numbers.
inline constexpr int kRdbVersionRedisMax = 11;
inline constexpr int kRdbVersionValkeyMin = 80;  // Valkey 9.0; magic VALKEY
inline constexpr int kRdbVersionValkeyMax = 80;

// Whether files and DUMP payloads of that version are read.
constexpr bool ReadsRdbVersion(int version) {
  return (version >= 1 && version <= kRdbVersionRedisMax) ||
         (version >= kRdbVersionValkeyMin && version <= kRdbVersionValkeyMax);
}

enum RdbOpcode : uint8_t {
  kRdbSlotImport = 243,  // Valkey 9: keys of an unfinished import follow
  kRdbSlotInfo = 244,    // Redis 7.4: sizes, for speed only
  kRdbFunction = 245,
  kRdbFunctionPreGa = 246,
  kRdbModuleAux = 247,
  kRdbIdle = 248,
  kRdbFrequency = 249,
  kRdbAux = 250,
  kRdbSizes = 251,
  kRdbDeadlineMs = 252,
  kRdbDeadlineSeconds = 253,
  kRdbSelectDb = 254,
  kRdbEof = 255,
};

// The type bytes of values: those that norn writes or reads.
enum RdbType : uint8_t {
  kRdbTypeString = 0,
  kRdbTypeList = 1,
  kRdbTypeSet = 2,
  kRdbTypeZset = 3,  // scores as text
  kRdbTypeHash = 4,
  kRdbTypeZset2 = 5,  // scores as doubles
  kRdbTypeHashZipmap = 9,
  kRdbTypeListZiplist = 10,
  kRdbTypeSetIntset = 11,
  kRdbTypeZsetZiplist = 12,
  kRdbTypeHashZiplist = 13,
  kRdbTypeListQuicklist = 14,  // of ziplists
  kRdbTypeStreamListpacks = 15,
  kRdbTypeHashListpack = 16,
  kRdbTypeZsetListpack = 17,
  kRdbTypeListQuicklist2 = 18,    // of listpacks and large elements
  kRdbTypeStreamListpacks2 = 19,  // and what is known of erased entries
  kRdbTypeSetListpack = 20,
  kRdbTypeStreamListpacks3 = 21,  // and when consumers were active
  kRdbTypeHash2 = 22,             // fields with deadlines, Valkey 9 (version 80)
};

// What follows in a module's data.
enum RdbModuleOpcode : uint8_t {
  kRdbModuleEof = 0,
  kRdbModuleSigned = 1,
  kRdbModuleUnsigned = 2,
  kRdbModuleFloat = 3,
  kRdbModuleDouble = 4,
  kRdbModuleString = 5,
};

enum RdbStringEncoding : uint8_t { kRdbInt8 = 0, kRdbInt16 = 1, kRdbInt32 = 2, kRdbLzf = 3 };

inline constexpr uint8_t kRdbLength32 = 0x80;
inline constexpr uint8_t kRdbLength64 = 0x81;

inline constexpr size_t kRdbMagicBytes = 9;

// What the format calls values of that type byte, for messages; empty: no type that was ever written.
std::string_view RdbTypeName(uint8_t type);

}  // namespace norn::persist
