#pragma once
// Rules for values that their type does not tell. Each returns why a value is refused, in Valkey's
// words; empty: accepted.

#include "engine/config/options.h"

#include <string>
#include <string_view>

namespace norn::config {

std::string CheckShutdown(int bits);
std::string CheckProcTitle(const Options& options, std::string_view text);
std::string CheckDbFilename(const Options& options, std::string_view text);
std::string CheckAppendFilename(const Options& options, std::string_view text);
std::string CheckAppendDirname(const Options& options, std::string_view text);
std::string CheckClusterFile(const Options& options, std::string_view text);
std::string CheckIpv4(const Options& options, std::string_view text);
std::string CheckIpv6(const Options& options, std::string_view text);
std::string CheckHostname(const Options& options, std::string_view text);
std::string CheckNodename(const Options& options, std::string_view text);

}  // namespace norn::config
