"""Real syslog receivers that the sink is tried against: rsyslog, with OpenSSL and with GnuTLS,
and syslog-ng. Each is a process of its own that writes what it receives to a file."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import ClassVar

from certificate import make

START_S = 20

RSYSLOG = """
global(workDirectory="{folder}" maxMessageSize="256k" DefaultNetstreamDriver="{driver}"
       DefaultNetstreamDriverCAFile="{folder}/ca.pem"
       DefaultNetstreamDriverCertFile="{folder}/server.pem"
       DefaultNetstreamDriverKeyFile="{folder}/server.key")
main_queue({queue})
module(load="imtcp" StreamDriver.Name="{driver}" StreamDriver.Mode="1"
       StreamDriver.AuthMode="anon")
input(type="imtcp" port="{port}")
template(name="all" type="string" string="%pri% %app-name% %msgid% %structured-data% %msg%\\n")
action(type="omfile" file="{folder}/received" template="all" flushOnTXEnd="on")
"""

SYSLOG_NG = """@version: 3.38
options {{ keep-hostname(yes); log-msg-size(262144); flush-lines(1); }};
source s {{ syslog(ip("127.0.0.1") port({port}) transport("tls")
  tls(key-file("{folder}/server.key") cert-file("{folder}/server.pem") peer-verify(optional-untrusted)
      ca-file("{folder}/ca.pem"))); }};
destination d {{ file("{folder}/received"
  template("${{PRI}} ${{PROGRAM}} ${{MSGID}} ${{SDATA}} ${{MSG}}\\n")); }};
log {{ source(s); destination(d); }};
"""


class Rsyslog:
    """with Rsyslog(folder) as platform: it ends with the block."""

    TYPE: ClassVar[str] = "syslog"
    DRIVER: ClassVar[str] = "ossl"
    QUEUE: ClassVar[str] = 'queue.type="Direct"'
    SETTINGS: ClassVar[str] = ""
    tells_repeats: ClassVar[bool] = False
    requests = 0
    heartbeats = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truncated: set[str] = set()
        self.process: subprocess.Popen | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @classmethod
    def is_here(cls) -> bool:
        return shutil.which("rsyslogd", path="/usr/sbin:/sbin") is not None

    def __enter__(self) -> "Rsyslog":
        make(self.folder)
        self.ca_file = self.folder / "ca.pem"
        self.configure()
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.kill()

    def configure(self) -> None:
        (self.folder / "receiver.conf").write_text(RSYSLOG.format(
            folder=self.folder, driver=self.DRIVER, queue=self.QUEUE, port=self.port))

    def command(self) -> list[str]:
        return ["/usr/sbin/rsyslogd", "-n", "-f", str(self.folder / "receiver.conf"),
                "-i", str(self.folder / "pid")]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"]}

    def start(self) -> None:
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                            stdout=said, stderr=said, env=self.environment())
        until = time.monotonic() + START_S
        while not self.listens():
            assert self.process.poll() is None and time.monotonic() < until, \
                (self.folder / "said").read_text()
            time.sleep(0.02)

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """It answers nothing, and is still there."""
        self.process.send_signal(signal.SIGSTOP)

    def settle(self) -> None:
        """What it has in memory goes to its file."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def mend(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
        else:
            self.start()

    def line(self, more: str = "") -> str:
        """The sink's entry in a configuration."""
        settings = ", ".join(filter(None, (self.SETTINGS, more)))
        return (f"  platform: {{type: syslog, address: '127.0.0.1:{self.port}', "
                f"ca_file: {self.ca_file}{', ' if settings else ''}{settings}}}")

    def received(self) -> list[tuple[str, dict]]:
        """Structured data and event of each message that is in the file whole."""
        path = self.folder / "received"
        lines = path.read_text().splitlines() if path.exists() else []
        read = []
        for line in lines:
            header, brace, event = line.partition("{")
            try:
                read.append((header, json.loads(brace + event)))
            except json.JSONDecodeError:
                continue  # torn by a kill
        return read

    @property
    def misfits(self) -> list[str]:
        """Messages that are not as they must be."""
        return [header for header, event in self.received()
                if f'id="{event["event"]["id"]}"' not in header
                or "[auditbridge@32473 " not in header or " auditbridge " not in header]

    @property
    def counts(self) -> Counter[str]:
        """The cloud's events, by event.id."""
        return Counter(event["event"]["id"] for _, event in self.received()
                       if not event["event"]["id"].startswith("bridge:"))

    def repeats(self) -> int:
        counts = self.counts
        return sum(counts.values()) - len(counts)


class RsyslogGnutls(Rsyslog):
    """Its driver ends connections without close_notify."""

    DRIVER = "gtls"
    SETTINGS = "accept_fin: true"


class RsyslogDefault(Rsyslog):
    """The main queue as rsyslog ships it, before a destination that takes a millisecond a
    message: what is in the queue dies with the process."""

    QUEUE = 'queue.type="FixedArray" queue.dequeueSlowDown="1000"'


class SyslogNg(Rsyslog):
    """From packages that are unpacked and not installed: they conflict with rsyslog's."""

    PACKAGES: ClassVar[tuple[str, ...]] = ("syslog-ng-core", "libivykis0", "libnet1",
                                           "libwrap0", "libjson-c5", "libesmtp6", "libpcre3")
    root: ClassVar[Path]

    @classmethod
    def unpack(cls, root: Path) -> bool:
        """Puts it below root, once. False where apt cannot get it."""
        cls.root = root
        if (root / "usr/sbin/syslog-ng").exists():
            return True
        root.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(("apt-get", "download", *cls.PACKAGES), cwd=root, check=True,
                           capture_output=True, timeout=120)
            for package in sorted(root.glob("*.deb")):
                subprocess.run(("dpkg", "-x", package, root), check=True)
        except (OSError, subprocess.SubprocessError):
            return False
        return True

    def configure(self) -> None:
        (self.folder / "receiver.conf").write_text(
            SYSLOG_NG.format(folder=self.folder, port=self.port))

    def command(self) -> list[str]:
        modules = next((self.root / "usr/lib/syslog-ng").glob("3.*"))
        return [str(self.root / "usr/sbin/syslog-ng"), "-F", "--no-caps",
                "-f", str(self.folder / "receiver.conf"), f"--module-path={modules}",
                "-R", str(self.folder / "persist"), "-p", str(self.folder / "pid"),
                "-c", str(self.folder / "ctl")]

    def environment(self) -> dict[str, str]:
        places = [*self.root.glob("usr/lib/*-linux-gnu"), *self.root.glob("lib/*-linux-gnu"),
                  self.root / "usr/lib/syslog-ng"]
        return {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": ":".join(map(str, places))}
