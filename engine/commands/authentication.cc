#include "engine/commands/authentication.h"

#include <algorithm>

namespace norn {

bool SameSecret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() != secret.size() ? 1 : 0;
  for (size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned>(given[i] ^ other) & 0xff;
  }
  return difference == 0;
}

bool PasswordFits(const config::Options& options, std::string_view user,
                  std::string_view password) {
  if (user != kDefaultUser) return false;
  if (options.requirepass.empty()) return true;
  return SameSecret(password, options.requirepass);
}

bool IsClientAttribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace norn
