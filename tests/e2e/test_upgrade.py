# SPDX-License-Identifier: Apache-2.0
"""Two replicas replaced one after the other under load, as a Deployment or a blue/green switch does it: nothing fails."""
import os
import threading
import time

import house
from house import Case, connect, exchange, free_port, plain, wait_for
from test_clients import Authority

RATE = int(os.environ.get("AGENTWEAVE_UPGRADE_RATE", "500"))  # requests a second, all callers together
CALLERS = 8


class Endpoints:
    """What a cluster does between readiness and callers: who is ready is offered to callers, a moment later."""

    def __init__(self):
        self.replicas, self.offered = {}, []
        self.given, self.giving = {}, threading.Lock()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.done.wait(0.1):
            ready = []
            for port, probes in list(self.replicas.items()):
                try:
                    if plain(probes, "/readyz", timeout=2)[0] == 200:
                        ready.append(port)
                except OSError:
                    pass
            self.offered = ready

    def give(self):
        """Of those offered the one that was given least, as a balancer does it."""
        with self.giving:
            port = min(self.offered, key=lambda one: self.given.get(one, 0))
            self.given[port] = self.given.get(port, 0) + 1
            return port

    def stop(self):
        self.done.set()
        self.thread.join()


class Caller(threading.Thread):
    """Keeps a connection until it is told to close it, and asks at an even pace."""

    def __init__(self, endpoints, identity, stop):
        super().__init__(daemon=True)
        self.endpoints, self.identity, self.stop = endpoints, identity, stop
        self.good, self.bad, self.served = 0, [], set()
        self.tls, self.port = None, None

    def once(self):
        offered = self.endpoints.offered
        if self.tls is not None and self.port not in offered:
            self.tls.close()  # its replica is going: ask another
            self.tls = None
        if self.tls is None:
            self.port = self.endpoints.give()
            self.tls = connect(self.port, self.identity, expect="spiffe://a.test/agent/shop")
        status, headers, body = exchange(self.tls, "POST", "/a2a/v1/tasks", {"task_type": "echo", "payload": {"n": self.good}})
        if status != 200:
            raise AssertionError(f"{status} {body[:200]}")
        self.good += 1
        self.served.add(self.port)
        if headers.get("connection", "").lower() == "close":
            self.tls.close()
            self.tls = None

    def run(self):
        pace, due = CALLERS / RATE, time.monotonic()
        while not self.stop.is_set():
            try:
                self.once()
            except Exception as error:  # each one is a request that failed
                self.bad.append(f"port {self.port}: {error!r}")
                self.tls = None
            due = max(due + pace, time.monotonic() - 1)
            self.stop.wait(max(0.0, due - time.monotonic()))


class Upgrade(Case):
    def replica(self, name):
        port, probes = free_port(), free_port()
        return self.agent(name, {
            "agent": {"name": "shop", "environment": "development", "trust_domain": "a.test",
                      "capabilities": [{"name": "echo", "description": "echoes", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "mtls-static", "certificate_path": str(self.certificate), "private_key_path": str(self.key),
                         "ca_cert_path": str(self.authority.cert)},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.dir}/{name}-audit.log"}},
            "server": {"port": port, "shutdown_delay_seconds": 2, "graceful_shutdown_seconds": 20},
            "observability": {"metrics": {"host": "127.0.0.1", "port": probes}, "logging": {"level": "WARNING"}}})

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.dir, "a")
        self.certificate, self.key = self.authority.issue("shop", "spiffe://a.test/agent/shop")
        cert, key = self.authority.issue("client", "spiffe://a.test/agent/client")
        self.client = house.Identity(cert, key, self.authority.cert)
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := false\n"
                                                    'allow if input.caller_spiffe_id == "spiffe://a.test/agent/client"\n')
        self.endpoints, self.stop = Endpoints(), threading.Event()
        self.addCleanup(self.endpoints.stop)

    def add(self, name):
        replica = self.replica(name)
        self.endpoints.replicas[replica.port] = replica.metrics_port
        wait_for(f"{name} offered", lambda: replica.port in self.endpoints.offered)
        return replica

    def retire(self, replica):
        replica.signal(house.SIGTERM)
        self.assertEqual(replica.child.wait(40), 0, f"{replica.name} cut work off")
        del self.endpoints.replicas[replica.port]

    def load(self):
        callers = [Caller(self.endpoints, self.client, self.stop) for _ in range(CALLERS)]
        self.addCleanup(self.stop.set)
        for caller in callers:
            caller.start()
        return callers

    def some_more(self, callers, count):
        before = sum(c.good for c in callers)
        wait_for(f"{count} more requests", lambda: sum(c.good for c in callers) >= before + count, 60)

    def judge(self, callers, began, ports):
        self.stop.set()
        for caller in callers:
            caller.join(30)
        good, bad = sum(c.good for c in callers), [b for c in callers for b in c.bad]
        print(f"      {good} requests, {good / (time.monotonic() - began):.0f} a second, {len(bad)} failed")
        self.assertEqual(bad, [])
        served = set().union(*(c.served for c in callers))
        self.assertTrue(ports <= served, (ports, served))
        for log in self.dir.glob("*-audit.log"):
            verified = self.run_cli("audit", "verify", log)
            self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_rolling(self):
        """rolling: a new replica is ready, then an old one drains, twice, under load: 0 failed"""
        old = [self.add("old-1"), self.add("old-2")]
        callers, began = self.load(), time.monotonic()
        self.some_more(callers, 500)
        new = []
        for number, leaving in enumerate(old, 1):
            new.append(self.add(f"new-{number}"))
            self.retire(leaving)
            self.some_more(callers, 500)
        self.judge(callers, began, {r.port for r in old + new})

    def test_blue_green(self):
        """blue/green: green is pinged before it is offered, the switch is at once, blue drains: 0 failed"""
        blue = [self.add("blue-1"), self.add("blue-2")]
        callers, began = self.load(), time.monotonic()
        self.some_more(callers, 500)
        green = [self.replica("green-1"), self.replica("green-2")]
        for replica in green:  # not offered yet: asked by address, and it must be who it should be
            status, _, body = house.request(replica.port, self.client, "GET", "/a2a/v1/authorize?action=echo", expect="spiffe://a.test/agent/shop")
            self.assertEqual(status, 200, body)
        self.endpoints.replicas = {r.port: r.metrics_port for r in green}
        wait_for("the switch", lambda: set(self.endpoints.offered) == {r.port for r in green})
        for replica in blue:
            replica.signal(house.SIGTERM)
        self.some_more(callers, 500)
        for replica in blue:
            self.assertEqual(replica.child.wait(40), 0)
        self.judge(callers, began, {r.port for r in blue + green})
