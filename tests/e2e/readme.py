# SPDX-License-Identifier: Apache-2.0
"""Runs a README: every `$ ` line of its ```console blocks, in one shell, each output compared (… stands for anything)."""
import fnmatch
import re
import subprocess


def steps(text):
    """(command, expected output lines) of every console block."""
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        command, expected = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command is not None:
                    yield command, expected
                command, expected = line[2:], []
            else:
                expected.append(line)
        if command is not None:
            yield command, expected


def matches(line, pattern):
    escaped = "".join(f"[{c}]" if c in "*?[" else c for c in pattern)
    return fnmatch.fnmatchcase(line, escaped.replace("…", "*"))


def follow(path, cwd, env, timeout=300):
    """Raises AssertionError at the first line that is not as written."""
    ran = 0
    for command, expected in steps(path.read_text()):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)
        got = done.stdout.splitlines()
        same = len(got) == len(expected) and all(matches(a, b) for a, b in zip(got, expected))
        if done.returncode != 0 or not same:
            raise AssertionError(f"{path.name}: $ {command}\nexpected:\n" + "\n".join(expected) + f"\ngot ({done.returncode}):\n{done.stdout}{done.stderr[-3000:]}")
        ran += 1
    if ran == 0:
        raise AssertionError(f"{path} shows no command")
    return ran
