# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: what was answered is on the record and kept, the log verifies, and the next start goes on from there."""
import contextlib
import http.client
import json
import os
import random
import shutil
import ssl
import subprocess
import threading
import time

import house
from house import BINARY, REPOSITORY, Case, connect, exchange, wait_for

SEED = int(os.environ.get("AGENTWEAVE_SEED", "7"))
ROUNDS = int(os.environ.get("AGENTWEAVE_CRASHES", "20"))
LOST = (OSError, ssl.SSLError, AssertionError, http.client.HTTPException)
POLICY = """package agentweave.authz
import rego.v1
default allow := false
allow if {
  endswith(input.caller_spiffe_id, "/client")
  input.action == "echo"
}
"""


class Traffic:
    """Threads that call until nobody answers, and remember the decision of every answer they read whole."""

    def __init__(self, case, port, dice, count=4):
        self.case, self.port, self.done, self.answered = case, port, threading.Event(), []
        self.threads = [threading.Thread(target=self.run, args=(random.Random(dice.random()),), daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, dice):
        while not self.done.is_set():
            with contextlib.suppress(*LOST), contextlib.closing(connect(self.port, self.case.client, timeout=5)) as tls:
                for _ in range(dice.randrange(1, 40)):
                    kind = dice.choice(("echo", "echo", "secret", "card", "nonsense"))
                    if kind == "card":
                        status, headers, _ = exchange(tls, "GET", "/.well-known/agent-card.json")
                    else:
                        body = b"{" if kind == "nonsense" else {"task_type": kind, "payload": {"text": "x" * dice.randrange(2000)}}
                        status, headers, _ = exchange(tls, "POST", "/a2a/v1/tasks", body, {"Content-Type": "application/json"})
                    self.answered.append((headers["x-agentweave-decision-id"], status))
            time.sleep(0.005)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(10)
        return self.answered


class Crash(Case):
    def setUp(self):
        super().setUp()
        self.home = self.dir / "home"
        (self.home / "policy").mkdir(parents=True)
        (self.home / "policy/authz.rego").write_text(POLICY)
        self.api, self.state, self.log = self.dir / "api.sock", self.dir / "state", self.dir / "log/audit.log"
        agent = {"name": "target", "trust_domain": "crash.test", "environment": "development",
                 "capabilities": [{"name": name, "description": "x", "backend": {"type": "builtin", "name": "echo"}} for name in ("echo", "secret")]}
        (self.home / "dev.yaml").write_text(json.dumps({
            "agent": agent, "identity": {"provider": "dev"}, "observability": {"metrics": {"enabled": False}},
            "authorization": {"policy_dir": "policy", "audit": {"destination": f"file://{self.home}/issuer.log"}}}))
        issuer = self.start("issuer", [BINARY, "dev", "dev.yaml", "--socket", self.api, "--set", "server.port=0", "--set", "server.admin.enabled=false"],
                            cwd=self.home)
        wait_for("the Workload API", lambda: "listening" in issuer.out() + issuer.err(), 30)
        self.env = {"SPIFFE_ENDPOINT_SOCKET": f"unix://{self.api}"}
        self.assertEqual(self.run_cli("svid", "fetch", "--as", "client", "--out", self.home / "id", env=self.env).returncode, 0)
        self.client = house.Identity(self.home / "id/svid.pem", self.home / "id/svid.key", self.home / "id/bundle.pem")
        # Files that turn over often: there is always something half done.
        self.config = {
            "agent": agent, "identity": {"provider": "spiffe", "spiffe_endpoint": f"unix://{self.api}"},
            "authorization": {"policy_dir": str(self.home / "policy"), "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.log}", "rotation": {"max_bytes": 200_000, "max_files": 0},
                                        "checkpoint": {"max_records": 20}}},
            "server": {"workers": 2, "graceful_shutdown_seconds": 1}, "state": {"directory": str(self.state)}}
        self.answered = []
        self.dice = random.Random(SEED)

    def bring_up(self, name, env=None, wait="/readyz"):
        return self.agent(name, json.loads(json.dumps(self.config)), env=env, wait=wait)

    def verify(self, *more):
        files = sorted(self.log.parent.glob("audit-*.log"), key=lambda f: int(f.stem.rsplit("-", 1)[1])) + [self.log]
        said = self.run_cli("audit", "verify", *files, "--bundle", self.home / "id/bundle.pem", *more, timeout=120)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def check(self):
        """After a start that went on from the last end: nobody was answered whose record or decision is missing."""
        agent = self.bring_up("last")
        self.assertEqual(agent.stop(), 0)
        records = self.verify()
        audited = {r.get("decision_id"): r["decision"] for r in records if r["event_type"] == "AUTH_CHECK"}
        listed = self.run_cli("authz", "decisions", "--state", self.state, "-n", "10000000", "-o", "json", timeout=120)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        kept = {one["decision_id"]: one["allowed"] for one in json.loads(listed.stdout)["data"]}
        self.assertTrue(self.answered)
        self.assertEqual([one for one in self.answered if one[0] not in audited], [])
        self.assertEqual([one for one in self.answered if one[0] not in kept], [])
        # What was answered is what was recorded, and what is on the record can be explained.
        wrong = [(i, status) for i, status in self.answered if (status == 200) != (audited[i] == "allow") or kept[i] != (status == 200)]
        self.assertEqual(wrong, [])
        self.assertEqual([i for i in audited if i not in kept], [])
        return len(audited)

    def test_at_random(self):
        """serve under traffic is killed at random moments: log and store open again, verify, and miss nobody who was answered"""
        for index in range(ROUNDS):
            early = self.dice.random() < 0.15  # while it starts
            agent = self.bring_up(f"agent{index}", wait=None if early else "/readyz")
            traffic = Traffic(self, agent.port, self.dice)
            time.sleep(self.dice.uniform(0.0, 0.15 if early else 0.6))
            if self.dice.random() < 0.25:  # while it ends
                agent.signal(house.SIGTERM)
                time.sleep(self.dice.uniform(0.0, 0.1))
            agent.signal(house.SIGKILL)
            agent.child.wait(10)
            self.answered += traffic.stop()
        count = self.check()
        print(f"      {ROUNDS} kills (seed {SEED}), {len(self.answered)} answered, {count} on record")

    def test_at_each_change_of_a_file(self):
        """serve dies at the Nth change of any of its files, half way through it: the same"""
        compiler = shutil.which("clang-19") or shutil.which("cc")
        if compiler is None:
            self.skipTest("no C compiler")
        preload = self.dir / "crash_point.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", REPOSITORY / "tests/e2e/crash_point.c", "-o", preload, "-ldl"], check=True)
        starts = {"LD_PRELOAD": str(preload), "AW_CRASH_COUNT": str(self.state / "count")}
        agent = self.bring_up("counted", env=starts)
        self.assertEqual(agent.stop(), 0)
        quiet = int((self.state / "count").read_text())  # of a start and an end
        self.assertGreater(quiet, 20)
        died = 0
        for index in range(ROUNDS):
            # Half of them in a start, half under traffic.
            at = self.dice.randrange(1, quiet) if index % 2 else self.dice.randrange(quiet, 4000)
            agent = self.bring_up(f"agent{index}", env={"LD_PRELOAD": str(preload), "AW_CRASH_AT": str(at)}, wait=None)
            traffic = Traffic(self, agent.port, self.dice)
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.child.wait(4)
            if agent.alive():
                agent.signal(house.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    agent.child.wait(6)
            died += agent.child.poll() == -house.SIGKILL
            if agent.alive():
                agent.signal(house.SIGKILL)
                agent.child.wait(10)
            self.answered += traffic.stop()
        count = self.check()
        print(f"      {died} of {ROUNDS} died there (seed {SEED}), {len(self.answered)} answered, {count} on record")
        self.assertGreater(died, 0)
