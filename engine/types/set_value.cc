#include "engine/types/set_value.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/base/number.h"

namespace norn {
namespace {

bool IsIntset(std::string_view packed) {
  uint32_t first;
  std::memcpy(&first, packed.data(), sizeof(first));
  return first <= 4 || first == 8;
}

// What set-max-intset-entries allows, at most what the format can count.
size_t IntsetMax(const TypeRules& rules) {
  constexpr int64_t kFormatMax = int64_t{1} << 30;
  return static_cast<size_t>(std::min(rules.options.set_max_intset_entries, kFormatMax));
}

bool FitsListpack(const TypeRules& rules, size_t members, size_t longest_bytes) {
  return members <= static_cast<size_t>(rules.options.set_max_listpack_entries) &&
         longest_bytes <= static_cast<size_t>(rules.options.set_max_listpack_value);
}

size_t LongestDigits(const IntsetView& set) {
  if (set.Count() == 0) return 0;
  return std::max(Int64Text(set.At(0)).view().size(),
                  Int64Text(set.At(set.Count() - 1)).view().size());
}

}  // namespace

// ---- SetReader ----

SetReader::SetReader(const Object* object, std::string_view packed) : packed_(packed) {
  if (object != nullptr) {
    form_ = SetForm::kTable;
    table_ = &TableObject::Of(*object).table;
  } else {
    form_ = IsIntset(packed) ? SetForm::kIntset : SetForm::kListpack;
  }
}

SetReader::SetReader(const Entry& entry)
    : SetReader(entry.IsPacked() ? nullptr : entry.object(),
                entry.IsPacked() ? entry.packed() : std::string_view()) {
  CHECK(entry.type() == ValueType::kSet);
}

SetReader::SetReader(const ValuePlace& place)
    : SetReader(place.object(), place.object() == nullptr ? place.bytes() : std::string_view()) {}

std::string_view SetReader::EncodingName() const {
  if (form_ == SetForm::kIntset) return "intset";
  return form_ == SetForm::kListpack ? "listpack" : "hashtable";
}

size_t SetReader::size() const {
  if (form_ == SetForm::kIntset) return IntsetView(packed_).Count();
  return form_ == SetForm::kListpack ? ListpackView(packed_).Count() : table_->size();
}

bool SetReader::Contains(std::string_view member) const {
  if (form_ == SetForm::kTable) return table_->Find(member) != nullptr;
  if (form_ == SetForm::kListpack) {
    const ListpackView view(packed_);
    return view.Find(member, view.first(), 0) != view.end();
  }
  const PackedValue value(member);
  return value.is_integer() && IntsetView(packed_).Contains(value.integer());
}

void SetReader::ForEach(absl::FunctionRef<void(const PackedValue& member)> visit) const {
  if (form_ == SetForm::kTable) {
    table_->ForEach([&](const Field& field) { visit(PackedValue::Text(field.name())); });
  } else if (form_ == SetForm::kListpack) {
    const ListpackView view(packed_);
    for (auto at = view.first(); at != view.end(); at = view.Next(at)) visit(view.At(at));
  } else {
    const IntsetView view(packed_);
    for (size_t i = 0; i < view.Count(); ++i) visit(PackedValue::Integer(view.At(i)));
  }
}

PackedValue SetReader::Random(Prng& prng) const {
  if (form_ == SetForm::kTable) return PackedValue::Text(table_->Random(prng)->name());
  const size_t index = prng.Below(size());
  if (form_ == SetForm::kIntset) return PackedValue::Integer(IntsetView(packed_).At(index));
  const ListpackView view(packed_);
  return view.At(view.Seek(static_cast<int64_t>(index)));
}

uint64_t SetReader::Scan(uint64_t cursor, size_t count,
                         absl::FunctionRef<void(const PackedValue& member)> visit) const {
  if (form_ == SetForm::kTable) {
    return table_->Scan(cursor, count,
                        [&](const Field& field) { visit(PackedValue::Text(field.name())); });
  }
  ForEach(visit);
  return 0;
}

// ---- SetWriter ----

void SetWriter::Expect(std::string_view first_member, size_t members) {
  const bool fits_intset = members <= IntsetMax(rules_);
  const bool fits_listpack = FitsListpack(rules_, members, 0);
  if (!place_->exists()) {
    if (PackedValue(first_member).is_integer() && fits_intset) {
      place_->Create(Intset::Empty());
    } else if (fits_listpack) {
      place_->Create(Listpack::Empty());
    } else {
      place_->Unpack(std::make_unique<TableObject>(rules_.hash_seed));
    }
    return;
  }
  const SetForm form = SetReader(*place_).form();
  if ((form == SetForm::kIntset && !fits_intset) ||
      (form == SetForm::kListpack && !fits_listpack)) {
    BecomeTable();
  }
}

bool SetWriter::Add(std::string_view member) {
  if (!place_->exists()) Expect(member, 1);
  bool added = false;
  switch (SetReader(*place_).form()) {
    case SetForm::kIntset:
      added = AddToIntset(member);
      break;
    case SetForm::kListpack:
      added = AddToListpack(member);
      break;
    case SetForm::kTable:
      added = AddToTable(member);
      break;
  }
  if (added) place_->NoteChanges(1);
  return added;
}

bool SetWriter::AddToIntset(std::string_view member) {
  const PackedValue value(member);
  const IntsetView before(place_->bytes());
  if (value.is_integer()) {
    if (!Intset(*place_).Insert(value.integer())) return false;
    if (IntsetView(place_->bytes()).Count() > IntsetMax(rules_)) BecomeTable();
    return true;
  }
  if (FitsListpack(rules_, before.Count() + 1, std::max(member.size(), LongestDigits(before)))) {
    BecomeListpack();
    Listpack(*place_).Append({value});
    return true;
  }
  BecomeTable();
  return AddToTable(member);
}

bool SetWriter::AddToListpack(std::string_view member) {
  const PackedValue value(member);
  const ListpackView before(place_->bytes());
  if (before.Find(value, before.first(), 0) != before.end()) return false;
  if (FitsListpack(rules_, before.Count() + 1, member.size())) {
    Listpack(*place_).Append({value});
    return true;
  }
  BecomeTable();
  return AddToTable(member);
}

bool SetWriter::AddToTable(std::string_view member) {
  bool added = false;
  place_->Change([&](Object& object) { added = TableObject::Of(object).table.Add(member); });
  return added;
}

void SetWriter::BecomeListpack() {
  PackedBlock bytes(Listpack::Empty());
  Listpack listpack(bytes);
  SetReader(*place_).ForEach([&](const PackedValue& member) { listpack.Append({member}); });
  place_->Splice(0, place_->bytes().size(), bytes.bytes().size());
  std::memcpy(place_->Writable().data(), bytes.bytes().data(), bytes.bytes().size());
}

void SetWriter::BecomeTable() {
  auto object = std::make_unique<TableObject>(rules_.hash_seed);
  SetReader(*place_).ForEach([&](const PackedValue& member) {
    PackedScratch scratch;
    CHECK(object->table.Add(member.View(scratch)));
  });
  place_->Unpack(std::move(object));
}

bool SetWriter::Remove(std::string_view member) {
  if (!place_->exists()) return false;
  const SetReader reader(*place_);
  bool removed = false;
  switch (reader.form()) {
    case SetForm::kIntset: {
      const PackedValue value(member);
      removed = value.is_integer() && Intset(*place_).Erase(value.integer());
      break;
    }
    case SetForm::kListpack: {
      const ListpackView view(reader.packed());
      const ListpackView::Position at = view.Find(member, view.first(), 0);
      removed = at != view.end();
      if (removed) Listpack(*place_).Erase(at, 1);
      break;
    }
    case SetForm::kTable:
      place_->Change(
          [&](Object& object) { removed = TableObject::Of(object).table.Erase(member); });
      break;
  }
  if (!removed) return false;
  // Erasing the key is a change of its own.
  size() == 0 ? place_->Erase() : place_->NoteChanges(1);
  return true;
}

void SetWriter::TakePacked(std::string_view bytes) {
  place_->Create(bytes);
  const SetReader reader(*place_);
  bool fits = true;
  if (reader.form() == SetForm::kIntset) {
    fits = reader.size() <= IntsetMax(rules_);
  } else {
    size_t longest_bytes = 0;
    reader.ForEach([&](const PackedValue& member) {
      longest_bytes = std::max(longest_bytes, member.Length());
    });
    fits = FitsListpack(rules_, reader.size(), longest_bytes);
  }
  if (!fits) BecomeTable();
}

}  // namespace norn
