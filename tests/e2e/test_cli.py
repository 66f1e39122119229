"""The program as it is called: options, exit status, what it writes where."""

import gzip
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge")).resolve()
FIXTURES = ROOT / "tests" / "fixtures"
COMMANDS = ("run", "check", "map", "explain", "sources", "state", "dlq", "mappings")
LIMIT_S = 60

GOOD_CONFIG = """\
state: {path: state.db}
sinks:
  platform: {type: file, path: events.ndjson, format: ecs}
sources:
  recorded:
    provider: replay
    path: records.ndjson
    account: "111122223333"
    sinks: [platform]
"""


def record(number: int, operation: str = "CreateGroup") -> bytes:
    """One CloudTrail record, on a line."""
    return json.dumps({
        "eventVersion": "1.09", "eventTime": f"2026-03-14T09:26:{number:02}Z",
        "eventSource": "iam.amazonaws.com", "eventName": operation,
        "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "eventID": f"10000000-0000-4000-8000-{number:012}",
        "userIdentity": {"type": "IAMUser", "userName": "m.khan"},
        "requestParameters": {"groupName": "case-admins"},
    }).encode() + b"\n"


BROKEN = b'{"eventID":"\xff\xfe","eventName":"CreateGroup"}\n'


@unittest.skipUnless(PROGRAM.exists(), f"SKIP: {PROGRAM} has not been built")
class CliCase(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="auditbridge-cli-")))

    def call(self, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True,
                              cwd=self.folder, timeout=LIMIT_S, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                                   "BRIDGE_TEST_SECRET": "hunter2", "TZ": "UTC"})

    def ends(self, status: int, *arguments: str | Path,
             stdin: bytes = b"") -> subprocess.CompletedProcess:
        """Calls the program, which must end with status."""
        done = self.call(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace"))
        return done

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        path.chmod(0o600)
        return path


class Usage(CliCase):
    def test_help_of_every_command_is_on_stdout(self) -> None:
        for command in COMMANDS:
            with self.subTest(command):
                done = self.ends(0, command, "--help")
                self.assertIn(f"Usage: auditbridge {command}".encode(), done.stdout)
                self.assertEqual(done.stderr, b"")
        done = self.ends(0, "--help")
        for command in COMMANDS:
            self.assertIn(command.encode(), done.stdout)

    def test_help_names_what_a_run_and_a_check_can_do(self) -> None:
        for command, options in (("run", ("--once", "--dry-run", "--from", "--to", "--source",
                                          "--max-runtime", "--summary")),
                                 ("check", ("--live", "--send", "--mappings"))):
            told = self.ends(0, command, "--help").stdout.decode()
            for option in options:
                with self.subTest(f"{command} {option}"):
                    self.assertIn(option, told)
            self.assertLessEqual(max(map(len, told.splitlines())), 80)

    def test_the_version(self) -> None:
        self.assertRegex(self.ends(0, "--version").stdout, rb"^auditbridge \d+\.\d+\.\d+\n$")

    def test_what_is_no_command_is_wrong_usage(self) -> None:
        for wrong in ((), ("polish",), ("--polish",)):
            with self.subTest(wrong):
                self.assertEqual(self.ends(2, *wrong).stdout, b"")

    def test_an_unknown_option_is_wrong_usage(self) -> None:
        for command in COMMANDS:
            with self.subTest(command):
                done = self.ends(2, command, "--polish")
                self.assertIn(b"--help", done.stderr)
                self.assertEqual(done.stdout, b"")

    def test_options_with_a_wrong_value_are_wrong_usage(self) -> None:
        for arguments in (("run", "--max-runtime", "soon"), ("run", "left", "over"),
                          ("run", "--to", "2026-11-01"), ("run", "--from", "soon"),
                          ("check", "--send"),
                          ("check", "left"), ("map",), ("explain",),
                          ("map", "--provider", "aws-cloudtrail", "--format", "xml"),
                          ("map", "--provider", "nobody"), ("explain", "--provider", "nobody")):
            with self.subTest(arguments):
                done = self.ends(2, *arguments)
                self.assertNotEqual(done.stderr, b"")
                self.assertEqual(done.stdout, b"")


class Check(CliCase):
    def test_every_wrong_configuration_is_told_with_its_place(self) -> None:
        placed = 0
        files = sorted((FIXTURES / "config").glob("*.yaml"))
        for file in files:
            with self.subTest(file.name):
                done = self.ends(2, "check", "--config", file)
                told = done.stderr.decode()
                self.assertEqual(done.stdout, b"")
                self.assertIn(str(file), told)
                self.assertNotIn("hunter2", told)
                placed += re.search(rf"^{re.escape(str(file))}:\d+:\d+: .", told,
                                    re.MULTILINE) is not None
        self.assertGreaterEqual(placed, 20)

    def test_a_good_configuration_is_right(self) -> None:
        self.write("auditbridge.yaml", GOOD_CONFIG)
        self.write("records.ndjson", record(1))
        done = self.ends(0, "check")
        self.assertIn(b"is right", done.stdout)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["auditbridge.yaml", "records.ndjson"])  # nothing was opened

    def test_every_mistake_of_a_pack_is_a_line(self) -> None:
        self.write("auditbridge.yaml", GOOD_CONFIG + "mappings: [packs]\n")
        self.write("packs/ours.yaml", """\
pack: ours
records: aws-cloudtrail
version: "1"
colour: red
fields: {user.nmae: a, group.name: "a[*"}
rules:
  - id: one
    principles: [3d, 9z]
    service: '*'
    operations: []
    chnage: create
    change: destroyed
  - id: one
    principles: [6]
    service: s
    operations: [A]
    replaces: nobody
""")
        lines = self.ends(2, "check").stderr.decode().splitlines()
        told = [line for line in lines if "packs/ours.yaml" in line]
        self.assertEqual(len(told), 11, lines)
        for line in told:
            self.assertRegex(line, r"packs/ours\.yaml:\d+:\d+: .")
        self.assertEqual(len(lines), 12)  # and how many there were

    def test_a_configuration_that_is_not_there(self) -> None:
        self.assertIn(b"auditbridge.yaml", self.ends(2, "check").stderr)


