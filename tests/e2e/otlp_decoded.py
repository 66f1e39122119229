"""OpenTelemetry's own decoder reads what the sink otlp sends: every record, with its id, its
times and its body.

otlp_decoded.py FOLDER, where FOLDER is for npm's packages. SKIP (77) where node, or the
registry, is not to be had."""

import json
import os
import subprocess
import sys
import unittest
from datetime import datetime
from pathlib import Path

from counterparts import Otlp
from test_sink_faults import SinkCase

from npm import install

PACKAGE = "@opentelemetry/otlp-transformer@0.57.2"
SCRIPT = Path(__file__).with_suffix(".js")
FOLDER = Path()


class Kept(Otlp):
    """Keeps the bodies of requests."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bodies: list[bytes] = []

    def parse(self, request, body: bytes) -> list[dict]:
        self.bodies.append(body)
        return super().parse(request, body)


class Decoded(SinkCase):
    def test_their_decoder_reads_every_record(self) -> None:
        platform = self.platform(Kept)
        bench = self.bench_for(platform)
        self.assert_good(bench.run())
        seen = [id for body in platform.bodies for id in self.check(bench, body)]
        wanted = {bench.id_of(event) for event in bench.sim.scenario.events}
        self.assertEqual({id for id in seen if not id.startswith("bridge:")}, wanted)

    def check(self, bench, body: bytes) -> list[str]:
        """The ids of a request, all of whose records are as they should be."""
        path = bench.folder / "request.pb"
        path.write_bytes(body)
        done = subprocess.run(
            ("node", str(SCRIPT), str(path)), capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(FOLDER / "node_modules")})
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertTrue(told["isCanonical"], "their encoder would write other bytes")
        logs, = told["read"]["resourceLogs"]
        self.assertEqual(
            {one["key"] for one in logs["resource"]["attributes"]},
            {"service.name", "service.version"})
        scope, = logs["scopeLogs"]
        self.assertEqual(scope["scope"]["name"], "auditbridge")
        return [self.id_of(record) for record in scope["logRecords"]]

    def id_of(self, record: dict) -> str:
        event = json.loads(record["body"]["stringValue"])
        uid, = record["attributes"]
        when = datetime.fromisoformat(event["@timestamp"].replace("Z", "+00:00"))
        self.assertEqual(uid, {"key": "log.record.uid",
                               "value": {"stringValue": event["event"]["id"]}})
        self.assertEqual(int(record["timeUnixNano"]) // 10**6, round(when.timestamp() * 1000))
        self.assertGreater(int(record["observedTimeUnixNano"]), 10**18)
        self.assertEqual(record["severityNumber"], 9)
        return event["event"]["id"]


if __name__ == "__main__":
    FOLDER = Path(sys.argv.pop(1))
    if not install(FOLDER, PACKAGE):
        print("SKIP: node, npm or the registry is not to be had")
        sys.exit(77)
    unittest.main()
