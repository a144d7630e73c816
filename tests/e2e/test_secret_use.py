# SPDX-License-Identifier: Apache-2.0
"""Secrets: from every keeper to the backends that need them, and nowhere else."""
import json
import os
import pathlib
import subprocess
import sys

import house
import keepers
from house import BINARY, Case, audit_records, plain, wait_for
from target import Backend, Target

ID = "spiffe://attack.test/agent/target"


class Get(Case):
    """`agentweave secrets get`."""

    def config(self, values, **more):
        config = {"agent": {"name": "target", "trust_domain": "attack.test", "capabilities": [{"name": "work", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
                  "authorization": {"policy_dir": str(self.dir)}, "secrets": {"values": values, **more}}
        path = self.dir / "config.yaml"
        path.write_text(json.dumps(config))
        return path

    def get(self, name, path, *args, env=None):
        return self.run_cli("secrets", "get", name, "--config", path, *args, env=env)

    def test_local(self):
        """env, file and exec: redacted unless asked for; -o json; a member of a JSON object"""
        (self.dir / "s").write_text('{"user":"ada","password":"hunter2"}\n')
        (self.dir / "s").chmod(0o600)
        path = self.config([{"name": "v", "from": "env", "variable": "V"}, {"name": "f", "from": "file", "file": str(self.dir / "s"), "key": "password"},
                            {"name": "e", "from": "exec", "command": ["printf", "a;b"]}])
        for name, value, source in (("v", "from a variable", "env V"), ("f", "hunter2", f"file {self.dir}/s key password"), ("e", "a;b", "exec printf")):
            with self.subTest(name):
                shown = self.get(name, path, env={"V": "from a variable"})
                self.assertEqual(shown.returncode, 0, shown.stderr)
                self.assertRegex(shown.stdout, rf"^{name}  \[redacted\]  {len(value)} bytes  age \S+  ")
                self.assertIn(source, shown.stdout)
                self.assertNotIn(value, shown.stdout + shown.stderr)
                self.assertEqual(self.get(name, path, "--reveal", env={"V": "from a variable"}).stdout, value + "\n")
                data = json.loads(self.get(name, path, "-o", "json", env={"V": "from a variable"}).stdout)["data"]
                self.assertEqual((data["value"], data["bytes"], data["source"]), ("[redacted]", len(value), source))
        (self.dir / "s").chmod(0o666)
        self.dir.chmod(0o755)
        refused = self.get("f", path)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("AW5014", refused.stderr)
        self.assertIn("chmod 600", refused.stderr)
        missing = self.get("v", path)
        self.assertEqual(missing.returncode, 5)
        self.assertIn("AW6101", missing.stderr)

    def test_vault_token_file(self):
        """vault: a token that a file holds, read anew each time; no secret without it"""
        web = keepers.authority(self.dir)
        vault = keepers.Vault(web)
        self.addCleanup(vault.close)
        vault.data["app/db"] = {"password": "hunter2"}
        token = self.dir / "token"
        token.write_text("hvs.given\n")
        token.chmod(0o600)
        path = self.config([{"name": "db", "from": "vault", "path": "app/db", "key": "password"}, {"name": "gone", "from": "vault", "path": "nowhere"}],
                           vault={"address": f"https://localhost:{vault.port}", "auth": "token", "token_file": str(token), "ca_path": str(web[0])})
        denied = self.get("db", path)
        self.assertEqual(denied.returncode, 5)
        self.assertIn("status 403: permission denied", denied.stderr)
        vault.tokens["hvs.given"] = "x"
        self.assertEqual(self.get("db", path, "--reveal").stdout, "hunter2\n")
        self.assertIn("status 404", self.get("gone", path).stderr)
        self.assertNotIn("hvs.given", denied.stderr)
        untrusted = json.loads(path.read_text())
        del untrusted["secrets"]["vault"]["ca_path"]
        path.write_text(json.dumps(untrusted))
        self.assertIn("not trusted", self.get("db", path).stderr)

    def aws(self, **env):
        """A keeper that verifies signatures, a configuration for it, and an environment with nothing of ours in it."""
        server = keepers.Aws()
        self.addCleanup(server.close)
        server.secrets["prod/search"] = '{"key":"aws secret"}'
        here = f"http://127.0.0.1:{server.port}"
        path = self.config([{"name": "s", "from": "aws", "id": "prod/search", "key": "key"}, {"name": "gone", "from": "aws", "id": "nothing"}],
                           aws={"region": server.region, "endpoint": here, "sts_endpoint": here + "/", "metadata_endpoint": here})
        return server, path

    def clean(self, **env):
        return {**{name: "" for name in os.environ if name.startswith("AWS_")}, **env}

    def test_aws_static(self):
        """aws: keys from the environment; the signature is verified by a server of its own; a wrong key, token or region is refused"""
        server, path = self.aws()
        for session in (False, True):
            name = server.new_keys(session)
            secret, token = server.keys[name]
            env = self.clean(AWS_ACCESS_KEY_ID=name, AWS_SECRET_ACCESS_KEY=secret, AWS_SESSION_TOKEN=token or "")
            got = self.get("s", path, "--reveal", env=env)
            self.assertEqual(got.stdout, "aws secret\n", got.stderr)
            self.assertIn("ResourceNotFoundException", self.get("gone", path, env=env).stderr)
            wrong = self.get("s", path, env={**env, "AWS_SECRET_ACCESS_KEY": secret + "x"})
            self.assertEqual(wrong.returncode, 5)
            self.assertIn("InvalidSignatureException", wrong.stderr)
            self.assertNotIn(secret, wrong.stderr)
        expired = self.get("s", path, env={**env, "AWS_SESSION_TOKEN": "old"})
        self.assertIn("ExpiredTokenException", expired.stderr)
        other = self.run_cli("secrets", "get", "s", "--config", path, "--set", "secrets.aws.region=us-east-1", env=env)
        self.assertIn("InvalidSignatureException", other.stderr)

    def test_aws_web_identity(self):
        """aws: a web identity token is exchanged at STS for keys; another token gets none"""
        server, path = self.aws()
        token = self.dir / "jwt"
        token.write_text("header.claims.sig+/=\n")
        token.chmod(0o600)
        env = self.clean(AWS_WEB_IDENTITY_TOKEN_FILE=str(token), AWS_ROLE_ARN="arn:aws:iam::1:role/agent")
        refused = self.get("s", path, env=env)
        self.assertEqual(refused.returncode, 5)
        self.assertIn("InvalidIdentityToken", refused.stderr)
        server.web_tokens["header.claims.sig+/="] = "arn:aws:iam::1:role/agent"
        self.assertEqual(self.get("s", path, "--reveal", env=env).stdout, "aws secret\n")

    def test_aws_metadata(self):
        """aws: the machine's role by IMDSv2, never by version 1; no role is said, with what else could be"""
        server, path = self.aws()
        self.assertIn("instance role: status 404", self.get("s", path, env=self.clean()).stderr)
        server.role = "agent-role"
        self.assertEqual(self.get("s", path, "--reveal", env=self.clean()).stdout, "aws secret\n")
        self.assertFalse([entry for entry in server.log if entry[2] == 401])
        off = self.get("s", path, env=self.clean(AWS_EC2_METADATA_DISABLED="true"))
        self.assertIn("no AWS credentials", off.stderr)

    def test_botocore_signs_the_same(self):
        """aws: botocore, AWS's own library, signs what we send with the same signature"""
        python = house.python_with("venv-botocore", "botocore==1.44.8")
        server, path = self.aws()
        name = server.new_keys()
        secret, token = server.keys[name]
        sent = []
        original = server._why_not
        server._why_not = lambda request, body: sent.append((dict(request.headers), request.path, body.decode())) or original(request, body)
        got = self.get("s", path, "--reveal", env=self.clean(AWS_ACCESS_KEY_ID=name, AWS_SECRET_ACCESS_KEY=secret, AWS_SESSION_TOKEN=token))
        self.assertEqual(got.stdout, "aws secret\n", got.stderr)
        headers, target, body = sent[0]
        lower = {k.lower(): v for k, v in headers.items()}
        program = """
import datetime, json, sys
from botocore import auth, awsrequest, credentials
given = json.load(sys.stdin)
now = datetime.datetime.strptime(given["date"], "%Y%m%dT%H%M%SZ")
for module in (auth,):
    module.get_current_datetime = lambda remove_tzinfo=True: now
request = awsrequest.AWSRequest("POST", given["url"], given["headers"], given["body"])
auth.SigV4Auth(credentials.Credentials(*given["keys"]), "secretsmanager", given["region"]).add_auth(request)
print(request.headers["Authorization"])
"""
        given = {"date": lower["x-amz-date"], "url": f"http://127.0.0.1:{server.port}/", "body": body, "keys": [name, secret, token], "region": server.region,
                 "headers": {"content-type": lower["content-type"], "x-amz-target": lower["x-amz-target"]}}
        ran = subprocess.run([python, "-c", program], input=json.dumps(given), capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.stdout.strip(), lower["authorization"], ran.stderr)


class Configuration(Case):
    def validate(self, text):
        path = self.dir / "c.yaml"
        path.write_text("agent: {name: a, trust_domain: corp.example, capabilities: [{name: w, description: x, backend: {type: http, url: \"http://127.0.0.1:1\", headers: [\"x-key=${secret:k}\"]}}]}\n"
                        "authorization: {policy_dir: .}\n" + text)
        return path, self.run_cli("config", "validate", path)

    def test_references(self):
        """references are checked at load and shown as they are written, never as what they stand for"""
        path, good = self.validate("secrets: {values: [{name: k, from: env, variable: K}]}\n")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        shown = self.run_cli("config", "show", path, env={"K": "hunter2"})
        self.assertNotIn("hunter2", shown.stdout + shown.stderr)
        _, bad = self.validate("secrets: {values: [{name: kk, from: env, variable: K}]}\n")
        self.assertEqual(bad.returncode, 4)
        self.assertIn('there is no secret "k"', bad.stdout + bad.stderr)
        for name, text in {"an argument": 'secrets: {values: [{name: k, from: exec, command: ["x", "${secret:k}"]}]}\n',
                           "a hook's argument": 'secrets: {values: [{name: k, from: env, variable: K}]}\nidentity: {on_svid_update: ["x", "${secret:k}"]}\n',
                           "an identity": 'secrets: {values: [{name: k, from: env, variable: K}]}\nidentity: {spiffe_endpoint: "unix://${secret:k}"}\n',
                           "a number": 'secrets: {values: [{name: k, from: env, variable: K}]}\nserver: {port: "${secret:k}"}\n'}.items():
            with self.subTest(name):
                self.assertEqual(self.validate(text)[1].returncode, 4)


class InUse(Target):
    """A running agent with a Vault behind TLS, which knows it by its SVID."""

    def setUp(self):
        self.vault = None
        super().setUp()

    def bring_up(self, config):
        if self.vault is None:
            # The embedded issuer's authority exists once it runs: the vault learns it from a first, secretless life.
            super().bring_up(config)
            self.agent_.stop()
            web = keepers.authority(self.dir)
            self.vault = keepers.Vault(web)
            self.addCleanup(self.vault.close)
            self.vault.roles = {"agent": ID}
            self.vault.data["app/search"] = {"key": "first-key-0123"}
            config["secrets"] = {"cache_ttl_seconds": 1, "values": [{"name": "search", "from": "vault", "path": "app/search", "key": "key"}],
                                 "vault": {"address": f"https://localhost:{self.vault.port}", "auth": "jwt", "role": "agent", "ca_path": str(web[0])}}
            config["agent"]["capabilities"][0]["backend"]["headers"] = ["authorization=Bearer ${secret:search}"]
            config["observability"] = {"logging": {"level": "DEBUG"}}
            config["server"].pop("admin", None)
        super().bring_up(config)

    def seen(self):
        return {k.lower(): v for k, v in Backend.seen[-1][0].items()}

    def test_header(self):
        """a secret of Vault (login by JWT-SVID) reaches the backend as a header; a changed one is taken into use without a restart"""
        self.assertEqual(self.call()[0], 200)
        self.assertEqual(self.seen()["authorization"], "Bearer first-key-0123")
        self.vault.data["app/search"] = {"key": "second-key-4567"}

        def renewed():
            self.call()
            return self.seen()["authorization"] == "Bearer second-key-4567"
        wait_for("the new key", renewed, 15, 0.2)
        self.assertGreaterEqual(house.metric(self.agent_.metrics_port, "agentweave_secret_changes_total"), 1)
        self.assertIn("Secret changed: taken into use", self.agent_.err())
        self.vault.sealed = True
        wait_for("an error is counted", lambda: house.metric(self.agent_.metrics_port, "agentweave_secret_errors_total") >= 1, 15)
        self.assertEqual(self.call()[0], 200)  # the old value stays
        self.assertEqual(self.seen()["authorization"], "Bearer second-key-4567")
        self.assertIn("Vault is sealed", self.agent_.err())
        self.nowhere("first-key-0123", "second-key-4567", *self.vault.tokens)

    def nowhere(self, *values):
        """In no log, audit record, page, metric, state file or argument."""
        pid = self.agent_.child.pid
        places = {"log": self.agent_.err() + self.agent_.out(), "audit": self.agent_.audit_path.read_text(), "metrics": plain(self.agent_.metrics_port, "/metrics")[1],
                  "readyz": plain(self.agent_.metrics_port, "/readyz?verbose")[1], "arguments": pathlib.Path(f"/proc/{pid}/cmdline").read_text(),
                  "config": self.run_cli("config", "show", self.agent_.config_path).stdout}
        for file in (self.dir / "state").rglob("*"):
            if file.is_file():
                places[str(file)] = file.read_bytes().decode("latin-1")
        for where, text in places.items():
            for value in values:
                self.assertNotIn(value, text, where)

    def test_revoked_token(self):
        """a token that Vault revoked is replaced by a new login, once"""
        self.assertEqual(self.vault.logins, 1)
        self.vault.tokens.clear()
        self.vault.data["app/search"] = {"key": "third-key-89ab"}

        def renewed():
            self.call()
            return self.seen()["authorization"] == "Bearer third-key-89ab"
        wait_for("the new key", renewed, 15, 0.2)
        self.assertEqual(self.vault.logins, 2)

    def test_reload(self):
        """SIGHUP asks for every secret again at once"""
        self.agent_.stop()
        self.config["secrets"]["cache_ttl_seconds"] = 3600
        self.bring_up(self.config)
        self.vault.data["app/search"] = {"key": "reloaded-key"}
        self.agent_.signal(house.SIGHUP)
        wait_for("a reload", lambda: "reloaded" in self.agent_.err(), 10)
        self.assertEqual(self.call()[0], 200)
        self.assertEqual(self.seen()["authorization"], "Bearer reloaded-key")

    def test_no_secret_no_service(self):
        """a secret that cannot be had keeps the agent from serving: the key and the reason are said"""
        self.agent_.stop()
        for name, change, said in (("refused", lambda: self.vault.roles.clear(), "status 400: error validating claims"), ("gone", lambda: self.vault.close(), "call https://localhost")):
            with self.subTest(name):
                change()
                ran = subprocess.run([BINARY, "serve", self.agent_.config_path, "--env", "development"], capture_output=True, text=True, timeout=60)
                self.assertEqual(ran.returncode, 5, ran.stderr)
                self.assertIn("agent.capabilities[0].backend.headers: secret \"search\"", ran.stderr)
                self.assertIn(said, ran.stderr)


class ByCertificate(Case):
    def test_cert_login(self):
        """vault's cert method knows us by our SVID; a certificate that is none of the role's is refused"""
        web = keepers.authority(self.dir)
        ca, key = self.dir / "ca.pem", self.dir / "ca.key"
        new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        subprocess.run([*new, "-x509", "-days", "2", "-subj", "/CN=x", "-keyout", key, "-out", ca, "-addext", "basicConstraints=critical,CA:TRUE",
                        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "subjectAltName=URI:spiffe://attack.test"], check=True, capture_output=True)
        for name in ("target", "other"):
            subprocess.run([*new, "-subj", f"/CN={name}", "-keyout", self.dir / f"{name}.key", "-out", self.dir / f"{name}.csr"], check=True, capture_output=True)
            (self.dir / "ext").write_text(f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=URI:spiffe://attack.test/agent/{name}\n")
            subprocess.run(["openssl", "x509", "-req", "-in", self.dir / f"{name}.csr", "-CA", ca, "-CAkey", key, "-days", "1", "-extfile", self.dir / "ext", "-out", self.dir / f"{name}.pem"],
                           check=True, capture_output=True)
            (self.dir / f"{name}.key").chmod(0o600)
        vault = keepers.Vault(web, spiffe_ca=ca)
        self.addCleanup(vault.close)
        vault.roles, vault.data["app/search"] = {"agent": ID}, {"key": "by-certificate"}

        def get(name, **more):
            config = {"agent": {"name": name, "trust_domain": "attack.test", "environment": "development", "capabilities": []},
                      "identity": {"provider": "mtls-static", "certificate_path": str(self.dir / f"{name}.pem"), "private_key_path": str(self.dir / f"{name}.key"), "ca_cert_path": str(ca)},
                      "authorization": {"policy_dir": str(self.dir)},
                      "secrets": {"values": [{"name": "search", "from": "vault", "path": "app/search", "key": "key"}],
                                  "vault": {"address": f"https://localhost:{vault.port}", "role": "agent", "ca_path": str(web[0]), **more}}}
            path = self.dir / f"{name}.yaml"
            path.write_text(json.dumps(config))
            return self.run_cli("secrets", "get", "search", "--config", path, "--reveal")
        got = get("target")
        self.assertEqual(got.stdout, "by-certificate\n", got.stderr)
        self.assertEqual([entry[1] for entry in vault.log], ["/v1/auth/cert/login", "/v1/secret/data/app/search"])
        self.assertIn("log in at auth/cert: status 400: failed to match all constraints", get("other").stderr)
        self.assertIn("status 400", get("target", role="root").stderr)


class ForTheChild(Case):
    def test_run(self):
        """`run`: a secret in the child's environment, out of its arguments; a changed one restarts a child that may be restarted"""
        from test_run import CHILD, POLICY
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text(POLICY)
        (self.dir / "child.py").write_text(CHILD)
        secret = self.dir / "secret"
        secret.write_text("first-child-secret")
        secret.chmod(0o600)
        metrics, note = house.free_port(), self.dir / "note"
        config = {"agent": {"name": "legacy", "trust_domain": "corp.example", "environment": "development", "capabilities": [{"name": "process", "description": "x"}]},
                  "identity": {"provider": "dev", "dev": {"socket": str(self.dir / "agent.sock")}},
                  "authorization": {"policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow", "audit": {"destination": f"file://{self.dir}/audit.log"}},
                  "server": {"host": "127.0.0.1", "port": house.free_port(), "admin": {"enabled": False}}, "run": {"environment": ["DB_PASSWORD=${secret:db}"], "restart": "on-failure"},
                  "observability": {"metrics": {"host": "127.0.0.1", "port": metrics}}, "secrets": {"cache_ttl_seconds": 1, "values": [{"name": "db", "from": "file", "file": str(secret)}]}}
        path = self.dir / "c.yaml"
        path.write_text(json.dumps(config))
        process = self.start("run", [BINARY, "run", "--config", path, "--", sys.executable, self.dir / "child.py"], env={"NOTE": str(note), "XDG_RUNTIME_DIR": str(self.dir)})
        wait_for("ready", lambda: plain(metrics, "/readyz")[0] == 200)
        lives = lambda: [json.loads(line) for line in note.read_text().splitlines()]  # noqa: E731
        self.assertEqual(lives()[0]["env"]["DB_PASSWORD"], "first-child-secret")
        self.assertNotIn("first-child-secret", pathlib.Path(f"/proc/{lives()[0]['pid']}/cmdline").read_text())
        secret.write_text("second-child-secret")
        wait_for("a second life", lambda: len(lives()) == 2, 15)
        self.assertEqual(lives()[1]["env"]["DB_PASSWORD"], "second-child-secret")
        wait_for("ready again", lambda: plain(metrics, "/readyz")[0] == 200)
        self.assertEqual(process.stop(), 0)
        for text in (process.err(), process.out(), (self.dir / "audit.log").read_text()):
            self.assertNotIn("child-secret", text)

    def test_exec(self):
        """an exec backend gets a secret in its environment, and nothing in its arguments"""
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text('package agentweave.authz\nimport rego.v1\ndefault allow := false\nallow if input.action == "report"\n')
        port, metrics = house.free_port(), house.free_port()
        config = {"agent": {"name": "target", "trust_domain": "attack.test", "environment": "development", "capabilities": [
            {"name": "report", "description": "x", "backend": {"type": "exec", "command": ["sh", "-c", "printf %s \"$TOKEN\" | wc -c; tr '\\0' ' ' < /proc/$$/cmdline >&2"], "environment": ["TOKEN=${secret:t}"]}}]},
                  "identity": {"provider": "dev", "dev": {"socket": str(self.dir / "agent.sock")}},
                  "authorization": {"policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow", "audit": {"destination": f"file://{self.dir}/audit.log"}},
                  "server": {"host": "127.0.0.1", "port": port, "admin": {"enabled": False}}, "observability": {"metrics": {"host": "127.0.0.1", "port": metrics}},
                  "secrets": {"values": [{"name": "t", "from": "exec", "command": ["printf", "exec-secret-12345"]}]}}
        path = self.dir / "c.yaml"
        path.write_text(json.dumps(config))
        agent = self.start("agent", [BINARY, "serve", path])
        wait_for("ready", lambda: plain(metrics, "/readyz")[0] == 200)
        self.run_cli("svid", "fetch", "--socket", f"unix://{self.dir}/agent.sock", "--as", "client", "--out", self.dir / "id")
        client = house.Identity(self.dir / "id/svid.pem", self.dir / "id/svid.key", self.dir / "id/bundle.pem")
        status, _, body = house.request(port, client, "POST", "/a2a/v1/tasks", {"task_type": "report", "payload": {}})
        self.assertEqual((status, json.loads(body)["result"]), (200, len("exec-secret-12345")))
        self.assertEqual(agent.stop(), 0)
        self.assertNotIn("exec-secret-12345", agent.err() + (self.dir / "audit.log").read_text())
        self.assertTrue(audit_records(self.dir / "audit.log"))


class InProduction(Case):
    def test_spire_vault_run(self):
        """production, real SPIRE: `run` logs in at Vault with the SVID, hands its child a secret, serves, drains, ends"""
        from test_run import CHILD
        spire, endpoint = self.spire("s", "a.test", SVID_TTL=60)
        client = self.mint(spire, "spiffe://a.test/agent/client")
        web = keepers.authority(self.dir)
        vault = keepers.Vault(web, spiffe_ca=client.bundle)
        self.addCleanup(vault.close)
        vault.roles, vault.data["app/db"] = {"agents": "spiffe://a.test/workload"}, {"password": "production-secret"}
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text('package agentweave.authz\nimport rego.v1\ndefault allow := false\nallow if {\n  input.caller_spiffe_id == "spiffe://a.test/agent/client"\n  input.action == "process"\n}\n')
        (self.dir / "child.py").write_text(CHILD)
        port, metrics, note = house.free_port(), house.free_port(), self.dir / "note"
        config = {"agent": {"name": "workload", "trust_domain": "a.test", "capabilities": [{"name": "process", "description": "x"}]},
                  "identity": {"spiffe_endpoint": endpoint},
                  "authorization": {"policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow", "audit": {"destination": f"file://{self.dir}/audit.log"}},
                  "server": {"host": "127.0.0.1", "port": port, "admin": {"enabled": False}}, "observability": {"metrics": {"host": "127.0.0.1", "port": metrics}},
                  "run": {"environment": ["DB_PASSWORD=${secret:db}"]},
                  "secrets": {"values": [{"name": "db", "from": "vault", "path": "app/db", "key": "password"}],
                              "vault": {"address": f"https://localhost:{vault.port}", "role": "agents", "ca_path": str(web[0])}}}
        path = self.dir / "c.yaml"
        path.write_text(json.dumps(config))
        process = self.start("run", [BINARY, "run", "--config", path, "--", sys.executable, self.dir / "child.py"], env={"NOTE": str(note), "XDG_RUNTIME_DIR": str(self.dir)})

        def ready():
            if not process.alive():
                raise RuntimeError(process.err()[-3000:])
            return plain(metrics, "/readyz")[0] == 200
        wait_for("ready", ready)
        life = json.loads(note.read_text().splitlines()[0])
        self.assertEqual((life["env"]["DB_PASSWORD"], life["env"]["AGENTWEAVE_ENVIRONMENT"]), ("production-secret", "production"))
        status, _, body = house.request(port, client, "POST", "/a2a/v1/tasks", {"task_type": "process", "payload": {}}, expect="spiffe://a.test/workload")
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["result"]["headers"]["x-agentweave-caller"], "spiffe://a.test/agent/client")
        self.assertEqual(process.stop(), 0)
        self.assertIn("child exit 0", process.err())
        self.assertNotIn("production-secret", process.err() + (self.dir / "audit.log").read_text())
