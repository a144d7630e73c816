# SPDX-License-Identifier: Apache-2.0
"""Every transcript of README.md and docs/: typed as it stands, in a directory and beside an agent as the page tells of them."""
import json
import os
import pathlib
import re
import subprocess

import house
import transcript
from house import BINARY, Case, free_port, wait_for
from test_clients import Authority
from test_outbound import message, post

ROOT = house.REPOSITORY
# Blocks that cannot run where the tests run. Each names its reason in the page; here they are counted, so that none slips in.
NOT_RUN = {"README.md": 1, "backends.md": 1, "identity.md": 1, "install.md": 2, "kubernetes.md": 3, "map.md": 1}


def pages():
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Docs(Case):
    def setUp(self):
        super().setUp()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AGENTWEAVE_", "SPIFFE_"))}
        (self.dir / "bin").mkdir()
        (self.dir / "bin/agentweave").symlink_to(pathlib.Path(BINARY).resolve())
        self.env |= {"PATH": f"{self.dir}/bin:{self.env['PATH']}", "XDG_RUNTIME_DIR": str(self.dir / "run"), "TMPDIR": str(self.dir)}
        (self.dir / "run").mkdir(mode=0o700)
        self.place = self.dir / "hello"

    def follow(self, page):
        name = "README.md" if page == "README.md" else f"docs/{page}"
        ran = transcript.follow(ROOT / name, self.place, self.env)
        self.assertGreater(ran, 0, f"{page} shows no command that runs")

    def cli(self, *words, check=True):
        done = subprocess.run([BINARY, *map(str, words)], cwd=self.place, env=self.env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        if check:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def project(self, **more):
        """The project that `agentweave init hello` makes; config.yaml is for this machine and keeps state and audit log beside itself."""
        subprocess.run([BINARY, "init", self.place], check=True, capture_output=True, timeout=20)
        (self.place / "production.yaml").write_text((self.place / "config.yaml").read_text())
        config = (self.place / "config.dev.yaml").read_text().replace("destination: stderr", f"destination: file://{self.place}/audit.log")
        self.port = free_port()
        config = config.replace("port: 8443", f"port: {self.port}\n  admin: {{host: 127.0.0.1, port: {free_port()}}}")
        (self.place / "config.yaml").write_text(config + f"state:\n  directory: {self.place}/state\n" + "".join(f"{k}: {json.dumps(v)}\n" for k, v in more.items()))

    def running(self, **more):
        """That project with its agent, by `agentweave dev`; its Workload API is where the environment says."""
        self.project(**more)
        agent = self.start("dev", [BINARY, "dev", "config.yaml", "--set", "observability.metrics.port=0"], cwd=self.place, env=self.env)
        wait_for("the banner", lambda: "listening" in agent.out(), 30)
        self.env["SPIFFE_ENDPOINT_SOCKET"] = f"unix://{self.dir}/run/agentweave/agent.sock"
        return agent

    def some_calls(self):
        for action in ("greet", "greet", "delete_all", "status"):
            self.cli("call", "hello", action, '{"name":"Ada"}', "--as", "client", check=action != "delete_all")

    # --- one page each -----------------------------------------------------------------------------------------------
    def test_readme(self):
        """README: the first call is allowed, the second denied; the production configuration is production-ready"""
        self.running()
        (self.place / "build/release").mkdir(parents=True)
        (self.place / "build/release/agentweave").symlink_to(pathlib.Path(BINARY).resolve())
        (self.place / "config.yaml").write_text((self.place / "production.yaml").read_text())
        self.follow("README.md")

    def test_a2a(self):
        """docs/a2a.md: plain JSON by curl, `call`, its events, the list of tasks"""
        self.running()
        policy = self.place / "policy/authz.rego"
        policy.write_text(policy.read_text().replace('{"greet", "status"}', '{"greet", "status", "list_tasks"}'))
        self.cli("svid", "fetch", "--as", "client", "--out", ".")
        self.env["AGENT"] = f"https://localhost:{self.port}"
        self.follow("a2a.md")

    def test_audit(self):
        """docs/audit.md: the chain by hand, verification with and without signatures, an edit found, questions, two ends of a call"""
        agent = self.running()
        self.cli("svid", "fetch", "--as", "hello", "--out", ".")
        self.some_calls()
        agent.stop()
        self.two_ends()
        self.follow("audit.md")

    def two_ends(self):
        """planner calls billing through its outbound listener, once allowed and once denied there: ours.log and theirs.log."""
        authority, port, out = Authority(self.dir, "corp"), free_port(), free_port()
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text('package agentweave.authz\nimport rego.v1\ndefault allow := false\n'
                                                    'allow if input.direction == "outbound"\nallow if input.action == "invoice"\n')

        def agent(name, **more):
            cert, key = authority.issue(name, f"spiffe://corp.example/agent/{name}")
            return self.agent(name, {
                "agent": {"name": name, "environment": "development", "trust_domain": "corp.example",
                          "capabilities": [{"name": n, "description": n, "backend": {"type": "builtin", "name": "echo"}} for n in ("invoice", "refund")]},
                "identity": {"provider": "mtls-static", "certificate_path": str(cert), "private_key_path": str(key), "ca_cert_path": str(authority.cert)},
                "authorization": {"policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                                  "audit": {"destination": f"file://{self.dir}/{name}-audit.log"}}, **more})
        both = [agent("planner", outbound={"listen": f"127.0.0.1:{out}"}, peers=[{"id": "spiffe://corp.example/agent/billing", "address": f"https://127.0.0.1:{port}"}]),
                agent("billing", server={"port": port})]
        for action in ("invoice", "refund"):
            post(f"http://127.0.0.1:{out}/agents/billing/rpc", message("hi", action))
        for name, one in zip(("ours.log", "theirs.log"), both):
            one.stop()
            (self.place / name).write_bytes(one.audit_path.read_bytes())

    def test_authorization(self):
        """docs/authorization.md: why a request was denied, now and then; what another policy would have said"""
        self.running()
        self.some_calls()
        page = (ROOT / "docs/authorization.md").read_text()
        corp = self.place / "corp"
        corp.mkdir()
        (corp / "authz.rego").write_text(page.partition("```rego\n")[2].partition("```")[0])  # the page's own policy
        (self.place / "corp.json").write_text(json.dumps({
            "allowed_callers": {"spiffe://corp.example/agent/billing": ["spiffe://corp.example/agent/planner"]},
            "actions": {"spiffe://corp.example/agent/planner": ["invoice", "status"]}}))
        (self.place / "billing.yaml").write_text(json.dumps({
            "agent": {"name": "billing", "trust_domain": "corp.example", "environment": "development"}, "identity": {"provider": "dev"},
            "authorization": {"policy_dir": "corp", "data_files": ["corp.json"], "policy_path": "agentweave/authz"}}))
        policy = (self.place / "policy/authz.rego").read_text()
        (self.place / "next.rego").write_text(policy.replace('"status"', '"status", "delete_all"'))
        denied = self.cli("authz", "decisions", "--config", "config.yaml", "--decision", "deny", "-o", "json").stdout
        (self.place / "denied").write_text(re.search(r"d-01[0-9A-Z]+", denied)[0])
        self.follow("authorization.md")

    def test_ci(self):
        """docs/ci.md: a configuration that production refuses, at its line"""
        self.project()
        (self.place / "deploy").mkdir()
        (self.place / "deploy/agent.yaml").write_text((self.place / "production.yaml").read_text().replace("default_action: deny", "default_action: log-only"))
        self.follow("ci.md")

    def test_identity(self):
        """docs/identity.md: the SVIDs of this process, in files, and how long they last"""
        self.running()
        self.follow("identity.md")

    def test_migrating(self):
        """docs/migrating.md: an old configuration converts, and production takes it"""
        self.place.mkdir()
        (self.place / "old.yaml").write_text(
            'metadata: {name: math, version: "2.1"}\nagent: {capabilities: [{name: add, description: adds}]}\nidentity:\n  trust_domain: corp.example\n'
            "  spire_socket: /tmp/spire-agent/public/api.sock\nauthorization:\n  engine: opa\n  opa_url: http://127.0.0.1:8181\n")
        self.follow("migrating.md")

    def test_observability(self):
        """docs/observability.md: `top`, and drills in which the agent behaves"""
        self.running()
        self.some_calls()
        self.follow("observability.md")

    def test_secrets(self):
        """docs/secrets.md: a secret is shown only when asked to"""
        self.project(secrets={"values": [{"name": "search_key", "from": "file", "file": str(self.place / "search")}]})
        (self.place / "search").write_text("s3cr3t\n")
        (self.place / "search").chmod(0o600)
        self.follow("secrets.md")

    def test_security(self):
        """docs/security.md: the attacks are refused, and the report proves it elsewhere"""
        self.running()
        self.cli("svid", "fetch", "--as", "hello", "--out", ".")
        self.follow("security.md")

    # --- all of them -------------------------------------------------------------------------------------------------
    def test_every_page(self):
        """no page has a transcript that no test types; blocks that cannot run are counted"""
        here = pathlib.Path(__file__).read_text()
        excused = {}
        for page in pages():
            text = page.read_text()
            if any(why is None for why, _ in transcript.blocks(text)):
                self.assertIn(f'self.follow("{page.name}")', here)
            if transcript.not_run(text):
                excused[page.name] = len(transcript.not_run(text))
        self.assertEqual(excused, NOT_RUN)

    def test_a_transcript_can_fail(self):
        """a line that is not shown, one too many, another number, a silent failure: each is found"""
        page = self.dir / "page.md"
        self.place.mkdir()
        for block, fine in (("$ echo a 1.5 ms\na 9.25 ms\n", True), ("$ echo a\n", False), ("$ true\na\n", False), ("$ echo 4 records\n5 records\n", False),
                            ("$ false\n", False), ("$ printf 'a\\nb\\nc\\n'\na\n…\nc\n", True), ("$ false\n$ echo $?\n1\n", False),
                            ("$ (exit 3); echo $?\n3\n", True), ("$ echo one \\\n    two\none two\n", True)):
            page.write_text(f"```console\n{block}```\n")
            if fine:
                self.assertGreater(transcript.follow(page, self.place, self.env), 0)
            else:
                with self.assertRaises(AssertionError, msg=block):
                    transcript.follow(page, self.place, self.env)
