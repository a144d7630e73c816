# SPDX-License-Identifier: Apache-2.0
"""The official A2A clients, each walking card, send, stream, get, list, subscribe, cancel and input-required over mutual TLS."""
import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import unittest

from house import Case, free_port

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
CACHE = pathlib.Path(os.environ.get("AGENTWEAVE_CLIENTS", pathlib.Path.home() / ".cache/agentweave-clients"))
STEPS = ["card", "send", "stream", "get", "list", "subscribe", "cancel", "input-required"]
POLICY = """package agentweave.authz
import rego.v1
default allow := false
allow if input.caller_spiffe_id == "spiffe://a.test/agent/client"
"""


def commands(name):
    driver = CLIENTS / name
    return {"python_1": [CACHE / name / "bin/python", driver / "driver.py"], "python_03": [CACHE / name / "bin/python", driver / "driver.py"],
            "js_1": ["node", CACHE / name / "driver.mjs"], "js_03": ["node", CACHE / name / "driver.mjs"],
            "go": [CACHE / name / "driver"]}[name]


def installed():
    """Installs the clients at the first use (minutes); without the tools for it, says so."""
    missing = [tool for tool in ("npm", "node", "go") if not shutil.which(tool)]
    if missing:
        if os.environ.get("AGENTWEAVE_REQUIRE_PEERS"):
            raise AssertionError(f"not installed: {', '.join(missing)}")
        raise unittest.SkipTest(f"not installed: {', '.join(missing)}")
    subprocess.run([CLIENTS / "install.sh", CACHE], check=True, timeout=1500)
    for name in ("js_1", "js_03"):  # Node finds packages beside the program
        shutil.copy(CLIENTS / name / "driver.mjs", CACHE / name / "driver.mjs")


