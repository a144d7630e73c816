#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several sources of a target compile as one (docs/decisions/groups.md), in groups that a hash chooses: a name that two of them have
in their unnamed namespaces may compile today and clash when a third file comes. So each has it once a target; overloads are two names."""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "decltype", "alignas", "noexcept", "requires", "static_assert", "defined"}


def blank(text):
    """Comments and literals as spaces, so that braces and names are the code's."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def declarations(text):
    """The heads of what stands directly in unnamed namespaces: (line, text up to its body or its end)."""
    code = blank(text)
    code = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.M)
    for found in re.finditer(r"\bnamespace\s*\{", code):
        depth, at, begin, head, parens = 0, found.end(), found.end(), None, 0
        while at < len(code):
            c = code[at]
            if c == "(":
                parens += 1
            elif c == ")":
                parens -= 1
            elif c == "{":
                if depth == 0 and head is None:
                    head = code[begin:at]
                depth += 1
            elif c == "}":
                if depth == 0:
                    break
                depth -= 1
                # A function's or namespace's end; a type or initialiser goes on to its semicolon.
                if depth == 0 and not re.match(r"\s*[;,.\[(=]", code[at + 1:at + 20]) and re.search(r"\)[^=]*$", head or ""):
                    yield code.count("\n", 0, begin + len(code[begin:]) - len(code[begin:].lstrip())) + 1, head
                    begin, head = at + 1, None
            elif c == ";" and depth == 0 and parens == 0:
                whole = head if head is not None else code[begin:at]
                yield code.count("\n", 0, begin + len(code[begin:]) - len(code[begin:].lstrip())) + 1, whole
                begin, head = at + 1, None
            at += 1


def name_of(head):
    """What a head declares: a type's, an alias's or a variable's name, or a function's with its parameters; None for anything else."""
    head = re.sub(r"\[\[.*?\]\]", " ", head)
    head = re.sub(r"\btemplate\s*<[^{;]*?>\s*(?=\w)", "", " ".join(head.split()))
    if not head or head.startswith(("using namespace", "using enum", "namespace", "static_assert", "extern")):
        return None
    if alias := re.match(r"using (\w+) =", head):
        return alias[1]
    if re.match(r"using [\w:]+$", head):
        return None
    if named := re.match(r"(?:class|struct|union|enum(?: class| struct)?) (\w+)(?: final)?(?: ?:.*)?$", head):
        return named[1]
    head = head.split(" = ")[0] if "(" not in head.split(" = ")[0] else head
    if function := re.search(r"([\w:~]+) ?\((.*)\)[^()]*$", head):
        if function[1] in KEYWORDS or "::" in function[1]:
            return None
        types = re.sub(r"\b\w+ ?(?=,|$)", "", function[2].split(")")[0])
        return f"{function[1]}({' '.join(types.split())})"
    if variable := re.search(r"(\w+)(?:\[[^\]]*\])*$", head.split("{")[0].strip()):
        return variable[1] if " " in head else None
    return None


def targets():
    """The folders that one target's sources come from."""
    for room in sorted((ROOT / "core").iterdir()):
        if room.is_dir():
            yield f"core/{room.name}", sorted(room.glob("*.cc"))
    yield "commands", sorted((ROOT / "commands").rglob("*.cc"))
    yield "cli", sorted((ROOT / "cli").glob("*.cc"))
    for room in sorted((ROOT / "tests/unit").iterdir()):
        if room.is_dir():
            yield f"tests/unit/{room.name}", sorted(room.glob("*.cc"))
    yield "tests/fakes", sorted((ROOT / "tests/fakes").glob("*.cc"))


def clashes(files):
    """{name: places} of names that more than one of (label, text) has."""
    seen = collections.defaultdict(dict)
    for label, text in files:
        for line, head in declarations(text):
            if name := name_of(head):
                alias = " ".join(head.split()) if head.split()[0] == "using" else label
                seen[name].setdefault(label, (f"{label}:{line}", alias))
    # An alias may be said again, of the same type.
    return {name: [place for place, _ in places.values()] for name, places in seen.items()
            if len(places) > 1 and len({alias for _, alias in places.values()}) > 1}


def self_test():
    a = "namespace {\nstruct Row { int x; };\nint twice(int n) { return 2 * n; }\nconstexpr int kMost = 3;\n}\nint kElsewhere = 1;\n"
    assert set(clashes([("a", a), ("b", "namespace {\nclass Row final : public X { };\n}")])) == {"Row"}
    assert set(clashes([("a", a), ("b", "namespace {\nint twice(int m) { if (m) { } return m; }\n}")])) == {"twice(int)"}
    assert set(clashes([("a", a), ("b", "namespace {\nconstexpr auto kMost = f({1});\n}")])) == {"kMost"}
    same = "namespace {\nusing Json = json::Json;\n}"
    assert not clashes([("a", same), ("b", same)])
    assert clashes([("a", same), ("b", "namespace {\nusing Json = other::Json;\n}")])
    assert not clashes([("a", a), ("b", "namespace {\nint twice(long n) { return 1; }\n}")])  # an overload
    assert not clashes([("a", a), ("b", 'int kMost = 1; // namespace {\nauto s = "namespace { struct Row {};";')])
    print("the check of unnamed namespaces finds what it should")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    count = 0
    for target, files in targets():
        found = clashes([(f.relative_to(ROOT).as_posix(), f.read_text()) for f in files])
        for name, places in sorted(found.items()):
            print(f"{target}: {name} is in the unnamed namespaces of {' and '.join(places)}")
            count += 1
    print(f"unnamed namespaces: {count} names twice in a target")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
