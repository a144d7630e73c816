# SPDX-License-Identifier: Apache-2.0
"""Stock gRPC clients against the agent's own port: grpcio, and grpcurl where it is."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import house

CONFIG = """
agent:
  name: hello
  trust_domain: grpc.test
  environment: development
  capabilities:
    - {{name: echo, description: answers what it was sent, backend: {{type: builtin, name: echo}}}}
identity:
  provider: mtls-static
  certificate_path: {dir}/server.pem
  private_key_path: {dir}/server.key
  ca_cert_path: {dir}/ca.pem
  spiffe_id: spiffe://grpc.test/agent/hello
authorization:
  provider: opa
  policy_dir: {dir}/policies
  policy_path: agentweave/authz/allow
  audit: {{destination: "file://{dir}/audit.log"}}
server: {{host: 127.0.0.1, port: {port}, admin: {{enabled: false}}, limits: {{max_body_bytes: 33554432}}}}
observability: {{metrics: {{enabled: false}}}}
"""
POLICY = """package agentweave.authz
default allow := false
allow if input.caller_spiffe_id == "spiffe://grpc.test/agent/client"
"""


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def make_pki(directory):
    """A CA and two SVIDs; the server's has a DNS name too, which stock clients insist on."""
    ca = directory / "ca"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{ca}.key", "-out",
            f"{ca}.pem", "-subj", "/CN=ca", "-days", "1", "-addext", "subjectAltName=URI:spiffe://grpc.test", "-addext",
            "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, san in (("server", "URI:spiffe://grpc.test/agent/hello,DNS:localhost"), ("client", "URI:spiffe://grpc.test/agent/client"),
                      ("other", "URI:spiffe://grpc.test/agent/other")):
        leaf = directory / name
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{leaf}.key", "-out",
                f"{leaf}.csr", "-subj", f"/CN={name}")
        os.chmod(f"{leaf}.key", 0o600)
        (directory / f"{name}.ext").write_text(f"subjectAltName={san}\nbasicConstraints=critical,CA:FALSE\n"
                                               "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n")
        openssl("x509", "-req", "-in", f"{leaf}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "1",
                "-extfile", f"{leaf}.ext", "-out", f"{leaf}.pem")


class Grpc(unittest.TestCase):
    def setUp(self):
        self.python = house.python_with("grpc-venv", "grpcio", "grpcio-reflection", "grpcio-health-checking")
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)
        make_pki(self.dir)
        (self.dir / "policies").mkdir()
        (self.dir / "policies" / "authz.rego").write_text(POLICY)
        self.port = house.free_port()
        config = self.dir / "config.yaml"
        config.write_text(CONFIG.format(dir=self.dir, port=self.port))
        self.agent = house.Process(self.dir, "agent", [house.BINARY, "serve", config])
        self.addCleanup(self.agent.stop)
        house.wait_for("the agent serves", lambda: "serving" in self.agent.err(), 30)

    def client(self, who):
        d = self.dir
        return subprocess.run([str(self.python), str(pathlib.Path(__file__).parent / "grpc_client.py"), f"localhost:{self.port}",
                               f"{d}/ca.pem", f"{d}/{who}.pem", f"{d}/{who}.key"], capture_output=True, text=True, timeout=120)

    def test_grpcio(self):
        """grpcio learns the schema by reflection and uses both services, both ways, with 10 MB"""
        ran = self.client("client")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        steps = {line["step"]: line for line in map(json.loads, ran.stdout.splitlines())}
        self.assertIn("lf.a2a.v1.A2AService", steps["services"]["names"])
        self.assertIn("a2a.v1.A2AService", steps["services"]["names"])
        self.assertEqual(steps["health"]["status"], 1)
        self.assertEqual(steps["send"]["state"], "TASK_STATE_COMPLETED")
        self.assertTrue(steps["get"]["same"] and steps["list"]["found"] and steps["big"]["same"])
        self.assertEqual((steps["stream"]["first"], steps["stream"]["last"]), ("task", "TASK_STATE_COMPLETED"))
        self.assertEqual(steps["card"]["name"], "hello")
        self.assertEqual({k: v for k, v in steps["refused"].items() if k != "step"},
                         {"unknown": "NOT_FOUND", "cancel": "FAILED_PRECONDITION", "subscribe": "FAILED_PRECONDITION",
                          "params": "INVALID_ARGUMENT", "version": "FAILED_PRECONDITION"})
        self.assertTrue(steps["send03"]["seen"])
        self.assertEqual(steps["card03"]["version"], "0.3.0")

    def test_stranger(self):
        """a verified caller that policy does not know is PERMISSION_DENIED, and that is on the record"""
        ran = self.client("other")
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn("PERMISSION_DENIED", ran.stderr)
        records = [json.loads(line) for line in (self.dir / "audit.log").read_text().splitlines()]
        self.assertTrue(any(r.get("decision") == "deny" and r.get("resource", "").endswith("SendMessage") for r in records))

    def test_grpcurl(self):
        """grpcurl lists and calls"""
        house.need("grpcurl")
        tls = ["-cacert", f"{self.dir}/ca.pem", "-cert", f"{self.dir}/client.pem", "-key", f"{self.dir}/client.key"]
        listed = subprocess.run([str(house.PEERS / "grpcurl"), *tls, f"localhost:{self.port}", "list"], capture_output=True, text=True)
        self.assertIn("lf.a2a.v1.A2AService", listed.stdout, listed.stderr)
        request = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}], "metadata": {"skill": "echo"}}}
        sent = subprocess.run([str(house.PEERS / "grpcurl"), *tls, "-d", json.dumps(request), f"localhost:{self.port}",
                               "lf.a2a.v1.A2AService/SendMessage"], capture_output=True, text=True)
        self.assertIn("TASK_STATE_COMPLETED", sent.stdout, sent.stderr)


if __name__ == "__main__":
    unittest.main()
