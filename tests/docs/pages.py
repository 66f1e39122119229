#!/usr/bin/python3
"""What pages say is so: configurations are right, links lead somewhere, files exist."""

import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import fences
from fences import REASONS, ROOT, Fence
from shown import is_shown

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIP: {missing}; scripts/packages test installs it")
    sys.exit(77)

PROGRAM = Path(os.environ.get("AUDITBRIDGE", ROOT / "build" / "dev" / "auditbridge")).resolve()
SCHEMA = json.loads((ROOT / "docs/schemas/config.schema.json").read_text())
TOP_KEYS = set(SCHEMA["properties"])
# Languages that nothing is checked of but how they are written.
SHOWN = {"", "c", "cmake", "hcl", "ini", "sql", "text", "tsv"}
# Of yaml that is no configuration of ours.
FOREIGN = {"cloudformation", "kubernetes", "sketch"}
# What else a fence may be marked with: a screen of scripts/demo, which e2e.demo compares.
KINDS = {"yaml": FOREIGN | {"helm"}, "sh": REASONS, "text": {"demo"}}
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.M)
# `src/bridge/worker.c`, `tests/docs/`: a path from the root, without what stands for a name.
NAMED = re.compile(r"`((?:src|providers|tests|docs|mappings|scripts|helm|packaging)/"
                   r"[\w./-]*[\w/])`")
# From where a path says NAME or CLOUD on it stands for the reader's own.
PLACEHOLDER = re.compile(r"(?<=/)[^/]*(?:NAME|CLOUD).*$")
README_LINES = 112


def all_fences() -> Iterator[Fence]:
    for page in fences.pages():
        yield from fences.fences_of(page)


def slug(heading: str) -> str:
    """As GitHub makes an anchor of it."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(page: Path) -> set[str]:
    found: set[str] = set()
    for heading in HEADING.findall(fences.without_fences(page)):
        name, number = slug(heading), 0
        while (name if number == 0 else f"{name}-{number}") in found:
            number += 1
        found.add(name if number == 0 else f"{name}-{number}")
    return found


def keys_of(kind: str) -> set[str]:
    """Every key that some source, or some sink, may have."""
    entry = SCHEMA["properties"][kind]["additionalProperties"]
    cases = (case["then"]["properties"] for case in entry["allOf"])
    return set(entry.get("properties", {})).union(*cases)


def check(configuration: str) -> tuple[int, str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "auditbridge.yaml"
        file.write_text(configuration)
        done = subprocess.run([PROGRAM, "check", "--config", str(file)], capture_output=True,
                              text=True, timeout=60, check=False,
                              env={**os.environ, "TEAM": "payroll"})
    return done.returncode, done.stdout + done.stderr


def completed(part: dict) -> dict:
    """A part of a configuration, and what it leaves to the reader's own."""
    whole = {"sinks": {}, "sources": {}, **part}
    for source in whole["sources"].values():
        source.setdefault("sinks", ["soc"])
    whole["sinks"] = whole["sinks"] or {"soc": {"type": "stdout"}}
    whole["sources"] = whole["sources"] or {
        "any": {"provider": "replay", "path": "records.ndjson", "sinks": ["soc"]}}
    return whole


