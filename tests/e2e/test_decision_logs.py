# SPDX-License-Identifier: Apache-2.0
"""Decisions pushed to a service: beside what a real OPA sends to the same one."""
import gzip
import http.server
import json
import threading
import urllib.request

from house import PEERS, free_port, metric, need, wait_for
from target import Target


class Receiver(http.server.BaseHTTPRequestHandler):
    """A decision log service that can be told to refuse."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.server.refuses:
            events = json.loads(gzip.decompress(body))
            self.server.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, events))
        self.send_response(503 if self.server.refuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def receiver(case):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.refuses = [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    case.addCleanup(server.shutdown)
    return server


def events_of(server):
    return [event for _, _, events in server.got for event in events]


class DecisionLogs(Target):
    def bring_up(self, config):
        if not hasattr(self, "service"):
            self.service = receiver(self)
        config["authorization"]["decision_logs"] = {
            "url": f"http://127.0.0.1:{self.service.server_port}", "token": "t0ken",
            "reporting": {"min_delay_seconds": 0.05, "max_delay_seconds": 0.1}}
        config["authorization"]["decisions"] = {
            "masks": ["/input/method"], "mask_rules": [{"op": "upsert", "path": "/input/skill", "value": {"was": "here"}}]}
        super().bring_up(config)

    def test_pushed(self):
        """allowed and denied decisions arrive gzip'd, masked, with their ids; a service that refuses gets them later, and none is lost"""
        _, allowed, _ = self.call()
        _, denied, _ = self.call("secret")
        wait_for("two decisions", lambda: len(events_of(self.service)) >= 2)
        by_id = {event["decision_id"]: event for event in events_of(self.service)}
        yes, no = by_id[allowed["x-agentweave-decision-id"]], by_id[denied["x-agentweave-decision-id"]]
        self.assertEqual((yes["result"], no["result"]), (True, False))
        self.assertEqual(no["code"], "AW3001")
        self.assertNotIn("method", yes["input"])
        self.assertEqual(yes["input"]["skill"], {"was": "here"})
        self.assertEqual((yes["erased"], yes["masked"]), (["/input/method"], ["/input/skill"]))
        path, headers, _ = self.service.got[0]
        self.assertEqual((path, headers["content-encoding"], headers["authorization"]), ("/logs", "gzip", "Bearer t0ken"))
        self.service.refuses = True
        ids = [self.call()[1]["x-agentweave-decision-id"] for _ in range(5)]
        wait_for("a refusal", lambda: metric(self.agent_.metrics_port, "agentweave_decision_logs_upload_errors_total") > 0)
        self.service.refuses = False
        wait_for("all of them", lambda: set(ids) <= {event["decision_id"] for event in events_of(self.service)})
        self.assertEqual(metric(self.agent_.metrics_port, "agentweave_decision_logs_dropped_total"), 0)
        last = self.call()[1]["x-agentweave-decision-id"]
        self.assertEqual(self.agent_.stop(), 0)
        self.assertIn(last, {event["decision_id"] for event in events_of(self.service)})

    def test_same_shape_as_opa(self):
        """each member that OPA 1.22 sends has here the same name and type; the request has the same headers"""
        need("opa")
        opa_service = receiver(self)
        (self.dir / "mask.rego").write_text('package system.log\nmask contains "/input/secret"\n'
                                            'mask contains {"op": "upsert", "path": "/input/card", "value": "***"}\n')
        port = free_port()
        self.start("opa", [PEERS / "opa", "run", "-s", "--addr", f"127.0.0.1:{port}",
                           "--set", f"services.x.url=http://127.0.0.1:{opa_service.server_port}", "--set", "services.x.credentials.bearer.token=t0ken",
                           "--set", "decision_logs.service=x", "--set", "decision_logs.reporting.min_delay_seconds=1",
                           "--set", "decision_logs.reporting.max_delay_seconds=1", self.dir / "policy/authz.rego", self.dir / "mask.rego"])
        asked = json.dumps({"input": {"caller_spiffe_id": "x", "secret": "s", "card": "4"}}).encode()

        def ask():
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/data/agentweave/authz/allow", data=asked, timeout=2).status == 200
        wait_for("OPA", ask)
        self.call()
        wait_for("OPA's", lambda: events_of(opa_service))
        wait_for("ours", lambda: events_of(self.service))
        theirs, ours = events_of(opa_service)[0], next(e for e in events_of(self.service) if e["result"])
        self.assertEqual(theirs.pop("req_id"), 1)  # a number of OPA's own; ours is decision_id and trace_id
        for name, value in theirs.items():
            with self.subTest(name):
                self.assertIs(type(ours[name]), type(value))
        self.assertEqual(ours["path"], theirs["path"])
        self.assertLessEqual(theirs["labels"].keys(), ours["labels"].keys())
        self.assertTrue(ours["metrics"].keys() & theirs["metrics"].keys())
        for header in ("content-type", "content-encoding", "authorization"):
            self.assertEqual(self.service.got[0][1][header], opa_service.got[0][1][header])
        self.assertEqual(self.service.got[0][0], opa_service.got[0][0])
