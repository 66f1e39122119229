"""What packs say of a catalogue, counted without the program: from the YAML, with regular
expressions. golden/mapping_coverage.py holds the program's figures against it."""
import csv
import re
from collections import Counter, defaultdict

import yaml

# records: the columns of the catalogue, and the word in a scope.
COLUMNS = {"aws-cloudtrail": ("eventSource", "operation", "aws"),
           "azure-activity": ("provider_namespace", "operation", "azure"),
           "entra-audit": ("service", "activityDisplayName", "entra"),
           "gcp-audit": ("serviceName", "methodName", "gcp")}
DATE = re.compile(r"(20\d{6}(v\d)?|20\d\d_\d\d_\d\d)$")
VERSION = re.compile(r"v\d+(p\d+)?((alpha|beta)\d*)?|(alpha|beta)\d*")


def as_list(value):
    return value if isinstance(value, list) else [value]


def rows(file):
    with file.open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)


class Recount:
    """The writes of one provider, by what becomes of them."""

    def __init__(self, records, packs):
        self.records = records
        self.names = defaultdict(list)     # (service, operation): entries
        self.patterns = defaultdict(list)  # service: (pattern, entry)
        for file in packs.rglob("*.yaml"):
            pack = yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            if pack["records"] == records:
                for rule in pack.get("rules") or []:
                    kind = "conditional" if rule.get("when") else "mapped"
                    self.add(rule, kind, [str(letter) for letter in rule["principles"]])
                for decision in pack.get("no_principle") or []:
                    self.add(decision, "no_principle", [decision["class"]])

    def fold(self, text):
        return text if self.records == "aws-cloudtrail" else text.lower()

    def spell(self, operation):
        operation = self.fold(operation.strip())
        if self.records == "aws-cloudtrail":
            return DATE.sub("", operation)
        if self.records == "gcp-audit":
            *parts, method = operation.split(".")
            return ".".join([part for part in parts if not VERSION.fullmatch(part)] + [method])
        return operation

    def add(self, entry, kind, words):
        if not words:
            return  # a rule without principles decides nothing
        for service in as_list(entry.get("service", "")):
            for operation in as_list(entry["operations"]):
                if "*" in operation:
                    pattern = re.escape(self.fold(operation)).replace(r"\*", ".*")
                    self.patterns[self.fold(service)].append((re.compile(pattern), (kind, words)))
                else:
                    key = self.fold(service), self.spell(operation)
                    self.names[key].append((kind, words))

    def judge(self, service, operation):
        """Its kind, and the principles that it has without a condition."""
        key = service if self.records == "aws-cloudtrail" else ""
        found = self.names[(key, operation)] + [
            entry for pattern, entry in self.patterns[key] if pattern.fullmatch(operation)]
        kinds = {kind for kind, _ in found}
        letters = {word for kind, words in found if kind == "mapped" for word in words}
        for kind in ("mapped", "conditional", "no_principle"):
            if kind in kinds:
                return kind, letters
        return "undecided", letters

    def count(self, catalogue, scope, priority):
        """How many writes are of each kind, and how many have each letter."""
        service, operation, word = COLUMNS[self.records]
        wanted = {self.fold(row["service"]) for row in rows(scope)
                  if row["provider"] == word and int(row["priority"]) <= priority}
        writes = {(self.fold(row[service]), self.spell(row[operation]))
                  for row in rows(catalogue) if row.get("kind") != "read"}
        kinds, letters = Counter(), Counter()
        for one in writes:
            if one[0] in wanted:
                kind, found = self.judge(*one)
                kinds[kind] += 1
                letters.update(found)
        return kinds, letters
