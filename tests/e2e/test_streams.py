# SPDX-License-Identifier: Apache-2.0
"""A thousand streams at once, on one core, in each binding."""
import os
import pathlib
import subprocess

from house import Case, free_port
from test_clients import CACHE, POLICY, Authority, installed

STREAMS = 1000


class Streams(Case):
    def test_a_thousand_streams_on_one_core(self):
        """1,000 streams are open together on an agent that has one core, and each sees its task's end: JSON-RPC, HTTP+JSON, gRPC"""
        installed()
        authority = Authority(self.dir, "a")
        cert, key = authority.issue("server", "spiffe://a.test/agent/workload")
        client = authority.issue("client", "spiffe://a.test/agent/client")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(POLICY)
        backend = free_port()
        agent = self.agent("workload", {
            "agent": {"name": "workload", "environment": "development", "trust_domain": "a.test", "capabilities": [
                {"name": "talk", "description": "talks", "timeout_seconds": 300, "backend": {"type": "http", "url": f"http://127.0.0.1:{backend}/"}}]},
            "identity": {"provider": "mtls-static", "certificate_path": str(cert), "private_key_path": str(key), "ca_cert_path": str(authority.cert)},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow"},
            "server": {"workers": 1, "max_concurrent_requests": STREAMS + 100, "request_timeout_seconds": 300},
            "a2a": {"max_tasks_per_caller": 4 * STREAMS}})
        for thread in pathlib.Path(f"/proc/{agent.child.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {min(os.sched_getaffinity(0))})
        ran = subprocess.run([CACHE / "go_streams/streams", f"localhost:{agent.port}", str(backend), *client, authority.cert],
                             capture_output=True, text=True, timeout=200)
        self.assertEqual(ran.stdout.splitlines(), [f"{binding} opened {STREAMS} ended {STREAMS}" for binding in ("jsonrpc", "rest", "grpc")],
                         ran.stderr[-2000:])
