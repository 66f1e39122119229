"""Many regions of one account, all quiet, against the fake cloud in real time.

    python3 tests/e2e/fleet.py [PROGRAM] [--regions N]

Runs once for the sources to begin, once more when they are due and nothing is new, and
prints what the second run took. Exit status 1 when it was too much.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

SECONDS_MAX = 90
RESIDENT_MAX = 64 << 20
LIMIT_S = 300

CONFIG = """\
state: {{path: {folder}/state.db}}
sinks:
  platform: {{type: file, path: {folder}/events.ndjson}}
sources:
  quiet:
    provider: aws-cloudtrail
    account: "{account}"
    regions: [{regions}]
    endpoint: {endpoint}
    ca_file: {ca_file}
    sinks: [platform]
    every: 1s
    lookback: 2m
"""


@dataclass(frozen=True)
class Cost:
    status: int
    seconds: float
    cpu_s: float
    resident: int  # bytes
    requests: int
    ends: list[str]

    def __str__(self) -> str:
        return (f"{len(self.ends)} sources, {self.requests} requests, {self.seconds:.1f} s, "
                f"CPU {self.cpu_s * 1000:.0f} ms, {self.resident / (1 << 20):.1f} MiB")


class Fleet:
    """A fake cloud with so many regions, for as long as the `with` lasts."""

    def __init__(self, program: Path, count: int) -> None:
        self.program = program
        self.spec = ScenarioSpec(start=int(time.time()) - 7200, events=0)
        self.regions = [self.spec.region, *(f"eu-fleet-{i}" for i in range(1, count))]
        self.sim = CloudSim(self.spec, now=time.time(), rate=1)

    def __enter__(self) -> "Fleet":
        self.sim.__enter__()
        self.sim.change(regions={"*": self.regions})
        self._temporary = tempfile.TemporaryDirectory(prefix="auditbridge-fleet-")
        self.folder = Path(self._temporary.name)
        self.config = self.folder / "auditbridge.yaml"
        self.config.write_text(CONFIG.format(
            folder=self.folder, account=self.spec.account, regions=", ".join(self.regions),
            endpoint=self.sim.endpoint, ca_file=self.sim.ca_file))
        self.config.chmod(0o600)
        return self

    def __exit__(self, *problem: object) -> None:
        self._temporary.cleanup()
        self.sim.__exit__(*problem)  # type: ignore[arg-type]

    def start(self, *mode: str) -> subprocess.Popen:
        with (self.folder / "stderr").open("wb") as errors:
            return subprocess.Popen(
                [self.program, "run", *mode, "--config", self.config],
                stdin=subprocess.DEVNULL, stderr=errors, cwd=self.folder,
                env=self.environment())

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}

    def log(self, event: str) -> list[dict]:
        lines = (self.folder / "stderr").read_text().splitlines()
        return [line for text in lines if text.startswith("{")
                if (line := json.loads(text)).get("event") == event]

    def run(self) -> Cost:
        requests = self.sim.counts().get("requests", 0)
        began = time.monotonic()
        process = self.start("--once")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Cost(process.returncode, time.monotonic() - began,
                    usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024,
                    self.sim.counts().get("requests", 0) - requests,
                    [line["end"] for line in self.log("source.done")])

    def wait_until_due(self) -> None:
        """The cloud's clock goes on by more than `every`."""
        self.sim.advance(2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, nargs="?",
                        default=ROOT / "build/bench/auditbridge")
    parser.add_argument("--regions", type=int, default=1000)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Fleet(arguments.program.resolve(), arguments.regions) as fleet:
        first = fleet.run()
        fleet.wait_until_due()
        again = fleet.run()
        errors = {name: n for name, n in fleet.sim.counts().items() if "status_2" not in name}
    print(f"first run: {first}\nall quiet: {again}\n{errors}")
    wrong = [end for end in first.ends + again.ends if end != "done"]
    is_good = (first.status == again.status == 0 and not wrong and
               len(again.ends) == arguments.regions and
               again.seconds <= SECONDS_MAX and again.resident <= RESIDENT_MAX)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
