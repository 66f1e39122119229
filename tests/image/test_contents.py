"""What is in the image, and what is not."""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from engine import ARCHIVE, ROOT, STATE, USER, VERSION, Case

sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

import npm  # noqa: E402

SIZE_MAX = 25 << 20  # of the archive, compressed
PEERS = ("@cyclonedx/cyclonedx-library@10.3.0", "ajv@8.17.1", "ajv-formats@3.0.1",
         "ajv-formats-draft2019@1.6.1", "packageurl-js@2.0.1")
FOLDER = ROOT / "build" / "dev" / "cyclonedx"
SBOM = "usr/share/sbom/auditbridge.cdx.json"
PURLS = """
import {readFileSync} from "node:fs";
import {PackageURL} from "packageurl-js";
for (const text of JSON.parse(readFileSync(0)))
    console.log(JSON.stringify(PackageURL.fromString(text)));
"""
VALID = """
import {readFileSync} from "node:fs";
import {Spec, Validation} from "@cyclonedx/cyclonedx-library";
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
console.log(JSON.stringify(await validator.validate(readFileSync(0, "utf8"))));
"""


class ContentsCase(Case):
    @classmethod
    def setUpClass(cls) -> None:
        """Reads the layers themselves, as no engine shows them."""
        cls.files: dict[str, tarfile.TarInfo] = {}
        cls.data: dict[str, bytes] = {}
        with tarfile.open(ARCHIVE) as archive:
            def blob(digest: str):
                return archive.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}")
            index = json.load(archive.extractfile("index.json"))
            manifest = json.load(blob(index["manifests"][0]["digest"]))
            for layer in manifest["layers"]:
                with tarfile.open(fileobj=blob(layer["digest"])) as files:
                    for file in files:
                        name = file.name.removeprefix("./").rstrip("/")
                        cls.files[name] = file
                        if file.isfile():
                            cls.data[name] = files.extractfile(file).read()

    def text(self, name: str) -> str:
        return self.data[name].decode()


class Contents(ContentsCase):
    def test_is_small(self) -> None:
        self.assertLess(ARCHIVE.stat().st_size, SIZE_MAX)

    def test_holds_one_program_and_nothing_that_interprets(self) -> None:
        programs = {name for name, file in self.files.items()
                    if file.mode & 0o111 and file.isfile() and ".so" not in name}
        self.assertEqual(programs, {"usr/bin/auditbridge"})
        self.assertEqual({name for name in self.files if name.split("/")[0] in ("bin", "sbin")},
                         set())

    def test_belongs_to_root_and_only_the_state_to_its_user(self) -> None:
        """A named volume takes its owner from the folder that it covers."""
        others = {name: (file.uid, file.gid) for name, file in self.files.items()
                  if (file.uid, file.gid) != (0, 0)}
        self.assertEqual(others, {STATE.lstrip("/"): (USER, USER)})
        self.assertEqual(self.files[STATE.lstrip("/")].mode & 0o7777, 0o700)

    def test_has_nothing_set_user_id_and_nothing_that_others_may_write(self) -> None:
        for name, file in self.files.items():
            if name != "tmp" and not file.issym():
                self.assertEqual(file.mode & 0o6022, 0, name)
        self.assertEqual(self.files["tmp"].mode & 0o7777, 0o1777)

    def test_every_file_bears_the_time_of_the_commit(self) -> None:
        """Or of SOURCE_DATE_EPOCH: never that of the build."""
        created = self.engine.inspect()["Labels"]["org.opencontainers.image.created"]
        done = subprocess.run(("date", "-d", created, "+%s"), capture_output=True, check=True)
        self.assertEqual({file.mtime for file in self.files.values()}, {int(done.stdout)})

    def test_says_what_it_is(self) -> None:
        image = self.engine.inspect()
        labels = {name.rpartition(".")[2]: value for name, value in image["Labels"].items()
                  if name.startswith("org.opencontainers.image.")}
        self.assertEqual(set(labels), {"title", "description", "licenses", "version",
                                       "revision", "created"})
        self.assertEqual((labels["title"], labels["licenses"], labels["version"]),
                         ("auditbridge", "MIT", VERSION))
        self.assertRegex(labels["revision"], r"^[0-9a-f]{40}(-modified)?$")
        self.assertEqual(image["Config"]["User"], f"{USER}:{USER}")
        self.assertEqual(image["Config"]["Entrypoint"], ["/usr/bin/auditbridge"])


