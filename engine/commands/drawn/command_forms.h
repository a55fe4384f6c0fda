#pragma once
// What the words of commands may be, for drawing them: one row a command, in this notation.
//
//   form  = item *( " " item )
//   item  = WORD *( "|" WORD )      one of these words
//         | "[" form *( "/" form ) "]"    one of these, or none
//         | "(" form ")+"           one to three times
//         | "$" letter              a word of that kind, below
//         | "#$" letter             so many keys, after their number; with STORE-like commands behind the destination
//
//   keys      $k of strings  $l lists  $s sets  $h hashes  $z sorted sets  $a of any type  $o of a type that is drawn, $O of the
//             same type again; now and then a key of another type is drawn in place of these. $y sorted sets with equal
//             scores, without which ranges of bytes mean nothing
//   values    $v any string  $e an element or member  $f a field
//   numbers   $i index, from the end too  $n count from 0  $p count from 1  $c count, negative too  $d floating point
//   ranges    $b score bound  $x lexicographical bound
//   times     $t milliseconds  $T seconds  $A unix ms, far or past

#include <cstdint>
#include <span>
#include <string_view>

namespace norn {

enum CommandFormFlag : uint8_t {
  kByChance = 1 << 0,   // the server chooses among elements
  kUnordered = 1 << 1,  // the order of the reply is free
  kNewer = 1 << 2,      // redis-server 7.0 does not know it, or not so
  kByClock = 1 << 3,    // the reply depends on when it is asked
};

struct CommandForm {
  std::string_view text;
  uint8_t flags = 0;
};

std::span<const CommandForm> CommandForms();

}  // namespace norn
