#include "engine/commands/strings/string_ops.h"

#include <cmath>
#include <cstring>
#include <optional>

#include "engine/base/number.h"

namespace norn::string_ops {
namespace {

// A string may hold an integer without being encoded as one (APPEND made it).
std::optional<int64_t> IntegerOf(const Entry& entry) {
  if (entry.encoding() == Encoding::kInt) return entry.Integer();
  StringScratch scratch;
  return ParseInt64(entry.String(scratch));
}

bool TooLong(uint64_t size_bytes, uint64_t more_bytes, int64_t bytes_max) {
  uint64_t total = 0;
  if (__builtin_add_overflow(size_bytes, more_bytes, &total)) return true;
  return total > static_cast<uint64_t>(bytes_max);
}

}  // namespace

Number Add(Db& db, const Key& key, int64_t by, const Moment& moment) {
  const EntryRef found = db.FindForWrite(key, moment);
  if (!found) {
    char digits[kInt64CharsMax];
    db.SetString(key, found, {digits, FormatInt64(by, digits)}, {}, moment);
    return {kNoError, by};
  }
  if (!found->IsString()) return {kWrongType, 0};
  const std::optional<int64_t> old = IntegerOf(*found);
  if (!old) return {kNotAnInteger, 0};
  int64_t sum = 0;
  if (__builtin_add_overflow(*old, by, &sum)) return {kOverflow, 0};
  db.SetInteger(key, found, sum);
  return {kNoError, sum};
}

// Valkey: it keeps the result as "embstr"; here a whole number reports "int", as after SET.
FloatText AddFloat(Db& db, const Key& key, std::string_view by, const Moment& moment) {
  const EntryRef found = db.FindForWrite(key, moment);
  long double old = 0;
  if (found) {
    if (!found->IsString()) return {kWrongType, {}};
    StringScratch scratch;
    const std::optional<long double> value = ParseLongDouble(found->String(scratch));
    if (!value) return {kNotFloat, {}};
    old = *value;
  }
  const std::optional<long double> more = ParseLongDouble(by);
  if (!more) return {kNotFloat, {}};
  const long double sum = old + *more;
  if (std::isnan(sum) || std::isinf(sum)) return {kNanOrInfinity, {}};
  std::string text = FormatLongDoubleHuman(sum);
  db.SetString(key, found, text, {.keep_deadline = true}, moment);
  return {kNoError, std::move(text)};
}

Length Append(Db& db, const Key& key, std::string_view tail, int64_t bytes_max,
              const Moment& moment) {
  const EntryRef found = db.FindForWrite(key, moment);
  if (!found) {
    db.SetString(key, found, tail, {}, moment);
    return {kNoError, tail.size()};
  }
  if (!found->IsString()) return {kWrongType, 0};
  const size_t old_bytes = found->StringLength();
  if (TooLong(old_bytes, tail.size(), bytes_max)) return {kStringTooLong, 0};
  const std::span<char> bytes = db.ResizeString(key, found, old_bytes + tail.size(), moment);
  if (!tail.empty()) std::memcpy(bytes.data() + old_bytes, tail.data(), tail.size());
  return {kNoError, bytes.size()};
}

Length SetRange(Db& db, const Key& key, int64_t offset, std::string_view bytes, int64_t bytes_max,
                const Moment& moment) {
  const EntryRef found = db.FindForWrite(key, moment);
  if (found && !found->IsString()) return {kWrongType, 0};
  const size_t old_bytes = found ? found->StringLength() : 0;
  if (bytes.empty()) return {kNoError, old_bytes};
  const size_t from = static_cast<size_t>(offset);
  if (TooLong(from, bytes.size(), bytes_max)) return {kStringTooLong, 0};
  const size_t new_bytes = std::max(old_bytes, from + bytes.size());
  const std::span<char> text = db.ResizeString(key, found, new_bytes, moment);
  std::memcpy(text.data() + from, bytes.data(), bytes.size());
  return {kNoError, text.size()};
}

std::string_view Range(std::string_view text, int64_t first, int64_t last) {
  const int64_t size = static_cast<int64_t>(text.size());
  constexpr std::string_view kNothing = "";  // not a null pointer: replies copy from it
  if (first < 0 && last < 0 && first > last) return kNothing;
  if (first < 0) first = std::max<int64_t>(first + size, 0);
  if (last < 0) last = std::max<int64_t>(last + size, 0);
  last = std::min(last, size - 1);
  if (first > last) return kNothing;
  return text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
}

void Store(Db& db, const Key& key, EntryRef found, std::string_view value,
           const SetStringOptions& options, const Moment& moment) {
  const bool dead =
      options.deadline_ms != kNoDeadline && options.deadline_ms <= moment.expired_up_to_ms();
  if (!dead) return db.SetString(key, found, value, options, moment);
  if (found) db.Erase(key, found);
}

}  // namespace norn::string_ops
