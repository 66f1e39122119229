"""python3 tests/cloudsim: a fake AWS for tests, on loopback.

Prints one JSON line when ready: {"endpoint", "metadata", "control", "ca_file", "pid"}. Ends on
SIGTERM, SIGINT or when its standard input closes, and takes its files with it.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

import certificate
from clock import CloudClock
from control import Control
from metadata import Metadata
from scenario import Scenario, ScenarioSpec
from server import Cloud, Server
from sign import Key
from sts import Rules
from world import Layout, World


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cloudsim", description=__doc__)
    add = parser.add_argument
    add("--scenario", default="{}",
        help="JSON of scenario.ScenarioSpec, or a list of them, one an account and region")
    add("--world", default="{}", help="JSON of world.Layout: what there is besides")
    add("--sts", default="{}", help="JSON of sts.Rules: who may assume what")
    add("--now", type=float, help="cloud time at start (default: the scenario's start)")
    add("--rate", type=float, default=0.0, help="cloud seconds in a real second (default 0)")
    add("--tick", type=float, default=0.0, help="cloud seconds that a request takes")
    add("--limit", type=float, default=2.0, help="requests in a cloud second; 0: no limit")
    add("--burst", type=float, default=2.0, help="requests saved up")
    add("--token-life", type=float, default=3600.0, help="cloud seconds a NextToken lives")
    add("--keys", default='{"AKIDEXAMPLE": {"secret": "cloudsim-secret"}}',
        help="JSON: access key id to {secret, token, expires_at, account}")
    add("--port", type=int, default=0)
    add("--ready-file", help="write the line there, not to stdout")
    return parser.parse_args()


def announce(line: str, ready_file: str | None) -> None:
    if ready_file is None:
        print(line, flush=True)
        return
    partial = Path(ready_file + ".partial")
    partial.write_text(line + "\n")
    partial.rename(ready_file)


def wait_for_end() -> None:
    """Until a signal or the end of standard input, whichever comes first."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())

    def watch() -> None:
        while os.read(0, 4096):
            pass
        done.set()

    threading.Thread(target=watch, daemon=True).start()
    done.wait()


def main() -> int:
    arguments = read_arguments()
    written = json.loads(arguments.scenario)
    specs = [ScenarioSpec(**each) for each in (written if isinstance(written, list)
                                               else [written])]
    clock = CloudClock(specs[0].start if arguments.now is None else arguments.now,
                       arguments.rate)
    world = World(map(Scenario, specs), clock, arguments.limit, arguments.burst,
                  arguments.token_life)
    world.layout = Layout(**json.loads(arguments.world))
    keys = {name: Key(**what) for name, what in json.loads(arguments.keys).items()}
    cloud = Cloud(world, clock, keys, arguments.tick, specs[0].seed)
    cloud.sts.rules = Rules(**json.loads(arguments.sts))
    folder = Path(tempfile.mkdtemp(prefix="cloudsim-"))
    try:
        ca = certificate.make(folder)
        server = Server(cloud, certificate.server_context(folder), arguments.port)
        control = Control(cloud)
        metadata = Metadata(cloud)
        for each in (server, control, metadata):
            threading.Thread(target=each.serve_forever, daemon=True).start()
        announce(json.dumps({"endpoint": f"https://localhost:{server.server_address[1]}",
                             "control": control.url, "metadata": metadata.url,
                             "ca_file": str(ca),
                             "pid": os.getpid()}), arguments.ready_file)
        wait_for_end()
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
