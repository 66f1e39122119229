"""The chart, rendered by the real helm: golden files, schemas of three Kubernetes, our own check."""
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

import yaml

from chart import (HELM, HERE, KUBERNETES, ROOT, SOURCE, cases, kubeconform, objects, one, pod_specs, rendered, run,
                   template, whole_chart, workload_pod)

PROGRAM = os.environ.get("AUDITBRIDGE", str(ROOT / "build/dev/auditbridge"))
KNOWN = json.loads((ROOT / "docs/schemas/config.schema.json").read_text())["properties"]


def without_embedded(text):
    """Rules and dashboard are files of their own with tests of their own: here only that they are there."""
    parts = []
    for part in text.split("\n---\n"):
        found = yaml.safe_load(part) or {}
        if found.get("kind") == "PrometheusRule":
            part = re.sub(r"(?s)\nspec:\n.*", "\nspec: (files/rules.yaml)", part)
        if found.get("metadata", {}).get("name", "").endswith("-dashboard"):
            part = re.sub(r"(?s)(auditbridge\.json:) \|\n.*", r"\1 (files/dashboard.json)", part)
        parts.append(part)
    return "\n---\n".join(parts)


class Chart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chart = cls.enterClassContext(whole_chart())
        cls.cases = cases()
        cls.plain = cls.cases["cronjob"]

    def render(self, name, *more):
        return objects(rendered(self.chart, self.cases[name], *more))


