#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages say is there, is there: every relative link leads to a file, and every proof of docs/security.md is a test of that
sentence. `--self-test` shows that both can fail."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)[^)]*\)")
PROOF = re.compile(r'`(tests/[^`]+)`: "([^"]+)"')


def dead_links(page, text, root=ROOT):
    body = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in LINK.findall(body):
        if not (page.parent / target).exists():
            yield f"{page.relative_to(root)}: {target} is not there"


def unproven(text, root=ROOT):
    """Rows of the table of threats without a proof, and proofs that no test is."""
    inside = text.partition("## Threats and answers")[2].partition("\n## ")[0]
    rows = [line for line in inside.splitlines() if line.startswith("|")][2:]
    if not rows:
        yield "no threats"
    for row in rows:
        proofs = PROOF.findall(row)
        if not proofs:
            yield f"no proof: {row[:60]}"
        for path, sentence in proofs:
            file = root / path
            # A sentence may be broken over lines of source.
            source = re.sub(r'"\s*\n\s*"', "", file.read_text()) if file.exists() else ""
            if sentence not in source:
                yield f"{path} has no test \"{sentence}\""


def pages():
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "packaging/**/*.md"):
        yield from (p for p in ROOT.glob(pattern) if not {".venv", ".run", "node_modules"} & set(p.parts))


def self_test():
    page = ROOT / "docs/x.md"
    assert list(dead_links(page, "[a](nowhere.md)")) and not list(dead_links(page, "[a](serve.md#x) [b](https://x)"))
    head = "## Threats and answers\n| a | b | c |\n|---|---|---|\n"
    assert list(unproven(head + "| t | a | trust us |\n")) == ["no proof: | t | a | trust us |"]
    assert list(unproven(head + '| t | a | `tests/house/claims.py`: "no such ' + 'sentence" |\n'))
    assert not list(unproven(head + '| t | a | `tests/house/claims.py`: "no proof: " |\n'))


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
        sys.exit(0)
    wrong = [fault for page in pages() for fault in dead_links(page, page.read_text())]
    wrong += unproven((ROOT / "docs/security.md").read_text())
    print("\n".join(wrong) or "claims: every link leads somewhere, every threat has its test")
    sys.exit(1 if wrong else 0)
