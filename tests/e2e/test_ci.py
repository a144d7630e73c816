# SPDX-License-Identifier: Apache-2.0
"""What users put into their CI: the action's script and the pre-commit hooks, run as they would run them."""
import json
import os
import pathlib
import re
import subprocess

import house
from house import Case

HERE = house.REPOSITORY


class Ci(Case):
    def environment(self):
        (self.dir / "bin").mkdir()
        (self.dir / "bin/agentweave").symlink_to(pathlib.Path(house.BINARY).resolve())
        return {"PATH": f"{self.dir}/bin:{os.environ['PATH']}", "HOME": str(self.dir)}

    def test_action(self):
        """the action marks the line that production would refuse, writes SARIF, and fails; a good file passes"""
        env = {**self.environment(), "FILES": "deploy/*.yaml", "POLICY": "", "ENVIRONMENT": "production", "SARIF": str(self.dir / "out.sarif")}
        (self.dir / "deploy").mkdir()
        bad = self.dir / "deploy/agent.yaml"
        bad.write_text("agent: {name: a, trust_domain: corp.example}\nauthorization:\n  default_action: log-only\n")
        script = HERE / "packaging/github-action/validate.sh"
        ran = subprocess.run(["bash", script], cwd=self.dir, env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 4, ran.stderr)
        self.assertRegex(ran.stdout, r"(?m)^::error file=deploy/agent.yaml,line=3,.*log-only")
        self.assertEqual(json.loads((self.dir / "out.sarif").read_text())["version"], "2.1.0")
        bad.write_text("agent: {name: a, trust_domain: corp.example}\n")
        ran = subprocess.run(["bash", script], cwd=self.dir, env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        ran = subprocess.run(["bash", script], cwd=self.dir, env={**env, "FILES": "nosuch/*.yaml"}, capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 4)

    def test_inputs_are_no_script(self):
        """what a pull request writes into an input is never part of a command line"""
        text = (HERE / "packaging/github-action/action.yml").read_text()
        for run in re.findall(r"run: (.*(?:\n {8,}.*)*)", text):
            self.assertNotIn("${{", run)
        env = {**self.environment(), "FILES": "$(touch pwned) *.yaml; touch pwned", "POLICY": "", "ENVIRONMENT": "production", "SARIF": ""}
        subprocess.run(["bash", HERE / "packaging/github-action/validate.sh"], cwd=self.dir, env=env, capture_output=True, timeout=60)
        self.assertFalse((self.dir / "pwned").exists())

    def test_hooks(self):
        """each hook's command runs on the files that its pattern chooses"""
        text = (HERE / ".pre-commit-hooks.yaml").read_text()
        hooks = dict(zip(re.findall(r"entry: (.*)", text), re.findall(r"files: (.*)", text)))
        (self.dir / "config.yaml").write_text("agent: {name: a, trust_domain: corp.example}\n")
        (self.dir / "authz.rego").write_text("package a\nimport rego.v1\ndefault allow := false\n")
        self.assertEqual(len(hooks), 2)
        for entry, pattern in hooks.items():
            chosen = [p.name for p in self.dir.iterdir() if p.is_file() and re.search(pattern, p.name)]
            self.assertEqual(len(chosen), 1, entry)
            ran = self.run_cli(*entry.split()[1:], *chosen, cwd=self.dir)
            self.assertEqual(ran.returncode, 0, ran.stderr)
        (self.dir / "authz.rego").write_text("package a\nallow := nosuch(1)\n")
        self.assertNotEqual(self.run_cli("policy", "check", "authz.rego", cwd=self.dir).returncode, 0)
