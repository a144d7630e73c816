# SPDX-License-Identifier: Apache-2.0
"""Our Workload API client against real SPIRE, seen through `svid watch`; our Workload API against SPIRE's and Python's clients."""
import json
import os
import pathlib
import stat
import subprocess
import threading
import time
import unittest

import house
from house import Case, wait_for


class Watching(Case):
    """One `svid watch` whose lines arrive with the time they were read."""

    def watch(self, endpoint, *args):
        child = self.start("watch", [house.BINARY, "svid", "watch", "-o", "jsonl", "--socket", endpoint, *args])
        child.events = []

        def read():
            with open(child.out_path) as lines:
                while child.alive() or not child.finished:
                    line = lines.readline()
                    if line.endswith("\n"):
                        child.events.append((time.monotonic(), json.loads(line)))
                    elif child.finished:
                        return
                    else:
                        time.sleep(0.005)

        child.finished = False
        reader = threading.Thread(target=read, daemon=True)
        reader.start()

        def stop():
            child.finished = True
            reader.join()

        self.addCleanup(stop)
        return child

    @staticmethod
    def seen(child, event):
        return [(at, data) for at, data in child.events if data["event"] == event]

    def wait_event(self, child, event, seconds, after=0.0):
        def there():
            assert child.alive(), child.err()
            return [e for e in self.seen(child, event) if e[0] > after]

        return wait_for(f"event {event}", there, seconds, 0.005)[0][0]

    def spire_server(self, directory, *args):
        return subprocess.run([house.PEERS / "spire-server", *args, "-socketPath", directory / "server.sock"], check=True,
                              capture_output=True, text=True).stdout

    def spire_answers(self, directory):
        return subprocess.run([house.PEERS / "spire-agent", "api", "fetch", "x509", "-socketPath", directory / "agent.sock",
                               "-silent"], capture_output=True, timeout=20).returncode == 0


