"""The bill of materials of the image: CycloneDX 1.5, the same for the same contents."""

import hashlib
import json
import uuid
from pathlib import Path
from urllib.parse import quote

from debian import SPDX, Package

SPACE = uuid.UUID("c3b3a0a5-52b0-4a05-8a5c-0a7c2f5f0d4e")  # ours, for serial numbers


def licences(names: list[str]) -> list[dict]:
    known = set(SPDX.values())
    return [{"license": {"id": name} if name in known else {"name": name}} for name in names]


def encode(part: str) -> str:
    """As package URLs are written: a colon stays."""
    return quote(part, safe=":")


def locator(package: Package, distribution: str) -> str:
    """A package URL, with what scanners need to find advisories for Debian's sources."""
    source, version = package.source
    origin = f"{source}@{version}" if version != package.version else source
    return (f"pkg:deb/debian/{encode(package.name)}@{encode(package.version)}"
            f"?arch={package.field('Architecture')}&distro={distribution}"
            f"&upstream={encode(origin)}")


def library(package: Package, distribution: str) -> dict:
    purl = locator(package, distribution)
    return {"type": "library", "bom-ref": purl, "publisher": package.field("Maintainer"),
            "name": package.name, "version": package.version,
            "description": package.field("Description"),
            "licenses": licences(package.licences), "purl": purl,
            "evidence": {"occurrences": [{"location": path} for path in package.files]}}


def program(binary: Path, version: str) -> dict:
    digest = hashlib.sha256(binary.read_bytes()).hexdigest()
    return {"type": "application", "bom-ref": f"pkg:generic/auditbridge@{version}",
            "name": "auditbridge", "version": version,
            "hashes": [{"alg": "SHA-256", "content": digest}],
            "licenses": licences(["MIT"]), "purl": f"pkg:generic/auditbridge@{version}",
            "evidence": {"occurrences": [{"location": "/usr/bin/auditbridge"},
                                         {"location": "/usr/share/auditbridge/mappings"}]}}


def dependencies(parts: list[tuple[str, set[str]]], refs: dict[str, str]) -> list[dict]:
    return [{"ref": ref, "dependsOn": sorted(refs[name] for name in needs if name in refs)}
            for ref, needs in parts]


def document(binary: Path, version: str, linked: set[str], packages: list[Package],
             distribution: str) -> str:
    """linked: names of the packages that the program itself is linked to."""
    us = program(binary, version)
    libraries = [library(package, distribution) for package in packages]
    refs = {part["name"]: part["bom-ref"] for part in libraries}
    needs = [(us["bom-ref"], linked)]
    needs += [(refs[package.name], package.needs) for package in packages]
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
           "metadata": {"component": {"type": "container", "bom-ref": "image",
                                      "name": "auditbridge", "version": version}},
           "components": [us, *libraries],
           "dependencies": [{"ref": "image", "dependsOn": [us["bom-ref"]]},
                            *dependencies(needs, refs)]}
    serial = uuid.uuid5(SPACE, json.dumps(bom, sort_keys=True))
    return json.dumps({**bom, "serialNumber": f"urn:uuid:{serial}"}, indent=2) + "\n"
