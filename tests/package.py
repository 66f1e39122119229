#!/usr/bin/python3
"""The Debian package: what is in it, and how it is installed, runs under systemd in its
sandbox, and is removed, in a Debian of its own. tests/package.py FILE.deb; needs root."""
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
TOOLS = ("debootstrap", "dpkg-deb", "lintian", "systemd-nspawn")
lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
if os.geteuid() != 0:
    lacking.insert(0, "the rights of root")
if lacking:
    print(f"SKIP: the package is not tested without {', '.join(lacking)}")
    sys.exit(1 if os.environ.get("CI") else 77)

from debian_root import DebianRoot, must, run  # noqa: E402
from harness import KEY_ID, SECRET, CloudSim, ScenarioSpec, hours_ago  # noqa: E402
from receiver import Receiver  # noqa: E402

PACKAGE = pathlib.Path(sys.argv.pop() if len(sys.argv) > 1 else "").resolve()
CONFIG, STATE = "/etc/auditbridge/auditbridge.yaml", "/var/lib/auditbridge"
# The default maintainer has no address that anybody could write to.
NO_ADDRESS = "bogus-mail-host,bogus-mail-host-in-debian-changelog,root-in-contact"

LIVE = """\
state: {{path: /var/lib/auditbridge/state.db}}
sinks:
  file: {{type: file, path: /var/lib/auditbridge/events.ndjson}}
  platform:
    type: http
    url: {url}
    ca_file: platform.pem
    bearer_token_file: ${{CREDENTIALS_DIRECTORY}}/platform-token
sources:
  prod:
    provider: aws-cloudtrail
    account: "{account}"
    region: {region}
    endpoint: {endpoint}
    ca_file: cloud.pem
    lookback: 4h
    every: 1s
    sinks: [file, platform]
"""
CREDENTIAL = "[Service]\nLoadCredential=platform-token:/etc/auditbridge/secrets/token\n"
TRIAL = """\
systemctl start auditbridge.service
for wait in $(seq 100); do
    [ "$(grep -c '"id":"aws:' /var/lib/auditbridge/events.ndjson 2>&1)" != {events} ] || break
    sleep 0.2
done
echo "active: $(systemctl is-active auditbridge.service)"
grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' \
    /proc/$(systemctl show --value -p MainPID auditbridge.service)/status
stat -c 'mode: %a %U %n' /var/lib/auditbridge /var/lib/auditbridge/*
systemctl reload auditbridge.service
echo "reload: $? $(systemctl is-active auditbridge.service)"
for wait in $(seq 100); do
    journalctl -u auditbridge.service | grep -q reload.done && break
    sleep 0.2
done
echo "reloads: $(journalctl -u auditbridge.service | grep -c reload.done)"
echo 'sink: wrong' >>/etc/auditbridge/auditbridge.yaml
systemctl reload auditbridge.service && echo 'a wrong configuration was taken'
sed -i '$d' /etc/auditbridge/auditbridge.yaml
echo "after: $(systemctl is-active auditbridge.service)"
systemctl stop auditbridge.service
echo "ended: $(systemctl show -p Result -p ExecMainStatus auditbridge.service | tr '\\n' ' ')"
systemctl start auditbridge-once.service
echo "once: $? $(systemctl show -p Result -p ExecMainStatus auditbridge-once.service | tr '\\n' ' ')"
systemctl start auditbridge-once.timer
echo "timer: $(systemctl is-active auditbridge-once.timer)"
runuser -u auditbridge -- env CREDENTIALS_DIRECTORY=/nowhere \
    auditbridge sources --config /etc/auditbridge/auditbridge.yaml
echo "sources: $?"
journalctl --no-pager -o cat -u auditbridge.service -u auditbridge-once.service
"""


def filled(sample):
    """The sample configuration with its placeholders filled in as they ask."""
    return sample.replace("<the account's 12 digits>", "111122223333").replace(
        "<eu-west-2>", "eu-west-2")


def setUpModule():
    """The package is installed once; each test has a copy of that."""
    global installed
    installed = unittest.enterModuleContext(DebianRoot())
    installed.install(PACKAGE)


