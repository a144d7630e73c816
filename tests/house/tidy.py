#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy 19 over every translation unit (a group of sources, docs/decisions/groups.md), but only where something
changed: a clean unit is remembered by the hash of its preprocessed text, its flags and .clang-tidy."""
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]


def cache_directory():
    path = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "agentweave-checks"
    path.mkdir(parents=True, exist_ok=True)
    return path


def load_commands(build):
    return json.loads((build / "compile_commands.json").read_text())


def arguments_of(command):
    """The compiler's flags without launcher, compiler, input, output and dependency files."""
    words = shlex.split(command["command"])
    words = words[next(i for i, w in enumerate(words) if w.endswith("clang++-19")) + 1:]
    out, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-c", "-MF", "-MT"):
            skip = True
        elif word != "-MD":
            out.append(word)
    return [w for w in out if w != command["file"]]


def check(command, settings, cache, root):
    path = command["file"]
    flags = arguments_of(command)
    # With comments: NOLINT lives in them.
    text = subprocess.run(["clang++-19", *flags, "-E", "-C", "-P", path], capture_output=True, cwd=command["directory"])
    body = text.stdout.replace(str(root).encode(), b"")
    relative = [f.replace(str(root), "") for f in flags]
    stamp = cache / ("tidy-" + hashlib.sha256(body + settings + " ".join(relative).encode()).hexdigest())
    if stamp.exists():
        return path, "", False
    result = subprocess.run(["clang-tidy-19", "--quiet", "--use-color=false", path, "--", *flags],
                            capture_output=True, text=True, cwd=command["directory"])
    if result.returncode == 0 and "warning:" not in result.stdout:
        stamp.touch()
        return path, "", True
    return path, result.stdout + (result.stderr if result.returncode else ""), True


def room_of(path):
    """core/rego/eval.cc and build/dev/groups/rego_3.cc: rego. Empty for tests and for what is generated."""
    parts = pathlib.Path(path).parts
    if "groups" in parts:
        room = pathlib.Path(path).stem.rsplit("_", 1)[0]
        return "" if room.endswith("_tests") or room == "fakes" else room
    if "generated" in parts or "tests" in parts:
        return ""
    return pathlib.Path(path).parent.name


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    jobs = int(sys.argv[sys.argv.index("-j") + 1]) if "-j" in sys.argv else 2
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else None
    settings = (ROOT / ".clang-tidy").read_bytes()
    cache = cache_directory()
    commands = {c["file"]: c for c in load_commands(build) if room_of(c["file"]) and only in (None, room_of(c["file"]))}
    bad = ran = 0
    with ThreadPoolExecutor(jobs) as pool:
        for path, report, fresh in pool.map(lambda c: check(c, settings, cache, ROOT), commands.values()):
            ran += fresh
            if report:
                bad += 1
                print(report)
    print(f"tidy: {len(commands)} units, {ran} looked at anew, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
