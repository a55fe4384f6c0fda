#!/usr/bin/env python3
"""What the linker would fetch from the operating system, as a test: the deterministic libraries name no clock, thread,
socket, file or random symbol. ci/symbols_allow.txt lists the few that stand, each with its reason.

Usage: check_symbols.py [BUILD_DIR]     (default build/release; the libraries must be built)
"""

import glob
import os
import re
import subprocess
import sys

import tree

LIBRARIES = ("libengine_*.a", "libnet.a", "libsim.a", "libfaults.a")

# By linker name, so that templates and inlined wrappers cannot hide a call.
FORBIDDEN = re.compile(r"^(?:" + "|".join([
    # clocks and sleeping
    r"clock_(get|set)\w+|clock_nanosleep|gettimeofday|time|clock|times|nanosleep|usleep|sleep|timerfd_\w+|localtime(_r)?",
    r"_ZNSt6chrono.*3nowEv|_ZNSt6chrono3_V2.*3nowEv|_ZN4absl\w*?(3Now|GetCurrentTimeNanos)\w*",
    # threads and locks
    r"pthread_\w+|_ZNSt6thread\w+|_ZNSt11this_thread\w+|_ZNSt18condition_variable\w+|_ZNSt13__future_base\w+|sem_\w+|futex",
    r"_ZN4absl\w*?(5Mutex|7CondVar)\w*|sched_\w+",
    # sockets and polling
    r"socket(pair)?|bind|listen|accept4?|connect|send(to|msg|mmsg|file)?|recv(from|msg|mmsg)?|shutdown|p?poll|p?select"
    r"|epoll_\w+|eventfd\w*|getaddrinfo|gethostby\w+|[gs]etsockopt|getsockname|getpeername",
    # files and processes
    r"open(at)?(64)?|creat(64)?|read|readv|pread(64)?|write|writev|pwrite(64)?|close|fsync|fdatasync|rename(at2?)?|unlink(at)?"
    r"|f(d|re)?open(64)?|fread|opendir|readdir(64)?|l?stat(64)?|fstat(at)?(64)?|mkdir|rmdir|truncate(64)?|ftruncate(64)?"
    r"|_ZNSt(13basic_filebuf|14basic_ifstream|14basic_ofstream|13basic_fstream)\w+|_ZNSt10filesystem\w+"
    r"|mmap(64)?|munmap|mprotect|madvise|fork|vfork|exec[vl]p?e?|system|popen|kill|raise|sigaction|signal|syscall|getenv|getpid",
    # randomness
    r"getrandom|getentropy|s?rand|rand_r|s?random|[dejlmn]rand48|arc4random\w*|_ZNSt13random_device\w+|_ZN4absl\w*?random_internal\w+",
]) + r")$")


def undefined_symbols(library):
    listing = subprocess.run(["nm", "--undefined-only", "--no-sort", library], check=True,
                             capture_output=True, text=True).stdout
    member = "?"
    for line in listing.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        elif line.strip():
            yield member, line.split()[-1].split("@")[0]


def check(build_dir, allow_path):
    allowed = tree.allow_list(allow_path, 2)
    used, problems, examined = set(), [], 0
    libraries = sorted(path for pattern in LIBRARIES for path in glob.glob(os.path.join(build_dir, pattern)))
    seen_libraries = {os.path.basename(path) for path in libraries}
    for path in libraries:
        library = os.path.basename(path)
        for member, symbol in undefined_symbols(path):
            examined += 1
            if not FORBIDDEN.match(symbol):
                continue
            if (library, symbol) in allowed:
                used.add((library, symbol))
            else:
                problems.append(f"{library}: {member} needs {symbol}")
    for library, symbol in sorted(set(allowed) - used):
        if library in seen_libraries:
            problems.append(f"{allow_path}: {library} {symbol} is no longer needed; drop the line")
    return sorted(set(problems)), examined


if __name__ == "__main__":
    BUILD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(tree.ROOT, "build", "release")
    PROBLEMS, EXAMINED = check(BUILD, os.path.join(tree.ROOT, "ci", "symbols_allow.txt"))
    sys.exit(tree.report("symbols", PROBLEMS, EXAMINED))
