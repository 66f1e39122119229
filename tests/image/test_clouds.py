"""run --once in the image against the fakes of AWS, Azure and Google Cloud."""

import json
import sys
import time
import unittest
from pathlib import Path

from engine import CONFIG, ROOT, STATE, Case

sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "cloudsim")]

import demo  # noqa: E402
from azure_cloud import AzureCloud  # noqa: E402
from azure_events import DIRECTORY, TENANT, AzureSpec  # noqa: E402
from client import CloudSim  # noqa: E402
from counterparts import Elasticsearch  # noqa: E402
from gcp_cloud import GcpCloud  # noqa: E402
from gcp_events import GcpSpec  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

HOURS = 2


class Clouds(Case):
    """The clouds, sinks and configuration of scripts/demo."""

    def setUp(self) -> None:
        super().setUp()
        now = time.time()
        span = {"seed": 11, "start": int(now) - (HOURS + 1) * 3600, "seconds": HOURS * 3600,
                "stragglers": 0}
        self.spec = ScenarioSpec(events=400, **span)
        azure = AzureSpec(events=100, subscriptions=demo.SUBSCRIPTIONS,
                          streams=(TENANT, DIRECTORY), **span)
        gcp = GcpSpec(events=200, parents=(*demo.PROJECTS, demo.ORGANIZATION), **span)
        self.clouds = demo.Clouds(
            self.enterContext(CloudSim(self.spec, now=now, limit=0)),
            self.enterContext(AzureCloud(azure, now, tick_s=0)),
            self.enterContext(GcpCloud(gcp, now, tick_s=0)),
            self.enterContext(Elasticsearch(self.state.with_name("search"))))
        self.clouds.gcp.tree = {name: {"parent": demo.ORGANIZATION} for name in demo.PROJECTS}

    def prepare(self) -> None:
        """Files have other names in the container."""
        text = self.clouds.configuration(self.spec)
        authorities = {}
        for part in (self.clouds.aws, self.clouds.azure, self.clouds.gcp, self.clouds.search):
            name = f"ca-{len(authorities)}.pem"
            authorities[name] = Path(part.ca_file).read_bytes()
            text = text.replace(str(part.ca_file), f"{CONFIG}/{name}")
        text = text.replace("path: state.db", f"path: {STATE}/state.db")
        text = text.replace("path: events.ndjson", f"path: {STATE}/events.ndjson")
        self.configure(text, **authorities)
        variables = {**self.clouds.environment(), "PATH": "/usr/bin"}
        self.options = tuple(f"--env={name}={value}" for name, value in variables.items())

    def test_every_event_arrives_once_at_file_and_index(self) -> None:
        self.prepare()
        checked = self.engine.run("check", options=(*self.volumes, *self.options))
        self.assertEqual(checked.returncode, 0, checked.stderr)
        done = self.run_once(*self.options)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])

        due = {event["event"]["id"] for event in demo.read_events(self.state / "events.ndjson")}
        self.assertEqual(len(due), self.clouds.event_count())
        self.assertEqual(set(self.clouds.search.counts), due)
        self.assertEqual((self.clouds.search.repeats(), self.clouds.search.misfits), (0, []))
        self.assertEqual(len(demo.read_events(self.state / "events.ndjson")), len(due))

    def test_a_second_container_goes_on_where_the_first_ended(self) -> None:
        self.prepare()
        for _ in range(2):
            self.assertEqual(self.run_once(*self.options).returncode, 0)
        events = [json.loads(line) for line in
                  (self.state / "events.ndjson").read_text().splitlines()]
        ids = [event["event"]["id"] for event in events
               if not event["event"]["id"].startswith("bridge:")]
        self.assertEqual((len(ids), len(set(ids))), (self.clouds.event_count(),) * 2)


if __name__ == "__main__":
    unittest.main()
