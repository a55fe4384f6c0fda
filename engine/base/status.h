#pragma once
// Debian's Abseil is built with a string_view type of its own; this is the bridge.

#include <absl/status/status.h>

#include <string_view>

namespace norn {

// The view lies in `status`.
inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace norn
