#!/usr/bin/env python3
"""Each check of ci/ is proved on a planted violation: it must pass the clean sample and fail the spoiled one."""

import os
import shutil
import subprocess
import tempfile
import unittest

import check_format
import check_house
import check_includes
import check_sizes
import check_symbols
import check_tests
import tree


class PlantedTree(unittest.TestCase):
    """A little repository of its own, into which each test plants files."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="norn-checks-")
        self.addCleanup(shutil.rmtree, self.root)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def plant(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full) or ".", exist_ok=True)
        with open(full, "w", encoding="utf-8") as handle:
            handle.write(text)

    def assert_clean(self, check):
        problems, examined = check(self.root)
        self.assertEqual(problems, [])
        self.assertGreater(examined, 0)

    def assert_found(self, check, *words):
        problems, _ = check(self.root)
        for word in words:
            self.assertTrue(any(word in problem for problem in problems), f"{word!r} not in {problems}")


class Includes(PlantedTree):
    def plant_house(self):
        for folder in ("engine/base", "engine/env", "engine/fiber", "engine/keyspace", "net", "sim", "server"):
            self.plant(folder + "/a.h", "#pragma once\n")

    def test_lower_rungs_and_own_folder_are_fine(self):
        self.plant_house()
        self.plant("engine/keyspace/b.cc", '#include "engine/keyspace/a.h"\n#include "engine/base/a.h"\n#include <map>\n')
        self.plant("net/b.cc", '#include "engine/keyspace/a.h"\n#include "absl/status/status.h"\n')
        self.plant("server/b.cc", '#include "net/a.h"\n#include <sys/epoll.h>\n#include <thread>\n')
        self.assert_clean(check_includes.check)

    def test_climbing_the_ladder_is_found(self):
        self.plant_house()
        self.plant("engine/base/b.cc", '#include "engine/keyspace/a.h"\n')
        self.assert_found(check_includes.check, "engine/base must not include engine/keyspace")

    def test_crossing_the_layers_is_found(self):
        self.plant_house()
        self.plant("server/b.cc", '#include "sim/a.h"\n')
        self.plant("sim/b.cc", '#include "net/a.h"\n')
        self.plant("sim/c.cc", '  #  include "engine/keyspace/a.h"\n')
        self.assert_found(check_includes.check, "server must not include sim", "sim must not include net",
                          "sim must not include engine/keyspace")

    def test_headers_of_the_outside_world_are_found(self):
        for number, header in enumerate(("thread", "mutex", "atomic", "chrono", "random", "sys/socket.h", "unistd.h",
                                         "fcntl.h", "fstream", "absl/synchronization/mutex.h")):
            self.plant(f"engine/base/x{number}.cc", f"#include <{header}>\n")
            self.assert_found(check_includes.check, f"<{header}> reaches the outside world")

    def test_a_test_may_look_at_a_clock_but_not_at_threads(self):
        self.plant("engine/base/a_test.cc", "#include <chrono>\n#include <gtest/gtest.h>\n")
        self.assert_clean(check_includes.check)
        self.plant("engine/base/b_test.cc", "#include <thread>\n")
        self.assert_found(check_includes.check, "<thread>")

    def test_wrapped_libraries_stay_wrapped(self):
        self.plant("engine/fiber/a.cc", "#include <boost/context/fiber.hpp>\n")
        self.assert_clean(check_includes.check)
        self.plant("net/a.cc", "#include <boost/context/fiber.hpp>\n")
        self.plant("net/b.cc", "#include <gtest/gtest.h>\n")
        self.assert_found(check_includes.check, "belongs in engine/fiber only", "belongs in tests")

    def test_a_commented_include_is_no_include(self):
        self.plant("engine/base/a.cc", "// #include <thread>\n/*\n#include <mutex>\n*/\n#include <map>\n")
        self.assert_clean(check_includes.check)

    def test_a_path_not_from_the_root_is_found(self):
        self.plant("net/a.h", "#pragma once\n")
        self.plant("net/b.cc", '#include "a.h"\n')
        self.assert_found(check_includes.check, "not a path from the root")


class Symbols(PlantedTree):
    def build(self, source, library="libengine_base.a"):
        self.plant("x.cc", source)
        obj, lib = os.path.join(self.root, "x.o"), os.path.join(self.root, library)
        subprocess.run(["g++", "-std=c++20", "-O2", "-c", os.path.join(self.root, "x.cc"), "-o", obj], check=True)
        subprocess.run(["ar", "crs", lib, obj], check=True)

    def problems(self, allow=""):
        self.plant("allow.txt", allow)
        return check_symbols.check(self.root, os.path.join(self.root, "allow.txt"))[0]

    def test_pure_code_is_clean(self):
        self.build("#include <map>\n#include <string>\nint f(std::map<int, std::string>& m) { m[1] = \"x\"; return m.size(); }\n")
        self.assertEqual(self.problems(), [])

    def test_each_kind_of_outside_call_is_found(self):
        planted = {
            "clock_gettime": "#include <time.h>\nint f() { timespec t; return clock_gettime(CLOCK_REALTIME, &t); }\n",
            "steady_clock": "#include <chrono>\nlong f() { return std::chrono::steady_clock::now().time_since_epoch().count(); }\n",
            "pthread": "#include <mutex>\nstd::mutex m;\nvoid f() { m.lock(); }\n",
            "socket": "#include <sys/socket.h>\nint f() { return socket(1, 1, 0); }\n",
            "open": "#include <fcntl.h>\nint f() { return open(\"/x\", 0); }\n",
            "rand": "#include <stdlib.h>\nint f() { return rand(); }\n",
            "random_device": "#include <random>\nint f() { std::random_device d; return d(); }\n",
            "ifstream": "#include <fstream>\nint f() { std::ifstream i(\"x\"); return i.get(); }\n",
            "thread": "#include <thread>\nvoid f() { std::thread([] {}).join(); }\n",
        }
        for word, source in planted.items():
            with self.subTest(word):
                self.build(source)
                self.assertTrue(any(word in problem for problem in self.problems()), self.problems())

    def test_the_allow_list_allows_and_shrinks(self):
        source = "#include <sys/mman.h>\nint f(void* p) { return munmap(p, 1); }\n"
        self.build(source)
        self.assertTrue(self.problems())
        self.assertEqual(self.problems("libengine_base.a munmap stacks have guard pages\n"), [])
        found = self.problems("libengine_base.a munmap why\nlibengine_base.a mmap why\n")
        self.assertTrue(any("no longer needed" in problem for problem in found), found)

    def test_no_libraries_is_not_a_pass(self):
        problems, examined = check_symbols.check(self.root, "/nonexistent")
        self.assertEqual((problems, examined), ([], 0))
        self.assertEqual(tree.report("symbols", problems, examined), 1)


class Format(PlantedTree):
    def test_a_badly_laid_out_line_is_found(self):
        self.plant(".clang-format", "BasedOnStyle: Google\nColumnLimit: 100\n")
        self.plant("a.cc", "int f(int x) { return x; }\n")
        self.assert_clean(check_format.check)
        self.plant("b.cc", "int   f( int x ){return x;}\n")
        self.assert_found(check_format.check, "b.cc:1")


class Sizes(PlantedTree):
    @staticmethod
    def function(lines, name="F"):
        return f"int {name}(int x) {{\n" + "  x++;\n" * (lines - 3) + "  return x;\n}\n"

    def test_sizes_at_the_limit_are_clean(self):
        self.plant("a.cc", self.function(70) + "// filler\n" * 730)
        self.plant("a.h", "// filler\n" * 400)
        self.assert_clean(check_sizes.check)

    def test_a_long_file_header_function_and_folder_are_found(self):
        self.plant("a.cc", "// filler\n" * 801)
        self.plant("a.h", "// filler\n" * 401)
        self.plant("b.cc", "namespace n {\nclass C {\n " + self.function(71, "Long") + "};\n}\n")
        self.plant("c.cc", "template <typename T>\nauto C::D(T t,\n  int x)\n    -> int {\n" + "  t();\n" * 80 + "}\n")
        self.plant("d.py", "def snake():\n" + "    print()\n" * 71)
        for number in range(31):
            self.plant(f"many/f{number}.cc", "int x;\n")
        self.assert_found(check_sizes.check, "a.cc: file is 801", "a.h: file is 401", "b.cc: function:Long is 71",
                          "c.cc: function:C::D", "d.py: function:snake is 72", "many: folder is 31")

    def test_rows_of_a_table_do_not_count(self):
        self.plant("a.cc", "// clang-format off\n" + "{1, 2},\n" * 900 + "// clang-format on\n")
        self.assert_clean(check_sizes.check)

    def test_the_allow_list_allows_and_shrinks(self):
        self.plant("a.cc", self.function(75))
        self.plant("ci/size_allow.txt", "a.cc function:F 75 a state machine reads better in one piece\n")
        self.assert_clean(check_sizes.check)
        self.plant("a.cc", self.function(76))
        self.assert_found(check_sizes.check, "permits 75")
        self.plant("a.cc", self.function(60))
        self.assert_found(check_sizes.check, "drop its line")

    def test_a_reason_is_required(self):
        self.plant("a.cc", "int x;\n")
        self.plant("ci/size_allow.txt", "a.cc file 900\n")
        with self.assertRaises(SystemExit):
            check_sizes.check(self.root)


class Tests(PlantedTree):
    def test_assertions_direct_and_through_helpers_count(self):
        self.plant("a_test.cc", "#include <gtest/gtest.h>\n"
                   "void Same(int a, int b) { EXPECT_EQ(a, b); }\n"
                   "void Twice(int a) {\n  Same(a, a);\n}\n"
                   "TEST(A, Direct) { EXPECT_TRUE(f()); }\nTEST(A, Helped) { Twice(3); }\n"
                   "TEST(A, Property) { rc::check(\"x\", [] { return true; }); }\n"
                   "RC_GTEST_PROP(A, Prop, (int x)) { RC_ASSERT(x == x); }\n")
        self.plant("b_test.py", "class T:\n    def test_x(self):\n        self.assertEqual(f(), 2)\n")
        self.assert_clean(check_tests.check)

    def test_a_test_that_asserts_nothing_is_found(self):
        self.plant("a_test.cc", "#include <gtest/gtest.h>\n"
                   "void Idle(int) {}\nTEST(A, Empty) { Idle(3); }\n"
                   "TEST(A, Hollow) { EXPECT_TRUE(true); }\nTEST(A, Said) { /* EXPECT_EQ(a, b); */ }\n"
                   "TEST(A, Succeeds) { SUCCEED(); }\nTEST_P(A,\n       Long) {\n  run();\n}\n")
        self.plant("b_test.py", "class T:\n    def test_nothing(self):\n        print('x')\n")
        self.assert_found(check_tests.check, "A, Empty", "A, Hollow", "A, Said", "A, Succeeds", "A, Long", "test_nothing")

    def test_disabling_needs_a_reason_and_an_owner(self):
        self.plant("a_test.cc", "TEST(A, DISABLED_X) { EXPECT_EQ(f(), 1); }\n")
        self.assert_found(check_tests.check, "a_test.cc:1: disabled without")
        self.plant("a_test.cc", "// reason: needs a kernel with X; owner: ann\nTEST(A, DISABLED_X) { EXPECT_EQ(f(), 1); }\n")
        self.assert_clean(check_tests.check)
        self.plant("b_test.cc", "TEST(A, B) {\n  EXPECT_EQ(f(), 1);\n  GTEST_SKIP();\n}\n")
        self.assert_found(check_tests.check, "b_test.cc:3: disabled without")


class House(PlantedTree):
    def test_a_folder_with_its_membership_test_is_clean(self):
        self.plant("net/README.md", "# net\n\nA file belongs here if it moves bytes.\n")
        self.plant("net/a.cc", "int x;\n")
        self.assert_clean(check_house.check)

    def test_missing_long_and_shapeless_readmes_are_found(self):
        self.plant("net/a.cc", "int x;\n")
        self.plant("sim/README.md", "# sim\n\nThe simulator.\n")
        self.plant("server/README.md", "# server\n\nA file belongs here if it is real.\n" + "x\n" * 60)
        self.assert_found(check_house.check, "net: has no README", "sim/README.md: does not open", "63 lines")

    def test_a_stranger_in_the_root_is_found(self):
        self.plant("notes.txt", "x\n")
        self.plant("utils/README.md", "A file belongs here if it fits nowhere.\n")
        self.assert_found(check_house.check, "notes.txt: the root", "utils: the root")


if __name__ == "__main__":
    unittest.main()
