# SPDX-License-Identifier: Apache-2.0
"""Real OPA beside the agent: every answer of a generated set is what `opa eval` says for the input the agent sent, remote and embedded."""
import http.server
import json
import random
import subprocess
import threading
import urllib.error
import urllib.request

import house
from house import PEERS, metric, need, plain, request, wait_for
from target import Backend, Target
import why

POLICIES = {
    "a boolean": "default allow := false\nallow if input.action in {\"a0\", \"a3\", \"a5\"}\n",
    "undefined": "allow if startswith(input.action, \"a1\")\n",
    "numbers": "default allow := false\nallow if input.context.params.n > 2\nallow if input.context.params.n == -1\n",
    "text": "default allow := false\nallow if regex.match(`^[a-m]`, input.context.params.s)\nallow if count(input.context.params.s) > 9\n",
    "nested": "default allow := false\nallow if {\n\tsome x in input.context.params.list\n\tx.ok == true\n}\n",
    "an object": "allow := {\"allow\": input.context.params.n > 0, \"reason\": \"counted\"}\n",
    "an object with deny": "allow := {\"allow\": true, \"deny\": input.context.params.n < 3}\n",
    "no boolean": "allow := \"true\" if input.context.params.n > 1\nelse := 1\n",
    "a set": "allow contains x if some x in input.context.params.list\n",
    "a conflict": "allow := true if input.context.params.n > 0\nallow := false if input.context.params.n > 2\n",
    "a default of true": "default allow := true\nallow := false if input.context.params.n < 2\n",
    "ids": "default allow := false\nallow if {\n\tinput.caller.path == \"/agent/client\"\n\tinput.caller_trust_domain == input.callee_trust_domain\n\tinput.context.params.n > 1\n}\n",
}
QUERY = ('[r | some c in data.cases; r := object.get({"v": v | v := data.agentweave.authz.allow with input as c}, "v", "no answer")]')
HEAD = "package agentweave.authz\n\nimport rego.v1\n\n"


def allows(value):
    """What product.md says an answer means."""
    if isinstance(value, dict):
        return value.get("allow") is True and value.get("deny", False) is False
    return value is True


