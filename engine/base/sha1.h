#pragma once
// SHA-1 (RFC 3174), where compatibility asks for it: DEBUG DIGEST. Not for anything that an attacker may choose.

#include <array>
#include <cstdint>
#include <string_view>

namespace norn {

using Sha1Digest = std::array<uint8_t, 20>;

Sha1Digest Sha1(std::string_view bytes);

}  // namespace norn
