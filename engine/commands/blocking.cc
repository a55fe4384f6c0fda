#include "engine/commands/blocking.h"

#include <cmath>

#include "engine/base/number.h"
#include "engine/commands/arguments.h"

namespace norn {
namespace {

constexpr ErrorText kNegative = "ERR timeout is negative";
constexpr ErrorText kOutOfRange = "ERR timeout is out of range";

// The end of the wait must be a time that a clock can show.
std::optional<int64_t> Checked(CommandContext& c, int64_t timeout_ms) {
  if (timeout_ms < 0) {
    c.reply.Error(kNegative);
    return std::nullopt;
  }
  if (timeout_ms > INT64_MAX - c.moment.now_ms) {
    c.reply.Error(kOutOfRange);
    return std::nullopt;
  }
  return timeout_ms;
}

}  // namespace

std::optional<int64_t> SecondsToWaitAt(CommandContext& c, size_t at) {
  const std::optional<double> seconds = ParseDouble(c.word(at));
  if (!seconds || std::isnan(*seconds)) {
    c.reply.Error("ERR timeout is not a float or out of range");
    return std::nullopt;
  }
  const double millis = std::ceil(*seconds * 1000);
  if (millis >= 9223372036854775808.0) {
    c.reply.Error(kOutOfRange);
    return std::nullopt;
  }
  return Checked(c, *seconds < 0 ? -1 : static_cast<int64_t>(millis));
}

std::optional<int64_t> MillisToWaitAt(CommandContext& c, size_t at) {
  const std::optional<int64_t> millis =
      IntegerAt(c, at, "ERR timeout is not an integer or out of range");
  return millis ? Checked(c, *millis) : std::nullopt;
}

void WaitOrReplyNull(CommandContext& c, KeyWait wait) {
  if (c.wait == nullptr) return wait.null_is_bulk ? c.reply.Null() : c.reply.NullArray();
  *c.wait = std::move(wait);
  c.wait->asked = true;
}

}  // namespace norn
