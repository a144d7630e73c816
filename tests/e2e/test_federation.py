# SPDX-License-Identifier: Apache-2.0
"""Two trust domains: bundles from endpoints, added and removed while an agent runs; and the proxy for local tools."""
import http.server
import json
import shutil
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import house
from house import BINARY, Case, free_port, wait_for
from test_clients import Authority

POLICY = """package agentweave.authz
import rego.v1
default allow := false
allow if input.caller_spiffe_id in {"spiffe://eu.test/agent/client", "spiffe://us.test/agent/client"}
"""


class Endpoint:
    """A bundle endpoint: HTTPS with the certificate given, answers what `document` says now."""

    def __init__(self, cert, key, document):
        self.document = document

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                body = self.document() if callable(self.document) else self.document
                handler.send_response(200 if body else 500)
                handler.send_header("Content-Type", "application/json")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Domain:
    """A development identity: its Workload API, its client's files, its bundle as an endpoint would serve it."""

    def __init__(self, case, name):
        self.case, self.name, self.home = case, name, case.dir / name
        (self.home / "policy").mkdir(parents=True)
        (self.home / "policy/authz.rego").write_text(POLICY)
        self.api = self.home / "api.sock"
        config = {"agent": {"name": "a", "trust_domain": name, "environment": "development",
                            "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
                  "identity": {"provider": "dev"}, "observability": {"metrics": {"enabled": False}},
                  "authorization": {"policy_dir": str(self.home / "policy"), "audit": {"destination": f"file://{self.home}/issuer.log"}}}
        (self.home / "dev.yaml").write_text(json.dumps(config))
        dev = case.start(f"dev-{name}", [BINARY, "dev", self.home / "dev.yaml", "--socket", self.api, "--set", "server.port=0",
                                         "--set", "server.admin.enabled=false"])
        wait_for("the Workload API", lambda: "listening" in dev.out() + dev.err(), 30)

    def client(self):
        made = self.case.run_cli("svid", "fetch", "--socket", f"unix://{self.api}", "--as", "client", "--out", self.home / "id")
        self.case.assertEqual(made.returncode, 0, made.stderr)
        return house.Identity(self.home / "id/svid.pem", self.home / "id/svid.key", self.home / "id/bundle.pem")

    def bundle(self):
        shown = self.case.run_cli("bundle", "show", "--socket", f"unix://{self.api}", "--format", "spiffe")
        self.case.assertEqual(shown.returncode, 0, shown.stderr)
        return shown.stdout.encode()


class Federation(Case):
    def setUp(self):
        super().setUp()
        self.us, self.eu = Domain(self, "us.test"), Domain(self, "eu.test")
        self.web = Authority(self.dir, "web")
        made = self.web.issue("endpoint", "spiffe://web.test/endpoint")
        self.endpoint = Endpoint(*made, self.eu.bundle())
        self.addCleanup(self.endpoint.stop)
        self.processor = self.agent("processor", {
            "agent": {"name": "a", "trust_domain": "us.test", "environment": "development",
                      "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "spiffe", "spiffe_endpoint": f"unix://{self.us.api}",
                         "allowed_trust_domains": ["us.test", "eu.test"]},
            "authorization": {"policy_dir": str(self.us.home / "policy"), "policy_path": "agentweave/authz/allow"}})

    def federation(self, *words):
        return self.run_cli("federation", *words, "--config", self.processor.config_path, timeout=60)

    def add(self):
        return self.federation("add", "eu.test", "--url", f"https://localhost:{self.endpoint.port}/bundle", "--ca", self.web.cert)

    def asked_by_eu(self, identity):
        """The status of a call of eu.test's client, or why there was none."""
        try:
            return house.request(self.processor.port, identity, "POST", "/a2a/v1/tasks", {"task_type": "echo", "payload": {}})[0]
        except (OSError, ssl.SSLError) as refused:
            return type(refused).__name__

    def rows(self):
        shown = self.federation("status", "-o", "json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return {r["trust_domain"]: r for r in json.loads(shown.stdout)["data"]}

    def test_added_and_removed(self):
        """a domain is a stranger, is added from its endpoint, is served, survives a restart, is removed, is a stranger"""
        client = self.eu.client()
        client = house.Identity(client.cert, client.key, self.us.client().bundle)
        self.assertNotEqual(self.asked_by_eu(client), 200)
        self.assertEqual(set(self.rows()), {"us.test"})
        added = self.add()
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertIn("checked: bundle parses, 1 CAs", added.stdout)
        self.assertEqual(self.rows()["eu.test"]["state"], "ok")
        self.assertEqual(self.rows()["us.test"]["state"], "own")
        self.assertEqual(self.asked_by_eu(client), 200)
        self.assertNotEqual(self.add().returncode, 0)  # once
        self.processor.signal(house.SIGTERM)
        self.assertEqual(self.processor.child.wait(30), 0)
        self.endpoint.document = b""  # down: what was learned stands
        self.processor = self.agent("processor2", json.loads(self.processor.config_path.read_text()))
        wait_for("the failed renewal", lambda: self.rows()["eu.test"]["last_error"] != "")
        self.assertEqual(self.asked_by_eu(client), 200)
        # Two of theirs and one of ours are open: theirs go.
        theirs = [house.connect(self.processor.port, client) for _ in range(2)]
        ours = house.connect(self.processor.port, self.us.client())
        for one in (*theirs, ours):
            self.assertEqual(house.exchange(one, "GET", "/.well-known/agent-card.json")[0], 200)
        removed = self.federation("remove", "eu.test")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertRegex(removed.stdout, r"^closed 2 connections, members of eu.test are strangers; 1 policy files still mention it +\(audit seq \d+\)\n$")
        self.assertEqual([one.recv(1) for one in theirs], [b"", b""])
        self.assertEqual(house.exchange(ours, "GET", "/.well-known/agent-card.json")[0], 200)
        self.assertEqual(house.metric(self.processor.metrics_port, "agentweave_connections_distrusted_total"), 2)
        self.assertNotEqual(self.asked_by_eu(client), 200)
        self.assertEqual(set(self.rows()), {"us.test"})
        log = (self.dir / "processor-audit.log").read_text()
        self.assertIn("federation added: eu.test", log)

    def test_refused(self):
        """what is not allowed, not trusted, or not answering is not added"""
        nobody = self.federation("add", "ap.test", "--url", f"https://localhost:{self.endpoint.port}/", "--ca", self.web.cert)
        self.assertNotEqual(nobody.returncode, 0)
        self.assertIn("allowed_trust_domains", nobody.stderr)
        untrusted = self.federation("add", "eu.test", "--url", f"https://localhost:{self.endpoint.port}/")
        self.assertNotEqual(untrusted.returncode, 0)
        self.endpoint.document = b"<html>"
        self.assertNotEqual(self.add().returncode, 0)
        plain = self.federation("add", "eu.test", "--url", f"http://localhost:{self.endpoint.port}/")
        self.assertNotEqual(plain.returncode, 0)
        self.assertEqual(set(self.rows()), {"us.test"})

    def test_https_spiffe(self):
        """an endpoint that proves a SPIFFE ID is believed under the bootstrap bundle, and nobody else is"""
        identity = self.eu.client()
        (self.dir / "eu.json").write_bytes(self.eu.bundle())
        endpoint = Endpoint(identity.cert, identity.key, self.eu.bundle())
        self.addCleanup(endpoint.stop)

        def add(who, *more):
            return self.federation("add", "eu.test", "--url", f"https://localhost:{endpoint.port}/", "--profile", "https_spiffe",
                                   "--endpoint-id", who, *more)
        boot = ("--bootstrap", self.dir / "eu.json")
        self.assertNotEqual(add("spiffe://eu.test/agent/client").returncode, 0)
        self.assertNotEqual(add("spiffe://eu.test/agent/other", *boot).returncode, 0)
        good = add("spiffe://eu.test/agent/client", *boot)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("fingerprint sha256:", good.stderr)
        self.assertEqual(self.rows()["eu.test"]["source"], "https_spiffe")

    def test_proxy(self):
        """curl calls an agent through `agentweave proxy`: no files, the peer's policy decides, web pages are refused"""
        port = free_port()
        (self.dir / "peers.yaml").write_text(json.dumps({
            "agent": {"name": "tool", "trust_domain": "us.test", "environment": "development"},
            "peers": [{"id": "spiffe://us.test/agent/a", "address": f"https://127.0.0.1:{self.processor.port}"}]}))
        proxy = self.start("proxy", [BINARY, "proxy", "--listen", f"127.0.0.1:{port}", "--as", "client", "--socket",
                                     f"unix://{self.us.api}", "--config", self.dir / "peers.yaml"])
        wait_for("the proxy", lambda: "as spiffe://us.test/agent/client" in proxy.err(), 30)

        def call(body, **headers):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/agents/a/a2a/v1/tasks", json.dumps(body).encode(),
                                             {"Content-Type": "application/json", **headers})
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, json.loads(answer.read())
            except urllib.error.HTTPError as error:
                return error.code, json.loads(error.read())
        status, task = call({"task_type": "echo", "payload": {"n": 1}})
        self.assertEqual((status, task["result"]), (200, {"n": 1}))
        self.assertEqual(call({"task_type": "echo", "payload": {}}, Origin="https://evil.example")[0], 403)
        if shutil.which("curl"):
            told = subprocess.run(["curl", "-sS", f"http://127.0.0.1:{port}/agents/a/.well-known/agent-card.json"],
                                  capture_output=True, text=True, timeout=30)
            self.assertIn(f"http://127.0.0.1:{port}/agents/a", told.stdout)
        outside = self.run_cli("proxy", "--listen", "0.0.0.0:8081", "--socket", f"unix://{self.us.api}")
        self.assertNotEqual(outside.returncode, 0)
        self.assertIn("can be reached by other machines", outside.stderr)
        proxy.signal(house.SIGTERM)
        self.assertEqual(proxy.child.wait(20), 0, proxy.err())