class Contents(unittest.TestCase):
    def test_fields(self):
        fields = dict(re.findall(r"^ ?([A-Z][A-Za-z-]+): (.*)$",
                                 must("dpkg-deb", "--field", PACKAGE), re.M))
        self.assertEqual(PACKAGE.name, "auditbridge_{}_{}.deb".format(
            fields["Version"], fields["Architecture"]))
        for name in ("libcurl4", "libssl3", "libsqlite3-0", "libjansson4", "ca-certificates"):
            self.assertRegex(fields["Depends"], rf"(^|, ){name}\b")
        self.assertRegex(fields["Maintainer"], r"^.+ <\S+@\S+>$")

    def test_files_and_their_modes(self):
        rows = [row.split(None, 5) for row in must("dpkg-deb", "-c", PACKAGE).splitlines()]
        for mode, owner, *_, path in rows:
            with self.subTest(path):
                self.assertEqual(owner, "root/root")
                wanted = ("drwxr-xr-x" if path.endswith("/") else
                          "-rwxr-xr-x" if path == "./usr/bin/auditbridge" else "-rw-r--r--")
                self.assertEqual(mode, wanted)
        paths = {path for *_, path in rows}
        for pack in (ROOT / "mappings").rglob("*.yaml"):
            self.assertIn(f"./usr/share/auditbridge/{pack.relative_to(ROOT)}", paths)
        for page in (ROOT / "docs/man").iterdir():
            self.assertIn(f"./usr/share/man/man{page.suffix[1:]}/{page.name}.gz", paths)
        for page in (ROOT / "docs").rglob("*.md"):
            self.assertIn(f"./usr/share/doc/auditbridge/{page.relative_to(ROOT)}", paths)
        self.assertIn(f".{CONFIG}", paths)

    def test_lintian_finds_no_error(self):
        told = run("lintian", "--allow-root", "--fail-on", "error",
                   "--suppress-tags", NO_ADDRESS, PACKAGE)
        self.assertEqual(told.returncode, 0, told.stdout)


class Installed(unittest.TestCase):
    def setUp(self):
        self.root = self.enterContext(DebianRoot(installed))

    def status(self, *command):
        return self.root.call(*command).returncode

    def test_what_is_there_at_once(self):
        version = re.search(r"_([^_]+)_", PACKAGE.name)[1]
        self.assertEqual(self.root.must("auditbridge", "--version"), f"auditbridge {version}\n")
        page = self.root.must("man", "--pager=cat", "auditbridge-run")
        self.assertRegex(page, r"(?m)^EXIT STATUS$")
        self.assertRegex(self.root.must("man", "--pager=cat", "auditbridge.yaml"), "(?m)^SINKS$")
        self.assertIn("-F _auditbridge", self.root.must(
            "bash", "-c", ". /usr/share/bash-completion/bash_completion; "
            "_completion_loader auditbridge; complete -p auditbridge"))
        self.assertIn("auditbridge", self.root.must("getent", "passwd", "auditbridge"))
        self.assertEqual(self.root.must("stat", "-c", "%a %U %G", "/etc/auditbridge"),
                         "750 root auditbridge\n")
        self.assertEqual(self.root.must("stat", "-c", "%a %U", STATE), "700 auditbridge\n")

    def test_nothing_is_started_before_somebody_says_so(self):
        for unit in ("auditbridge.service", "auditbridge-once.timer"):
            told = self.root.call("systemctl", "is-enabled", unit).stdout
            self.assertEqual(told, "disabled\n")

    def test_the_sample_is_right_once_it_is_filled_in(self):
        told = self.root.call("auditbridge", "check", "--config", CONFIG)
        self.assertEqual(told.returncode, 2, told.stdout)
        self.assertEqual(len(re.findall(rf"^{CONFIG}:\d+:\d+: source prod-eu", told.stdout,
                                        re.M)), 2)
        config = self.root.path(CONFIG)
        config.write_text(filled(config.read_text(encoding="utf-8")), encoding="utf-8")
        self.root.must("runuser", "-u", "auditbridge", "--",
                       "auditbridge", "check", "--config", CONFIG)

    def test_what_is_left_by_a_new_version_a_removal_and_a_purge(self):
        config, state = self.root.path(CONFIG), self.root.path(STATE)
        config.write_text("# ours\n", encoding="utf-8")
        (state / "state.db").touch()
        self.root.must("systemctl", "enable", "auditbridge.service")
        self.root.must("dpkg", "--install", "/package.deb")
        self.assertEqual(config.read_text(encoding="utf-8"), "# ours\n")
        self.assertEqual(self.status("systemctl", "is-enabled", "auditbridge.service"), 0)

        self.root.must("dpkg", "--remove", "auditbridge")
        self.assertFalse(self.root.path("/usr/bin/auditbridge").exists())
        self.assertFalse(self.root.path("/usr/share/auditbridge").exists())
        self.assertEqual(config.read_text(encoding="utf-8"), "# ours\n")
        self.assertEqual(list(self.root.path("/etc/systemd/system").glob("*/auditbridge*")), [])

        told = self.root.must("dpkg", "--purge", "auditbridge")
        self.assertIn(f"{STATE} is kept", told)
        self.assertFalse(config.parent.exists())
        self.assertTrue((state / "state.db").exists())


