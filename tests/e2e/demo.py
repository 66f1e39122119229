"""scripts/demo: the main job end to end, shown to a person.

A fake AWS CloudTrail (signatures checked, events shown late, 50 a page, newest first), a fake
Azure (tokens and filters checked, as late, nextLinks) and a fake Google Cloud (filters parsed,
page tokens bound to their request) on this machine, a store in SQLite, a file and a search
index as the sinks; then a second run.
"""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

import azure_cloud  # noqa: E402
import receipts  # noqa: E402
from azure_cloud import AzureCloud  # noqa: E402
from azure_events import DIRECTORY, TENANT, AzureSpec  # noqa: E402
from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from counterparts import Elasticsearch  # noqa: E402
from gcp_cloud import GcpCloud  # noqa: E402
from gcp_events import GcpSpec  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

WIDTH = 100
HOURS = 3
SUBSCRIPTIONS = tuple(f"5a000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
PROJECTS = ("projects/payroll-live", "projects/payroll-test")
ORGANIZATION = "organizations/123456789012"
PREFIXES = {"AWS": ("aws:",), "Azure": ("azure:", "entra:"), "Google": ("gcp:",)}
LATER_S = 20 * 60  # no fake shows an event later than that
CONFIG = """\
state: {{path: state.db}}
sinks:
  soc: {{type: file, path: events.ndjson}}
  search:                       # Elasticsearch or OpenSearch: here a fake that is as strict
    type: elasticsearch
    url: {search.url}
    ca_file: {search.ca_file}
    index: audit-%Y.%m
    api_key: key-1              # better in a file: api_key_file
sources:
  prod-eu:
    provider: aws-cloudtrail
    account: "{account}"
    region: {region}
    tenant: {{business_unit: HQ, application: payroll, owner: payroll@example.org}}
{aws}
  azure:
    provider: azure-activity    # a source for every subscription of the identity: two
    tenant_level: true          # and one for the log that shows elevateAccess
{azure}
  entra:
    provider: entra-audit       # groups, directory roles, PIM
{azure}
  gcp:
    provider: gcp-audit         # an organisation, and the projects below it
    descendants_of: [{organization}]
{gcp}
"""
ENDPOINT = "endpoint: {sim.endpoint}   # the fake cloud; leave out for the real one"
ENDPOINTS = """endpoints:                  # the fake cloud; leave out for the real one
      {{logging: "{sim.endpoint}", cloudresourcemanager: "{sim.endpoint}"}}"""
COMMON = """\
    sinks: [soc, search]
    every: 1s                   # 60s unless said
    lookback: 4h
    {endpoint}
    ca_file: {sim.ca_file}
    requests_per_second: 20     # the fake cloud is patient; the real ones are not"""
SIGN_IN = """
    authority: {sim.endpoint}  # the fake Entra ID"""
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
               "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": azure_cloud.CLIENT,
               "AZURE_CLIENT_SECRET": azure_cloud.SECRET}


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


@dataclass(frozen=True)
class Clouds:
    """The three fakes, while they run."""

    aws: CloudSim
    azure: AzureCloud
    gcp: GcpCloud
    search: Elasticsearch

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "GCE_METADATA_HOST": self.gcp.metadata, **ENVIRONMENT}

    def advance(self, seconds: float) -> None:
        for sim in (self.aws, self.azure, self.gcp):
            sim.advance(seconds)

    def event_count(self) -> int:
        return len(self.aws.scenario.events) + len(self.azure.scenario.events) + len(
            self.gcp.scenario.events)

    def configuration(self, spec: ScenarioSpec) -> str:
        aws = COMMON.format(sim=self.aws, endpoint=ENDPOINT.format(sim=self.aws))
        azure = COMMON.format(sim=self.azure, endpoint=ENDPOINT.format(sim=self.azure))
        gcp = COMMON.format(sim=self.gcp, endpoint=ENDPOINTS.format(sim=self.gcp))
        return CONFIG.format(account=spec.account, region=spec.region, aws=aws, gcp=gcp,
                             search=self.search,
                             azure=azure + SIGN_IN.format(sim=self.azure),
                             organization=ORGANIZATION)


def run(program: Path, folder: Path, clouds: Clouds) -> None:
    command = [str(program), "run", "--once", "--summary"]
    done = subprocess.run(command, cwd=folder, env=clouds.environment(), text=True,
                          stderr=subprocess.PIPE, timeout=300)
    lines = done.stderr.splitlines()
    print("\n".join(line for line in lines if not line.startswith("{")))
    if done.returncode != 0:
        print("\n".join(line for line in lines if line.startswith("{")))
        sys.exit(f"demo: run --once ended with {done.returncode}")


