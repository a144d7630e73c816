# SPDX-License-Identifier: Apache-2.0
"""The stories, run as a person would, compared with wildcards for times, ids and ports."""
import json
import os
import re
import subprocess
import time

import house
from house import BINARY, Case, wait_for


def pattern(text):
    """A transcript as a regular expression: <…> stands for whatever a run puts there."""
    return re.compile("".join(".+" if part.startswith("<") else re.escape(part) for part in re.split(r"(<[^>]*>)", text)), re.S)


class FirstFiveMinutes(Case):
    def test_s1(self):
        """S1: init, dev, an allowed call, a denied call with the nearest rule, exit 3"""
        made = self.run_cli("init", "hello", cwd=self.dir)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn("created", made.stdout)
        for name in ("config.dev.yaml", "config.yaml", "policy/authz.rego", "policy/authz_test.rego", "README.md"):
            self.assertIn(name, made.stdout)
            self.assertTrue((self.dir / "hello" / name).exists())
        self.assertIn("agentweave dev", made.stdout)
        env = {"XDG_RUNTIME_DIR": str(self.dir)}  # where `dev` leaves what `call` looks for
        socket = self.dir / "agentweave/agent.sock"
        ports = ["--set", "server.port=0", "--set", "server.admin.port=0", "--set", "observability.metrics.port=0"]
        dev = self.start("dev", [BINARY, "dev", *ports], cwd=self.dir / "hello", env=env)
        wait_for("the banner", lambda: "listening" in dev.out(), 20)
        self.assertRegex(dev.out(), pattern(
            "DEVELOPMENT  throw-away trust domain hello.test, keys live in memory only, never listens beyond loopback\n"
            "identity   spiffe://hello.test/agent/hello      SVID <left> left, rotates at <when>\n"
            f"workload   unix:{socket}   (SPIFFE_ENDPOINT_SOCKET for other tools)\n"
            "policy     <source>  <n> rules, 4 tests pass          mode enforce (default deny)\n"
            "listening  https://127.0.0.1:<port> (mTLS)   admin http://127.0.0.1:<port>/?t=<token>   ready in <time>"))
        began = time.monotonic()
        allowed = self.run_cli("call", "hello", "greet", '{"name":"Ada"}', "--as", "client", env=env)
        self.assertEqual(allowed.returncode, 0, allowed.stderr)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(json.loads(allowed.stdout), {"message": "Hello, Ada!"})
        self.assertRegex(allowed.stderr, r"allowed  rule authz\.rego:\d+  decision d-\w+  [\d.]+ ms \(policy [\d.]+ ms\)")
        denied = self.run_cli("call", "hello", "delete_all", "{}", "--as", "client", env=env)
        self.assertEqual(denied.returncode, 3, denied.stderr)
        said = denied.stdout + denied.stderr
        self.assertIn('denied   AW3001 no rule allows action "delete_all" for spiffe://hello.test/agent/client', said)
        self.assertRegex(said, r'closest rule authz\.rego:\d+ matches all but action \("greet", "status"\)')
        decision = re.search(r"next:    agentweave authz explain (d-\w+)", said).group(1)
        explained = self.run_cli("authz", "explain", decision, env=env)
        self.assertIn("delete_all", explained.stdout + explained.stderr)
        pinged = self.run_cli("ping", "hello", "--as", "client", "-c", "2", env=env)
        self.assertEqual(pinged.returncode, 0, pinged.stderr)
        self.assertIn("TLSv1.3", pinged.stdout)
        self.assertIn("2/2 ok", pinged.stdout)
        self.assertEqual(dev.stop(), 0)

    def test_s8_curl(self):
        """S8: the FAQ's curl call with --cert and --key; the same nonce again gets 409"""
        self.run_cli("init", "hello", cwd=self.dir)
        socket = self.dir / "agent.sock"
        port = house.free_port()
        dev = self.start("dev", [BINARY, "dev", "--socket", socket, "--set", f"server.port={port}", "--set", "server.admin.port=0",
                                 "--set", "observability.metrics.port=0"], cwd=self.dir / "hello")
        wait_for("the banner", lambda: "listening" in dev.out(), 20)
        env = {"SPIFFE_ENDPOINT_SOCKET": f"unix://{socket}"}
        fetched = self.run_cli("svid", "fetch", "--as", "client", "--out", self.dir / "aw", env=env)
        self.assertEqual(fetched.returncode, 0, fetched.stderr)
        self.assertEqual(os.stat(self.dir / "aw/svid.key").st_mode & 0o777, 0o600)
        nonce = self.run_cli("nonce", "--curl").stdout.split()
        self.assertTrue(nonce)
        curl = ["curl", "-s", "--http1.1", "-X", "POST", f"https://localhost:{port}/a2a/v1/tasks", "--cert", self.dir / "aw/svid.pem", "--key",
                self.dir / "aw/svid.key", "--cacert", self.dir / "aw/bundle.pem", "-H", "Content-Type: application/json",
                "-d", '{"task_type": "greet", "payload": {"name": "Ada"}}', "-w", "\n%{http_code}"]
        plain = subprocess.run(curl, capture_output=True, text=True, timeout=20)
        body, status = plain.stdout.rsplit("\n", 1)
        self.assertEqual(status, "200", plain.stdout + plain.stderr)
        self.assertEqual(json.loads(body)["result"], {"message": "Hello, Ada!"})
        self.assertEqual(json.loads(body)["status"]["state"], "completed")
        headers = self.run_cli("nonce", "-o", "json").stdout
        data = json.loads(headers)["data"]
        extra = [word for name, value in data.items() for word in ("-H", f"{name}: {value}")]
        first = subprocess.run(curl + extra, capture_output=True, text=True, timeout=20)
        self.assertTrue(first.stdout.endswith("200"), first.stdout)
        second = subprocess.run(curl + extra, capture_output=True, text=True, timeout=20)
        self.assertTrue(second.stdout.endswith("409"), second.stdout)
        self.assertEqual(json.loads(second.stdout.rsplit("\n", 1)[0])["error"]["code"], "AW4002")
        for wrong in ([c for c in curl if c not in ("--cert", self.dir / "aw/svid.pem", "--key", self.dir / "aw/svid.key")],):
            without = subprocess.run(wrong, capture_output=True, text=True, timeout=20)
            self.assertNotEqual(without.returncode, 0)
            self.assertTrue(without.stdout.endswith("000"), without.stdout)
        h2 = subprocess.run(["curl", "-s", "--http2"] + [c for c in curl[1:] if c not in ("-s", "--http1.1")], capture_output=True, text=True, timeout=20)
        self.assertTrue(h2.stdout.endswith("200"), h2.stdout)


