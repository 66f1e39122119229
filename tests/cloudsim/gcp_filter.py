"""The part of the Logging query language that the program writes, read strictly: what
Logging would refuse is refused here, and what it would understand otherwise as well."""

import re
from dataclasses import dataclass
from datetime import datetime

from gcp_events import PREFIX, GcpEvent

TIME = r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)"'
BOUNDS = re.compile("".join(f" AND {name}>={TIME} AND {name}<={TIME}"
                            for name in ("timestamp", "receiveTimestamp")) + "$")
LOG = re.compile(rf'log_id\("{PREFIX}/([a-z_]+)"\)')
LIMITED = re.compile(rf'\(log_id\("{PREFIX}/([a-z_]+)"\) AND '
                     r'protoPayload\.serviceName=\(("[a-z0-9.-]+"(?: OR "[a-z0-9.-]+")*)\)\)')
EXCLUSION = re.compile(r' AND NOT \(protoPayload\.methodName:"([^"\\]+)"\)')
LOG_NAME = re.compile(rf' AND logName="([a-zA-Z]+/[^/"]+)/logs/{re.escape(PREFIX)}%2F([a-z_]+)"')
LOGS = ("activity", "system_event", "policy", "data_access")


class BadFilter(Exception):
    pass


def nanos(text: str) -> int:
    whole, _, fraction = text.rstrip("Z").partition(".")
    second = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return second * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


@dataclass
class Filter:
    logs: dict[str, tuple[str, ...]]   # log to its services; () is any
    excluded: list[str]
    happened: tuple[int, int]
    received: tuple[int, int]
    parent: str = ""                   # that logName names; "": it names none

    def shows(self, event: GcpEvent) -> bool:
        services = self.logs.get(event.log)
        return (services is not None and (not services or event.service in services)
                and not any(part.lower() in event.method.lower() for part in self.excluded)
                and self.parent in ("", event.parent)
                and self.happened[0] <= event.at <= self.happened[1]
                and self.received[0] <= event.received <= self.received[1])


def read_logs(text: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """The first bracket, and what is behind it."""
    if not text.startswith("("):
        raise BadFilter("no bracket around the logs")
    logs: dict[str, tuple[str, ...]] = {}
    at = 1
    while True:
        found = LIMITED.match(text, at) or LOG.match(text, at)
        if found is None or found[1] not in LOGS:
            raise BadFilter(f"no log at {at}")
        services = found[2] if found.re is LIMITED else ""
        logs[found[1]] = tuple(part.strip('"') for part in services.split(" OR ") if part)
        at = found.end()
        if text.startswith(" OR ", at):
            at += 4
            continue
        if not text.startswith(")", at):
            raise BadFilter(f"neither OR nor a bracket at {at}")
        return logs, text[at + 1:]


def parse(text: str) -> Filter:
    if len(text) > 20_000:
        raise BadFilter("longer than 20000 characters")
    logs, rest = read_logs(text)
    excluded, parent = [], ""
    if (found := LOG_NAME.match(rest)) is not None:
        parent = found[1]
        logs = {name: services for name, services in logs.items() if name == found[2]}
        rest = rest[found.end():]
    while (found := EXCLUSION.match(rest)) is not None:
        excluded.append(found[1])
        rest = rest[found.end():]
    found = BOUNDS.fullmatch(rest)
    if found is None:
        raise BadFilter(f"unknown: {rest[:80]}")
    first, last, taken_first, taken_last = (nanos(part) for part in found.groups())
    return Filter(logs, excluded, (first, last), (taken_first, taken_last), parent)
