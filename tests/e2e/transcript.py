# SPDX-License-Identifier: Apache-2.0
"""Types the ```console blocks of a page into one shell, as its reader would, and compares what is shown.

A line that begins with `$ ` is a command (a backslash at its end continues it); what follows is what a terminal shows of it,
both streams. A time, a duration, a decimal, a share in %, a port of loopback, an id and a hash (also cut short by …) stand for any of their kind, more than one space for
any number, … for anything within a line and, alone on its line, for any lines. Everything else must be as written. A command
that shows nothing must succeed; of the others `$ echo $?` tells.

A block that cannot be run here says why, in a comment on the line before it: <!-- not run: it needs a cluster -->.
"""
import re
import subprocess

BLOCK = re.compile(r"^(?:<!-- not run: (?P<why>.+?) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.S | re.M)
# What differs from run to run, in a page -> in its output. The first that fits is taken.
KINDS = [
    (r"\b[0-9a-f]{2,}…(?:[0-9a-f]{2,}\b)?", r"[0-9a-f]{2,}(?:…(?:[0-9a-f]{2,})?)?"),
    (r"…", r".*"),
    (r" {2,}", r" +"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"),
    (r"\b\d\d:\d\d:\d\d(?:\.\d+)?Z?", r"\d\d:\d\d:\d\d(?:\.\d+)?Z?"),
    (r"(?<![\w.])\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|m|h|d)(?:\d+(?:ms|s|m))?(?!\w)", r"\d+(?:\.\d+)? ?(?:ns|us|µs|ms|s|m|h|d)(?:\d+(?:ms|s|m))?"),
    (r"\b([a-z])-01[0-9A-Z]{6,}", r"\1-01[0-9A-Z]+"),
    (r"\b[0-9a-f]{16,}\b", r"[0-9a-f]{16,}"),
    (r"\b\d+%", r"\d+%"),
    (r"(?<=127\.0\.0\.1:)\d+", r"\d+"),
    (r"(?<![\w.])\d+\.\d+(?![\w.])", r"\d+\.\d+"),
]
TOKENS = re.compile("|".join(f"(?P<k{i}>{shown})" for i, (shown, _) in enumerate(KINDS)))
MARK = "@@transcript-ends@@"


def blocks(text):
    """(why not run or None, text) of every console block."""
    return [(m["why"], m["text"]) for m in BLOCK.finditer(text) if m["kind"] == "console"]


def not_run(text):
    return [m["why"] for m in BLOCK.finditer(text) if m["why"]]


def steps(block):
    """(command, lines shown) of a block; what stands before the first command is a mistake."""
    found = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += "\n" + next(lines)
            found.append((command, []))
        elif found:
            found[-1][1].append(line)
        else:
            raise AssertionError(f"no command before: {line}")
    return found


def line_pattern(line):
    out, at = "", 0
    for token in TOKENS.finditer(line):
        kind = next(i for i in range(len(KINDS)) if token[f"k{i}"] is not None)
        out += re.escape(line[at:token.start()]) + KINDS[kind][1].replace(r"\1", token[0][0])
        at = token.end()
    return out + re.escape(line[at:])


def pattern(shown):
    return "".join(r"(?:.*\n)*?" if line.strip() == "…" else line_pattern(line.rstrip()) + r" *\n" for line in shown)


class Terminal:
    """One bash; its two streams are one, as on a screen."""

    def __init__(self, cwd, env):
        self.shell = subprocess.Popen(["bash", "--norc"], cwd=cwd, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.status = 0

    def type(self, command):
        """What is shown, and the exit code."""
        self.shell.stdin.write(f"(exit {self.status})\n{{ {command}\n}} </dev/null\nprintf '\\n{MARK}%d\\n' $?\n")
        self.shell.stdin.flush()
        shown = []
        for line in self.shell.stdout:
            if line.startswith(MARK):
                self.status = int(line[len(MARK):])
                text = "".join(shown)
                return text[:-1], self.status
            shown.append(line)
        raise AssertionError(f"the shell ended at: {command}\n{''.join(shown)}")

    def close(self):
        self.shell.stdin.close()
        self.shell.stdout.close()
        self.shell.wait(10)


def follow(path, cwd, env):
    """Raises AssertionError at the first command that does not show what the page says; returns how many there were."""
    ran = 0
    terminal = Terminal(cwd, env)
    try:
        for why, block in blocks(path.read_text()):
            for command, shown in steps(block) if why is None else []:
                got, status = terminal.type(command)
                if not re.fullmatch(pattern(shown), got) or (not shown and status != 0):
                    raise AssertionError(f"{path.name}: $ {command}\nthe page says:\n" + "\n".join(shown) + f"\nit shows (exit {status}):\n{got}")
                ran += 1
    finally:
        terminal.close()
    return ran
