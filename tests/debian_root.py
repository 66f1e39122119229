"""A small Debian in a folder, into which a package is installed: the host's own packages
are not touched. Needs root, debootstrap, and for boot() systemd-nspawn."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import zlib

RELEASE = "bookworm"
MORE = "bash-completion,dbus,man-db,systemd-sysv"
CACHE = pathlib.Path.home() / f".cache/auditbridge/debian-{RELEASE}-{zlib.crc32(MORE.encode())}"
BOOT_LIMIT_S = 180


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False,
                          **{"timeout": 900, **options})


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def mirror():
    """Where this machine gets its own packages of that release from."""
    rows = must("apt-get", "indextargets", "--format",
                "$(REPO_URI) $(RELEASE) $(COMPONENT)").splitlines()
    found = [row.split()[0] for row in rows if row.split()[1:] == [RELEASE, "main"]]
    return found[0] if found else "http://deb.debian.org/debian/"


def base():
    """The Debian that each test copies; made once, and only whole ones are kept."""
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        made = pathlib.Path(tempfile.mkdtemp(prefix="debian-root-", dir=CACHE.parent))
        try:
            must("debootstrap", "--variant=minbase", f"--include={MORE}", RELEASE, made,
                 mirror())
            made.chmod(0o755)  # its users must see it
            made.rename(CACHE)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return CACHE


class DebianRoot:
    """with DebianRoot() as root: a copy of the base, or of another, until the block ends."""

    def __init__(self, other=None):
        self.other = other

    def __enter__(self):
        source = self.other.folder if self.other else base()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="auditbridge-root-"))
        must("cp", "-a", "--reflink=auto", f"{source}/.", self.folder)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        return self

    def __exit__(self, *problem):
        shutil.rmtree(self.folder)

    def path(self, name):
        return self.folder / name.lstrip("/")

    def call(self, *command):
        """Runs a command in here, which sees its own processes and no others."""
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8",
                       "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        return run("unshare", "--mount", "--pid", "--fork", "--kill-child",
                   f"--mount-proc={self.path('proc')}", "chroot", self.folder, *command,
                   env=environment)

    def must(self, *command):
        done = self.call(*command)
        if done.returncode != 0:
            raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout[-3000:]}")
        return done.stdout

    def install(self, package):
        """By apt, with everything that the package says it needs."""
        shutil.copy(package, self.path("package.deb"))
        self.call("apt-get", "update")  # an old base knows of versions that are gone
        self.must("apt-get", "install", "--yes", "--no-install-recommends", "/package.deb")
        # What was fetched is there for the next copy.
        for file in self.path("var/cache/apt/archives").glob("*.deb"):
            kept = CACHE / "var/cache/apt/archives" / file.name
            if not kept.exists():
                shutil.copy(file, kept)

    def boot(self, script):
        """Starts systemd in here, on the host's network; what script prints as root."""
        name = f"auditbridge-{os.getpid()}"
        self.path("trial.sh").write_text(script + "\nsystemctl poweroff --force\n")
        self.path("etc/systemd/system/trial.service").write_text(
            "[Unit]\nWants=dbus.socket\nAfter=dbus.socket\n"
            "[Service]\nType=oneshot\nExecStart=/bin/sh /trial.sh\n"
            "StandardOutput=append:/trial.log\nStandardError=append:/trial.log\n")
        try:
            must("systemd-nspawn", "--quiet", f"--directory={self.folder}", f"--machine={name}",
                 "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off",
                 "--console=pipe", "--boot", "systemd.unit=trial.service",
                 timeout=BOOT_LIMIT_S)
        finally:
            left = pathlib.Path("/run/systemd/nspawn/propagate") / name
            if left.is_dir():
                os.rmdir(left)
        return self.path("trial.log").read_text(encoding="utf-8")
