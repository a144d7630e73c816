#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format 19 would leave it (`./dev fmt` does it) and starts with its SPDX line."""
import subprocess
import sys


def main():
    files = subprocess.run(["git", "ls-files", "*.cc", "*.h"], capture_output=True, text=True, check=True).stdout.split()
    result = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *files], capture_output=True, text=True)
    bad = sorted({line.split(":")[0] for line in result.stderr.splitlines() if ": error:" in line})
    for name in bad:
        print(f"{name}: not formatted (./dev fmt)")
    unsigned = [f for f in files if not open(f).readline().startswith(("// SPDX-License-Identifier:", "// needs:"))]
    for name in unsigned:
        print(f"{name}: the first line is not its SPDX line")
    print(f"format: {len(files)} files, {len(bad) + len(unsigned)} faults")
    return 1 if bad or unsigned or result.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
