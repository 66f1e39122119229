"""What Debian's package manager knows of the files that the image takes from it."""

import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

DOC = Path("/usr/share/doc")
COMMON = Path("/usr/share/common-licenses")
# Debian's names of licences that SPDX calls otherwise. A name not here is told as it is.
SPDX = {"Apache-2.0": "Apache-2.0", "BSD-2-clause": "BSD-2-Clause",
        "BSD-3-clause": "BSD-3-Clause", "BSD-4-clause": "BSD-4-Clause",
        "CC0-1.0": "CC0-1.0", "Expat": "MIT", "GFDL-1.3": "GFDL-1.3-only",
        "GPL-1": "GPL-1.0-only", "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later",
        "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later", "ISC": "ISC",
        "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later",
        "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later",
        "LGPL-3": "LGPL-3.0-only", "LGPL-3+": "LGPL-3.0-or-later", "MIT": "MIT",
        "MPL-2.0": "MPL-2.0", "Zlib": "Zlib", "curl": "curl", "zlib": "Zlib"}


def ask(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def owner(path: str) -> str:
    """Name of the package that a file came from. dpkg remembers /lib, where
    Debian's file is in /usr/lib since the two were merged."""
    for known in (path, path.removeprefix("/usr"), f"/usr{path}"):
        found = subprocess.run(("dpkg-query", "-S", known), capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.splitlines()[0].split(":")[0]
    raise SystemExit(f"image: no package owns {path}")


@dataclass
class Package:
    """One package, and its files that are in the image."""

    name: str
    files: list[str] = field(default_factory=list)

    @cached_property
    def stanza(self) -> str:
        """What dpkg says of it, without what only matters where packages are removed."""
        return ask("dpkg-query", "-s", self.name)

    def field(self, name: str) -> str:
        found = re.search(rf"^{name}: (.*)$", self.stanza, re.MULTILINE)
        return found.group(1) if found else ""

    @property
    def version(self) -> str:
        return self.field("Version")

    @property
    def source(self) -> tuple[str, str]:
        """The source package and its version, which advisories name."""
        name, _, version = (self.field("Source") or self.name).partition(" ")
        return name, version.strip("()") or self.version

    @property
    def needs(self) -> set[str]:
        """Names of the packages that it depends on, also those that are alternatives."""
        names = re.split(r"[,|]", self.field("Depends") + "," + self.field("Pre-Depends"))
        found = (re.match(r"[a-z0-9+.-]+", name.strip()) for name in names)
        return {name.group() for name in found if name}

    @property
    def copyright_file(self) -> Path:
        return (DOC / self.name / "copyright").resolve()

    @property
    def licences(self) -> list[str]:
        """Names of the licences in its copyright file: SPDX's where there is one. An old
        free text only shows which of Debian's common licences it refers to, not whether
        later versions do as well: those keep Debian's name."""
        text = self.copyright_file.read_text(errors="replace")
        if text.startswith("Format:"):
            names = re.findall(r"^License: *(\S.*)$", text, re.MULTILINE)
            return sorted({SPDX.get(name.strip(), name.strip()) for name in names})
        return sorted(set(re.findall(r"common-licenses/([A-Z]+[a-z]*(?:-[0-9.]*[0-9])?)", text)))

    def checksums(self) -> str:
        """The lines of dpkg's md5sums that are about files in the image."""
        wanted = {path.lstrip("/") for path in self.files}
        wanted |= {path.removeprefix("usr/") for path in wanted}
        lines = ask("dpkg-query", "--control-show", self.name, "md5sums").splitlines()
        return "".join(f"{line}\n" for line in lines if line.split(None, 1)[1] in wanted)