class Materials(ContentsCase):
    def bom(self) -> dict:
        return json.loads(self.data[SBOM])

    def test_stands_beside_the_image_too(self) -> None:
        beside = ARCHIVE.with_name(f"auditbridge-{VERSION}.cdx.json")
        self.assertEqual(beside.read_bytes(), self.data[SBOM])

    def test_every_library_is_in_it_with_package_licence_and_copyright(self) -> None:
        found = {place["location"]: part for part in self.bom()["components"]
                 for place in part["evidence"]["occurrences"]}
        for name, file in self.files.items():
            if file.isfile() and ".so" in name:
                part = found[f"/{name}"]
                self.assertTrue(part["licenses"], part["name"])
                self.assertGreater(len(self.text(f"usr/share/doc/{part['name']}/copyright")), 100)
                entry = self.text(f"var/lib/dpkg/status.d/{part['name']}")
                self.assertIn(f"\nVersion: {part['version']}\n", entry)

    def test_files_are_those_that_debian_signed_for(self) -> None:
        """By the checksums of each package, where it has them of the file."""
        checked = 0
        for name in self.files:
            if name.endswith(".md5sums"):
                for line in self.text(name).splitlines():
                    digest, path = line.split(None, 1)
                    path = path if path in self.data else f"usr/{path}"
                    summed = subprocess.run("md5sum", input=self.data[path],
                                            capture_output=True, check=True).stdout
                    self.assertEqual(summed.split()[0].decode(), digest, path)
                    checked += 1
        self.assertGreater(checked, 30)

    def node(self, script: str, told: object) -> list:
        """What a script of Node.js answers, a JSON text a line."""
        if not npm.install(FOLDER, *PEERS):
            self.skipTest("SKIP: no npm, or no registry")
        with tempfile.NamedTemporaryFile("w", suffix=".mjs", dir=FOLDER) as file:
            file.write(script)
            file.flush()
            done = subprocess.run(("node", file.name), capture_output=True, text=True,
                                  input=json.dumps(told))
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_is_valid_by_the_schema_of_cyclonedx(self) -> None:
        self.assertEqual(self.node(VALID, self.bom()), [None])
        self.assertNotEqual(self.node(VALID, self.bom() | {"components": [{"type": "cake"}]}),
                            [None])

    def test_its_purls_are_read_by_the_parser_of_their_makers(self) -> None:
        parts = [part for part in self.bom()["components"] if part["type"] == "library"]
        purls = self.node(PURLS, [part["purl"] for part in parts])
        for part, purl in zip(parts, purls, strict=True):
            self.assertEqual((purl["type"], purl["namespace"], purl["name"], purl["version"]),
                             ("deb", "debian", part["name"], part["version"]))
            self.assertRegex(purl["qualifiers"]["distro"], r"^debian-12$")

    def test_dependencies_lead_to_every_part(self) -> None:
        bom = self.bom()
        edges = {entry["ref"]: entry["dependsOn"] for entry in bom["dependencies"]}
        reached, waiting = set(), ["image"]
        while waiting:
            ref = waiting.pop()
            if ref not in reached:
                reached.add(ref)
                waiting += edges[ref]
        data = {"base-files", "ca-certificates", "libgcc-s1"}  # no library is linked to them
        lost = {part["name"] for part in bom["components"] if part["bom-ref"] not in reached}
        self.assertLessEqual(lost, data)
        self.assertTrue(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bom["serialNumber"]))


if __name__ == "__main__":
    unittest.main()
