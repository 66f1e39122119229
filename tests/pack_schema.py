#!/usr/bin/python3
"""Holds docs/schemas/pack.schema.json against the shipped packs, against packs that are
wrong, and against the program's own lists of fields and principles."""
import json
import pathlib
import re
import sys
import unittest

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIP: {missing}; install python3-jsonschema and python3-yaml")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs/schemas/pack.schema.json").read_text())
FIELD = r'X\(\w+, "([a-z_.]+)", "([a-z_]+)", [A-Z]+\)'
RULE = {"id": "a", "principles": ["2b"], "service": "iam.amazonaws.com",
        "operations": ["AddUserToGroup"]}
PACK = {"pack": "own", "records": "aws-cloudtrail", "version": "1", "rules": [RULE]}


DECISION = {"class": "job", "service": "glue.amazonaws.com", "operations": ["StartJobRun"]}


class Scalars(yaml.SafeLoader):
    """Every scalar a text, as the program reads it, but for true, false and whole
    numbers, which an editor sees as such."""


Scalars.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers
            if tag in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def principle_as_text(pack):
    """A plain 6 is a number to YAML and a principle to the program."""
    if isinstance(pack, dict) and isinstance(pack.get("coverage"), dict):
        pack["coverage"] = {str(ref): cover for ref, cover in pack["coverage"].items()}
    return pack


def is_valid(pack):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(pack)


def with_decision(**changes):
    head = {key: value for key, value in PACK.items() if key != "rules"}
    return {**head, "no_principle": [{**DECISION, **changes}]}


def with_rule(**changes):
    return {**PACK, "rules": [{**RULE, **changes}]}


