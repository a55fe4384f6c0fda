#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "engine/base/number.h"
#include "engine/commands/strings/string_ops.h"
#include "engine/commands/testing.h"

namespace norn {
namespace {

class StringEditCommands : public CommandTest {};

TEST_F(StringEditCommands, Counting) {
  Session({
      {"INCR k", ":1"},
      {"INCRBY k 10", ":11"},
      {"DECR k", ":10"},
      {"DECRBY k 15", ":-5"},
      {"GET k", "$-5"},
      {"OBJECT ENCODING k", "$int"},
      {"INCRBY k ten", "-ERR value is not an integer or out of range"},
      {"INCRBY k 1.5", "-ERR value is not an integer or out of range"},
      {"DECRBY k -9223372036854775808", "-ERR decrement would overflow"},
      {"SET k 9223372036854775807", "+OK"},
      {"INCR k", "-ERR increment or decrement would overflow"},
      {"DECRBY k -1", "-ERR increment or decrement would overflow"},
      {"SET k -9223372036854775808", "+OK"},
      {"DECR k", "-ERR increment or decrement would overflow"},
      {"INCRBY k 9223372036854775807", ":-1"},
      {"SET k v", "+OK"},
      {"INCR k", "-ERR value is not an integer or out of range"},
      {"SET k ''", "+OK"},
      {"INCR k", "-ERR value is not an integer or out of range"},
      {"SET k ' 1'", "+OK"},
      {"INCR k", "-ERR value is not an integer or out of range"},
      {"SET k 01", "+OK"},
      {"INCR k", "-ERR value is not an integer or out of range"},
      {"SET k 9223372036854775808", "+OK"},
      {"INCR k", "-ERR value is not an integer or out of range"},
  });
}

TEST_F(StringEditCommands, CountingKeepsTheDeadline) {
  Session({
      {"SET k 1 EX 100", "+OK"},
      {"INCR k", ":2"},
      {"TTL k", ":100"},
      {"INCRBYFLOAT k 0.5", "$2.5"},
      {"TTL k", ":100"},
      {"APPEND k x", ":4"},
      {"TTL k", ":100"},
      {"SETRANGE k 0 y", ":4"},
      {"TTL k", ":100"},
  });
}

TEST_F(StringEditCommands, CountsWhatAppendWrote) {
  Session({
      {"APPEND k 1", ":1"},
      {"OBJECT ENCODING k", "$int"},
      {"APPEND k 2", ":2"},
      {"OBJECT ENCODING k", "$raw"},
      {"INCR k", ":13"},
      {"OBJECT ENCODING k", "$int"},
  });
}

TEST_F(StringEditCommands, FloatsAreAdded) {
  Session({
      {"INCRBYFLOAT k 1", "$1"},
      {"INCRBYFLOAT k 0.5", "$1.5"},
      {"INCRBYFLOAT k -3", "$-1.5"},
      {"INCRBYFLOAT k 1.5e3", "$1498.5"},
      {"INCRBYFLOAT k 0x10", "$1514.5"},
      {"INCRBYFLOAT k x", "-ERR value is not a valid float"},
      {"INCRBYFLOAT k ''", "-ERR value is not a valid float"},
      {"INCRBYFLOAT k ' 1'", "-ERR value is not a valid float"},
      {"INCRBYFLOAT k '1 '", "-ERR value is not a valid float"},
      {"INCRBYFLOAT k nan", "-ERR value is not a valid float"},
      {"INCRBYFLOAT k inf", "-ERR increment would produce NaN or Infinity"},
      {"INCRBYFLOAT k -infinity", "-ERR increment would produce NaN or Infinity"},
      {"SET k 3.0e3", "+OK"},
      {"INCRBYFLOAT k 200", "$3200"},
      {"SET k 10.50", "+OK"},
      {"INCRBYFLOAT k 0.1", "$10.6"},
      {"SET k v", "+OK"},
      {"INCRBYFLOAT k x", "-ERR value is not a valid float"},
  });
}

TEST_F(StringEditCommands, HugeFloatsAreReadBack) {
  const std::string huge = Run("INCRBYFLOAT k 5e4000").text;
  EXPECT_EQ(huge.size(), 4001u);
  EXPECT_THAT(Run("INCRBYFLOAT k 1"), IsBulk(huge));
}

TEST_F(StringEditCommands, Appending) {
  Session({
      {"APPEND k ''", ":0"},
      {"EXISTS k", ":1"},
      {"APPEND k foo", ":3"},
      {"APPEND k bar", ":6"},
      {"APPEND k ''", ":6"},
      {"GET k", "$foobar"},
      {"SET i 10", "+OK"},
      {"APPEND i 0", ":3"},
      {"GET i", "$100"},
  });
}

TEST_F(StringEditCommands, Ranges) {
  Session({
      {"GETRANGE k 0 -1", "$"},
      {"SET k 'Hello World'", "+OK"},
      {"GETRANGE k 0 3", "$Hell"},
      {"GETRANGE k 0 -1", "$Hello World"},
      {"GETRANGE k -4 -1", "$orld"},
      {"GETRANGE k 5 3", "$"},
      {"GETRANGE k 5 5000", "$ World"},
      {"GETRANGE k -5000 10000", "$Hello World"},
      {"GETRANGE k 0 -100", "$H"},
      {"GETRANGE k 1 -100", "$"},
      {"GETRANGE k -1 -100", "$"},
      {"GETRANGE k -100 -99", "$H"},
      {"GETRANGE k -100 -100", "$H"},
      {"GETRANGE k -100 -101", "$"},
      {"GETRANGE k -9223372036854775808 9223372036854775807", "$Hello World"},
      {"GETRANGE k a 1", "-ERR value is not an integer or out of range"},
      {"GETRANGE k 1 a", "-ERR value is not an integer or out of range"},
      {"SUBSTR k 0 1", "$He"},
      {"SET i 1234", "+OK"},
      {"GETRANGE i 1 -2", "$23"},
      {"SET e ''", "+OK"},
      {"GETRANGE e 0 -1", "$"},
      {"GETRANGE e -1 0", "$"},
  });
}

TEST_F(StringEditCommands, OverwritingRanges) {
  Session({
      {"SETRANGE k 0 ''", ":0"},
      {"SETRANGE k 5 ''", ":0"},
      {"EXISTS k", ":0"},
      {"SETRANGE k 2 ab", ":4"},
      {"GET k", std::string_view("$\0\0ab", 5)},
      {"OBJECT ENCODING k", "$raw"},
      {"SETRANGE k 0 xy", ":4"},
      {"GET k", "$xyab"},
      {"SETRANGE k 3 LONG", ":7"},
      {"GET k", "$xyaLONG"},
      {"SETRANGE k 1 ''", ":7"},
      {"SETRANGE k -1 x", "-ERR offset is out of range"},
      {"SETRANGE none -1 x", "-ERR offset is out of range"},
      {"SETRANGE k a x", "-ERR value is not an integer or out of range"},
      {"SETRANGE k 536870912 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"SETRANGE none 536870912 x",
       "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"SETRANGE k 9223372036854775807 x",
       "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"SETRANGE k 9223372036854775807 ''", ":7"},
      {"SET i 1234", "+OK"},
      {"SETRANGE i 1 x", ":4"},
      {"GET i", "$1x34"},
  });
}

TEST_F(StringEditCommands, AppendHasABound) {
  options().proto_max_bulk_len = 10;
  Session({
      {"APPEND k 123456", ":6"},
      {"APPEND k 1234", ":10"},
      {"APPEND k 1", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"},
      {"STRLEN k", ":10"},
  });
}

TEST_F(StringEditCommands, Lcs) {
  Session({
      {"MSET a ohmytext b mynewtext", "+OK"},
      {"LCS a b", "$mytext"},
      {"LCS a b LEN", ":6"},
      {"LCS a b IDX", "[$matches, [[[:4, :7], [:5, :8]], [[:2, :3], [:0, :1]]], $len, :6]"},
      {"LCS a b IDX MINMATCHLEN 4", "[$matches, [[[:4, :7], [:5, :8]]], $len, :6]"},
      {"LCS a b IDX MINMATCHLEN -4 WITHMATCHLEN",
       "[$matches, [[[:4, :7], [:5, :8], :4], [[:2, :3], [:0, :1], :2]], $len, :6]"},
      {"LCS a none", "$"},
      {"LCS none a IDX", "[$matches, [], $len, :0]"},
      {"LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX."},
      {"LCS a b MINMATCHLEN", "-ERR syntax error"},
      {"LCS a b MINMATCHLEN x", "-ERR value is not an integer or out of range"},
      {"LCS a b FOO", "-ERR syntax error"},
      {"SET i 1234", "+OK"},
      {"SET j 234", "+OK"},
      {"LCS i j", "$234"},
      {"LCS i i", "$1234"},
  });
  session().resp = Resp::k3;
  Session({{"LCS a b IDX MINMATCHLEN 4", "{$matches: [[[:4, :7], [:5, :8]]], $len: :6}"}});
}

TEST_F(StringEditCommands, LcsOfExpiredKeys) {
  Session({{"SET a abc", "+OK"}, {"SET b abc PX 10", "+OK"}});
  Advance(Duration::Millis(10));
  Session({{"LCS a b", "$"}, {"LCS b a LEN", ":0"}});
}

TEST_F(StringEditCommands, LcsHasABound) {
  options().proto_max_bulk_len = 100;
  Session({
      {"MSET a 1234 b 1234 c 12345", "+OK"},
      {"LCS a b", "$1234"},
      {"LCS a c", "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"},
  });
}

// One key against a std::string: what the commands say and leave behind is what the same edit makes of the string.
class Edited : public CommandTest {
 public:
  void TestBody() override {}

  void Append(const std::string& tail) {
    text_ += tail;
    exists_ = true;
    Expect(RunWords({"APPEND", "k", tail}));
  }
  void SetRange(size_t offset, const std::string& bytes) {
    if (!bytes.empty()) {
      exists_ = true;
      text_.resize(std::max(text_.size(), offset + bytes.size()), '\0');
      text_.replace(offset, bytes.size(), bytes);
    }
    Expect(RunWords({"SETRANGE", "k", std::to_string(offset), bytes}));
  }
  void Set(const std::string& value) {
    text_ = value;
    exists_ = true;
    RC_ASSERT(Show(RunWords({"SET", "k", value})) == "+OK");
  }
  void GetRange(int64_t first, int64_t last) {
    const int64_t size = static_cast<int64_t>(text_.size());
    const int64_t from = first < 0 ? std::max<int64_t>(size + first, 0) : first;
    const int64_t to = last < 0 ? std::max<int64_t>(size + last, 0) : std::min(last, size - 1);
    std::string expected;
    const bool backwards = first < 0 && last < 0 && first > last;
    for (int64_t i = from; !backwards && i <= to && i < size; ++i) {
      expected += text_[static_cast<size_t>(i)];
    }
    RC_ASSERT(Show(RunWords({"GETRANGE", "k", std::to_string(first), std::to_string(last)})) ==
              "$" + expected);
  }
  void IncrBy(int64_t by) {
    const std::string reply = Show(RunWords({"INCRBY", "k", std::to_string(by)}));
    const std::optional<int64_t> old = exists_ ? ParseInt64(text_) : 0;
    int64_t sum = 0;
    if (!old) {
      RC_ASSERT(reply == "-ERR value is not an integer or out of range");
    } else if (__builtin_add_overflow(*old, by, &sum)) {
      RC_ASSERT(reply == "-ERR increment or decrement would overflow");
    } else {
      exists_ = true;
      text_ = std::to_string(sum);
      RC_ASSERT(reply == ":" + text_);
    }
  }
  void CheckContent() {
    RC_ASSERT(Show(Run("GET k")) == (exists_ ? "$" + text_ : "nil"));
    RC_ASSERT(Show(Run("STRLEN k")) == ":" + std::to_string(text_.size()));
  }

 private:
  void Expect(const ReplyValue& length) {
    RC_ASSERT(Show(length) == ":" + std::to_string(text_.size()));
  }

  std::string text_;
  bool exists_ = false;
};

RC_GTEST_PROP(StringEditProperty, EditsAgreeWithStdString, ()) {
  Edited edited;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    const int kind = *rc::gen::inRange(0, 6);
    if (kind == 0) edited.Append(*rc::gen::arbitrary<std::string>());
    if (kind == 1) edited.Append(std::to_string(*rc::gen::inRange(0, 100)));
    if (kind == 2) {
      const size_t offset = *rc::gen::inRange<size_t>(0, 300);
      edited.SetRange(offset, *rc::gen::arbitrary<std::string>());
    }
    if (kind == 3) {
      const int64_t first = *rc::gen::inRange<int64_t>(-300, 300);
      const int64_t last = *rc::gen::inRange<int64_t>(-300, 300);
      edited.GetRange(first, last);
    }
    if (kind == 4) edited.IncrBy(*rc::gen::arbitrary<int64_t>());
    if (kind == 5) edited.Set(std::to_string(*rc::gen::arbitrary<int64_t>()));
    edited.CheckContent();
  }
}

}  // namespace
}  // namespace norn
