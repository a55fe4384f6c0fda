#pragma once
// The checksum of snapshots and DUMP payloads: CRC-64 with the polynomial of David T. Jones, reflected, initial value and
// final xor zero. Incremental: Crc64(Crc64(0, a), b) == Crc64(0, a + b).

#include <cstdint>
#include <string_view>

namespace norn::persist {

uint64_t Crc64(uint64_t crc, std::string_view bytes);

}  // namespace norn::persist
