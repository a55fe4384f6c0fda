// Against a std::map.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

#include "engine/base/prng.h"
#include "engine/structs/field_table.h"

namespace norn {
namespace {

struct Row {
  std::string value;
  int64_t deadline_ms = Field::kNoDeadline;
};

std::string DrawText(Prng& prng) {
  if (prng.OneIn(30)) return std::string(prng.Below(20000), 'l');
  return std::string(prng.Below(20), static_cast<char>('a' + prng.Below(26)));
}

int64_t DrawDeadline(Prng& prng) {
  return prng.OneIn(2) ? Field::kNoDeadline : static_cast<int64_t>(prng.Below(1000));
}

void Compare(const FieldTable& table, const std::map<std::string, Row>& plain) {
  table.CheckInvariants();
  RC_ASSERT(table.size() == plain.size());
  size_t seen = 0;
  table.ForEach([&](const Field& field) {
    const auto found = plain.find(std::string(field.name()));
    RC_ASSERT(found != plain.end());
    RC_ASSERT(field.value() == found->second.value);
    RC_ASSERT(field.deadline_ms() == found->second.deadline_ms);
    ++seen;
  });
  RC_ASSERT(seen == plain.size());
}

RC_GTEST_PROP(FieldTableProperty, DoesWhatAMapDoes, (uint64_t seed)) {
  Prng prng(seed);
  std::map<std::string, Row> plain;
  FieldTable table(seed);
  const uint64_t names = 1 + prng.Below(2000);
  for (int change = 0; change < 1500; ++change) {
    const std::string name =
        "n" + std::to_string(prng.Below(names)) + std::string(prng.Below(2) * 200, 'x');
    const auto found = plain.find(name);
    switch (prng.Below(6)) {
      case 0:
        RC_ASSERT(table.Erase(name) == (plain.erase(name) == 1));
        break;
      case 1: {
        const int64_t deadline_ms = DrawDeadline(prng);
        RC_ASSERT(table.SetDeadline(name, deadline_ms) == (found != plain.end()));
        if (found != plain.end()) found->second.deadline_ms = deadline_ms;
        break;
      }
      case 2:
        RC_ASSERT(table.Add(name) == (found == plain.end()));
        plain.emplace(name, Row());
        break;
      default: {
        const Row row{DrawText(prng), DrawDeadline(prng)};
        RC_ASSERT(table.Set(name, row.value, row.deadline_ms) == (found == plain.end()));
        plain[name] = row;
      }
    }
    const Field* asked = table.Find(name);
    RC_ASSERT((asked != nullptr) == plain.contains(name));
  }
  Compare(table, plain);
  Compare(FieldTable(table), plain);
  // A round in which the table shrinks may miss some; one that erases nothing has seen all.
  for (size_t erased = 1; erased > 0;) {
    erased = 0;
    while (!table.EraseDue(500, 1 + prng.Below(20), [&](const Field& field) {
      RC_ASSERT(field.has_deadline() && field.deadline_ms() <= 500);
      RC_ASSERT(plain.erase(std::string(field.name())) == 1);
      ++erased;
    })) {
    }
  }
  for (const auto& [name, row] : plain) {
    RC_ASSERT(row.deadline_ms == Field::kNoDeadline || row.deadline_ms > 500);
  }
  Compare(table, plain);
}

}  // namespace
}  // namespace norn
