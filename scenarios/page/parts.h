#pragma once
// The files that a page is made of, inside the program. Defined by embed.cmake's output.

#include <string_view>

namespace norn::scenarios {

struct PageParts {
  std::string_view html, css, js;
  std::string_view d3, d3_licence;  // empty: the program was built without Debian's node-d3
};
extern const PageParts kPageParts;

}  // namespace norn::scenarios
