#!/usr/bin/python3
"""The alert rules and the dashboard, held against promtool, the runbook and the series that
the program exports (docs/metrics.md, which unit.metrics_docs holds against its table)."""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

try:
    import yaml
except ImportError as missing:
    print(f"SKIP: {missing}; install python3-yaml")
    sys.exit(77)
if shutil.which("promtool") is None:
    print("SKIP: promtool is not there; install prometheus")
    sys.exit(77)

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
RULES_FILE = ROOT / "helm/auditbridge/files/rules.yaml"
RULES = [rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"]
         for rule in group["rules"]]
DASHBOARD = json.loads((ROOT / "helm/auditbridge/files/dashboard.json").read_text())
CASES = sorted(FOLDER.glob("*.yaml"))
EXPECTED = {"AuditbridgeSourceLag", "AuditbridgeGap", "AuditbridgeSinkHeld",
            "AuditbridgeDeadLetters", "AuditbridgeNoRun", "AuditbridgeClockSkew",
            "AuditbridgeCredentialExpiry", "AuditbridgeRetention"}


def declared() -> dict[str, tuple[str, set[str]]]:
    """Every series: its type and labels."""
    page = (ROOT / "docs/metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \|([^|]*)\|", page, re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def exported_names() -> set[str]:
    """As a query may write them."""
    names = set()
    for name, (kind, _) in declared().items():
        names |= ({f"{name}{suffix}" for suffix in ("_bucket", "_sum", "_count")}
                  if kind == "histogram" else {name})
    return names


def names_in(query: str) -> set[str]:
    return set(re.findall(r"\b(?:auditbridge|process)_\w+", query))


def queries() -> list[str]:
    """Of the dashboard: panels and variables."""
    found = [target["expr"] for panel in DASHBOARD["panels"]
             for target in panel.get("targets", [])]
    return found + [each["query"]["query"] for each in DASHBOARD["templating"]["list"]
                    if each["type"] == "query"]


def promtool(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True,
                          timeout=120, check=False)


class Rules(unittest.TestCase):
    def test_promtool_takes_them(self) -> None:
        done = promtool("check", "rules", str(RULES_FILE))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(RULES)} rules found", done.stdout)

    def test_they_fire_and_are_silent_when_they_should(self) -> None:
        done = promtool("test", "rules", *(path.name for path in CASES))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_has_a_firing_and_a_silent_case(self) -> None:
        fires: set[tuple[str, str]] = set()
        silent: set[str] = set()
        for path in CASES:
            for test in yaml.safe_load(path.read_text())["tests"]:
                for case in test["alert_rule_test"]:
                    fires |= {(case["alertname"], alert["exp_labels"]["severity"])
                              for alert in case.get("exp_alerts", [])}
                    silent |= set() if case.get("exp_alerts") else {case["alertname"]}
        self.assertEqual({rule["alert"] for rule in RULES}, EXPECTED)
        self.assertEqual(silent, EXPECTED)
        self.assertEqual(fires, {(rule["alert"], rule["labels"]["severity"]) for rule in RULES})

    def test_every_series_that_they_name_is_exported(self) -> None:
        for rule in RULES:
            with self.subTest(rule["alert"]):
                used = names_in(rule["expr"])
                self.assertTrue(used)
                self.assertLessEqual(used, exported_names())

    def test_every_alert_has_words_and_a_heading_in_the_runbook(self) -> None:
        page = (ROOT / "docs/operations.md").read_text()
        headings = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
                    for heading in re.findall(r"^#+ (.*)$", page, re.M)}
        for rule in RULES:
            with self.subTest(rule["alert"]):
                notes = rule["annotations"]
                self.assertTrue(notes["summary"] and notes["description"])
                file, _, anchor = notes["runbook_url"].partition("#")
                self.assertEqual(file, "docs/operations.md")
                self.assertIn(anchor, headings)

    def test_labels_in_words_are_labels_of_the_result(self) -> None:
        for rule in RULES:
            grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)",
                                                                 rule["expr"]))))
            used = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
            with self.subTest(rule["alert"]):
                self.assertLessEqual(used, grouped)


class Dashboard(unittest.TestCase):
    def test_every_series_of_its_queries_is_exported(self) -> None:
        self.assertGreater(len(queries()), 25)
        for query in queries():
            with self.subTest(query):
                used = names_in(query)
                self.assertTrue(used)
                self.assertLessEqual(used, exported_names())

    def test_every_series_of_the_program_is_shown(self) -> None:
        shown = {re.sub(r"_(bucket|sum|count)$", "", name)
                 for query in queries() for name in names_in(query)}
        left_out = set(declared()) - shown
        self.assertEqual(left_out, {
            "auditbridge_run_start_timestamp_seconds", "auditbridge_run_end_timestamp_seconds",
            "auditbridge_run_duration_seconds", "auditbridge_run_exit_code",
            "auditbridge_sources_left_out",
            "auditbridge_gap_seconds_total", "auditbridge_last_gap_timestamp_seconds",
            "auditbridge_last_dead_letter_timestamp_seconds",
            "auditbridge_retention_left_seconds", "process_virtual_memory_bytes",
            "process_start_time_seconds"})

    def test_labels_of_its_queries_exist(self) -> None:
        # What a query may also name: what Prometheus adds, and a histogram's bound.
        known = {"job", "instance", "le"}.union(*(labels for _, labels in declared().values()))
        for query in queries():
            grouped = re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query)))
            matched = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", query)
            with self.subTest(query):
                self.assertLessEqual(set(grouped + matched), known)

    def test_prometheus_can_parse_its_queries(self) -> None:
        rules = [{"record": f"panel:{i}", "expr": re.sub(r"\$\w+", "5m", query)}
                 for i, query in enumerate(queries()) if "label_values" not in query]
        text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
        done = subprocess.run(["promtool", "check", "rules", "/dev/stdin"], input=text,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