class Map(CliCase):
    def map(self, status: int, *arguments: str | Path,
            stdin: bytes = b"") -> subprocess.CompletedProcess:
        return self.ends(status, "map", "--provider", "aws-cloudtrail", *arguments, stdin=stdin)

    def test_neighbours_of_broken_bytes_are_mapped(self) -> None:
        done = self.map(1, stdin=record(1) + BROKEN + b"no json\n" + record(2))
        ids = [json.loads(line)["event"]["id"] for line in done.stdout.splitlines()]
        self.assertEqual(ids, ["aws:111122223333:10000000-0000-4000-8000-000000000001",
                               "aws:111122223333:10000000-0000-4000-8000-000000000002"])
        self.assertIn(b"stdin: byte ", done.stderr)

    def test_a_missing_file_fails_and_the_others_are_mapped(self) -> None:
        file = self.write("records.ndjson", record(1))
        done = self.map(1, "absent.ndjson", file)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn(b"absent.ndjson", done.stderr)

    def test_a_directory_is_no_file_of_records(self) -> None:
        self.assertEqual(self.map(1, self.folder).stdout, b"")

    def test_no_record_is_no_event(self) -> None:
        self.assertEqual(self.map(0).stdout, b"")

    def test_the_same_records_are_the_same_bytes(self) -> None:
        records = b"".join(record(i, "CreateGroup" if i % 2 else "ListUsers") for i in range(20))
        plain = self.write("records.ndjson", records)
        packed = self.write("records.ndjson.gz", gzip.compress(records))
        wrapped = self.write("records.json", b'{"Records":[%s]}' %
                             b",".join(records.splitlines()))
        first = self.map(0, plain).stdout
        self.assertEqual(len(first.splitlines()), 20)
        for again in (self.map(0, plain), self.map(0, packed), self.map(0, wrapped),
                      self.map(0, stdin=records), self.map(0, "-", stdin=records)):
            self.assertEqual(again.stdout, first)

    def test_cut_gzip_fails_and_what_came_before_is_mapped(self) -> None:
        packed = gzip.compress(b"".join(record(i) for i in range(20)))
        self.map(1, self.write("cut.gz", packed[:-12]))

    def test_raw_is_the_record_as_it_was(self) -> None:
        self.assertEqual(self.map(0, "--format", "raw", stdin=record(1)).stdout, record(1))

    def test_a_wrong_pack_is_told_and_nothing_is_mapped(self) -> None:
        self.write("packs/ours.yaml", "pack: ours\n")
        done = self.map(2, "--packs", "packs", stdin=record(1))
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"packs/ours.yaml:1:1: ", done.stderr)


