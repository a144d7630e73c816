#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Server CPU and client latency of `agentweave dev` with the builtin echo: keep-alive requests and new connections.
The client is slow Python, so throughput means nothing here; the server's CPU time a request does (from /proc)."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import house  # noqa: E402

BODY = {"task_type": "echo", "payload": {"text": "x" * 150}}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(binary, directory):
    (directory / "policy").mkdir()
    (directory / "policy/authz.rego").write_text('package agentweave.authz\nimport rego.v1\ndefault allow := false\n'
                                                 'allow if endswith(input.caller_spiffe_id, "/client")\n')
    (directory / "config.dev.yaml").write_text(json.dumps({
        "agent": {"name": "bench", "trust_domain": "bench.test", "environment": "development",
                  "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
        "identity": {"provider": "dev"},
        "authorization": {"provider": "opa", "policy_dir": "policy", "policy_path": "agentweave/authz/allow",
                          "audit": {"destination": f"file://{directory}/audit.log"}},
        "observability": {"logging": {"level": "WARNING"}}}))
    child = subprocess.Popen([binary, "dev", "--socket", directory / "a.sock", "--set", "server.port=0", "--set", "server.admin.port=0",
                              "--set", "observability.metrics.port=0"], cwd=directory, stdout=open(directory / "out", "w"),
                             stderr=subprocess.DEVNULL)
    house.wait_for("the agent", lambda: "listening" in (directory / "out").read_text(), 20)
    port = int(re.search(r"https://127.0.0.1:(\d+)", (directory / "out").read_text()).group(1))
    subprocess.run([binary, "svid", "fetch", "--socket", f"unix://{directory}/a.sock", "--as", "client", "--out", directory / "id"],
                   check=True, capture_output=True)
    return child, port, house.Identity(directory / "id/svid.pem", directory / "id/svid.key", directory / "id/bundle.pem")


def measure(name, pid, count, once):
    times = []
    before = cpu_seconds(pid)
    for _ in range(count):
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    spent = cpu_seconds(pid) - before
    times.sort()
    return {"name": name, "n": count, "server_cpu_us": round(spent / count * 1e6, 1), "p50_ns": int(times[count // 2] * 1e9),
            "p99_ns": int(times[int(count * 0.99)] * 1e9)}


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="aw") as name:
        child, port, identity = start(binary, pathlib.Path(name))
        try:
            tls = house.connect(port, identity)
            house.exchange(tls, "POST", "/a2a/v1/tasks", BODY)
            results = [measure("keep-alive request", child.pid, 5000, lambda: house.exchange(tls, "POST", "/a2a/v1/tasks", BODY)),
                       measure("new connection and request", child.pid, 500,
                               lambda: house.request(port, identity, "POST", "/a2a/v1/tasks", BODY))]
            resident = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text()).group(1)
        finally:
            child.terminate()
            child.wait()
    if "json" in sys.argv:
        print(json.dumps(results))
        return
    for r in results:
        print(f"{r['name']:28} {r['server_cpu_us']:8.1f} us server CPU   p50 {r['p50_ns'] / 1e3:.0f} us   p99 {r['p99_ns'] / 1e3:.0f} us   n {r['n']}")
    print(f"resident {int(resident) / 1024:.1f} MiB")


if __name__ == "__main__":
    main()
