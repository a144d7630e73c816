# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: processes that are always reaped, real SPIRE and OPA, a client that owes us nothing."""
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

BINARY = os.environ.get("AGENTWEAVE_BINARY", "build/release/agentweave")
PEERS = pathlib.Path(os.environ.get("AGENTWEAVE_PEERS", pathlib.Path.home() / ".cache/agentweave-peers")) / "bin"
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / os.environ.get("AGENTWEAVE_PEERS_TOOLS", "../shared/tools/peers")


def need(*peers):
    """Skips loudly when a peer is missing; where they are required, that is a failure instead."""
    missing = [p for p in peers if not (PEERS / p).exists()]
    if not missing:
        return
    why = f"not installed: {', '.join(missing)} (./dev e2e --require-peers builds them)"
    if os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
        raise AssertionError(why)
    raise unittest.SkipTest(why)


def python_with(name, *packages):
    """A Python that has these packages of PyPI, made once beside the other peers. Where it cannot be made, the peer is missing."""
    home = PEERS.parent / name
    python = home / "bin" / "python"
    if not (home / ".done").exists():
        subprocess.run(["rm", "-rf", home], check=False)
        for command in ([sys.executable, "-m", "venv", home],
                        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]):
            if subprocess.run(command, capture_output=True).returncode:
                need(f"{name} (PyPI: {' '.join(packages)})")
        (home / ".done").touch()
    return python


def need_tool(name, package):
    """The path of a tool that is no peer (promtool, helm, lintian): the same rule as `need`."""
    found = shutil.which(name, path=f"{PEERS}:{os.environ.get('PATH', '')}")
    if found:
        return found
    why = f"{name} is not installed ({package}; ./dev e2e --require-peers brings it)"
    if os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
        raise AssertionError(why)
    raise unittest.SkipTest(why)


_port_locks = open(pathlib.Path(tempfile.gettempdir()) / f"agentweave-test-ports-{os.getuid()}", "a+b")  # noqa: SIM115  as long as this process
_ports = set()


