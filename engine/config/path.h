#pragma once
// Paths as text; no file system is asked.

#include <string>
#include <string_view>

namespace norn::config {

// `path` seen from `base`, without ".", ".." and double slashes. Symlinks are not followed.
// Absolute where either argument is.
std::string PathFrom(std::string_view base, std::string_view path);

}  // namespace norn::config
