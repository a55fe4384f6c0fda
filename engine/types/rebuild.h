#pragma once
// Commands of the form NAME key element element ..., cut after so many elements.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types/value_types.h"

namespace norn {

class RebuildCommand {
 public:
  // An element is `words_each` words.
  RebuildCommand(std::string_view name, std::string_view key, size_t words_each, EmitCommand emit)
      : words_{name, key}, words_max_(2 + words_each * kRebuildElementsMax), emit_(emit) {}

  // The next word. Text must live until Finish, or until the command it is part of is complete.
  void Add(std::string_view word) {
    words_.push_back(word);
    if (words_.size() == words_max_) Finish();
  }
  void Finish() {
    if (words_.size() > 2) emit_(words_);
    words_.resize(2);
  }

 private:
  std::vector<std::string_view> words_;
  size_t words_max_;
  EmitCommand emit_;
};

}  // namespace norn
