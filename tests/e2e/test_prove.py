# SPDX-License-Identifier: Apache-2.0
"""S2 and S10: why a past decision was made, and whether the log can be trusted; on a bare machine, with `dev`'s identity."""
import http.server
import json
import re
import signal
import threading
import urllib.request

from house import BINARY, Case, audit_records, free_port, metric, need, request, wait_for
from test_handshake import DOMAIN, Authority


class Prove(Case):
    def begin(self, *settings):
        """The skeleton's agent, with its state and its audit log in files."""
        if not (self.dir / "hello").exists():
            self.assertEqual(self.run_cli("init", "hello", cwd=self.dir).returncode, 0)
        self.env = {"XDG_RUNTIME_DIR": str(self.dir)}
        self.log = self.dir / "audit.log"
        self.state = self.dir / "state"
        kept = [f"state.directory={self.state}", f"authorization.audit.destination=file://{self.log}", "server.port=0",
                "server.admin.port=0", "observability.metrics.port=0", *settings]
        dev = self.start("dev", [BINARY, "dev", *(word for setting in kept for word in ("--set", setting))],
                         cwd=self.dir / "hello", env=self.env)
        wait_for("the banner", lambda: "listening" in dev.out(), 30)
        return dev

    def call(self, action, payload="{}"):
        done = self.run_cli("call", "hello", action, payload, "--as", "client", env=self.env)
        found = re.search(r"(d-[0-9A-Z]{26})", done.stderr + done.stdout)
        return done.returncode, found and found.group(1)

    def bundle(self):
        out = self.dir / "bundle.pem"
        out.write_text(self.run_cli("bundle", "show", "--format", "pem",
                                    env=dict(self.env, SPIFFE_ENDPOINT_SOCKET=f"unix:{self.dir}/agentweave/agent.sock")).stdout)
        return out

    def test_s2_a_past_decision(self):
        """S2: the id from the 403 is explained by the policy of that time, after the policy changed and the agent ended"""
        dev = self.begin()
        code, decision = self.call("delete_all")
        self.assertEqual(code, 3)
        rules = self.dir / "hello/policy/authz.rego"
        (self.dir / "hello/policy/authz_test.rego").unlink()
        rules.write_text(rules.read_text().replace('"status"', '"status", "delete_all"'))
        wait_for("the new policy", lambda: self.call("delete_all")[0] != 3, 10)
        self.assertEqual(dev.stop(), 0)
        said = self.run_cli("authz", "explain", decision, "--state", self.state, env=self.env)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertRegex(said.stdout, r"same decision, 20\d\d-\S+Z, enforced at hello, peer 127\.0\.0\.1")
        self.assertRegex(said.stdout, r'✗ "delete_all" is not in \{"greet", "status"\}')
        self.assertIn('1. action "greet" instead of "delete_all"', said.stdout)
        listed = self.run_cli("authz", "decisions", "--state", self.state, "--action", "delete_all", "-o", "json", env=self.env)
        self.assertEqual([one["allowed"] for one in json.loads(listed.stdout)["data"]][-1], False)

    def test_s10_an_incident(self):
        """S10: verify, query, replay, graph; an edited copy fails with exit 7"""
        dev = self.begin()
        for _ in range(3):
            self.assertEqual(self.call("greet", '{"name":"Ada"}')[0], 0)
        for _ in range(2):
            self.assertEqual(self.call("delete_all")[0], 3)
        bundle = self.bundle()
        still = self.run_cli("audit", "verify", self.log, "--bundle", bundle, "--open")
        self.assertEqual(still.returncode, 0, still.stdout)
        self.assertEqual(self.run_cli("audit", "verify", self.log, "--bundle", bundle).returncode, 7)
        self.assertEqual(dev.stop(), 0)
        whole = self.run_cli("audit", "verify", self.log, "--bundle", bundle)
        self.assertEqual(whole.returncode, 0, whole.stdout)
        self.assertRegex(whole.stdout, r"\d+ records, 1 file, \d+ checkpoints signed by 1 SVID, sequence complete, no gap, no edit, "
                                       r"tail sealed \d\d:\d\d:\d\d\.\d\d\dZ      OK\nsigner spiffe://hello.test/agent/hello, ")
        counted = self.run_cli("audit", "query", "caller==spiffe://hello.test/agent/client && type==AUTH_CHECK", self.log,
                               "--group", "action,outcome").stdout
        self.assertRegex(counted, r"delete_all +2 +0 +2 ")
        self.assertRegex(counted, r"greet +3 +3 +0 ")
        candidate = self.dir / "next.rego"
        candidate.write_text('package agentweave.authz\nallow if input.action == "greet"\n')
        same = self.run_cli("authz", "replay", "--since", "8h", "--against", candidate, "--state", self.state)
        self.assertEqual((same.returncode, same.stdout), (0, "5 decisions   same 5   ALLOW→DENY 0   DENY→ALLOW 0\n"), same.stderr)
        candidate.write_text("package agentweave.authz\nallow if true\n")
        opened = self.run_cli("authz", "replay", "--since", "8h", "--against", candidate, "--state", self.state)
        self.assertEqual(opened.returncode, 6)
        self.assertIn("DENY→ALLOW 2", opened.stdout)
        self.assertIn("<svg ", self.run_cli("audit", "graph", self.log, "--since", "1h", "--format", "svg").stdout)
        copy = self.dir / "copy.log"
        copy.write_text(self.log.read_text().replace("delete_all", "greet", 1))
        edited = self.run_cli("audit", "verify", copy, "--bundle", bundle)
        self.assertEqual(edited.returncode, 7)
        self.assertRegex(edited.stdout, r"FAIL record \d+ \(\d\d:\d\d:\d\d\.\d+Z\): hash differs; \d+ records before it are good")

    def test_kill_9(self):
        """kill -9 under calls: store and audit log open again, and every answered call is in both"""
        answered = []
        for _ in range(2):
            dev = self.begin()
            for _ in range(4):
                answered.append(self.call("status")[1])
            dev.signal(signal.SIGKILL)
            wait_for("its end", lambda dev=dev: not dev.alive(), 10)
        dev = self.begin()
        self.assertEqual(dev.stop(), 0)
        listed = self.run_cli("authz", "decisions", "--state", self.state, "-n", "1000", "-o", "json", env=self.env)
        kept = {one["decision_id"] for one in json.loads(listed.stdout)["data"]}
        audited = {record.get("decision_id") for record in audit_records(self.log)}
        answered = [one for one in answered if one]  # on a busy machine a call may time out: that is no answer
        self.assertTrue(answered)
        self.assertLessEqual(set(answered), kept)
        self.assertLessEqual(set(answered), audited)

    def test_top(self):
        """top --once: who calls whom and with what luck, from the admin port of the agent that dev runs"""
        dev = self.begin()
        self.assertEqual(self.call("greet", '{"name":"Ada"}')[0], 0)
        self.assertEqual(self.call("delete_all")[0], 3)
        once = self.run_cli("top", "--once", env=self.env)
        self.assertEqual(once.returncode, 0, once.stderr)
        self.assertRegex(once.stdout, r"^127\.0\.0\.1:\d+  ready  \d+\.\d req/s  p99 ≤ \S+  in flight \d+  SVID \S+ left\nOPA  embedded ● breaker closed\n")
        self.assertRegex(once.stdout, r"\nCALLER +→ CALLEE +RPS +POLICY P99 +ALLOW +DENY +CLOSED\nclient +→ hello +\d+\.\d +\S+ +\d+% +1 +0\n$")
        data = json.loads(self.run_cli("top", "--once", "-o", "json", env=self.env).stdout)["data"][0]
        self.assertEqual((data["pairs"][0]["denied"], data["ready"], data["breakers"]), (1, True, [{"endpoint": "", "state": "closed"}]))
        self.assertEqual(dev.stop(), 0)
        self.assertEqual(self.run_cli("top", "--once", "--admin", f"http://127.0.0.1:{free_port()}/?t=x", env=self.env).returncode, 5)

    def test_admin_and_shadow(self):
        """the admin port tells decisions in OPA's shape; a shadow policy is told of and changes nothing"""
        self.run_cli("init", "hello", cwd=self.dir)
        shadow = self.dir / "shadow"
        shadow.mkdir()
        (shadow / "a.rego").write_text('package agentweave.authz\nallow if input.action == "delete_all"\n')
        dev = self.begin(f"authorization.shadow.policy_dir={shadow}")
        self.assertEqual(self.call("greet", '{"name":"Ada"}')[0], 0)
        self.assertEqual(self.call("delete_all")[0], 3)
        admin = re.search(r"admin (http://\S+)/\?t=(\S+)", dev.out())
        with urllib.request.urlopen(f"{admin[1]}/v1/data/system/decisions?t={admin[2]}", timeout=10) as answer:
            told = [one for one in json.load(answer)["result"] if one["input"].get("action")]
        self.assertEqual([one["input"]["action"] for one in told], ["delete_all", "greet"])
        self.assertEqual([one["shadow"]["says"] for one in told], ["would_allow", "would_deny"])
        self.assertEqual([one["result"] for one in told], [False, True])
        self.assertTrue(all(one["labels"]["id"] == "hello" and one["path"] for one in told))
        with urllib.request.urlopen(f"{admin[1]}/metrics?t={admin[2]}", timeout=10) as answer:
            metrics = answer.read().decode()
        self.assertIn('agentweave_authz_shadow_decisions_total{result="would_allow"} 1', metrics)
        self.assertEqual(dev.stop(), 0)


