# SPDX-License-Identifier: Apache-2.0
"""What is around the agent breaks, while callers call: no wrong allow, no lost audit record, no crash, and service is back soon after.

Seeded and bounded: `./dev test faults` runs them with the development build. AGENTWEAVE_FAULT_SECONDS lengthens the random part."""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import random
import resource
import signal
import socket
import ssl
import struct
import threading
import time

import house
from house import BINARY, Case, audit_records, connect, exchange, metric, wait_for
from target import Target

SEED = int(os.environ.get("AGENTWEAVE_FAULT_SEED", "20261127"))
SECONDS = float(os.environ.get("AGENTWEAVE_FAULT_SECONDS", "30"))
NO_LINGER = struct.pack("ii", 1, 0)  # closing sends a reset
LOST = (OSError, ssl.SSLError, http.client.HTTPException)


class Flaky(http.server.BaseHTTPRequestHandler):
    """A server with moods: `moods` (shared with whoever runs it) says what the next answers are like."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(body)
        mood = self.server.mood
        with contextlib.suppress(ConnectionError):
            if mood == "slow":
                self.server.woken.wait(8)
            if mood == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                self.close_connection = True
                return self.connection.close()
            if mood == "half":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"res")
                self.close_connection = True
                return None
            if mood == "endless":
                return self.endless()
            answer = b"\x00\xff no json {" if mood == "garbage" else self.server.answer
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        return None

    def endless(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'"')
        while not self.server.woken.is_set():
            self.wfile.write(b"x" * 65536)

    def log_message(self, *args):
        pass


def flaky(case, answer):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flaky)
    server.daemon_threads = True
    server.mood, server.answer, server.seen, server.woken = "well", answer, [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    case.addCleanup(server.shutdown)
    case.addCleanup(server.woken.set)
    return server


class Callers:
    """Threads that call until told to stop: `work`, which is allowed, and `secret`, which never is."""

    def __init__(self, case, count=3):
        self.case, self.done, self.statuses, self.lost = case, threading.Event(), {"work": [], "secret": []}, 0
        self.threads = [threading.Thread(target=self.run, args=(random.Random(SEED + i),), daemon=True) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, dice):
        while not self.done.is_set():
            with contextlib.suppress(*LOST):
                tls = connect(self.case.agent_.port, self.case.client, timeout=15)
                with contextlib.closing(tls):
                    for _ in range(dice.randrange(1, 6)):
                        action = dice.choice(("work", "work", "secret"))
                        self.statuses[action].append(exchange(tls, "POST", "/a2a/v1/tasks", {"task_type": action, "payload": {}})[0])
                continue
            self.lost += 1
            self.done.wait(0.01)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(20)


class World(Case):
    """An agent with a Workload API of its own process, and a backend with moods."""
    authorization = {}
    capability_settings = {"timeout_seconds": 5}

    def setUp(self):
        super().setUp()
        self.backend = flaky(self, b'{"ok":true}')
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(
            "package agentweave.authz\nimport rego.v1\ndefault allow := false\n"
            'allow if {\n  endswith(input.caller_spiffe_id, "/client")\n  input.action == "work"\n}\n')
        self.api = self.dir / "api.sock"
        self.start_issuer()
        backend = {"type": "http", "url": f"http://127.0.0.1:{self.backend.server_port}/"}
        self.config = {
            "agent": {"name": "target", "trust_domain": "fault.test", "environment": "development",
                      "capabilities": [{"name": name, "description": "x", "backend": backend, **self.capability_settings}
                                       for name in ("work", "secret")]},
            "identity": {"provider": "spiffe", "spiffe_endpoint": f"unix://{self.api}"},
            "authorization": {"provider": "opa", "policy_path": "agentweave/authz/allow", **self.decided_by(),
                              "audit": {"destination": f"file://{self.dir}/target-audit.log"}},
            "server": {"request_timeout_seconds": 10}}
        self.agent_ = self.agent("target", self.config)

    def decided_by(self):
        return {"policy_dir": str(self.dir / "policy")}

    def start_issuer(self):
        name = f"issuer{len(self.children)}"
        home = self.dir / name
        home.mkdir()
        config = {
            "agent": {"name": "target", "trust_domain": "fault.test", "environment": "development",
                      "capabilities": [{"name": "status", "description": "x", "backend": {"type": "builtin", "name": "status"}}]},
            "identity": {"provider": "dev"}, "observability": {"metrics": {"enabled": False}},
            "authorization": {"policy_dir": str(self.dir / "policy"), "audit": {"destination": f"file://{home}/audit.log"}}}
        (home / "dev.yaml").write_text(json.dumps(config))
        self.issuer = self.start(name, [BINARY, "dev", home / "dev.yaml", "--socket", self.api, "--set", "server.port=0", "--set",
                                        "server.admin.enabled=false"], cwd=home)
        wait_for("the Workload API", lambda: "listening" in self.issuer.out() + self.issuer.err(), 30)
        self.take_identity(home / "id")

    def take_identity(self, into):
        made = self.run_cli("svid", "fetch", "--socket", f"unix://{self.api}", "--as", "client", "--out", into)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.client = house.Identity(into / "svid.pem", into / "svid.key", into / "bundle.pem")

    def call(self, action="work"):
        return house.request(self.agent_.port, self.client, "POST", "/a2a/v1/tasks", {"task_type": action, "payload": {}}, timeout=15)

    def back(self):
        """Service is there again; said, not judged: how long that took depends on the machine."""
        took = wait_for("service again", lambda: self.call()[0] == 200, 20)[1]
        print(f"      service was back {took:.2f} s after the fault's end")

    def check_invariants(self, callers=None):
        self.assertTrue(self.agent_.alive(), self.agent_.err()[-3000:])
        if callers is not None:
            self.assertNotIn(200, callers.statuses["secret"])
        records = [r for r in audit_records(self.agent_.audit_path) if r["event_type"] == "AUTH_CHECK"]
        allowed = [r for r in records if r["decision"] == "allow"]
        self.assertEqual({r["action"] for r in allowed} - {"work"}, set())
        # Nothing reached the backend that is not on the record as allowed.
        self.assertLessEqual(len(self.backend.seen), len(allowed))
        if callers is not None:
            self.assertLessEqual(sum(len(s) for s in callers.statuses.values()), len(records))
        verified = self.run_cli("audit", "verify", self.agent_.audit_path)
        self.assertEqual(verified.returncode, 0, verified.stderr)


class WorkloadApi(World):
    def test_frozen_and_killed(self):
        """the Workload API freezes, dies and comes back with another authority: the SVID at hand serves until then, the new one after"""
        callers = Callers(self)
        self.addCleanup(callers.stop)
        self.issuer.signal(signal.SIGSTOP)
        wait_for("calls meanwhile", lambda: len(callers.statuses["work"]) > 20)
        self.issuer.signal(signal.SIGCONT)
        self.issuer.signal(house.SIGKILL)
        self.issuer.child.wait()
        before = len(callers.statuses["work"])
        wait_for("calls without it", lambda: len(callers.statuses["work"]) > before + 20)
        self.assertEqual(set(callers.statuses["work"]), {200})
        old = self.client
        self.api.unlink(missing_ok=True)
        self.start_issuer()
        self.back()

        def refused():
            try:
                connect(self.agent_.port, old, timeout=5).close()
            except LOST:
                return True
            return False
        wait_for("the old authority is gone", refused)
        callers.stop()
        self.check_invariants(callers)


class Opa(World):
    """The decision point is a server with moods."""

    def decided_by(self):
        self.opa_ = flaky(self, b'{"result": true}')
        return {"opa_endpoints": [f"http://127.0.0.1:{self.opa_.server_port}"], "cache_ttl_seconds": 0, "circuit_breaker": {"timeout": 1}}

    def test_moods(self):
        """a decision point that is slow, talks rubbish, hangs up or resets lets nobody in, and is believed again when it is well"""
        self.assertEqual(self.call()[0], 200)
        for mood in ("slow", "garbage", "half", "reset", "endless"):
            with self.subTest(mood):
                seen = len(self.backend.seen)
                self.opa_.woken.clear()
                self.opa_.mood = mood
                statuses = {self.call()[0] for _ in range(3)}
                self.assertLessEqual(statuses, {403, 503, 504}, mood)
                self.assertEqual(len(self.backend.seen), seen)
                self.opa_.mood = "well"
                self.opa_.woken.set()
                self.back()
        self.check_invariants()


class Backends(World):
    capability_settings = {"timeout_seconds": 1}

    def test_moods(self):
        """a backend that is slow, endless, resets or is not there fails its own tasks and nothing else"""
        for mood in ("slow", "half", "reset", "endless"):
            with self.subTest(mood):
                self.backend.woken.clear()
                self.backend.mood = mood
                for _ in range(3):
                    status, _, body = self.call()
                    self.assertFalse(status == 200 and b'"completed"' in body, (status, body[:300]))
                self.assertEqual(self.call("secret")[0], 403)
                self.backend.mood = "well"
                self.backend.woken.set()
                self.back()
        self.check_invariants()
        self.backend.mood = "reset"  # on connections that are kept; others find nobody
        self.backend.shutdown()
        self.backend.server_close()
        status, _, body = self.call()
        self.assertFalse(status == 200 and b'"completed"' in body, (status, body[:300]))


class Limits(World):
    def limit(self, what, soft):
        hard = resource.prlimit(self.agent_.child.pid, what)[1]
        resource.prlimit(self.agent_.child.pid, what, (soft, hard))
        return hard

    def test_disk_full(self):
        """no room for audit records: nothing is let in, AW6001 says why; with room again the chain goes on unbroken"""
        self.assertEqual(self.call()[0], 200)
        seen = len(self.backend.seen)
        # A file may not grow beyond what the log has now: to the process the same as a full disk.
        self.limit(resource.RLIMIT_FSIZE, self.agent_.audit_path.stat().st_size)
        for _ in range(5):
            status, _, body = self.call()
            self.assertEqual(status, 503)
            self.assertIn(b"AW6001", body)
        self.assertEqual(len(self.backend.seen), seen)
        self.limit(resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
        self.back()
        self.check_invariants()

    def test_descriptors(self):
        """no descriptor left: connections that are there are served, new ones wait, and come in when there is room"""
        held = connect(self.agent_.port, self.client, timeout=15)
        self.addCleanup(held.close)
        used = len(list(pathlib.Path(f"/proc/{self.agent_.child.pid}/fd").iterdir()))
        self.assertEqual(exchange(held, "POST", "/a2a/v1/tasks", {"task_type": "work", "payload": {}})[0], 200)
        self.limit(resource.RLIMIT_NOFILE, used + 1)
        waiting = []
        for _ in range(8):
            with contextlib.suppress(*LOST):
                waiting.append(socket.create_connection(("127.0.0.1", self.agent_.port), timeout=2))
        status = exchange(held, "POST", "/a2a/v1/tasks", {"task_type": "secret", "payload": {}})[0]
        self.assertEqual(status, 403)
        for one in waiting:
            one.close()
        self.limit(resource.RLIMIT_NOFILE, 4096)
        self.back()
        self.check_invariants()


class Kills(World):
    def test_connections_at_random(self):
        """connections are killed at random moments, in the handshake, the request and the answer: nothing leaks, nothing is lost"""
        callers = Callers(self, 2)
        self.addCleanup(callers.stop)
        dice = random.Random(SEED)
        body = json.dumps({"task_type": "work", "payload": {"text": "x" * 2000}}).encode()
        head = f"POST /a2a/v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        until, kills, peak = time.monotonic() + SECONDS, 0, 0
        while time.monotonic() < until:
            kills += 1
            with contextlib.suppress(*LOST):
                if dice.random() < 0.3:
                    with socket.create_connection(("127.0.0.1", self.agent_.port), timeout=5) as raw:
                        raw.sendall(dice.randbytes(dice.randrange(1, 300)))
                        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                    continue
                tls = connect(self.agent_.port, self.client, timeout=5)
                whole = head + body
                tls.sendall(whole[:dice.randrange(1, len(whole) + 1)])
                if dice.random() < 0.5:
                    tls.settimeout(dice.random() / 100)
                    with contextlib.suppress(*LOST):
                        tls.recv(dice.randrange(1, 500))
                tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                tls.close()
            if kills % 50 == 0:
                peak = max(peak, house_memory(self.agent_.child.pid))
        callers.stop()
        print(f"      {kills} connections killed, peak resident {max(peak, house_memory(self.agent_.child.pid)) / 1024:.0f} MiB")
        self.back()
        self.assertEqual(set(callers.statuses["work"]), {200})
        self.assertEqual(callers.lost, 0)
        wait_for("no connection stays", lambda: metric(self.agent_.metrics_port, "agentweave_active_connections") == 0, 15)
        wait_for("nothing in flight", lambda: metric(self.agent_.metrics_port, "agentweave_requests_in_flight") == 0, 15)
        self.check_invariants(callers)


def house_memory(pid):
    """Resident KiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


class Database(Target):
    def test_broken_tasks(self):
        """a database of tasks that is broken stops no start: it is set aside whole, and the log, a metric, readyz and doctor say so"""
        self.assertEqual(self.call()[0], 200)
        self.agent_.stop()
        file = self.dir / "state/tasks.db"
        broken = bytearray(file.read_bytes())
        broken[16384:16584] = b"\xa5" * 200  # the head of the table's first page
        file.write_bytes(broken)
        agent = self.agent("again", self.config, args=["--env", "development"])
        self.assertEqual((self.dir / "state/tasks.broken-1.db").read_bytes(), broken)
        self.assertEqual(metric(agent.metrics_port, "agentweave_tasks_unreadable"), 1)
        self.assertIn("kept tasks degraded: 1 could not be read", house.plain(agent.metrics_port, "/readyz?verbose")[1])
        self.assertRegex(agent.out() + agent.err(), r'"code":"AW8008","what":"database".*tasks\.broken-1\.db')
        doctor = self.run_cli("doctor", agent.config_path)
        self.assertIn("kept tasks: 1 could not be read", doctor.stdout + doctor.stderr)
