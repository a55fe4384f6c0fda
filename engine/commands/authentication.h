#pragma once
// Who a client is: passwords and names. Shared by AUTH, HELLO and CLIENT.

#include <string_view>

#include "engine/config/options.h"

namespace norn {

inline constexpr std::string_view kDefaultUser = "default";
inline constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";
inline constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// Takes a time that depends on the length of `given` alone, so that a secret cannot be guessed byte by byte.
bool SameSecret(std::string_view given, std::string_view secret);

// Whether `user` may enter with `password`. The default user without a password of its own takes any.
bool PasswordFits(const config::Options& options, std::string_view user, std::string_view password);

// Printable ASCII without blanks, so that CLIENT LIST can be split at blanks. "" fits: it takes a name away.
bool IsClientAttribute(std::string_view text);

}  // namespace norn
