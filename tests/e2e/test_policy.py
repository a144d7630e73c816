# SPDX-License-Identifier: Apache-2.0
"""Authorization against real OPA servers: failover, breaker, fail closed, and the same answers as `opa eval`."""
import json
import signal
import subprocess

import house
from house import BINARY, Case, metric, plain, request, wait_for

REGO = """package agentweave.authz
import rego.v1
default allow := false
allow if input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
"""


class RemoteOpa(Case):
    def setUp(self):
        super().setUp()
        self.policy = self.dir / "authz.rego"
        self.policy.write_text(REGO)
        self.data = self.dir / "data.json"
        self.data.write_text(json.dumps({"allowed_callers": {"spiffe://a.test/workload": ["spiffe://a.test/workload"]}}))

    def build(self, endpoints, **authorization):
        self.spire_dir, endpoint = self.spire("s", "a.test", SVID_TTL=3600)
        self.client = self.fetch_svid(self.spire_dir, self.dir / "id")
        return self.agent("agent", {
            "agent": {"name": "workload", "trust_domain": "a.test",
                      "capabilities": [{"name": "echo", "description": "echo", "backend": {"type": "builtin", "name": "echo"}},
                                       {"name": "other", "description": "echo", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"spiffe_endpoint": endpoint},
            "authorization": {"opa_endpoints": endpoints, "policy_path": "agentweave/authz/allow", "cache_ttl_seconds": 0,
                              "circuit_breaker": {"failure_threshold": 5, "success_threshold": 2, "timeout": 2},
                              "audit": {"destination": f"file://{self.dir}/agent-audit.log"}, **authorization},
        })

    def call(self, agent, task_type="echo"):
        status, headers, body = request(agent.port, self.client, "POST", "/a2a/v1/tasks", {"task_type": task_type, "payload": {}})
        return status, headers, json.loads(body)

    def test_three_servers(self):
        """three OPAs: one, two, three killed: failover, then 503 with Retry-After, never an allow; recovery after two successes"""
        ports = [self.opa(self.policy, self.data) for _ in range(3)]
        agent = self.build([f"http://127.0.0.1:{p}" for p in ports], failover_strategy="round_robin")
        self.assertEqual(self.call(agent)[0], 200)
        for killed in (0, 1):
            self.opa_down(ports[killed])
            for _ in range(8):
                self.assertEqual(self.call(agent)[0], 200)
        self.opa_down(ports[2])
        answers = [self.call(agent) for _ in range(12)]
        self.assertEqual({a[0] for a in answers}, {503})
        self.assertTrue(all(int(a[1]["retry-after"]) >= 1 for a in answers))
        self.assertEqual({a[2]["error"]["code"] for a in answers}, {"AW3010"})
        self.assertEqual(metric(agent.metrics_port, "agentweave_authz_circuit_breaker_state", state="open") >= 1, True)
        self.assertEqual(plain(agent.metrics_port, "/readyz")[0], 200)
        self.assertIn("[-]policy", plain(agent.metrics_port, "/readyz?verbose")[1])
        self.opa(self.policy, self.data, port=ports[1])
        wait_for("allowed again", lambda: self.call(agent)[0] == 200, 10, every=0.2)
        for _ in range(4):
            self.call(agent)
        text = plain(agent.metrics_port, "/metrics")[1]
        self.assertIn('agentweave_authz_circuit_breaker_state', text)
        self.assertGreaterEqual(metric(agent.metrics_port, "agentweave_opa_errors_total"), 5)
        records = [r for r in house.audit_records(agent.audit_path) if r.get("action") == "echo"]
        self.assertEqual({r["decision"] for r in records if r.get("code") == "AW3010"}, {"deny"})
        self.assertEqual(len([r for r in records if r["decision"] == "deny"]) >= 12, True)

    def test_same_answers_as_opa_eval(self):
        """every answer equals what `opa eval` says for the same input: allowed, denied, undefined, an object, a string"""
        cases = {
            "allowed": (REGO, 200),
            "denied": (REGO.replace("spiffe_id in data", "spiffe_id in data.none"), 403),
            "undefined": ("package agentweave.authz\nimport rego.v1\nallow if input.action == \"nothing\"\n", 403),
            "object": ("package agentweave.authz\nimport rego.v1\nallow := {\"allow\": true, \"reason\": \"listed\"}\n", 200),
            "object with deny": ("package agentweave.authz\nimport rego.v1\nallow := {\"allow\": true, \"deny\": true}\n", 403),
            "a string": ("package agentweave.authz\nimport rego.v1\nallow := \"true\"\n", 403),
        }
        self.policy.write_text(cases["allowed"][0])
        port = self.opa(self.policy, self.data)
        agent = self.build([f"http://127.0.0.1:{port}"])
        for name, (text, wanted) in cases.items():
            with self.subTest(name):
                put = subprocess.run(["curl", "-sf", "-X", "PUT", "--data-binary", text, f"http://127.0.0.1:{port}/v1/policies/authz.rego"],
                                     capture_output=True)
                if put.returncode:  # the id OPA gave the file it loaded
                    listing = json.loads(plain(port, "/v1/policies")[1])["result"]
                    subprocess.run(["curl", "-sf", "-X", "PUT", "--data-binary", text,
                                    f"http://127.0.0.1:{port}/v1/policies/{listing[0]['id']}"], check=True, capture_output=True)
                status, _, body = self.call(agent)
                self.assertEqual(status, wanted, body)
                checked = self.run_cli("authz", "check", "--caller", "spiffe://a.test/workload", "--target", "spiffe://a.test/workload",
                                       "--action", "echo", "--opa-endpoint", f"http://127.0.0.1:{port}",
                                       "--policy-path", "agentweave/authz/allow", "-q")
                self.assertEqual(checked.returncode, 0 if wanted == 200 else 3, checked.stderr)


class Production(Case):
    def test_log_only_is_refused(self):
        """log-only in production: the FAQ's sentence to the letter, exit 4, before a port is bound"""
        path = self.dir / "config.yaml"
        path.write_text("agent:\n  name: x\n  trust_domain: a.test\n  capabilities: []\nauthorization:\n  provider: opa\n"
                        "  default_action: \"log-only\"\n")
        result = self.run_cli("serve", path, "--env", "production")
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertIn("Security violation: 'log-only' mode not allowed in production environment", result.stderr)


S2_POLICY = """package agentweave.authz

# Who may ask what of whom: the lists say.
# What is on none of them waits for the morning.

default allow := false

policy_id := "story-s2"


allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in data.actions[input.caller_spiffe_id]
}

# At daytime anybody may ask.
allow if { business_hours; input.action != "delete" }
business_hours if { hour := time.clock(time.parse_rfc3339_ns(input.timestamp))[0]; hour < 18 }
"""
PLANNER, BILLING = "spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/billing"
S2_DATA = {"allowed_callers": {BILLING: [PLANNER]}, "actions": {PLANNER: ["invoice", "status"]}}


class WhyWasIDenied(Case):
    """Story S2, as a person types it."""

    def setUp(self):
        super().setUp()
        self.policy = self.dir / "policy"
        self.policy.mkdir()
        (self.policy / "authz.rego").write_text(S2_POLICY)
        self.data = self.dir / "data.json"
        self.data.write_text(json.dumps(S2_DATA))

    def check(self, action, *more, provider=None):
        provider = provider or ["--policy", self.policy, "--data", self.data]
        return self.run_cli("authz", "check", "--caller", PLANNER, "--target", BILLING, "--action", action, "--input",
                            '{"timestamp": "2026-11-23T22:15:00Z"}', *provider, *more)

    def test_s2_embedded(self):
        """S2 with the embedded engine: marked lines, the smallest changes first, and the exit codes"""
        said = self.check("refund", "--trace")
        self.assertEqual(said.returncode, 3, said.stderr)
        lines = said.stdout.splitlines()
        self.assertRegex(lines[0], r"^DENIED   reason no_matching_rule   policy agentweave/authz @ sha256:....…  embedded  rule authz.rego:11  [\d.]+ ms$")
        self.assertEqual(lines[1:3], ["  authz.rego", "    11 │ allow if {"])
        self.assertRegex(lines[3], r"^    12 │   input.caller_spiffe_id in data.allowed_callers\[input.callee_spiffe_id\] +✓ planner is listed$")
        self.assertRegex(lines[4], r'^    13 │   input.action in data.actions\[input.caller_spiffe_id\] +✗ "refund" is not in \["invoice", "status"\]$')
        self.assertEqual(lines[5], "    14 │ }")
        self.assertRegex(lines[6], r'^    17 │ allow if \{ business_hours; input.action != "delete" \} +✗ line 18: hour = 22  · not reached$')
        flips = said.stdout[said.stdout.index("what would flip it (smallest first):"):].splitlines()
        self.assertEqual(flips[1:3], ['  1. data.actions["…/planner"] += "refund"', '  2. action "invoice" instead of "refund"'])
        self.assertEqual(self.check("invoice", "-q").returncode, 0)
        # What it says first, done: allowed.
        self.data.write_text(json.dumps({**S2_DATA, "actions": {PLANNER: ["invoice", "status", "refund"]}}))
        self.assertEqual(self.check("refund", "-q").returncode, 0)

    def test_s2_remote(self):
        """S2 with a real OPA: its own events, and its policies' lines marked by them"""
        port = self.opa(self.policy / "authz.rego", self.data)
        said = self.check("refund", "--trace", provider=["--opa-endpoint", f"http://127.0.0.1:{port}", "--policy-path", "agentweave/authz"])
        self.assertEqual(said.returncode, 3, said.stderr)
        self.assertRegex(said.stdout.splitlines()[0], rf"^DENIED .* OPA http://127.0.0.1:{port}")
        self.assertRegex(said.stdout, r"(?m)^    12 │   input.caller_spiffe_id in data.allowed_callers\[input.callee_spiffe_id\] +✓$")
        self.assertRegex(said.stdout, r"(?m)^    13 │   input.action in data.actions\[input.caller_spiffe_id\] +✗$")
        self.assertIn("✗ line 18:", said.stdout)
        self.assertIn("Enter data.agentweave.authz.allow", said.stdout)
        self.assertIn("Fail internal.member_2", said.stdout)


class PolicyTools(Case):
    def test_shipped_policies(self):
        """`policy test policies/`: the shipped policies pass their own tests, with at least 95 % of their lines covered"""
        tested = self.run_cli("policy", "test", house.REPOSITORY / "policies", "--threshold", "95", "-f", "json")
        self.assertEqual(tested.returncode, 0, tested.stdout[-2000:] + tested.stderr)
        self.assertGreaterEqual(json.loads(tested.stdout)["coverage"], 95)

    def test_watch(self):
        """`policy test --watch` runs again when a file changes, tells what broke, and ends on Ctrl-C"""
        folder = self.dir / "p"
        folder.mkdir()
        (folder / "a.rego").write_text("package a\n\nallow if input.x == 1\n")
        tests = folder / "a_test.rego"
        good = "package a_test\n\nimport data.a\n\ntest_one if a.allow with input as {\"x\": 1}\n"
        tests.write_text(good)
        watch = self.start("watch", [BINARY, "policy", "test", folder, "--watch"])
        wait_for("a first run", lambda: watch.out().count("PASS: 1/1") == 1, 20)
        tests.write_text(good.replace("\"x\": 1", "\"x\": 2"))
        wait_for("the failure", lambda: "FAIL: 1/1" in watch.out(), 20)
        tests.write_text(good + "\ntest_two if not a.allow with input as {}\n")
        wait_for("both", lambda: "PASS: 2/2" in watch.out(), 20)
        tests.write_text("package a_test\n\nnonsense {\n")
        wait_for("the fault", lambda: "rego_parse_error" in watch.err(), 20)
        watch.signal(signal.SIGINT)
        self.assertEqual(watch.child.wait(10), 130)