def blocks(heading):
    """The shell commands of a section of docs/install.md, as a script."""
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.M | re.S)[1]
    return "".join(re.findall(r"^```sh root\n(.*?)^```", section, re.M | re.S))


class Page(unittest.TestCase):
    """The commands of docs/install.md, as they stand there; sudo is a shim."""

    def setUp(self):
        self.root = self.enterContext(DebianRoot(installed))
        sudo = self.root.path("/usr/local/bin/sudo")
        sudo.write_text('#!/bin/sh\nif [ "$1" = -u ]; then\n    user=$2\n    shift 2\n'
                        '    exec runuser -u "$user" -- "$@"\nfi\nexec "$@"\n')
        sudo.chmod(0o755)
        self.root.path("/etc/apt/apt.conf.d/yes").write_text('APT::Get::Assume-Yes "true";\n')

    def test_the_package(self):
        spec = ScenarioSpec(seed=9, start=hours_ago(3), seconds=600, events=10)
        cloud = self.enterContext(CloudSim(spec, limit=0, now=hours_ago(0)))
        etc = self.root.path("/etc/auditbridge")
        live = LIVE.format(url="", account=spec.account, region=spec.region,
                           endpoint=cloud.endpoint)
        live = re.sub(r"  platform:\n(    .*\n)+", "", live).replace(", platform]", "]")
        (etc / "auditbridge.yaml").write_text(live, encoding="utf-8")
        shutil.copy(cloud.ca_file, etc / "cloud.pem")
        (etc / "environment").write_text(
            f"AWS_ACCESS_KEY_ID={KEY_ID}\nAWS_SECRET_ACCESS_KEY={SECRET}\n")
        (etc / "secrets").mkdir()
        (etc / "secrets/soc-key").write_text("key\n")
        script = "\n".join([
            "export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root",
            "(set -ex", blocks("Configuration and secrets"), "echo 'checked live'",
            blocks("A long run, or a timer").replace(" -f\n", " --no-pager\n"),
            "sleep 2; systemctl is-active auditbridge.service auditbridge-once.timer",
            blocks("Removal"), "echo 'all done')"])
        told = self.root.boot(script)
        self.assertRegex(told, r"(?m)^checked live$", told)
        self.assertRegex(told, r"(?m)^active\nactive$", told)
        self.assertRegex(told, r"(?m)^all done$", told)
        self.assertFalse(etc.exists())

    def test_from_source(self):
        self.root.must("dpkg", "--purge", "auditbridge")
        self.root.must("userdel", "auditbridge")
        build, install = blocks("From source").split("sudo cmake ", 1)
        self.assertEqual(build, "scripts/build\n")
        must(str(ROOT / "scripts/build"))
        cmake, inside = install.split("\n", 1)
        must("cmake", *cmake.split(), cwd=ROOT,
             env={**os.environ, "DESTDIR": str(self.root.folder)})
        told = self.root.boot(f"(set -ex\n{inside}\necho 'all done')")
        self.assertRegex(told, r"(?m)^all done$", told)
        self.assertIn("auditbridge 0", self.root.must("auditbridge", "--version"))
        self.root.must("systemctl", "enable", "auditbridge.service")
        self.assertEqual(self.root.must("stat", "-c", "%a %G", CONFIG), "640 auditbridge\n")
        told = self.root.must("runuser", "-u", "auditbridge", "--", "sh", "-c",
                              f"auditbridge check --config {CONFIG} || test $? = 2")
        self.assertIn("2 problems", told)


