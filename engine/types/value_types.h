#pragma once
// What can be asked of a value of any type: one row a type, and whoever asks need not know which. A type joins the house by its row
// here, its codec (engine/persist/value_codec.h) and its commands.

#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "engine/keyspace/entry.h"
#include "engine/types/dataset_digest.h"

namespace norn {

// As OBJECT ENCODING names it.
std::string_view EncodingNameOf(const Entry& entry);

// Adds the value to a digest, the same sums as Redis and Valkey make: equal for equal values in any form.
void MixValueInto(const Entry& entry, DatasetDigest& digest);

using EmitCommand = absl::FunctionRef<void(std::span<const std::string_view> words)>;
// Commands that make the value again where the key is not, of modest length each; without the deadline. Words die with the call.
void EmitRebuild(const Entry& entry, EmitCommand emit);
// Elements up to which one of these commands goes: what Redis and Valkey write too.
inline constexpr size_t kRebuildElementsMax = 64;

}  // namespace norn
