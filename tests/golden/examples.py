#!/usr/bin/python3
"""docs/examples.md shows one event for each letter of principles 2 and 3 and each cloud, as
the program writes it: the golden events, which golden.events holds against the program.

EVENTS_UPDATE=1 writes the page anew.
"""
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "tests/golden/events"
WIDTH = 100
PAGE = ROOT / "docs/examples.md"
HEAD = """\
# Examples

One event for each letter of principles 2 and 3, from each cloud, as the default format `ecs` has it. They are made by the program from
records of our own making, and compared with this page by a test. `event.original`, the record itself, and `event.hash` are left out here.
[The event](event.md) says what each member means.
"""
# Letter: what it is, and a case of tests/golden/events for AWS, Azure and Google Cloud.
LETTERS = {
    "2a": ("a group or role is made, changed or deleted",
           ("aws_group_create", "azure_role_with_any_action", "gcp_role_create")),
    "2b": ("a membership changes",
           ("membership", "azure_started_role_assignment", "gcp_group_member")),
    "2c": ("a higher privilege is taken for a time",
           ("aws_assume_role", "entra_pim_activation", "gcp_system_event")),
    "3a": ("power or service on or off",
           ("aws_instance_stop", "azure_vm_stop", "gcp_vm_stop")),
    "3b": ("a resource is created, deleted or suspended",
           ("aws_instance_create", "azure_vm_image_and_size", "gcp_operation_last")),
    "3c": ("software is updated",
           ("aws_code_update", "azure_patch", "gcp_cluster_upgrade")),
    "3e": ("an address is allocated",
           ("aws_address_allocate", "azure_public_address", "gcp_operation_first")),
    "3f": ("a firewall or routing rule changes",
           ("aws_security_group_allow", "azure_firewall_rule", "gcp_firewall_create")),
    "3g": ("a network changes",
           ("aws_subnet_create", "azure_network_interface", "gcp_network_create")),
}
CLOUDS = ("AWS", "Azure", "Google Cloud")


def pretty(value: object, margin: str = "") -> str:
    """JSON in which whatever fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(margin) + len(line) <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = margin + "  "
    if isinstance(value, list):
        parts = [inner + pretty(item, inner) for item in value]
        return "[\n" + ",\n".join(parts) + f"\n{margin}]"
    parts = [f"{inner}{json.dumps(key)}: {pretty(item, inner)}" for key, item in value.items()]
    return "{\n" + ",\n".join(parts) + f"\n{margin}}}"


def example(case: str, letter: str) -> str:
    event = json.loads((EVENTS / case / "event.json").read_text())
    if letter not in event["moj"]["principles"]:
        sys.exit(f"golden event {case} answers {event['moj']['principles']}, not {letter}")
    for name in ("original", "hash"):
        event["event"].pop(name, None)
    return pretty(event)


def page() -> str:
    parts = [HEAD]
    for letter, (meaning, cases) in LETTERS.items():
        parts.append(f"\n## {letter}: {meaning}\n")
        for cloud, case in zip(CLOUDS, cases, strict=True):
            parts.append(f"\n### {letter}, {cloud}\n\n```json\n{example(case, letter)}\n```\n")
    return "".join(parts)


def main() -> int:
    if os.environ.get("EVENTS_UPDATE"):
        PAGE.write_text(page())
    if PAGE.read_text() != page():
        print("docs/examples.md is not what the program writes; EVENTS_UPDATE=1 writes it "
              "anew", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
