"""image/root.py FOLDER: makes the root of the image around FOLDER/usr/bin/auditbridge.

Runs in the build stage of Containerfile. Takes from Debian what the program loads when it
starts (ldd) and what is loaded later without being linked (LOADED_LATER), each under the
name that dpkg knows, with its package's entry, licence and checksums; then writes the bill
of materials.
"""

import os
import re
import shutil
import sys
from pathlib import Path

import sbom
from debian import COMMON, DOC, Package, ask, owner

SOURCE = Path(__file__).resolve().parents[1]
USER = 65532  # as the images of distroless call it: nobody's, and no number of a host
# glibc opens it to unwind a thread that ends by pthread_exit. Names are looked up by
# glibc alone since 2.34; OpenSSL's and SASL's modules serve nothing that we use.
LOADED_LATER = ("libgcc_s.so.1",)
DATA = ("/usr/lib/os-release", "/etc/debian_version")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
ETC = {
    "passwd": "root:x:0:0:root:/:/nonexistent\n"
              f"auditbridge:x:{USER}:{USER}::/var/lib/auditbridge:/nonexistent\n",
    "group": f"root:x:0:\nauditbridge:x:{USER}:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def merged(path: str) -> str:
    """The same file below /usr: /lib and /lib64 are links there."""
    return f"/usr{path}" if path.startswith("/lib") else path


class Root:
    """The folder that becomes the image, and the packages that it is made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: dict[str, Package] = {}

    def take(self, path: str, package: str = "") -> str:
        """Copies a file of Debian, with the links that lead to it; returns its package."""
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.islink(path):
            target = os.path.join(os.path.dirname(path), os.readlink(path))
            if not place.is_symlink():
                place.symlink_to(os.readlink(path))
            return self.take(merged(os.path.normpath(target)))
        name = package or owner(path)
        if not place.exists():
            shutil.copyfile(path, place)
            place.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
            self.packages.setdefault(name, Package(name)).files.append(path)
        return name

    def write(self, path: str, text: str) -> None:
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o644)


def libraries(*arguments: str) -> list[str]:
    """The files that ld.so maps for a program, itself among them, where they really stand."""
    lines = ask("ldd", *arguments)
    if "not found" in lines:
        raise SystemExit(f"image: a library is missing:\n{lines}")
    return re.findall(r"(/\S+) \(0x", lines)


def linked(binary: Path) -> set[str]:
    """Names of the libraries that the program itself names, not those of its libraries."""
    return set(re.findall(r"NEEDED\s+(\S+)", ask("objdump", "-p", str(binary))))


def take_libraries(root: Root, binary: Path) -> set[str]:
    """Returns the packages that the program is linked to."""
    direct, wanted = set(), linked(binary)
    for path in libraries(str(binary)):
        name = root.take(merged(path))
        if os.path.basename(path) in wanted:
            direct.add(name)
    for name in LOADED_LATER:
        path = ask("gcc", f"-print-file-name={name}").strip()
        root.take(merged(os.path.abspath(path)))
    return direct


def link_folders(root: Root) -> None:
    for folder in root.folder.glob("usr/lib*"):
        (root.folder / folder.name).symlink_to(f"usr/{folder.name}")


def take_data(root: Root) -> None:
    for path in DATA:
        root.take(path)
    root.take(AUTHORITIES, "ca-certificates")
    for path, text in ETC.items():
        root.write(f"/etc/{path}", text)
    (root.folder / "etc/os-release").symlink_to("../usr/lib/os-release")
    # where OpenSSL looks when nobody says a file, as librdkafka does
    (root.folder / "usr/lib/ssl").mkdir()
    (root.folder / "usr/lib/ssl/cert.pem").symlink_to(AUTHORITIES)


def take_licences(root: Root) -> None:
    """Also the texts that Debian's copyright files refer to instead of holding them."""
    for package in root.packages.values():
        text = package.copyright_file.read_text(errors="replace")
        root.write(f"{DOC}/{package.name}/copyright", text)
    root.write(f"{DOC}/auditbridge/copyright", (SOURCE / "LICENSE").read_text())
    for path in COMMON.iterdir():
        root.write(str(path), path.read_text())


def write_dpkg(root: Root) -> None:
    """As distroless does: scanners read an entry a package here."""
    for package in root.packages.values():
        place = f"/var/lib/dpkg/status.d/{package.name}"
        root.write(place, package.stanza)
        root.write(f"{place}.md5sums", package.checksums())


def write_sbom(root: Root, binary: Path, direct: set[str]) -> None:
    version = ask(str(binary), "--version").split()[1]
    release = re.search(r'^VERSION_ID="(.*)"$', Path(DATA[0]).read_text(), re.MULTILINE)
    packages = [root.packages[name] for name in sorted(root.packages)]
    root.write("/usr/share/sbom/auditbridge.cdx.json",
               sbom.document(binary, version, direct, packages, f"debian-{release.group(1)}"))


def make_folders(root: Root) -> None:
    (root.folder / "tmp").mkdir()
    (root.folder / "tmp").chmod(0o1777)
    (root.folder / "etc/auditbridge").mkdir()
    state = root.folder.with_name(f"{root.folder.name}-state") / "auditbridge"
    state.mkdir(parents=True)
    state.chmod(0o700)


def main() -> None:
    os.umask(0o022)
    root = Root(Path(sys.argv[1]).resolve())
    binary = root.folder / "usr/bin/auditbridge"
    direct = take_libraries(root, binary)
    link_folders(root)
    take_data(root)
    take_licences(root)
    write_dpkg(root)
    write_sbom(root, binary, direct)
    make_folders(root)


if __name__ == "__main__":
    main()
