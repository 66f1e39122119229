"""A fake Cloud Logging and Resource Manager: HTTPS on loopback, and a metadata server that
gives tokens. It runs in the test's own process, so that a test may look in."""

import hashlib
import json
import os
import random
import secrets
import shutil
import socket
import ssl
import struct
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit

import certificate
import gcp_filter
from clock import CloudClock
from faults import Kill, Killer
from gcp_events import GcpEvent, GcpScenario, GcpSpec
from gcp_manager import LIST, PRIVATE, GcpManager, Refusal, denied

HTML = b"<html><body><h1>Sign in to the network</h1></body></html>"
TOKEN_LIFE_S = 24 * 3600
OVERSIZED = 17 << 20
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close sends RST
KINDS = ("error_500", "error_503", "throttle", "html", "empty_page", "expired", "token_lost",
         "denied", "repeat", "truncate", "reset", "oversized", "disabled", "timeout",
         "consumer_gone")
MACHINE = "machine@audit.iam.gserviceaccount.com"   # the metadata server's account


@dataclass
class GcpFault:
    kind: str
    page: int | None = None   # only while serving this page of a walk, from 1
    skip: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        assert self.kind in KINDS, self.kind


@dataclass
class Walk:
    """What a page token stands for: the request it belongs to, and how far it got."""

    request: str
    after: tuple[int, str] | None
    page: int
    issued: float


class Tokens(Protocol):
    """What gcp_token.GcpTokens knows; it needs packages that the demo does without."""

    def problem(self, authorization: str | None) -> str | None: ...

    def revoke_all(self) -> None: ...


class GcpCloud:
    """with GcpCloud(spec) as sim: the fake runs, and ends with the block."""

    def __init__(self, spec: GcpSpec, now: float | None = None, tick_s: float = 0.55,
                 page_max: int = 1000, limit: int = 0) -> None:
        """page_max: the most entries in a page; limit: requests in a cloud minute, 0: any."""
        self.spec = spec
        self.scenario = GcpScenario(spec)
        self.clock = CloudClock(spec.start if now is None else now)
        self.tick_s, self.page_max, self.limit = tick_s, page_max, limit
        self.manager = GcpManager(spec.parents)
        self.killer = Killer()
        self.faults: list[GcpFault] = []
        self.shares: dict[str, float] = {}
        self.random = random.Random(spec.seed)
        self.fired: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.asked: list[dict] = []                # bodies of entries:list
        self.headers: list[dict[str, str]] = []
        self.walks: dict[str, Walk] = {}
        self.minutes: Counter[int] = Counter()
        self.token = "fake-gcp-token-" + secrets.token_urlsafe(9)
        self.tokens: Tokens | None = None          # who else may say which tokens are good
        self.exhausted_until = 0.0                 # cloud time until which the quota is used up
        self.lock = threading.Lock()

    def __enter__(self) -> "GcpCloud":
        self._folder = Path(tempfile.mkdtemp(prefix="cloudsim-gcp-"))
        self.ca_file = str(certificate.make(self._folder))
        self._server = Server(self, Handler, certificate.server_context(self._folder))
        self._metadata = Server(self, MetadataHandler)
        self.endpoint = f"https://localhost:{self._server.server_address[1]}"
        self.metadata = f"127.0.0.1:{self._metadata.server_address[1]}"
        for server in (self._server, self._metadata):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        for server in (self._server, self._metadata):
            server.shutdown()
            server.server_close()
        shutil.rmtree(self._folder)

    @property
    def tree(self) -> dict[str, dict]:
        return self.manager.tree

    @tree.setter
    def tree(self, tree: dict[str, dict]) -> None:
        self.manager.tree = tree

    @property
    def readable(self) -> set[str]:
        return self.manager.readable

    @readable.setter
    def readable(self, names: set[str]) -> None:
        self.manager.readable, self.manager.private = names, set(names)

    @property
    def gone(self) -> set[str]:
        return self.manager.gone

    @gone.setter
    def gone(self, names: set[str]) -> None:
        self.manager.gone = names

    def now(self) -> float:
        return self.clock.now()

    def advance(self, seconds: float) -> float:
        return self.clock.advance(seconds)

    def arm(self, *faults: GcpFault, random: dict[str, float] | None = None) -> None:
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
                             None if page is None else int(page),
                             int(request.get("skip", 0))))
        return {}

    def renew_token(self) -> None:
        """The token that was given is refused from now on."""
        if self.tokens is not None:
            self.tokens.revoke_all()
        self.token = "fake-gcp-token-" + secrets.token_urlsafe(9)

    def _random_fault(self) -> str | None:
        score = self.random.random()
        for kind, share in self.shares.items():
            score -= share
            if score < 0:
                self.fired[kind] += 1
                return kind
        return None

    def take_fault(self, page: int) -> str | None:
        with self.lock:
            kind = self._random_fault()
            if kind is not None:
                return kind
            for fault in self.faults:
                if fault.times == 0 or fault.page not in (None, page):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                self.fired[fault.kind] += 1
                return fault.kind
        return None

    def select(self, parents: list[str], chosen: gcp_filter.Filter,
               after: tuple[int, str] | None) -> list[GcpEvent]:
        """Oldest first. after: the last that was given."""
        now, names = self.now(), set(parents)
        return [e for e in self.scenario.taken_in(*chosen.received)
                if e.parent in names and e.visible_at <= now and chosen.shows(e)
                and (after is None or (e.at, e.insert_id) > after)]


