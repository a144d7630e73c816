# SPDX-License-Identifier: Apache-2.0
"""Identity against real SPIRE: rotation without a failed request, outage, withdrawal, federation."""
import contextlib
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

import house
from house import BINARY, Case, Refresher, audit_records, connect, exchange, plain, request, wait_for

POLICY = """package agentweave.authz
import rego.v1
default allow := false
allow if startswith(input.caller_spiffe_id, "spiffe://")
"""


def config(case, endpoint, trust_domain, **identity):
    (case.dir / "policy").mkdir(exist_ok=True)
    (case.dir / "policy/authz.rego").write_text(POLICY)
    return {
        "agent": {"name": "workload", "trust_domain": trust_domain,
                  "capabilities": [{"name": "echo", "description": "answers what it was sent", "backend": {"type": "builtin", "name": "echo"}},
                                   {"name": "slow", "description": "takes its time", "timeout_seconds": 300,
                                    "backend": {"type": "exec", "command": ["/bin/sleep", "200"]}}]},
        "identity": {"provider": "spiffe", "spiffe_endpoint": endpoint, **identity},
        "authorization": {"provider": "opa", "policy_dir": str(case.dir / "policy"), "policy_path": "agentweave/authz/allow",
                          "audit": {"destination": f"file://{case.dir}/audit-{trust_domain}.log"}},
    }


def echo(port, identity, expect, text="x"):
    status, _, body = request(port, identity, "POST", "/a2a/v1/tasks", {"task_type": "echo", "payload": {"text": text}}, expect=expect)
    assert status == 200, (status, body)
    return body


class Rotation(Case):
    def test_rotation(self):
        """three SVID rotations and a CA roll: no new connection fails, a held connection and an open stream live through"""
        spire, endpoint = self.spire("s", "a.test", SVID_TTL=20, CA_TTL="90s")
        agent = self.agent("agent", config(self, endpoint, "a.test"))
        expect = "spiffe://a.test/workload"
        client = Refresher(self, spire)
        # A connection ends with its caller's certificate: these two have one that outlives the test's SVIDs.
        steady = self.mint(spire, "spiffe://a.test/steady")
        held = connect(agent.port, steady, expect)
        stream = connect(agent.port, steady, expect)
        body = b'{"task_type":"slow","payload":{}}'
        stream.sendall(b"POST /a2a/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert b"200" in stream.recv(4096).split(b"\r\n")[0]
        stream.settimeout(30)  # a heartbeat comes every 15 s
        failed, made, done = [], [0], threading.Event()

        def load():
            next_at = time.monotonic()
            while not done.is_set():
                next_at += 1 / 25
                try:
                    echo(agent.port, client.current, expect)
                except Exception as e:  # noqa: BLE001  every kind of failure counts
                    failed.append(repr(e))
                made[0] += 1
                time.sleep(max(0.0, next_at - time.monotonic()))

        workers = [threading.Thread(target=load) for _ in range(2)]
        for worker in workers:
            worker.start()
        listed = json.loads(agent.config_path.read_text())
        listed["peers"] = [{"id": expect, "address": f"https://127.0.0.1:{agent.port}"}]
        (self.dir / "watch.json").write_text(json.dumps(listed))
        watch = self.start("watch", [BINARY, "bundle", "watch", "--agents", "--config", self.dir / "watch.json"], env={"SPIFFE_ENDPOINT_SOCKET": endpoint})
        began = time.monotonic()
        first_ca = house.metric(agent.metrics_port, "agentweave_svid_rotation_total")
        held_alive, heard = [], b""
        # The first CA lives 90 s; the second is trusted from 50 s on and signs from 80 s on.
        while time.monotonic() - began < 70:
            held_alive.append(exchange(held, "GET", "/.well-known/agent-card.json")[0])
            time.sleep(2)
        heard += stream.recv(4096)
        wait_for("the second CA signs", lambda: self.issuers(client.current) != self.issuers(steady), 40, every=0.5)
        time.sleep(5)  # some load on the new chain
        done.set()
        for worker in workers:
            worker.join()
        rotations = house.metric(agent.metrics_port, "agentweave_svid_rotation_total") - first_ca
        self.assertEqual(failed, [])
        self.assertGreaterEqual(rotations, 3)
        self.assertGreater(made[0], 2000)
        self.assertTrue(heard, "the stream fell silent")
        self.assertTrue(held_alive and all(s == 200 for s in held_alive), held_alive)
        print(f"      {made[0]} new connections, {rotations:.0f} rotations, 0 failed")
        # S4: who moved, and that nothing failed meanwhile.
        wait_for("the watch to tell of it", lambda: "calls failed" in watch.out())
        self.assertRegex(watch.out(), rf"(?m)^\d\d:\d\d:\d\d   rotated {expect}  [0-9a-f]{{4}}\S* → [0-9a-f]{{4}}\S*$")
        self.assertRegex(watch.out(), r"(?m)^\d\d:\d\d:\d\d   1/1 on \S+   calls failed during rotation: 0 of [1-9]\d*$")
        self.assertRegex(watch.out(), r"(?m)CAs: \S+\(active\) \S+\(prepared\) +agents 1/1 on ")


    def issuers(self, identity):
        shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "authorityKeyIdentifier", "-in", identity.cert],
                               capture_output=True, text=True)
        return shown.stdout


