# SPDX-License-Identifier: Apache-2.0
"""What `./dev bench serve` measures: `agentweave serve` as in production beside nginx, one core each turn, the same certificates."""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.request

SERVER_CORE, LOAD_CORE = "0", "1"
# The answer of nginx, as long as ours is small.
ANSWER = json.dumps({"id": "x" * 36, "status": "completed", "result": {"text": "y" * 106}}).replace('"', '\\"')
PAYLOAD = {"text": "z" * 150}
POLICY = ("package agentweave.authz\nimport rego.v1\ndefault allow := false\n"
          'allow if {\n  endswith(input.caller_spiffe_id, "/client")\n  input.action in {"echo", "forward", "wait", "subscribe_task"}\n}\n')


def free_ports(count):
    """Asked for together, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


AGENT_PORT, NGINX_PORT, BACKEND_PORT = free_ports(3)


def body(capability, payload=None):
    return json.dumps({"task_type": capability, "payload": payload or PAYLOAD})


def grpc_body(capability):
    """A framed lf.a2a.v1.SendMessageRequest: one text part, the capability in its metadata."""
    def field(number, value):
        value = value if isinstance(value, bytes) else value.encode()
        length = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 0x7F | 0x80, len(value) >> 7])
        return bytes([number << 3 | 2]) + length + value
    metadata = field(1, field(1, "skill") + field(2, field(3, capability)))  # google.protobuf.Struct
    message = field(1, "m-1") + b"\x20\x01" + field(5, field(1, PAYLOAD["text"])) + field(6, metadata)
    request = field(2, message)
    return b"\0" + len(request).to_bytes(4, "big") + request


def cpu_ns(pids):
    """CPU time of these processes so far, all threads, in nanoseconds."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total


def settle(server, seconds=60):
    """Until what the last load left to do (databases written behind the answers) is done: else the next pays for it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        before = cpu_ns(server.pids())
        time.sleep(0.25)
        if cpu_ns(server.pids()) - before < 5_000_000:
            return


def pss_kib(pids):
    return sum(int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1)) for pid in pids)


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(server, check, seconds=20):
    until = time.monotonic() + seconds
    while not check():
        if time.monotonic() > until or server.child.poll() is not None:
            raise SystemExit(f"bench: {server.name} did not start:\n{server.said()}")
        time.sleep(0.002)


class Server:
    """A process on the server's core; `ports` by the name of what it serves."""

    def __init__(self, name, command, directory, core=SERVER_CORE):
        self.name, self.directory = name, directory
        self.began = time.monotonic()
        self.child = subprocess.Popen(["taskset", "-c", core, *map(str, command)], cwd=directory, stdin=subprocess.DEVNULL,
                                      stdout=open(directory / f"{name}.out", "w"), stderr=open(directory / f"{name}.err", "w"))

    def said(self):
        return "".join((self.directory / f"{self.name}.{end}").read_text() for end in ("out", "err"))

    def pids(self):
        return [self.child.pid, *children(self.child.pid)]

    def stop(self):
        self.child.terminate()
        self.child.wait(20)


def issuer(binary, directory):
    """The Workload API that the agent gets its identity from, on the load's core."""
    (directory / "policy").mkdir()
    (directory / "policy/authz.rego").write_text(POLICY)
    (directory / "dev.yaml").write_text(json.dumps({
        "agent": {"name": "bench", "trust_domain": "bench.test", "environment": "development",
                  "capabilities": [{"name": "status", "description": "x", "backend": {"type": "builtin", "name": "status"}}]},
        "identity": {"provider": "dev"}, "observability": {"metrics": {"enabled": False}},
        "authorization": {"policy_dir": "policy", "audit": {"destination": f"file://{directory}/issuer-audit.log"}}}))
    server = Server("issuer", [binary, "dev", "dev.yaml", "--socket", directory / "api.sock", "--set", "server.port=0",
                               "--set", "server.admin.enabled=false"], directory, LOAD_CORE)
    wait_until(server, lambda: "listening" in server.said())
    for name in ("client", "bench"):
        subprocess.run([binary, "svid", "fetch", "--socket", f"unix:{directory}/api.sock", "--as", name, "--out", directory / name],
                       check=True, capture_output=True)
    return server


