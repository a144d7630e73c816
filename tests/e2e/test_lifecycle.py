# SPDX-License-Identifier: Apache-2.0
"""Start, reload, drain and restart with work in flight, and what a restart must not forget."""
import json
import ssl
import subprocess
import threading
import time

import house
from house import audit_records, connect, exchange, plain, request, wait_for
from target import Backend, Target


def nonce(text):
    return {"x-agentweave-nonce": text, "x-agentweave-timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}


class Restart(Target):
    def test_replay_over_a_restart(self):
        """a nonce that was used is refused after a drain, and after kill -9, with 409"""
        drained, killed = nonce("A" * 22), nonce("B" * 22)
        self.assertEqual(self.call(headers=drained)[0], 200)
        self.assertEqual(self.agent_.stop(), 0)
        self.bring_up(self.config)
        status, _, body = self.call(headers=drained)
        self.assertEqual((status, json.loads(body)["error"]["code"]), (409, "AW4002"))
        self.assertEqual(self.call(headers=killed)[0], 200)
        self.agent_.signal(house.SIGKILL)
        self.agent_.child.wait()
        self.bring_up(self.config)
        for headers in (drained, killed):
            self.assertEqual(self.call(headers=headers)[0], 409)
        self.assertEqual(self.call(headers=nonce("C" * 22))[0], 200)
        verified = self.run_cli("audit", "verify", self.agent_.audit_path)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_a_damaged_journal_does_not_open_the_door(self):
        """a replay journal that cannot be read keeps the agent from serving, or still refuses what it knows"""
        used = nonce("D" * 22)
        self.assertEqual(self.call(headers=used)[0], 200)
        self.assertEqual(self.agent_.stop(), 0)
        journals = [p for p in (self.dir / "state").iterdir() if "replay" in p.name]
        self.assertTrue(journals, list((self.dir / "state").iterdir()))
        whole = journals[0].read_bytes()
        for name, damage in {"half a record at the end": whole + b"\x01\x02", "cut short": whole[:-1]}.items():
            with self.subTest(name):
                journals[0].write_bytes(damage)
                self.bring_up(self.config)
                self.assertIn(self.call(headers=nonce(name[0] * 22))[0], (200, 503))
                if len(damage) > len(whole):
                    self.assertEqual(self.call(headers=used)[0], 409)
                self.assertEqual(self.agent_.stop(), 0)


class Drain(Target):
    server_settings = {"shutdown_delay_seconds": 1, "graceful_shutdown_seconds": 20}

    def test_work_in_flight(self):
        """SIGTERM with a slow request, a stream and an h2 call in flight: not ready first, all are finished, exit 0"""
        Backend.gate = threading.Event()
        body = {"task_type": "work", "payload": {}}
        answers = {}

        def ask(name, **kwargs):
            answers[name] = request(self.port, self.client, "POST", "/a2a/v1/tasks", body, timeout=30, **kwargs)

        slow = threading.Thread(target=ask, args=("slow",))
        stream = threading.Thread(target=ask, args=("stream",), kwargs={"headers": {"Accept": "text/event-stream"}})
        curl = subprocess.Popen(["curl", "-sk", "--http2", "--cert", self.client.cert, "--key", self.client.key, "-H", "content-type: application/json",
                                 "-d", json.dumps(body), "-w", "%{http_version} %{http_code}", f"https://localhost:{self.port}/a2a/v1/tasks"],
                                stdout=subprocess.PIPE)
        idle = connect(self.port, self.client)
        self.assertEqual(exchange(idle, "GET", "/.well-known/agent-card.json")[0], 200)
        slow.start()
        stream.start()
        wait_for("all three at the backend", lambda: len(Backend.seen) == 3)
        self.agent_.signal(house.SIGTERM)
        wait_for("not ready", lambda: plain(self.agent_.metrics_port, "/readyz")[0] == 503, 5)
        self.assertEqual(plain(self.agent_.metrics_port, "/livez")[0], 200)
        # Until the delay is over, balancers that have not noticed yet are still served.
        self.assertEqual(request(self.port, self.client, "GET", "/.well-known/agent-card.json")[0], 200)

        def refused():
            try:
                connect(self.port, self.client, timeout=2).close()
            except (OSError, ssl.SSLError):
                return True
            return False
        wait_for("no new connections", refused, 10)
        self.assertTrue(self.agent_.alive())
        Backend.gate.set()
        slow.join()
        stream.join()
        printed = curl.communicate(timeout=20)[0].decode()
        self.assertEqual(answers["slow"][0], 200)
        self.assertEqual(answers["stream"][0], 200)
        self.assertIn(b"completed", answers["stream"][2])
        self.assertTrue(printed.endswith("2 200"), printed)
        self.assertEqual(self.agent_.child.wait(20), 0, self.agent_.err()[-2000:])
        events = [r["event_type"] for r in audit_records(self.agent_.audit_path)]
        self.assertEqual(events[-2:], ["SHUTDOWN", "CHECKPOINT"])  # the end is on record, and sealed
        idle.close()

    def test_work_that_does_not_end(self):
        """work that outlives graceful_shutdown is cut off, said, and the exit code is not 0"""
        self.agent_.stop()
        self.config["server"]["graceful_shutdown_seconds"] = 1
        self.config["server"]["shutdown_delay_seconds"] = 0
        self.bring_up(self.config)
        Backend.gate = threading.Event()
        self.addCleanup(Backend.gate.set)
        hanging = threading.Thread(target=lambda: self.quietly(lambda: self.call()))
        hanging.start()
        wait_for("it hangs", lambda: len(Backend.seen) == 1)
        self.agent_.signal(house.SIGTERM)
        self.assertEqual(self.agent_.child.wait(20), 1)
        self.assertIn("cut off", self.agent_.err())
        Backend.gate.set()
        hanging.join()

    @staticmethod
    def quietly(call):
        try:
            call()
        except Exception:  # noqa: BLE001  the connection was cut, as it should be
            pass


class Reload(Target):
    def test_configuration(self):
        """SIGHUP with a file that is no configuration keeps the old one, says so with the place, and serves on"""
        path = self.agent_.config_path
        good = path.read_text()
        for name, bad in {"no YAML": "agent: [", "an unknown key": good.replace('"agent"', '"agnet"'), "insecure": good.replace('"identity"', '"transport": {"tls_verify": false}, "identity"'),
                          "empty": "", "gone": None}.items():
            with self.subTest(name):
                before = self.agent_.err().count("reload refused")
                path.unlink() if bad is None else path.write_text(bad)
                self.agent_.signal(house.SIGHUP)
                wait_for("a refusal", lambda: self.agent_.err().count("reload refused") > before, 5)
                self.assertEqual(self.call()[0], 200)
                self.assertEqual(self.call("secret")[0], 403)
        self.assertIn("AW1001", self.agent_.err())
        self.assertEqual(house.metric(self.agent_.metrics_port, "agentweave_config_reload_errors_total"), 5)
        told = self.run_cli("health", f"http://127.0.0.1:{self.agent_.metrics_port}")
        self.assertRegex(told.stdout, "^degraded  status 200")
        self.assertIn("configuration degraded: AW1008", told.stdout)
        path.write_text(good)
        self.agent_.signal(house.SIGHUP)
        wait_for("a reload", lambda: "\nreloaded\n" in self.agent_.err(), 5)
        self.check_well()

    def test_rotation(self):
        """logs that are moved away are followed by new files; the signals that other servers act upon end nothing"""
        self.agent_.stop()
        log = self.dir / "moved.log"
        self.config.setdefault("observability", {})["logging"] = {"output": f"file://{log}"}
        self.bring_up(self.config)
        audit = self.agent_.audit_path
        for path in (log, audit):
            path.rename(f"{path}.1")
        for number in (house.SIGUSR1, house.SIGUSR2):
            self.agent_.signal(number)
        wait_for("new files", lambda: request(self.port, self.client, "GET", "/nowhere")[0] == 403 and log.exists() and audit.exists(), 10)
        self.assertIsNone(self.agent_.child.poll())
        self.check_well()

    def test_policy(self):
        """a policy that does not compile keeps the last good one; a good one counts at once, and cached decisions go with the old"""
        self.agent_.stop()
        self.config["authorization"]["cache_ttl_seconds"] = 3600
        self.bring_up(self.config)
        policy = self.dir / "policy/authz.rego"
        good = policy.read_text()
        for _ in range(3):
            self.assertEqual(self.call()[0], 200)
        self.assertTrue(any(r.get("cached") for r in audit_records(self.agent_.audit_path)))
        policy.write_text("package agentweave.authz\nallow if {")
        self.agent_.signal(house.SIGHUP)
        wait_for("a refusal", lambda: "reload failed" in self.agent_.err(), 5)
        self.assertEqual(self.call()[0], 200)
        policy.write_text(good.replace('"work"', '"secret"'))
        self.agent_.signal(house.SIGHUP)
        wait_for("the new policy", lambda: self.call()[0] == 403, 5)
        before = len(Backend.seen)
        self.assertEqual(self.call("secret")[0], 200)
        self.assertEqual(len(Backend.seen), before + 1)
        self.assertEqual(self.call()[0], 403)
        # Without a signal too: the files are watched.
        policy.write_text(good)
        wait_for("the old policy again", lambda: self.call()[0] == 200, 10)
        self.assertEqual(self.call("secret")[0], 403)


class FullDisk(Target):
    """State and audit log on a disk of their own that is really full."""

    def setUp(self):
        self.disk = None
        super().setUp()

    def bring_up(self, config):
        if self.disk is None:
            self.disk = self.dir / "disk"
            self.disk.mkdir()
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.disk], capture_output=True)
            if mounted.returncode:
                self.skipTest("needs the right to mount a tmpfs")
            self.addCleanup(lambda: subprocess.run(["umount", "-l", self.disk], capture_output=True))
            config["state"]["directory"] = str(self.disk / "state")
            config["authorization"]["audit"] = {"destination": f"file://{self.disk}/audit.log"}
        super().bring_up(config)
        self.agent_.audit_path = self.disk / "audit.log"

    def fill(self):
        with open(self.disk / "filler", "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        # What is left in the last blocks of the audit log, the agent fills itself.
        for _ in range(200):
            if self.call()[0] == 503:
                return
        self.fail("the disk does not fill")

    def test_full_disk(self):
        """a disk that is full: denied with 503 and its code, not ready and why, nothing runs unrecorded; room again: served again, the chain whole"""
        self.assertEqual(self.call(headers=nonce("A" * 22))[0], 200)
        self.fill()
        before = len(Backend.seen)
        for headers in (None, nonce("B" * 22)):
            status, _, body = self.call(headers=headers)
            self.assertGreaterEqual(status, 500)
            self.assertIn(json.loads(body)["error"]["code"], ("AW6001", "AW8008"))
        self.assertEqual(len(Backend.seen), before)
        self.assertEqual(plain(self.agent_.metrics_port, "/readyz")[0], 503)
        self.assertIn("[-]audit", plain(self.agent_.metrics_port, "/readyz?verbose")[1])
        self.assertEqual(plain(self.agent_.metrics_port, "/livez")[0], 200)
        (self.disk / "filler").unlink()
        wait_for("served again", lambda: self.call()[0] == 200, 10)
        self.assertEqual(self.call(headers=nonce("A" * 22))[0], 409)
        self.assertEqual(self.call(headers=nonce("C" * 22))[0], 200)
        self.check_well()
        verified = self.run_cli("audit", "verify", self.agent_.audit_path)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_start_on_a_full_disk(self):
        """an agent that cannot write its first record does not start, and says which disk"""
        self.assertEqual(self.agent_.stop(), 0)
        with open(self.disk / "filler", "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 512)
            except OSError:
                pass
        child = self.agent("second", json.loads(json.dumps(self.config)), args=["--env", "development"], wait=None)
        self.assertEqual(child.child.wait(20), 1)
        self.assertRegex(child.err(), "AW6001|AW8008")
        self.assertEqual(Backend.seen, [])
