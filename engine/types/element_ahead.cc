#include "engine/types/element_ahead.h"

#include "engine/types/table_object.h"
#include "engine/types/zset_value.h"

namespace norn {

ElementAhead::ElementAhead(const Entry& entry, std::string_view name) {
  if (entry.IsPacked()) return;
  const ValueType type = entry.type();
  if (type == ValueType::kHash || type == ValueType::kSet) {
    fields_ = &TableObject::Of(*entry.object()).table;
    hash_ = fields_->HashOf(name);
  } else if (type == ValueType::kZset) {
    members_ = &static_cast<const SortedObject*>(entry.object())->members;
    hash_ = members_->HashOf(name);
  }
}

void ElementAhead::PrefetchLine() const {
  if (fields_ != nullptr) fields_->PrefetchLine(hash_);
  if (members_ != nullptr) members_->PrefetchLine(hash_);
}

void ElementAhead::PrefetchItem() const {
  if (fields_ != nullptr) fields_->PrefetchItem(hash_);
  if (members_ != nullptr) members_->PrefetchItem(hash_);
}

}  // namespace norn
