#include "engine/config/validate.h"

#include "engine/config/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace norn::config {
namespace {

constexpr size_t kHostnameCharsMax = 255;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string CheckBaseName(std::string_view text, std::string_view option, std::string_view what) {
  if (text.empty()) return fmt::format("{} can't be empty", option);
  if (text.find_first_of("/\\") == std::string_view::npos) return {};
  return fmt::format("{} can't be a path, just a {}", option, what);
}

// 0..255 without leading zeros.
bool IsOctet(std::string_view text) {
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return false;
  }
  if (text.size() > 1 && text[0] == '0') return false;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value <= 255;
}

bool IsIpv4(std::string_view text) {
  for (int octet = 0; octet < 3; ++octet) {
    const size_t dot = text.find('.');
    if (dot == std::string_view::npos || !IsOctet(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return IsOctet(text);
}

// The number of 16-bit groups in colon-separated `text`, of which the last may be an IPv4 address;
// nullopt where it is malformed. Empty text has none.
std::optional<int> CountGroups(std::string_view text, bool ipv4_may_end) {
  if (text.empty()) return 0;
  int groups = 0;
  while (true) {
    const size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && ipv4_may_end && IsIpv4(group)) return groups + 2;
    if (group.empty() || group.size() > 4) return std::nullopt;
    if (!std::all_of(group.begin(), group.end(), IsHex)) return std::nullopt;
    ++groups;
    if (last) return groups;
    text.remove_prefix(colon + 1);
  }
}

bool IsIpv6(std::string_view text) {
  const size_t gap = text.find("::");
  if (gap == std::string_view::npos) return CountGroups(text, true) == 8;
  const std::optional<int> head = CountGroups(text.substr(0, gap), false);
  const std::optional<int> tail = CountGroups(text.substr(gap + 2), true);
  return head && tail && *head + *tail <= 7;
}

// What a template variable shows, good enough to tell empty from not empty; nullopt: unknown.
std::optional<std::string> TitleVariable(const Options& options, std::string_view name) {
  if (name == "title" || name == "unixsocket") {
    return name == "title" ? std::string() : options.unixsocket;
  }
  if (name == "server-mode") return options.cluster_enabled ? "[cluster]" : "";
  if (name == "listen-addr" || name == "config-file" || name == "port" || name == "tls-port") {
    return std::string(name);
  }
  return std::nullopt;
}

// {{ is a literal brace. nullopt: a brace is not closed, or a variable is unknown.
std::optional<std::string> ExpandTitle(const Options& options, std::string_view text) {
  std::string title;
  while (!text.empty()) {
    const size_t open = text.find('{');
    title += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open + 1);
    if (text.substr(0, 1) == "{") {
      title += '{';
      text.remove_prefix(1);
      continue;
    }
    const size_t close = text.find('}');
    if (close == std::string_view::npos) return std::nullopt;
    const std::optional<std::string> shown = TitleVariable(options, text.substr(0, close));
    if (!shown) return std::nullopt;
    title += *shown;
    text.remove_prefix(close + 1);
  }
  return title;
}

}  // namespace

std::string CheckShutdown(int bits) {
  const bool both = (bits & kShutdownSave) != 0 && (bits & kShutdownNoSave) != 0;
  return both ? "shutdown options SAVE and NOSAVE can't be used simultaneously" : "";
}

std::string CheckProcTitle(const Options& options, std::string_view text) {
  const std::optional<std::string> title = ExpandTitle(options, text);
  if (title && title->find_first_not_of(' ') != std::string::npos) return {};
  return "template format is invalid or contains unknown variables";
}

std::string CheckDbFilename(const Options&, std::string_view text) {
  return CheckBaseName(text, "dbfilename", "filename");
}

std::string CheckAppendFilename(const Options&, std::string_view text) {
  return CheckBaseName(text, "appendfilename", "filename");
}

std::string CheckAppendDirname(const Options&, std::string_view text) {
  return CheckBaseName(text, "appenddirname", "dirname");
}

std::string CheckClusterFile(const Options&, std::string_view text) {
  return text.empty() ? "cluster-config-file can't be empty" : "";
}

std::string CheckIpv4(const Options&, std::string_view text) {
  return text.empty() || IsIpv4(text) ? "" : "Invalid IPv4 address";
}

std::string CheckIpv6(const Options&, std::string_view text) {
  return text.empty() || IsIpv6(text) ? "" : "Invalid IPv6 address";
}

std::string CheckHostname(const Options&, std::string_view text) {
  if (text.size() > kHostnameCharsMax) return "Hostnames must be less than 256 characters";
  const bool clean = std::all_of(text.begin(), text.end(),
                                 [](char c) { return IsAlnum(c) || c == '-' || c == '.'; });
  return clean ? "" : "Hostnames may only contain alphanumeric characters, hyphens or dots";
}

std::string CheckNodename(const Options&, std::string_view text) {
  constexpr std::string_view kRefused("!#$%&()*+;<>?@[]^{|}~\0", 22);
  if (text.find_first_of(kRefused) == std::string_view::npos) return {};
  return "Announced human node name contained invalid character";
}

}  // namespace norn::config
