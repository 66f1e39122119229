"""A fake Azure Resource Manager and Microsoft Graph: HTTPS on loopback, one origin for both
and for the token endpoint. It runs in the test's own process, so that a test may look in."""

import json
import os
import random
import re
import secrets
import shutil
import ssl
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qsl, unquote, urlsplit

import certificate
from azure_events import DIRECTORY, SIGNINS, TENANT, AzureEvent, AzureScenario, AzureSpec
from clock import CloudClock
from faults import Kill, Killer

CLIENT, SECRET = "c1000000-0000-4000-8000-00000000000a", "s+/=~ecret"
HTML = b"<html><body><h1>Sign in to the network</h1></body></html>"
RETENTION_S = {"arm": 90 * 86400, "graph": 30 * 86400}
TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)"
# "No other syntax is allowed": the Activity Log quotes its times, Graph does not.
ARM_FILTER = re.compile(rf"eventTimestamp ge '{TIME}' and eventTimestamp le '{TIME}'")
GRAPH_FILTER = {name: re.compile(rf"{name} ge {TIME} and {name} le {TIME}")
                for name in ("activityDateTime", "createdDateTime")}
VALUES = "/providers/Microsoft.Insights/eventtypes/management/values"
KINDS = ("error_500", "error_503", "throttle", "throttle_date", "html", "same_page", "foreign",
         "empty_page", "expired", "invalid_skip", "denied", "repeat")


@dataclass
class AzureFault:
    kind: str
    page: int | None = None   # only while serving this page of a walk, from 1
    stream: str | None = None
    skip: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        assert self.kind in KINDS, self.kind


@dataclass
class Walk:
    """What a skip token stands for."""

    events: list[AzureEvent]
    at: int
    page: int
    stream: str


class Refusal(Exception):
    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, headers or {}


def ticks_of(text: str) -> int:
    whole, _, fraction = text.rstrip("Z").partition(".")
    second = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()
    return int(second) * 10_000_000 + int(fraction.ljust(7, "0") or 0)


@dataclass
class SecretTokens:
    """One application with one secret. azure_token.AzureTokens knows every other way."""

    life_s: float = 3599
    issued: dict[str, tuple[str, float]] = field(default_factory=dict)

    def issue(self, form: dict[str, str], now: float) -> dict | None:
        if form.get("client_id") != CLIENT or form.get("client_secret") != SECRET:
            return None
        token = "fake-token-" + secrets.token_urlsafe(12)
        self.issued[token] = (form["scope"].removesuffix("/.default"), now + self.life_s)
        return {"token_type": "Bearer", "expires_in": int(self.life_s), "access_token": token}

    def forget(self, authorization: str | None) -> None:
        self.issued.pop((authorization or "").removeprefix("Bearer "), None)

    def problem(self, authorization: str | None, audience: str, now: float) -> str | None:
        found = self.issued.get((authorization or "").removeprefix("Bearer "))
        if found is None or now >= found[1]:
            return "ExpiredAuthenticationToken"
        return None if found[0] == audience else "InvalidAuthenticationTokenAudience"


