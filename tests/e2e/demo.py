"""scripts/demo: the main job end to end, shown to a person.

A fake AWS CloudTrail (signatures checked, events shown late, 50 a page, newest first) and a
fake Azure (tokens and filters checked, as late, nextLinks) on this machine, a store in
SQLite, a file as the sink; then a second run.
"""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

import azure_cloud  # noqa: E402
import receipts  # noqa: E402
from azure_cloud import AzureCloud  # noqa: E402
from azure_events import DIRECTORY, TENANT, AzureSpec  # noqa: E402
from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

WIDTH = 100
HOURS = 3
SUBSCRIPTIONS = tuple(f"5a000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
LATER_S = 20 * 60  # neither fake shows an event later than that
CONFIG = """\
state: {{path: state.db}}
sinks:
  soc: {{type: file, path: events.ndjson}}
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
"""
COMMON = """\
    sinks: [soc]
    every: 1s                   # 60s unless said
    lookback: 4h
    endpoint: {sim.endpoint}   # the fake cloud; leave out for the real one
    ca_file: {sim.ca_file}
    requests_per_second: 20     # the fake cloud is patient; the real ones are not"""
SIGN_IN = """
    authority: {sim.endpoint}  # the fake Entra ID"""
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
               "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": azure_cloud.CLIENT,
               "AZURE_CLIENT_SECRET": azure_cloud.SECRET}


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def run(program: Path, folder: Path) -> None:
    command = [str(program), "run", "--once", "--summary"]
    done = subprocess.run(command, cwd=folder, env={"PATH": os.environ["PATH"], **ENVIRONMENT},
                          text=True, stderr=subprocess.PIPE, timeout=300)
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


def configure(spec: ScenarioSpec, aws: CloudSim, azure: AzureCloud) -> str:
    return CONFIG.format(account=spec.account, region=spec.region,
                         aws=COMMON.format(sim=aws),
                         azure=(COMMON + SIGN_IN).format(sim=azure))


def demonstrate(program: Path, folder: Path) -> None:
    now = time.time()
    span = {"start": int(now) - HOURS * 3600, "seconds": HOURS * 3600 - 120}
    aws_spec = ScenarioSpec(seed=7, events=1200, stragglers=0, **span)
    azure_spec = AzureSpec(seed=7, events=300, stragglers=0, subscriptions=SUBSCRIPTIONS,
                           streams=(TENANT, DIRECTORY), **span)
    sink = folder / "events.ndjson"
    with CloudSim(aws_spec, now=now, limit=0) as aws, \
            AzureCloud(azure_spec, now, tick_s=0) as azure:
        happened = aws_spec.events + len(azure.scenario.events)
        (folder / "auditbridge.yaml").write_text(configure(aws_spec, aws, azure))
        say("1. The configuration, checked:")
        print((folder / "auditbridge.yaml").read_text())
        subprocess.run([str(program), "check"], cwd=folder, check=True, timeout=60)

        say(f"2. First run, over {HOURS} hours in which {happened} events happened in AWS, "
            "Azure and Entra ID; the clouds do not show the last of them yet:")
        run(program, folder)
        first = read_events(sink)

        say("3. One event in full, as the platform gets it:")
        show(choose(first))

        say(f"4. {LATER_S // 60} minutes later, a second run reads the last hours again: what "
            "came late is found, what is known is not sent twice:")
        aws.advance(LATER_S)
        azure.advance(LATER_S)
        time.sleep(2)
        run(program, folder)

    conclude(len(first), sink, happened)


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


def main() -> None:
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="auditbridge-demo-") as folder:
        demonstrate(program, Path(folder))


if __name__ == "__main__":
    main()
