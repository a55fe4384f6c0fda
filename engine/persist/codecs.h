#pragma once
// The codec of each type, in a file of its own: codec_<type>.cc.

#include "engine/persist/value_codec.h"

namespace norn::persist {

extern const ValueCodec kStringCodec;
extern const ValueCodec kListCodec;
extern const ValueCodec kSetCodec;
extern const ValueCodec kZsetCodec;
extern const ValueCodec kHashCodec;
extern const ValueCodec kStreamCodec;

}  // namespace norn::persist
