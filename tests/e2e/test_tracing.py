# SPDX-License-Identifier: Apache-2.0
"""Traces: what OpenTelemetry's own messages read of our exports, over two agents, and what a dead collector costs."""
import json
import pathlib
import socket
import urllib.request

import house
from house import Case, free_port
from test_clients import Authority
from test_outbound import POLICY, message

TRACE = "0123456789abcdef0123456789abcdef"


class Tracing(Case):
    def setUp(self):
        super().setUp()
        self.python = house.python_with("otlp-venv", "opentelemetry-proto==1.27.0")
        self.authority = Authority(self.dir, "a")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(POLICY)
        self.port = free_port()
        self.spans_path = self.dir / "spans.jsonl"

    def collector(self):
        self.start("collector", [self.python, pathlib.Path(__file__).parent / "otlp_receiver.py", str(self.port), self.spans_path])

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        house.wait_for("the collector", listens)

    def spans(self):
        return [json.loads(line) for line in self.spans_path.read_text().splitlines()] if self.spans_path.exists() else []

    def two_agents(self, **tracing):
        worker_port, out = free_port(), free_port()
        tracing = {"endpoint": f"http://127.0.0.1:{self.port}", "delay_milliseconds": 50, "headers": ["x-key=k1"], **tracing}
        self.worker = self.agent("worker", self.config("worker", tracing, [
            {"name": "echo", "description": "echoes", "backend": {"type": "builtin", "name": "echo"}}], server={"port": worker_port}))
        self.front = self.agent("front", self.config("front", tracing, [
            {"name": "echo", "description": "passes it on", "backend": {"type": "a2a", "url": f"http://127.0.0.1:{out}/agents/worker"}}],
            peers=[{"id": "spiffe://a.test/agent/worker", "address": f"https://127.0.0.1:{worker_port}"}],
            outbound={"listen": f"127.0.0.1:{out}"}, server={}))
        cert, key = self.authority.issue("client", "spiffe://a.test/agent/client")
        self.client = house.Identity(cert, key, self.authority.cert)

    def config(self, name, tracing, capabilities, **more):
        cert, key = self.authority.issue(name, f"spiffe://a.test/agent/{name}")
        return {"agent": {"name": name, "environment": "development", "trust_domain": "a.test", "capabilities": capabilities},
                "identity": {"provider": "mtls-static", "certificate_path": str(cert), "private_key_path": str(key),
                             "ca_cert_path": str(self.authority.cert)},
                "observability": {"tracing": tracing},
                "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                                  "audit": {"destination": f"file://{self.dir}/{name}-audit.log"}}, **more}

    def call(self, flags):
        status, _, body = house.request(self.front.port, self.client, "POST", "/rpc", message("hi", "echo"),
                                        {"traceparent": f"00-{TRACE}-0123456789abcdef-{flags}"},
                                        expect="spiffe://a.test/agent/front")
        self.assertEqual((status, json.loads(body)["result"]["task"]["status"]["state"]), (200, "TASK_STATE_COMPLETED"), body)

    def one_trace(self):
        def complete():
            return len([s for s in self.spans() if s["name"] == "handle_echo"]) == 2 and [
                s for s in self.spans() if s["name"] == "call_echo"]
        house.wait_for("both hops to be at the collector", complete)
        spans = [s for s in self.spans() if s["trace"] == TRACE]
        handled = {s["service"]: s for s in spans if s["name"] == "handle_echo"}
        front, worker = handled["agentweave-front"], handled["agentweave-worker"]
        call = next(s for s in spans if s["name"] == "call_echo")
        self.assertEqual((front["parent"], call["parent"], worker["parent"]), ("0123456789abcdef", front["id"], call["id"]))
        self.assertEqual((front["kind"], call["kind"]), ("SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"))
        self.assertEqual(worker["attributes"]["agent.caller.spiffe_id"], "spiffe://a.test/agent/front")
        self.assertEqual(front["key"], "k1")
        checks = [s for s in spans if s["name"].startswith("authz_check_")]
        self.assertEqual(sorted((s["service"], s["name"], s["attributes"]["authz.decision"]) for s in checks if s["parent"] in
                                (front["id"], call["id"], worker["id"])),
                         [("agentweave-front", "authz_check_inbound", "allow"),
                          ("agentweave-front", "authz_check_outbound", "allow"),
                          ("agentweave-worker", "authz_check_inbound", "allow")])

    def test_two_hops(self):
        """one trace over two agents, read with OpenTelemetry's own messages, as protobuf and as JSON"""
        self.collector()
        for protocol in ("http/protobuf", "http/json"):
            with self.subTest(protocol):
                self.spans_path.unlink(missing_ok=True)
                self.two_agents(protocol=protocol)
                self.call("01")
                self.one_trace()
                self.worker.stop()
                self.front.stop()

    def test_not_sampled(self):
        """what the caller does not keep is kept nowhere"""
        self.collector()
        self.two_agents()
        self.call("00")
        self.worker.stop()
        self.front.stop()
        self.assertEqual([s for s in self.spans() if s["trace"] == TRACE], [])

    def test_exemplars(self):
        """a scraper that asks for OpenMetrics gets trace ids with the durations of what is kept, and of nothing else"""
        self.collector()
        self.two_agents()
        self.call("00")
        self.assertNotIn("trace_id", self.openmetrics())
        self.call("01")
        told = self.openmetrics()
        self.assertRegex(told, r'(?m)^agentweave_request_duration_seconds_bucket\{[^}]*capability="echo"[^}]*\} 1?\d # \{trace_id="' + TRACE +
                         r'"\} [0-9.e-]+ \d{10}(\.\d{1,3})?$')
        self.assertTrue(told.endswith("# EOF\n"))
        self.assertNotIn("trace_id", house.plain(self.front.metrics_port, "/metrics")[1])

    def openmetrics(self):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.front.metrics_port}/metrics",
                                       headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.read().decode()

    def test_dead_collector(self):
        """a collector that is not there costs a counter: calls go on, and the agent ends in time"""
        self.two_agents()
        for _ in range(5):
            self.call("01")

        house.wait_for("the counter", lambda: house.metric(self.front.metrics_port, "agentweave_trace_spans_dropped_total",
                                                           reason="unsent") > 0, 60)
        self.assertEqual(self.front.stop(), 0)
