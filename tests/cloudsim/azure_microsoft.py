"""Microsoft's own clients and ours read the same fake: on a quiet window, the same events.

azure_microsoft.py FOLDER, where FOLDER is for npm's packages. SKIP (77) where node, or the
registry, is not to be had."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from azure_cloud import CLIENT, SECRET  # noqa: E402
from azure_events import stamp  # noqa: E402
from azure_harness import DIRECTORY, TENANT, AzureCase, AzureFault, AzureSpec  # noqa: E402
from harness import hours_ago  # noqa: E402
from npm import install  # noqa: E402

PACKAGES = ("@azure/arm-monitor@7.0.0", "@microsoft/microsoft-graph-client@3.0.7")
SCRIPT = Path(__file__).with_suffix(".js")
FOLDER = Path()


class Microsoft(AzureCase):
    def test_their_events_of_a_quiet_window_are_ours(self) -> None:
        spec = AzureSpec(start=hours_ago(8), events=700, streams=(DIRECTORY,))
        bench = self.azure(spec, now=spec.start + spec.seconds + 2.2 * 3600)
        self.assert_good(bench.run())
        bench.sink.read_new()
        self.assert_all_once(bench)

        bench.sim.arm(AzureFault("empty_page", page=2), AzureFault("throttle", page=3))
        theirs = self.ask_theirs(bench)
        ids = {f"azure:{id}" for id in theirs["activity"]}
        ids |= {f"entra:{TENANT}:{id}" for id in theirs["audits"]}
        self.assertEqual(ids, set(bench.sink.counts))

    def ask_theirs(self, bench) -> dict[str, list[str]]:
        sim = bench.sim
        token = {name: sim.tokens.issue({"client_id": CLIENT, "client_secret": SECRET,
                                         "scope": f"https://{name}/.default"}, sim.now())
                 for name in ("management.azure.com", "graph.microsoft.com")}
        told = {"endpoint": sim.endpoint, "subscription": sim.spec.subscriptions[0],
                "first": stamp(sim.spec.start * 10_000_000),
                "last": stamp((sim.spec.start + sim.spec.seconds) * 10_000_000),
                "arm": token["management.azure.com"]["access_token"],
                "graph": token["graph.microsoft.com"]["access_token"]}
        done = subprocess.run(
            ("node", str(SCRIPT), json.dumps(told)), capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": sim.ca_file,
                 "NODE_PATH": str(FOLDER / "node_modules")})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


if __name__ == "__main__":
    FOLDER = Path(sys.argv.pop(1))
    if not install(FOLDER, *PACKAGES):
        print("SKIP: node, npm or the registry is not to be had")
        sys.exit(77)
    unittest.main()