class AzureCloud:
    """with AzureCloud(spec) as sim: the fake runs, and ends with the block."""

    def __init__(self, spec: AzureSpec, now: float | None = None, page_size: int = 200,
                 tick_s: float = 0.55) -> None:
        self.spec = spec
        self.scenario = AzureScenario(spec)
        self.clock = CloudClock(spec.start if now is None else now)
        self.page_size = page_size
        self.tick_s = tick_s
        self.tokens = SecretTokens()
        self.subscriptions = list(spec.subscriptions)  # what discovery shows
        self.killer = Killer()
        self.faults: list[AzureFault] = []
        self.shares: dict[str, float] = {}
        self.random = random.Random(spec.seed)
        self.fired: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.requests: list[str] = []
        self.walks: dict[str, Walk] = {}
        self.lock = threading.Lock()

    def __enter__(self) -> "AzureCloud":
        self._folder = Path(tempfile.mkdtemp(prefix="cloudsim-azure-"))
        self.ca_file = str(certificate.make(self._folder))
        self._server = AzureServer(self, certificate.server_context(self._folder))
        self.endpoint = f"https://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._folder)

    def now(self) -> float:
        return self.clock.now()

    def advance(self, seconds: float) -> float:
        return self.clock.advance(seconds)

    def arm(self, *faults: AzureFault, random: dict[str, float] | None = None) -> None:
        """Replaces what was armed before. random: kinds by their shares of the requests."""
        with self.lock:
            self.faults = list(faults)
            self.shares = dict(random or {})

    def call(self, command: str, **request: int | str) -> dict:
        """What the kill suite asks of a fake cloud, as control.py answers it for AWS."""
        if command == "state":
            return {"counts": dict(self.counts), "faults": dict(self.fired)}
        assert command == "kill"
        if "pid" not in request:
            self.killer.arm(None)
            return {}
        page = request.get("page")
        self.killer.arm(Kill(os.pidfd_open(int(request["pid"])), str(request["point"]),
                             None if page is None else int(page), int(request.get("skip", 0))))
        return {}

    def _random_fault(self) -> str | None:
        score = self.random.random()
        for kind, share in self.shares.items():
            score -= share
            if score < 0:
                self.fired[kind] += 1
                return kind
        return None

    def take_fault(self, stream: str, page: int) -> str | None:
        with self.lock:
            kind = self._random_fault()
            if kind is not None:
                return kind
            for fault in self.faults:
                if fault.times == 0 or fault.page not in (None, page) or \
                        fault.stream not in (None, stream):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                self.fired[fault.kind] += 1
                return fault.kind
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers, and each half of a body, are writes of their own
    server: "AzureServer"
    at_page = 0  # of the walk that is served now

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.cloud.clock.http_date()

    def handle(self) -> None:
        try:
            super().handle()
        except (ssl.SSLError, ConnectionError, TimeoutError):
            self.close_connection = True

    def do_POST(self) -> None:
        cloud = self.server.cloud
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        with cloud.lock:
            cloud.counts["tokens"] += 1
        if self.path != f"/{TENANT}/oauth2/v2.0/token":
            return self.send(400, {"error": "invalid_request", "error_codes": [90002]})
        token = cloud.tokens.issue(form, cloud.now())
        if token is None:
            return self.send(401, {"error": "invalid_client", "error_codes": [7000215]})
        return self.send(200, token)

    def do_GET(self) -> None:
        cloud = self.server.cloud
        if cloud.killer.at("before_read"):
            self.close_connection = True
            return
        cloud.clock.advance(cloud.tick_s)
        with cloud.lock:
            cloud.requests.append(self.path)
            cloud.counts["requests"] += 1
        self.at_page = 0
        try:
            self.answer()
        except Refusal as refusal:
            self.send(refusal.status, {"error": {"code": refusal.code, "message": refusal.code}},
                      refusal.headers)
        if cloud.killer.at("after_answer", self.at_page):
            self.close_connection = True

    def answer(self) -> None:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        graph = url.path.startswith("/v1.0/")
        if graph:
            stream = {"/v1.0/auditLogs/directoryAudits": DIRECTORY,
                      "/v1.0/auditLogs/signIns": SIGNINS}.get(url.path, "")
        else:
            stream = self.arm_stream(url.path)
        self.check_token("https://graph.microsoft.com" if graph else "https://management.azure.com")
        if url.path == "/subscriptions":
            return self.send(200, {"value": [{"subscriptionId": s, "displayName": f"sub-{s[-1]}",
                                              "state": "Enabled"}
                                             for s in self.server.cloud.subscriptions]})
        if stream == "":
            raise Refusal(404, "SubscriptionNotFound")
        return self.page(stream, graph, query)

    def arm_stream(self, path: str) -> str:
        if path == VALUES:
            return TENANT
        found = re.fullmatch(r"/subscriptions/([0-9a-f-]+)" + VALUES, path)
        known = self.server.cloud.subscriptions
        return found[1] if found and found[1] in known else ""

    def check_token(self, audience: str) -> None:
        cloud = self.server.cloud
        problem = cloud.tokens.problem(self.headers.get("Authorization"), audience, cloud.now())
        if problem is not None:
            raise Refusal(401, problem, {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def walk_of(self, stream: str, graph: bool, query: dict[str, str]) -> Walk:
        cloud = self.server.cloud
        token = query.get("$skiptoken" if graph else "$skipToken")
        if token is not None:
            walk = cloud.walks.get(token)
            if walk is None or walk.stream != stream:
                raise Refusal(400, "BadRequest")
            return walk
        return Walk(self.select(stream, graph, query), 0, 1, stream)

    def select(self, stream: str, graph: bool, query: dict[str, str]) -> list[AzureEvent]:
        """Checks as the services do; oldest first for Graph, three regions' stores for ARM."""
        cloud = self.server.cloud
        name = "createdDateTime" if stream == SIGNINS else "activityDateTime"
        pattern = GRAPH_FILTER[name] if graph else ARM_FILTER
        found = pattern.fullmatch(query.get("$filter", ""))
        wanted = {"$filter", "$orderby", "$top"} if graph else {"$filter", "api-version"}
        if found is None or set(query) != wanted or query.get("api-version") not in (None, "2015-04-01"):
            raise Refusal(400, "BadRequest")
        first, last = ticks_of(found[1]), ticks_of(found[2])
        if first / 10_000_000 < cloud.now() - RETENTION_S["graph" if graph else "arm"]:
            raise Refusal(400, "OutOfRetention")
        events = cloud.scenario.visible(stream, first, last, cloud.now())
        if graph:
            return events
        return [e for region in range(3) for e in reversed(events[region::3])]

    def page(self, stream: str, graph: bool, query: dict[str, str]) -> None:
        cloud = self.server.cloud
        walk = self.walk_of(stream, graph, query)
        fault = cloud.take_fault(stream, walk.page)
        self.at_page = walk.page
        if cloud.killer.at("after_read", walk.page):
            raise ConnectionError
        self.raise_fault(fault, graph)
        size = min(cloud.page_size, int(query.get("$top", cloud.page_size)))
        start = walk.at
        if fault == "same_page":
            cloud.arm(AzureFault("same_page", times=50), random=cloud.shares)
            start = 0
        end = start if fault == "empty_page" else min(start + size, len(walk.events))
        events = walk.events[start:end]
        if fault == "repeat" and start > 0:  # an id on two pages
            events = [walk.events[start - 1], *events]
        link = ""
        if end < len(walk.events) or fault in ("same_page", "foreign", "empty_page"):
            link = self.link(graph, Walk(walk.events, end, walk.page + 1, stream), fault)
        body = '{"value":[' + ",".join(e.text for e in events) + "]"
        if link:
            body += f',{json.dumps("@odata.nextLink" if graph else "nextLink")}:{json.dumps(link)}'
        with cloud.lock:
            cloud.counts["events"] += len(events)
        if fault == "html":
            return self.send_bytes(200, HTML, {"Content-Type": "text/html"})
        return self.send_bytes(200, (body + "}").encode(), {"Content-Type": "application/json"})

    def raise_fault(self, fault: str | None, graph: bool) -> None:
        cloud = self.server.cloud
        if fault in ("error_500", "error_503"):
            raise Refusal(int(fault[-3:]), "ServerError")
        if fault == "throttle":
            raise Refusal(429, "TooManyRequests", {"Retry-After": "2"})
        if fault == "throttle_date":
            later = CloudClock(cloud.now() + 3)
            raise Refusal(429, "TooManyRequests", {"Retry-After": later.http_date()})
        if fault == "expired":
            cloud.tokens.forget(self.headers.get("Authorization"))
            raise Refusal(401, "ExpiredAuthenticationToken",
                          {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if fault == "invalid_skip":
            cloud.walks.clear()
            raise Refusal(400, "BadRequest")
        if fault == "denied":
            raise Refusal(403, "Authorization_RequestDenied" if graph else "AuthorizationFailed")

    def link(self, graph: bool, walk: Walk, fault: str | None) -> str:
        cloud = self.server.cloud
        token = "page1" if fault == "same_page" else \
            f"EU1:-1:FFFFFFFF;US1:{secrets.token_hex(4)};AS1:{walk.page}"
        cloud.walks[token] = walk
        host = "https://evil.example" if fault == "foreign" else cloud.endpoint
        path = unquote(urlsplit(self.path).path)
        return f"{host}{path}?" + (f"$skiptoken={token}" if graph
                                   else f"api-version=2015-04-01&$skipToken={token}")

    def send(self, status: int, body: dict, headers: dict[str, str] | None = None) -> None:
        self.send_bytes(status, json.dumps(body).encode(),
                        {"Content-Type": "application/json", **(headers or {})})

    def send_bytes(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("x-ms-ratelimit-remaining-subscription-reads", "249")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if self.server.cloud.killer.at("mid_answer", self.at_page):
            self.close_connection = True
            return
        self.wfile.write(body[half:])


class AzureServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, cloud: AzureCloud, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.cloud = cloud
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
