"""The chart as the tests see it: a copy of it, rendered by the real helm."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCE = ROOT / "helm/auditbridge"
TOOLS = pathlib.Path(os.environ.get("CHART_TOOLS", "/nonexistent"))
HELM = TOOLS / "bin/helm"
KUBERNETES = sorted(path.name for path in (TOOLS / "schemas").glob("v*"))

# Stand in for files/ that another change brings.
RULES = """\
groups:
  - name: auditbridge
    rules:
      - alert: Example
        expr: vector(1) == 0
        annotations: {summary: "{{ $value }}"}
"""
DASHBOARD = '{"title": "{{ instance }}"}\n'


def run(*command, text=None):
    return subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True,
                          timeout=120, cwd=ROOT)


@contextlib.contextmanager
def whole_chart():
    """A copy of the chart that has every file."""
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder) / "auditbridge"
        shutil.copytree(SOURCE, chart)
        (chart / "files").mkdir(exist_ok=True)
        for name, content in (("rules.yaml", RULES), ("dashboard.json", DASHBOARD)):
            if not (chart / "files" / name).exists():
                (chart / "files" / name).write_text(content)
        yield chart


def cases():
    """Name and file of values: one a mode, and the examples of the documentation."""
    found = {path.stem: path for path in sorted((HERE / "values").glob("*.yaml"))}
    found |= {f"example-{path.stem}": path for path in sorted((SOURCE / "examples").glob("*.yaml"))}
    return found


def template(chart, values, *more):
    return run(HELM, "template", "auditbridge", chart, "--namespace", "audit", "--values", values, *more)


def rendered(chart, values, *more):
    """The text of all objects; what helm refuses is a failed test."""
    result = template(chart, values, *more)
    if result.returncode != 0:
        raise AssertionError(f"{values.name}: {result.stderr}")
    return result.stdout


def objects(text):
    return [one for one in yaml.safe_load_all(text) if one]


def one(found, kind):
    """The only object of a kind."""
    of_kind = [item for item in found if item["kind"] == kind]
    if len(of_kind) != 1:
        raise AssertionError(f"{len(of_kind)} objects of kind {kind}")
    return of_kind[0]


def pod_specs(found):
    for item in found:
        if item["kind"] == "CronJob":
            yield item["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        elif item["kind"] == "Deployment":
            yield item["spec"]["template"]["spec"]
        elif item["kind"] == "Pod":
            yield item["spec"]


def workload_pod(found):
    """Metadata and spec of what the CronJob or Deployment starts."""
    for item in found:
        if item["kind"] == "CronJob":
            return item["spec"]["jobTemplate"]["spec"]["template"]
        if item["kind"] == "Deployment":
            return item["spec"]["template"]
    raise AssertionError("there is no workload")


def kubeconform(version, text):
    schemas = TOOLS / "schemas"
    return run(TOOLS / "bin/kubeconform", "-strict", "-summary", "-kubernetes-version", version[1:],
               "-schema-location", f"{schemas}/v{{{{.NormalizedKubernetesVersion}}}}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
               "-schema-location", f"{schemas}/{{{{.NormalizedKubernetesVersion}}}}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
               "-schema-location", f"{schemas}/operator/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", text=text)