class Rendered(Chart):
    def test_lint(self):
        for name, values in self.cases.items():
            with self.subTest(name):
                result = run(HELM, "lint", "--strict", self.chart, "--values", values)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_golden(self):
        for name, values in self.cases.items():
            with self.subTest(name):
                text = without_embedded(rendered(self.chart, values))
                golden = HERE / "golden" / f"{name}.yaml"
                if os.environ.get("CHART_UPDATE"):
                    golden.write_text(text)
                self.assertTrue(golden.exists(), "no golden file: tests/chart/run --update")
                self.assertEqual(golden.read_text(), text)
        stale = {path.stem for path in (HERE / "golden").glob("*.yaml")} - set(self.cases)
        self.assertEqual(stale, set(), "golden files of no case")

    def test_kubernetes_takes_it(self):
        self.assertEqual(len(KUBERNETES), 3)
        for version in KUBERNETES:
            for name, values in self.cases.items():
                with self.subTest(name, version=version):
                    text = rendered(self.chart, values)
                    result = kubeconform(version, text)
                    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                    self.assertIn(f"Valid: {len(objects(text))}, Invalid: 0, Errors: 0, Skipped: 0", result.stdout)

    def test_kubernetes_refuses_a_wrong_field(self):
        """The test above can fail: a misspelt field or a wrong type in any kind of object is found."""
        broken = [
            ("whole-cronjob", "podFailurePolicy:", "podFailurePolicies:"),
            ("whole-cronjob", "startingDeadlineSeconds: 600", "startingDeadlineSeconds: soon"),
            ("whole-cronjob", "readOnlyRootFilesystem:", "readOnlyRootFileSystem:"),
            ("whole-cronjob", "policyTypes:", "policyType:"),
            ("whole-cronjob", "storageClassName:", "storageClass:"),
            ("whole-cronjob", "automountServiceAccountToken: true\n", "automountToken: true\n"),
            ("deployment", "strategy:", "updateStrategy:"),
            ("metrics-servicemonitor", "interval: 30s", "intervall: 30s"),
            ("metrics-servicemonitor", "targetPort: metrics", "target: metrics"),
            ("metrics-servicemonitor", "  groups:\n", "  group:\n"),
            ("metrics-podmonitor", "podMetricsEndpoints:", "podMetricEndpoints:"),
        ]
        for version in KUBERNETES:
            for name, right, wrong in broken:
                with self.subTest(wrong, version=version):
                    text = rendered(self.chart, self.cases[name])
                    self.assertIn(right, text)
                    result = kubeconform(version, text.replace(right, wrong))
                    self.assertEqual(result.returncode, 1, result.stdout + result.stderr)

    def test_pods_are_restricted(self):
        """What the pod security standard "restricted" asks, and a root that cannot be written."""
        for name in self.cases:
            for spec in pod_specs(self.render(name)):
                with self.subTest(name):
                    container = spec["containers"][0]
                    self.assertTrue(spec["securityContext"]["runAsNonRoot"])
                    self.assertEqual(spec["securityContext"]["runAsUser"], 65532)
                    self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertEqual(spec["automountServiceAccountToken"], name == "whole-cronjob")
                    self.assertEqual(container["securityContext"]["capabilities"], {"drop": ["ALL"]})
                    self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
                    self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"])
                    volumes = {volume["name"] for volume in spec["volumes"]}
                    mounts = {mount["name"] for mount in container["volumeMounts"]}
                    self.assertEqual(volumes, mounts)

    def test_a_run_ends_before_kubernetes_ends_it(self):
        for seconds in (120, 900, 3300):
            found = self.render("cronjob", "--set", f"cronJob.activeDeadlineSeconds={seconds}")
            args = workload_pod(found)["spec"]["containers"][0]["args"]
            self.assertEqual(args[args.index("--max-runtime") + 1], f"{seconds - 60}s")

    def test_a_change_of_the_configuration_rolls_pods(self):
        def checksum(*more):
            return workload_pod(self.render("deployment", *more))["metadata"]["annotations"]["checksum/config"]

        before = checksum()
        self.assertNotEqual(checksum("--set", "config.workers=3"), checksum("--set", "config.workers=2"))
        self.assertNotEqual(before, checksum("--set", "configFiles.more=text"))
        self.assertNotEqual(before, checksum("--set", "packs[0].configMap=mine"))
        self.assertEqual(before, checksum("--set", "extraArgs[0]=--debug"))

    def test_the_claim_is_kept(self):
        claim = one(self.render("cronjob"), "PersistentVolumeClaim")
        self.assertEqual(claim["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})
        for name in ("ephemeral", "existing"):
            self.assertNotIn("PersistentVolumeClaim", {item["kind"] for item in self.render(name)})

    def test_notes(self):
        """Helm prints notes only after it has spoken to a cluster, so the copy of the chart makes an object of them."""
        with whole_chart() as chart:
            (chart / "templates/notes.yaml").write_text(
                'kind: Notes\ntext: |\n  {{- include (print .Template.BasePath "/NOTES.txt") . | nindent 2 }}\n')
            for name, values in self.cases.items():
                with self.subTest(name):
                    found = objects(rendered(chart, values))
                    notes = one(found, "Notes")["text"]
                    workload = next(item for item in found if item["kind"] in ("CronJob", "Deployment"))
                    self.assertIn(f"as {workload['kind']} {workload['metadata']['name']} in audit.", notes)
                    self.assertIn("helm test auditbridge --namespace audit --logs", notes)
                    self.assertEqual("WARNING: the state dies" in notes, name == "ephemeral")

    def test_package(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run(HELM, "package", self.chart, "--destination", folder)
            self.assertEqual(result.returncode, 0, result.stderr)
            package = next(pathlib.Path(folder).glob("auditbridge-*.tgz"))
            self.assertEqual(template(package, self.plain).returncode, 0)


class Accepted(Chart):
    def check(self, found):
        """auditbridge check of the rendered configuration, in files as Kubernetes lays them out."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            pack = (ROOT / "tests/chart/pack.yaml").read_text()
            for name in ("audit-packs", "more-packs"):
                mount(root / "packs" / name, {"own.yaml": pack.replace("NAME", name)})
            (root / "more").mkdir()
            data = one([item for item in found if not item["metadata"]["name"].endswith(("dashboard", "map", "text"))],
                       "ConfigMap")["data"]
            text = data["auditbridge.yaml"].replace("/etc/auditbridge-packs/", f"{root}/packs/")
            mount(root / "config", data | {"auditbridge.yaml": text.replace("/etc/more", f"{root}/more")})
            return run(PROGRAM, "check", "--config", root / "config/auditbridge.yaml")

    def test_the_program_takes_the_configuration(self):
        for name in self.cases:
            if name == "existing":
                continue
            with self.subTest(name):
                found = self.render(name)
                result = self.check(found)
                output = result.stdout + result.stderr
                if name.startswith("metrics-") and "metrics" not in KNOWN:
                    self.assertEqual(len(re.findall(r'unknown key "metrics"', output)), 1, output)
                    self.assertEqual(len(re.findall(r"auditbridge\.yaml:\d+:\d+:", output)), 1, output)
                else:
                    self.assertEqual(result.returncode, 0, output)

    def test_texts_stay_texts(self):
        """Helm reads and writes the configuration: numbers, braces and dollars in quotes come out as they were."""
        data = self.render("whole-cronjob")
        text = next(item for item in data if item["metadata"]["name"] == "audit-bridge" and item["kind"] == "ConfigMap")
        source = yaml.safe_load(text["data"]["auditbridge.yaml"])["sources"]["payroll"]
        self.assertEqual(source["account"], "011122223333")
        self.assertEqual(source["tenant"], {"cost": "1e3", "note": "$${NOT_SET} {{ not a template }}", "flag": "true"})

    def test_arguments_are_the_programs(self):
        """--help knows each argument; a wrong one would be status 2, which no run is repeated after."""
        for name in ("cronjob", "deployment"):
            args = workload_pod(self.render(name))["spec"]["containers"][0]["args"]
            usage = run(PROGRAM, args[0], "--help").stdout
            known = re.findall(r"--[a-z-]+", usage)
            for argument in args[1:]:
                if argument.startswith("--"):
                    self.assertIn(argument, known)

    def test_metrics_are_in_the_configuration(self):
        wanted = {"metrics-servicemonitor": {"listen": "[::]:9500"}, "metrics-podmonitor": {"listen": "0.0.0.0:9464"},
                  "metrics-pushgateway": {"pushgateway": "https://push.example.org", "instance": "auditbridge.audit",
                                          "pushgateway_username": "audit"}}
        for name, metrics in wanted.items():
            found = [item for item in self.render(name) if not item["metadata"]["name"].endswith("-dashboard")]
            config = yaml.safe_load(one(found, "ConfigMap")["data"]["auditbridge.yaml"])
            self.assertEqual(config["metrics"], metrics)


def mount(folder, files):
    """A ConfigMap's volume: names that point into ..data, which points to the latest version."""
    version = folder / "..2026_11_25"
    version.mkdir(parents=True)
    (folder / "..data").symlink_to(version.name)
    for name, text in files.items():
        (version / name).write_text(text)
        (folder / name).symlink_to(f"..data/{name}")


class Refused(Chart):
    def test_what_cannot_work(self):
        refused = [
            (["config=null"], "nothing says what to read"),
            (["existingConfigMap=there"], "config and existingConfigMap are both set"),
            (["config=null", "existingConfigMap=there", "configFiles.a=b"], "configFiles stand beside config"),
            (["configFiles.auditbridge\\.yaml=b"], "auditbridge.yaml is made of config"),
            (["config.state.path=/tmp/state"], "config.state is set by the chart"),
            (["kind=Deployment", "replicas=2"], "the state is one SQLite file, which pods cannot share"),
            (["kind=Deployment", "replicas=2", "state.ephemeral=true"], "the state is one SQLite file"),
            (["state.ephemeral=true", "state.existingClaim=there"], "keep one of them"),
            (["extraVolumes[0].name=state", "extraVolumes[0].emptyDir.medium=Memory"], "state.ephemeral: true"),
            (["extraVolumeMounts[0].name=tmp", "extraVolumeMounts[0].mountPath=/var/lib/auditbridge/store"],
             "state.ephemeral: true for an emptyDir"),
            (["metrics.serviceMonitor.enabled=true", "metrics.podMonitor.enabled=true"], "would scrape the same pod twice"),
            (["kind=Deployment", "metrics.podMonitor.enabled=true"], "a monitor needs metrics.enabled: true"),
            (["metrics.enabled=true", "metrics.podMonitor.enabled=true"], "pods end before a monitor scrapes them"),
            (["metrics.enabled=true"], "needs metrics.pushgateway"),
            (["kind=Deployment", "metrics.pushgateway=http://push:9091"], "metrics.pushgateway is for kind: CronJob"),
            (["metrics.enabled=true", "metrics.pushgateway=http://push:9091", "config.metrics.listen=:1"],
             "config.metrics.listen is set by the chart"),
            (["metrics.enabled=true", "metrics.pushgateway=http://push:9091", "config.metrics.pushgateway=http://other"],
             "config.metrics.pushgateway is set by the chart"),
        ]
        for settings, message in refused:
            self.refuse(settings, message)

    def test_what_the_schema_does_not_know(self):
        refused = [
            (["kind=DaemonSet"], "/kind"),
            (["cronjob.schedule=x"], "'cronjob' not allowed"),
            (["cronJob.schedul=x"], "'schedul' not allowed"),
            (["cronJob.concurrencyPolicy=Allow"], "/cronJob/concurrencyPolicy"),
            (["cronJob.activeDeadlineSeconds=60"], "minimum: got 60, want 120"),
            (["cronJob.startingDeadlineSeconds=5"], "minimum: got 5, want 10"),
            (["terminationGracePeriodSeconds=5"], "minimum: got 5, want 15"),
            (["image.digest=latest"], "/image/digest"),
            (["image.repository="], "/image/repository"),
            (["state.accessModes[0]=ReadWriteMany"], "/state/accessModes/0"),
            (["state.size=large"], "/state/size"),
            (["projectedTokens[0].name=azure"], "missing property 'audience'"),
            (["projectedTokens[0].name=a/b", "projectedTokens[0].audience=x"], "/projectedTokens/0/name"),
            (["projectedTokens[0].name=a", "projectedTokens[0].audience=x", "projectedTokens[0].expirationSeconds=60"],
             "minimum: got 60, want 600"),
            (["podLabels.answer=42"], "/podLabels/answer"),
            (["packs[0].secret=x"], "'secret' not allowed"),
            (["metrics.port=80"], "/metrics/port"),
            (["metrics.serviceMonitor.interval=1"], "/metrics/serviceMonitor/interval"),
            (["livenessProbe.exec=x"], "'exec' not allowed"),
            (["serviceAccount.automount=sometimes"], "/serviceAccount/automount"),
        ]
        for settings, message in refused:
            self.refuse(settings, message)

    def refuse(self, settings, message):
        with self.subTest(" ".join(settings)):
            more = [part for setting in settings for part in ("--set", setting)]
            result = template(self.chart, self.plain, *more)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(message, result.stderr)

    def test_missing_files_are_told(self):
        for value, name in (("prometheusRule", "rules.yaml"), ("dashboard", "dashboard.json")):
            with whole_chart() as chart:
                (chart / "files" / name).unlink()
                self.assertEqual(template(chart, self.plain).returncode, 0)
                result = template(chart, self.plain, "--set", f"metrics.{value}.enabled=true")
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(f"the chart has no files/{name}", result.stderr)


class Described(Chart):
    def test_every_value_is_in_the_schema_and_every_key_of_the_schema_a_value(self):
        schema = json.loads((SOURCE / "values.schema.json").read_text())
        values = yaml.safe_load((SOURCE / "values.yaml").read_text())

        def compare(value, part, path):
            if "$ref" in part:
                part = schema["definitions"][part["$ref"].rsplit("/", 1)[1]]
            if part.get("additionalProperties") is False and "properties" in part:
                known = set(part["properties"]) - ({"global"} if not path else set())
                if path[-1:] not in (["livenessProbe"], ["readinessProbe"]):    # these take more than is set
                    self.assertEqual(set(value), known, ".".join(path))
                for key, below in value.items():
                    compare(below, part["properties"][key], [*path, key])
            else:
                self.assertIn("type" if "enum" not in part else "enum", part, ".".join(path))

        compare(values, schema, [])

    def test_readme_is_fresh_and_complete(self):
        result = run("/usr/bin/python3", "-B", ROOT / "scripts/chart-readme", "--check")
        self.assertEqual(result.returncode, 0, result.stderr)
        readme = (SOURCE / "README.md").read_text()

        def leaves(value, path):
            name = ".".join(path)
            if f"| `{name}` |" in readme:
                return
            self.assertTrue(isinstance(value, dict) and value, f"values.yaml: {name} has no comment")
            for key, below in value.items():
                leaves(below, [*path, key])

        for key, value in yaml.safe_load((SOURCE / "values.yaml").read_text()).items():
            leaves(value, [key])

    def test_versions(self):
        chart = yaml.safe_load((SOURCE / "Chart.yaml").read_text())
        program = re.search(r"project\(auditbridge VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(chart["appVersion"], program)
        oldest = re.search(r"\d+\.\d+\.\d+", chart["kubeVersion"])[0]
        self.assertEqual(KUBERNETES[0], f"v{oldest}")

    def test_commands_of_the_documentation(self):
        """Those that need no cluster are run as they stand; the program and helm are found by name."""
        page = (ROOT / "docs/kubernetes.md").read_text().replace("\\\n", "")
        commands = [line for block in re.findall(r"(?s)```sh cluster\n(.*?)```", page) for line in block.splitlines()
                    if re.match(r"helm (template|lint|package|show) ", line)]
        self.assertGreater(len(commands), 2)
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "auditbridge").symlink_to(pathlib.Path(PROGRAM).resolve())
            for command in commands:
                with self.subTest(command):
                    path = f"PATH={HELM.parent}:{folder}:$PATH; "
                    result = run("bash", "-c", "set -euo pipefail; " + path + command.replace("/tmp/", f"{folder}/"))
                    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for path in re.findall(r"helm/auditbridge/[-a-z./]+\.yaml", page):
            self.assertTrue((ROOT / path).exists(), path)


if __name__ == "__main__":
    if not HELM.exists():
        sys.exit("run tests/chart/run, which makes the tools")
    unittest.main(verbosity=1)
