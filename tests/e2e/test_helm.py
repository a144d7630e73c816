# SPDX-License-Identifier: Apache-2.0
"""The chart: linted, rendered in its shapes, what it makes is what production and restricted pods accept."""
import importlib.util
import json
import subprocess
import unittest

import house
from house import Case, need_tool

CHART = house.REPOSITORY / "packaging/helm/agentweave"
SHAPES = {
    "gateway": {},
    "sidecar": {"sidecar": {"enabled": True, "container": {"name": "app", "image": "app:1", "ports": [{"containerPort": 9000}]}},
                "spiffe": {"allowedTrustDomains": ["example.org", "eu.example"], "clusterSPIFFEID": {"enabled": True, "federatesWith": ["eu.example"]}},
                "authorization": {"data": {"allowed": {"a": ["b"]}}}, "outbound": {"listen": "127.0.0.1:8081"},
                "agent": {"capabilities": [{"name": "work", "description": "works"}]},
                "peers": [{"id": "spiffe://eu.example/agent/x", "address": "https://x:8443"}], "autoscaling": {"enabled": False},
                "observability": {"metrics": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}, "grafanaDashboard": {"enabled": True}}},
                "server": {"shutdownDelaySeconds": 10, "gracefulShutdownSeconds": 50}, "config": {"replay": {"mode": "required"}}},
    "remote OPA": {"opa": {"endpoints": ["https://opa-1:8181", "https://opa-2:8181"]}},
}
REFUSED = {
    "an unknown value": {"replicas": 3},
    "a wildcard for trust domains": {"spiffe": {"allowedTrustDomains": ["*"]}},
    "a privileged container": {"containerSecurityContext": {"allowPrivilegeEscalation": True}},
    "camelCase in a capability": {"agent": {"capabilities": [{"name": "a", "description": "b", "inputModes": ["text/plain"]}]}},
    "an outbound listener for other machines": {"outbound": {"listen": "0.0.0.0:8081"}},
    "an upstream in the clear on another machine": {"sidecar": {"upstream": "http://other:9000"}},
}


def yaml():
    if importlib.util.find_spec("yaml") is None:
        raise unittest.SkipTest("python3-yaml is not installed")
    import yaml as module
    return module


