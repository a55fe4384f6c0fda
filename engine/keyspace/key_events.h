#pragma once
// What happened to keys, in order, for those who asked to be told (notify-keyspace-events). Kept while commands run, under
// the tokens of their keys, and told to subscribers by whoever ran them (engine/shard/runner.h).
//
// Costs a test of one word where nobody asked. Never parks.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/ids.h"
#include "engine/config/options.h"

namespace norn {

struct KeyEvent {
  std::string_view name;  // "set", "expired": a constant
  DbIndex db;
  std::string key;
};

class KeyEvents {
 public:
  // kNotify bits: what is kept. Nothing is unless a kind of channel is asked for as well.
  void set_wanted(uint32_t bits) {
    const bool anybody = (bits & (config::kNotifyKeyspace | config::kNotifyKeyevent)) != 0;
    wanted_ = anybody ? bits : 0;
    if (wanted_ == 0) events_.clear();
  }
  // `name` must be a constant.
  void Add(uint32_t kind, std::string_view name, DbIndex db, std::string_view key) {
    if (__builtin_expect((wanted_ & kind) != 0, 0)) events_.push_back({name, db, std::string(key)});
  }

  bool empty() const { return events_.empty(); }
  std::vector<KeyEvent> Take() { return std::exchange(events_, {}); }

 private:
  uint32_t wanted_ = 0;
  std::vector<KeyEvent> events_;
};

}  // namespace norn
