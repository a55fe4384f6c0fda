#pragma once
// Error replies that several commands give, byte for byte as Valkey words them. An operation answers with one of these (or
// kNoError) and its handler replies it.

#include <string_view>

namespace norn {

using ErrorText = std::string_view;

// clang-format off
inline constexpr ErrorText kNoError = "";
inline constexpr ErrorText kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr ErrorText kSyntaxError = "ERR syntax error";
inline constexpr ErrorText kNoSuchKey = "ERR no such key";
inline constexpr ErrorText kBusyKey = "BUSYKEY Target key name already exists.";
inline constexpr ErrorText kSameObject = "ERR source and destination objects are the same";
inline constexpr ErrorText kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr ErrorText kNotFloat = "ERR value is not a valid float";
inline constexpr ErrorText kMustBePositive = "ERR value is out of range, must be positive";
inline constexpr ErrorText kNotInInt32 = "ERR value is out of range, value must between -2147483648 and 2147483647";
inline constexpr ErrorText kNotInInt64Halves = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
inline constexpr ErrorText kDbOutOfRange = "ERR DB index is out of range";
inline constexpr ErrorText kOverflow = "ERR increment or decrement would overflow";
inline constexpr ErrorText kDecrementOverflow = "ERR decrement would overflow";
inline constexpr ErrorText kNanOrInfinity = "ERR increment would produce NaN or Infinity";
inline constexpr ErrorText kOffsetOutOfRange = "ERR offset is out of range";
inline constexpr ErrorText kTooFewKeys = "ERR numkeys should be greater than 0";
inline constexpr ErrorText kUnblockedByClient = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
inline constexpr ErrorText kUnblockedByRole = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
inline constexpr ErrorText kStringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
// clang-format on

}  // namespace norn