def free_port():
    """Below the ports that the kernel hands out itself, and no other test run takes it while this one lives: a byte of a file is locked for each."""
    ephemeral = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(min(20000, ephemeral - 4000), ephemeral)
        if port in _ports:
            continue
        with contextlib.suppress(OSError), socket.socket() as s:
            fcntl.lockf(_port_locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            s.bind(("127.0.0.1", port))
            _ports.add(port)
            return port


def wait_for(what, check, seconds=20.0, every=0.02):
    """Polls until `check` returns something true; returns it and how long it took."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(OSError, AssertionError, ssl.SSLError, http.client.HTTPException):
            value = check()
            if value:
                return value, time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(every)


class Process:
    """One child with its output in files; terminated at the latest when the test ends."""

    def __init__(self, directory, name, command, env=None, cwd=None):
        self.name = name
        self.out_path = pathlib.Path(directory) / f"{name}.out"
        self.err_path = pathlib.Path(directory) / f"{name}.err"
        full = {k: v for k, v in os.environ.items() if not k.startswith(("AGENTWEAVE_", "SPIFFE_"))}
        full.update(env or {})
        self.child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=open(self.out_path, "wb"),
                                      stderr=open(self.err_path, "wb"), env=full, cwd=cwd)

    def out(self):
        return self.out_path.read_text(errors="replace")

    def err(self):
        return self.err_path.read_text(errors="replace")

    def alive(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, seconds=15):
        if self.alive():
            self.child.terminate()
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.name} did not stop on SIGTERM within {seconds} s\n{self.err()[-2000:]}")


class Case(unittest.TestCase):
    """A test with a short temporary directory (unix sockets live in it) and children that cannot outlive it."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="aw"))
        self.children = []
        self.addCleanup(self._clean)

    def _clean(self):
        for child in reversed(self.children):
            with contextlib.suppress(AssertionError):
                child.stop(5)
        for domain in getattr(self, "domains", []):
            subprocess.run([TOOLS / "spire-down.sh", domain, "--wipe"], capture_output=True)
        for port in getattr(self, "opas", []):
            subprocess.run([TOOLS / "opa-down.sh", str(port)], capture_output=True)
        if os.environ.get("AGENTWEAVE_KEEP"):
            print("kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def run_cli(self, *args, env=None, timeout=30, input=None, cwd=None):
        full = {k: v for k, v in os.environ.items() if not k.startswith(("AGENTWEAVE_", "SPIFFE_"))}
        full.update(env or {})
        return subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, env=full, timeout=timeout,
                              input=input, cwd=cwd)

    def start(self, name, command, **kwargs):
        child = Process(self.dir, name, command, **kwargs)
        self.children.append(child)
        return child

    # --- SPIRE -------------------------------------------------------------------------------------------------------
    def spire(self, name, trust_domain, **settings):
        """A real SPIRE server and agent; returns its directory and the Workload API's address."""
        need("spire-server", "spire-agent")
        directory = self.dir / name
        self.domains = getattr(self, "domains", []) + [directory]
        env = dict(os.environ, **{k: str(v) for k, v in settings.items()})
        subprocess.run([TOOLS / "spire-up.sh", directory, trust_domain, str(free_port()), "0"], check=True, env=env,
                       capture_output=True, text=True, timeout=120)
        return directory, f"unix://{directory}/agent.sock"

    def fetch_svid(self, spire_directory, into):
        """The certificate, key and bundle a workload gets, written by SPIRE's own client."""
        into.mkdir(exist_ok=True)
        subprocess.run([PEERS / "spire-agent", "api", "fetch", "x509", "-socketPath", spire_directory / "agent.sock",
                        "-write", into], check=True, capture_output=True, timeout=20)
        return Identity(into / "svid.0.pem", into / "svid.0.key", into / "bundle.0.pem")

    def mint(self, spire_directory, spiffe_id):
        """A certificate that does not rotate: lives as long as SPIRE's CA allows, an hour at most."""
        into = self.dir / ("minted-" + spiffe_id.rsplit("/", 1)[1])
        into.mkdir()
        subprocess.run([PEERS / "spire-server", "x509", "mint", "-socketPath", spire_directory / "server.sock", "-spiffeID",
                        spiffe_id, "-ttl", "1h", "-write", into], check=True, capture_output=True, timeout=20)
        return Identity(into / "svid.pem", into / "key.pem", into / "bundle.pem")

    # --- OPA ---------------------------------------------------------------------------------------------------------
    def opa(self, *files, port=None):
        need("opa")
        port = port or free_port()
        self.opas = getattr(self, "opas", []) + [port]
        subprocess.run([TOOLS / "opa-up.sh", str(port), *map(str, files)], check=True, capture_output=True, timeout=30)
        return port

    def opa_down(self, port):
        subprocess.run([TOOLS / "opa-down.sh", str(port)], check=True, capture_output=True, timeout=30)

    # --- agentweave --------------------------------------------------------------------------------------------------
    def agent(self, name, config, env=None, wait="/readyz", args=()):
        """`agentweave serve` with this configuration (a dictionary); waits until it is ready."""
        ports = {"server": free_port(), "metrics": free_port(), "admin": free_port()}
        config.setdefault("server", {}).setdefault("port", ports["server"])
        config["server"].setdefault("host", "127.0.0.1")
        config["server"].setdefault("admin", {"host": "127.0.0.1", "port": ports["admin"]})
        config.setdefault("observability", {}).setdefault("metrics", {"port": ports["metrics"], "host": "127.0.0.1"})
        config.setdefault("state", {}).setdefault("directory", str(self.dir / f"{name}-state"))
        config.setdefault("authorization", {}).setdefault("audit", {"destination": f"file://{self.dir}/{name}-audit.log"})
        path = self.dir / f"{name}.yaml"
        path.write_text(json.dumps(config))
        child = self.start(name, [BINARY, "serve", path, *args], env=env)
        child.config_path = path
        child.port = config["server"]["port"]
        child.metrics_port = config["observability"]["metrics"]["port"]
        child.admin_port = config["server"]["admin"]["port"]
        child.audit_path = self.dir / f"{name}-audit.log"
        if wait:
            def ready():
                if not child.alive():
                    raise RuntimeError(f"{name} ended:\n{child.err()[-3000:]}")
                return plain(child.metrics_port, wait)[0] == 200
            try:
                wait_for(f"{name} ready", ready)
            except AssertionError:
                raise AssertionError(f"{name} not ready:\n{child.err()[-3000:]}")
        return child


class Identity:
    def __init__(self, cert, key, bundle):
        self.cert, self.key, self.bundle = map(str, (cert, key, bundle))

    def context(self, alpn=("http/1.1",), present=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # SPIFFE verifies the URI SAN instead, below
        context.load_verify_locations(self.bundle)
        context.set_alpn_protocols(list(alpn))
        if present:
            context.load_cert_chain(self.cert, self.key)
        return context


def connect(port, identity, expect=None, alpn=("http/1.1",), present=True, timeout=10):
    """A verified TLS connection. In TLS 1.3 the server's refusal arrives with the first read."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as curl and Go do: the request must not wait for an ACK
    try:
        tls = identity.context(alpn, present).wrap_socket(raw, server_hostname="localhost")
    except BaseException:
        raw.close()
        raise
    if expect:
        names = [v for k, v in tls.getpeercert().get("subjectAltName", ()) if k == "URI"]
        assert names == [expect], names
    return tls


def exchange(tls, method, path, body=None, headers=None):
    """One HTTP/1.1 request on an open connection; returns status, headers, body."""
    body = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Host": "localhost", "Content-Length": str(len(body)), **(headers or {})}
    if body and "Content-Type" not in head:
        head["Content-Type"] = "application/json"
    text = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n"
    tls.sendall(text.encode() + body)
    answer = http.client.HTTPResponse(tls, method=method)
    answer.begin()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def request(port, identity, method, path, body=None, headers=None, **kwargs):
    tls = connect(port, identity, **kwargs)
    try:
        return exchange(tls, method, path, body, {"Connection": "close", **(headers or {})})
    finally:
        tls.close()


def plain(port, path, method="GET", timeout=5):
    """Plain HTTP on loopback (metrics, health, OPA): status and text, also for errors."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method), timeout=timeout) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def metric(port, name, **labels):
    """The sum of a metric's series that carry these labels."""
    total, seen = 0.0, False
    for line in plain(port, "/metrics")[1].splitlines():
        if line.startswith("#") or not line.startswith(name):
            continue
        series, value = line.rsplit(" ", 1)
        if series.split("{")[0] == name and all(f'{k}="{v}"' in series for k, v in labels.items()):
            total, seen = total + float(value), True
    assert seen, f"no series {name} {labels}"
    return total


class Refresher:
    """Keeps an Identity fresh from SPIRE, as any client's own agent would."""

    def __init__(self, case, spire_directory, every=1.0):
        self.case, self.source, self.every = case, spire_directory, every
        self.count = 0
        self.current = self._fetch()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        case.addCleanup(self.stop)

    def _fetch(self):
        self.count += 1
        return self.case.fetch_svid(self.source, self.case.dir / f"id-{id(self)}-{self.count}")

    def _run(self):
        while not self.done.wait(self.every):
            with contextlib.suppress(subprocess.SubprocessError):
                self.current = self._fetch()

    def stop(self):
        self.done.set()
        self.thread.join()


def audit_records(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines() if line.strip()]


SIGHUP, SIGTERM, SIGKILL = signal.SIGHUP, signal.SIGTERM, signal.SIGKILL
SIGUSR1, SIGUSR2 = signal.SIGUSR1, signal.SIGUSR2
