"""Google's own clients and ours read the same fake: on a quiet window, the same entries.

gcp_google.py FOLDER, where FOLDER is for npm's packages. SKIP (77) where neither node's
client nor gcloud is to be had."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("e2e", "provider")]

import adc_world as world  # noqa: E402
import gcp_filter  # noqa: E402
from gcp_harness import GcpBench, GcpCase, GcpFault, GcpSpec  # noqa: E402
from harness import hours_ago  # noqa: E402
from npm import install  # noqa: E402

PACKAGE = "google-auth-library@10.9.1"
SCRIPT = Path(__file__).with_suffix(".js")
PARENTS = ("projects/case-1", "projects/case-2")
FOLDER = Path()
HAS_NODE = False


class Google(GcpCase, world.Case):
    def setUp(self) -> None:
        GcpCase.setUp(self)
        world.Case.setUp(self)

    def read_ours(self) -> GcpBench:
        spec = GcpSpec(start=hours_ago(8), events=450, parents=PARENTS)
        bench = self.gcp(spec, now=spec.start + spec.seconds + 3000, page_max=100)
        self.assert_good(bench.run())
        bench.sink.read_new()
        self.assert_all_once(bench)
        return bench

    def expected(self, bench: GcpBench, asked: dict) -> list[str]:
        chosen = gcp_filter.parse(asked["filter"])
        return [event.insert_id
                for event in bench.sim.select(asked["resourceNames"], chosen, None)]

    def program(self, *command: str, **environment: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={
            "PATH": os.environ["PATH"], "HOME": str(self.folder), **environment})
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return done.stdout

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_the_library_of_node(self) -> None:
        """With a token for a service account's key, which the fake verified."""
        if not HAS_NODE:
            self.skipTest("npm's registry is not to be had")
        bench = self.read_ours()
        asked = dict(max(bench.sim.asked, key=lambda each: len(self.expected(bench, each))))
        bench.sim.tokens = self.tokens
        bench.sim.arm(GcpFault("empty_page", page=2), GcpFault("error_503", page=3))
        told = {"endpoint": bench.sim.endpoint, "key": self.service_account(),
                "names": asked["resourceNames"], "filter": asked["filter"],
                "host": self.login.origin}
        bundle = self.write("both.pem", Path(bench.sim.ca_file).read_text()
                            + self.login.ca_file.read_text())
        theirs = json.loads(self.program(
            "node", str(SCRIPT), json.dumps(told), NODE_EXTRA_CA_CERTS=bundle,
            NODE_PATH=str(FOLDER / "node_modules")))
        self.assertEqual(theirs, self.expected(bench, asked))
        self.assertGreater(len(theirs), 200)
        self.assertEqual(bench.sim.fired, {"empty_page": 1, "error_503": 1})
        self.assertEqual({issued.principal for issued in self.tokens.issued.values()},
                         {world.EMAIL})

    @unittest.skipUnless(shutil.which("gcloud"), "gcloud is not installed")
    def test_gcloud(self) -> None:
        bench = self.read_ours()
        asked = dict(max(bench.sim.asked, key=lambda each: len(self.expected(bench, each))))
        bench.sim.arm(GcpFault("empty_page", page=2))
        ours = {**asked, "resourceNames": ["projects/case-1"]}  # gcloud asks one at a time
        theirs = json.loads(self.program(
            "gcloud", "logging", "read", asked["filter"], "--project", "case-1", "--order",
            "asc", "--format", "json(insertId)", "--quiet",
            CLOUDSDK_CONFIG=str(self.folder / "gcloud"),
            CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING=f"{bench.sim.endpoint}/",
            CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=self.write("token", bench.sim.token),
            CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE=bench.sim.ca_file))
        self.assertEqual([entry["insertId"] for entry in theirs], self.expected(bench, ours))
        self.assertGreater(len(theirs), 100)
        self.assertEqual(bench.sim.fired, {"empty_page": 1})


if __name__ == "__main__":
    FOLDER = Path(sys.argv.pop(1)).absolute()
    HAS_NODE = install(FOLDER, PACKAGE)
    if not HAS_NODE and shutil.which("gcloud") is None:
        print("SKIP: neither npm's registry nor gcloud is to be had")
        sys.exit(77)
    unittest.main()
