"""Runs the built program against the fake cloud, and reads what reached its sink.

The program is $AUDITBRIDGE, else build/dev/auditbridge of this tree. Cloud time stands
still while it runs (but for what requests take), and moves between runs as a test says.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from scenario import Event, ScenarioSpec  # noqa: E402

PROGRAM = Path(os.environ.get("AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge"))
FASTTIME = PROGRAM.parent / "tests" / "fasttime.so"
FASTER = 10  # how much faster the program's monotonic clock runs
COMMIT_FIRST = PROGRAM.with_name("auditbridge-commit-first")
TOKEN = "cloudsim-session-token"
RUN_LIMIT_S = 300
LAST_PASS_S = 3600  # no pass of aws-cloudtrail looks again at what is older

HEAD = """\
state: {{path: {folder}/state.db}}
sinks:
  platform: {{type: file, path: {folder}/events.ndjson, format: ecs}}
sources:
"""
SOURCE = """\
  {name}:
    provider: aws-cloudtrail
{where}    endpoint: {endpoint}
    ca_file: {ca_file}
    sinks: [platform]
    every: {every}
    lookback: {lookback_s}s
{more}"""


def indented(lines: str) -> str:
    """Lines of a source's settings."""
    return "".join(f"    {line}\n" for line in lines.splitlines())


def hours_ago(hours: float) -> int:
    """A start for a script that ends before this machine's now, on a whole minute."""
    return int(time.time() - hours * 3600) // 60 * 60


@dataclass(frozen=True)
class Run:
    """How one run of the program ended."""

    status: int  # negative: killed by that signal
    stderr: str

    def log(self, event: str) -> list[dict]:
        """The log lines of one event name."""
        lines = [json.loads(line) for line in self.stderr.splitlines() if line[:1] == "{"]
        return [line for line in lines if line.get("event") == event]


class Sink:
    """The file that the program writes, read as it grows; a torn last line is left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()     # by event.id, the cloud's events only
        self.own: list[dict] = []                 # what the bridge says of itself
        self.originals: dict[str, set[str]] = {}  # event.id to hashes of its original
        self.records: dict[str, str] = {}         # event.id to its first event.original
        self._offset = 0

    def read_new(self) -> list[str]:
        """Ids of the events that came since the last call."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[:data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [found for line in whole.splitlines() if (found := self._note(line))]

    def _note(self, line: bytes) -> str | None:
        document = json.loads(line)
        event = document.get("event", {})
        event_id = event.get("id", document.get("event.id", ""))
        if not event_id.startswith(("aws:", "azure:", "entra:", "gcp:")):
            self.own.append(document)
            return None
        original = event.get("original", document.get("event.original", ""))
        digest = event.get("hash", document.get("event.hash", ""))
        truth = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()
        self.counts[event_id] += 1
        self.originals.setdefault(event_id, set()).update((truth, digest.split(":")[-1]))
        self.records.setdefault(event_id, original)
        return event_id

    def repeats(self) -> int:
        return sum(self.counts.values()) - len(self.counts)


