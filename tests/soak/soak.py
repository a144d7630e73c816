#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`./dev soak PRESET [MINUTES]`: mixed load on one agent for a long time, its identity rotating every 20 s, its policy reloaded meanwhile.

  soak.py BINARY [--minutes N] [--svid-ttl SECONDS]

Callers of every kind: kept connections, new ones, streams, JSON-RPC with tasks, h2load, gRPC through our own client, calls that
leave by the outbound listener, calls that are denied. Some connections are killed in the middle; what they lose is theirs. Fails
when any other call is not answered as it must be, when the agent says something a sanitizer would say, when its audit log does not
verify, or when it does not end by itself."""
import argparse
import contextlib
import http.client
import json
import pathlib
import random
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "bench")]

import house  # noqa: E402
import load  # noqa: E402
from test_faults import LOST, NO_LINGER, flaky, house_memory  # noqa: E402

POLICY = """package agentweave.authz
import rego.v1
default allow := false
# generation %d
allow if {
    input.direction == "inbound"
    input.action in {"echo", "work", "job", "get_task", "list_tasks", "cancel_task", "subscribe_task"}
}
allow if {
    input.direction == "outbound"
    input.callee_spiffe_id == "spiffe://soak.test/agent/target"
    input.action == "echo"
}
"""
TASKS = "/a2a/v1/tasks"
ISSUER_LATE = "AW5003"  # the issuer of this test, which the sanitizer slows down too; it is not what is looked at
SEEN_BY_SANITIZERS = re.compile(r"Sanitizer|runtime error:|LeakSanitizer|data race")


def message(skill, text):
    return {"messageId": f"m-{random.getrandbits(64):x}", "role": "ROLE_USER", "parts": [{"text": text}], "metadata": {"skill": skill}}


class Soak(house.Case):
    """The world: an issuer whose SVIDs last `svid_ttl`, a backend, the agent."""

    def runTest(self):
        """not found by discovery; main() makes it"""

    def setUp(self):
        super().setUp()
        self.stopping, self.failures, self.counts, self.lock = threading.Event(), [], {}, threading.Lock()
        self.backend = flaky(self, b'{"ok":true}')
        self.policy = self.dir / "policy/authz.rego"
        self.policy.parent.mkdir()
        self.policy.write_text(POLICY % 0)
        self.socket = self.dir / "api.sock"
        self.start_issuer()
        self.generation = 0
        self.take_identity()
        self.start_agent()

    def start_issuer(self):
        config = {"agent": {"name": "target", "trust_domain": "soak.test", "environment": "development",
                            "capabilities": [{"name": "status", "description": "x", "backend": {"type": "builtin", "name": "status"}}]},
                  "identity": {"provider": "dev", "dev": {"svid_ttl": self.svid_ttl}}, "observability": {"metrics": {"enabled": False}},
                  "authorization": {"policy_dir": str(self.policy.parent), "audit": {"destination": f"file://{self.dir}/issuer-audit.log"}}}
        (self.dir / "dev.yaml").write_text(json.dumps(config))
        self.issuer = self.start("issuer", [house.BINARY, "dev", self.dir / "dev.yaml", "--socket", self.socket, "--set", "server.port=0",
                                            "--set", "server.admin.enabled=false"], cwd=self.dir)
        house.wait_for("the Workload API", lambda: "listening" in self.issuer.out() + self.issuer.err(), 60)

    def start_agent(self):
        self.out, port = house.free_port(), house.free_port()
        http_backend = {"type": "http", "url": f"http://127.0.0.1:{self.backend.server_port}/"}
        self.target = self.agent("target", {
            "agent": {"name": "target", "trust_domain": "soak.test", "environment": "development",
                      "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}},
                                       {"name": "work", "description": "x", "backend": http_backend},
                                       {"name": "secret", "description": "x", "backend": http_backend},
                                       # Who starts programs is not confined: else no sanitizer could start its symbolizer, or look for leaks.
                                       {"name": "job", "description": "x", "backend": {"type": "exec", "command": ["/bin/cat"]}}]},
            "identity": {"provider": "spiffe", "spiffe_endpoint": f"unix://{self.socket}"},
            "peers": [{"id": "spiffe://soak.test/agent/target", "address": f"https://127.0.0.1:{port}"}],
            "authorization": {"provider": "opa", "policy_dir": str(self.policy.parent), "policy_path": "agentweave/authz/allow"},
            "server": {"port": port}, "outbound": {"listen": f"127.0.0.1:{self.out}"}})

    def take_identity(self):
        into = self.dir / f"id{self.generation}"
        made = self.run_cli("svid", "fetch", "--socket", f"unix://{self.socket}", "--as", "client", "--out", into, timeout=60)
        if ISSUER_LATE in made.stderr and self.generation:
            return  # the old one lasts until the next try
        self.assertEqual(made.returncode, 0, made.stderr)
        self.generation += 1
        self.client = house.Identity(into / "svid.pem", into / "svid.key", into / "bundle.pem")

    # --- what is counted

    def count(self, kind, good, what=""):
        with self.lock:
            done = self.counts.setdefault(kind, [0, 0])
            done[0 if good else 1] += 1
            if not good:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {kind}: {what}"[:400])

    def forever(self, kind, once, pause=0.0):
        """Runs `once(dice)` until the end; what it raises is a failure."""
        dice = random.Random(kind)

        def run():
            while not self.stopping.wait(pause):
                try:
                    once(dice)
                except Exception as error:  # noqa: BLE001  every kind of failure counts
                    self.count(kind, False, repr(error))
        thread = threading.Thread(target=run, daemon=True, name=kind)
        thread.start()
        return thread

    def expect(self, kind, answer, wanted):
        self.count(kind, answer[0] == wanted, f"{answer[0]} instead of {wanted}: {answer[2][:200]}")

    # --- the callers

    def kept(self, dice):
        """A connection is used for a few seconds, less than its caller's certificate lasts."""
        with contextlib.closing(house.connect(self.target.port, self.client, timeout=60)) as tls:
            until = time.monotonic() + dice.uniform(1, 5)
            while time.monotonic() < until:
                action = dice.choice(("echo", "work", "secret"))
                answer = house.exchange(tls, "POST", TASKS, {"task_type": action, "payload": {"n": dice.randrange(9)}})
                self.expect(f"kept {action}", answer, 403 if action == "secret" else 200)
                if answer[1].get("connection") == "close":
                    return

    def fresh(self, dice):
        size = dice.choice((10, 1000, 100_000))
        answer = house.request(self.target.port, self.client, "POST", TASKS, {"task_type": "echo", "payload": {"text": "x" * size}}, timeout=60)
        self.expect("new connection", answer, 200)

    def stream(self, dice):
        answer = house.request(self.target.port, self.client, "POST", TASKS, {"task_type": dice.choice(("echo", "work")), "payload": {}},
                               {"Accept": "text/event-stream"}, timeout=60)
        self.count("stream", answer[0] == 200 and b"completed" in answer[2].lower(), f"{answer[0]} {answer[2][-200:]}")

    def rpc(self, tls, method, params):
        answer = house.exchange(tls, "POST", "/rpc", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, {"A2A-Version": "1.0"})
        body = json.loads(answer[2])
        self.count(method, "result" in body, str(body))
        return body.get("result", {})

    def tasks(self, dice):
        with contextlib.closing(house.connect(self.target.port, self.client, timeout=60)) as tls:
            task = self.rpc(tls, "SendMessage", {"message": message("echo", f"n {dice.random()}")})["task"]
            self.rpc(tls, "GetTask", {"id": task["id"]})
            self.rpc(tls, "ListTasks", {"pageSize": 5})

    def outbound(self, _dice):
        request = urllib.request.Request(f"http://127.0.0.1:{self.out}/agents/target/rpc", json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message("echo", "out")}}).encode(),
            {"Content-Type": "application/json", "A2A-Version": "1.0"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.count("outbound", "result" in json.loads(answer.read()), "no result")

    def grpc(self, _dice):
        made = self.run_cli("call", "spiffe://soak.test/agent/target", "echo", '{"a":1}', "--binding", "grpc", "--as", "client", "--socket",
                            f"unix://{self.socket}", "--address", f"https://127.0.0.1:{self.target.port}", timeout=90)
        if ISSUER_LATE not in made.stderr:
            self.count("gRPC", made.returncode == 0, made.stderr[-300:])

    def job(self, _dice):
        answer = house.request(self.target.port, self.client, "POST", TASKS, {"task_type": "job", "payload": {"n": 1}}, timeout=60)
        self.expect("a program", answer, 200)

    def multiplexed(self, _dice):
        body = self.dir / "body.json"
        env = load.certified(self.dir, self.client.cert, self.client.key)
        said = subprocess.run(["h2load", "-t", "1", "-c", "4", "-m", "8", "-D", "3", "-d", body, "-H", "content-type: application/json",
                               f"https://127.0.0.1:{self.target.port}{TASKS}"], env=env, capture_output=True, text=True, timeout=120).stdout
        good, bad = load.answers(said)
        with self.lock:
            self.counts.setdefault("h2load", [0, 0])[0] += good
        if bad or not good:
            self.count("h2load", False, said[-400:])

    def kill(self, dice):
        """A connection that is reset somewhere in the middle of a request."""
        body = json.dumps({"task_type": "work", "payload": {"text": "x" * 2000}}).encode()
        whole = (f"POST {TASKS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        with contextlib.suppress(*LOST):
            tls = house.connect(self.target.port, self.client, timeout=60)
            tls.sendall(whole[:dice.randrange(1, len(whole) + 1)])
            tls.setsockopt(house.socket.SOL_SOCKET, house.socket.SO_LINGER, NO_LINGER)
            tls.close()
            self.count("killed by us", True)

    def renew(self, _dice):
        self.take_identity()

    def reload(self, _dice):
        self.reloads = getattr(self, "reloads", 0) + 1
        fresh = self.policy.with_suffix(".new")
        fresh.write_text(POLICY % self.reloads)
        fresh.rename(self.policy)
        self.target.signal(signal.SIGHUP)
        self.count("reload", True)

    # --- the whole

    def soak(self, minutes):
        load.build(self.dir)
        (self.dir / "body.json").write_text(json.dumps({"task_type": "echo", "payload": {"text": "h2"}}))
        threads = [self.forever("kept connection", self.kept), self.forever("kept connection 2", self.kept),
                   self.forever("new connection", self.fresh, 0.02), self.forever("stream", self.stream, 0.02),
                   self.forever("tasks", self.tasks, 0.02), self.forever("outbound", self.outbound, 0.05), self.forever("gRPC", self.grpc, 5), self.forever("a program", self.job, 1),
                   self.forever("h2load", self.multiplexed, 2), self.forever("kill", self.kill, 0.05),
                   self.forever("renew", self.renew, self.svid_ttl / 8), self.forever("reload", self.reload, 30)]
        began, early = time.monotonic(), None
        while time.monotonic() - began < minutes * 60 and self.target.alive() and len(self.failures) < 20:
            self.stopping.wait(min(60, minutes * 6))
            resident = house_memory(self.target.child.pid) / 1024
            early = early or resident
            print(f"  {(time.monotonic() - began) / 60:5.1f} min  {sum(c[0] for c in self.counts.values())} answered, {len(self.failures)} "
                  f"failed, resident {resident:.0f} MiB", flush=True)
        rotations = house.metric(self.target.metrics_port, "agentweave_svid_rotation_total") if self.target.alive() else 0
        self.stopping.set()
        for thread in threads:
            thread.join(130)
        self.judge(rotations, early)

    def judge(self, rotations, early):
        resident = house_memory(self.target.child.pid) / 1024
        ended = self.target.stop(60)
        for kind, (good, bad) in sorted(self.counts.items()):
            print(f"  {kind:20} {good:9} as they must be, {bad} not")
        print(f"  {rotations:.0f} rotations, resident {early:.0f} MiB early, {resident:.0f} MiB late")
        said = self.target.err() + self.target.out()
        found = [line for line in said.splitlines() if SEEN_BY_SANITIZERS.search(line)]
        verified = self.run_cli("audit", "verify", self.target.audit_path, timeout=600)
        self.assertEqual(self.failures, [])
        self.assertEqual(found, [])
        self.assertEqual(ended, 0)
        self.assertEqual(verified.returncode, 0, verified.stderr)


def main():
    parser = argparse.ArgumentParser(prog="./dev soak")
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--svid-ttl", type=int, default=40, help="seconds; half of it from one rotation to the next")
    args = parser.parse_args()
    house.BINARY = str(args.binary.resolve())
    Soak.svid_ttl = args.svid_ttl
    test = Soak()
    test.setUp()
    try:
        test.soak(args.minutes)
    except AssertionError as error:
        print(f"soak failed: {error}\n{test.target.err()[-4000:]}")
        return 1
    finally:
        test.doCleanups()
    print("soak passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
