// Bytes from outside: what ListpackIsValid accepts can be walked both ways, read, searched and changed.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/check.h"
#include "engine/structs/listpack.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace norn;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!ListpackIsValid(bytes)) return 0;
  const ListpackView view(bytes);
  std::vector<ListpackView::Position> places;
  for (auto at = view.first(); at != view.end(); at = view.Next(at)) {
    places.push_back(at);
    const auto found = view.Find(view.At(at), view.first(), 0);
    CHECK(found <= at);
  }
  CHECK(view.Count() == places.size());
  for (auto at = view.end(); !places.empty(); places.pop_back()) {
    at = view.Previous(at);
    CHECK(at == places.back());
  }
  PackedBlock block(bytes);
  Listpack list(block);
  list.Insert(list.view().first(), {"first", "1"});
  list.Replace(list.view().Seek(-1), "last");
  list.Erase(list.view().Seek(1), 2);
  CHECK(ListpackIsValid(block.bytes()));
  return 0;
}
