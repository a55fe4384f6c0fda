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
//   keys      $k of strings  $l lists  $s sets  $h hashes  $z sorted sets  $r streams  $m bitmaps
//             $a of any type  $o of a type that is drawn, $O of the same type again; now and then a key of another type is
//             drawn in place of these. $y sorted sets with equal scores, without which ranges of bytes mean nothing.
//             $g places, no two of them the same: which is nearer would be up to the server
//             $u HyperLogLogs, which nothing damages
//             $D distances, of which no sum is drawn: it would depend on the order of what is equal
//   values    $v any string  $e an element or member  $f a field
//   numbers   $i index, from the end too  $n count from 0  $p count from 1  $c count, negative too  $d floating point
//   ranges    $b score bound  $x lexicographical bound
//   times     $t milliseconds  $T seconds  $A unix ms, far or past  $w seconds that a client waits, a moment
//   bitmaps   $B a bit
//   places    $W longitude  $N latitude  $E longitude  $H latitude of few towns
//   streams   $S the id of a new entry, part of it left to the server too  $I such an id, whole  $J one that a late entry may
//             have  $R the bound of a range of them  $G group  $C consumer

#include <cstdint>
#include <span>
#include <string_view>

namespace norn {

struct CommandSpec;

enum CommandFormFlag : uint8_t {
  kByChance = 1 << 0,   // the server chooses among elements
  kUnordered = 1 << 1,  // the order of the reply is free
  kNewer = 1 << 2,      // redis-server 7.0 does not know it, or not so
  kByClock = 1 << 3,    // the reply or the data depend on when it is asked
};

struct CommandForm {
  std::string_view text;
  uint8_t flags = 0;
};

std::span<const CommandForm> CommandForms();
// The command or subcommand whose row it is.
const CommandSpec& SpecOf(const CommandForm& form);

// Write commands without a row, and why.
struct UndrawnCommand {
  std::string_view name;
  std::string_view reason;
};
std::span<const UndrawnCommand> UndrawnCommands();

}  // namespace norn
