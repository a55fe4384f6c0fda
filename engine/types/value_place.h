#pragma once
// Where a collection is while an operation changes it: under a key, or apart from any (a result to be stored, a value being
// read from a file). The types' writers know only this, so that there is one set of rules for forms and limits.
//
//                           <--Pack----
//     nothing --Create--> packed bytes --Unpack--> object
//        \________________Unpack___________________/

#include <memory>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/keyspace/db.h"
#include "engine/structs/packed_bytes.h"

namespace norn {

class ValuePlace : public PackedBytes {
 public:
  virtual bool exists() const = 0;
  // Null while the value is packed, or nothing. bytes() are those of a packed value.
  virtual const Object* object() const = 0;

  // Makes a packed value. Requires !exists().
  virtual void Create(std::string_view bytes) = 0;
  // The value becomes an object: the same, as far as anybody else can tell, or the first there is.
  virtual void Unpack(std::unique_ptr<Object> object) = 0;
  // The object becomes packed bytes: the same value.
  virtual void Pack(std::string_view bytes) = 0;
  // Requires an object.
  virtual void Change(absl::FunctionRef<void(Object&)> change) = 0;
  // Nothing is left.
  virtual void Erase() = 0;
  // The steps before made so many changes, as INFO, WATCH and replication understand it.
  virtual void NoteChanges(size_t changes) = 0;
};

// The value of a key. The key appears with Create or Unpack and goes with Erase. What the key held before is of that type, or
// nothing.
class KeyPlace final : public ValuePlace {
 public:
  KeyPlace(Db& db, const Key& key, EntryRef found, ValueType type, const Moment& moment)
      : db_(&db), key_(key), found_(found), type_(type), moment_(moment) {}

  EntryRef found() const { return found_; }

  bool exists() const override { return static_cast<bool>(found_); }
  const Object* object() const override;
  std::string_view bytes() const override { return found_->packed(); }
  std::span<char> Splice(size_t at, size_t removed, size_t inserted) override;
  void Create(std::string_view bytes) override;
  void Unpack(std::unique_ptr<Object> object) override;
  void Pack(std::string_view bytes) override;
  void Change(absl::FunctionRef<void(Object&)> change) override;
  void Erase() override;
  void NoteChanges(size_t changes) override;

 private:
  Db* db_;
  Key key_;
  EntryRef found_;
  ValueType type_;
  Moment moment_;
};

// A value of no key.
class LoosePlace final : public ValuePlace {
 public:
  bool exists() const override { return exists_; }
  const Object* object() const override { return object_.get(); }
  std::string_view bytes() const override { return packed_.bytes(); }
  std::span<char> Splice(size_t at, size_t removed, size_t inserted) override;
  void Create(std::string_view bytes) override;
  void Unpack(std::unique_ptr<Object> object) override;
  void Pack(std::string_view bytes) override;
  void Change(absl::FunctionRef<void(Object&)> change) override;
  void Erase() override;
  void NoteChanges(size_t) override {}

  // Requires exists(); nothing is left here.
  DetachedValue Take(ValueType type);

 private:
  bool exists_ = false;
  PackedBlock packed_;
  std::unique_ptr<Object> object_;
};

}  // namespace norn
