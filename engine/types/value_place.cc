#include "engine/types/value_place.h"

#include <utility>

#include "engine/base/check.h"

namespace norn {

// ---- KeyPlace ----

const Object* KeyPlace::object() const {
  return found_ && found_->encoding() == Encoding::kObject ? found_->object() : nullptr;
}

std::span<char> KeyPlace::Splice(size_t at, size_t removed, size_t inserted) {
  return db_->SplicePacked(&found_, at, removed, inserted);
}

void KeyPlace::Create(std::string_view bytes) {
  CHECK(!found_);
  found_ = db_->SetPacked(key_, {}, type_, bytes, moment_);
}

void KeyPlace::Unpack(std::unique_ptr<Object> object) {
  if (found_) {
    found_ = db_->Unpack(found_, std::move(object));
  } else {
    found_ = db_->SetObject(key_, {}, type_, std::move(object), moment_);
  }
}

void KeyPlace::Pack(std::string_view bytes) { found_ = db_->Pack(key_, found_, bytes); }

void KeyPlace::Change(absl::FunctionRef<void(Object&)> change) {
  db_->ChangeObject(found_, change);
}

void KeyPlace::NoteChanges(size_t changes) { db_->NoteChanges(key_, changes); }

void KeyPlace::Erase() {
  db_->Erase(key_, found_);
  found_ = {};
}

// ---- LoosePlace ----

std::span<char> LoosePlace::Splice(size_t at, size_t removed, size_t inserted) {
  return packed_.Splice(at, removed, inserted);
}

void LoosePlace::Create(std::string_view bytes) {
  CHECK(!exists_);
  exists_ = true;
  packed_.Assign(bytes);
}

void LoosePlace::Unpack(std::unique_ptr<Object> object) {
  CHECK(object_ == nullptr);
  exists_ = true;
  object_ = std::move(object);
  packed_.Assign({});
}

void LoosePlace::Pack(std::string_view bytes) {
  CHECK(object_ != nullptr);
  packed_.Assign(bytes);
  object_.reset();
}

void LoosePlace::Change(absl::FunctionRef<void(Object&)> change) { change(*object_); }

void LoosePlace::Erase() {
  exists_ = false;
  packed_.Assign({});
  object_.reset();
}

DetachedValue LoosePlace::Take(ValueType type) {
  CHECK(exists_);
  DetachedValue value = object_ != nullptr ? DetachedValue::OfObject(type, std::move(object_))
                                           : DetachedValue::Packed(type, packed_.bytes());
  Erase();
  return value;
}

}  // namespace norn
