"""Runs the image as an engine does: podman and runc, in a store of their own.

Every container is as hard as docs/container.md says: user 65532, a root that cannot be
written, no capability, no new privileges, seccomp, nothing of its own in /tmp. The network
is the host's, for the fake clouds are on loopback.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(auditbridge VERSION ([0-9.]+)",
                    (ROOT / "CMakeLists.txt").read_text()).group(1)
ARCHIVE = ROOT / "build" / "image" / f"auditbridge-{VERSION}-oci.tar"
BUSYBOX = Path("/bin/busybox")  # Debian's busybox-static, to look around where there is nothing
USER = 65532
CONFIG = "/etc/auditbridge"
STATE = "/var/lib/auditbridge"
LIMIT_S = 120
HARD = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--network=host",
        "--security-opt=no-new-privileges",
        # podman asks for more than a root without CAP_SYS_RESOURCE may give
        "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")


class Missing(Exception):
    """What the proof needs is not here."""


def require() -> None:
    if os.geteuid() != 0:
        raise Missing("the containers of these tests are started by root")
    for tool in ("podman", "runc"):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed: scripts/packages image")
    if not BUSYBOX.exists():
        raise Missing("busybox-static is not installed: scripts/packages image")
    if not ARCHIVE.exists():
        raise Missing(f"{ARCHIVE} has not been built: scripts/image")


class Engine:
    """with Engine() as engine: the image is loaded, and gone after the block."""

    def __enter__(self) -> "Engine":
        self._store = tempfile.TemporaryDirectory(prefix="auditbridge-image-")
        root = self._store.name
        self._podman = ("podman", "--root", f"{root}/store", "--runroot", f"{root}/run",
                        "--tmpdir", f"{root}/tmp", "--storage-driver", "vfs",
                        "--cgroup-manager", "cgroupfs", "--runtime", "runc",
                        "--events-backend", "none")
        self.image = self.ask("pull", "-q", f"oci-archive:{ARCHIVE}").strip()
        return self

    def __exit__(self, *problem: object) -> None:
        self.call("rm", "--all", "--force", "--time", "0")
        self._store.cleanup()

    def call(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run((*self._podman, *words), capture_output=True, text=True,
                              timeout=LIMIT_S)

    def ask(self, *words: str) -> str:
        done = self.call(*words)
        if done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(words)}: {done.stderr}")
        return done.stdout

    def inspect(self) -> dict:
        return json.loads(self.ask("image", "inspect", self.image))[0]

    def run(self, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
        """words: after the image, so of auditbridge. options: of podman run."""
        return self.call("run", "--rm", *HARD, *options, self.image, *words)

    def start(self, *words: str, options: tuple[str, ...] = ()) -> str:
        """Goes on while the caller does; returns the container's name."""
        return self.ask("run", "--detach", *HARD, *options, self.image, *words).strip()

    def process(self, container: str) -> int:
        """The host's number of the container's first process."""
        return int(self.ask("inspect", "--format", "{{.State.Pid}}", container))

    def stop(self, container: str, *signals: str) -> None:
        for signal in signals:
            self.ask("kill", "--signal", signal, container)

    def end(self, container: str) -> int:
        """Waits for its end, and returns its exit status."""
        return int(self.ask("wait", container))

    def log(self, container: str) -> str:
        done = self.call("logs", container)
        return done.stdout + done.stderr


class Case(unittest.TestCase):
    """Tests of the one image; each has a folder for its configuration and one for its state."""

    engine: Engine

    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="auditbridge-")))
        folder.chmod(0o755)
        self.config, self.state = folder / "config", folder / "state"
        for each, mode in ((self.config, 0o755), (self.state, 0o700)):
            each.mkdir(mode=mode)
            os.chown(each, USER, USER)
        self.volumes = (f"--volume={self.config}:{CONFIG}:ro", f"--volume={self.state}:{STATE}")

    def configure(self, text: str, **files: bytes) -> None:
        """Writes the configuration, and the files that it names, for user 65532 alone."""
        contents = {"auditbridge.yaml": text.encode(), **files}
        for name, data in contents.items():
            path = self.config / name
            path.write_bytes(data)
            path.chmod(0o400)
            os.chown(path, USER, USER)

    def run_once(self, *options: str) -> subprocess.CompletedProcess:
        return self.engine.run("run", "--once", options=(*self.volumes, *options))

    def busybox(self, script: str, *options: str) -> str:
        """What a script prints in the image, which has no shell of its own."""
        done = self.engine.run("sh", "-c", script, options=(
            *self.volumes, *options, f"--volume={BUSYBOX}:/busybox:ro", "--entrypoint=/busybox"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout
