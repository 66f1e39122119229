#!/usr/bin/python3
"""The policies in docs/providers/aws.md allow what the program calls, and nothing else; those of
the quick start allow nothing that it does not call."""

import json
import os
import pathlib
import re
import sys

import yaml

os.chdir(pathlib.Path(__file__).resolve().parents[1])
PAGE = pathlib.Path("docs/providers/aws.md").read_text()
QUICK_START = pathlib.Path("docs/quickstart-aws.md").read_text()
# What an assumed identity proves by itself: no policy of ours grants it.
OWN = {"sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"}


class Template(yaml.SafeLoader):
    """CloudFormation's own tags are kept as texts."""


Template.add_multi_constructor("!", lambda loader, tag, node: node.value)


def blocks(language, page=PAGE):
    return re.findall(rf"```{language}\b[^\n]*\n(.*?)```", page, flags=re.S)


def actions_of(statements):
    for statement in statements:
        action = statement["Action"]
        yield from [action] if isinstance(action, str) else action


def allowed():
    for text in blocks("json"):
        yield from actions_of(json.loads(text)["Statement"])
    for text in blocks("yaml"):
        page = yaml.load(text, Loader=Template)
        role = page.get("Resources", {}).get("Role", {}).get("Properties")
        if role:
            for policy in role["Policies"]:
                yield from actions_of(policy["PolicyDocument"]["Statement"])
            yield from actions_of(role["AssumeRolePolicyDocument"]["Statement"])
    for text in blocks("hcl"):
        yield from re.findall(r'"([a-z0-9]+:[A-Z]\w+)"', text.replace("sts:ExternalId", ""))


def allowed_to_begin():
    for text in blocks("json", QUICK_START):
        yield from actions_of(json.loads(text)["Statement"])


def called():
    for path in sorted(path for room in ("src/aws", "providers/aws")
                       for path in pathlib.Path(room).glob("*.c")):
        yield from re.findall(r'"([a-z0-9]+:[A-Z]\w+)"', path.read_text())


def main():
    calls, grants = set(called()) - OWN, set(allowed())
    for action in sorted(calls - grants):
        print(f"{action}: called, and no policy of docs/providers/aws.md allows it")
    for action in sorted(grants - calls):
        print(f"{action}: allowed in docs/providers/aws.md, and never called")
    begin = set(allowed_to_begin())
    for action in sorted(begin - calls):
        print(f"{action}: allowed in docs/quickstart-aws.md, and never called")
    print(f"{len(calls)} actions called, {len(grants)} allowed, {len(begin)} to begin with")
    return 1 if calls != grants or not calls or not begin or begin - calls else 0


sys.exit(main())