class Explain(CliCase):
    def explain(self, *arguments: str, stdin: bytes) -> str:
        return self.ends(0, "explain", "--provider", "aws-cloudtrail", *arguments,
                         stdin=stdin).stdout.decode()

    def test_the_rule_its_file_and_its_line_are_named(self) -> None:
        told = self.explain(stdin=record(1))
        found = re.search(r"matches  (\S+) \((\S+):(\d+)\)", told)
        self.assertIsNotNone(found, told)
        line = Path(found[2]).read_text().splitlines()[int(found[3]) - 1]
        self.assertRegex(line, rf"id: {found[1]}\b")
        self.assertIn("2a (", told)

    def test_a_record_that_no_rule_names_is_delivered_all_the_same(self) -> None:
        told = self.explain(stdin=record(1, "CreateGruop"))
        self.assertIn("no rule names this operation", told)
        self.assertIn("CreateGroup", told)
        self.assertIn("= no principle", told)

    def test_no_control_character_of_a_record_reaches_the_terminal(self) -> None:
        told = self.explain(stdin=record(1, "Create\x1b[2J\nGroup"))
        self.assertNotIn("\x1b", told)


    def test_who_decided_that_it_answers_nothing_is_named(self) -> None:
        head = 'pack: ours\nrecords: aws-cloudtrail\nversion: "1"\n'
        self.write("packs/no-principle/ours.yaml", head + "no_principle:\n"
                   "  - class: job\n    service: iam.amazonaws.com\n"
                   "    operations: [CountSheep]\n    why: nobody wakes up\n")
        self.write("packs/no-principle/others.yaml", "pack: 'others'\n"
                   "records: 'azure-activity'\nversion: 1\nno_principle:\n"
                   "  - class: job\n    operations: [A/b]\n")
        told = self.explain("--packs", "packs", stdin=record(1, "CountSheep"))
        self.assertIn("no principle: job (packs/no-principle/ours.yaml:5)", told)
        self.assertIn("nobody wakes up", told)
        self.assertIn("undecided", self.explain(stdin=record(1, "CountSheep")))

    def test_a_wrong_decision_is_told_with_its_place(self) -> None:
        self.write("packs/no-principle/ours.yaml", "pack: ours\n")
        done = self.ends(2, "explain", "--provider", "aws-cloudtrail", "--packs", "packs")
        self.assertIn(b"packs/no-principle/ours.yaml:1:1: ", done.stderr)
        self.assertEqual(done.stdout, b"")

    def test_every_provider_that_the_help_names_is_one(self) -> None:
        for command in ("explain", "map"):
            told = self.ends(0, command, "--help").stdout.decode()
            names = re.search(r"whose records they are: ([a-z, \n-]+)\n  --", told)[1]
            for name in re.split(r",\s+", names):
                with self.subTest(command=command, provider=name):
                    self.ends(0, command, "--provider", name, "/dev/null")


class RunOnce(CliCase):
    def test_an_unreadable_configuration_is_wrong(self) -> None:
        self.assertIn(b"absent.yaml", self.ends(2, "run", "--config", "absent.yaml").stderr)
        self.write("auditbridge.yaml", "sinks: [\n")
        self.ends(2, "run", "--once")

    def test_every_line_is_delivered_once_over_two_runs(self) -> None:
        self.write("auditbridge.yaml", GOOD_CONFIG)
        good = [record(i) for i in range(1, 6)]
        self.write("records.ndjson", good[0] + good[1] + BROKEN + good[2])
        self.ends(0, "run", "--once")
        events = self.folder / "events.ndjson"
        first = events.read_bytes()
        with (self.folder / "records.ndjson").open("ab") as file:
            file.write(good[3] + good[4])
        self.ends(0, "run", "--once")
        self.assertTrue(events.read_bytes().startswith(first))
        self.ends(0, "run", "--once")  # nothing is left

        documents = [json.loads(line)["event"] for line in events.read_bytes().splitlines()]
        ids = [event["id"] for event in documents if event["id"].startswith("aws:")]
        self.assertEqual(ids, [f"aws:111122223333:10000000-0000-4000-8000-{i:012}"
                               for i in range(1, 6)])
        others = [event for event in documents if not event["id"].startswith("aws:")]
        self.assertEqual([event["action"] for event in others],
                         ["bridge.unreadable", "bridge.start", "bridge.heartbeat"])


if __name__ == "__main__":
    unittest.main()
