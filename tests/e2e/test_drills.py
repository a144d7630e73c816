# SPDX-License-Identifier: Apache-2.0
"""`dev --drill`: every fault on a fresh project, and what the agent does; nothing else installed."""
import json

from house import Case

ALL = ("opa-down", "svid-expire", "identity-withdrawn", "ca-rotate", "clock-skew", "federation-split", "restart")


class Drills(Case):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.run_cli("init", "hello", cwd=self.dir).returncode, 0)

    def drill(self, *words):
        return self.run_cli("dev", *words, cwd=self.dir / "hello", env={"XDG_RUNTIME_DIR": str(self.dir), "TMPDIR": str(self.dir)}, timeout=180)

    def test_all_drills(self):
        """each drill's fault is met as it must be: closed while it lasts, open again after; exit 0"""
        done = self.drill("--drill", ",".join(ALL), "-o", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        drills = {one["drill"]: one for one in json.loads(done.stdout)["data"]}
        self.assertEqual(tuple(drills), ALL)
        for name, one in drills.items():
            with self.subTest(name):
                self.assertTrue(one["behaved"])
                self.assertGreaterEqual(len([line for line in one["lines"] if line["met"] == "good"]), 4)
        said = {name: "\n".join(line["text"] for line in one["lines"]) for name, one in drills.items()}
        self.assertIn("503 AW3010, Retry-After", said["opa-down"])
        self.assertIn("requests failed during rotation: 0", said["ca-rotate"])
        self.assertIn("409 AW4004", said["clock-skew"])
        self.assertIn("the same nonce: 409 AW4002", said["restart"])
        self.assertEqual(list(self.dir.glob("agentweave-drill-*")), [])

    def test_a_drill_that_goes_wrong(self):
        """an agent that does not behave is exit 1, and the line says where: a policy that allows nobody never serves"""
        policy = self.dir / "hello/policy"
        for file in policy.glob("*_test.rego"):
            file.unlink()
        (policy / "authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := false\n")
        done = self.drill("--drill", "clock-skew")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^  \d\d:\d\d:\d\d × a caller whose clock is right: 403 AW3001$")
        self.assertRegex(done.stdout, r"(?m)^FAILED    clock-skew$")

    def test_unknown(self):
        """a drill that does not exist is a usage error with the nearest name"""
        done = self.drill("--drill", "ca-rotat")
        self.assertEqual(done.returncode, 2)
        self.assertIn('did you mean ca-rotate?', done.stderr)
