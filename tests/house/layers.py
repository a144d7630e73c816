#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the code to the drawing in docs/design.md: an include may only point down, and rooms of one layer never include
each other. Also refuses what only one place may do (exit, getenv, the machine's clock, OpenSSL, gRPC)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {
    "core/base": 0, "core/metrics": 1, "core/io": 2, "core/tls": 3, "core/trace": 3,
    "core/identity": 4, "core/http": 4, "core/rego": 4,
    "core/a2a": 5, "core/authz": 5, "core/audit": 5, "core/backend": 5, "core/decisions": 5, "core/secrets": 5,
    "core/server": 6, "core/runtime": 7, "core/sdk": 8, "core/testing": 9, "commands": 8, "cli": 9,
}
CONFIG_USERS = {"core/runtime", "core/sdk", "commands", "cli"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')

# (what, pattern, folders or files that may, reason)
ONLY = [
    ("OpenSSL", re.compile(r"#\s*include\s+<openssl/"), ("core/tls/", "core/rego/builtin_"),
     "OpenSSL stays behind core/tls; the policy builtins io.jwt.* and crypto.* are the one exception"),
    ("gRPC", re.compile(r"#\s*include\s+<grpc"), ("core/identity/workload",), "gRPC stays behind the Workload API files"),
    ("exit", re.compile(r"\b(?:std::|::)?(?:_?exit|quick_exit)\(\s*[^)\s]"), ("cli/main.cc", "core/backend/"),
     "a process ends in one place; return an Exit (a forked child may _exit)"),
    ("getenv", re.compile(r"\bgetenv\("), ("cli/",), "the environment is given (commands::Env)"),
    ("system_clock::now", re.compile(r"system_clock::now\("), ("core/base/clock.cc",), "time is given (aw::Clock)"),
]


def room_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "core" else parts[0]


def faults_of(path, text):
    """The faults of one file, as (line, message)."""
    room = room_of(path)
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        for what, pattern, allowed, reason in ONLY:
            if pattern.search(code) and not path.startswith(allowed):
                out.append((number, f"{what} is not used here: {reason}"))
        match = INCLUDE.match(line)
        if not match:
            continue
        target = room_of(match.group(1))
        if target == room or match.group(1).endswith((".pb.h",)):
            continue
        if target == "core/config":
            if room not in CONFIG_USERS and room != "core/config":
                out.append((number, f"{room} includes core/config: only {', '.join(sorted(CONFIG_USERS))} may"))
            continue
        if room == "core/config":
            plain = match.group(1).endswith("/config.h") or LAYERS.get(target, 99) == 0
            if not plain and target not in ("core/rego",):
                # The table knows each room by its plain config.h, nothing else of it.
                if not (target == "core/identity" and match.group(1).endswith("spiffe_id.h")) and target != "core/io":
                    out.append((number, f"core/config includes {match.group(1)}: only config.h of a room"))
            continue
        if target not in LAYERS:
            out.append((number, f"{match.group(1)}: unknown room"))
        elif room in LAYERS and LAYERS[target] >= LAYERS[room]:
            out.append((number, f"{room} (layer {LAYERS[room]}) includes {target} (layer {LAYERS[target]}): only downwards"))
    return out


def self_test():
    assert faults_of("core/base/x.h", '#include "core/io/task.h"')
    assert faults_of("core/authz/x.h", '#include "core/audit/log.h"')
    assert faults_of("core/http/x.cc", "#include <openssl/ssl.h>")
    assert faults_of("core/http/x.cc", "auto t = std::chrono::system_clock::now();")
    assert faults_of("core/server/x.cc", '#include "core/config/config.h"')
    assert not faults_of("core/server/x.cc", '#include "core/authz/authz.h"  // exit(1)')
    print("the layer check finds what it should")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    count = 0
    files = [p for top in ("core", "commands", "cli") for p in sorted((ROOT / top).rglob("*")) if p.suffix in (".h", ".cc")]
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        for line, message in faults_of(name, path.read_text()):
            print(f"{name}:{line}: {message}")
            count += 1
    print(f"layers: {len(files)} files, {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
