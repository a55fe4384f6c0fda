#pragma once
// What the string commands do, without words and replies: plain functions over a Db.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/commands/errors.h"
#include "engine/keyspace/db.h"

namespace norn::string_ops {

struct Number {
  ErrorText error;
  int64_t value = 0;
};

// INCR and friends: a missing key counts as 0. The deadline stays.
Number Add(Db& db, const Key& key, int64_t by, const Moment& moment);

struct FloatText {
  ErrorText error;
  std::string text;
};

// INCRBYFLOAT: the new value in its stored form. `by` is the client's word: the value is looked at first.
FloatText AddFloat(Db& db, const Key& key, std::string_view by, const Moment& moment);

struct Length {
  ErrorText error;
  size_t bytes = 0;
};

// Refuses what would make the string longer than `bytes_max`.
Length Append(Db& db, const Key& key, std::string_view tail, int64_t bytes_max,
              const Moment& moment);

// Requires offset >= 0. Bytes between the old end and the offset become zero; an empty `bytes` changes nothing.
Length SetRange(Db& db, const Key& key, int64_t offset, std::string_view bytes, int64_t bytes_max,
                const Moment& moment);

// GETRANGE: both ends included, negative from the end.
std::string_view Range(std::string_view text, int64_t first, int64_t last);

// Stores with a deadline, or, when that has passed already, deletes what is there.
void Store(Db& db, const Key& key, EntryRef found, std::string_view value,
           const SetStringOptions& options, const Moment& moment);

}  // namespace norn::string_ops
