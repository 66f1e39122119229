"""LookupEvents: what it accepts, what it answers, how it pages."""

import json
import secrets
from dataclasses import dataclass

from clock import CloudClock
from errors import ApiError
from scenario import Event, Scenario

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
CONTENT_TYPE = "application/x-amz-json-1.1"
PAGE = 50
RETENTION_S = 90 * 86400
MEMBERS = {"LookupAttributes": list, "StartTime": float, "EndTime": float, "EventCategory": str,
           "MaxResults": int, "NextToken": str}
ATTRIBUTES = ("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName",
              "EventSource", "AccessKeyId")


@dataclass(frozen=True)
class Token:
    """Where a walk goes on, and the parameters it is bound to."""

    parameters: str
    after: tuple[int, int] | None  # second and order of the last event given; None: the top
    page: int
    expires_at: float


@dataclass(frozen=True)
class Answer:
    body: bytes
    count: int
    page: int  # 1 for the first of a walk
    next_token: str | None


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_of(value: object, kind: type) -> bool:
    if kind is float:
        return is_number(value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def read_body(body: bytes) -> dict[str, object]:
    try:
        query = json.loads(body)
    except ValueError:
        raise ApiError("SerializationException", "the body is no JSON")
    if not isinstance(query, dict):
        raise ApiError("SerializationException", "Start of structure expected")
    for name, value in query.items():
        if name not in MEMBERS:
            raise ApiError("SerializationException", f"unknown member {name}")
        if not is_of(value, MEMBERS[name]):
            raise ApiError("SerializationException", f"{name} is of the wrong type")
    return query


def check_times(query: dict[str, object], now: float) -> tuple[float, float]:
    start = float(str(query.get("StartTime", now - RETENTION_S)))
    end = float(str(query.get("EndTime", now)))
    if start > end:
        raise ApiError("InvalidTimeRangeException", "StartTime is after EndTime")
    if start < now - RETENTION_S:
        raise ApiError("InvalidTimeRangeException", "StartTime is older than 90 days")
    return start, end


def read_attribute(query: dict[str, object]) -> tuple[str, str] | None:
    attributes = query.get("LookupAttributes", [])
    assert isinstance(attributes, list)
    if not attributes:
        return None
    wrong = ApiError("InvalidLookupAttributesException", "one known attribute with a value")
    if len(attributes) > 1 or not isinstance(attributes[0], dict):
        raise wrong
    item = attributes[0]
    key, value = item.get("AttributeKey"), item.get("AttributeValue")
    if set(item) != {"AttributeKey", "AttributeValue"} or key not in ATTRIBUTES or \
            not isinstance(value, str) or not 1 <= len(value) <= 2000:
        raise wrong
    return key, value


def matches(event: Event, attribute: tuple[str, str] | None) -> bool:
    if attribute is None:
        return True
    key, value = attribute
    if key in ("ResourceType", "ResourceName"):
        resources = event.outer["Resources"]
        assert isinstance(resources, list)
        return any(resource[key] == value for resource in resources)
    return event.outer.get(key) == value


def time_text(event: Event) -> str:
    """JSON numbers in the three ways that AWS services write them."""
    form = event.order % 3
    if form == 0:
        return str(event.second)
    if form == 1:
        return f"{event.second}.0"
    digits = str(event.second)
    return f"{digits[0]}.{digits[1:]}E{len(digits) - 1}"


def item_text(event: Event) -> str:
    head = json.dumps(event.outer)[:-1]
    return f'{head},"EventTime":{time_text(event)},"CloudTrailEvent":{json.dumps(event.text)}}}'


class Lookup:
    """Answers LookupEvents for one account and Region."""

    def __init__(self, scenario: Scenario, clock: CloudClock, token_life_s: float) -> None:
        self._scenario = scenario
        self._clock = clock
        self._token_life_s = token_life_s
        self._tokens: dict[str, Token] = {}

    def answer(self, body: bytes, overlap: int = 0) -> Answer:
        """overlap: so many events of this page are given again on the next."""
        query = read_body(body)
        now = self._clock.now()
        limit = query.get("MaxResults", PAGE)
        if not isinstance(limit, int) or not 1 <= limit <= PAGE:
            raise ApiError("InvalidMaxResultsException", "MaxResults must be 1 to 50")
        if query.get("EventCategory", "insight") != "insight":
            raise ApiError("InvalidEventCategoryException", "only insight")
        start, end = check_times(query, now)
        attribute = read_attribute(query)
        parameters = json.dumps({k: v for k, v in query.items() if k != "NextToken"},
                                sort_keys=True)
        token = self._resume(query.get("NextToken"), parameters, now)
        found = [] if "EventCategory" in query else [
            e for e in self._scenario.visible(start, end, now)
            if matches(e, attribute) and
            (token.after is None or (e.second, e.order) < token.after)]
        page = found[:limit]
        next_token = None
        if len(found) > limit:
            kept = max(1, limit - overlap)
            after = (page[kept - 1].second, page[kept - 1].order)
            next_token = self._issue(Token(parameters, after, token.page + 1,
                                           now + self._token_life_s))
        text = '{"Events":[' + ",".join(map(item_text, page)) + "]"
        if next_token is not None:
            text += f',"NextToken":"{next_token}"'
        return Answer((text + "}").encode(), len(page), token.page, next_token)

    def page_of(self, body: bytes) -> int:
        """Which page of its walk a request asks for; 1 also for what is no request."""
        try:
            token = self._tokens.get(str(json.loads(body).get("NextToken")))
        except (ValueError, AttributeError):
            return 1
        return token.page if token is not None else 1

    def forget_tokens(self) -> None:
        self._tokens.clear()

    def _resume(self, text: object, parameters: str, now: float) -> Token:
        if text is None:
            return Token(parameters, None, 1, now + self._token_life_s)
        token = self._tokens.get(str(text))
        if token is None or token.parameters != parameters or now >= token.expires_at:
            raise ApiError("InvalidNextTokenException",
                           "Invalid token or token that was previously used in a request "
                           "with different parameters.")
        return token

    def _issue(self, token: Token) -> str:
        text = secrets.token_urlsafe(96)
        self._tokens[text] = token
        return text