class MetadataHandler(BaseHTTPRequestHandler):
    server: "Server"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # who asked was killed

    def do_GET(self) -> None:
        cloud = self.server.cloud
        path = urlsplit(self.path).path
        body = json.dumps({"access_token": cloud.token, "expires_in": 3599,
                           "token_type": "Bearer"}).encode()
        is_token = path == "/computeMetadata/v1/instance/service-accounts/default/token"
        is_email = path == "/computeMetadata/v1/instance/service-accounts/default/email"
        is_ping = path in ("/", "/computeMetadata/v1/")
        known = is_token or is_ping or is_email
        if self.headers.get("Metadata-Flavor") != "Google":
            known = False
        if is_token and known:
            cloud.counts["tokens"] += 1
        if is_email:
            body = MACHINE.encode()
        body = body if known and not is_ping else b""
        self.send_response(200 if known else 404)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers, and each half of a body, are writes of their own
    server: "Server"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.cloud.clock.http_date()

    def handle(self) -> None:
        try:
            super().handle()
        except (ssl.SSLError, ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self) -> None:
        self.serve_manager(None)

    def serve_manager(self, body: dict | None) -> None:
        try:
            self.check_token()
            answer = self.server.cloud.manager.answer(self.command, self.path, body)
            self.send(200, json.dumps(answer).encode())
        except Refusal as refusal:
            self.send(refusal.status, json.dumps(refusal.body).encode())

    def do_POST(self) -> None:
        cloud = self.server.cloud
        if cloud.killer.at("before_read"):
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/v3/"):
            self.serve_manager(json.loads(body))
            return
        cloud.clock.advance(cloud.tick_s)
        with cloud.lock:
            cloud.counts["requests"] += 1
        try:
            if urlsplit(self.path).path != "/v2/entries:list":
                raise Refusal(404, "NOT_FOUND")
            request = json.loads(body)
            with cloud.lock:
                cloud.asked.append(request)
                cloud.headers.append(dict(self.headers.items()))
            self.answer(request)
        except Refusal as refusal:
            self.send(refusal.status, json.dumps(refusal.body).encode())
        if cloud.killer.at("after_answer"):
            self.close_connection = True

    def check_token(self) -> None:
        cloud, given = self.server.cloud, self.headers.get("Authorization")
        is_good = given == f"Bearer {cloud.token}" if cloud.tokens is None \
            else cloud.tokens.problem(given) is None
        if not is_good:
            cloud.counts["unauthenticated"] += 1
            raise Refusal(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")

    def check_quota(self) -> None:
        cloud = self.server.cloud
        minute = int(cloud.now() // 60)
        with cloud.lock:
            cloud.minutes[minute] += 1
            over = cloud.limit > 0 and cloud.minutes[minute] > cloud.limit
            cloud.counts["over_quota"] += over
        if over or cloud.now() < cloud.exhausted_until:
            self.throttle()

    def throttle(self) -> None:
        limit = str(self.server.cloud.limit or 60)
        raise Refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED",
                      {"service": "logging.googleapis.com", "consumer": "projects/42",
                       "quota_metric": "logging.googleapis.com/read_requests",
                       "quota_limit": "ReadRequestsPerMinutePerProject",
                       "quota_limit_value": limit, "quota_location": "global"})

    def walk_of(self, request: dict) -> Walk:
        """Checks as Logging does: a token is good only for the request that gave it."""
        cloud = self.server.cloud
        alike = {key: value for key, value in request.items() if key != "pageToken"}
        digest = hashlib.sha256(json.dumps(alike, sort_keys=True).encode()).hexdigest()
        token = request.get("pageToken")
        if token is None:
            return Walk(digest, None, 1, cloud.now())
        walk = cloud.walks.get(token)
        if walk is None or cloud.now() - walk.issued > TOKEN_LIFE_S:
            raise Refusal(400, "INVALID_ARGUMENT", message="page_token is not valid")
        if walk.request != digest:
            cloud.counts["changed_requests"] += 1
            raise Refusal(400, "INVALID_ARGUMENT", message="page_token is of another request")
        return walk

    def check_request(self, request: dict) -> gcp_filter.Filter:
        names = request.get("resourceNames", [])
        if set(request) - {"pageToken"} != {"resourceNames", "filter", "orderBy", "pageSize"}:
            raise Refusal(400, "INVALID_ARGUMENT", message="unknown or missing members")
        if not 1 <= len(names) <= 100 or not 1 <= request["pageSize"] <= 1000:
            raise Refusal(400, "INVALID_ARGUMENT", message="too many names, or entries")
        if request["orderBy"] != "timestamp asc":  # "timestamp desc" has no user here
            raise Refusal(400, "INVALID_ARGUMENT", message="orderBy")
        try:
            chosen = gcp_filter.parse(request["filter"])
        except gcp_filter.BadFilter as problem:
            self.server.cloud.counts["bad_filters"] += 1
            raise Refusal(400, "INVALID_ARGUMENT", message=f"filter: {problem}")
        if set(names) & self.server.cloud.gone:
            raise Refusal(404, "NOT_FOUND")
        if not set(names) <= self.server.cloud.readable:
            raise denied(LIST)
        if "data_access" in chosen.logs and not set(names) <= self.server.cloud.manager.private:
            raise denied(PRIVATE)
        return chosen

    def answer(self, request: dict) -> None:
        cloud = self.server.cloud
        walk = self.walk_of(request) if "pageToken" not in request else None
        page = walk.page if walk else getattr(cloud.walks.get(request["pageToken"]), "page", 1)
        fault = cloud.take_fault(page)
        if cloud.killer.at("after_read", page):
            self.close_connection = True
            return
        self.raise_fault(fault)
        self.check_token()
        self.check_quota()
        chosen = self.check_request(request)
        walk = walk or self.walk_of(request)
        events = cloud.select(request["resourceNames"], chosen, walk.after)
        size = 0 if fault == "empty_page" else min(request["pageSize"], cloud.page_max)
        shown = events[:size]
        last = (shown[-1].at, shown[-1].insert_id) if shown else walk.after
        if fault == "repeat" and shown:   # the next page begins with entries of this one
            last = (shown[len(shown) // 2].at, shown[len(shown) // 2].insert_id)
        parts = []
        if shown:
            parts.append('"entries":[' + ",".join(e.text for e in shown) + "]")
        if len(events) > size or fault == "repeat":
            token = secrets.token_urlsafe(24)
            cloud.walks[token] = Walk(walk.request, last, walk.page + 1, cloud.now())
            parts.append(f'"nextPageToken":"{token}"')
        with cloud.lock:
            cloud.counts["events"] += len(shown)
        self.send(200, ("{" + ",".join(parts) + "}").encode(), fault)

    def raise_fault(self, fault: str | None) -> None:
        cloud = self.server.cloud
        if fault in ("error_500", "error_503"):
            raise Refusal(int(fault[-3:]), "INTERNAL" if fault == "error_500" else "UNAVAILABLE")
        if fault == "timeout":
            raise Refusal(504, "DEADLINE_EXCEEDED")
        if fault == "throttle":
            self.throttle()
        if fault == "expired":
            cloud.renew_token()
        if fault == "token_lost":
            cloud.walks.clear()
        if fault == "denied":
            raise denied(PRIVATE)
        if fault == "disabled":
            raise Refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED",
                          {"service": "logging.googleapis.com", "consumer": "projects/42"})
        if fault == "consumer_gone":
            raise Refusal(403, "PERMISSION_DENIED", "CONSUMER_INVALID",
                          {"service": "logging.googleapis.com", "consumer": "projects/42"})
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()
            raise ConnectionError

    def send(self, status: int, body: bytes, fault: str | None = None) -> None:
        if fault == "html":
            body = HTML
        if fault == "oversized":
            body = body[:-1] + b"x" * OVERSIZED
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if fault == "html"
                         else "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if fault == "truncate" or self.server.cloud.killer.at("mid_answer"):
            self.close_connection = True
            return
        self.wfile.write(body[half:])


class Server(ThreadingHTTPServer):
    """Loopback only, on a free port."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, cloud: GcpCloud, handler: type[BaseHTTPRequestHandler],
                 context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.cloud = cloud
        if context is not None:
            # The handshake happens in the connection's own thread, at its first read.
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)
