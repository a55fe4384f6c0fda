#include "engine/config/path.h"

#include <vector>

namespace norn::config {

std::string PathFrom(std::string_view base, std::string_view path) {
  const bool absolute = path.substr(0, 1) == "/";
  std::string joined(path);
  if (!absolute && !base.empty()) joined = std::string(base) + "/" + joined;
  const bool rooted = joined.substr(0, 1) == "/";

  std::vector<std::string_view> parts;
  std::string_view rest = joined;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string result;
  for (const std::string_view part : parts) {
    if (rooted || !result.empty()) result += '/';
    result += part;
  }
  if (result.empty()) return rooted ? "/" : ".";
  return result;
}

}  // namespace norn::config