def configure_agent(directory, state=True, name="agent", port=AGENT_PORT, workers=1, authorization=None, observability=None, capabilities=()):
    """NAME.yaml; `authorization`, `observability` and `capabilities` are added to those sections, a None takes a key away."""
    http = {"type": "http", "url": f"http://127.0.0.1:{BACKEND_PORT}/"}
    settings = {
        "agent": {"name": "bench", "trust_domain": "bench.test", "environment": "production",
                  "capabilities": [{"name": "echo", "description": "x", "backend": {"type": "builtin", "name": "echo"}},
                                   {"name": "forward", "description": "x", "backend": http}, *capabilities]},
        "identity": {"provider": "spiffe", "spiffe_endpoint": f"unix://{directory}/api.sock"},
        "authorization": {"provider": "opa", "policy_dir": "policy", "policy_path": "agentweave/authz/allow",
                          "audit": {"destination": f"file://{directory}/{name}-audit.log"}},
        "server": {"host": "127.0.0.1", "port": port, "workers": workers, "max_concurrent_requests": 20000, "admin": {"enabled": False},
                   "limits": {"max_connections": 20000, "max_requests_per_connection": 4_000_000_000}},
        "observability": {"metrics": {"enabled": False}, "logging": {"level": "INFO"}}}
    if state:
        settings["state"] = {"directory": str(directory / f"{name}-state")}
    for section, more in (("authorization", authorization or {}), ("observability", observability or {})):
        for key, value in more.items():
            known = settings[section].get(key)
            settings[section][key] = {**known, **value} if isinstance(known, dict) else value
        settings[section] = {key: value for key, value in settings[section].items() if value is not None}
    (directory / f"{name}.yaml").write_text(json.dumps(settings))


def agent(binary, directory, core=SERVER_CORE, wrap=(), name="agent", port=AGENT_PORT):
    server = Server(name, [*wrap, binary, "serve", f"{name}.yaml"], directory, core)
    wait_until(server, lambda: "Server listening" in server.said(), 120)
    server.started_ms = (time.monotonic() - server.began) * 1e3
    server.port = port
    return server


NGINX = """
daemon off; worker_processes {workers}; pid nginx.pid; error_log stderr; {user}
events {{ worker_connections 20000; }}
http {{
  access_log off; keepalive_requests 4000000000; keepalive_timeout 300; default_type application/json;
  client_max_body_size 4m; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 64; keepalive_requests 4000000000; }}
  server {{
    listen 127.0.0.1:{port} {options};
    {tls}
    location / {{ return 200 "{answer}"; }}
    location /proxy {{ proxy_pass http://backend/; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


def nginx(name, directory, port, core=SERVER_CORE, secure=True, answer=ANSWER, workers=1):
    home = directory / name
    (home / "tmp").mkdir(parents=True)
    tls = (f"ssl_certificate {directory}/bench/svid.pem; ssl_certificate_key {directory}/bench/svid.key; ssl_protocols TLSv1.3; "
           f"ssl_client_certificate {directory}/client/bundle.pem; ssl_verify_client on; ssl_session_tickets off; ssl_session_cache off;")
    user = "user root;" if os.geteuid() == 0 else ""
    options = ("ssl http2" if secure else "") + (" reuseport" if workers > 1 else "")
    (home / "nginx.conf").write_text(NGINX.format(user=user, port=port, backend=BACKEND_PORT, answer=answer, workers=workers,
                                                  tls=tls if secure else "", options=options))
    server = Server(name, ["nginx", "-p", home, "-c", "nginx.conf"], directory, core)
    server.port = port
    wait_until(server, lambda: (home / "nginx.pid").exists() and len(children(server.child.pid)) >= workers)
    return server


def decision_point(directory):
    """What a remote OPA costs the one who asks: it says yes at once, on the load's core. Returns it and its address."""
    port = free_ports(1)[0]
    server = nginx("decisions", directory, port, LOAD_CORE, secure=False, answer='{\\"result\\":true}')
    url = f"http://127.0.0.1:{port}"
    wait_until(server, lambda: urllib.request.urlopen(f"{url}/", timeout=1).status == 200)
    return server, url


def backend(directory):
    """What both proxies forward to: another nginx, plain, on the load's core."""
    server = nginx("backend", directory, BACKEND_PORT, LOAD_CORE, secure=False)
    wait_until(server, lambda: urllib.request.urlopen(f"http://127.0.0.1:{BACKEND_PORT}/", timeout=1).status == 200)
    return server