class LiveCa(Case):
    def test_s4(self):
        """S4: a CA is prepared, activated, tainted and revoked while calls go on: none fails, the watch tells each step, old chains' connections go"""
        spire, endpoint = self.spire("s", "a.test", SVID_TTL=600)
        settings = config(self, endpoint, "a.test")
        expect, port = "spiffe://a.test/workload", house.free_port()
        settings["server"] = {"port": port}
        settings["peers"] = [{"id": expect, "address": f"https://127.0.0.1:{port}"}]
        agent = self.agent("agent", settings)
        env = {"SPIFFE_ENDPOINT_SOCKET": endpoint}
        watch = self.start("watch", [BINARY, "bundle", "watch", "a.test", "--agents", "--config", agent.config_path], env=env)
        wait_for("the first line", lambda: "agents 1/1 on" in watch.out())
        client = Refresher(self, spire)
        olds = self.mint(spire, "spiffe://a.test/held")
        held = [connect(port, olds, expect) for _ in range(3)]
        for one in held:  # one that asks nothing is closed in seconds
            self.assertEqual(exchange(one, "GET", "/.well-known/agent-card.json")[0], 200)
        failed, made, done = [], [0], threading.Event()

        def load():
            while not done.wait(0.05):
                try:
                    echo(port, client.current, expect)
                except Exception as e:  # noqa: BLE001  every kind of failure counts
                    failed.append(repr(e))
                made[0] += 1
        worker = threading.Thread(target=load)
        worker.start()
        self.addCleanup(done.set)

        def authority(verb, which=None):
            told = subprocess.run([house.PEERS / "spire-server", "localauthority", "x509", verb, "-socketPath", spire / "server.sock", "-output", "json",
                                   *(["-authorityID", which] if which else [])], check=True, capture_output=True, text=True, timeout=20)
            return json.loads(told.stdout)
        old = authority("show")["active"]["authority_id"]
        new = authority("prepare")["prepared_authority"]["authority_id"]
        wait_for("prepared", lambda: "(prepared)" in watch.out())
        # As one who rolls a CA waits: whoever calls trusts the new one before anybody shows it.
        wait_for("the client trusts it, too", lambda: pathlib.Path(client.current.bundle).read_text().count("BEGIN CERTIFICATE") == 2)
        authority("activate", new)
        authority("taint", old)
        wait_for("all on the new one", lambda: "calls failed during rotation" in watch.out(), 30)
        fresh = connect(port, self.mint(spire, "spiffe://a.test/fresh"), expect)
        for name, one in (("held 1", held[0]), ("held 2", held[1]), ("held 3", held[2]), ("fresh", fresh)):
            try:
                self.assertEqual(exchange(one, "GET", "/.well-known/agent-card.json")[0], 200, name)
            except (OSError, http.client.HTTPException) as lost:
                self.fail(f"{name}: {lost!r}; the agent: {agent.err()[-4000:]}{agent.out()[-4000:]}")
        wait_for("the client's own new SVID", lambda: self.issued_by(client.current) == self.issued_by(house.Identity(self.dir / "minted-fresh/svid.pem", "", "")))
        authority("revoke", old)
        wait_for("withdrawn", lambda: "withdrawn" in watch.out(), 30)
        self.assertEqual([one.recv(1) for one in held], [b""] * 3)
        self.assertEqual(exchange(fresh, "GET", "/.well-known/agent-card.json")[0], 200)
        echo(port, client.current, expect)
        done.set()
        worker.join()
        self.assertEqual(failed, [])
        print(f"      {made[0]} new connections, 0 failed")
        told, at, ca = watch.out(), r"(?m)^\d\d:\d\d:\d\d", r"[0-9a-f]{4}…"
        first = re.search(rf"{at} a\.test  CAs: ({ca})\(active\) +agents 1/1 on \1$", told).group(1)
        second = re.search(rf"{at} a\.test  CAs: {first}\(active\) ({ca})\(prepared\) +agents \d/1 on {first}(?:, 1 silent)?$", told).group(1)
        self.assertRegex(told, rf"{at}   rotated {expect}  {first} → {second}$")
        self.assertRegex(told, rf"{at}   1/1 on {second}   calls failed during rotation: 0 of [1-9]\d*$")
        self.assertRegex(told, rf"{at} a\.test  CAs: {first}\(tainted\) {second}\(active\) +agents 1/1 on {second}   safe to forget {first}: yes$")
        self.assertRegex(told, rf"{at}   {first} TAINTED, withdrawn \S+ before its end → 3 connections with its chains closed in \S+$")
        self.assertRegex(told, rf"{at} a\.test  CAs: {second}\(active\) +agents 1/1 on {second}$")
        self.assertEqual(house.metric(agent.metrics_port, "agentweave_connections_distrusted_total"), 3)
        shown = self.run_cli("svid", "show", env=env)
        self.assertRegex(shown.stdout, rf"^{expect}   leaf \S+   issuer {second}   left \S+ \(\d+%\)   next rotation in \S+\n")
        self.assertEqual(self.run_cli("svid", "check", "--expires-in", "25%", env=env).returncode, 0)

    def issued_by(self, identity):
        return subprocess.run(["openssl", "x509", "-noout", "-ext", "authorityKeyIdentifier", "-in", identity.cert], capture_output=True, text=True).stdout


