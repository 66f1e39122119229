"""The fake cloud itself: HTTPS on loopback, one thread a connection."""

import socket
import ssl
import struct
import threading
import time
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import services
import sts
from clock import CloudClock
from errors import ApiError, denied, expired, throttled
from faults import Fault, Faults, Killer
from lookup import CONTENT_TYPE, TARGET, Answer
from sign import Key, Received, Signer, check_signature, claimed_scope, invalid_signature
from world import Place, World

BODY_MAX = 1 << 20
OVERSIZED = 17 << 20
SOCKET_TIMEOUT_S = 30
PIECE_WAIT_S = 0.3
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close sends RST
HTML = b"<html><body><h1>It works!</h1></body></html>"


class Cloud:
    """What the server's threads share."""

    def __init__(self, world: World, clock: CloudClock, keys: dict[str, Key],
                 tick_s: float = 0.0, seed: int = 1) -> None:
        self.world = world
        self.clock = clock
        self.keys = keys
        self.tick_s = tick_s
        self.sts = sts.Sts(clock, keys)
        self.faults = Faults(seed)
        self.killer = Killer()
        self.counts: Counter[str] = Counter()
        self.log: deque[dict] = deque(maxlen=20_000)
        self._lock = threading.Lock()

    def account_of(self, key: Key | None) -> str:
        return key.account if key is not None and key.account else self.world.account

    def place_claimed(self, authorization: str) -> Place:
        """Whose events a request seems to be about, before its signature is checked."""
        key_id, region = claimed_scope(authorization)
        account = self.account_of(self.keys.get(key_id))
        if region not in self.world.regions(account):
            region = self.world.region
        return self.world.place(account, region)

    def note(self, **what: object) -> None:
        with self._lock:
            self.log.append({"now": self.clock.now(), **what})
            self.counts["requests"] += 1
            self.counts[f"status_{what['status']}"] += 1
            self.counts["events"] += int(str(what.get("events", 0)))
            if "error" in what:
                self.counts[str(what["error"])] += 1


    def note_other(self, name: str, **what: object) -> None:
        """Of the other services; "requests" stays the count of LookupEvents."""
        with self._lock:
            self.log.append({"now": self.clock.now(), "operation": name, **what})
            self.counts[name] += 1
            if "error" in what:
                self.counts[f"{name} {what['error']}"] += 1


