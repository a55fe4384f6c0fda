// How often each mark was passed in this process, if somebody counts.

#include "engine/base/cover.h"

namespace norn {
namespace cover_internal {

bool counts = false;
CoverCounts hits{};

}  // namespace cover_internal

void CountCover() { cover_internal::counts = true; }

const CoverCounts& CoverHits() { return cover_internal::hits; }

}  // namespace norn
