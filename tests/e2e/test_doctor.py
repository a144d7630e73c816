# SPDX-License-Identifier: Apache-2.0
"""What an installation needs, taken away piece by piece: `agentweave doctor` must name each piece, with a code."""
import contextlib
import fcntl
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading

import house
from house import BINARY, Case, free_port, wait_for
from test_clients import Authority

POLICY = 'package agentweave.authz\nimport rego.v1\ndefault allow := false\nallow if input.action == data.public\n'
POLICY_TEST = ('package agentweave.authz_test\nimport rego.v1\nimport data.agentweave.authz\n'
               'test_greet if authz.allow with input as {"action": "greet"} with data.public as "greet"\n')
NOBODY = 65534


class Server(http.server.ThreadingHTTPServer):
    """Takes connections until it is closed; what it is asked does not matter."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


class Removal(Case):
    """One installation a test, looked at as an ordinary user: root would not notice a missing permission."""

    def setUp(self):
        super().setUp()
        self.root = os.geteuid() == 0
        self.home = self.dir / "home"
        self.home.mkdir()
        self.binary = self.dir / "agentweave"
        shutil.copy(BINARY, self.binary)
        self.dir.chmod(0o755)
        self.servers = []
        self.ports = {name: free_port() for name in ("server", "metrics", "admin", "outbound")}

    def tearDown(self):
        for one in self.servers:
            with contextlib.suppress(Exception):
                one.close()

    def server(self):
        self.servers.append(Server())
        return self.servers[-1]

    def file(self, name, text, mode=0o644):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def configure(self, **sections):
        """What every installation here has: a policy with its tests and data, state, audit log, listeners, a program behind it."""
        self.file("policy/authz.rego", POLICY)
        self.file("policy/authz_test.rego", POLICY_TEST)
        self.file("data.json", '{"public": "greet"}')
        self.file("work.sh", "#!/bin/sh\ncat\n", 0o755)
        self.file("state/tasks.journal", "", 0o600)
        self.file("audit/audit.log", "", 0o600)
        config = {
            "agent": {"name": "billing", "trust_domain": "corp.test", "environment": "development", "capabilities": [
                {"name": "greet", "description": "greets", "backend": {"type": "exec", "command": ["./work.sh"], "working_directory": "."}}]},
            "authorization": {"policy_dir": "policy", "data_files": ["data.json"], "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.home}/audit/audit.log"}},
            "state": {"directory": "state"},
            "server": {"host": "127.0.0.1", "port": self.ports["server"], "admin": {"host": "127.0.0.1", "port": self.ports["admin"]}},
            "observability": {"metrics": {"host": "127.0.0.1", "port": self.ports["metrics"]}},
            "outbound": {"listen": f"127.0.0.1:{self.ports['outbound']}"}}
        for section, more in sections.items():
            config[section] = {**config[section], **more} if isinstance(config.get(section), dict) else more
        self.config = self.file("config.yaml", json.dumps(config))

    def own(self):
        if self.root:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", self.home], check=True)

    def look(self, env=None):
        """The checks that are not well, and whether all are."""
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self.root else {}
        ran = subprocess.run([self.binary, "doctor", self.config, "-o", "json", "-t", "1s"], capture_output=True, text=True, timeout=60, cwd=self.dir,
                             env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), **(env or {})}, **user)
        answer = json.loads(ran.stdout)
        if answer["kind"] == "Error":
            error = answer["data"]
            return [{"group": "error", "status": "failed", "text": error["message"], "code": error["code"], "fix": error.get("hint", "")}], ran.returncode
        return [c for c in answer["data"]["checks"] if c["status"] != "ok" and c["group"] != "clock"], ran.returncode

    def assert_well(self):
        faults, code = self.look(self.env)
        bad = [f for f in faults if f["status"] == "failed"]
        self.assertEqual(bad, [])

    def assert_named(self, what, names, code, status="failed"):
        """A line of that status with a code that fits, which names it."""
        faults, exit_code = self.look(self.env)
        fits = [f for f in faults if re.fullmatch(code, f["code"]) and f["status"] == status and all(n in f["text"] + f.get("fix", "") for n in names)]
        self.assertTrue(fits, f"{what}: no {status} line with {code} names {names}:\n" + "\n".join(map(str, faults)))
        self.assertTrue(all(f.get("fix") for f in fits), fits)
        if status == "failed":
            self.assertNotEqual(exit_code, 0, what)

    @contextlib.contextmanager
    def without(self, path):
        aside = path.with_name(path.name + ".aside")
        path.rename(aside)
        try:
            yield
        finally:
            aside.rename(path)

    @contextlib.contextmanager
    def locked(self, path):
        mode = path.stat().st_mode & 0o7777
        path.chmod(0)
        try:
            yield
        finally:
            path.chmod(mode)

    def take_away(self, path, gone, locked, names=None):
        """Removes it and, apart from that, its permissions; `None` = may be missing."""
        names = names or [str(path)]
        if gone:
            with self.subTest(removed=path.name), self.without(path):
                self.assert_named(f"{path} removed", names, gone)
        if locked:
            with self.subTest(locked=path.name), self.locked(path):
                self.assert_named(f"{path} locked", names, locked)

    def workload_api(self):
        """Somebody who issues our identity: the Workload API of `agentweave dev`."""
        issuer = self.dir / "issuer"
        (issuer / "policy").mkdir(parents=True)
        (issuer / "policy/authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := false\n")
        (issuer / "dev.yaml").write_text(json.dumps({
            "agent": {"name": "billing", "trust_domain": "corp.test", "environment": "development",
                      "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "dev"}, "observability": {"metrics": {"enabled": False}},
            "authorization": {"policy_dir": str(issuer / "policy"), "audit": {"destination": f"file://{issuer}/audit.log"}}}))
        api = self.home / "api.sock"
        peer = free_port()
        if self.root:  # it answers its own user only
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", issuer, self.home], check=True)
        us = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if self.root else []
        dev = self.start("issuer", [*us, self.binary, "dev", issuer / "dev.yaml", "--socket", api, "--set", f"server.port={peer}", "--set", "server.admin.enabled=false"])
        wait_for("the Workload API", lambda: "listening" in dev.out() + dev.err(), 30)
        return dev, api, peer

    # -----------------------------------------------------------------------------------------------------------------
    def test_files_and_directories(self):
        """every file, directory and program the installation names is named by doctor when it or its permission is gone"""
        authority = Authority(self.dir, "corp")
        cert, key = authority.issue("billing", "spiffe://corp.test/agent/billing")
        names = {"cert.pem": cert, "key.pem": key, "ca.pem": authority.cert}
        for name, source in names.items():
            shutil.copy(source, self.home / name) if self.home.exists() else None
        (self.home / "key.pem").chmod(0o600)
        self.file("collector-ca.pem", authority.cert.read_text())
        self.file("card.key", (self.home / "key.pem").read_text(), 0o600)
        self.file("token", "s3cr3t\n", 0o600)
        self.file("next/authz.rego", POLICY)
        collector = self.server()
        self.configure(
            identity={"provider": "mtls-static", "certificate_path": "cert.pem", "private_key_path": "key.pem", "ca_cert_path": "ca.pem",
                      "on_svid_update": ["true"]},
            secrets={"values": [{"name": "token", "from": "file", "file": "token"}, {"name": "word", "from": "env", "variable": "WORD"},
                                {"name": "pin", "from": "exec", "command": ["./pin.sh"]}]},
            a2a={"card": {"signing_keys": ["card.key"]}},
            run={"environment": ["A=${secret:token}", "B=${secret:word}", "C=${secret:pin}"]})
        config = json.loads(self.config.read_text())
        config["observability"]["tracing"] = {"endpoint": collector.url, "ca_path": "collector-ca.pem"}
        config["authorization"]["shadow"] = {"policy_dir": "next", "data_files": ["data.json"], "policy_path": "agentweave/authz/allow"}
        self.config = self.file("config.yaml", json.dumps(config))
        self.file("pin.sh", "#!/bin/sh\necho 1234\n", 0o755)
        self.own()
        self.env = {"WORD": "w"}
        self.assert_well()
        for name, gone, locked in (
                ("config.yaml", "AW100.", "AW100."),
                ("policy", "AW1008", "AW1008"), ("policy/authz.rego", "AW.*", "AW.*"), ("data.json", "AW1008", "AW1008"),
                ("next", "AW1008", "AW1008"),
                ("cert.pem", "AW1008", "AW1008"), ("ca.pem", "AW1008", "AW1008"), ("key.pem", "AW501[34]", "AW5014"),
                ("collector-ca.pem", "AW1008", "AW1008"), ("card.key", "AW1008", "AW1008"),
                ("work.sh", "AW1008", "AW1008"),
                ("state", None, "AW8008"), ("state/tasks.journal", None, "AW8008"),
                ("audit", None, "AW6001"), ("audit/audit.log", None, "AW6001"),
                ("token", "AW610.", "AW610."), ("pin.sh", "AW610.", "AW610.")):
            # A directory of policies needs no file of a certain name: it is the directory that has none.
            self.take_away(self.home / name, gone, locked, ["policy" if name == "policy/authz.rego" else name])
        with self.subTest("a variable that holds a secret"):
            self.env = {}
            self.assert_named("WORD", ["WORD"], "AW610.")
            self.env = {"WORD": "w"}
        with self.subTest("a key that others may read"):
            (self.home / "key.pem").chmod(0o644)
            self.assert_named("key.pem", ["key.pem", "chmod 600"], "AW5014")
            (self.home / "key.pem").chmod(0o600)
        with self.subTest("a place to make the state directory"):
            shutil.rmtree(self.home / "state")
            self.home.chmod(0o555)
            self.assert_named("home", [str(self.home)], "AW8008")
            self.home.chmod(0o755)
        with self.subTest("the way to the configuration"), self.locked(self.home):
            self.assert_named("home", [str(self.config), "namei"], "AW1008")
        with self.subTest("a bare program"):
            self.config.write_text(self.config.read_text().replace('["true"]', '["no-such-program"]'))
            self.assert_named("no-such-program", ["no-such-program", "identity.on_svid_update"], "AW1008")
        with self.subTest("an include"):
            self.config.write_text(json.dumps({"include": ["base.yaml"], **config}))
            self.assert_named("base.yaml", ["base.yaml"], "AW1009|AW1008")
            self.config.write_text(json.dumps(config))
        with self.subTest("a variable of the configuration"):
            self.config.write_text(json.dumps({**config, "outbound": {"listen": "127.0.0.1:${OUT}"}}))
            self.assert_named("OUT", ["OUT"], "AW1011")

    def test_who_is_around(self):
        """the Workload API, peers, services behind and beside it, and every port are named when they are missing or taken"""
        dev, api, peer = self.workload_api()
        backend, upstream, collector, siem, logs = (self.server() for _ in range(5))
        self.configure(identity={"provider": "spiffe", "spiffe_endpoint": f"unix://{api}"},
                       peers=[{"id": "spiffe://corp.test/agent/billing", "address": f"https://127.0.0.1:{peer}"}])
        config = json.loads(self.config.read_text())
        config["agent"]["capabilities"] += [
            {"name": "search", "description": "s", "backend": {"type": "http", "url": backend.url + "/search"}}, {"name": "more", "description": "m"}]
        config["server"]["upstream"] = upstream.url
        config["observability"]["tracing"] = {"endpoint": collector.url}
        config["authorization"]["audit"] = {"destinations": [f"file://{self.home}/audit/audit.log", siem.url + "/ingest"]}
        config["authorization"]["decision_logs"] = {"url": logs.url}
        self.config = self.file("config.yaml", json.dumps(config))
        self.own()
        self.env = {}
        self.assert_well()
        for name, port in self.ports.items():
            with self.subTest(taken=name), socket.socket() as holder:
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.bind(("127.0.0.1", port))
                holder.listen()
                self.assert_named(f"port of {name}", [str(port)], "AW8005")
        for server, names, code, status in (
                (backend, ["search", backend.url], "AW7005", "failed"), (upstream, ["server.upstream", upstream.url], "AW7005", "warning"),
                (collector, ["tracing", collector.url], "AW8003", "warning"), (siem, [siem.url], "AW6001", "warning"),
                (logs, ["decision_logs", logs.url], "AW8003", "warning")):
            with self.subTest(names=names):
                server.close()
                self.assert_named(str(names), names, code, status)
        with self.subTest("the Workload API's permission"), self.locked(api):
            self.assert_named("api.sock", [str(api)], "AW5003")
        with self.subTest("the peer and the Workload API"):
            dev.stop()
            self.assert_named("api.sock", [str(api)], "AW5003")

    def test_what_must_be_installed(self):
        """a library that cannot be loaded and a machine without certificate authorities are named, with what needs them"""
        _, api, _ = self.workload_api()
        collector = self.server()
        self.configure(identity={"provider": "spiffe", "spiffe_endpoint": f"unix://{api}"})
        plain = json.loads(self.config.read_text())
        traced = {**plain, "observability": {**plain["observability"], "tracing": {"endpoint": collector.url.replace("http:", "https:")}}}
        self.file("lib/libcurl.so.4", "")
        self.own()
        without_curl = {"LD_LIBRARY_PATH": str(self.home / "lib")}
        without_authorities = {"SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent"}
        self.env = {}
        self.assert_well()
        self.env = without_authorities
        self.assert_well()  # nothing asks them
        self.env = without_curl
        self.assert_named("libcurl", ["libcurl.so.4", "push", "apt install libcurl4"], "AW8009", "warning")
        self.config = self.file("config.yaml", json.dumps(traced))
        self.own()
        self.assert_named("libcurl", ["libcurl.so.4", "observability.tracing", "apt install libcurl4"], "AW8009")
        self.env = without_authorities
        self.assert_named("authorities", ["observability.tracing", "apt install ca-certificates"], "AW8009")

    def test_the_peer(self):
        """a peer that does not answer is named"""
        _, api, _ = self.workload_api()
        self.configure(identity={"provider": "spiffe", "spiffe_endpoint": f"unix://{api}"},
                       peers=[{"id": "spiffe://corp.test/agent/billing", "address": f"https://127.0.0.1:{free_port()}"}])
        self.own()
        self.env = {}
        self.assert_named("the peer", ["spiffe://corp.test/agent/billing"], "AW.*")

    def test_room_and_locks(self):
        """a file system without room, without a file to give or read-only, and files that another process holds, are named"""
        _, api, _ = self.workload_api()
        self.configure(identity={"provider": "spiffe", "spiffe_endpoint": f"unix://{api}"})
        self.own()
        self.env = {}
        self.assert_well()
        for name, key, code in (("audit/audit.log.lock", "authorization.audit.destination", "AW6001"), ("state/tasks.journal", "state.directory", "AW8008")):
            with self.subTest(held=name), open(self.file(name, "", 0o600), "r+") as holder:
                self.own()
                fcntl.flock(holder, fcntl.LOCK_EX)
                self.assert_named(name, [name, f"process {os.getpid()}", key], code)
        if not self.root:
            self.skipTest("needs root (mount)")
        place = self.home / "state"
        shutil.rmtree(place)
        place.mkdir()
        self.own()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1m,uid={NOBODY},gid={NOBODY}", "tmpfs", place], capture_output=True)
        if mounted.returncode:
            self.skipTest("nothing can be mounted here")
        try:
            self.assert_named("room", [str(place), "MiB are free"], "AW8008")
            subprocess.run(["mount", "-o", "remount,size=200m,nr_inodes=5", place], check=True)
            self.assert_named("files", [str(place), "inodes"], "AW8008")
            subprocess.run(["mount", "-o", "remount,ro", place], check=True)
            self.assert_named("read-only", [str(place), "Read-only", "findmnt"], "AW8008")
        finally:
            subprocess.run(["umount", place], check=True)

    def test_what_opa_must_hold(self):
        """an OPA that answers and has no policy there, or refuses us, is named: it would deny every request"""
        house.need("opa")
        _, api, _ = self.workload_api()
        self.configure(identity={"provider": "spiffe", "spiffe_endpoint": f"unix://{api}"})
        config = json.loads(self.config.read_text())
        self.env = {}

        def ask(port, **more):
            self.config = self.file("config.yaml", json.dumps({**config, "authorization": {
                "opa_endpoints": [f"http://127.0.0.1:{port}"], "policy_path": "agentweave/authz/allow", "audit": config["authorization"]["audit"], **more}}))
            self.own()
        ask(self.opa())
        self.assert_named("the policy", ["agentweave/authz/allow", "every request is denied"], "AW2005")
        # Rules without a default, none of which holds, are there all the same; so is a package that is asked whole.
        rules = self.dir / "rules.rego"
        rules.write_text('package agentweave.authz\nimport rego.v1\nallow if input.action == "greet"\n')
        port = self.opa(rules)
        for path in ("agentweave/authz/allow", "agentweave/authz"):
            with self.subTest(path):
                ask(port, policy_path=path)
                self.assert_well()
        refusing = self.server()  # it knows no POST
        ask(refusing.server_port)
        self.assert_named("an answer that is none", ["status 501"], "AW3010")
        locked = self.dir / "locked.rego"
        locked.write_text('package system.authz\nimport rego.v1\ndefault allow := false\nallow if input.identity == "sesame"\nallow if input.path == ["health"]\n')
        port = house.free_port()
        self.start("opa", [house.PEERS / "opa", "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error", "--disable-telemetry",
                           "--authentication=token", "--authorization=basic", locked, rules])
        wait_for("opa", lambda: house.plain(port, "/health")[0] == 200)
        ask(port)
        self.assert_named("the token", ["status 401", "authorization.opa_token"], "AW3010")
        ask(port, opa_token="sesame")
        self.assert_well()

    def test_decision_points(self):
        """OPA that does not answer, and the file that vouches for it, are named; so is a bundle and the key that signed it"""
        _, api, _ = self.workload_api()
        identity = {"provider": "spiffe", "spiffe_endpoint": f"unix://{api}"}
        port = free_port()
        self.configure(identity=identity)
        config = json.loads(self.config.read_text())
        remote = {"policy_path": "agentweave/authz", "audit": config["authorization"]["audit"]}
        self.file("opa-ca.pem", Authority(self.dir, "opa").cert.read_text())
        self.config = self.file("config.yaml", json.dumps({**config, "authorization": {**remote, "opa_endpoints": [f"https://127.0.0.1:{port}"], "opa_ca_path": "opa-ca.pem"}}))
        self.own()
        self.env = {}
        self.assert_named("OPA", [f"https://127.0.0.1:{port}"], "AW3010")
        self.take_away(self.home / "opa-ca.pem", "AW1008", "AW1008", ["opa-ca.pem"])
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.dir / "sign.key"], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", self.dir / "sign.key", "-pubout", "-out", self.home / "bundle.key"], check=True, capture_output=True)
        subprocess.run([BINARY, "policy", "build", self.home / "policy", "-o", self.home / "bundle.tar.gz", "--signing-key", self.dir / "sign.key"],
                       check=True, capture_output=True)
        self.config = self.file("config.yaml", json.dumps({**config, "authorization": {
            "audit": remote["audit"], "policy_path": "agentweave/authz/allow",
            "bundle": {"file": "bundle.tar.gz", "verification": {"public_key": "bundle.key", "algorithm": "ES256"}}}}))
        self.own()
        self.assert_well()
        self.take_away(self.home / "bundle.tar.gz", "AW1008", "AW1008", ["bundle.tar.gz"])
        self.take_away(self.home / "bundle.key", "AW1008", "AW1008", ["bundle.key"])