def read_events(path: Path) -> list[dict]:
    """The clouds' own; what the bridge says of itself is left out."""
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    return [d for d in documents if not d["event"]["id"].startswith("bridge:")]


def show(event: dict) -> None:
    """One member a line, wrapped."""
    for key, value in event.items():
        text = f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        print(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ",
                            break_on_hyphens=False))


def choose(events: list[dict]) -> dict:
    """One that says much: a new member of a group or role, and who that is."""
    return next(e for e in events if "2b" in e["moj"].get("principles", ())
                and "member" in e["moj"])


def demonstrate(program: Path, folder: Path) -> None:
    now = time.time()
    span = {"seed": 7, "start": int(now) - HOURS * 3600, "seconds": HOURS * 3600 - 120,
            "stragglers": 0}
    aws_spec = ScenarioSpec(events=1200, **span)
    azure_spec = AzureSpec(events=300, subscriptions=SUBSCRIPTIONS, streams=(TENANT, DIRECTORY),
                           **span)
    gcp_spec = GcpSpec(events=900, parents=(*PROJECTS, ORGANIZATION), **span)
    with CloudSim(aws_spec, now=now, limit=0) as aws, \
            AzureCloud(azure_spec, now, tick_s=0) as azure, \
            GcpCloud(gcp_spec, now, tick_s=0) as gcp, \
            Elasticsearch(folder / "search") as search:
        gcp.tree = {name: {"parent": ORGANIZATION} for name in PROJECTS}
        show_both_runs(program, folder, Clouds(aws, azure, gcp, search), aws_spec)


def show_both_runs(program: Path, folder: Path, clouds: Clouds, spec: ScenarioSpec) -> None:
    sink = folder / "events.ndjson"
    happened = clouds.event_count()
    (folder / "auditbridge.yaml").write_text(clouds.configuration(spec))
    say("1. The configuration, checked:")
    print((folder / "auditbridge.yaml").read_text())
    subprocess.run([str(program), "check"], cwd=folder, env=clouds.environment(), check=True,
                   timeout=60)

    say(f"2. First run, over {HOURS} hours in which {happened} events happened in AWS, Azure, "
        "Entra ID and Google Cloud; the clouds do not show the last of them yet:")
    run(program, folder, clouds)
    first = read_events(sink)

    say("3. One event in full, as the platform gets it:")
    show(choose(first))

    say(f"4. {LATER_S // 60} minutes later, a second run reads the last hours again: what "
        "came late is found, what is known is not sent twice:")
    clouds.advance(LATER_S)
    time.sleep(2)
    run(program, folder, clouds)

    say("5. What arrived, by principle:")
    show_table(read_events(sink))
    conclude(len(first), sink, happened)
    compare(sink, clouds.search)


def show_table(events: list[dict]) -> None:
    """Three clouds side by side. An event counts under each principle that it answers. Ends
    the demo when a cloud answers none."""
    counts: dict[str, Counter] = {}
    for event in events:
        cloud = next(name for name, prefixes in PREFIXES.items()
                     if event["event"]["id"].startswith(prefixes))
        for principle in event["moj"].get("principles") or ["none"]:
            counts.setdefault(principle, Counter())[cloud] += 1
    print("principle" + "".join(f"{name:>8}" for name in PREFIXES))
    for principle in sorted(counts):
        print(f"{principle:9}" + "".join(f"{counts[principle][name] or '-':>8}"
                                         for name in PREFIXES))
    silent = [name for name in PREFIXES
              if not any(counts[principle][name] for principle in counts if principle != "none")]
    if silent:
        sys.exit(f"demo: no event of {silent[0]} answers a principle")


def conclude(first: int, sink: Path, happened: int) -> None:
    ids = [event["event"]["id"] for event in read_events(sink)]
    twice = len(ids) - len(set(ids))
    say(f"{happened} events happened; {first} had arrived after the first run, {len(ids)} after "
        f"the second, {twice} of them twice.")
    unproved = receipts.check(sink)
    if len(set(ids)) != happened or twice or unproved:
        sys.exit("demo: events are missing or doubled" + "".join(f"\n  {u}" for u in unproved))
    count = sum(len(source.receipts) for source in receipts.read(sink).values())
    print(f"The received file alone proves it: {count} receipts of the bridge, each of one hour of "
          "one source, add up.")


def compare(sink: Path, search: Elasticsearch) -> None:
    """The file and the index hold the same."""
    ids = {event["event"]["id"] for event in read_events(sink)}
    if set(search.counts) != ids or search.repeats() or search.misfits:
        sys.exit("demo: the search index holds other events than the file "
                 f"{search.misfits[:3]}")
    print(f"The search index holds the same {len(ids)} events, each once, by its id.")


def main() -> None:
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="auditbridge-demo-") as folder:
        demonstrate(program, Path(folder))


if __name__ == "__main__":
    main()
