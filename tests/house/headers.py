#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone. What passed once is remembered by the hash of its preprocessed text."""
import hashlib
import json
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tidy import arguments_of, cache_directory, load_commands

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(header, flags, cache):
    base = ["clang++-19", *flags, "-x", "c++", "-Wno-pragma-once-outside-header"]
    text = subprocess.run([*base, "-E", "-P", str(header)], capture_output=True)
    if text.returncode:
        return header, text.stderr.decode()
    stamp = cache / ("header-" + hashlib.sha256(text.stdout + json.dumps(flags[-4:]).encode()).hexdigest())
    if stamp.exists():
        return header, ""
    result = subprocess.run([*base, "-fsyntax-only", str(header)], capture_output=True)
    if result.returncode == 0:
        stamp.touch()
    return header, result.stderr.decode()


def main():
    build = pathlib.Path(sys.argv[1])
    jobs = int(sys.argv[sys.argv.index("-j") + 1]) if "-j" in sys.argv else 2
    # The topmost room sees every folder and library: its flags serve all headers.
    command = next(c for c in load_commands(build) if "/cli/" in c["file"])
    flags = arguments_of(command)
    cache = cache_directory()
    headers = sorted(p for top in ("core", "commands", "cli") for p in (ROOT / top).rglob("*.h"))
    bad = 0
    with ThreadPoolExecutor(jobs) as pool:
        for header, errors in pool.map(lambda h: check(h, flags, cache), headers):
            if errors:
                bad += 1
                print(errors)
    print(f"headers: {len(headers)} files, {bad} do not compile alone")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
