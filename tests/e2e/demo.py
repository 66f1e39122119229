"""scripts/demo: the main job end to end, shown to a person.

A fake AWS CloudTrail on this machine (signatures checked, events shown late, 50 a page,
newest first), a store in SQLite, a file as the sink; then a second run.
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

from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

WIDTH = 100
CONFIG = """\
state: {{path: state.db}}
sinks:
  soc: {{type: file, path: events.ndjson}}
sources:
  prod-eu:
    provider: aws-cloudtrail
    account: "{account}"
    region: {region}
    sinks: [soc]
    every: 1s                   # 60s unless said
    lookback: 4h
    tenant: {{business_unit: HQ, application: payroll, owner: payroll@example.org}}
    endpoint: {endpoint}        # the fake cloud; leave out for the real one
    ca_file: {ca_file}
    requests_per_second: 20     # the fake cloud is patient; AWS allows 2
"""


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def run(program: Path, folder: Path) -> None:
    command = [str(program), "run", "--once", "--summary"]
    environment = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": KEY_ID,
                   "AWS_SECRET_ACCESS_KEY": SECRET}
    done = subprocess.run(command, cwd=folder, env=environment, text=True,
                          stderr=subprocess.PIPE, timeout=300)
    lines = done.stderr.splitlines()
    print("\n".join(line for line in lines if not line.startswith("{")))
    if done.returncode != 0:
        print("\n".join(line for line in lines if line.startswith("{")))
        sys.exit(f"demo: run --once ended with {done.returncode}")


def count_lines(path: Path) -> int:
    return len(path.read_bytes().splitlines())


def show(event: dict) -> None:
    """One member a line, wrapped."""
    for key, value in event.items():
        text = f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        print(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ",
                            break_on_hyphens=False))


def choose(path: Path) -> dict:
    """An event that says the most: a membership change, else the first that is mapped."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    mapped = [e for e in events if e["moj"].get("principles")]
    members = [e for e in mapped if "2b" in e["moj"]["principles"]]
    return (members or mapped or events)[0]


def demonstrate(program: Path, folder: Path) -> None:
    start = int(time.time()) - 3 * 3600
    spec = ScenarioSpec(seed=7, start=start, seconds=3 * 3600 - 120, events=1200,
                        stragglers=0)
    with CloudSim(spec, now=time.time(), limit=0) as sim:
        (folder / "auditbridge.yaml").write_text(CONFIG.format(
            account=spec.account, region=spec.region, endpoint=sim.endpoint,
            ca_file=sim.ca_file))
        say("1. The configuration, checked:")
        print((folder / "auditbridge.yaml").read_text())
        subprocess.run([str(program), "check"], cwd=folder, check=True, timeout=60)

        say(f"2. First run, over three hours in which {spec.events} events happened; the "
            "cloud does not show the last of them yet:")
        run(program, folder)
        events = folder / "events.ndjson"
        first = count_lines(events)

        say("3. One event in full, as the platform gets it:")
        show(choose(events))

        say("4. Eleven minutes later, a second run reads the last hour again: what came "
            "late is found, what is known is not sent twice:")
        sim.advance(660)
        time.sleep(2)
        run(program, folder)
        second = count_lines(events)

    ids = [json.loads(line)["event"]["id"] for line in events.read_text().splitlines()]
    say(f"{first} events after the first run, {second} after the second, "
        f"{len(ids) - len(set(ids))} of them twice; {spec.events} happened.")
    if len(set(ids)) != spec.events or len(ids) != len(set(ids)):
        sys.exit("demo: events are missing or doubled")


def main() -> None:
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="auditbridge-demo-") as folder:
        demonstrate(program, Path(folder))


if __name__ == "__main__":
    main()