class Outage(Case):
    def test_agent_away_and_back(self):
        """agent stopped: serves until expiry, then fails closed with /readyz 503; agent back: recovered within a second"""
        spire, endpoint = self.spire("s", "a.test", SVID_TTL=20)
        agent = self.agent("agent", config(self, endpoint, "a.test"))
        expect = "spiffe://a.test/workload"
        client = self.mint(spire, "spiffe://a.test/client")
        echo(agent.port, client, expect)
        subprocess.run([house.TOOLS / "spire-down.sh", spire, "--agent"], check=True, capture_output=True)
        echo(agent.port, client, expect)
        wait_for("readyz 503 after expiry", lambda: plain(agent.metrics_port, "/readyz")[0] == 503, 40)
        with self.assertRaises((OSError, AssertionError, ssl.SSLError)):
            echo(agent.port, client, expect)
        self.assertIn("identity", plain(agent.metrics_port, "/readyz?verbose")[1])
        back = {}

        def restart():
            subprocess.run([house.TOOLS / "spire-agent-restart.sh", spire, "a.test"], check=True, capture_output=True)

        thread = threading.Thread(target=restart)
        thread.start()

        def socket_answers():
            fetched = subprocess.run([house.PEERS / "spire-agent", "api", "fetch", "x509", "-socketPath", spire / "agent.sock",
                                      "-silent"], capture_output=True, timeout=10)
            return fetched.returncode == 0

        wait_for("the agent's socket", socket_answers, 40)
        back["socket"] = time.monotonic()
        wait_for("readyz 200", lambda: plain(agent.metrics_port, "/readyz")[0] == 200, 5)
        took = time.monotonic() - back["socket"]
        thread.join()
        self.assertLessEqual(took, 1.0)
        echo(agent.port, client, expect)
        print(f"      recovered {took:.2f} s after the socket answered")

    def test_entry_deleted(self):
        """registration entry deleted: stops accepting within a second of PermissionDenied"""
        spire, endpoint = self.spire("s", "a.test", SVID_TTL=60)
        agent = self.agent("agent", config(self, endpoint, "a.test"))
        client = self.fetch_svid(spire, self.dir / "id")
        echo(agent.port, client, "spiffe://a.test/workload")
        shown = subprocess.run([house.PEERS / "spire-server", "entry", "show", "-socketPath", spire / "server.sock", "-spiffeID",
                                "spiffe://a.test/workload"], check=True, capture_output=True, text=True).stdout
        entry = next(l.split(":")[1].strip() for l in shown.splitlines() if l.startswith("Entry ID"))
        subprocess.run([house.PEERS / "spire-server", "entry", "delete", "-socketPath", spire / "server.sock", "-entryID", entry],
                       check=True, capture_output=True)

        def denied():
            fetched = subprocess.run([house.PEERS / "spire-agent", "api", "fetch", "x509", "-socketPath", spire / "agent.sock"],
                                     capture_output=True, text=True, timeout=10)
            return fetched.returncode != 0

        wait_for("PermissionDenied for another client", denied, 30)
        began = time.monotonic()

        def refused():
            try:
                echo(agent.port, client, "spiffe://a.test/workload")
                return False
            except (OSError, ssl.SSLError):
                return True

        wait_for("stopped accepting", refused, 5)
        took = time.monotonic() - began
        self.assertLessEqual(took, 1.0)
        self.assertEqual(plain(agent.metrics_port, "/readyz")[0], 503)
        print(f"      stopped accepting {took:.2f} s after PermissionDenied was seen elsewhere")


