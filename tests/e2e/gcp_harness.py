"""Runs the built program against the fake Google Cloud: as harness.py does for AWS."""

import subprocess
import tempfile
from pathlib import Path

from harness import FASTER, Bench, BenchCase, Run, ScenarioSpec, Sink

from gcp_cloud import GcpCloud, GcpFault
from gcp_events import GcpEvent, GcpSpec

__all__ = ["GcpBench", "GcpCase", "GcpFault", "GcpSpec"]

LAST_PASS_S = 15 * 60
CONFIG = """\
state: {{path: {folder}/state.db}}
sinks:
  platform: {{type: file, path: {folder}/events.ndjson, format: ecs}}
sources:
  gcp:
    provider: gcp-audit
    endpoints: {{logging: "{endpoint}", cloudresourcemanager: "{endpoint}"}}
    ca_file: {ca_file}
    sinks: [platform]
    every: 1s
    lookback: {lookback_s}s
{more}"""


class GcpBench(Bench):
    def __init__(self, spec: GcpSpec, lookback_s: int = 4 * 3600, faster: int = FASTER,
                 settings: str | None = None, paced: bool = False,
                 **sim_options: object) -> None:
        """settings: YAML lines of the source; None names its parents. paced: as by quota."""
        super().__init__(ScenarioSpec(events=0), lookback_s, faster=faster)
        self.spec = spec  # type: ignore[assignment]
        ids = ", ".join(name.split("/")[1] for name in spec.parents
                        if name.startswith("projects/"))
        self._settings = f"projects: [{ids}]" if settings is None else settings
        if not paced:
            self._settings += "\nrequests_per_second: 1000"
        self.sim = GcpCloud(spec, **sim_options)  # type: ignore[arg-type,assignment]

    def __enter__(self) -> "GcpBench":
        self.sim.__enter__()
        self.be(GCE_METADATA_HOST=self.sim.metadata)
        self._temporary = tempfile.TemporaryDirectory(prefix="auditbridge-e2e-")
        self.folder = Path(self._temporary.name)
        self.sink = Sink(self.folder / "events.ndjson")
        self.config = self.folder / "auditbridge.yaml"
        self.configure(self._settings)
        return self

    def configure(self, settings: str) -> None:
        self.config.write_text(CONFIG.format(
            folder=self.folder, endpoint=self.sim.endpoint, ca_file=self.sim.ca_file,
            lookback_s=self._lookback_s,
            more="".join(f"    {line}\n" for line in settings.splitlines())))
        self.config.chmod(0o600)

    def ask(self, *command: str) -> str:
        """What another command than run says, beside the runs."""
        return subprocess.run(
            [str(self.program), *command, "--config", str(self.config)], cwd=self.folder,
            env=self.environment(), check=True, capture_output=True, text=True, timeout=60).stdout

    def end_of_script(self) -> float:
        return self.spec.start + self.spec.seconds + LAST_PASS_S + 2400

    def events(self) -> list[tuple[str, GcpEvent]]:  # type: ignore[override]
        return [(event.event_id, event) for event in self.sim.scenario.events]

    def id_of(self, event: GcpEvent) -> str:  # type: ignore[override]
        return event.event_id


class GcpCase(BenchCase):
    def gcp(self, spec: GcpSpec, **options: object) -> GcpBench:
        return self.enterContext(GcpBench(spec, **options))  # type: ignore[arg-type]

    def assert_no_gcp_secret(self, bench: GcpBench, *runs: Run) -> None:
        for run in runs:
            for secret in ("fake-gcp-token-", "Bearer"):
                self.assertNotIn(secret, run.stderr)
        for path in bench.folder.iterdir():
            self.assertNotIn(b"fake-gcp-token-", path.read_bytes(), path.name)
