#pragma once
// How replicas and the log are told that a key is gone, by the option (lazyfree-lazy-*) that stands for the cause. Both words
// do the same here, where large values are always freed in the background; a Valkey that follows frees as it is told.

#include <string_view>

namespace norn {

constexpr std::string_view DeletionWord(bool lazily) { return lazily ? "UNLINK" : "DEL"; }

}  // namespace norn