class Echo(http.server.BaseHTTPRequestHandler):
    """A backend that tells the headers it got."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({k.lower(): v for k, v in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class ProveListener(Case):
    """`doctor --prove` against the real listener."""

    def begin(self):
        backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        self.addCleanup(backend.shutdown)
        self.authority = Authority(self.dir / "ca")
        self.own = self.authority.issue("server", sans=f"URI:spiffe://{DOMAIN}/agent/target")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := true\n")
        return self.agent("target", {
            "agent": {"name": "target", "trust_domain": DOMAIN, "environment": "development",
                      "capabilities": [{"name": "echo", "description": "x",
                                        "backend": {"type": "http", "url": f"http://127.0.0.1:{backend.server_port}/echo"}}]},
            "identity": {"provider": "mtls-static", "certificate_path": self.own.cert, "private_key_path": self.own.key, "ca_cert_path": self.own.bundle},
            "authorization": {"policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.dir}/target-audit.log"}},
        }, args=["--env", "development"])

    def prove(self, agent, *more):
        return self.run_cli("doctor", "--prove", agent.config_path, "--env", "development", *more)

    def test_prove_listener(self):
        """doctor --prove: with its authority and an echo every attack on serve is refused; the signed report is genuine, an edited one is not"""
        agent = self.begin()
        report = self.dir / "proof.json"
        done = self.prove(agent, "--authority", self.authority.cert, "--authority-key", self.authority.key, "--echo", "echo", "--report", report, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        data = json.loads(done.stdout)["data"]
        self.assertEqual((data["accepted"], data["unclear"], data["not_observable"]), (0, 0, 0))
        self.assertGreaterEqual(data["refused"], 59)
        seen = {one["tried"]: one["seen"] for one in data["attacks"]}
        self.assertEqual(seen["expired certificate"], "alert certificate expired")
        self.assertEqual(seen["no client certificate"], "alert certificate required")
        self.assertEqual(seen["spoofed x-agentweave-caller"], f"the backend got spiffe://{DOMAIN}/agent/target instead")
        checked = self.run_cli("doctor", "--check-report", report, "--bundle", self.own.bundle)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertRegex(checked.stdout, rf"^genuine: signed 20\S+Z by spiffe://{DOMAIN}/agent/target")
        report.write_text(report.read_text().replace("TLS 1.2", "TLS 1.1"))
        self.assertEqual(self.run_cli("doctor", "--check-report", report, "--bundle", self.own.bundle).returncode, 7)
        # What was attempted is on the record, and the record is whole.
        self.assertTrue(any(r.get("decision") == "deny" for r in audit_records(agent.audit_path)))
        self.assertEqual(self.run_cli("audit", "verify", agent.audit_path).returncode, 0)

    def test_prove_says_what_it_cannot_see(self):
        """doctor --prove without an echo says that spoofed headers are not observable; a listener that is not there is exit 5"""
        agent = self.begin()
        done = self.prove(agent)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"– headers +spoofed x-agentweave-caller +not observable: ")
        self.assertRegex(done.stdout, r"\d+ attacks: \d+ refused, 0 accepted, 0 unclear, 2 not observable\n$")
        self.assertEqual(self.prove(agent, "--address", f"127.0.0.1:{free_port()}").returncode, 5)
        other = self.authority.issue("other", sans=f"URI:spiffe://{DOMAIN}/agent/other")
        elsewhere = self.prove(agent, "--set", f"identity.certificate_path={other.cert}", "--set", f"identity.private_key_path={other.key}")
        self.assertNotEqual(elsewhere.returncode, 0)
        self.assertIn("only our own is attacked", elsewhere.stderr)

    def test_prove_weakened(self):
        """doctor --prove names a gate that configuration opened (TLS 1.2 in development): exit 7, and the report says so"""
        agent = self.begin()
        agent.stop()
        config = json.loads(agent.config_path.read_text())
        config["transport"] = {"tls_min_version": "1.2"}
        weak = self.agent("weak", config, args=["--env", "development"])
        report = self.dir / "weak.json"
        done = self.prove(weak, "-q", "--report", report)
        self.assertEqual(done.returncode, 7, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"^ × tls +TLS 1\.2 +accepted: the handshake was finished with TLSv1\.2\n$")
        self.assertEqual(self.run_cli("doctor", "--check-report", report, "--bundle", self.own.bundle, "-q").returncode, 7)

class Outage(Case):
    """S5: OPA goes down, against real OPAs."""

    def test_s5_opa_goes_down(self):
        """S5: one OPA of two gone: its breaker opens and calls go on; both gone: fail closed with 503 AW3010, Retry-After, and doctor says which; back: served again"""
        need("opa")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := false\nallow if input.action == \"echo\"\n")
        first, second = self.opa(self.dir / "policy"), self.opa(self.dir / "policy")
        authority = Authority(self.dir / "ca")
        own, caller = authority.issue("server", sans=f"URI:spiffe://{DOMAIN}/agent/billing"), authority.issue("client", sans=f"URI:spiffe://{DOMAIN}/agent/planner")
        endpoints = [f"http://127.0.0.1:{port}" for port in (first, second)]
        agent = self.agent("billing", {
            "agent": {"name": "billing", "trust_domain": DOMAIN, "environment": "development",
                      "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "mtls-static", "certificate_path": own.cert, "private_key_path": own.key, "ca_cert_path": own.bundle},
            "authorization": {"opa_endpoints": endpoints, "policy_path": "agentweave/authz/allow", "failover_strategy": "priority", "cache_ttl_seconds": 0,
                              "circuit_breaker": {"failure_threshold": 2, "success_threshold": 1, "timeout": 1}},
        }, args=["--env", "development"])

        def call():
            return request(agent.port, caller, "POST", "/a2a/v1/tasks", {"task_type": "echo", "payload": {}})

        def breaker(endpoint, state):
            return metric(agent.metrics_port, "agentweave_authz_circuit_breaker_state", endpoint=endpoint, state=state) == 1
        self.assertEqual(call()[0], 200)
        top = self.run_cli("top", "--once", "--config", agent.config_path)
        self.assertEqual(top.returncode, 0, top.stderr)
        listed = "  ".join(f"{one} ● breaker closed" for one in sorted(endpoints))  # `top` lists them by name
        self.assertIn(f"\nOPA  {listed}\n", top.stdout)
        self.assertRegex(top.stdout, r"\nplanner +→ billing +\d+\.\d +\S+ +100% +0 +0\n")
        self.opa_down(first)
        wait_for("the first breaker to open, while calls go on", lambda: (call()[0] == 200) and breaker(endpoints[0], "open"))
        self.assertIn(f"{endpoints[0]} ○ breaker", self.run_cli("top", "--once", "--config", agent.config_path).stdout)
        self.opa_down(second)
        wait_for("fail closed", lambda: call()[0] == 503)
        status, headers, body = call()
        self.assertEqual((status, json.loads(body)["error"]["code"]), (503, "AW3010"))
        self.assertGreaterEqual(int(headers["retry-after"]), 1)
        doctor = self.run_cli("doctor", agent.config_path, "--env", "development")
        self.assertNotEqual(doctor.returncode, 0)
        self.assertRegex(doctor.stdout, r"× policy +0 of 2 OPA endpoints answer \(first: .*   explain AW3010")
        closed = json.loads(self.run_cli("top", "--once", "--config", agent.config_path, "-o", "json").stdout)["data"][0]
        self.assertGreaterEqual(closed["pairs"][0]["closed"], 2)
        self.opa(self.dir / "policy", port=first)
        wait_for("served again", lambda: call()[0] == 200, 20)
        denied = [r for r in audit_records(agent.audit_path) if r.get("decision") == "deny"]
        self.assertGreaterEqual(len(denied), 2)
        self.assertEqual(agent.stop(), 0)