class Answers(Target):
    """Between agent and OPA stands a proxy that writes down what was asked."""

    def setUp(self):
        need("opa")
        super().setUp()

    def bring_up(self, config):
        rego = self.dir / "remote.rego"
        rego.write_text(HEAD + POLICIES["a boolean"])
        self.opa_port = self.opa(rego)
        self.asked = asked = []
        opa_port = self.opa_port

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(json.loads(body)["input"])
                forward = urllib.request.Request(f"http://127.0.0.1:{opa_port}{self.path}", data=body, headers={"Content-Type": "application/json"})
                try:
                    with urllib.request.urlopen(forward, timeout=10) as answer:
                        status, text = answer.status, answer.read()
                except urllib.error.HTTPError as e:
                    status, text = e.code, e.read()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        self.addCleanup(proxy.shutdown)
        config["agent"]["capabilities"] = [{"name": f"a{i}", "description": "x", "backend": {"type": "builtin", "name": "echo"}} for i in range(12)]
        config["authorization"] = {"opa_endpoints": [f"http://127.0.0.1:{proxy.server_port}"], "policy_path": "agentweave/authz/allow", "cache_ttl_seconds": 0,
                                   "audit": {"destination": f"file://{self.dir}/target-audit.log"}}
        super().bring_up(config)

    def replace(self, text):
        listing = json.loads(plain(self.opa_port, "/v1/policies")[1])["result"]
        subprocess.run(["curl", "-sf", "-X", "PUT", "--data-binary", text, f"http://127.0.0.1:{self.opa_port}/v1/policies/{listing[0]['id']}"],
                       check=True, capture_output=True)

    def evaluate(self, command, rego, inputs):
        """The value for each input; "no answer" when undefined. One at a time where the policy contradicts itself."""
        cases, policy = self.dir / "cases.json", self.dir / "p.rego"
        policy.write_text(rego)
        cases.write_text(json.dumps({"cases": inputs}))
        done = subprocess.run([*command, "-d", str(policy), "-d", str(cases), QUERY, "--format", "json"], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
        if len(inputs) == 1:
            return ["an error"]
        return [self.evaluate(command, rego, [one])[0] for one in inputs]

    def test_generated(self):
        """180 generated calls over twelve policies: the agent allows exactly what `opa eval` allows, and the embedded engine says the same;
        of each denied one the trace names a rule and an expression, and its first near miss flips it"""
        reasons = 0
        choose = random.Random(20261127)
        words = ["", "alpha", "zebra", "Ä", "\u4e2d\u6587", "a\"b", "line\nbreak", "m" * 20, "\U0001f600"]
        for name, body in POLICIES.items():
            rego = HEAD + body
            self.replace(rego)
            del self.asked[:]
            got = []
            for _ in range(15):
                params = {"n": choose.choice([-1, 0, 1, 2, 3, 2.5, 1e3]), "s": choose.choice(words),
                          "list": [{"ok": choose.choice([True, False, "true", 1, None])} for _ in range(choose.randrange(4))]}
                status, _, text = request(self.port, self.client, "POST", "/a2a/v1/tasks", {"task_type": f"a{choose.randrange(12)}", "payload": params})
                self.assertIn(status, (200, 403), text)
                got.append(status == 200)
            self.assertEqual(len(self.asked), len(got))
            said = self.evaluate([str(PEERS / "opa"), "eval"], rego, self.asked)
            ours = self.evaluate([house.BINARY, "policy", "eval"], rego, self.asked)
            for asked, allowed, theirs, mine in zip(self.asked, got, said, ours, strict=True):
                with self.subTest(name, input=asked):
                    self.assertEqual(allowed, allows(theirs), theirs)
                    self.assertEqual(mine, theirs)
                # A conflict has no reason but itself, and these two never give a boolean.
                if not allowed and theirs != "an error" and name not in ("no boolean", "a set"):
                    with self.subTest(name, why=asked):
                        flipped, change = why.check_denied(self, rego, asked)
                        self.assertTrue(flipped, change)
                        reasons += 1
        self.assertGreater(reasons, 40)
        self.assertGreater(metric(self.agent_.metrics_port, "agentweave_authz_allowed_total"), 20)
        self.assertGreater(metric(self.agent_.metrics_port, "agentweave_authz_denied_total"), 20)


class OneDown(Target):
    """S5: what people see while OPA is away."""

    def setUp(self):
        need("opa")
        super().setUp()

    def bring_up(self, config):
        rego = self.dir / "remote.rego"
        rego.write_text(HEAD + "default allow := false\nallow if input.action == \"work\"\n")
        self.rego = rego
        self.ports = [self.opa(rego) for _ in range(3)]
        config["authorization"] = {"opa_endpoints": [f"http://127.0.0.1:{p}" for p in self.ports], "failover_strategy": "round_robin",
                                   "policy_path": "agentweave/authz/allow", "cache_ttl_seconds": 0, "timeout": 3,
                                   "circuit_breaker": {"failure_threshold": 5, "success_threshold": 2, "timeout": 1},
                                   "audit": {"destination": f"file://{self.dir}/target-audit.log"}}
        super().bring_up(config)

    def state(self, endpoint, state):
        return metric(self.agent_.metrics_port, "agentweave_authz_circuit_breaker_state", endpoint=f"http://127.0.0.1:{self.ports[endpoint]}", state=state)

    def test_s5(self):
        """S5: two die, the third serves; all dead: 503 AW3010 with Retry-After, all of it audited; two good probes close the breaker"""
        self.assertEqual(self.call()[0], 200)
        for dead in (0, 1):
            self.opa_down(self.ports[dead])
        for _ in range(20):
            self.assertEqual(self.call()[0], 200)
        self.assertEqual((self.state(0, "open"), self.state(1, "open"), self.state(2, "open")), (1, 1, 0))
        self.assertEqual(self.state(2, "closed"), 1)
        self.opa_down(self.ports[2])
        before = len(Backend.seen)
        refused = [self.call() for _ in range(12)]
        for status, headers, body in refused:
            error = json.loads(body)["error"]
            self.assertEqual((status, error["code"], error["reason"], error["retryable"]), (503, "AW3010", "pdp_unavailable", True))
            self.assertGreaterEqual(int(headers["retry-after"]), 1)
        self.assertEqual(len(Backend.seen), before)
        self.assertEqual(self.state(2, "open"), 1)
        self.assertEqual(metric(self.agent_.metrics_port, "agentweave_authz_circuit_breaker_state", endpoint=f"http://127.0.0.1:{self.ports[2]}", state="closed"), 0)
        self.assertIn("[-]policy", plain(self.agent_.metrics_port, "/readyz?verbose")[1])
        self.assertEqual(plain(self.agent_.metrics_port, "/readyz")[0], 200)  # readiness stays up by policy
        denied = [r for r in house.audit_records(self.agent_.audit_path) if r.get("code") == "AW3010"]
        self.assertEqual(len(denied), 12)
        self.opa(self.rego, port=self.ports[0])
        wait_for("allowed again", lambda: self.call()[0] == 200, 15, every=0.2)
        wait_for("closed again", lambda: self.call()[0] == 200 and self.state(0, "closed") == 1, 15, every=0.2)
        verified = self.run_cli("audit", "verify", self.agent_.audit_path)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_answers_that_are_none(self):
        """OPA's port taken by something that answers rubbish, hangs or cuts off: never an allow, always 503 or 403"""
        self.agent_.stop()
        rubbish = {"nothing": b"", "HTML": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<html>true</ht", "no result": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                   "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"result\":true}", "half a header": b"HTTP/1.1 200", "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 15\r\n\r\n{\"result\":true}",
                   "an error with a result": b"HTTP/1.1 500 X\r\nContent-Length: 15\r\n\r\n{\"result\":true}", "text": b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"result\":\"true\"}",
                   "two bodies": b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nContent-Length: 15\r\n\r\n{\"result\":false}", "duplicate members": b"HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{\"result\":false,\"result\":true} ",
                   "not JSON": b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{'result':True}"}
        state = {"answer": b""}
        import socketserver

        class Liar(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(65536)
                self.request.sendall(state["answer"])

        liar = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Liar)
        threading.Thread(target=liar.serve_forever, daemon=True).start()
        self.addCleanup(liar.shutdown)
        self.config["authorization"]["opa_endpoints"] = [f"http://127.0.0.1:{liar.server_address[1]}"]
        self.config["authorization"]["circuit_breaker"]["failure_threshold"] = 1000
        Target.bring_up(self, self.config)
        for name, answer in rubbish.items():
            with self.subTest(name):
                state["answer"] = answer
                self.assertIn(self.call()[0], (403, 503))
        self.assertEqual(Backend.seen, [])
        state["answer"] = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"result\":true}"
        self.assertEqual(self.call()[0], 200)
