#include "engine/types/list_value.h"

#include <algorithm>

#include "engine/base/check.h"

namespace norn {

QuicklistLimits ListLimits(const config::Options& options) {
  return {.fill = static_cast<int32_t>(options.list_max_listpack_size),
          .compress_depth = static_cast<uint32_t>(options.list_compress_depth)};
}

// ---- ListReader ----

ListReader::ListReader(const Object* object, std::string_view packed)
    : packed_(packed),
      list_(object == nullptr ? nullptr : &static_cast<const ListObject*>(object)->list) {}

ListReader::ListReader(const Entry& entry)
    : ListReader(entry.IsPacked() ? nullptr : entry.object(),
                 entry.IsPacked() ? entry.packed() : std::string_view()) {
  CHECK(entry.type() == ValueType::kList);
}

ListReader::ListReader(const ValuePlace& place)
    : ListReader(place.object(), place.object() == nullptr ? place.bytes() : std::string_view()) {}

size_t ListReader::size() const {
  return is_packed() ? ListpackView(packed_).Count() : list_->size();
}

std::string ListReader::At(size_t index) const {
  CHECK(index < size());
  if (!is_packed()) return QuicklistReader(*list_, index, ListEnd::kFront).value().ToString();
  const ListpackView view(packed_);
  return view.At(view.Seek(static_cast<int64_t>(index))).ToString();
}

void ListReader::Visit(size_t index, ListEnd from,
                       absl::FunctionRef<bool(const PackedValue& element)> visit) const {
  if (index >= size()) return;
  if (!is_packed()) {
    QuicklistReader at(*list_, index, from);
    while (!at.done() && visit(at.value())) at.Next();
    return;
  }
  const ListpackView view(packed_);
  auto at = view.Seek(static_cast<int64_t>(index));
  if (from == ListEnd::kFront) {
    for (; at != view.end() && visit(view.At(at)); at = view.Next(at)) {
    }
  } else {
    while (visit(view.At(at)) && at != view.first()) at = view.Previous(at);
  }
}

// ---- ListWriter ----

void ListWriter::Expect(std::span<const std::string_view> elements) {
  if (place_->object() != nullptr) return;  // holds anything
  const QuicklistLimits limits = ListLimits(rules_.options);
  size_t bytes = place_->exists() ? place_->bytes().size() : 0;
  bool large = false;
  for (const std::string_view element : elements) {
    bytes += element.size();
    large = large || limits.IsLarge(element.size());
  }
  const bool fits = !large && limits.Allow(bytes, size() + elements.size());
  if (!place_->exists()) {
    if (fits) return place_->Create(Listpack::Empty());
    place_->Unpack(std::make_unique<ListObject>(limits));
  } else if (!fits) {
    BecomeQuicklist();
  }
}

void ListWriter::BecomeQuicklist() {
  auto object = std::make_unique<ListObject>(ListLimits(rules_.options));
  if (!ListpackView(place_->bytes()).empty()) object->list.AppendListpack(place_->bytes());
  place_->Unpack(std::move(object));
}

void ListWriter::Push(ListEnd end, std::string_view element, size_t changes) {
  Expect({&element, 1});
  if (place_->object() != nullptr) {
    place_->Change([&](Object& object) { ListOf(object).Push(end, element); });
  } else {
    Listpack listpack(*place_);
    const ListpackView view = listpack.view();
    listpack.Insert(end == ListEnd::kFront ? view.first() : view.end(), {PackedValue(element)});
  }
  place_->NoteChanges(changes);
}

void ListWriter::Insert(size_t index, std::string_view element) {
  Expect({&element, 1});
  if (is_packed()) {
    Listpack listpack(*place_);
    const ListpackView view = listpack.view();
    listpack.Insert(index == view.Count() ? view.end() : view.Seek(static_cast<int64_t>(index)),
                    {PackedValue(element)});
  } else {
    place_->Change([&](Object& object) { ListOf(object).Insert(index, element); });
  }
  place_->NoteChanges(1);
}

void ListWriter::Replace(size_t index, std::string_view element) {
  Expect({&element, 1});
  if (is_packed()) {
    Listpack listpack(*place_);
    listpack.Replace(listpack.view().Seek(static_cast<int64_t>(index)), element);
  } else {
    place_->Change([&](Object& object) { ListOf(object).Replace(index, element); });
    ShrinkForm(2);
  }
  place_->NoteChanges(1);
}

std::string ListWriter::Pop(ListEnd end) {
  CHECK(size() > 0);
  std::string popped;
  if (is_packed()) {
    Listpack listpack(*place_);
    const ListpackView view = listpack.view();
    const auto at = end == ListEnd::kFront ? view.first() : view.Previous(view.end());
    popped = view.At(at).ToString();
    listpack.Erase(at, 1);
  } else {
    place_->Change([&](Object& object) { popped = ListOf(object).Pop(end); });
  }
  NoteErased(1);
  return popped;
}

void ListWriter::Erase(size_t index, size_t count) {
  if (count == 0) return;
  if (is_packed()) {
    Listpack listpack(*place_);
    listpack.Erase(listpack.view().Seek(static_cast<int64_t>(index)), count);
  } else {
    place_->Change([&](Object& object) { ListOf(object).Erase(index, count); });
  }
  NoteErased(count);
}

size_t ListWriter::EraseEqual(std::string_view element, size_t count_max, ListEnd from) {
  if (!place_->exists()) return 0;
  const PackedValue value(element);
  size_t erased = 0;
  if (!is_packed()) {
    place_->Change(
        [&](Object& object) { erased = ListOf(object).EraseEqual(value, count_max, from); });
  } else if (from == ListEnd::kFront) {
    Listpack listpack(*place_);
    auto at = listpack.view().first();
    for (; erased < count_max; ++erased) {
      at = listpack.view().Find(value, at, 0);
      if (at == listpack.view().end()) break;
      at = listpack.Erase(at, 1);
    }
  } else {
    Listpack listpack(*place_);
    for (auto at = listpack.view().end(); erased < count_max && at != listpack.view().first();) {
      at = listpack.view().Previous(at);
      if (!(listpack.view().At(at) == value)) continue;
      listpack.Erase(at, 1);
      ++erased;
    }
  }
  if (erased > 0) NoteErased(erased);
  return erased;
}

// Erasing the place is a change of its own.
void ListWriter::NoteErased(size_t elements) {
  if (size() == 0) return place_->Erase();
  ShrinkForm(2);
  place_->NoteChanges(elements);
}

// A quicklist of one node that fills no more than 1/divisor of what a listpack may becomes one.
void ListWriter::ShrinkForm(size_t divisor) {
  if (is_packed()) return;
  const Quicklist& list = static_cast<const ListObject*>(place_->object())->list;
  if (list.node_count() != 1) return;
  std::string scratch;
  const Quicklist::NodeBytes node = list.ReadNode(0, scratch);
  if (node.is_large) return;
  const QuicklistLimits limits = ListLimits(rules_.options);
  if (!limits.Allow(divisor * node.bytes.size(), divisor * list.size())) return;
  const std::string bytes(node.bytes);
  place_->Pack(bytes);
}

void ListWriter::AppendNode(std::string_view bytes, bool is_large) {
  if (!place_->exists()) {
    place_->Unpack(std::make_unique<ListObject>(ListLimits(rules_.options)));
  }
  place_->Change([&](Object& object) {
    is_large ? ListOf(object).AppendLarge(bytes) : ListOf(object).AppendListpack(bytes);
  });
}

void ListWriter::Settle() {
  if (place_->exists()) ShrinkForm(1);
}

}  // namespace norn