class Gone(Exception):
    """The connection is to end without another byte."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"
    connection: ssl.SSLSocket
    where: dict[str, str]

    def setup(self) -> None:
        self.request.settimeout(SOCKET_TIMEOUT_S)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def handle(self) -> None:
        try:
            super().handle()
        except (Gone, ssl.SSLError, ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def version_string(self) -> str:
        return "cloudsim"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.cloud.clock.http_date()

    def do_POST(self) -> None:
        cloud = self.server.cloud
        if cloud.killer.at("before_read"):
            raise Gone
        body = self.read_body()
        cloud.clock.advance(cloud.tick_s)
        call = services.identify(self.headers.get("X-Amz-Target", ""),
                                 self.headers.get("Content-Type", ""), body)
        if call is not None:
            return self.serve_other(call, body)
        place = cloud.place_claimed(self.headers.get("Authorization", ""))
        self.where = {"account": place.scenario.spec.account,
                      "region": place.scenario.spec.region}
        page = place.lookup.page_of(body)
        fault = cloud.faults.take(page)
        if fault is not None and fault.kind in ("reset_before", "reset_after"):
            cloud.note(status=0, fault=fault.kind, page=page, **self.where)
            self.reset()
        if cloud.killer.at("after_read", page):
            raise Gone
        try:
            answer = self.answer(body, fault)
            self.respond(200, self.spoil(answer, fault), page, fault)
            cloud.note(status=200, page=page, events=answer.count, request=body.decode(),
                       fault=fault.kind if fault else None, **self.where)
        except ApiError as error:
            cloud.note(status=error.status, error=error.code, page=page,
                       message=error.message, request=body.decode(errors="replace"),
                       **self.where)
            self.respond(error.status, error.body(), page, None)
        if cloud.killer.at("after_answer", page):
            raise Gone

    def serve_other(self, call: services.Call, body: bytes) -> None:
        """Any service but CloudTrail. Its requests have counts of their own."""
        cloud = self.server.cloud
        name = f"{call.service}:{call.operation}"
        try:
            if call.service == "sts":
                return self.serve_sts(name, call, body)
            signer = self.signer_of(call.service, body)
            account = cloud.account_of(signer.key)
            reply = services.answer(cloud.world, account, call, body)
            cloud.note_other(name, status=200, account=account, region=signer.region)
            self.respond(200, reply.body, 1, None, reply.content_type)
        except ApiError as error:
            cloud.note_other(name, status=error.status, error=error.code)
            self.respond(error.status, error.body(), 1, None, error.content_type)

    def serve_sts(self, name: str, call: services.Call, body: bytes) -> None:
        cloud = self.server.cloud
        if call.operation == sts.UNSIGNED:
            if "Authorization" in self.headers:
                raise sts.StsError("ValidationError", "this call is not signed")
            region, answer = "", cloud.sts.with_web_identity(call.form, "")
        else:
            try:
                signer = self.signer_of("sts", body)
            except ApiError as error:
                code = error.code.replace("ExpiredTokenException", "ExpiredToken").replace(
                    "InvalidSignatureException", "SignatureDoesNotMatch").replace(
                    "UnrecognizedClientException", "InvalidClientTokenId")
                raise sts.StsError(code, error.message, 403)
            region = signer.region
            if call.operation == "AssumeRole":
                answer = cloud.sts.assume_role(call.form, signer.key, region,
                                               cloud.world.layout)
            elif call.operation == "GetCallerIdentity":
                answer = cloud.sts.caller_identity(signer.key, cloud.account_of(signer.key))
            else:
                raise sts.StsError("InvalidAction", "no such operation")
        cloud.note_other(name, status=200, region=region, role=call.form.get("RoleArn"),
                         session=call.form.get("RoleSessionName"))
        self.respond(200, answer, 1, None, sts.CONTENT_TYPE)

    def signer_of(self, service: str, body: bytes) -> Signer:
        cloud = self.server.cloud
        return check_signature(cloud.keys, service, cloud.clock.now(),
                               Received(self.path, self.headers.items(), body))

    def read_body(self) -> bytes:
        size = self.headers.get("Content-Length", "")
        if not size.isdigit() or int(size) > BODY_MAX:
            raise Gone
        return self.rfile.read(int(size))

    def answer(self, body: bytes, fault: Fault | None) -> Answer:
        """Checks in the order of the service: who asks, how often, what."""
        cloud = self.server.cloud
        self.raise_fault(fault)
        if self.path != "/" or self.headers.get("X-Amz-Target") != TARGET:
            raise ApiError("UnknownOperationException", "no such operation")
        if self.headers.get("Content-Type") != CONTENT_TYPE:
            raise ApiError("UnknownOperationException", "Content-Type is not x-amz-json-1.1")
        signer = self.signer_of("cloudtrail", body)
        account = cloud.account_of(signer.key)
        if signer.region not in cloud.world.regions(account):
            raise invalid_signature("Credential should be scoped to a valid region, "
                                    f"not {signer.region}")
        if account in cloud.world.layout.no_lookup:
            raise denied()
        place = cloud.world.place(account, signer.region)
        if not place.limit.take():
            raise throttled()
        overlap = fault.count if fault is not None and fault.kind == "overlap" else 0
        return place.lookup.answer(body, overlap)

    def raise_fault(self, fault: Fault | None) -> None:
        kind = fault.kind if fault is not None else ""
        if kind == "throttle":
            raise throttled()
        if kind == "expired_token":
            raise expired()
        if kind == "denied":
            raise denied()
        if kind == "error_500":
            raise ApiError("InternalFailure", "internal error", 500)
        if kind == "error_503":
            raise ApiError("ServiceUnavailable", "try later", 503)
        if kind == "forget_tokens":
            for place in self.server.cloud.world.places():
                place.lookup.forget_tokens()

    def spoil(self, answer: Answer, fault: Fault | None) -> bytes:
        kind = fault.kind if fault is not None else ""
        if kind == "not_json":
            return HTML
        if kind == "oversized":
            return answer.body[:-1] + b',"Padding":"' + b"x" * OVERSIZED + b'"}'
        return answer.body

    def respond(self, status: int, body: bytes, page: int, fault: Fault | None,
                content_type: str = CONTENT_TYPE) -> None:
        kind = fault.kind if fault is not None else ""
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if body == HTML else content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if self.server.cloud.killer.at("mid_answer", page):
            raise Gone
        if kind == "truncate":
            raise Gone
        if kind == "slow":
            assert fault is not None
            for _ in range(fault.count):
                time.sleep(PIECE_WAIT_S)
                self.wfile.write(body[half:half + 1])
                half += 1
        self.wfile.write(body[half:])

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()
        raise Gone


class Server(ThreadingHTTPServer):
    """Loopback only; port 0 takes a free one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, cloud: Cloud, context: ssl.SSLContext, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.cloud = cloud
        # The handshake happens in the connection's own thread, at its first read.
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        self.cloud.counts["handler_errors"] += 1
        super().handle_error(request, client_address)  # type: ignore[arg-type]
