"""Starts a fake cloud as a child process and talks to its control door."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType

from scenario import Scenario, ScenarioSpec

KEY_ID = "AKIDEXAMPLE"
SECRET = "cloudsim-secret"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CloudSim:
    """with CloudSim(spec) as sim: the fake runs, and ends with the block."""

    def __init__(self, *specs: ScenarioSpec, **options: object) -> None:
        """
        specs: one for each account and region that has events. options are those of the
        command line, with _ for -: now, rate, tick, limit, world...
        """
        self.specs = specs
        self.scenarios = [Scenario(spec) for spec in specs]
        self.spec = specs[0]
        self.scenario = self.scenarios[0]
        self._options = options

    def __enter__(self) -> "CloudSim":
        command = [sys.executable, str(Path(__file__).parent), "--scenario",
                   "[" + ",".join(spec.to_json() for spec in self.specs) + "]"]
        for name, value in self._options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(10)
            raise RuntimeError("the fake cloud did not start")
        ready = json.loads(line)
        self.endpoint: str = ready["endpoint"]
        self.ca_file: str = ready["ca_file"]
        self.metadata: str = ready["metadata"]
        self._control: str = ready["control"]
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def call(self, command: str, **request: object) -> dict:
        body = json.dumps(request).encode()
        with DIRECT.open(f"{self._control}/{command}", data=body, timeout=10) as answer:
            return json.load(answer)

    def now(self) -> float:
        return self.call("state")["now"]

    def counts(self) -> dict[str, int]:
        return self.call("state")["counts"]

    def advance(self, seconds: float) -> float:
        return self.call("advance", seconds=seconds)["now"]

    def arm(self, *faults: dict, random: dict[str, float] | None = None) -> None:
        """Replaces what was armed before."""
        self.call("faults", faults=faults, random=random or {})

    def change(self, **layout: object) -> None:
        """Changes members of world.Layout from now on."""
        self.call("world", **layout)

    def log(self) -> list[dict]:
        return self.call("log")["log"]
