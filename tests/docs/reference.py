#!/usr/bin/python3
"""docs/configuration.md names every key that there is, with its type, what holds when it is not
said and what it means, for every provider and every sink; and no other key.

The keys are those of docs/schemas/config.schema.json, which unit.schema holds against the
tables of the program. A table of the page is about the providers or sinks that the paragraph
before it names; a key that this paragraph names itself is explained elsewhere."""

import json
import re
import unittest
from collections.abc import Iterator
from dataclasses import dataclass

from fences import ROOT

PAGE = "docs/configuration.md"
SCHEMA = json.loads((ROOT / "docs/schemas/config.schema.json").read_text())
HEADING = "| key | type | when not said | |"
CODE = re.compile(r"`([^`]+)`")
EVERY = {"sources": "every source has", "sinks": "every sink has"}
TEXTS = {"text", "path", "secret"}  # the same to a schema
FORMS = {"^[0-9]+[smhd]$": "duration", "^[0-9]+(B|": "size", "^[Hh][Tt]": "URL"}


@dataclass(frozen=True)
class Row:
    keys: tuple[str, ...]
    type: str
    absent: str   # what holds when it is not said
    meaning: str


@dataclass(frozen=True)
class Table:
    kind: str               # "sources" or "sinks"
    about: tuple[str, ...]  # providers or types
    elsewhere: set[str]     # keys that the paragraph names
    rows: tuple[Row, ...]


def cases(kind: str) -> dict[str, dict]:
    """By provider or type: its keys, and which of them must be said."""
    entry = SCHEMA["properties"][kind]["additionalProperties"]
    selector = "provider" if kind == "sources" else "type"
    found = {}
    for case in entry["allOf"]:
        then = case["then"]
        found[case["if"]["properties"][selector]["const"]] = {
            "keys": then["properties"], "required": {selector, *then.get("required", ())}}
    return found


CASES = {kind: cases(kind) for kind in EVERY}


def type_of(schema: dict) -> str:
    """In the page's words."""
    if "enum" in schema or "const" in schema:
        return "choice"
    if "anyOf" in schema:
        return type_of(schema["anyOf"][0])
    kind = schema["type"]
    if kind == "string":
        return next((word for start, word in FORMS.items()
                     if schema["pattern"].startswith(start)), "text")
    return {"array": "list", "object": "map", "boolean": "yes or no", "integer": "number",
            "number": "number"}.get(kind if isinstance(kind, str) else "", "text")


def choices_of(schema: dict) -> list[str]:
    return schema["enum"] if "enum" in schema else choices_of(schema["anyOf"][0])


def row_of(line: str) -> Row:
    parts = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
    if len(parts) != 4:
        raise ValueError(f"not a row of four: {line}")
    return Row(tuple(CODE.findall(parts[0])), parts[1], parts[2], parts[3])


def about(kind: str, paragraph: str) -> tuple[str, ...]:
    if EVERY[kind] in paragraph:
        return tuple(CASES[kind])
    return tuple(dict.fromkeys(name for name in CODE.findall(paragraph) if name in CASES[kind]))


def tables() -> Iterator[Table]:
    kind, paragraph, before = "", "", ""
    lines = iter((ROOT / PAGE).read_text().splitlines())
    for line in lines:
        if line.startswith("## "):
            kind = {"## Sources": "sources", "## Sinks": "sinks"}.get(line, "")
        if line == HEADING and kind:
            next(lines)
            rows = []
            for line in lines:
                if not line.startswith("|"):
                    break
                rows.append(row_of(line))
            keys = set().union(*(case["keys"] for case in CASES[kind].values()))
            yield Table(kind, about(kind, before), set(CODE.findall(before)) & keys, tuple(rows))
            paragraph = ""
        elif line.strip():
            paragraph += line + "\n"
            before = paragraph
        else:
            paragraph = ""


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.tables = list(tables())

    def test_every_key_is_there(self) -> None:
        count = 0
        for kind, found in CASES.items():
            for name, case in found.items():
                told = set().union(*(table.elsewhere | {key for row in table.rows
                                                        for key in row.keys}
                                     for table in self.tables
                                     if table.kind == kind and name in table.about))
                with self.subTest(name):
                    self.assertEqual(set(case["keys"]) - told - {"provider", "type"}, set())
                count += len(case["keys"])
        self.assertGreater(count, 200)

    def test_no_other_key_is_there(self) -> None:
        for table in self.tables:
            self.assertTrue(table.about, f"whose keys are {table.rows[0].keys}?")
            for row in table.rows:
                self.assertTrue(row.keys, row.meaning)
                for key in row.keys:
                    with self.subTest(f"{'/'.join(table.about)}: {key}"):
                        self.assertTrue(any(key in CASES[table.kind][name]["keys"]
                                            or key in ("provider", "type")
                                            for name in table.about))

    def test_every_row_says_type_and_meaning(self) -> None:
        for table, row, name, key, schema in self.rows():
            with self.subTest(f"{name}: {key}"):
                wanted = type_of(schema)
                self.assertIn(row.type, TEXTS if wanted == "text" else {wanted})
                self.assertNotEqual(row.meaning, "")

    def test_what_is_not_said_is_what_the_program_takes(self) -> None:
        for table, row, name, key, schema in self.rows():
            with self.subTest(f"{name}: {key}"):
                must = key in CASES[table.kind][name]["required"]
                self.assertEqual(must, row.absent == "must be said")
                if "default" in schema:
                    self.assertEqual(row.absent, f"`{schema['default']}`")

    def test_every_choice_is_named(self) -> None:
        for table, row, name, key, schema in self.rows():
            if type_of(schema) == "choice" and key not in ("provider", "type"):
                with self.subTest(f"{name}: {key}"):
                    named = CODE.findall(f"{row.absent} {row.meaning}")
                    self.assertEqual(set(choices_of(schema)) - set(named), set())

    def test_every_sink_is_named(self) -> None:
        rows = [row for table in self.tables for row in table.rows if row.keys == ("type",)]
        self.assertEqual(len(rows), 1)
        self.assertEqual(set(CODE.findall(rows[0].meaning)), set(CASES["sinks"]))

    def rows(self) -> Iterator[tuple[Table, Row, str, str, dict]]:
        for table in self.tables:
            for row in table.rows:
                for name in table.about:
                    for key in row.keys:
                        if key in CASES[table.kind][name]["keys"]:
                            yield table, row, name, key, CASES[table.kind][name]["keys"][key]

    def test_every_key_at_the_top_is_there(self) -> None:
        text = (ROOT / PAGE).read_text()
        for name in SCHEMA["properties"]:
            self.assertRegex(text, rf"(?m)^\| `{name}` \| \S.*\|$")
        named = set(re.findall(r"`(\w+)`", text))
        for name, schema in SCHEMA["properties"].items():
            with self.subTest(name):
                self.assertEqual(set(schema.get("properties", ())) - named, set())


if __name__ == "__main__":
    unittest.main()
