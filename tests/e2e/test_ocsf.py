"""Three sinks that want three releases of OCSF at once: what arrives, the bridge's own
events with it, keeps to each release's schema."""

import json
import subprocess
import unittest
from pathlib import Path

from test_cli import BROKEN, CliCase, ROOT, record

CHECK = ROOT.parent / "shared" / "schemas" / "check_ocsf.py"
VERSIONS = ("1.1.0", "1.3.0", "1.8.0")
SINK = "  v{0}: {{type: file, path: v{0}.ndjson, format: ocsf, ocsf_version: {1}}}\n"
CONFIG = """\
state: {path: state.db}
sinks:
%s  plain: {type: file, path: plain.ndjson, format: ocsf}
  ecs: {type: file, path: ecs.ndjson}
sources:
  recorded:
    provider: replay
    path: records.ndjson
    account: "111122223333"
    tenant: {owner: team}
    sinks: [v0, v1, v2, plain, ecs]
"""


class Ocsf(CliCase):
    def setUp(self) -> None:
        super().setUp()
        sinks = "".join(SINK.format(*pair) for pair in enumerate(VERSIONS))
        self.config = self.write("auditbridge.yaml", CONFIG % sinks)

    def events(self, name: str) -> list[dict]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def run_once(self) -> None:
        self.write("records.ndjson", record(1) + BROKEN + record(2, "DeleteGroup"))
        self.call("run", "--once", "--config", str(self.config))

    def test_every_sink_gets_its_release_of_every_event(self) -> None:
        self.run_once()
        ids = sorted(event["event"]["id"] for event in self.events("ecs.ndjson"))
        for place, version in enumerate(VERSIONS):
            events = self.events(f"v{place}.ndjson")
            self.assertEqual({event["metadata"]["version"] for event in events}, {version})
            self.assertEqual(sorted(event["metadata"]["uid"] for event in events), ids)
        told = {event["activity_name"] for event in events if event["class_uid"] == 6002}
        self.assertIn("bridge.unreadable", told)
        self.assertIn("bridge.start", told)
        self.assertEqual(self.events("plain.ndjson"), self.events("v1.ndjson"))

    @unittest.skipUnless(CHECK.exists(), f"SKIP: {CHECK} is absent")
    def test_every_event_keeps_to_its_schema(self) -> None:
        self.run_once()
        for place, version in enumerate(VERSIONS):
            lines = (self.folder / f"v{place}.ndjson").read_text()
            self.assertEqual(self.faults(version, lines), [])

    @unittest.skipUnless(CHECK.exists(), f"SKIP: {CHECK} is absent")
    def test_the_check_sees_what_is_wrong(self) -> None:
        self.run_once()
        event = self.events("v1.ndjson")[0]
        for broken in ({**event, "user_agent": "x"}, {**event, "severity_id": "1"},
                       {**event, "metadata": {}}):
            self.assertNotEqual(self.faults("1.3.0", json.dumps(broken) + "\n"), [])

    def faults(self, version: str, lines: str) -> list[str]:
        done = subprocess.run(["/usr/bin/python3", CHECK, version], input=lines, text=True,
                              stdout=subprocess.PIPE, check=False)
        return done.stdout.splitlines()[:-1]

    def test_a_release_without_the_format_is_refused(self) -> None:
        config = Path(self.config).read_text().replace(
            "ecs: {type: file,", "ecs: {ocsf_version: 1.8.0, type: file,")
        done = self.ends(2, "check", "--config", str(self.write("wrong.yaml", config)))
        self.assertIn(b'wrong.yaml:7:', done.stderr + done.stdout)
        self.assertIn(b'sink ecs: "ocsf_version" goes with format: ocsf',
                      done.stderr + done.stdout)

    def test_a_data_stream_is_refused_for_what_it_would_refuse(self) -> None:
        sink = ("ecs: {type: elasticsearch, url: 'https://127.0.0.1:9', data_stream: audit, "
                "format: ocsf}")
        config = Path(self.config).read_text().replace(
            "ecs: {type: file, path: ecs.ndjson}", sink)
        done = self.ends(2, "check", "--config", str(self.write("wrong.yaml", config)))
        self.assertIn(b'sink ecs: "data_stream" takes events with an @timestamp alone',
                      done.stderr + done.stdout)

    def test_map_refuses_what_goes_with_no_format(self) -> None:
        for options, said in ((("--format", "cef"), b"write ecs, raw or ocsf"),
                              (("--ocsf-version", "1.8.0"), b"goes with --format ocsf"),
                              (("--format", "ocsf", "--ocsf-version", "1.2.0"),
                               b"write 1.1.0, 1.3.0 or 1.8.0")):
            done = self.ends(2, "map", "--provider", "aws-cloudtrail", *options)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
