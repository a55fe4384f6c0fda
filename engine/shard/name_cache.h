#pragma once
// The command names that one connection's pipelines use, as written: a few bytes compared instead of a lookup for nearly every
// command. Direct-mapped, by length and first letter; a clash just forgets.

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace norn {

struct CommandSpec;

class NameCache {
 public:
  // Null: not known here.
  const CommandSpec* Find(std::string_view name) const {
    if (name.size() - 1 >= kBytesMax) return nullptr;
    const Row& row = rows_[RowOf(name)];
    const bool same =
        row.bytes == name.size() && std::memcmp(row.name, name.data(), name.size()) == 0;
    return same ? row.spec : nullptr;
  }

  // Requires: `name` alone means `spec` (no container).
  void Remember(std::string_view name, const CommandSpec* spec) {
    if (name.size() - 1 >= kBytesMax) return;
    Row& row = rows_[RowOf(name)];
    row.bytes = static_cast<uint32_t>(name.size());
    std::memcpy(row.name, name.data(), name.size());
    row.spec = spec;
  }

 private:
  static constexpr size_t kBytesMax = 12;
  static constexpr size_t kRows = 16;

  struct Row {
    char name[kBytesMax];
    uint32_t bytes = 0;
    const CommandSpec* spec = nullptr;
  };
  static size_t RowOf(std::string_view name) {
    return (static_cast<unsigned char>(name[0]) + name.size()) % kRows;
  }

  std::array<Row, kRows> rows_;
};

}  // namespace norn
