#include "engine/commands/effect_testing.h"

namespace norn {
namespace {

TEST_F(EffectTest, Lists) {
  Repeat({{"RPUSH l a b", "RPUSH l a b"},
          {"LPUSH l 1", "LPUSH l 1"},
          {"LPUSHX none x", ""},
          {"LPUSHX l x", "LPUSHX l x"},
          {"RPUSHX l y", "RPUSHX l y"},
          {"LINSERT l BEFORE b q", "LINSERT l BEFORE b q"},
          {"LINSERT l BEFORE none q", ""},
          {"LSET l 0 z", "LSET l 0 z"},
          {"LSET l 99 z", ""},
          {"LREM l 1 z", "LREM l 1 z"},
          {"LREM l 1 z", ""},
          {"LMOVE l m LEFT RIGHT", "LMOVE l m LEFT RIGHT"},
          {"RPOPLPUSH l m", "RPOPLPUSH l m"},
          {"LPOP l", "LPOP l"},
          {"RPOP l 1", "RPOP l 1"},
          {"LPOP none", ""},
          {"LPOP l 0", ""},
          {"LTRIM l 0 0", ""},
          {"LTRIM m 5 9", "LTRIM m 5 9"},
          {"RPUSH l 1 2 3 4", "RPUSH l 1 2 3 4"},
          {"LMPOP 2 none l LEFT COUNT 2", "LPOP l 2"},
          {"LMPOP 1 none LEFT", ""},
          {"LMPOP 1 l RIGHT COUNT 9", "RPOP l 3"},
          {"LMOVE none m LEFT LEFT", ""},
          {"RPUSH one x", "RPUSH one x"},
          {"LMOVE one two LEFT LEFT", "LMOVE one two LEFT LEFT"},
          {"LPOP two", "LPOP two"}});
}

}  // namespace
}  // namespace norn