class Bench:
    """A fake cloud, a configuration and a folder, for as long as the `with` lasts."""

    def __init__(self, spec: ScenarioSpec, lookback_s: int, program: Path = PROGRAM,
                 settings: str = "", token: bool = False, faster: int = FASTER,
                 clock_off_s: int = 0, more: Sequence[ScenarioSpec] = (), where: str = "",
                 others: Sequence[ScenarioSpec] = (), every: str = "1s", head: str = "",
                 **sim_options: object) -> None:
        """
        settings: more YAML lines of the source. clock_off_s: how far the program's wall
        clock is ahead of the cloud's. more: further accounts and regions, each a source
        of its own; others: those that are none. where: the YAML lines that say which
        accounts and regions, when not those of spec. head: more lines of the configuration.
        sim_options: of cloudsim's command line.
        """
        self.spec = spec
        self._more = more
        self._where = where
        self._every = every
        self._head = head
        self._errors: dict[int, Path] = {}  # by process
        self.program = program.resolve()
        self._lookback_s = lookback_s
        self._settings = settings
        self._clock_off_s = clock_off_s
        self._environment = {"PATH": os.environ["PATH"], "TZ": "UTC",
                             "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
                             "AWS_EC2_METADATA_DISABLED": "true"}
        if token:
            self._environment["AWS_SESSION_TOKEN"] = TOKEN
        if "PEER" in os.environ:
            self._environment["PEER"] = os.environ["PEER"]
        elif FASTTIME.exists():
            self._environment |= {"LD_PRELOAD": str(FASTTIME), "FASTTIME": str(faster),
                                  "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.sim = CloudSim(spec, *more, *others,
                            **{"limit": 0, "tick": 0.55, **sim_options})

    def __enter__(self) -> "Bench":
        self.sim.__enter__()
        self._temporary = tempfile.TemporaryDirectory(prefix="auditbridge-e2e-")
        self.folder = Path(self._temporary.name)
        self.sink = Sink(self.folder / "events.ndjson")
        self.config = self.folder / "auditbridge.yaml"
        self.config.write_text(self._head + HEAD.format(folder=self.folder) + "".join(
            self._source(f"more-{i}" if i else "prod", spec)
            for i, spec in enumerate((self.spec, *self._more))))
        self.config.chmod(0o600)
        return self

    def _source(self, name: str, spec: ScenarioSpec) -> str:
        where = self._where or f'account: "{spec.account}"\nregion: {spec.region}'
        return SOURCE.format(
            name=name, where=indented(where), every=self._every,
            endpoint=self.sim.endpoint, ca_file=self.sim.ca_file,
            lookback_s=self._lookback_s, more=indented(self._settings))

    def reconfigure(self, before: str, after: str) -> None:
        """Changes the configuration for the runs to come."""
        text = self.config.read_text()
        assert before in text
        self.config.write_text(text.replace(before, after))

    def __exit__(self, *problem: object) -> None:
        self._temporary.cleanup()
        self.sim.__exit__(*problem)  # type: ignore[arg-type]

    def be(self, **environment: str) -> None:
        """Variables for every run from now on; an empty one is as good as none."""
        self._environment |= environment

    def start(self, *before: str, mode: tuple[str, ...] = ("--once",),
              **environment: str) -> subprocess.Popen:
        """before: a command that runs the program, such as strace. mode: options of run."""
        errors = self.folder / f"stderr-{len(self._errors)}"
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                [*before, str(self.program), "run", *mode, "--config", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                cwd=self.folder, env={**self.environment(), **environment})
        self._errors[process.pid] = errors
        return process

    def environment(self) -> dict[str, str]:
        """What the program is called with: the cloud's time, or a wrong one."""
        off_s = round(self.sim.now() - time.time()) + self._clock_off_s
        return {**self._environment, "HOME": str(self.folder), "WALL_OFFSET_S": str(off_s)}

    def finish(self, process: subprocess.Popen) -> Run:
        try:
            status = process.wait(RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"run --once did not end in {RUN_LIMIT_S} s")
        return Run(status, self.stderr_of(process))

    def stderr_of(self, process: subprocess.Popen) -> str:
        """What it has said so far."""
        return self._errors[process.pid].read_text(errors="replace")

    def run(self, *before: str, **environment: str) -> Run:
        return self.finish(self.start(*before, **environment))

    def run_until(self, cloud_time: float, step_s: float = 300) -> list[Run]:
        """Runs again and again, cloud time moving on by step_s between."""
        runs = [self.run()]
        while (now := self.sim.now()) < cloud_time:
            self.sim.advance(min(step_s, max(1.0, cloud_time - now)))
            runs.append(self.run())
        self.sink.read_new()
        return runs

    def end_of_script(self) -> float:
        """When the last pass over the last event is due, and a little more."""
        return self.spec.start + self.spec.seconds + LAST_PASS_S + 1800

    def events(self) -> list[tuple[str, Event]]:
        """All that the cloud has, by the event.id that is due at the sink."""
        return [(f"aws:{scenario.spec.account}:{event.event_id}", event)
                for scenario in self.sim.scenarios for event in scenario.events]

    def id_of(self, event: Event) -> str:
        """Of an event of the first source."""
        return f"aws:{self.spec.account}:{event.event_id}"

    def missing(self, is_wanted: Callable[[Event], bool] = lambda _: True) -> list[str]:
        return [id for id, event in self.events()
                if is_wanted(event) and id not in self.sink.counts]

    def strangers(self) -> set[str]:
        """Events at the sink that the cloud never had."""
        return set(self.sink.counts) - {id for id, _ in self.events()}


class BenchCase(unittest.TestCase):
    """Tests that need the program; each says what it is about in its name."""

    def setUp(self) -> None:
        if not PROGRAM.exists():
            print(f"SKIP: {PROGRAM} has not been built")
            self.skipTest("no program")

    def bench(self, spec: ScenarioSpec, lookback_s: int = 2 * 3600,
              **options: object) -> Bench:
        return self.enterContext(Bench(spec, lookback_s, **options))  # type: ignore[arg-type]

    def assert_good(self, *runs: Run) -> None:
        for run in runs:
            self.assertEqual(run.status, 0, run.stderr[-3000:])

    def assert_all_once(self, bench: Bench) -> None:
        bench.sink.read_new()
        missing = bench.missing()
        self.assertEqual((len(missing), missing[:3]), (0, []))
        self.assertEqual(bench.strangers(), set())
        self.assertEqual(bench.sink.repeats(), 0)
        self.assert_originals(bench)

    def assert_originals(self, bench: Bench) -> None:
        """Every event.original is the record as the cloud gave it, and hashes to event.hash."""
        for id, event in bench.events():
            if id in bench.sink.records:
                self.assertEqual(bench.sink.records[id], event.text)
                self.assertEqual(len(bench.sink.originals[id]), 1, id)

    def assert_no_secret(self, bench: Bench, *runs: Run) -> None:
        for run in runs:
            for secret in (SECRET, TOKEN, "AWS4-HMAC-SHA256", "Signature="):
                self.assertNotIn(secret, run.stderr)
        for path in bench.folder.iterdir():
            self.assertNotIn(SECRET.encode(), path.read_bytes(), path.name)
