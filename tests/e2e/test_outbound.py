# SPDX-License-Identifier: Apache-2.0
"""An agent's own calls, and an A2A server behind an agent: plain HTTP in, mutual TLS out, the same gates in both directions."""
import json
import subprocess
import urllib.error
import urllib.request

import house
from house import Case, audit_records, free_port
from test_clients import Authority

POLICY = """package agentweave.authz
import rego.v1
default allow := false
allow if input.direction == "inbound"
allow if {
    input.direction == "outbound"
    input.callee_spiffe_id == "spiffe://a.test/agent/worker"
    input.action in {"echo", "get_card", "get_task"}
}
"""


def post(url, body, headers=None):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.loads(error.read())


def message(text, skill):
    return {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {
        "message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": text}], "metadata": {"skill": skill}}}}


class Outbound(Case):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.dir, "a")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(POLICY)
        worker_port, self.out = free_port(), free_port()
        peers = [{"id": "spiffe://a.test/agent/worker", "address": f"https://127.0.0.1:{worker_port}"},
                 {"id": "spiffe://a.test/agent/impostor", "address": f"https://127.0.0.1:{worker_port}"},
                 {"id": "spiffe://a.test/agent/nobody", "address": f"https://127.0.0.1:{free_port()}"}]
        self.worker = self.agent("worker", self.config("worker", [
            {"name": "echo", "description": "echoes", "backend": {"type": "builtin", "name": "echo"}}], server={"port": worker_port}))
        self.front = self.agent("front", self.config("front", [
            {"name": "echo", "description": "passes it on", "backend": {"type": "a2a", "url": f"http://127.0.0.1:{self.out}/agents/worker"}}],
            peers=peers, outbound={"listen": f"127.0.0.1:{self.out}"}, server={}))
        self.base = f"http://127.0.0.1:{self.out}/agents/"

    def config(self, name, capabilities, **more):
        cert, key = self.authority.issue(name, f"spiffe://a.test/agent/{name}")
        return {"agent": {"name": name, "environment": "development", "trust_domain": "a.test", "capabilities": capabilities},
                "identity": {"provider": "mtls-static", "certificate_path": str(cert), "private_key_path": str(key),
                             "ca_cert_path": str(self.authority.cert)},
                "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                                  "audit": {"destination": f"file://{self.dir}/{name}-audit.log"}}, **more}

    def test_libraries(self):
        """an agent that has sent no webhook has not loaded libcurl and the two dozen libraries that come with it"""
        with open(f"/proc/{self.worker.child.pid}/maps") as maps:
            self.assertNotIn("libcurl", maps.read())

    def test_gates_of_the_way_out(self):
        """the peer sees us, policy sees the peer, both are on record; others are refused"""
        trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
        status, headers, answer = post(self.base + "worker/rpc", message("hi", "echo"), {"traceparent": trace})
        self.assertEqual((status, answer["result"]["task"]["status"]["state"]), (200, "TASK_STATE_COMPLETED"), answer)
        out = [r for r in audit_records(self.front.audit_path) if r.get("direction") == "outbound"][-1]
        came = [r for r in audit_records(self.worker.audit_path) if r.get("action") == "echo"][-1]
        self.assertEqual((out["decision"], out["callee_spiffe_id"]), ("allow", "spiffe://a.test/agent/worker"))
        self.assertEqual(came["caller_spiffe_id"], "spiffe://a.test/agent/front")
        self.assertEqual({out["trace_id"], came["trace_id"]}, {trace.split("-")[1]})

        before = len(audit_records(self.worker.audit_path))
        for url, body, more in ((self.base + "worker/rpc", message("hi", "delete_all"), {}),        # not this action
                                (self.base + "impostor/rpc", message("hi", "echo"), {}),            # not this callee
                                (self.base + "worker/rpc", message("hi", "echo"), {"Origin": "https://evil.example"})):
            status, headers, answer = post(url, body, more)
            self.assertEqual(status, 403, answer)
        status, _, answer = post(f"http://127.0.0.1:{self.out}/rpc", message("hi", "echo"))  # to nobody
        self.assertEqual((status, "AW3004" in json.dumps(answer)), (403, True), answer)
        self.assertEqual(len(audit_records(self.worker.audit_path)), before, "the peer heard of a refused call")
        denied = [r for r in audit_records(self.front.audit_path) if r.get("direction") == "outbound" and r["decision"] == "deny"]
        self.assertGreaterEqual(len(denied), 4)
        # What cannot be read is refused by the same rule: nothing goes without its record.
        status, headers, _ = post(self.base + "worker/rpc", {"jsonrpc": "2.0", "id": 1, "method": "no/such", "params": {}})
        records = {r.get("decision_id"): r for r in audit_records(self.front.audit_path)}
        record = records.get(headers.get("x-agentweave-decision-id"))
        self.assertIsNotNone(record, "a refused call has no record")
        self.assertEqual((record["decision"], record["direction"]), ("deny", "outbound"))

    def test_the_peer_must_be_the_one(self):
        """whoever answers at the address with another SPIFFE ID gets nothing"""
        (self.dir / "policy/authz.rego").write_text(POLICY.replace("agent/worker", "agent/impostor"))
        house.wait_for("the policy to be taken over", lambda: post(self.base + "impostor/rpc", message("hi", "echo"))[0] != 403)
        before = len(audit_records(self.worker.audit_path))
        status, _, answer = post(self.base + "impostor/rpc", message("hi", "echo"))
        self.assertEqual((status, len(audit_records(self.worker.audit_path))), (502, before), answer)
        token = (self.dir / "front-state/admin.token").read_text().strip()
        edges = json.loads(house.plain(self.front.admin_port, f"/map/snapshot?t={token}")[1])["edges"]
        self.assertIn(("spiffe://a.test/agent/front", "spiffe://a.test/agent/impostor", "refused_tls"), {(e["from"], e["to"], e["outcome"]) for e in edges})

    def test_card_and_call_through(self):
        """a card read through the listener leads back through it, and the command-line client follows it"""
        with urllib.request.urlopen(self.base + "worker/.well-known/agent-card.json") as answer:
            card = json.load(answer)
        self.assertTrue(all(i["url"].startswith(self.base + "worker") for i in card["supportedInterfaces"]), card["supportedInterfaces"])
        for binding in ("jsonrpc", "rest"):
            ran = self.run_cli("call", self.base + "worker", "echo", '{"n":1}', "--binding", binding)
            self.assertEqual((ran.returncode, ran.stdout), (0, '{"n":1}\n'), ran.stderr)
        streamed = self.run_cli("call", self.base + "worker", "echo", '{"n":2}', "--stream")
        self.assertTrue(streamed.returncode == 0 and streamed.stdout.endswith('{"n":2}\n'), streamed.stderr)

    def test_an_a2a_server_behind_an_agent(self):
        """mutual TLS in, this agent's own outbound listener as the A2A server behind it, mutual TLS out"""
        cert, key = self.authority.issue("client", "spiffe://a.test/agent/client")
        identity = house.Identity(cert, key, self.authority.cert)
        status, _, body = house.request(self.front.port, identity, "POST", "/rpc", message("through two agents", "echo"),
                                        expect="spiffe://a.test/agent/front")
        task = json.loads(body)["result"]["task"]
        self.assertEqual((status, task["status"]["state"]), (200, "TASK_STATE_COMPLETED"), body)
        self.assertIn("through two agents", json.dumps(task["artifacts"]))

    def test_only_this_machine(self):
        """a listener that other machines could reach is refused before anything is bound"""
        for listen in ("0.0.0.0:8081", ":8081"):
            path = self.dir / "open.yaml"
            path.write_text(json.dumps({**json.loads(self.front.config_path.read_text()), "outbound": {"listen": listen}}))
            ran = subprocess.run([house.BINARY, "serve", path], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(ran.returncode, 0, listen)
