#pragma once
// Lists: elements in an order of their own, pushed and popped at both ends.
//
//   listpack   as much as one node of a quicklist holds (list-max-listpack-size)
//   quicklist  more, or an element that is larger than a node
//
// A list that has shrunk to half a node is a listpack again, so that a queue that was long once does not stay big.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/keyspace/db.h"
#include "engine/structs/listpack.h"
#include "engine/structs/quicklist.h"
#include "engine/types/type_rules.h"
#include "engine/types/value_place.h"

namespace norn {

// A long list as the keyspace owns it.
class ListObject final : public Object {
 public:
  explicit ListObject(const QuicklistLimits& limits) : list(limits) {}
  explicit ListObject(const Quicklist& other) : list(other) {}

  size_t UsedBytes() const override { return sizeof(Object) + list.UsedBytes(); }
  std::unique_ptr<Object> Copy() const override { return std::make_unique<ListObject>(list); }
  size_t FreeEffort() const override { return list.node_count(); }
  bool FreeSome(size_t effort) override { return list.FreeSome(effort); }

  Quicklist list;
};

// Looks at a list; dies with its next change.
class ListReader {
 public:
  // Requires entry.type() == kList, or place.exists().
  explicit ListReader(const Entry& entry);
  explicit ListReader(const ValuePlace& place);

  bool is_packed() const { return list_ == nullptr; }
  std::string_view EncodingName() const { return is_packed() ? "listpack" : "quicklist"; }
  size_t size() const;
  // Requires index < size().
  std::string At(size_t index) const;
  // Visits elements from `index` on, away from the end `from`, until there are none or visit returns false. An element is
  // valid during its visit.
  void Visit(size_t index, ListEnd from,
             absl::FunctionRef<bool(const PackedValue& element)> visit) const;

  // For codecs. Require the form.
  std::string_view packed() const { return packed_; }
  const Quicklist& list() const { return *list_; }

 private:
  ListReader(const Object* object, std::string_view packed);

  std::string_view packed_;
  const Quicklist* list_ = nullptr;
};

// Changes a list, or makes it with the first element. Elements given must not lie in it. Each element that comes, goes or
// changes is one change.
class ListWriter {
 public:
  ListWriter(ValuePlace& place, const TypeRules& rules) : place_(&place), rules_(rules) {}

  size_t size() const { return place_->exists() ? ListReader(*place_).size() : 0; }

  // These elements are to be added: a form that would not hold them is left, or not begun with.
  void Expect(std::span<const std::string_view> elements);
  // `changes`: what it counts as; a move is one change, and its pop is that.
  void Push(ListEnd end, std::string_view element, size_t changes = 1);
  // Requires size() > 0. The place is empty after the last.
  std::string Pop(ListEnd end);
  // Before the element at `index`. Requires index <= size().
  void Insert(size_t index, std::string_view element);
  void Replace(size_t index, std::string_view element);
  // Requires index + count <= size(). The place is empty after the last.
  void Erase(size_t index, size_t count);
  // Erases up to `count_max` elements equal to `element`, from that end; returns how many there were.
  size_t EraseEqual(std::string_view element, size_t count_max, ListEnd from);

  // Nodes from a file, front to back: a valid listpack with elements, or one large element.
  void AppendNode(std::string_view bytes, bool is_large);
  // The form that fits what was appended.
  void Settle();

 private:
  bool is_packed() const { return place_->exists() && place_->object() == nullptr; }
  static Quicklist& ListOf(Object& object) { return static_cast<ListObject&>(object).list; }
  void BecomeQuicklist();
  void NoteErased(size_t elements);
  void ShrinkForm(size_t divisor);

  ValuePlace* place_;
  TypeRules rules_;
};

// The limits of nodes that the options ask for.
QuicklistLimits ListLimits(const config::Options& options);

}  // namespace norn