class Federation(Case):
    def test_two_domains(self):
        """two federated domains: allowed both ways when listed, refused when not"""
        a, a_endpoint = self.spire("a", "a.test", SVID_TTL=60)
        b, b_endpoint = self.spire("b", "b.test", SVID_TTL=60)
        subprocess.run([house.TOOLS / "spire-federate.sh", a, "a.test", b, "b.test"], check=True, capture_output=True)
        in_a = self.agent("in_a", config(self, a_endpoint, "a.test", allowed_trust_domains=["a.test", "b.test"]))
        in_b = self.agent("in_b", config(self, b_endpoint, "b.test", allowed_trust_domains=["a.test", "b.test"]))
        narrow = config(self, a_endpoint, "a.test", allowed_trust_domains=["a.test"])
        narrow["authorization"]["audit"]["destination"] = f"file://{self.dir}/audit-narrow.log"
        closed = self.agent("closed", narrow)

        def bundles():
            return all(house.metric(x.metrics_port, "agentweave_trust_bundles") == 2 for x in (in_a, in_b, closed))

        wait_for("both bundles everywhere", bundles, 40)
        id_a, id_b = self.fetch_svid(a, self.dir / "ida"), self.fetch_svid(b, self.dir / "idb")
        # A client of each domain needs the other's bundle to check the server: SPIRE wrote it beside its own.
        cross_b = house.Identity(id_b.cert, id_b.key, id_a.bundle)
        cross_a = house.Identity(id_a.cert, id_a.key, id_b.bundle)
        echo(in_a.port, cross_b, "spiffe://a.test/workload")
        echo(in_b.port, cross_a, "spiffe://b.test/workload")
        with self.assertRaises((OSError, ssl.SSLError, AssertionError)):
            echo(closed.port, cross_b, "spiffe://a.test/workload")
        self.assertGreaterEqual(house.metric(closed.metrics_port, "agentweave_handshake_failures_total"), 1)


class Certificates(Case):
    def test_wrong_certificates(self):
        """without a certificate, or with another authority's: the handshake fails, never an HTTP answer"""
        spire, endpoint = self.spire("s", "a.test", SVID_TTL=60)
        agent = self.agent("agent", config(self, endpoint, "a.test"))
        client = self.fetch_svid(spire, self.dir / "id")
        forged = self.dir / "forged"
        forged.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/O=forged", "-addext", "subjectAltName=URI:spiffe://a.test/workload", "-addext",
                        "keyUsage=critical,digitalSignature", "-addext", "basicConstraints=critical,CA:FALSE",
                        "-keyout", forged / "key.pem", "-out", forged / "cert.pem"], check=True, capture_output=True)
        before = len(audit_records(agent.audit_path if agent.audit_path.exists() else self.dir / "audit-a.test.log"))
        for identity, present in ((client, False), (house.Identity(forged / "cert.pem", forged / "key.pem", client.bundle), True)):
            with self.subTest(present=present):
                tls = connect(agent.port, identity, present=present)
                with self.assertRaises(ssl.SSLError):
                    tls.sendall(b"GET /.well-known/agent-card.json HTTP/1.1\r\nHost: x\r\n\r\n")
                    data = tls.recv(100)
                    self.fail(f"an answer without a verified peer: {data!r}")
        with contextlib.closing(socket.create_connection(("127.0.0.1", agent.port), timeout=5)) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            data = raw.recv(100)
            self.assertFalse(data.startswith(b"HTTP"), data)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            old.wrap_socket(socket.create_connection(("127.0.0.1", agent.port), timeout=5))
        records = [r for r in audit_records(self.dir / "audit-a.test.log")[before:] if r.get("event_type") == "AUTH_CHECK"]
        self.assertEqual(records, [])
