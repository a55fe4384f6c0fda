#include "engine/types/hash_value.h"

#include <algorithm>

#include "engine/base/check.h"

namespace norn {
namespace {

HashField AsHashField(const Field& field) {
  return {PackedValue::Text(field.name()), PackedValue::Text(field.value()), field.deadline_ms()};
}

}  // namespace

// ---- HashReader ----

HashReader::HashReader(const Object* object, std::string_view packed, int64_t expired_up_to_ms)
    : packed_(packed),
      table_(object == nullptr ? nullptr : &TableObject::Of(*object).table),
      expired_up_to_ms_(expired_up_to_ms) {}

HashReader::HashReader(const Entry& entry, int64_t expired_up_to_ms)
    : HashReader(entry.IsPacked() ? nullptr : entry.object(),
                 entry.IsPacked() ? entry.packed() : std::string_view(), expired_up_to_ms) {
  CHECK(entry.type() == ValueType::kHash);
}

HashReader::HashReader(const ValuePlace& place, int64_t expired_up_to_ms)
    : HashReader(place.object(), place.object() == nullptr ? place.bytes() : std::string_view(),
                 expired_up_to_ms) {}

size_t HashReader::size() const {
  return is_table() ? table_->size() : ListpackView(packed_).Count() / 2;
}

bool HashReader::Hides(const Field& field) const {
  return field.has_deadline() && field.deadline_ms() <= expired_up_to_ms_;
}

std::optional<HashField> HashReader::Find(std::string_view name) const {
  if (is_table()) {
    const Field* field = table_->Find(name);
    if (field == nullptr || Hides(*field)) return std::nullopt;
    return AsHashField(*field);
  }
  const ListpackView view(packed_);
  const ListpackView::Position at = view.Find(name, view.first(), 1);
  if (at == view.end()) return std::nullopt;
  return HashField{view.At(at), view.At(view.Next(at))};
}

void HashReader::ForEach(absl::FunctionRef<void(const HashField& field)> visit) const {
  if (is_table()) {
    table_->ForEach([&](const Field& field) {
      if (!Hides(field)) visit(AsHashField(field));
    });
    return;
  }
  const ListpackView view(packed_);
  for (auto at = view.first(); at != view.end(); at = view.Skip(at, 2)) {
    visit({view.At(at), view.At(view.Next(at))});
  }
}

std::optional<HashField> HashReader::Random(Prng& prng) const {
  if (!is_table()) {
    const ListpackView view(packed_);
    const auto at = view.Seek(static_cast<int64_t>(2 * prng.Below(size())));
    return HashField{view.At(at), view.At(view.Next(at))};
  }
  // Where expired fields stay a while, one is soon found that does not; else the first that there is.
  constexpr int kTriesMax = 64;
  for (int i = 0; i < kTriesMax; ++i) {
    const Field& field = *table_->Random(prng);
    if (!Hides(field)) return AsHashField(field);
  }
  std::optional<HashField> first;
  ForEach([&](const HashField& field) {
    if (!first) first = field;
  });
  return first;
}

uint64_t HashReader::Scan(uint64_t cursor, size_t count,
                          absl::FunctionRef<void(const HashField& field)> visit) const {
  if (is_table()) {
    return table_->Scan(cursor, count, [&](const Field& field) {
      if (!Hides(field)) visit(AsHashField(field));
    });
  }
  ForEach(visit);
  return 0;
}

// ---- HashWriter ----

size_t HashWriter::size() const {
  return place_->exists() ? HashReader(*place_, INT64_MIN).size() : 0;
}

bool HashWriter::Fits(size_t fields, size_t longest_bytes) const {
  return fields <= static_cast<size_t>(rules_.options.hash_max_listpack_entries) &&
         longest_bytes <= static_cast<size_t>(rules_.options.hash_max_listpack_value);
}

void HashWriter::Expect(std::span<const std::string_view> names_and_values) {
  size_t longest_bytes = 0;
  for (const std::string_view text : names_and_values) {
    longest_bytes = std::max(longest_bytes, text.size());
  }
  const bool fits = Fits(names_and_values.size() / 2, longest_bytes);
  if (place_->exists()) {
    if (!fits && !is_table()) BecomeTable();
  } else if (fits) {
    place_->Create(Listpack::Empty());
  } else {
    place_->Unpack(std::make_unique<TableObject>(rules_.hash_seed));
  }
}

bool HashWriter::Set(std::string_view name, std::string_view value, int64_t deadline_ms) {
  if (!place_->exists()) place_->Create(Listpack::Empty());
  const bool timed = deadline_ms != Field::kNoDeadline;
  if (!is_table() && (timed || !Fits(0, std::max(name.size(), value.size())))) BecomeTable();
  bool added = false;
  if (is_table()) {
    place_->Change([&](Object& object) { added = table(object).Set(name, value, deadline_ms); });
  } else {
    added = SetPacked(name, value);
  }
  place_->NoteChanges(1);
  return added;
}

bool HashWriter::SetPacked(std::string_view name, std::string_view value) {
  const ListpackView view(place_->bytes());
  const ListpackView::Position at = view.Find(name, view.first(), 1);
  if (at != view.end()) {
    Listpack(*place_).Replace(view.Next(at), value);
    return false;
  }
  Listpack(*place_).Append({name, value});
  if (!Fits(size(), 0)) BecomeTable();
  return true;
}

bool HashWriter::SetDeadline(std::string_view name, int64_t deadline_ms) {
  if (!place_->exists()) return false;
  if (!is_table()) {
    const ListpackView view(place_->bytes());
    if (view.Find(name, view.first(), 1) == view.end()) return false;
    if (deadline_ms == Field::kNoDeadline) return true;
    BecomeTable();
  }
  bool found = false;
  place_->Change([&](Object& object) { found = table(object).SetDeadline(name, deadline_ms); });
  if (found) place_->NoteChanges(1);
  return found;
}

bool HashWriter::Erase(std::string_view name) {
  if (!place_->exists()) return false;
  if (is_table()) {
    bool erased = false;
    place_->Change([&](Object& object) { erased = table(object).Erase(name); });
    if (erased) NoteErased();
    return erased;
  }
  const ListpackView view(place_->bytes());
  const ListpackView::Position at = view.Find(name, view.first(), 1);
  if (at == view.end()) return false;
  Listpack(*place_).Erase(at, 2);
  NoteErased();
  return true;
}

// Erasing the place is a change of its own.
void HashWriter::NoteErased() { size() == 0 ? place_->Erase() : place_->NoteChanges(1); }

bool HashWriter::EraseDue(int64_t now_ms, size_t lines,
                          absl::FunctionRef<void(std::string_view)> visit) {
  if (!place_->exists() || !is_table()) return true;
  size_t erased = 0;
  bool round_ends = false;
  place_->Change([&](Object& object) {
    round_ends = table(object).EraseDue(now_ms, lines, [&](const Field& field) {
      visit(field.name());
      ++erased;
    });
  });
  if (erased > 0) NoteErased();
  return round_ends || !place_->exists();
}

void HashWriter::BecomeTable() {
  auto object = std::make_unique<TableObject>(rules_.hash_seed);
  HashReader(*place_, INT64_MIN).ForEach([&](const HashField& field) {
    PackedScratch of_name, of_value;
    CHECK(object->table.Set(field.name.View(of_name), field.value.View(of_value),
                            Field::kNoDeadline));
  });
  place_->Unpack(std::move(object));
}

void HashWriter::TakePacked(std::string_view bytes) {
  place_->Create(bytes);
  size_t longest_bytes = 0;
  HashReader(*place_, INT64_MIN).ForEach([&](const HashField& field) {
    longest_bytes = std::max({longest_bytes, field.name.Length(), field.value.Length()});
  });
  if (!Fits(size(), longest_bytes)) BecomeTable();
}

}  // namespace norn
