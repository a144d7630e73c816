# SPDX-License-Identifier: Apache-2.0
"""policy.py POLICY_BENCH [--format json]: our figures and, where Go and the network are there, OPA's in-process.

OPA's program is built once into the user's cache; AGENTWEAVE_BENCH_OPA=0 leaves it out.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

OPA = "github.com/open-policy-agent/opa v1.22.2"


def opa_figures(bench):
    if shutil.which("go") is None or os.environ.get("AGENTWEAVE_BENCH_OPA") == "0":
        return []
    source = pathlib.Path(__file__).with_name("policy_opa.go")
    cache = pathlib.Path.home() / ".cache" / "agentweave-bench-opa"
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, cache / "main.go")
    (cache / "go.mod").write_text(f"module bench\n\ngo 1.24\n\nrequire {OPA}\n")
    built = subprocess.run(["go", "build", "-mod=mod", "-o", "bench", "."], cwd=cache, capture_output=True, text=True)
    if built.returncode != 0:
        print("bench: OPA is left out, it does not build here:", built.stderr.strip()[-300:], file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([bench, "--write", folder], check=True)
        out = subprocess.run([cache / "bench", folder], capture_output=True, text=True)
    if out.returncode != 0:
        print("bench: OPA is left out:", out.stderr.strip()[-300:], file=sys.stderr)
        return []
    return json.loads(out.stdout)


def main():
    bench = sys.argv[1]
    as_json = sys.argv[2:4] == ["--format", "json"]
    ours = json.loads(subprocess.run([bench, "--format", "json"], check=True, capture_output=True, text=True).stdout)
    rows = ours + opa_figures(bench)
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(f"{row['name']:<36} p50 {row['p50_ns']:>12}   p99 {row['p99_ns']:>12}   n {row['n']}")


main()