class Start(Case):
    def test_version(self):
        """agentweave --version answers; how long it takes is printed, beside the empty program's time, not judged"""
        def median(command):
            times = []
            for _ in range(20):
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                times.append(time.perf_counter() - began)
            return sorted(times)[10] * 1000
        print(f"      median {median([BINARY, '--version']):.1f} ms, /bin/true {median(['/bin/true']):.1f} ms")

    def test_reload_keeps_the_old_config(self):
        """SIGHUP with a bad file keeps the old configuration and says so"""
        self.run_cli("init", "hello", cwd=self.dir)
        config = self.dir / "hello/config.dev.yaml"
        dev = self.start("dev", [BINARY, "dev", "--socket", self.dir / "a.sock", "--set", "server.port=0", "--set", "server.admin.port=0",
                                 "--set", "observability.metrics.port=0"], cwd=self.dir / "hello")
        wait_for("the banner", lambda: "listening" in dev.out(), 20)
        good = config.read_text()
        config.write_text(good + "\nnonsense: [\n")
        dev.signal(house.SIGHUP)
        wait_for("a refusal", lambda: "reload refused" in dev.err(), 5)
        self.assertTrue(dev.alive())
        config.write_text(good.replace("WARNING", "DEBUG"))
        dev.signal(house.SIGHUP)
        wait_for("a reload", lambda: "\nreloaded" in dev.err() or dev.err().startswith("reloaded"), 5)
        self.assertEqual(dev.stop(), 0)