class Client(Watching):
    def test_rotation_outage_and_recovery(self):
        """real SPIRE: rotations are seen; agent killed: noticed; agent back: followed within a second of its socket"""
        directory, endpoint = self.spire("s", "a.test", SVID_TTL=20)
        watch = self.watch(endpoint)
        first = self.wait_event(watch, "received", 10)[1]
        self.assertEqual(first["spiffe_id"], "spiffe://a.test/workload")
        self.assertTrue(first["trusted"])
        wait_for("three rotations", lambda: len(self.seen(watch, "rotated")) >= 3, 60)
        pid = int((directory / "agent.pid").read_text())
        killed = time.monotonic()
        os.kill(pid, house.SIGKILL)
        noticed = self.wait_event(watch, "unreachable", 5)
        self.assertLess(noticed[0] - killed, 1.0)
        restart = threading.Thread(target=lambda: subprocess.run(
            [house.TOOLS / "spire-agent-restart.sh", directory, "a.test"], check=True, capture_output=True))
        restart.start()
        try:
            wait_for("the agent's socket", lambda: self.spire_answers(directory), 40, 0.005)
            answered = time.monotonic()
            back = self.wait_event(watch, "rotated", 5, after=noticed[0])
        finally:
            restart.join()
        self.assertLess(back[0] - answered, 1.0)
        print(f"      noticed {noticed[0] - killed:.3f} s after the kill, followed {back[0] - answered:+.3f} s after the socket answered")

    def test_withdrawn_and_given_back(self):
        """real SPIRE: the entry deleted, the identity is withdrawn; created again, it is back"""
        directory, endpoint = self.spire("s", "a.test", SVID_TTL=60)
        watch = self.watch(endpoint)
        self.wait_event(watch, "received", 10)
        shown = self.spire_server(directory, "entry", "show", "-spiffeID", "spiffe://a.test/workload")
        entry = next(line.split(":")[1].strip() for line in shown.splitlines() if line.startswith("Entry ID"))
        self.spire_server(directory, "entry", "delete", "-entryID", entry)
        wait_for("PermissionDenied for another client", lambda: not self.spire_answers(directory), 30, 0.01)
        denied = time.monotonic()
        withdrawn = self.wait_event(watch, "withdrawn", 5)
        self.assertLess(withdrawn[0] - denied, 1.0)
        self.spire_server(directory, "entry", "create", "-parentID", "spiffe://a.test/node", "-spiffeID",
                          "spiffe://a.test/workload", "-selector", f"unix:uid:{os.getuid()}")
        wait_for("SVIDs for another client", lambda: self.spire_answers(directory), 30, 0.01)
        answered = time.monotonic()
        back = [self.wait_event(watch, "rotated", 5, after=withdrawn[0])]
        self.assertLess(back[0][0] - answered, 1.5)
        print(f"      withdrawn {withdrawn[0] - denied:+.3f} s after another client was denied, back {back[0][0] - answered:+.3f} s")

    def test_ca_rotation(self):
        """real SPIRE: through a CA roll every SVID that arrives is signed by an authority that arrived with or before it"""
        _, endpoint = self.spire("s", "a.test", SVID_TTL=20, CA_TTL="90s")
        watch = self.watch(endpoint)
        first = self.wait_event(watch, "received", 10)[1]
        issuers = lambda: {d["issuer_fingerprint_sha256"] for _, d in watch.events if "issuer_fingerprint_sha256" in d}
        wait_for("an SVID of the second CA", lambda: len(issuers()) == 2, 120, 0.1)
        self.assertIn(first["issuer_fingerprint_sha256"], issuers())
        self.assertTrue(all(d["trusted"] for _, d in watch.events if "trusted" in d))

    def test_federation(self):
        """two real federated domains: the other's bundle arrives, and shows"""
        a, endpoint = self.spire("a", "a.test", SVID_TTL=60)
        b, _ = self.spire("b", "b.test", SVID_TTL=60)
        watch = self.watch(endpoint)
        self.wait_event(watch, "received", 10)
        subprocess.run([house.TOOLS / "spire-federate.sh", a, "a.test", b, "b.test"], check=True, capture_output=True)
        wait_for("the other bundle", lambda: any(
            [f["trust_domain"] for f in d.get("federated", [])] == ["b.test"] for _, d in watch.events), 40)
        pem = self.run_cli("bundle", "show", "b.test", "--format", "pem", "--socket", endpoint)
        self.assertEqual(pem.returncode, 0, pem.stderr)
        self.assertEqual(pem.stdout.strip(), (b / "bundle.pem").read_text().strip())
        ours = json.loads(self.run_cli("bundle", "show", "--format", "spiffe", "--socket", endpoint).stdout)
        theirs = json.loads((a / "bundle.json").read_text())
        kinds = lambda document: sorted(k["use"] for k in document["keys"])
        self.assertEqual(kinds(ours), kinds(theirs))

    def test_many(self):
        """real SPIRE with 101 entries: all SVIDs arrive, the first is the default"""
        _, endpoint = self.spire("s", "a.test", SVID_TTL=600, MANY=100)

        def all_there():
            shown = self.run_cli("svid", "show", "-o", "json", "--socket", endpoint)
            return shown.returncode == 0 and len(json.loads(shown.stdout)["data"]["svids"]) == 101

        wait_for("101 SVIDs", all_there, 60, 0.2)

    def test_commands(self):
        """real SPIRE: svid fetch, check and jwt give what SPIRE's own tools accept"""
        directory, endpoint = self.spire("s", "a.test", SVID_TTL=60)
        out = self.dir / "files"
        fetched = self.run_cli("svid", "fetch", "--out", out, "--socket", endpoint)
        self.assertEqual(fetched.returncode, 0, fetched.stderr)
        self.assertEqual(stat.S_IMODE((out / "svid.key").stat().st_mode), 0o600)
        checked = subprocess.run(["openssl", "verify", "-CAfile", out / "bundle.pem", out / "svid.pem"], capture_output=True)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertEqual(self.run_cli("svid", "check", "--expires-in", "1%", "--socket", endpoint).returncode, 0)
        self.assertEqual(self.run_cli("svid", "check", "--expires-in", "1h", "--socket", endpoint).returncode, 6)
        token = self.run_cli("svid", "jwt", "--aud", "spiffe://a.test/x", "--socket", endpoint).stdout.strip()
        valid = subprocess.run([house.PEERS / "spire-agent", "api", "validate", "jwt", "-audience", "spiffe://a.test/x", "-svid",
                                token, "-socketPath", directory / "agent.sock"], capture_output=True, text=True)
        self.assertIn("spiffe://a.test/workload", valid.stdout)

    def test_nobody_there(self):
        """no Workload API: exit 5, what was tried and what to do"""
        answer = self.run_cli("svid", "show", "--socket", f"unix://{self.dir}/none.sock")
        self.assertEqual(answer.returncode, 5)
        self.assertIn(f"connect unix://{self.dir}/none.sock: no such file or directory", answer.stderr)
        self.assertIn("is the SPIRE agent running?", answer.stderr)
        self.assertEqual(self.run_cli("svid", "show", "--socket", "http://127.0.0.1").returncode, 2)