class PackSchema(unittest.TestCase):
    def test_the_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_shipped_pack_is_valid(self):
        files = sorted((ROOT / "mappings").rglob("*.yaml"))
        self.assertTrue(files)
        for file in files:
            with self.subTest(file=file.name):
                pack = principle_as_text(yaml.load(file.read_text(), Loader=Scalars))
                jsonschema.Draft202012Validator(SCHEMA).validate(pack)

    def test_every_pack_in_the_documentation_is_valid(self):
        text = (ROOT / "docs/mappings.md").read_text()
        packs = [block for block in re.findall(r"```yaml[^\n]*\n(.*?)```", text, re.S)
                 if block.startswith("pack:")]
        self.assertTrue(packs)
        for block in packs:
            with self.subTest(pack=block.splitlines()[0]):
                pack = yaml.load(block, Loader=Scalars)
                jsonschema.Draft202012Validator(SCHEMA).validate(pack)

    def test_fields_are_the_programs(self):
        source = (ROOT / "src/event/fields.h").read_text()
        names = [".".join(parts) for parts in re.findall(FIELD, source)]
        self.assertEqual(SCHEMA["$defs"]["field"]["enum"], names)

    def test_principles_are_the_programs(self):
        source = (ROOT / "src/config/principle.c").read_text()
        refs = re.findall(r'\{"([1-7][a-g]?)",', source)
        self.assertEqual(SCHEMA["$defs"]["principle"]["enum"], refs)

    def test_classes_are_the_programs(self):
        source = (ROOT / "src/mapping/decision.c").read_text()
        names = re.findall(r'\[DECISION_\w+\] = "(\w+)"', source)
        decision = SCHEMA["$defs"]["decision"]["properties"]
        self.assertEqual(decision["class"]["enum"], names)

    def test_a_small_pack_is_valid(self):
        self.assertTrue(is_valid(PACK))

    def test_what_is_wrong_is_refused(self):
        wrong = {
            "no pack": {k: v for k, v in PACK.items() if k != "pack"},
            "no version": {k: v for k, v in PACK.items() if k != "version"},
            "unknown key": {**PACK, "rule": []},
            "unknown records": {**PACK, "records": "cloudtrail"},
            "principle 3d": with_rule(principles=["3d"]),
            "principle that is no list": with_rule(principles="2b"),
            "unknown rule key": with_rule(operation=["AddUserToGroup"]),
            "no operations": with_rule(operations=[]),
            "star in a service": with_rule(service="*.amazonaws.com"),
            "capital in an id": with_rule(id="AddUser"),
            "unknown change": with_rule(change="changed"),
            "field the bridge keeps": with_rule(fields={"event.id": ["eventID"]}),
            "misspelt field": with_rule(fields={"user.nam": ["a"]}),
            "path with an open bracket": with_rule(fields={"user.name": ["a[*"]}),
            "path with an empty key": with_rule(fields={"user.name": ["a..b"]}),
            "condition of two kinds": with_rule(when={"a": {"exists": True, "glob": "x"}}),
            "condition of no kind": with_rule(when={"a": {"regex": "x"}}),
            "glob that is a list": with_rule(when={"a": {"glob": ["x*"]}}),
            "empty when": with_rule(when={}),
            "partial without a reason": {**PACK, "coverage": {"2a": {"level": "partial"}}},
            "coverage of 3d": {**PACK, "coverage": {"3d": {"level": "full"}}},
            "decisions beside rules": {**PACK, "no_principle": [DECISION]},
            "decision of no class": with_decision(**{"class": "boring"}),
            "decision without operations": with_decision(operations=[]),
            "decision with principles": with_decision(principles=["2b"]),
            "tamper that is false": with_rule(tamper=False),
            "privileged rule of no answer": with_rule(privileged="maybe"),
            "privileged list of one text": {**PACK, "privileged": {"roles": "admin"}},
            "everybody privileged": {**PACK, "privileged": {"roles": ["*"]}},
            "privileged users": {**PACK, "privileged": {"users": ["root"]}},
            "no examples": with_rule(examples=[]),
            "example without a record": with_rule(examples=[{"principles": ["2b"]}]),
            "example of an unknown field": with_rule(
                examples=[{"record": {}, "fields": {"user.nam": "a"}}]),
            "unknown outcome": {**PACK, "outcome": [{"is": "ok"}]},
        }
        for name, pack in wrong.items():
            with self.subTest(name):
                self.assertFalse(is_valid(pack))

    def test_what_is_right_is_taken(self):
        right = {
            "no decision but a known operation": with_rule(principles=[]),
            "glob in an operation": with_rule(operations=["Delete*"]),
            "several services": with_rule(service=["a", "b"]),
            "one path": with_rule(fields={"user.name": "a.b"}),
            "quoted key": with_rule(fields={"user.name": ['a."b.c"[*].d']}),
            "selected element": with_rule(fields={"user.name": ["tags[key=owner].value"]}),
            "JSON in a string": with_rule(fields={"user.name": ["a!.b[*].c", "a!"]}),
            "not a list": with_rule(when={"a": {"not": ["x", "y"]}}),
            "not existing": with_rule(when={"a": {"not": {"exists": True}}}),
            "full without a reason": {**PACK, "coverage": {"2a": {"level": "full"}}},
            "decisions in a file of their own": with_decision(),
            "decision with a reason": with_decision(why="because", service=["a", "b"]),
            "tamper": with_rule(tamper=True, principles=["6"]),
            "privileged rule": with_rule(privileged="unknown"),
            "privileged names": {**PACK, "privileged": {"roles": ["admin", "*.admin"],
                                                        "groups": ["admins"]}},
            "examples": with_rule(examples=[
                {"record": {"a": {"b": [1, True, None]}}, "principles": ["2b"],
                 "outcome": "success", "fields": {"user.name": "a",
                                                  "moj.member.name": ["a", "b"]}},
                {"record": {}, "matches": False}]),
            "outcome without when": {**PACK, "outcome": [{"is": "success"}]},
        }
        for name, pack in right.items():
            with self.subTest(name):
                jsonschema.Draft202012Validator(SCHEMA).validate(pack)


if __name__ == "__main__":
    unittest.main()
