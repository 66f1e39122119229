#!/usr/bin/python3
"""Holds docs/schemas/config.schema.json, and the examples of docs/configuration.md, against the
program. docs/reference.py holds the page's tables against the schema."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIP: {missing}; install python3-jsonschema and python3-yaml")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs/schemas/config.schema.json").read_text())
GUIDE = (ROOT / "docs/configuration.md").read_text()
PROGRAM = os.environ.get("AUDITBRIDGE", str(ROOT / "build/dev/auditbridge"))
SINK = {"type": "file", "path": "events.ndjson"}
SOURCE = {"provider": "aws-cloudtrail", "account": "111122223333", "region": "eu-west-2",
          "sinks": ["soc"]}


def config(source=None, sink=None, **top):
    return {"sinks": {"soc": {**SINK, **(sink or {})}},
            "sources": {"prod": {**SOURCE, **(source or {})}}, **top}


def without(entry, key):
    return {name: value for name, value in entry.items() if name != key}


def is_valid(value):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def told(text):
    """What `check` says about text: its exit status and its lines."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "auditbridge.yaml"
        file.write_text(text)
        done = subprocess.run(
            [PROGRAM, "check", "--config", str(file), "--mappings",
             str(ROOT / "mappings")],
            capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "TEAM": "payroll"})
        return done.returncode, done.stdout + done.stderr


def examples():
    return re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)


class ConfigSchema(unittest.TestCase):
    def test_the_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_example_is_right_for_schema_and_program(self):
        self.assertTrue(examples())
        for text in examples():
            with self.subTest(text.splitlines()[0]):
                jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(text))
                status, lines = told(text)
                self.assertEqual(status, 0, lines)

    def test_both_refuse_what_is_wrong(self):
        wrong = {
            "unknown key": config(colour="blue"),
            "unknown provider": config({"provider": "aws"}),
            "no provider": {**config(), "sources": {"prod": without(SOURCE, "provider")}},
            "no sinks": {**config(), "sources": {"prod": without(SOURCE, "sinks")}},
            "empty sinks": config({"sinks": []}),
            "key of another sink type": config(sink={"type": "stdout"}),
            "unknown format": config(sink={"format": "xml"}),
            "duration without a unit": config({"every": 60}),
            "size with a wrong unit": config(sink={"rotate_size": "1GB"}),
            "capital in a region": config({"region": "EU"}),
            "list for a map": config({"tenant": ["a"]}),
            "empty redact": config({"redact": []}),
            "yes for true": config({"allow_unverified": "yes"}),
            "name with a capital": {**config(), "sources": {"Prod": SOURCE}},
            "misspelt route": config({"sinks": [{"nmae": "soc"}]}),
            "state that is a text": config(state="bridge.db"),
            "rate past its range": config({"requests_per_second": 1001}),
            "unknown key of metrics": config(metrics={"port": 9464}),
            "too many sources": config(metrics={"max_sources": 10001}),
            "a gateway that is no URL": config(metrics={"pushgateway": "gateway:9091"}),
        }
        for name, value in wrong.items():
            with self.subTest(name):
                self.assertFalse(is_valid(value))
                self.assertEqual(told(json.dumps(value))[0], 2)

    def test_the_program_refuses_what_does_not_fit_together(self):
        several = {**without(SOURCE, "account"), "accounts": ["111122223333", "444455556666"]}
        wrong = {
            "no region": (without(SOURCE, "region"), "either region"),
            "region and regions": ({**SOURCE, "regions": ["eu-west-1"]}, "either region"),
            "no account": (without(SOURCE, "account"), "say one of account"),
            "two kinds of account": ({**SOURCE, "organization": True}, "say one of account"),
            "a short account": ({**SOURCE, "account": "12"}, "12 digits"),
            "a short one in a list": ({**several, "accounts": ["12"]}, "12 digits"),
            "many accounts, no role": (several, "role: must be the name"),
            "all among others": ({**without(SOURCE, "region"), "regions": ["all", "eu-west-1"]},
                                 "stands alone"),
            "excluded from one": ({**SOURCE, "exclude_regions": ["eu-*"]}, "no regions to"),
            "chosen from one": ({**SOURCE, "include_accounts": ["*"]}, "remove them"),
            "an unknown service": ({**SOURCE, "endpoints": {"s3": "https://a.example"}},
                                   "may hold"),
            "plain http": ({**SOURCE, "endpoints": {"sts": "http://a.example"}}, "sts must"),
            "said twice": ({**SOURCE, "endpoint": "https://a.example",
                            "endpoints": {"cloudtrail": "https://b.example"}}, "says again"),
        }
        for name, (source, what) in wrong.items():
            with self.subTest(name):
                status, lines = told(json.dumps({**config(), "sources": {"prod": source}}))
                self.assertEqual(status, 2)
                self.assertRegex(lines, r"auditbridge\.yaml:\d+:\d+: source prod: .*" + what)

    def test_both_take_what_is_right(self):
        right = {
            "plain": config(),
            "digits": config({"account": 111122223333}),
            "a route that is not required": config(
                {"sinks": ["soc", {"name": "out", "required": False}]}),
            "times": config({"every": "5m", "lookback": "90d"}),
            "a state": config(state={"path": "/var/lib/auditbridge/state.db"}),
            "an organisation": {**config(), "sources": {"prod": {
                **without(without(SOURCE, "account"), "region"), "organization": True,
                "role": "audit/reader", "regions": ["all"], "exclude_regions": ["ap-*"],
                "exclude_accounts": ["sandbox-*"], "fips": True, "read_only": False,
                "endpoints": {"sts": "https://sts.example"}}}},
            "filled in": config({"region": "${BRIDGE_TEST_REGION}"}),
        }
        os.environ["BRIDGE_TEST_REGION"] = "eu-west-2"
        for name, value in right.items():
            with self.subTest(name):
                value["sinks"]["out"] = {"type": "stdout"}
                jsonschema.Draft202012Validator(SCHEMA).validate(value)
                status, lines = told(json.dumps(value))
                self.assertEqual(status, 0, lines)


if __name__ == "__main__":
    unittest.main()
