#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the figures of the code that the review talks about: sizes, share of comments, tests against source."""
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_LINES = 700


def lines_of(paths):
    return {p.relative_to(ROOT).as_posix(): p.read_text().splitlines() for p in paths}


def share_of_comments(files):
    text = [l.strip() for lines in files.values() for l in lines if l.strip()]
    return sum(l.startswith("//") for l in text) / max(len(text), 1)


def main():
    sources = lines_of(p for top in ("core", "commands", "cli") for p in (ROOT / top).rglob("*") if p.suffix in (".h", ".cc"))
    tests = lines_of(p for p in (ROOT / "tests").rglob("*") if p.suffix in (".h", ".cc", ".py", ".sh"))
    sizes = sorted(len(l) for l in sources.values())
    headers = {n: l for n, l in sources.items() if n.endswith(".h")}
    bodies = {n: l for n, l in sources.items() if n.endswith(".cc")}
    long = {n: len(l) for n, l in sources.items() if len(l) > MOST_LINES}
    total = sum(sizes)
    print(f"source: {len(sizes)} files, {total} lines, median {statistics.median(sizes):.0f}, "
          f"p90 {sizes[int(len(sizes) * 0.9)]}, longest {sizes[-1]}")
    print(f"tests:  {len(tests)} files, {sum(map(len, tests.values()))} lines, {sum(map(len, tests.values())) / total:.2f} of source")
    print(f"comments: {share_of_comments(headers):.0%} of headers, {share_of_comments(bodies):.0%} of sources")
    for name, size in sorted(long.items()):
        print(f"{name}: {size} lines, more than {MOST_LINES}: which noun is hiding in it?")
    return 1 if long and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