class Talker(http.server.BaseHTTPRequestHandler):
    """The agent's own code: answers by the word it is sent."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a cancelled task hangs up
            self.talk()

    def talk(self):
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = call["payload"].get("message", "")
        if words == "hello":
            return self.answer(b'{"text":"hello yourself"}', "application/json")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        if words == "question":
            self.event("input_required", {"message": "which one?"})
        elif words == "wait":
            self.event("status", {"message": "busy"})
            self.server.released.wait(60)
        elif words == "count":
            for number in ("one ", "two ", "three"):
                self.event("artifact", {"id": "numbers", "text": number, "append": number != "one ", "last": number == "three"})
        else:
            self.event("result", {"answer": words})
        self.close_connection = True

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def event(self, name, data):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *arguments):
        pass


class Authority:
    """A certificate authority in files, made by openssl: leaves with a SPIFFE ID and, for clients of the web kind, a DNS name."""

    def __init__(self, directory, name, trust_domain="a.test"):
        self.directory, self.name = pathlib.Path(directory), name
        self.key, self.cert = self.directory / f"{name}-ca.key", self.directory / f"{name}-ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.cert,
                     "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", f"subjectAltName=URI:spiffe://{trust_domain}")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, spiffe_id, valid=("20200101000000Z", "20490101000000Z")):
        key, request, cert = (self.directory / f"{self.name}-{name}.{end}" for end in ("key", "csr", "pem"))
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        key.chmod(0o600)
        extensions = self.directory / f"{name}.ext"
        extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
                              f"subjectAltName=URI:{spiffe_id},DNS:localhost\n")
        (self.directory / "index.txt").write_text("")
        (self.directory / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=one\n[one]\ndatabase={self.directory}/index.txt\nrand_serial=yes\nnew_certs_dir={self.directory}\n"
            "default_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n")
        self.openssl("ca", "-batch", "-notext", "-config", self.directory / "ca.cnf", "-in", request, "-out", cert, "-cert", self.cert,
                     "-keyfile", self.key, "-startdate", valid[0], "-enddate", valid[1], "-extfile", extensions)
        return cert, key


class Backend(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # with Python's 5 the kernel lets callers of a full queue wait for minutes


class OfficialClients(Case):
    def setUp(self):
        super().setUp()
        installed()
        backend = Backend(("127.0.0.1", 0), Talker)
        backend.released = threading.Event()
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        self.addCleanup(backend.server_close)
        self.addCleanup(backend.shutdown)
        self.addCleanup(backend.released.set)
        self.authority = Authority(self.dir, "a")
        self.server_cert, key = cert, key = self.authority.issue("server", "spiffe://a.test/agent/workload")
        self.client = self.authority.issue("client", "spiffe://a.test/agent/client")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(POLICY)
        self.server = self.agent("workload", {
            "agent": {"name": "workload", "environment": "development", "trust_domain": "a.test", "capabilities": [
                {"name": "talk", "description": "talks", "timeout_seconds": 60,
                 "backend": {"type": "http", "url": f"http://127.0.0.1:{backend.server_address[1]}/"}}]},
            "identity": {"provider": "mtls-static", "certificate_path": str(cert), "private_key_path": str(key), "ca_cert_path": str(self.authority.cert)},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow"}})
        self.url = f"https://localhost:{self.server.port}"

    def walk(self, name, binding, version, identity=None):
        cert, key = identity or self.client
        return subprocess.run([*map(str, commands(name)), self.url, binding, version, str(cert), str(key), str(self.authority.cert)],
                              capture_output=True, text=True, timeout=120)

    def check_walk(self, name, binding, version):
        ran = self.walk(name, binding, version)
        steps = [line.split(" ", 1)[1] for line in ran.stdout.splitlines() if line.startswith("ok ")]
        expected = [s for s in STEPS if s != "list" or version == "1.0"]
        self.assertEqual((ran.returncode, steps), (0, expected), f"{name} {binding} {version}\n{ran.stdout}\n{ran.stderr[-3000:]}")

    def offered(self, version):
        """The bindings the card names for this version: a client walks every one it has."""
        card = subprocess.run(["curl", "-s", "--cacert", self.authority.cert, "--cert", self.client[0], "--key", self.client[1], "-H", "A2A-Version: 1.0",
                               f"{self.url}/.well-known/agent-card.json"], capture_output=True, check=True).stdout
        return {i["protocolBinding"] for i in json.loads(card)["supportedInterfaces"] if i["protocolVersion"] == version}

    def check_walks(self, name, versions, bindings):
        for version in versions:
            for binding in sorted(self.offered(version) & set(bindings)):
                with self.subTest(client=name, binding=binding, version=version):
                    self.check_walk(name, binding, version)

    def test_python_1(self):
        """Python a2a-sdk 1.3.0: 1.0 and 0.3, in every binding"""
        self.check_walks("python_1", ("1.0", "0.3"), ("JSONRPC", "HTTP+JSON", "GRPC"))

    def test_python_03(self):
        """Python a2a-sdk 0.3.26: in every binding"""
        self.check_walks("python_03", ("0.3",), ("JSONRPC", "HTTP+JSON", "GRPC"))

    def test_javascript_1(self):
        """JavaScript @a2a-js/sdk 1.3.0: 1.0 and 0.3, JSON-RPC and HTTP+JSON"""
        self.check_walks("js_1", ("1.0", "0.3"), ("JSONRPC", "HTTP+JSON"))

    def test_javascript_03(self):
        """JavaScript @a2a-js/sdk 0.3.14: JSON-RPC and HTTP+JSON"""
        self.check_walks("js_03", ("0.3",), ("JSONRPC", "HTTP+JSON"))

    def test_go(self):
        """Go a2a-go/v2 2.3.1: 1.0 and 0.3, in every binding"""
        self.check_walks("go", ("1.0", "0.3"), ("JSONRPC", "HTTP+JSON", "GRPC"))

    def test_go_grpc(self):
        """grpc-go with no SDK above it: reflection, health, deadlines, cancelling, status details, streams, 10 MB, more calls than streams"""
        cert, key = self.client
        ran = subprocess.run([CACHE / "go_grpc/client", f"localhost:{self.server.port}", cert, key, self.authority.cert],
                             capture_output=True, text=True, timeout=120)
        self.assertEqual((ran.returncode, re.findall(r"^ok (.*)$", ran.stdout, re.M)),
                         (0, ["reflection", "health", "send", "stream", "deadline", "cancel", "status", "large", "many"]), ran.stderr[-3000:])

    def test_card_signature(self):
        """Python a2a-sdk 1.3.0's own verifier accepts the card's signature, pure and hybrid, and no changed card"""
        cert, key = self.client
        ran = subprocess.run([CACHE / "python_1/bin/python", CLIENTS / "python_1/verify.py", self.url, cert, key, self.authority.cert,
                              self.server_cert], capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.returncode, ran.stdout.split()), (0, ["ok", "1.0", "ok", "0.3"]), ran.stderr[-2000:])

    def test_no_handshake_without_a_good_certificate(self):
        """a foreign and an expired certificate get no further than the handshake, in any client"""
        foreign = Authority(self.dir, "b").issue("intruder", "spiffe://a.test/agent/client")
        expired = self.authority.issue("late", "spiffe://a.test/agent/client", ("20200101000000Z", "20200102000000Z"))
        for name in ("python_1", "python_03", "js_1", "js_03", "go"):
            for kind, identity in (("foreign", foreign), ("expired", expired)):
                with self.subTest(client=name, certificate=kind):
                    ran = self.walk(name, "JSONRPC", "0.3", identity)
                    self.assertNotEqual(ran.returncode, 0)
                    self.assertNotIn("ok card", ran.stdout)
        without = subprocess.run(["curl", "-s", "--cacert", self.authority.cert, f"{self.url}/.well-known/agent-card.json"], capture_output=True)
        self.assertEqual((without.returncode != 0, without.stdout), (True, b""))
