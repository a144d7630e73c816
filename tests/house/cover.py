#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Line coverage by the unit tests, from a `cover` build.

  cover.py BUILD         runs every test program; a table of rooms, worst first
  cover.py BUILD ROOM    runs that room's program alone; a table of its files, worst first

Sources count, headers do not: which of their copies the linker keeps says nothing. Nor do tests, fakes and what is generated."""
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run_programs(programs, build):
    """One profile of all; a program that fails says so and counts as far as it came."""
    profiles = []
    for program in programs:
        profiles.append(build / f"{program.name}.profraw")
        profiles[-1].unlink(missing_ok=True)
        done = subprocess.run([program], env={**os.environ, "LLVM_PROFILE_FILE": str(profiles[-1])}, stdout=subprocess.DEVNULL, cwd=ROOT)
        if done.returncode:
            print(f"failed: {program.name}", file=sys.stderr)
    whole = build / "all.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", *(p for p in profiles if p.exists()), "-o", whole], check=True)
    return whole


def lines_by_file(programs, profile):
    """{file below the root: (covered, all)}"""
    objects = [word for program in programs[1:] for word in ("-object", program)]
    said = subprocess.run(["llvm-cov-19", "export", "-summary-only", "-instr-profile", profile, programs[0], *objects],
                          check=True, capture_output=True, text=True, cwd=ROOT).stdout
    found = {}
    for one in json.loads(said)["data"][0]["files"]:
        path = os.path.relpath(os.path.realpath(one["filename"]), ROOT)
        if path.startswith(("core/", "commands/")) and path.endswith(".cc"):
            found[path] = (one["summary"]["lines"]["covered"], one["summary"]["lines"]["count"])
    return found


def room_of(path):
    parts = pathlib.Path(path).parts
    return parts[1] if parts[0] == "core" else parts[0]


def table(rows):
    for name, (covered, count) in sorted(rows.items(), key=lambda row: row[1][0] / max(row[1][1], 1)):
        print(f"{name:44} {covered:6} of {count:6}  {100 * covered / max(count, 1):5.1f} %")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    room = sys.argv[2] if len(sys.argv) > 2 else None
    programs = sorted((build / "tests").glob(f"{room or '*'}_tests"))
    if not programs:
        raise SystemExit(f"cover: no test program of {room or 'any room'} in {build}")
    files = lines_by_file(programs, run_programs(programs, build))
    if room:
        return table({path: lines for path, lines in files.items() if room_of(path) == room})
    rooms = collections.defaultdict(lambda: (0, 0))
    for path, (covered, count) in files.items():
        for name in (room_of(path), "all rooms"):
            rooms[name] = (rooms[name][0] + covered, rooms[name][1] + count)
    table(rooms)


if __name__ == "__main__":
    main()
