"""`auditbridge mappings`: packs and catalogues of our own, through the program."""

import json
import unittest
from pathlib import Path

from test_cli import CliCase

PACK = """\
pack: ours
records: aws-cloudtrail
version: "1"
rules:
  - id: ours-user-add
    principles: [2b]
    service: ours.example
    operations: [AddUser, AddGuest]
    action: group-member-add
    why: a user joins
    examples:
      - record: {requestParameters: {userName: alice}}
  - id: ours-rule-open
    principles: [3f]
    service: ours.example
    operations: [ChangeDoor]
    when: {requestParameters.open: 'true'}
    action: firewall-change
"""
DECISIONS = """\
pack: ours
records: aws-cloudtrail
version: "1"
no_principle:
  - {class: label, service: ours.example, operations: [NameDoor], why: only its name}
"""
CATALOGUE = """\
eventSource\toperation\tkind
ours.example\tAddUser20150331\twrite
ours.example\tAddUser\twrite
ours.example\tAddGuest\twrite
ours.example\tChangeDoor\twrite
ours.example\tNameDoor\twrite
ours.example\tListDoors\tread
other.example\tMakeTea\twrite
"""
PARTS = ("coverage", "lint", "list", "test", "diff")


class MappingsCase(CliCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("packs/ours.yaml", PACK)
        self.write("packs/no-principle/ours.yaml", DECISIONS)
        self.catalogue = self.write("catalogue.tsv", CATALOGUE)

    def mappings(self, status: int, *arguments: str | Path) -> str:
        """What the program printed, with our packs in the place of the shipped ones."""
        done = self.ends(status, "mappings", *arguments)
        return done.stdout.decode() if status < 2 else done.stderr.decode()

    def coverage(self, status: int, *arguments: str | Path) -> str:
        return self.mappings(status, "coverage", "--provider", "aws-cloudtrail",
                             "--mappings", "packs", "--catalog", self.catalogue, *arguments)


class Usage(MappingsCase):
    def test_help_of_every_part_is_on_stdout_and_fits_a_terminal(self) -> None:
        for part in PARTS:
            with self.subTest(part):
                told = self.ends(0, "mappings", part, "--help").stdout.decode()
                self.assertIn(f"Usage: auditbridge mappings {part}", told)
                self.assertLessEqual(max(map(len, told.splitlines())), 86)

    def test_wrong_usage_ends_with_2_and_says_where_help_is(self) -> None:
        for arguments in ((), ("polish",), ("coverage",), ("coverage", "left"),
                          ("coverage", "--provider", "aws-cloudtrail"),
                          ("coverage", "--provider", "nobody", "--catalog", "x"),
                          ("coverage", "--provider", "aws-cloudtrail", "--catalog", "x",
                           "--priority", "2"),
                          ("coverage", "--provider", "aws-cloudtrail", "--catalog", "x",
                           "--sample", "none"),
                          ("coverage", "--provider", "aws-cloudtrail", "--catalog", "x",
                           "--sample", "5", "--output", "json"),
                          ("lint", "catalogue.tsv"), ("list", "--principle", "3d"),
                          ("list", "--output", "xml"), ("test", "left"), ("diff", "packs"),
                          ("diff", "packs", "packs", "--provider", "nobody")):
            with self.subTest(arguments):
                done = self.ends(2, "mappings", *arguments)
                self.assertIn(b"--help", done.stderr)
                self.assertEqual(done.stdout, b"")

    def test_a_broken_pack_ends_every_part_with_2_and_its_place(self) -> None:
        self.write("packs/ours.yaml", PACK.replace("[2b]", "[3d]"))
        for arguments in (("coverage", "--provider", "aws-cloudtrail", "--catalog",
                           self.catalogue, "--mappings", "packs"),
                          ("lint", "--mappings", "packs"), ("list", "--mappings", "packs"),
                          ("test", "--mappings", "packs"), ("diff", "packs", "packs")):
            with self.subTest(arguments[0]):
                self.assertRegex(self.mappings(2, *arguments),
                                 r"packs/ours.yaml:6:\d+: there is no 3d")


class Coverage(MappingsCase):
    def test_everything_is_decided(self) -> None:
        self.assertIn("aws-cloudtrail: 4 of 4 writes of 1 services decided (100.0 %): 2 mapped, "
                      "1 mapped on a condition, 1 of no principle, 0 undecided",
                      self.coverage(0))

    def test_services_that_no_pack_names_are_not_counted_and_told(self) -> None:
        self.assertIn("1 services of the catalogue are named by no pack", self.coverage(0))

    def test_what_is_undecided_fails_and_is_named(self) -> None:
        with self.catalogue.open("a") as file:
            file.write("ours.example\tBreakDoor\twrite\n")
        told = self.coverage(1)
        self.assertIn("4 of 5 writes of 1 services decided (80.0 %)", told)
        self.assertIn("  ours.example  BreakDoor\n", told)
        self.assertEqual(self.coverage(1, "--undecided"), "ours.example\tBreakDoor\n")

    def test_services_with_nothing_undecided_are_shown_when_asked_for(self) -> None:
        self.assertNotRegex(self.coverage(0), r"(?m)^ours\.example ")
        self.assertRegex(self.coverage(0, "--verbose"), r"(?m)^ours\.example +4 +2 +1 +1 +0 ")

    def test_a_scope_says_which_services_matter(self) -> None:
        scope = self.write("scope.tsv", "provider\tservice\tpriority\n"
                           "aws\tours.example\t1\naws\tother.example\t2\naws\tgone.example\t2\n"
                           "gcp\tours.example\t9\n")
        self.assertIn("4 of 4 writes", self.coverage(0, "--scope", scope, "--priority", "1"))
        told = self.coverage(1, "--scope", scope)
        self.assertIn("4 of 5 writes of 3 services", told)
        self.assertIn("in scope, and without a write in the catalogue: gone.example", told)

    def test_json_holds_the_same_figures(self) -> None:
        told = json.loads(self.coverage(0, "--output", "json"))
        self.assertEqual(told["total"], {"writes": 4, "mapped": 2, "conditional": 1,
                                         "no_principle": 1, "undecided": 0, "percent": 100.0})
        self.assertEqual(told["principles"]["2b"], {"mapped": 2, "conditional": 0})
        self.assertEqual(told["principles"]["3f"], {"mapped": 0, "conditional": 1})
        self.assertEqual(told["no_principle"]["label"], 1)
        self.assertEqual(told["services"][0]["service"], "ours.example")
        self.assertEqual(told["undecided"], [])

    def test_a_sample_is_for_a_second_reader(self) -> None:
        lines = [line.split("\t") for line in
                 self.coverage(0, "--sample", "60").splitlines()]
        self.assertEqual(sorted(lines), [
            ["ours.example", "AddGuest", "2b", "ours-user-add", "a user joins"],
            ["ours.example", "AddUser", "2b", "ours-user-add", "a user joins"],
            ["ours.example", "ChangeDoor", "3f?", "ours-rule-open",
             "firewall-change"],
            ["ours.example", "NameDoor", "label", "packs/no-principle/ours.yaml:5",
             "only its name"]])
        first = self.coverage(0, "--sample", "2", "--seed", "5")
        self.assertEqual(first.count("\n"), 2)
        self.assertEqual(self.coverage(0, "--sample", "2", "--seed", "5"), first)

    def test_a_wrong_catalogue_is_told_with_its_place(self) -> None:
        for text, told in (("a\tb\n", r"wrong.tsv:1:1: no heading of a catalogue"),
                           ("serviceName\tmethodName\n", r"wrong.tsv:1:1: these are operations "
                                                         r"of gcp-audit"),
                           ("eventSource\toperation\na\n", r"wrong.tsv:2:1: a row needs"),
                           ("eventSource\toperation\tkind\nx\tLook\tread\n",
                            r"wrong.tsv: holds no write of a service in scope")):
            with self.subTest(text):
                wrong = self.write("wrong.tsv", text)
                self.assertRegex(
                    self.mappings(2, "coverage", "--provider", "aws-cloudtrail", "--mappings",
                                  "packs", "--catalog", wrong), told)


class Lint(MappingsCase):
    def test_right_packs_have_no_finding(self) -> None:
        self.assertEqual(self.mappings(0, "lint", "--mappings", "packs", "--catalog",
                                       self.catalogue), "")

    def test_findings_have_a_place_and_end_with_1(self) -> None:
        self.write("packs/ours.yaml", PACK.replace("AddGuest]", "AddGest]"))
        told = self.mappings(1, "lint", "--mappings", "packs", "--catalog", self.catalogue)
        self.assertIn('packs/ours.yaml:5:5: "AddGest" is not in the catalogue; did you mean '
                      '"AddGuest"?\n', told)
        self.assertTrue(told.endswith("1 finding\n"))

    def test_a_catalogue_of_any_records_needs_a_provider(self) -> None:
        plain = self.write("plain.tsv", CATALOGUE.replace("eventSource", "service"))
        self.assertIn("plain.tsv:1:1: the heading does not say whose operations these are",
                      self.mappings(2, "lint", "--mappings", "packs", "--catalog", plain))
        self.mappings(0, "lint", "--mappings", "packs", "--catalog", plain, "--provider",
                      "aws-cloudtrail")


class List(MappingsCase):
    def test_rules_are_chosen_by_principle_and_service(self) -> None:
        table = self.mappings(0, "list", "--mappings", "packs", "--principle", "2b")
        self.assertRegex(table, r"(?m)^2b +ours\.example +AddUser and 1 more +- +group-member-add"
                                r" +ours-user-add +packs/ours\.yaml:5$")
        self.assertNotIn("ours-rule-open", table)
        table = self.mappings(0, "list", "--mappings", "packs", "--service", "OURS.example")
        self.assertEqual(table.count("\n"), 3)
        table = self.mappings(0, "list", "--mappings", "packs", "--service", "ours")
        self.assertEqual(table.count("\n"), 1)

    def test_services_of_records_without_them_are_the_beginning_of_the_operation(self) -> None:
        for provider, service in (("azure-activity", "Microsoft.Compute"),
                                  ("gcp-audit", "compute")):
            rules = json.loads(self.mappings(0, "list", "--provider", provider, "--service",
                                             service, "--output", "json"))
            self.assertTrue(rules)
            for rule in rules:
                self.assertTrue(any(operation.lower().startswith(service.lower())
                                    for operation in rule["operations"]), rule["id"])

    def test_json_holds_operations_and_conditions(self) -> None:
        rules = json.loads(self.mappings(0, "list", "--mappings", "packs", "--output", "json"))
        self.assertEqual([rule["id"] for rule in rules], ["ours-user-add", "ours-rule-open"])
        self.assertEqual(rules[0]["operations"], ["AddUser", "AddGuest"])
        self.assertEqual(rules[1]["when"], ['requestParameters.open is "true"'])


class Test(MappingsCase):
    def test_right_examples_are_counted(self) -> None:
        self.assertEqual(self.mappings(0, "test", "--mappings", "packs"),
                         "1 example tried, 0 failed\n")

    def test_an_example_that_comes_to_something_else_is_told_with_its_place(self) -> None:
        self.write("packs/ours.yaml", PACK.replace(
            "{userName: alice}}", "{userName: alice}}\n        principles: [2c]"))
        told = self.mappings(1, "test", "--mappings", "packs")
        self.assertIn('packs/ours.yaml:12:9: rule "ours-user-add": it answers 2b, not 2c\n', told)
        self.assertTrue(told.endswith("1 example tried, 1 failed\n"))


class Diff(MappingsCase):
    def test_what_a_new_version_changes(self) -> None:
        self.write("new/ours.yaml", PACK.replace("[2b]", "[2b, 6]").replace(
            "ours-rule-open", "ours-door"))
        told = self.mappings(0, "diff", "packs", "new", "--provider", "aws-cloudtrail")
        self.assertEqual(told, "+ rule ours-door (new/ours.yaml:13)\n"
                               "- rule ours-rule-open (packs/ours.yaml:13)\n"
                               "~ rule ours-user-add (new/ours.yaml:5)\n"
                               "ours.example AddGuest: 2b -> 2b, 6\n"
                               "ours.example AddUser: 2b -> 2b, 6\n"
                               "ours.example NameDoor: none: label -> undecided\n"
                               "aws-cloudtrail: 1 rules added, 1 removed, 1 changed; "
                               "3 operations come to something else\n")

    def test_versions_that_say_the_same(self) -> None:
        told = self.mappings(0, "diff", "packs", "packs", "--catalog", self.catalogue)
        for line in told.splitlines():
            self.assertRegex(line, r"^[a-z-]+: 0 rules added, 0 removed, 0 changed; "
                                   r"0 operations come to something else$")


if __name__ == "__main__":
    unittest.main()
