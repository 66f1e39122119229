"""The chart in a real Kubernetes: installed, changed, run, removed. tests/chart/cluster prepares it."""
import contextlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import yaml

from chart import HELM, cases, run, whole_chart

PROGRAMS = pathlib.Path(os.environ.get("CHART_CLUSTER", "/nonexistent"))
TOKEN = "only-on-loopback"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Cluster:
    def __init__(self, folder, stack):
        self.folder, self.stack = pathlib.Path(folder), stack
        self.url = f"https://127.0.0.1:{free_port()}"
        self.trust = ssl._create_unverified_context()
        self.config = self.folder / "kubeconfig"
        self.config.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": self.url, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "it", "user": {"token": TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": "audit"}}]}))

    def start(self, name, *command):
        log = self.stack.enter_context(open(self.folder / f"{name}.log", "w"))
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=self.folder)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)

    def up(self):
        store = f"http://127.0.0.1:{free_port()}"
        self.start("etcd", "etcd", "--data-dir", "etcd", "--listen-client-urls", store, "--advertise-client-urls", store,
                   "--listen-peer-urls", f"http://127.0.0.1:{free_port()}")
        key = self.folder / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (self.folder / "tokens").write_text(f"{TOKEN},admin,1,system:masters\n")
        self.start("api", PROGRAMS / "kube-apiserver", "--etcd-servers", store, "--bind-address", "127.0.0.1",
                   "--advertise-address", "127.0.0.1", "--secure-port", self.url.rsplit(":", 1)[1], "--cert-dir", "certs",
                   "--token-auth-file", "tokens", "--service-account-issuer", "https://kubernetes.default.svc",
                   "--service-account-signing-key-file", key, "--service-account-key-file", key,
                   "--service-cluster-ip-range", "10.0.0.0/24", "--authorization-mode", "RBAC")
        self.wait("the API server", lambda: self.get("/readyz") is not None)
        self.start("controllers", PROGRAMS / "kube-controller-manager", "--kubeconfig", self.config, "--bind-address",
                   "127.0.0.1", "--secure-port", free_port(), "--cert-dir", "certs", "--leader-elect=false")
        self.ask("POST", "/api/v1/namespaces", {"metadata": {
            "name": "audit", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, method=method, headers={
            "Authorization": f"Bearer {TOKEN}", "Content-Type": kind}, data=body and json.dumps(body).encode())
        with urllib.request.urlopen(request, context=self.trust, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text.startswith(b"{") else text

    def get(self, path):
        try:
            return self.ask("GET", path)
        except (urllib.error.URLError, OSError):
            return None

    def items(self, group, plural):
        found = self.get(f"/{group}/namespaces/audit/{plural}")
        return found["items"] if found else []

    def patch(self, path, body):
        return self.ask("PATCH", path, body, "application/merge-patch+json")

    def wait(self, what, condition, seconds=120):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}")
            time.sleep(0.5)

    def helm(self, *command):
        result = run(HELM, "--kubeconfig", self.config, "--namespace", "audit", *command)
        if result.returncode != 0:
            raise AssertionError(result.stderr)
        return result.stdout + result.stderr


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack = cls.enterClassContext(contextlib.ExitStack())
        cls.chart = stack.enter_context(whole_chart())
        cls.cluster = Cluster(stack.enter_context(tempfile.TemporaryDirectory()), stack)
        cls.cluster.up()

    def tearDown(self):
        self.clear()

    def clear(self):
        """What was kept goes too, so that each test begins with nothing."""
        if "auditbridge" in self.cluster.helm("list", "--short"):
            self.cluster.helm("uninstall", "auditbridge", "--wait=false")
        for claim in self.cluster.items("api/v1", "persistentvolumeclaims"):
            self.cluster.ask("DELETE", f"/api/v1/namespaces/audit/persistentvolumeclaims/{claim['metadata']['name']}")
        self.cluster.wait("claims to go", lambda: not self.cluster.items("api/v1", "persistentvolumeclaims"))

    def install(self, name, *more):
        return self.cluster.helm("install", "auditbridge", self.chart, "--values", cases()[name], *more)

    def upgrade(self, name, *more):
        return self.cluster.helm("upgrade", "auditbridge", self.chart, "--values", cases()[name], *more)

    def test_every_mode_is_taken(self):
        for name in cases():
            if "monitor" in name:
                continue    # kinds of the Prometheus Operator, which is not here
            self.clear()
            with self.subTest(name):
                output = self.install(name)
                self.assertIn("STATUS: deployed", output)
                if name != "whole-cronjob":     # whose own initContainer is not hardened
                    self.assertNotIn("PodSecurity", output)

    def test_the_claim_outlives_the_release(self):
        def uid():
            (claim,) = self.cluster.items("api/v1", "persistentvolumeclaims")
            return claim["metadata"]["uid"], claim["metadata"].get("deletionTimestamp")

        self.install("cronjob")
        before = uid()
        self.cluster.helm("uninstall", "auditbridge")
        self.install("cronjob")
        self.assertEqual(uid(), before)

    def test_upgrades(self):
        def checksum():
            (deployment,) = self.cluster.items("apis/apps/v1", "deployments")
            return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

        self.install("cronjob")
        self.upgrade("deployment")
        self.assertEqual(self.cluster.items("apis/batch/v1", "cronjobs"), [])
        before = checksum()
        self.upgrade("deployment", "--set", "config.workers=3")
        self.assertNotEqual(checksum(), before)
        self.upgrade("cronjob")
        self.assertEqual(self.cluster.items("apis/apps/v1", "deployments"), [])

    def test_exit_status_two_is_not_repeated(self):
        """The job controller judges."""
        self.run_ends_with(2)
        self.cluster.wait("the job to fail", lambda: self.condition("Failed"))
        self.assertEqual(self.condition("Failed")["reason"], "PodFailurePolicy")

    def test_exit_status_one_is_repeated_as_often_as_said(self):
        self.run_ends_with(1)
        self.cluster.wait("a second pod", lambda: len(self.pods()) == 2)
        self.assertIsNone(self.condition("Failed"))

    def run_ends_with(self, status):
        """A run of the CronJob whose pod ends so; there is no node, so the test says it in the kubelet's place."""
        self.install("cronjob", "--set", "cronJob.backoffLimit=3")
        (cronjob,) = self.cluster.items("apis/batch/v1", "cronjobs")
        job = {"metadata": {"name": "now"}, "spec": cronjob["spec"]["jobTemplate"]["spec"]}
        self.cluster.ask("POST", "/apis/batch/v1/namespaces/audit/jobs", job)
        self.addCleanup(self.remove_job)
        self.cluster.wait("the pod", self.pods)
        self.cluster.patch(f"/api/v1/namespaces/audit/pods/{self.pods()[0]['metadata']['name']}/status", {"status": {
            "phase": "Failed", "containerStatuses": [{
                "name": "auditbridge", "image": "", "imageID": "", "ready": False, "restartCount": 0,
                "state": {"terminated": {"exitCode": status}}}]}})

    def pods(self):
        return [pod for pod in self.cluster.items("api/v1", "pods") if pod["metadata"]["labels"].get("job-name") == "now"]

    def remove_job(self):
        self.cluster.ask("DELETE", "/apis/batch/v1/namespaces/audit/jobs/now?propagationPolicy=Background")
        self.cluster.wait("the job to go", lambda: self.condition("Failed") is None and not self.pods())

    def condition(self, kind):
        job = self.cluster.get("/apis/batch/v1/namespaces/audit/jobs/now") or {}
        return next((one for one in job.get("status", {}).get("conditions", []) if one["type"] == kind), None)


if __name__ == "__main__":
    if not PROGRAMS.exists():
        sys.exit("run tests/chart/cluster, which makes the programs")
    unittest.main()
