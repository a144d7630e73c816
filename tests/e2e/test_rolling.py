# SPDX-License-Identifier: Apache-2.0
"""Two replicas behind a TCP balancer are replaced one after the other while callers call: no request fails."""
import contextlib
import json
import pathlib
import selectors
import socket
import threading

import house
from house import BINARY, Case, connect, exchange, plain, wait_for

POLICY = ('package agentweave.authz\nimport rego.v1\ndefault allow := false\n'
          'allow if {\n  endswith(input.caller_spiffe_id, "/client")\n  input.action == "echo"\n}\n')


class Balancer:
    """Passes connections to whichever replica said last that it is ready. One thread moves all bytes, one asks."""

    def __init__(self, replicas):
        self.replicas, self.turn, self.done = replicas, 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.ready = list(range(len(replicas)))
        self.threads = [threading.Thread(target=self.move, daemon=True), threading.Thread(target=self.ask, daemon=True)]
        for thread in self.threads:
            thread.start()

    def ask(self):
        while not self.done.wait(0.1):
            ready = []
            for index, replica in enumerate(self.replicas):
                with contextlib.suppress(OSError):
                    if plain(replica["metrics"], "/readyz", timeout=1)[0] == 200:
                        ready.append(index)
            self.ready = ready

    def admit(self, selector):
        near, _ = self.listener.accept()
        ready = self.ready or [0]
        self.turn += 1
        far = socket.create_connection(("127.0.0.1", self.replicas[ready[self.turn % len(ready)]]["port"]))
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(one, selectors.EVENT_READ, other)

    def move(self):
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ, None)
        while not self.done.is_set():
            for key, _ in selector.select(0.2):
                if key.data is None:
                    self.admit(selector)
                    continue
                data = b""
                with contextlib.suppress(OSError):
                    data = key.fileobj.recv(65536)
                with contextlib.suppress(OSError):
                    if data:
                        key.data.sendall(data)
                        continue
                    key.data.shutdown(socket.SHUT_WR)
                selector.unregister(key.fileobj)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


class Rolling(Case):
    def setUp(self):
        super().setUp()
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(POLICY)
        self.api = self.dir / "api.sock"
        issuer = {"agent": {"name": "echo", "trust_domain": "roll.test", "environment": "development",
                            "capabilities": [{"name": "status", "description": "x", "backend": {"type": "builtin", "name": "status"}}]},
                  "identity": {"provider": "dev"}, "observability": {"metrics": {"enabled": False}},
                  "authorization": {"policy_dir": "policy", "audit": {"destination": f"file://{self.dir}/issuer-audit.log"}}}
        (self.dir / "dev.yaml").write_text(json.dumps(issuer))
        api = self.start("issuer", [BINARY, "dev", "dev.yaml", "--socket", self.api, "--set", "server.port=0", "--set",
                                    "server.admin.enabled=false"], cwd=self.dir)
        wait_for("the Workload API", lambda: "listening" in api.out() + api.err(), 30)
        made = self.run_cli("svid", "fetch", "--socket", f"unix://{self.api}", "--as", "client", "--out", self.dir / "id")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.client = house.Identity(self.dir / "id/svid.pem", self.dir / "id/svid.key", self.dir / "id/bundle.pem")

    def replica(self, name):
        return self.agent(name, {
            "agent": {"name": "echo", "trust_domain": "roll.test", "environment": "development",
                      "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "spiffe", "spiffe_endpoint": f"unix://{self.api}"},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow"},
            "server": {"shutdown_delay_seconds": 1, "graceful_shutdown_seconds": 20}})

    def keep_calling(self, port, done, answered, failed):
        body = {"task_type": "echo", "payload": {"rows": 3}}
        while not done.is_set():
            try:
                with contextlib.closing(connect(port, self.client)) as tls:
                    close = ""
                    while close != "close" and not done.is_set():
                        status, headers, text = exchange(tls, "POST", "/a2a/v1/tasks", body)
                        close = headers.get("connection", "")
                        (answered if status == 200 else failed).append(f"{status} {text[:200]}")
            except Exception as lost:  # noqa: BLE001  any loss counts
                failed.append(repr(lost))

    def test_replacement(self):
        """rolling replacement of two replicas under load: every request is answered"""
        running = [self.replica("a0"), self.replica("b0")]
        places = [{"port": r.port, "metrics": r.metrics_port} for r in running]
        balancer = Balancer(places)
        self.addCleanup(balancer.stop)
        done, answered, failed = threading.Event(), [], []
        self.addCleanup(done.set)
        threads = [threading.Thread(target=self.keep_calling, args=(balancer.port, done, answered, failed), daemon=True) for _ in range(6)]
        for thread in threads:
            thread.start()
        for index, name in enumerate("ab"):
            wait_for("both are called", lambda: len(balancer.ready) == 2)
            before = len(answered)
            wait_for("load", lambda: len(answered) > before + 50)
            running[index].signal(house.SIGTERM)
            self.assertEqual(running[index].child.wait(30), 0, running[index].err()[-2000:])
            running[index] = self.replica(f"{name}1")
            places[index].update(port=running[index].port, metrics=running[index].metrics_port)
        wait_for("both are called", lambda: len(balancer.ready) == 2)
        before = len(answered)
        wait_for("load on the new ones", lambda: len(answered) > before + 50)
        done.set()
        for thread in threads:
            thread.join(20)
        print(f"      {len(answered)} answered, {len(failed)} failed")
        self.assertEqual(failed, [])
        for one in self.dir.glob("*-audit.log"):
            verified = self.run_cli("audit", "verify", pathlib.Path(one))
            self.assertEqual(verified.returncode, 0, verified.stderr)
