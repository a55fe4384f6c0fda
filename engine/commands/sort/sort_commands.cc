// SORT and SORT_RO: the elements are copied first, because looking up what a pattern names may delete keys that have expired.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/commands/arguments.h"
#include "engine/commands/sort/sort_handlers.h"
#include "engine/commands/sort/sort_order.h"
#include "engine/commands/sort/sort_words.h"
#include "engine/commands/typed_key.h"
#include "engine/types/hash_value.h"
#include "engine/types/list_value.h"
#include "engine/types/rebuild.h"
#include "engine/types/set_value.h"
#include "engine/types/zset_value.h"

namespace norn::handlers {
namespace {

using Items = std::vector<SortItem>;

struct Range {
  size_t first = 0;
  size_t count = 0;
};

// LIMIT within `size` elements.
Range Within(const SortWords& sort, size_t size) {
  const auto end = static_cast<int64_t>(size);
  const int64_t first = std::clamp<int64_t>(sort.offset, 0, end);
  const int64_t count = sort.count < 0 ? end - first : std::min(sort.count, end - first);
  return {static_cast<size_t>(first), static_cast<size_t>(count)};
}

void AddItem(const PackedValue& element, Items* items) {
  items->push_back({.element = element.ToString(), .text = {}});
}

// ---- elements in the order of the value ----

Items ListRange(const ListReader& reader, const Range& range, bool descending) {
  Items items;
  if (range.count == 0) return items;
  const size_t begin = descending ? reader.size() - 1 - range.first : range.first;
  reader.Visit(begin, descending ? ListEnd::kBack : ListEnd::kFront,
               [&](const PackedValue& element) {
                 AddItem(element, &items);
                 return items.size() < range.count;
               });
  return items;
}

Items ZsetRange(const ZsetReader& reader, const Range& range, bool descending) {
  Items items;
  const size_t first = descending ? reader.size() - range.first - range.count : range.first;
  reader.Visit({first, range.count},
               descending ? ZsetReader::Direction::kDown : ZsetReader::Direction::kUp,
               [&](const ZsetMember& member) {
                 AddItem(member.name, &items);
                 return true;
               });
  return items;
}

Items SetMembers(const SetReader& reader) {
  Items items;
  reader.ForEach([&](const PackedValue& member) { AddItem(member, &items); });
  return items;
}

// ---- what patterns name ----

// A string, or a field's value; nullopt: there is none of that type.
std::optional<std::string> LookUp(CommandContext& c, const SortPattern& pattern,
                                  const std::string& element) {
  if (pattern.is_element) return element;
  if (!pattern.ReachesKeys()) return std::nullopt;
  const std::string name = pattern.KeyFor(element);
  const Key key = c.keys.MakeKey(name);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  if (!found) return std::nullopt;
  if (pattern.field.empty()) {
    if (!found->IsString()) return std::nullopt;
    StringScratch scratch;
    return std::string(found->String(scratch));
  }
  if (found->type() != ValueType::kHash) return std::nullopt;
  const std::optional<HashField> field =
      HashReader(*found, c.moment.expired_up_to_ms()).Find(pattern.field);
  return field ? std::optional(field->value.ToString()) : std::nullopt;
}

// False: an element has no number where one is needed.
bool Weigh(CommandContext& c, const SortWords& sort, Items* items) {
  bool numbers = true;
  for (SortItem& item : *items) {
    if (sort.alpha && !sort.by) continue;
    std::optional<std::string> weight = sort.by ? LookUp(c, *sort.by, item.element) : item.element;
    if (sort.alpha) {
      item.text = std::move(weight);
    } else if (weight) {
      const std::optional<double> number = SortNumber(*weight);
      numbers = numbers && number;
      item.number = number.value_or(0);
    }
  }
  return numbers;
}

SortBy OrderOf(const SortWords& sort) {
  if (!sort.alpha) return SortBy::kNumber;
  return sort.by ? SortBy::kText : SortBy::kElement;
}

Items ItemsOf(const Entry& entry, const SortWords& sort) {
  if (entry.type() == ValueType::kSet) return SetMembers(SetReader(entry));
  if (entry.type() == ValueType::kList) {
    const ListReader reader(entry);
    const Range range = sort.unsorted ? Within(sort, reader.size()) : Range{0, reader.size()};
    return ListRange(reader, range, sort.unsorted && sort.descending);
  }
  const ZsetReader reader(entry);
  const Range range = sort.unsorted ? Within(sort, reader.size()) : Range{0, reader.size()};
  return ZsetRange(reader, range, sort.unsorted && sort.descending);
}

// The elements that are asked for, in order. nullopt: the error is replied.
std::optional<Items> Sorted(CommandContext& c, EntryRef found, SortWords& sort) {
  if (!found) return Items();
  const bool is_set = found->type() == ValueType::kSet;
  if (is_set && sort.unsorted && sort.destination_at != 0) {
    // What is stored must be the same wherever this is repeated, and a set has no order of its own.
    sort.unsorted = false;
    sort.alpha = true;
    sort.by.reset();
  }
  Items items = ItemsOf(*found, sort);
  if (sort.unsorted && !is_set) return items;
  if (!sort.unsorted) {
    if (!Weigh(c, sort, &items)) {
      c.reply.Error("ERR One or more scores can't be converted into double");
      return std::nullopt;
    }
    SortItems(items, OrderOf(sort), sort.descending);
  }
  const Range range = Within(sort, items.size());
  items.resize(range.first + range.count);
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(range.first));
  return items;
}

// ---- what becomes of them ----

void ReplySorted(CommandContext& c, const SortWords& sort, const Items& items) {
  c.reply.Array(items.size() * std::max<size_t>(sort.gets.size(), 1));
  for (const SortItem& item : items) {
    if (sort.gets.empty()) c.reply.Bulk(item.element);
    for (const SortPattern& get : sort.gets) {
      const std::optional<std::string> value = LookUp(c, get, item.element);
      value ? c.reply.Bulk(*value) : c.reply.Null();
    }
  }
}

std::vector<std::string> Results(CommandContext& c, const SortWords& sort, Items&& items) {
  std::vector<std::string> results;
  for (SortItem& item : items) {
    if (sort.gets.empty()) results.push_back(std::move(item.element));
    for (const SortPattern& get : sort.gets) {
      results.push_back(LookUp(c, get, item.element).value_or(""));
    }
  }
  return results;
}

// The list itself: a field that has expired here may still be there where this is repeated.
void RepeatList(CommandContext& c, std::string_view key, const std::vector<std::string>& elements,
                bool replaces) {
  if (replaces) c.effect.Instead({"DEL", key});
  const auto repeat = [&](std::span<const std::string_view> words) { c.effect.Instead(words); };
  RebuildCommand command("RPUSH", key, 1, repeat);
  for (const std::string& element : elements) command.Add(element);
  command.Finish();
}

void StoreSorted(CommandContext& c, const SortWords& sort, Items&& items) {
  const std::vector<std::string> elements = Results(c, sort, std::move(items));
  const Key key = c.keys.MakeKey(c.word(sort.destination_at));
  const bool replaces = static_cast<bool>(c.DbFor(key).FindForWrite(key, c.moment));
  LoosePlace list;
  ListWriter writer(list, c.rules());
  const std::vector<std::string_view> words(elements.begin(), elements.end());
  if (!words.empty()) writer.Expect(words);
  for (const std::string_view word : words) writer.Push(ListEnd::kBack, word);
  StoreResult(c, key, list, ValueType::kList, config::kNotifyList, "sortstore");
  if (sort.ReadsFields()) RepeatList(c, key.bytes, elements, replaces);
  c.reply.Integer(static_cast<int64_t>(elements.size()));
}

bool IsSortable(const Entry& entry) {
  return entry.type() == ValueType::kList || entry.type() == ValueType::kSet ||
         entry.type() == ValueType::kZset;
}

void RunSort(CommandContext& c, bool may_store) {
  std::optional<SortWords> sort = ReadSortWords(c, may_store);
  if (!sort) return;
  const Key key = c.KeyAt(1);
  const EntryRef found = c.DbFor(key).Find(key, c.moment);
  if (found && !IsSortable(*found)) return c.reply.Error(kWrongType);
  std::optional<Items> items = Sorted(c, found, *sort);
  if (!items) return;
  if (sort->destination_at == 0) return ReplySorted(c, *sort, *items);
  StoreSorted(c, *sort, std::move(*items));
}

}  // namespace

void Sort(CommandContext& c) { RunSort(c, /*may_store=*/true); }

void SortRo(CommandContext& c) { RunSort(c, /*may_store=*/false); }

}  // namespace norn::handlers