PYTHON_CLIENT = """
from spiffe import JwtSource, WorkloadApiClient, X509Source
with WorkloadApiClient() as client:
    print(client.fetch_x509_svid().spiffe_id)
    print(len(client.fetch_x509_svids()))
    token = client.fetch_jwt_svid(audience={"a"})
    print(client.validate_jwt_svid(token.token, "a").spiffe_id)
    print(len(client.fetch_jwt_bundles().bundles))
with X509Source() as source:
    print(source.svid.spiffe_id)
"""


class Server(Case):
    def dev(self, name="dev", trust_domain="dev.test", wait="/readyz"):
        """An agent with the embedded identity; its Workload API's socket, the same for all names."""
        (self.dir / "policy").mkdir(exist_ok=True)
        (self.dir / "policy/authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := false\n")
        socket = self.dir / "run" / "agent.sock"
        agent = self.agent(name, {
            "agent": {"name": "hello", "trust_domain": trust_domain, "environment": "development", "capabilities": [
                {"name": "echo", "description": "answers what it was sent", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "dev", "dev": {"socket": str(socket)}},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow"},
        }, wait=wait)
        return agent, socket

    def test_spire_client(self):
        """SPIRE's own client fetches X.509 and JWT SVIDs from our Workload API and has them validated"""
        house.need("spire-agent")
        _, socket = self.dev()
        self.assertEqual(stat.S_IMODE(socket.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(socket.parent.stat().st_mode), 0o700)

        def api(*args):
            return subprocess.run([house.PEERS / "spire-agent", "api", *args, "-socketPath", socket], capture_output=True,
                                  text=True, timeout=20)

        x509 = api("fetch", "x509", "-write", self.dir)
        self.assertIn("spiffe://dev.test/agent/hello", x509.stdout, x509.stderr)
        checked = subprocess.run(["openssl", "verify", "-CAfile", self.dir / "bundle.0.pem", self.dir / "svid.0.pem"],
                                 capture_output=True)
        self.assertEqual(checked.returncode, 0)
        jwt = json.loads(api("fetch", "jwt", "-audience", "x", "-output", "json").stdout)
        token = jwt[0]["svids"][0]["svid"]
        self.assertIn("SVID is valid", api("validate", "jwt", "-audience", "x", "-svid", token).stdout)
        self.assertNotIn("SVID is valid", api("validate", "jwt", "-audience", "y", "-svid", token).stdout)

    def test_python_client(self):
        """the Python SPIFFE library takes its identity from our Workload API"""
        python = house.python_with("spiffe-venv", "spiffe==0.3.2")
        _, socket = self.dev()
        ran = subprocess.run([python, "-c", PYTHON_CLIENT], capture_output=True, text=True, timeout=60,
                             env=dict(os.environ, SPIFFE_ENDPOINT_SOCKET=f"unix://{socket}"))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        lines = ran.stdout.split()
        self.assertEqual(lines[0], "spiffe://dev.test/agent/hello")
        self.assertEqual(lines[2:], ["spiffe://dev.test/agent/hello", "1", "spiffe://dev.test/agent/hello"])

    def test_second_server(self):
        """a second agent does not steal a live socket; after a kill -9 the stale one is replaced"""
        agent, socket = self.dev()
        second, _ = self.dev("second", wait=None)
        self.assertNotEqual(second.child.wait(20), 0)
        self.assertIn("another process serves", second.err() + second.out())
        agent.signal(house.SIGKILL)
        agent.child.wait()
        self.assertTrue(pathlib.Path(socket).exists())
        self.dev("third")
        self.assertEqual(self.run_cli("svid", "show", "--socket", f"unix://{socket}").returncode, 0)
