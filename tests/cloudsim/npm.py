"""Packages of npm, for tests that hold ours against other people's code."""

import shutil
import subprocess
from pathlib import Path


def install(folder: Path, *packages: str) -> bool:
    """Puts packages (name@version) into folder, once. False where node, npm or the registry
    is not to be had."""
    names = (package.rpartition("@")[0] for package in packages)
    if all((folder / "node_modules" / name).is_dir() for name in names):
        return True
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return subprocess.run(
            ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix",
             str(folder), *packages), capture_output=True, timeout=120).returncode == 0
    except subprocess.TimeoutExpired:
        return False