class Fences(unittest.TestCase):
    def test_every_fence_is_of_a_kind_that_is_known(self) -> None:
        """A misspelt mark would be a command that nothing runs."""
        known = SHOWN | {"sh", "yaml", "json"}
        for fence in all_fences():
            with self.subTest(fence.place):
                self.assertIn(fence.language, known)
                for mark in fence.marks:
                    self.assertTrue(
                        mark.startswith(("file=", "status=")) if "=" in mark else
                        mark in KINDS.get(fence.language, ()),
                        f"{mark}: not known here; tests/docs/fences.py says what is")

    def test_json_is_json(self) -> None:
        for fence in all_fences():
            if fence.language == "json":
                with self.subTest(fence.place):
                    json.loads(fence.text)

    def test_commands_are_at_least_shell(self) -> None:
        """Those that are not run, too."""
        for fence in all_fences():
            if fence.language == "sh":
                with self.subTest(fence.place):
                    done = subprocess.run(["bash", "-n"], input=fence.text, text=True,
                                          capture_output=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_no_command_is_written_as_text(self) -> None:
        """A command in a fence that nothing runs, or indented, is one that nobody tries."""
        for page in fences.pages():
            with self.subTest(fences.name_of(page)):
                prose = fences.without_fences(page)
                self.assertEqual(re.findall(r"(?m)^ {4,}(?:auditbridge|scripts/|tests/).*$", prose),
                                 [])


class Configurations(unittest.TestCase):
    def test_every_configuration_is_right(self) -> None:
        whole, parts = 0, 0
        for fence in all_fences():
            if fence.language != "yaml" or FOREIGN & set(fence.marks):
                continue
            with self.subTest(fence.place):
                text = textwrap.dedent(fence.text)
                value = yaml.safe_load(text)
                if "pack" in value or "outcome" in value:
                    continue  # golden.pack_schema
                if "helm" in fence.marks:  # values of the chart, with or without a configuration
                    value, text = value.get("config", {}), json.dumps(value.get("config"))
                if {"sinks", "sources"} <= set(value):
                    status, told = check(text)
                    self.assertEqual(status, 0, told)
                    whole += 1
                else:
                    self.check_part(value)
                    parts += 1
        print(f"{whole} configurations checked by the program, {parts} parts by the schema")
        self.assertGreater(whole, 3)
        self.assertGreater(parts, 10)

    def check_part(self, value: dict) -> None:
        entries = [entry for entry in value.values() if isinstance(entry, dict)]
        if set(value) <= TOP_KEYS:
            self.check_entries(value)
        elif entries and all("provider" in entry for entry in entries):
            self.check_entries({"sources": value})
        else:
            self.assertTrue(set(value) <= keys_of("sources") or set(value) <= keys_of("sinks"),
                            f"unknown key among {sorted(value)}")

    def check_entries(self, part: dict) -> None:
        for source in list(part.get("sources", {}).values()):
            if "provider" not in source:  # about sinks, or what all sources have
                self.assertLessEqual(set(source), keys_of("sources"))
                return
        jsonschema.Draft202012Validator(SCHEMA).validate(completed(part))


class Links(unittest.TestCase):
    def test_every_link_inside_leads_somewhere(self) -> None:
        count = 0
        for page in fences.pages():
            for target in LINK.findall(fences.without_fences(page)):
                if re.match(r"[a-z]+:", target):
                    continue
                count += 1
                with self.subTest(f"{fences.name_of(page)}: {target}"):
                    self.check_link(page, *target.partition("#")[::2])
        self.assertGreater(count, 40)

    def check_link(self, page: Path, path: str, anchor: str) -> None:
        leads_to = (page.parent / unquote(path)).resolve() if path else page
        self.assertTrue(leads_to.exists(), "no such file")
        self.assertTrue(leads_to.is_relative_to(ROOT), "outside of the project")
        if anchor:
            self.assertIn(anchor, anchors_of(leads_to))

    def test_every_page_is_reached_from_the_readme(self) -> None:
        reached, todo = set(), [ROOT / "README.md"]
        while todo:
            page = todo.pop()
            if page in reached:
                continue
            reached.add(page)
            for target in LINK.findall(fences.without_fences(page)):
                leads_to = (page.parent / unquote(target.partition("#")[0])).resolve()
                if leads_to.is_dir():
                    todo += leads_to.glob("*.md")
                elif leads_to.suffix == ".md" and leads_to.exists():
                    todo.append(leads_to)
        lost = [fences.name_of(page) for page in fences.pages() if page not in reached]
        self.assertEqual(lost, [])

    def test_every_file_that_is_named_exists(self) -> None:
        named = {(fences.name_of(page), PLACEHOLDER.sub("", path)) for page in fences.pages()
                 for path in NAMED.findall(fences.without_fences(page))}
        for page, path in sorted(named):
            with self.subTest(f"{page}: {path}"):
                self.assertTrue((ROOT / path).exists(), "no such file")
        self.assertGreater(len(named), 40)


class Shown(unittest.TestCase):
    """The comparison tells what it must tell."""

    def test_numbers_may_differ_and_words_may_not(self) -> None:
        self.assertTrue(is_shown("done   12\n", '{"time":"x"}\ndone 345\n'))
        self.assertFalse(is_shown("done 12\n", "failed 12\n"))
        self.assertFalse(is_shown("done 12\n", "done 12\nand more\n"))
        self.assertFalse(is_shown("done 12\nand more\n", "done 12\n"))

    def test_dots_stand_for_lines_and_for_ends(self) -> None:
        self.assertTrue(is_shown("a\n...\nd\n", "a\nb\nc\nd\n"))
        self.assertTrue(is_shown("a\n...\n", "a\nb\n"))
        self.assertTrue(is_shown("long ...\n", "long line of 80\n"))
        self.assertFalse(is_shown("...\nz\n", "a\nb\n"))


class Readme(unittest.TestCase):
    def test_it_is_two_screens(self) -> None:
        lines = (ROOT / "README.md").read_text().splitlines()
        self.assertLessEqual(len(lines), README_LINES)

    def test_it_lists_what_is_built_and_nothing_else(self) -> None:
        """The rows of its table against what the schema, made from the code, offers."""
        text = (ROOT / "README.md").read_text()
        for row, kind, key in (("sources", "sources", "provider"), ("sinks", "sinks", "type")):
            entry = SCHEMA["properties"][kind]["additionalProperties"]
            built = set(entry["properties"][key]["enum"])
            found = re.search(rf"^\| {row} \|(.*)\|$", text, re.M)
            self.assertIsNotNone(found, f"no row {row}")
            told = set(re.findall(r"`([a-z0-9-]+)`", found[1]))  # type: ignore[index]
            self.assertLessEqual(built, told)
            self.assertLessEqual(told - built, {"generic", "xsiam"})


class Rooms(unittest.TestCase):
    """docs/architecture.md draws the house as it is built."""

    def test_each_room_includes_what_the_page_says(self) -> None:
        text = (ROOT / "docs/architecture.md").read_text()
        rows = re.findall(r"(?m)^\| `((?:src/)?\w+)/` \|.*\| ([^|]*)\|$", text)
        rooms = {folder.name for folder in (ROOT / "src").iterdir() if folder.is_dir()}
        self.assertLessEqual({f"src/{room}" for room in rooms}, {room for room, _ in rows})
        for room, told in rows:
            files = [*(ROOT / room).rglob("*.c"), *(ROOT / room).rglob("*.h")]
            found = {name for file in files
                     for name in re.findall(r'#include "(\w+)/', file.read_text())}
            own = {"base", Path(room).name}
            with self.subTest(room):
                self.assertEqual(set(told.replace(",", "").split()), (found & rooms) - own)


class Complete(unittest.TestCase):
    """What is built is on its page."""

    def test_every_sink_has_a_row_and_a_section(self) -> None:
        text = (ROOT / "docs/sinks.md").read_text()
        table = text[:text.index("\n## ")]
        sections = re.findall(r"(?m)^## (\S+)", text)
        for name in SCHEMA["properties"]["sinks"]["additionalProperties"]["properties"]["type"][
                "enum"]:
            with self.subTest(name):
                self.assertTrue(f"| `{name}` |" in table)
                self.assertTrue(name in sections or name == "stdout")  # whose row says it all

    def test_every_test_that_security_md_calls_on_exists(self) -> None:
        promises = (ROOT / "docs/security.md").read_text()
        names = set(re.findall(r"`((?:unit|provider|e2e|fuzz|golden)\.\w+)`", promises))
        self.assertGreater(len(names), 15)
        for label, _, name in (each.partition(".") for each in sorted(names)):
            with self.subTest(f"{label}.{name}"):
                files = [*(ROOT / "tests" / label).glob(f"test_{name}.*"),
                         *(ROOT / "tests" / label).glob(f"{label}_{name}.c")]
                self.assertTrue(files or (ROOT / "tests" / label / f"{name}.py").exists())

    def test_every_provider_has_its_page(self) -> None:
        pages = "".join(page.read_text() for page in (ROOT / "docs/providers").glob("*.md"))
        for name in SCHEMA["properties"]["sources"]["additionalProperties"]["properties"][
                "provider"]["enum"]:
            with self.subTest(name):
                self.assertTrue(f"`{name}`" in pages or name == "replay")  # of no cloud

    def test_every_command_is_in_the_help_and_on_a_page(self) -> None:
        told = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60,
                              check=True).stdout
        commands = re.findall(r"(?m)^  ([a-z]+)  ", told)
        self.assertGreater(len(commands), 5)
        text = "".join(page.read_text() for page in fences.pages())
        for command in commands:
            with self.subTest(command):
                self.assertTrue(f"auditbridge {command}" in text)

    def test_every_option_that_a_page_gives_exists(self) -> None:
        """Of the commands in fences; prose says the same words."""
        count = 0
        for fence in all_fences():
            if fence.language != "sh":
                continue
            lines = fence.text.replace("\\\n", " ").splitlines()
            for line in (line.partition("#")[0] for line in lines):
                for call in re.findall(r"(?<!-u )\bauditbridge ((?:[a-z]+ )+)([^|;&>]*)", line):
                    for option in re.findall(r"(?<!\S)--[a-z-]+", call[1]):
                        count += 1
                        with self.subTest(f"{fence.place}: {call[0]}{option}"):
                            self.assertIn(option, self.help_of(call[0].split()))
        self.assertGreater(count, 20)

    def help_of(self, words: list[str]) -> str:
        """Of the command, and of the part that it names."""
        return "".join(subprocess.run([PROGRAM, *words[:end], "--help"], capture_output=True,
                                      text=True, timeout=60, check=False).stdout
                       for end in (1, 2) if end <= len(words))


if __name__ == "__main__":
    unittest.main()
