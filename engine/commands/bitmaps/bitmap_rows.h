#pragma once
// The rows of the bitmap commands; the columns are those of table.cc.

#include "engine/commands/bitmaps/bitmap_handlers.h"

namespace norn {

// clang-format off
inline constexpr CommandSpec kBitmapRows[] = {
    {"bitcount", -2, kReadonly, "bitmap", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::BitCount, "bitmap", "2.6.0", "O(N), N the bytes looked at", "Counts the bits of a string that are set.", "key:key [range:block(start:integer [end-unit-block:block(end:integer [unit:oneof(byte:BYTE|bit:BIT)@7.0.0])])]"},
    {"bitfield", -2, kWrite | kDenyOom, "bitmap", "idx:1>range:0:1:0(RW,UPDATE,ACCESS,VARIABLE_FLAGS)", Placement::kKeys, handlers::BitField, "bitmap", "3.2.0", "O(1) for each operation", "Reads and changes numbers of any width at any bit of a string.", "key:key [operation:oneof(get-block:block(encoding:string offset:integer)=GET|write:block([overflow-block:oneof(wrap:WRAP|sat:SAT|fail:FAIL)=OVERFLOW] write-operation:oneof(set-block:block(encoding:string offset:integer value:integer)=SET|incrby-block:block(encoding:string offset:integer increment:integer)=INCRBY)))]..."},
    {"bitfield_ro", -2, kReadonly | kFast, "bitmap", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::BitFieldRo, "bitmap", "6.0.0", "O(1) for each operation", "Reads numbers of any width at any bit of a string.", "key:key [get-block:block(encoding:string offset:integer)=GET]...="},
    {"bitop", -4, kWrite | kDenyOom, "bitmap", "idx:2>range:0:1:0(OW,UPDATE) ; idx:3>range:-1:1:0(RO,ACCESS)", Placement::kKeys, handlers::BitOp, "bitmap", "2.6.0", "O(N), N the bytes of all strings", "Combines strings bit by bit and stores the result.", "operation:oneof(and:AND|or:OR|xor:XOR|not:NOT) destkey:key key:key#1..."},
    {"bitpos", -3, kReadonly, "bitmap", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::BitPos, "bitmap", "2.8.7", "O(N), N the bytes looked at", "Finds the first bit of a string that is set, or the first that is not.", "key:key bit:integer [range:block(start:integer [end-unit-block:block(end:integer [unit:oneof(byte:BYTE|bit:BIT)@7.0.0])])]"},
    {"getbit", 3, kReadonly | kFast, "bitmap", "idx:1>range:0:1:0(RO,ACCESS)", Placement::kKeys, handlers::GetBit, "bitmap", "2.2.0", "O(1)", "Replies a bit of a string.", "key:key offset:integer"},
    {"setbit", 4, kWrite | kDenyOom, "bitmap", "idx:1>range:0:1:0(RW,ACCESS,UPDATE)", Placement::kKeys, handlers::SetBit, "bitmap", "2.2.0", "O(1)", "Sets or clears a bit of a string and replies what it was.", "key:key offset:integer value:integer"},
};
// clang-format on

}  // namespace norn
