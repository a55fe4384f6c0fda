#pragma once
// Folding: a listpack with each element written as what it does not share with the one before. The elements of a long list
// mostly look alike (job:1041, job:1042; one JSON object after another), and folding and unfolding cost a few nanoseconds an
// element, a tenth of what LZF does: little enough for the middle of every long list.
//
//     folded    header of the listpack (6 bytes) | element | element | ...
//
//     text      same in front | same behind, 3 bits; own bytes, 5 bits | own bytes        of the text before
//     integer   255 | difference to the integer before, zigzag
//
//     0..253 in front stand for themselves, 254 for 254 and a varint more; 7 behind for 7 and more, 31 bytes for 31 and more.
//
// Heads and backs are not written: they follow from the text or the number. A listpack that says them otherwise (bytes from
// outside may, see listpack.h I3) is not folded, so that unfolding gives back the same bytes.
//
// Only bytes that FoldListpack made may be unfolded: they never come from outside.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace norn {

// The folded form, in `out`, if it has at most `bytes_max` bytes; false otherwise. Requires a valid listpack.
bool FoldListpack(std::string_view listpack, size_t bytes_max, std::string& out);

// Into exactly as many bytes as the listpack had.
void UnfoldListpack(std::string_view folded, std::span<char> listpack);

}  // namespace norn
