"""Runs the built program against the fake Azure: as harness.py does for AWS."""

import tempfile
from pathlib import Path

from harness import FASTER, Bench, BenchCase, Run, ScenarioSpec, Sink

from azure_cloud import CLIENT, SECRET, AzureCloud, AzureFault
from azure_events import DIRECTORY, SIGNINS, TENANT, AzureEvent, AzureSpec

__all__ = ["AzureBench", "AzureCase", "AzureFault", "AzureSpec", "CLIENT", "DIRECTORY", "SECRET",
           "SIGNINS", "TENANT"]

LAST_PASS_S = 2 * 3600
COMMON = """\
    endpoint: {endpoint}
    authority: {endpoint}
    ca_file: {ca_file}
    tenant_id: {tenant}
    client_id: {client}
    client_secret: ${{SECRET}}
    requests_per_second: 1000
    sinks: [platform]
    every: {every}
    lookback: {lookback_s}s
"""


class AzureBench(Bench):
    def __init__(self, spec: AzureSpec, lookback_s: int = 4 * 3600, faster: int = FASTER,
                 activity: str = "", entra: str = "", every: str = "1s", **sim_options: object) -> None:
        """activity, entra: more YAML lines of the sources of the two logs."""
        super().__init__(ScenarioSpec(events=0), lookback_s, faster=faster)
        self.be(SECRET=SECRET)
        self.spec = spec  # type: ignore[assignment]
        self._activity = activity
        self._every = every
        self._entra = entra
        self.sim = AzureCloud(spec, **sim_options)  # type: ignore[arg-type,assignment]

    def __enter__(self) -> "AzureBench":
        self.sim.__enter__()
        self._temporary = tempfile.TemporaryDirectory(prefix="auditbridge-e2e-")
        self.folder = Path(self._temporary.name)
        self.sink = Sink(self.folder / "events.ndjson")
        self.config = self.folder / "auditbridge.yaml"
        self.config.write_text(self._configuration())
        self.config.chmod(0o600)
        return self

    def _configuration(self) -> str:
        common = COMMON.format(endpoint=self.sim.endpoint, ca_file=self.sim.ca_file,
                               tenant=TENANT, client=CLIENT, lookback_s=self._lookback_s, every=self._every)
        text = (f"state: {{path: {self.folder}/state.db}}\nsinks:\n  platform: {{type: file, "
                f"path: {self.folder}/events.ndjson, format: ecs}}\nsources:\n")
        if self.spec.subscriptions:
            text += "  act:\n    provider: azure-activity\n    claims: all\n" + common
            text += f"    tenant_level: {'true' if TENANT in self.spec.streams else 'false'}\n"
            text += "".join(f"    {line}\n" for line in self._activity.splitlines())
        for stream, provider in ((DIRECTORY, "entra-audit"), (SIGNINS, "entra-signin")):
            if stream in self.spec.streams:
                text += f"  {stream}:\n    provider: {provider}\n" + common
                text += "".join(f"    {line}\n" for line in self._entra.splitlines())
        return text

    def end_of_script(self) -> float:
        return self.spec.start + self.spec.seconds + LAST_PASS_S + 1800

    def events(self) -> list[tuple[str, AzureEvent]]:  # type: ignore[override]
        return [(self.id_of(event), event) for event in self.sim.scenario.events]

    def id_of(self, event: AzureEvent) -> str:  # type: ignore[override]
        if event.stream in (DIRECTORY, SIGNINS):
            return f"entra:{TENANT}:{event.event_id}"
        return f"azure:{event.event_id}"


class AzureCase(BenchCase):
    def azure(self, spec: AzureSpec, **options: object) -> AzureBench:
        return self.enterContext(AzureBench(spec, **options))  # type: ignore[arg-type]

    def assert_no_azure_secret(self, bench: AzureBench, *runs: Run) -> None:
        for run in runs:
            for secret in (SECRET, "fake-token-", "Bearer", "skipToken"):
                self.assertNotIn(secret, run.stderr)
        for path in bench.folder.iterdir():
            self.assertNotIn(b"fake-token-", path.read_bytes(), path.name)
