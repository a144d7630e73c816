#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages say is there, is there: every relative link leads to a file, every proof of docs/security.md is a test of that
sentence, and every transcript of README.md and docs/ is one that tests/e2e/test_docs.py types, or says why it cannot be.
`--self-test` shows that each can fail."""
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


BLOCK = re.compile(r"^(?P<before>[^\n]*)\n```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.S | re.M)
COMMAND = re.compile(r"(?:\$ )?(?:agentweave|build/\S+|\./dev|curl|kubectl|helm|apt|systemctl|spire-server|opa|docker|cmake) ")
GENERATED = {"commands.md"}  # its examples are run by tests/unit/commands/examples_test.cc


def untyped(page, text):
    """Commands shown where no test types them."""
    place = page.name
    for block in BLOCK.finditer("\n" + text):
        lines = block["text"].splitlines()
        if block["before"].startswith("<!-- not run: ") or block["kind"] not in ("", "console", "sh", "bash", "shell"):
            continue
        if block["kind"] == "console" and not lines[0].startswith("$ "):
            yield f"{place}: a console block begins with `$ `, not with: {lines[0]}"
        if block["kind"] != "console" and any(COMMAND.match(line) for line in lines):
            yield f"{place}: write a ```console block, or <!-- not run: why --> before it: {lines[0]}"
    for line in re.findall(r"^ {4,}\$ .*$", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M), re.M):
        yield f"{place}: write a ```console block: {line.strip()}"


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
    for text in ("```\nagentweave serve\n```\n", "x\n```sh\n$ curl http://x\n```\n", "```console\nagentweave serve x\n```\n", "x\n\n    $ agentweave svid show\n"):
        assert list(untyped(page, text)), text
    for text in ("```\naccept -> TLS\n```\n", "```console\n$ agentweave serve x\n```\n", "<!-- not run: it never ends -->\n```\nagentweave serve x\n```\n"):
        assert not list(untyped(page, text)), text


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
        sys.exit(0)
    wrong = [fault for page in pages() for fault in dead_links(page, page.read_text())]
    wrong += unproven((ROOT / "docs/security.md").read_text())
    wrong += [fault for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if page.name not in GENERATED
              for fault in untyped(page, page.read_text())]
    print("\n".join(wrong) or "claims: every link leads somewhere, every threat has its test, every transcript is typed by one")
    sys.exit(1 if wrong else 0)