class Booted(unittest.TestCase):
    """The services, as systemd starts them: over TLS from a cloud to a platform."""

    def test_services_work_in_their_sandbox(self):
        spec = ScenarioSpec(seed=9, start=hours_ago(3), seconds=1800, events=100)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        cloud = self.enterContext(CloudSim(spec, limit=0, now=hours_ago(0)))
        platform = self.enterContext(
            Receiver(folder / "platform", credential=("authorization", "Bearer token-1")))
        root = self.enterContext(DebianRoot(installed))
        etc = root.path("/etc/auditbridge")
        (etc / "auditbridge.yaml").write_text(LIVE.format(
            url=platform.url.replace("127.0.0.1", "localhost"), account=spec.account,
            region=spec.region, endpoint=cloud.endpoint), encoding="utf-8")
        shutil.copy(platform.ca_file, etc / "platform.pem")
        shutil.copy(cloud.ca_file, etc / "cloud.pem")
        for name, text, mode in (
                ("environment", f"AWS_ACCESS_KEY_ID={KEY_ID}\nAWS_SECRET_ACCESS_KEY={SECRET}\n",
                 0o600), ("secrets/token", "token-1\n", 0o600)):
            (etc / name).parent.mkdir(mode=0o700, exist_ok=True)
            (etc / name).write_text(text, encoding="utf-8")
            (etc / name).chmod(mode)
        for service in ("auditbridge", "auditbridge-once"):
            drop_in = root.path(f"/etc/systemd/system/{service}.service.d/token.conf")
            drop_in.parent.mkdir()
            drop_in.write_text(CREDENTIAL, encoding="utf-8")

        told = root.boot(TRIAL.format(events=spec.events))

        self.assertIn("active: active", told)
        self.assertRegex(told, r"NoNewPrivs:\s1\n")
        self.assertRegex(told, r"Seccomp:\s2\n")
        self.assertEqual(len(re.findall(r"Cap(?:Eff|Bnd):\s0+\n", told)), 2, told)
        modes = {path: mode for mode, path in re.findall(r"mode: (\d+ \w+) (\S+)", told)}
        self.assertEqual(modes.pop(STATE), "700 auditbridge")
        self.assertGreaterEqual(set(modes), {f"{STATE}/state.db", f"{STATE}/events.ndjson"})
        self.assertEqual(set(modes.values()), {"600 auditbridge"})
        self.assertIn("reload: 0 active", told)
        self.assertIn("reloads: 1", told)
        self.assertNotIn("a wrong configuration was taken", told)
        self.assertIn("after: active", told)
        self.assertIn("ended: Result=success ExecMainStatus=0", told)
        self.assertIn("once: 0 Result=success ExecMainStatus=0", told)
        self.assertIn("timer: active", told)
        self.assertIn("sources: 0", told)
        ids = {f"aws:{spec.account}:{event.event_id}" for event in cloud.scenario.events}
        self.assertEqual(len(ids), spec.events)
        self.assertEqual(set(platform.counts), ids)
        self.assertEqual(set(platform.counts.values()), {1})
        self.assertEqual(platform.misfits, [])


if __name__ == "__main__":
    if not PACKAGE.is_file():
        print("Usage: tests/package.py FILE.deb; scripts/package makes one", file=sys.stderr)
        sys.exit(2)
    unittest.main()
