"""The other services: EC2's DescribeRegions and Organizations' ListAccounts."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from errors import ApiError, QueryError
from sts import VERSION as STS_VERSION
from world import World

JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"
ORGANIZATIONS = "AWSOrganizationsV20161128."
EC2_VERSION = "2016-11-15"
EC2_SPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


@dataclass(frozen=True)
class Call:
    """Which operation of which service a request is for, before anything is checked."""

    service: str
    operation: str
    form: dict[str, str]


@dataclass(frozen=True)
class Reply:
    body: bytes
    content_type: str


def identify(target: str, content_type: str, body: bytes) -> Call | None:
    """None: LookupEvents, or nothing that is known here."""
    if target.startswith(ORGANIZATIONS):
        return Call("organizations", target.removeprefix(ORGANIZATIONS), {})
    if content_type.partition(";")[0] != FORM:
        return None
    form = {name: values[0] for name, values in
            parse_qs(body.decode(errors="replace"), keep_blank_values=True).items()}
    for service, version in (("ec2", EC2_VERSION), ("sts", STS_VERSION)):
        if form.get("Version") == version:
            return Call(service, form.get("Action", ""), form)
    return None


def region_item(region: str, status: str) -> str:
    return (f"<item><regionName>{escape(region)}</regionName>"
            f"<regionEndpoint>ec2.{escape(region)}.amazonaws.com</regionEndpoint>"
            f"<optInStatus>{status}</optInStatus></item>")


def describe_regions(world: World, account: str, call: Call, _: bytes) -> Reply:
    if account in world.layout.no_regions:
        raise QueryError("UnauthorizedOperation",
                         "You are not authorized to perform this operation.", 403)
    items = [region_item(region, "opt-in-not-required") for region in world.regions(account)]
    if call.form.get("AllRegions") == "true":
        items += [region_item(region, "not-opted-in") for region in world.layout.disabled]
    text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<DescribeRegionsResponse xmlns='
            f'"{EC2_SPACE}"><requestId>{secrets.token_hex(8)}</requestId>'
            f'<regionInfo>{"".join(items)}</regionInfo></DescribeRegionsResponse>')
    return Reply(text.encode(), "text/xml;charset=UTF-8")


def account_item(what: dict[str, str]) -> dict[str, object]:
    state = what.get("State", "ACTIVE")
    return {"Id": what["Id"], "Name": what.get("Name", f"account {what['Id']}"),
            "Arn": f"arn:aws:organizations::999999999999:account/o-example/{what['Id']}",
            "Email": f"{what['Id']}@example.org", "State": state, "JoinedMethod": "CREATED",
            "JoinedTimestamp": 1.6e9}


def list_accounts(world: World, account: str, _: Call, body: bytes) -> Reply:
    layout = world.layout
    if layout.organization_fails:
        raise ApiError("ServiceException", "try later", 500)
    if layout.management not in ("", account) or not layout.organization:
        raise ApiError("AccessDeniedException", "You don't have permissions to access this "
                       "resource.")
    query = json.loads(body)
    first = query.get("NextToken", "at-0").removeprefix("at-")
    if set(query) - {"NextToken", "MaxResults"} or not first.isdigit():
        raise ApiError("InvalidInputException", "You provided invalid values.")
    start = int(first)
    end = start + min(layout.page, query.get("MaxResults", 20))
    answer: dict[str, object] = {"Accounts": [account_item(each) for each in
                                              layout.organization[start:end]]}
    if end < len(layout.organization):
        answer["NextToken"] = f"at-{end}"
    return Reply(json.dumps(answer).encode(), JSON)


OPERATIONS: dict[tuple[str, str], Callable[[World, str, Call, bytes], Reply]] = {
    ("ec2", "DescribeRegions"): describe_regions,
    ("organizations", "ListAccounts"): list_accounts,
}


def answer(world: World, account: str, call: Call, body: bytes) -> Reply:
    operation = OPERATIONS.get((call.service, call.operation))
    if operation is None:
        raise ApiError("UnknownOperationException", "no such operation")
    return operation(world, account, call, body)
