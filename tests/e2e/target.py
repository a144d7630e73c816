# SPDX-License-Identifier: Apache-2.0
"""One agent to attack: the embedded development identity (no peers needed) and a real HTTP backend that remembers."""
import contextlib
import http.server
import ssl
import struct
import threading

import house
from house import Case, audit_records, connect, request

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class Backend(http.server.BaseHTTPRequestHandler):
    seen = []
    gate = None  # an Event that holds every answer back

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Backend.seen.append((dict(self.headers), body))
        if Backend.gate is not None:
            Backend.gate.wait(30)
        with contextlib.suppress(ConnectionError):  # some callers do not wait
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"ok":true}')

    def log_message(self, *args):
        pass


class Target(Case):
    """One agent on the embedded development identity (no peers needed), one real HTTP backend behind it."""

    def setUp(self):
        super().setUp()
        Backend.seen, Backend.gate = [], None
        self.backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
        threading.Thread(target=self.backend.serve_forever, daemon=True).start()
        self.addCleanup(self.backend.shutdown)
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(
            'package agentweave.authz\nimport rego.v1\ndefault allow := false\n'
            'allow if {\n  endswith(input.caller_spiffe_id, "/client")\n  input.action == "work"\n}\n')
        self.work = self.dir / "w"
        self.work.mkdir()
        socket_path = self.work / "agent.sock"
        config = {
            "agent": {"name": "target", "trust_domain": "attack.test", "environment": "development",
                      "capabilities": [{"name": name, "description": "x", "backend": {"type": "http", "url": f"http://127.0.0.1:{self.backend.server_port}/{name}"}}
                                       for name in ("work", "secret")]},
            "identity": {"provider": "dev", "dev": {"socket": str(socket_path)}},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.dir}/target-audit.log"}},
            "server": {"limits": {"head_timeout": 2, "body_timeout": 2, "handshake_timeout": 2}, **self.server_settings},
            "state": {"directory": str(self.dir / "state")},
        }
        self.socket_path = socket_path
        self.bring_up(config)

    server_settings = {}

    def bring_up(self, config):
        """Starts the agent (again) and takes a client identity from its issuer, which lives in it."""
        self.config = config
        self.agent_ = self.agent("target", config, args=["--env", "development"])
        self.port = self.agent_.port
        made = self.run_cli("svid", "fetch", "--socket", f"unix://{self.socket_path}", "--as", "client", "--out", self.dir / "id")
        assert made.returncode == 0, made.stderr
        self.client = house.Identity(self.dir / "id/svid.pem", self.dir / "id/svid.key", self.dir / "id/bundle.pem")

    def call(self, action="work", headers=None):
        return request(self.port, self.client, "POST", "/a2a/v1/tasks", {"task_type": action, "payload": {}}, headers)

    def raw(self, data, identity=None, alpn=("http/1.1",), read=True, timeout=6):
        """Sends bytes as they are and returns everything that comes back until the end."""
        tls = connect(self.port, identity or self.client, alpn=alpn, timeout=timeout)
        answer = b""
        try:
            tls.sendall(data)
            while read:
                part = tls.recv(65536)
                if not part:
                    break
                answer += part
        except (OSError, ssl.SSLError):
            pass
        finally:
            tls.close()
        return answer

    def check_well(self):
        """The agent still serves, and every dispatch that happened has its allow in the audit log."""
        self.assertEqual(self.call()[0], 200)
        self.assertTrue(self.agent_.alive())
        allowed = [r for r in audit_records(self.agent_.audit_path)
                   if r.get("event_type") == "AUTH_CHECK" and r.get("decision") == "allow" and r.get("action") == "work"]
        self.assertEqual(len(Backend.seen), len(allowed))

    def h2(self, data, seconds=6):
        return self.raw(data, alpn=("h2",), timeout=seconds)
