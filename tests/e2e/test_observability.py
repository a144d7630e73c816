# SPDX-License-Identifier: Apache-2.0
"""The dashboard and the alert rules name only what a running agent serves, and Prometheus' own tools find no fault in them."""
import json
import re
import subprocess
import sys
import urllib.request

import house
from house import need_tool, plain
from target import Target

HERE = house.REPOSITORY / "packaging/observability"
NAME = re.compile(r"\bagentweave_[a-z0-9_]+\b")


def expressions():
    """(where, PromQL) of everything in packaging/observability."""
    for number, line in enumerate((HERE / "alerts.yaml").read_text().splitlines(), 1):
        if not line.lstrip().startswith("#") and NAME.search(line):
            yield f"alerts.yaml:{number}", line
    dashboard = json.loads((HERE / "grafana-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for entry in dashboard["annotations"]["list"]:
        yield entry["name"], entry["expr"]


class Observability(Target):
    server_settings = {"port": house.free_port()}

    def bring_up(self, config):
        config["outbound"] = {"listen": f"127.0.0.1:{house.free_port()}"}
        self.target = self.agent("target", config)

    def scrape(self, accept="*/*"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.target.metrics_port}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.headers["Content-Type"], answer.read().decode()

    def test_every_metric_that_is_used_exists(self):
        """each metric of the dashboard and the alerts is in a fresh agent's /metrics"""
        families = {line.split()[2]: line.split()[3] for line in self.scrape()[1].splitlines() if line.startswith("# TYPE")}
        served = set(families)
        for name, kind in families.items():
            if kind == "histogram":
                served |= {name + suffix for suffix in ("_bucket", "_sum", "_count")}
        used = {name for _, text in expressions() for name in NAME.findall(text)}
        self.assertGreater(len(used), 30)
        for where, text in expressions():
            for name in NAME.findall(text):
                self.assertIn(name, served, where)

    def test_a_fresh_agent_has_each_series_the_faq_names(self):
        """what the FAQ greps for stands there before anything happened"""
        text = plain(self.target.metrics_port, "/metrics")[1]
        for series in ('agentweave_authz_circuit_breaker_state{state="open"} 0', 'agentweave_authz_circuit_breaker_state{state="closed"} 1',
                       "agentweave_authz_allowed_total 0", "agentweave_svid_rotation_total 0", "agentweave_svid_rotation_errors_total 0",
                       "agentweave_opa_requests_total 0", "agentweave_opa_errors_total 0"):
            self.assertIn("\n" + series + "\n", text)
        self.assertRegex(text, r'agentweave_requests_total\{agent_name="target",capability="work",status="error"\} 0')

    def test_openmetrics(self):
        """a scraper that asks for OpenMetrics gets it, with the same series"""
        kind, text = self.scrape("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
        self.assertEqual(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertIn("# TYPE agentweave_connections counter\nagentweave_connections_total ", text)
        names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
        self.assertEqual(names, {line.split("{")[0].split(" ")[0] for line in self.scrape()[1].splitlines() if not line.startswith("#")})

    def test_promtool(self):
        """promtool: metrics linted, rules checked, every rule's cases hold"""
        promtool = need_tool("promtool", "prometheus")
        linted = subprocess.run([promtool, "check", "metrics"], input=self.scrape()[1], capture_output=True, text=True, timeout=30)
        self.assertEqual((linted.returncode, linted.stdout + linted.stderr), (0, ""))
        for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]):
            ran = subprocess.run([promtool, *command], cwd=HERE, capture_output=True, text=True, timeout=60)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_each_rule_has_a_case(self):
        """no alert rule without a case in which it fires and one in which it is silent"""
        rules = set(re.findall(r"- alert: (\w+)", (HERE / "alerts.yaml").read_text()))
        cases = (HERE / "alerts_test.yaml").read_text()
        fires = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts", cases))
        silent = set(re.findall(r"alertname: (\w+)\}", cases))
        self.assertEqual((rules - fires, rules - silent), (set(), set()))

    def test_the_dashboard_is_what_its_source_says(self):
        """grafana-dashboard.json is make_dashboard.py's output; its panels do not overlap and ask the chosen data source"""
        made = subprocess.run([sys.executable, HERE / "make_dashboard.py"], capture_output=True, text=True, check=True, timeout=30).stdout
        self.assertEqual((HERE / "grafana-dashboard.json").read_text(), made)
        dashboard = json.loads(made)
        taken = set()
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
            if panel["type"] != "row":
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