class Chart(Case):
    def setUp(self):
        super().setUp()
        self.helm = need_tool("helm", "Go: helm.sh/helm/v3")
        self.yaml = yaml()

    def template(self, values, expect=0):
        path = self.dir / "values.json"
        path.write_text(json.dumps(values))
        ran = subprocess.run([self.helm, "template", "demo", CHART, "--kube-version", "1.30.0", "--namespace", "agents", "--values", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode == 0, expect == 0, ran.stderr)
        return [d for d in self.yaml.safe_load_all(ran.stdout) if d] if expect == 0 else []

    def test_lint(self):
        """helm lint --strict finds nothing"""
        ran = subprocess.run([self.helm, "lint", "--strict", CHART], capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_shapes(self):
        """gateway, sidecar, remote OPA: production accepts the configuration, and the pods are restricted ones"""
        for name, values in SHAPES.items():
            with self.subTest(name):
                documents = self.template(values)
                maps = [d for d in documents if d["kind"] == "ConfigMap" and "config.yaml" in d["data"]]
                (self.dir / "policy").mkdir(exist_ok=True)
                for key in ("authz.rego", "data.json"):
                    (self.dir / "policy" / key).write_text(maps[0]["data"].get(key, "{}" if key == "data.json" else ""))
                config = self.dir / "config.yaml"
                config.write_text(maps[0]["data"]["config.yaml"].replace("/etc/agentweave", str(self.dir)))
                checked = self.run_cli("config", "validate", config, "--env", "production", "--warnings-as-errors")
                self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
                self.check_pod(next(d for d in documents if d["kind"] == "Deployment"), self.yaml.safe_load(maps[0]["data"]["config.yaml"]))

    def check_pod(self, deployment, config):
        pod = deployment["spec"]["template"]["spec"]
        ours = next(c for c in pod.get("initContainers", []) + pod["containers"] if c["name"] == "agentweave")
        self.assertFalse(pod["automountServiceAccountToken"])
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
        self.assertEqual((ours["securityContext"]["allowPrivilegeEscalation"], ours["securityContext"]["readOnlyRootFilesystem"],
                          ours["securityContext"]["capabilities"]["drop"]), (False, True, ["ALL"]))
        self.assertIn({"name": "spiffe", "csi": {"driver": "csi.spiffe.io", "readOnly": True}}, pod["volumes"])
        self.assertFalse([v for v in pod["volumes"] if "hostPath" in v])
        # Probes ask the plain port: kubelet has no certificate.
        self.assertEqual({ours[p]["httpGet"]["port"] for p in ("startupProbe", "readinessProbe", "livenessProbe")}, {"metrics"})
        server = config["server"]
        self.assertEqual(pod["terminationGracePeriodSeconds"], server["shutdown_delay_seconds"] + server["graceful_shutdown_seconds"] + 5)
        if "initContainers" in pod:
            self.assertEqual(ours["restartPolicy"], "Always")

    def test_the_faq_s_autoscaler(self):
        """2 to 10 replicas at 70 % CPU, one may be missing, network policy, a rolling update that never has fewer"""
        documents = {d["kind"]: d for d in self.template({})}
        scaler = documents["HorizontalPodAutoscaler"]["spec"]
        self.assertEqual((scaler["minReplicas"], scaler["maxReplicas"], scaler["metrics"][0]["resource"]["target"]["averageUtilization"]), (2, 10, 70))
        self.assertEqual(documents["PodDisruptionBudget"]["spec"]["minAvailable"], 1)
        self.assertIn("NetworkPolicy", documents)
        self.assertEqual(documents["Deployment"]["spec"]["strategy"]["rollingUpdate"], {"maxUnavailable": 0, "maxSurge": 1})

    def test_monitoring(self):
        """the rules and the dashboard are the tested ones; a ServiceMonitor finds the metrics' service"""
        documents = self.template(SHAPES["sidecar"])
        rules = next(d for d in documents if d["kind"] == "PrometheusRule")
        self.assertEqual(rules["spec"], self.yaml.safe_load((house.REPOSITORY / "packaging/observability/alerts.yaml").read_text()))
        dashboard = next(d for d in documents if d["kind"] == "ConfigMap" and "agentweave.json" in d["data"])
        self.assertEqual(json.loads(dashboard["data"]["agentweave.json"])["uid"], "agentweave")
        monitor = next(d for d in documents if d["kind"] == "ServiceMonitor")["spec"]["selector"]["matchLabels"]
        services = [d for d in documents if d["kind"] == "Service" and monitor.items() <= d["metadata"]["labels"].items()]
        self.assertEqual([s["spec"]["ports"][0]["name"] for s in services], ["metrics"])
        identity = next(d for d in documents if d["kind"] == "ClusterSPIFFEID")
        self.assertEqual(identity["spec"]["spiffeIDTemplate"], "spiffe://{{ .TrustDomain }}/agent/agent")

    def test_refusals(self):
        """values.schema.json refuses what would be unsafe or ignored"""
        for name, values in REFUSED.items():
            with self.subTest(name):
                self.template(values, expect=1)

    def test_plain_manifests(self):
        """packaging/kubernetes/agentweave.yaml is what generate.sh makes of the chart"""
        here = house.REPOSITORY / "packaging/kubernetes"
        made = subprocess.run(["sh", here / "generate.sh"], env={"HELM": self.helm, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True, timeout=60)
        key = lambda d: (d["kind"], d["metadata"]["name"])
        both = [sorted((d for d in self.yaml.safe_load_all(text) if d), key=key) for text in (made.stdout, (here / "agentweave.yaml").read_text())]
        self.assertEqual(both[0], both[1])


class Schema(Case):
    def test_the_defaults_pass_their_own_schema(self):
        """values.yaml against values.schema.json, and what is refused is refused (without helm)"""
        for module in ("yaml", "jsonschema"):
            if importlib.util.find_spec(module) is None:
                raise unittest.SkipTest(f"python3-{module} is not installed")
        import jsonschema
        schema = json.loads((CHART / "values.schema.json").read_text())
        defaults = yaml().safe_load((CHART / "values.yaml").read_text())
        jsonschema.validate(defaults, schema)
        for name, values in REFUSED.items():
            with self.subTest(name), self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(merge(json.loads(json.dumps(defaults)), values), schema)


def merge(base, over):
    for key, value in over.items():
        base[key] = merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return base
