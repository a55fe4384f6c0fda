#pragma once
// A key of one database as the name of a row in an ordered table that is looked up by view.

#include <string>
#include <string_view>

#include "engine/base/ids.h"

namespace norn {

struct DbKey {
  DbIndex db;
  std::string key;
};

struct DbKeyView {
  DbIndex db;
  std::string_view key;
};

struct DbKeyLess {
  using is_transparent = void;
  static DbKeyView View(const DbKey& name) { return {name.db, name.key}; }
  static DbKeyView View(const DbKeyView& name) { return name; }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    const DbKeyView x = View(a), y = View(b);
    return x.db != y.db ? x.db < y.db : x.key < y.key;
  }
};

}  // namespace norn
