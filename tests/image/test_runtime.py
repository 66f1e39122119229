"""The image as an engine runs it: what it may not do, names, certificates, signals."""

import json
import os
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

from engine import CONFIG, ROOT, STATE, USER, VERSION, Case
from network import NAME, SERVER, Names, Platform

sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
EVENTS = 3
OTHER = 1000650000  # such as OpenShift gives out, in group 0
RECORDED = """\
state: {path: %s/state.db}
sinks:
  soc: {type: http, url: "%s", api_key_file: %s/api-key}
sources:
  recorded: {provider: replay, path: %s/records.ndjson, account: "111122223333", sinks: [soc]}
"""
POLLING = """\
state: {path: %s/state.db}
sinks:
  soc: {type: file, path: %s/events.ndjson}
sources:
  prod:
    provider: aws-cloudtrail
    account: "%s"
    region: %s
    endpoint: %s
    ca_file: %s/ca.pem
    sinks: [soc]
    every: 1s
    lookback: 2h
    credentials: process
    credential_process: [/busybox, sh, %s/credentials]
"""
# Leaves an orphan, which has ended before the keys are printed.
CREDENTIALS = f"""\
(/busybox true &)
/busybox sleep 0.2
echo '{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "{SECRET}"}}'
"""


def record(number: int) -> str:
    return json.dumps({
        "eventVersion": "1.09", "eventTime": f"2026-03-14T09:26:{number:02}Z",
        "eventSource": "iam.amazonaws.com", "eventName": "CreateGroup",
        "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "eventID": f"10000000-0000-4000-8000-{number:012}"}) + "\n"


def children(parent: int) -> dict[int, str]:
    """Each child of a process, and its state."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, above = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(above) == parent:
            found[int(path.parent.name)] = state
    return found


class Walls(Case):
    def test_runs_as_nobody_with_nothing_allowed(self) -> None:
        status = dict(line.split(":\t", 1) for line in
                      self.busybox("/busybox cat /proc/self/status").splitlines() if ":\t" in line)
        self.assertEqual(set(status["Uid"].split() + status["Gid"].split()), {str(USER)})
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_only_the_state_can_be_written(self) -> None:
        """Folders of the image and of its volumes, not the engine's own in /dev and /proc."""
        folders = self.busybox("""
            /busybox find / -path /proc -prune -o -path /sys -prune -o -path /dev -prune -o \\
                    -type d -print | while read -r folder; do
                /busybox touch "$folder/new" 2>/dev/null && echo "$folder"
            done; true""").splitlines()
        self.assertEqual(folders, [STATE])

    def test_there_is_no_shell(self) -> None:
        for shell in ("/bin/sh", "/bin/bash", "/usr/bin/sh"):
            done = self.engine.run("-c", "true", options=(f"--entrypoint={shell}",))
            self.assertEqual(done.returncode, 127, done.stderr)

    def test_a_lost_mount_of_the_state_is_told(self) -> None:
        """Without one the state would be gone with the container."""
        self.configure(RECORDED % (STATE, "https://127.0.0.1:1/", CONFIG, CONFIG),
                       **{"api-key": b"key-1", "records.ndjson": record(1).encode()})
        done = self.engine.run("run", "--once", options=self.volumes[:1])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(STATE, done.stderr)


class Owners(Case):
    """Who may write the state."""

    def setUp(self) -> None:
        super().setUp()
        self.platform = self.enterContext(Platform(self.state.with_name("platform")))
        url = self.platform.url.replace(NAME, "localhost")
        self.configure(RECORDED % (STATE, url, CONFIG, CONFIG),
                       **{"api-key": b"key-1", "records.ndjson": record(1).encode()})
        authority = self.config / "ca.pem"
        authority.write_bytes(self.platform.ca_file.read_bytes())
        self.options = (self.volumes[0], f"--volume={authority}:{AUTHORITIES}:ro")

    def deliver(self, *options: str) -> None:
        done = self.engine.run("run", "--once", options=(*self.options, *options))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.platform.counts.total(), 1)

    def test_a_new_volume_belongs_to_the_user(self) -> None:
        volume = f"--volume=state:{STATE}"
        self.deliver(volume)
        self.deliver(volume)  # and keeps what the first run knew
        self.engine.ask("volume", "rm", "state")

    def test_any_other_user_will_do(self) -> None:
        for path in (self.state, self.config, *self.config.iterdir()):
            os.chown(path, OTHER, 0)
        self.deliver(f"--user={OTHER}:0", self.volumes[1])


class Commands(Case):
    def test_says_its_version(self) -> None:
        self.assertEqual(self.engine.run("--version").stdout, f"auditbridge {VERSION}\n")

    def test_finds_its_packs(self) -> None:
        done = self.engine.run("mappings", "list", "--principle", "2b")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("AddUserToGroup", done.stdout)

    def test_check_tells_what_is_wrong(self) -> None:
        self.configure("sinks: {soc: {type: nonsense}}\n")
        done = self.engine.run("check", options=self.volumes)
        self.assertEqual(done.returncode, 2)
        self.assertIn("auditbridge.yaml:1:", done.stderr)


class NamesAndCertificates(Case):
    def setUp(self) -> None:
        super().setUp()
        self.names = self.enterContext(Names())
        self.platform = self.enterContext(Platform(self.state.with_name("platform")))
        self.resolver = f"--dns={SERVER[0]}"
        self.deliver_to(self.platform.url)

    def deliver_to(self, url: str) -> None:
        records = "".join(map(record, range(EVENTS)))
        self.configure(RECORDED % (STATE, url, CONFIG, CONFIG),
                       **{"api-key": b"key-1\n", "records.ndjson": records.encode()})

    def check_sink(self, *options: str) -> subprocess.CompletedProcess:
        """A run would try for two minutes."""
        return self.engine.run("check", "--live", "--send", options=(*self.volumes, *options))

    def authorities(self) -> str:
        """The system's own are replaced by one, as an enterprise would."""
        path = self.state.with_name("ca.pem")
        path.write_bytes(self.platform.ca_file.read_bytes())
        return f"--volume={path}:{AUTHORITIES}:ro"

    def test_a_name_is_looked_up_and_its_certificate_checked(self) -> None:
        done = self.run_once(self.resolver, self.authorities())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((len(self.platform.counts), self.platform.misfits), (EVENTS, []))
        self.assertIn(NAME, self.names.asked)
        self.assertEqual(self.check_sink(self.resolver, self.authorities()).returncode, 0)

    def test_an_unknown_authority_gets_nothing(self) -> None:
        """The image's own list does not hold the test's."""
        done = self.check_sink(self.resolver)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("certificate", done.stdout)
        self.assertEqual(self.platform.heartbeats, 0)

    def test_names_of_the_hosts_file_are_known(self) -> None:
        done = self.run_once(f"--add-host={NAME}:127.0.0.1", self.authorities())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((len(self.platform.counts), self.names.asked), (EVENTS, []))

    def test_a_name_that_does_not_exist_is_told(self) -> None:
        self.deliver_to(self.platform.url.replace(NAME, "elsewhere.test"))
        done = self.check_sink(self.resolver, self.authorities())
        self.assertEqual(done.returncode, 1)
        self.assertIn("elsewhere.test", done.stdout)


class FirstProcess(Case):
    """The program is process 1 of its container: it has no init."""

    def poll(self) -> str:
        """Starts a container that polls, and waits for its first event."""
        spec = ScenarioSpec(events=20, start=int(time.time()) - 3600, seconds=1800)
        cloud = self.enterContext(CloudSim(spec, now=time.time(), limit=0))
        self.configure(POLLING % (STATE, STATE, spec.account, spec.region, cloud.endpoint,
                                  CONFIG, CONFIG),
                       **{"ca.pem": Path(cloud.ca_file).read_bytes(),
                          "credentials": CREDENTIALS.encode()})
        container = self.engine.start("run", options=(*self.volumes,
                                                      "--volume=/bin/busybox:/busybox:ro"))
        self.wait_for(lambda: (self.state / "events.ndjson").exists()
                      and (self.state / "events.ndjson").stat().st_size > 0, container)
        return container

    def wait_for(self, condition, container: str) -> None:
        for _ in range(300):
            if condition():
                return
            time.sleep(0.1)
        self.fail(self.engine.log(container)[-3000:])

    def test_its_state_is_shown_while_it_runs(self) -> None:
        container = self.poll()
        self.assertIn("prod", self.engine.ask("exec", container, "auditbridge", "sources"))
        self.engine.stop(container, "TERM")
        self.engine.end(container)

    def test_a_signal_ends_it_in_good_order(self) -> None:
        container = self.poll()
        began = time.monotonic()
        self.engine.stop(container, "TERM")
        self.assertEqual(self.engine.end(container), 0, self.engine.log(container)[-3000:])
        self.assertLess(time.monotonic() - began, 10)

    def test_orphans_of_its_programs_are_reaped(self) -> None:
        container = self.poll()
        process = self.engine.process(container)
        self.assertEqual(children(process), {})
        self.engine.stop(container, "TERM")
        self.engine.end(container)

    def test_a_second_signal_ends_it_at_once(self) -> None:
        """A request hangs, which the first signal gives ten seconds."""
        listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        self.configure(RECORDED % (STATE, url, CONFIG, CONFIG),
                       **{"api-key": b"key-1", "records.ndjson": record(1).encode()})
        container = self.engine.start("run", options=self.volumes)
        listener.settimeout(30)
        connection, _ = listener.accept()
        began = time.monotonic()
        self.engine.stop(container, "TERM", "TERM")
        self.assertEqual(self.engine.end(container), 128 + 15)
        self.assertLess(time.monotonic() - began, 5)
        connection.close()


if __name__ == "__main__":
    unittest.main()
