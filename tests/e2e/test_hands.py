"""What an operator looks at and takes in hand: sources, state and dlq."""

import json
import os
import re
import sqlite3
import subprocess
import tempfile
import time
import unittest
from contextlib import closing
from pathlib import Path

from harness import PROGRAM, Bench, BenchCase, ScenarioSpec, hours_ago

HOUR = 3600
LIMIT_S = 120
SECRETS = {"AWS_ACCESS_KEY_ID": "AKIAPLANTEDPLANTED00",
           "AWS_SECRET_ACCESS_KEY": "planted/secret/of/the/environment",
           "AWS_SESSION_TOKEN": "planted-session-token"}
FILE_SECRET = "planted-in-a-file-7f3a"

CONFIG = """\
state: {path: state.db}
sinks:
  platform: {type: file, path: events.ndjson, format: ecs}
  other: {type: file, path: other.ndjson, format: ecs}
sources:
  prod:
    provider: aws-cloudtrail
    region: eu-west-2
    account: "111122223333"
    sinks: [platform]
    tenant: {owner: "${file:FOLDER/secret}"}
  recorded:
    provider: replay
    path: records.ndjson
    account: "111122223333"
    sinks: [platform, other]
"""


def record(number: int) -> bytes:
    return json.dumps({
        "eventVersion": "1.09", "eventTime": f"2026-03-14T09:26:{number:02}Z",
        "eventSource": "iam.amazonaws.com", "eventName": "CreateGroup",
        "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "eventID": f"10000000-0000-4000-8000-{number:012}"}).encode() + b"\n"


def stamp(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


@unittest.skipUnless(PROGRAM.exists(), f"SKIP: {PROGRAM} has not been built")
class HandsCase(unittest.TestCase):
    """A folder with a configuration and a store that one run has made."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="auditbridge-hands-")))
        self.write("secret", FILE_SECRET)
        self.config = CONFIG.replace("FOLDER", str(self.folder))
        self.write("auditbridge.yaml", self.config)
        self.write("records.ndjson", b"".join(record(i) for i in range(3)))
        self.now = int(time.time())

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        path.chmod(0o600)
        return path

    def call(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            [PROGRAM.resolve(), *arguments], input=stdin, capture_output=True, text=True,
            cwd=self.folder, timeout=LIMIT_S, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "TZ": "UTC", **SECRETS})

    def ends(self, status: int, *arguments: str, stdin: str = "") -> str:
        """Calls the program, which must end with status; both outputs, stdout first."""
        done = self.call(*arguments, stdin=stdin)
        told = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, told)
        for secret in (*SECRETS.values(), FILE_SECRET):
            self.assertNotIn(secret, told)
        self.assertNotIn("\x1b", told)
        return told

    def make_store(self) -> None:
        """A store with recorded's three events in it, and a row for prod."""
        begin, end = self.config.index("  prod:"), self.config.index("  recorded:")
        self.write("only.yaml", self.config[:begin] + self.config[end:])
        self.ends(0, "run", "--once", "--config", "only.yaml")

    def sql(self, text: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "state.db")) as base, base:
            return base.execute(text, values).fetchall()

    def source(self, name: str, *ages: float, start: float = 0, span: int = 3_600_000) -> int:
        """A source whose marks are so many seconds old; its row."""
        marks = [(self.now - age) * 1000 for age in ages] or [None] * 4
        self.sql("INSERT INTO source (name, start, mark1, mark2, mark3, mark4, span)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?)", name,
                 (self.now - start) * 1000 if ages else None, *marks, span)
        return self.row(name)

    def row(self, name: str) -> int:
        return self.sql("SELECT id FROM source WHERE name = ?", name)[0][0]

    def letter(self, source: str, number: int, sink: str = "other", age: float = 60,
               event: bytes | None = None, reason: str = "HTTP 400") -> int:
        body = event or json.dumps({"event": {"id": f"aws:1:{number}"}}).encode()
        self.sql("INSERT INTO dead_letter (source, event_id, sink, reason, at, event)"
                 " VALUES (?, ?, ?, ?, ?, ?)", self.row(source), f"aws:1:{number}", sink,
                 reason, (self.now - age) * 1000, body)
        return self.sql("SELECT max(id) FROM dead_letter")[0][0]

    def letters(self) -> list[int]:
        return [row[0] for row in self.sql("SELECT id FROM dead_letter ORDER BY id")]

    def events(self, file: str = "other.ndjson") -> list[dict]:
        path = self.folder / file
        return [json.loads(line) for line in path.read_bytes().splitlines()] \
            if path.exists() else []

    def actions(self, file: str = "other.ndjson") -> list[str]:
        return [event["event"].get("action", "") for event in self.events(file)]


class Sources(HandsCase):
    def test_before_the_first_run_all_is_new_and_nothing_is_made(self) -> None:
        told = self.ends(0, "sources")
        self.assertEqual(re.findall(r"^(\S+) +(\S+) +(new)", told, re.M),
                         [("prod", "aws-cloudtrail", "new"), ("recorded", "replay", "new")])
        self.assertFalse((self.folder / "state.db").exists())

    def test_the_table(self) -> None:
        self.make_store()
        busy = self.source("prod", 120, 600, 1200, 4000, start=9 * HOUR)
        self.source("left-over", 60, 60, 60, 60, start=60)
        hour = self.now // HOUR
        self.sql("INSERT INTO ledger VALUES (?, ?, 1180, randomblob(16), 5)", busy, hour - 2)
        self.sql("INSERT INTO ledger VALUES (?, ?, 7, randomblob(16), 5)", busy, hour - 30)
        self.sql("INSERT INTO gap VALUES (?, 1, 'never sealed', 2)", busy)
        self.letter("prod", 1)
        wide = len("2026-11-24T09:00:00Z")
        self.assertEqual(self.ends(0, "sources"), f"""\
source     provider        state  {'read up to':{wide}}  {'sealed up to':{wide}}    lag  keeps  24 h  dead  gaps
left-over  -               gone   {'-':{wide}}  {'-':{wide}}      -      -     0     0     0
prod       aws-cloudtrail  idle   {stamp(self.now - 120)}  {stamp(self.now - 4000)}  2 min   89 d  1180     1     1
recorded   replay          idle   {'-':{wide}}  {'-':{wide}}      -      -     0     0     0
""")

    def test_json_says_the_same(self) -> None:
        self.make_store()
        self.source("prod", 120, 600, 1200, 4000, start=9 * HOUR)
        document = json.loads(self.ends(0, "sources", "--format", "json"))
        prod = document["sources"][0]
        self.assertEqual((prod["source"], prod["state"], prod["level"]),
                         ("prod", "idle", "good"))
        self.assertAlmostEqual(prod["lag_s"], 120, delta=30)
        self.assertEqual(len(document["sources"]), 2)

    def test_a_source_without_events_for_a_day_is_silent(self) -> None:
        self.make_store()
        self.source("prod", 120, 600, 1200, 4000, start=25 * HOUR)
        self.assertRegex(self.ends(0, "sources"), r"prod +aws-cloudtrail +silent")

    def test_the_countdown_warns_at_half_and_fails_at_80_percent(self) -> None:
        self.make_store()
        self.source("prod", *[1000] * 4)
        for days, status, told in ((44, 0, None), (46, 0, "warning: prod: unread for 46 d: in 43 d"),
                                   (73, 1, "error: prod: unread for 73 d: in 16 d"),
                                   (91, 1, "has begun to forget")):
            with self.subTest(days):
                mark = (self.now - days * 86400) * 1000
                self.sql("UPDATE source SET start = ?1, mark1 = ?1, mark2 = ?1, mark3 = ?1,"
                         " mark4 = ?1 WHERE name = 'prod'", mark)
                shown = self.ends(status, "sources")
                self.assertIn(told or "", shown)
                self.assertEqual("unread for" in shown, told is not None)

    def test_ten_thousand_sources_are_shown_at_once(self) -> None:
        self.make_store()
        with sqlite3.connect(self.folder / "state.db") as base:
            base.executemany(
                "INSERT INTO source (name, start, mark1, mark2, mark3, mark4)"
                " VALUES (?, ?2, ?2, ?2, ?2, ?2)",
                [(f"prod-{i:05}", (self.now - 60) * 1000) for i in range(10_000)])
            base.execute("INSERT INTO ledger SELECT id, ?, 3, randomblob(16), 5 FROM source",
                         (self.now // HOUR,))
        begun = time.monotonic()
        told = self.ends(0, "sources")
        self.assertEqual(len(told.splitlines()), 10_003)
        self.assertLess(time.monotonic() - begun, 10)  # with sanitizers; 0.1 s without

    def test_a_store_that_others_may_read_or_that_is_newer_is_refused(self) -> None:
        self.make_store()
        (self.folder / "state.db").chmod(0o644)
        self.assertIn("chmod 600", self.ends(2, "sources"))
        (self.folder / "state.db").chmod(0o600)
        self.sql("UPDATE meta SET value = 99 WHERE key = 'schema'")
        self.assertIn("version 99", self.ends(2, "sources"))

    def test_a_file_that_is_no_store_is_named(self) -> None:
        self.write("state.db", "no database, but long enough to be looked at" * 40)
        self.assertIn("state.db", self.ends(1, "sources"))


class State(HandsCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_store()
        self.ages = (120, 600, 1200, 4000)
        self.prod = self.source("prod", *self.ages, start=9 * HOUR)
        self.sealed_hour = (self.now - 4000) // HOUR
        for back in (3, 1, 0):
            self.sql("INSERT INTO ledger VALUES (?, ?, ?, randomblob(16), 5)", self.prod,
                     self.sealed_hour - back, 10 + back)

    def marks(self) -> list[int]:
        return list(self.sql("SELECT start, mark1, mark2, mark3, mark4 FROM source"
                             " WHERE name = 'prod'")[0])

    def hours(self) -> list[int]:
        return [row[0] - self.sealed_hour for row in self.sql(
            "SELECT hour FROM ledger WHERE source = ? ORDER BY hour", self.row("prod"))]

    def ms(self, age: float) -> int:
        return int(self.now - age) * 1000

    def test_show_says_where_a_source_stands(self) -> None:
        self.sql("UPDATE source SET place = ? WHERE name = 'prod'",
                 json.dumps({"upto": "\x1b[2J"}, ensure_ascii=False))
        self.assertIn('"upto":', self.ends(0, "state", "show", "prod"))
        told = self.ends(0, "state", "show", "prod", "recorded")
        for text in ("prod (aws-cloudtrail): idle", "pass 4 up to", stamp(self.now - 4000)[:-1],
                     "34 events in 3 hours", "recorded (replay): idle", '"offset":'):
            self.assertIn(text, told)
        self.assertIn("no such source", self.ends(2, "state", "show", "nobody"))

    def test_reset_goes_back_and_forgets_what_is_read_again(self) -> None:
        to = self.sealed_hour * HOUR - HOUR + 700  # in the hour before
        self.sql("INSERT INTO ids VALUES (?, ?, randomblob(16))", self.prod, self.ms(100))
        self.assertIn("none is lost", self.ends(0, "state", "reset", "prod", "--to", stamp(to)))
        hour_ms = (to - to % HOUR) * 1000
        self.assertEqual(self.marks(), [self.ms(9 * HOUR)] + [hour_ms] * 4)
        self.assertEqual(self.hours(), [-3])
        self.assertEqual(self.sql("SELECT count(*) FROM ids"), [(0,)])
        self.assertEqual(self.sql("SELECT owner FROM source WHERE name = 'prod'"), [(None,)])

    def test_reset_moves_no_mark_forward(self) -> None:
        before = self.marks()
        self.ends(0, "state", "reset", "prod", "--to", stamp(self.now - 900))
        for old, new in zip(before, self.marks()):
            self.assertLessEqual(new, old)

    def test_what_cannot_be_reset_is_refused_and_stays(self) -> None:
        before = self.marks()
        for arguments, status, told in (
                (("prod", "--to", stamp(self.now - 60)), 1, "--skip"),
                (("prod", "--to", stamp(self.now - 90 * 86400)), 1, "no longer keeps"),
                (("recorded", "--to", stamp(self.now - 60)), 1, "by place"),
                (("prod", "--skip", "--to", stamp(self.now - 9000)), 1, "past that already"),
                (("prod", "--skip", "--to", stamp(self.now + 60)), 1, "future"),
                (("prod", "--skip", "--to", stamp(self.now - 61)), 1, "--yes"),
                (("nobody", "--to", stamp(self.now)), 2, "no such source"),
                (("prod",), 2, "--to"), (("prod", "--to", "yesterday"), 2, "--to yesterday"),
                ((), 2, "name a source"), (("prod", "recorded", "--to", "2026-11-24"), 2, "one")):
            with self.subTest(arguments):
                self.assertIn(told, self.ends(status, "state", "reset", *arguments))
                self.assertEqual(self.marks(), before)

    def test_skip_goes_forward_and_writes_the_gaps(self) -> None:
        to = self.now - 61
        self.ends(0, "state", "reset", "prod", "--skip", "--yes", "--to", stamp(to))
        self.assertEqual(self.marks()[1:], [to * 1000] * 4)
        self.assertEqual(sorted(self.sql("SELECT from_ms, to_ms, reason FROM gap")),
                         [(self.ms(4000), self.ms(120), "never sealed"),
                          (self.ms(120), to * 1000, "skipped by hand")])
        self.assertEqual(self.hours(), [-3, -1, 0])

    def test_a_source_that_a_live_process_holds_is_left_alone(self) -> None:
        self.sql("INSERT INTO owner VALUES (77, 'elsewhere', 'other boot', 4711, 1, ?, ?)",
                 self.ms(0), self.ms(-50))
        self.sql("UPDATE source SET owner = 77 WHERE name = 'prod'")
        document = self.write("state.json", self.ends(0, "state", "export"))
        before = self.marks()
        self.assertRegex(self.ends(0, "sources"), r"prod +aws-cloudtrail +running")
        self.assertIn("process 4711 on elsewhere", self.ends(0, "state", "show", "prod"))
        for arguments in (("reset", "prod", "--to", stamp(self.now - 9000)),
                          ("import", document.name)):
            self.assertIn("process 4711", self.ends(1, "state", *arguments))
        self.assertEqual(self.marks(), before)

    def test_export_is_a_versioned_document_of_what_the_store_holds(self) -> None:
        self.sql("UPDATE source SET slice_a = 0, slice_b = 1000, slice_began = 2000"
                 " WHERE name = 'prod'")
        self.sql("INSERT INTO ids VALUES (?, ?, randomblob(16))", self.prod, self.ms(100))
        document = json.loads(self.ends(0, "state", "export", "--format", "json"))
        self.assertEqual(document["auditbridge_state"], 1)
        prod = {source["name"]: source for source in document["sources"]}["prod"]
        self.assertEqual(len(prod["marks"]), 4)
        self.assertEqual(prod["slice"]["to"], "1970-01-01T00:00:01.000Z")
        self.assertEqual(prod["id_count"], 1)
        self.assertEqual([hour[1] for hour in prod["ledger"]], [13, 11, 10])
        one = json.loads(self.ends(0, "state", "export", "recorded"))
        self.assertEqual([source["name"] for source in one["sources"]], ["recorded"])

    def test_a_fresh_store_is_put_where_the_document_says(self) -> None:
        document = self.write("state.json", self.ends(0, "state", "export"))
        for file in self.folder.glob("state.db*"):
            file.unlink()
        told = self.ends(0, "state", "import", document.name)
        self.assertIn(f"from {stamp(self.sealed_hour * HOUR)[:-1]}", told)
        self.assertIn("none lost", told)
        self.assertEqual(self.marks(), [self.ms(9 * HOUR), *[self.ms(a) for a in self.ages[:3]],
                                        self.sealed_hour * HOUR * 1000])
        self.assertEqual(self.hours(), [-3, -1])
        self.ends(0, "run", "--once", "--config", "only.yaml")
        ids = [event["event"]["id"] for event in self.events("events.ndjson")]
        self.assertEqual(sum(not id.startswith("bridge:") for id in ids), 3)  # it went on

    def test_an_import_never_moves_a_mark_forward(self) -> None:
        document = self.write("state.json", self.ends(0, "state", "export"))
        self.sql("UPDATE source SET mark1 = ?1, mark2 = ?1, mark3 = ?1, mark4 = ?1"
                 " WHERE name = 'prod'", self.ms(5000))
        before = self.marks()
        self.assertIn("no further than", self.ends(0, "state", "import", document.name))
        self.assertEqual(self.marks(), before)

    def test_older_marks_are_taken_back(self) -> None:
        document = self.write("state.json", self.ends(0, "state", "export"))
        self.sql("UPDATE source SET mark1 = ?1, mark2 = ?1, mark3 = ?1, mark4 = ?1"
                 " WHERE name = 'prod'", self.ms(100))
        self.ends(0, "state", "import", "-", stdin=document.read_text())
        self.assertEqual(self.marks()[1:], [*[self.ms(a) for a in self.ages[:3]],
                                            self.sealed_hour * HOUR * 1000])

    def test_a_damaged_document_changes_nothing(self) -> None:
        good = json.loads(self.ends(0, "state", "export", "prod"))
        self.sql("UPDATE source SET mark1 = ?1, mark2 = ?1, mark3 = ?1, mark4 = ?1"
                 " WHERE name = 'prod'", self.ms(100))
        before = self.marks()

        def bent(**members: object) -> str:
            return json.dumps({**good, "sources": [{**good["sources"][0], **members}]})

        for text in ("", "[]", "{}", '{"auditbridge_state":1}', bent(marks=[]),
                     bent(marks=["yesterday"]), bent(marks=["2026-01-01T00:00:00Z"] * 5),
                     bent(marks=["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]),
                     bent(start="2027-01-01T00:00:00Z"), bent(name=7), bent(span_ms="x"),
                     bent(ledger=None), bent(ledger=[["2026-01-01T00:00:01Z", 1, 1, "00" * 16]]),
                     bent(ledger=[["2026-01-01T00:00:00Z", 1, 1, "0g" * 16]]), bent(gaps=[{}]),
                     json.dumps({**good, "auditbridge_state": 2})):
            with self.subTest(text[:60]):
                self.write("state.json", text)
                self.assertIn("state.json", self.ends(2, "state", "import", "state.json"))
                self.assertEqual(self.marks(), before)
        self.ends(2, "state", "import", "absent.json")

    def test_a_gone_source_is_retired_and_its_ledger_stays(self) -> None:
        gone = self.source("left-over", 60, 60, 60, 60)
        self.sql("INSERT INTO ledger VALUES (?, 5, 5, randomblob(16), 5)", gone)
        self.assertIn("configured", self.ends(1, "state", "retire", "prod"))
        self.assertIn("left-over", self.ends(0, "sources"))
        self.assertIn("retired", self.ends(0, "state", "retire", "left-over"))
        self.assertNotIn("left-over", self.ends(0, "sources"))
        self.assertIn("retired before", self.ends(0, "state", "retire", "left-over"))
        self.assertEqual(self.sql("SELECT count(*) FROM ledger WHERE source = ?", gone), [(1,)])
        self.sql("UPDATE source SET due = ? WHERE id = ?", self.ms(-60), gone)  # was read again
        self.assertRegex(self.ends(0, "sources"), r"left-over +- +gone")

    def test_wrong_usage_is_said(self) -> None:
        for arguments in ((), ("polish",), ("import",), ("retire",), ("show", "--skip"),
                          ("export", "--format", "xml"), ("show", "--to", "2026-11-24")):
            with self.subTest(arguments):
                self.assertIn("--help", self.ends(2, "state", *arguments))

    def test_looking_writes_nothing(self) -> None:
        owners = self.sql("SELECT count(*) FROM owner")
        before = (self.folder / "state.db").read_bytes()
        for arguments in (("sources",), ("state", "show"), ("state", "export"), ("dlq", "list")):
            self.ends(0, *arguments)
        self.assertEqual((self.folder / "state.db").read_bytes(), before)
        self.assertEqual(self.sql("SELECT count(*) FROM owner"), owners)


class DeadLetters(HandsCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_store()
        (self.folder / "other.ndjson").unlink()

    def test_list_shows_what_and_why_and_no_event(self) -> None:
        id = self.letter("recorded", 1, event=b'{"body":"personal"}', reason="HTTP 400 \x1b[2J")
        told = self.ends(0, "dlq", "list")
        self.assertEqual(told, f"""\
id  refused at            source    sink   size  event    reason
 {id}  {stamp(self.now - 60)}  recorded  other    19  aws:1:1  HTTP 400 ?[2J
""")
        self.assertNotIn("personal", told)
        line = json.loads(self.ends(0, "dlq", "list", "--format", "json").replace("\\u001b", ""))
        self.assertEqual((line["id"], line["sink"]), (id, "other"))
        self.assertEqual(len(self.ends(0, "dlq", "list", "--sink", "platform").splitlines()), 1)

    def test_show_prints_the_event_and_tells_the_sink(self) -> None:
        id = self.letter("recorded", 1, event=b'{"body":"personal \x1b[2J"}')
        self.assertIn('{"body":"personal ?[2J"}', self.ends(0, "dlq", "show", str(id)))
        self.assertEqual(self.actions(), ["bridge.access"])
        access = self.events()[0]
        self.assertEqual(access["moj"]["bridge"]["action"], "show")
        self.assertEqual(access["moj"]["bridge"]["uid"], os.getuid())
        self.assertEqual(access["moj"]["source"], "recorded")
        self.assertEqual(self.letters(), [id])
        self.assertIn("no dead letter 99", self.ends(1, "dlq", "show", "99"))

    def test_replay_sends_to_the_sink_that_refused_and_removes_what_it_took(self) -> None:
        ids = [self.letter("recorded", number) for number in range(3)]
        kept = self.letter("recorded", 9, sink="platform")
        self.assertIn("3 taken, 0 refused", self.ends(0, "dlq", "replay", "--sink", "other"))
        self.assertEqual([event["event"]["id"] for event in self.events()[1:]],
                         [f"aws:1:{number}" for number in range(3)])
        self.assertEqual(self.actions()[0], "bridge.access")
        self.assertEqual(self.letters(), [kept])
        self.assertIn("0 taken", self.ends(1, "dlq", "replay", str(ids[0])))

    def test_many_letters_are_replayed_in_order_and_told_once(self) -> None:
        with sqlite3.connect(self.folder / "state.db") as base:
            base.executemany(
                "INSERT INTO dead_letter (source, event_id, sink, reason, at, event)"
                " VALUES (?, ?, 'other', 'no', ?, ?)",
                [(self.row("recorded"), f"aws:1:{i}", self.now * 1000,
                  json.dumps({"event": {"id": f"aws:1:{i}"}}).encode()) for i in range(500)])
        self.assertIn("500 taken", self.ends(0, "dlq", "replay", "--all"))
        ids = [event["event"]["id"] for event in self.events()]
        self.assertEqual(ids[1:], [f"aws:1:{i}" for i in range(500)])
        self.assertEqual(self.letters(), [])

    def test_a_sink_that_fails_keeps_its_letters_and_others_go_on(self) -> None:
        (self.folder / "other.ndjson").mkdir()
        kept = [self.letter("recorded", 1), self.letter("recorded", 2)]
        self.letter("recorded", 3, sink="platform")
        unknown = self.letter("recorded", 4, sink="removed")
        told = self.ends(1, "dlq", "replay", "--all")
        self.assertIn("1 taken, 0 refused again, 3 not sent", told)
        self.assertIn("sink removed: is not configured any more", told)
        self.assertEqual(self.letters(), [*kept, unknown])

    def test_letters_of_a_gone_source_can_still_be_replayed(self) -> None:
        self.source("left-over", 60, 60, 60, 60)
        self.letter("left-over", 1)
        self.ends(0, "dlq", "replay", "--source", "left-over")
        self.assertEqual(self.letters(), [])

    def test_purge_asks_and_writes_down_what_is_lost(self) -> None:
        old = self.letter("recorded", 1, age=3 * 86400)
        new = self.letter("recorded", 2)
        self.assertIn("--yes", self.ends(1, "dlq", "purge", "--all"))
        self.assertEqual(self.letters(), [old, new])
        self.assertIn("1 dead letter purged",
                      self.ends(0, "dlq", "purge", "--older-than", "1d", "--yes"))
        self.assertEqual(self.letters(), [new])
        self.ends(1, "dlq", "purge", "99", "--yes")
        self.ends(0, "dlq", "purge", str(new), "--yes")
        self.assertEqual(self.letters(), [])
        self.assertEqual(sorted(row[0] for row in self.sql("SELECT message FROM note")),
                         ["1 dead letters purged by hand"] * 2)
        self.assertEqual(self.actions(), [])  # nothing was sent

    def test_wrong_usage_is_said(self) -> None:
        for arguments in ((), ("polish",), ("show",), ("show", "--all"), ("replay",), ("purge",),
                          ("list", "1"), ("show", "x"), ("show", "0"), ("show", "1x"),
                          ("replay", "1", "--all"), ("replay", "--older-than", "1d"),
                          ("purge", "--older-than", "soon"), ("list", "--format", "xml")):
            with self.subTest(arguments):
                self.assertIn("--help", self.ends(2, "dlq", *arguments))

    def test_without_a_store_there_is_no_letter(self) -> None:
        for file in self.folder.glob("state.db*"):
            file.unlink()
        self.assertIn("no store", self.ends(0, "dlq", "list"))
        self.assertFalse((self.folder / "state.db").exists())


class BesideTheCloud(BenchCase):
    def call(self, bench: Bench, *arguments: str) -> str:
        done = subprocess.run([bench.program, *arguments, "--config", bench.config],
                              capture_output=True, text=True, cwd=bench.folder, check=False,
                              timeout=LIMIT_S, env=bench.environment())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_fresh_host_goes_on_from_an_export_without_loss(self) -> None:
        spec = ScenarioSpec(start=hours_ago(8), seconds=2 * HOUR, events=800)
        bench = self.bench(spec, 3 * HOUR)
        self.assert_good(*bench.run_until(spec.start + 1.3 * HOUR))
        exported = self.call(bench, "state", "export")
        self.assertNotIn("event.original", exported)
        bench.run()  # the old host goes on for a while
        for file in bench.folder.glob("state.db*"):
            file.unlink()
        (bench.folder / "state.json").write_text(exported)
        self.assertIn("none lost", self.call(bench, "state", "import", "state.json"))
        self.assert_good(*bench.run_until(bench.end_of_script()))
        bench.sink.read_new()
        self.assertEqual(bench.missing(), [])
        self.assertEqual(bench.strangers(), set())
        self.assert_ledger_is_exact(bench)

    def assert_ledger_is_exact(self, bench: Bench) -> None:
        """Every event is counted once, whatever was sent twice."""
        with sqlite3.connect(bench.folder / "state.db") as base:
            counted = base.execute("SELECT sum(delivered) FROM ledger").fetchone()[0]
        self.assertEqual(counted, bench.spec.events)

    def test_reset_sends_again_what_is_newer_and_counts_it_once(self) -> None:
        spec = ScenarioSpec(start=hours_ago(8), seconds=2 * HOUR, events=600)
        bench = self.bench(spec, 3 * HOUR)
        self.assert_good(*bench.run_until(bench.end_of_script()))
        self.call(bench, "state", "reset", "prod", "--to", stamp(spec.start + HOUR))
        self.assert_good(*bench.run_until(bench.sim.now() + 3 * HOUR))
        bench.sink.read_new()
        again = [id for id, count in bench.sink.counts.items() if count == 2]
        hour = (spec.start + HOUR) // HOUR * HOUR
        self.assertEqual(len(again), sum(e.second >= hour for e in bench.sim.scenario.events))
        self.assertEqual(bench.missing(), [])
        self.assert_ledger_is_exact(bench)

    def test_sources_can_be_looked_at_while_a_run_reads(self) -> None:
        spec = ScenarioSpec(start=hours_ago(20), seconds=10 * HOUR, events=3000)
        bench = self.bench(spec, 12 * HOUR, now=spec.start + 12 * HOUR)
        process = bench.start()
        looks = 0
        while process.poll() is None:
            if (bench.folder / "state.db").exists():
                self.assertIn("prod", self.call(bench, "sources"))
                looks += 1
        self.assertEqual(bench.finish(process).status, 0)
        self.assertGreater(looks, 1)
        self.assert_all_once(bench)


if __name__ == "__main__":
    unittest.main()
