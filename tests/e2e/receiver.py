"""A platform that takes events over HTTPS: it checks how they come, counts them by
event.id, and fails as a script says. It can be killed and started again."""

import gzip
import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import harness  # noqa: F401  it finds the modules of cloudsim
from certificate import CURVE, make, openssl, server_context

LINGER_NONE = struct.pack("ii", 1, 0)  # a close that resets


@dataclass
class Fault:
    """What goes wrong, with which of the next requests."""

    kind: str          # status, reset_before, reset_after, slow, time_out, kill; more in
                       # counterparts.py
    status: int = 0    # of kind status
    times: int = 10**9
    poison: set[str] = field(default_factory=set)  # only requests with one of these ids
    size_max: int = 0                              # only bodies larger than this
    retry_after_s: int = 0
    heartbeats: bool = True  # does it strike heartbeats too?


@dataclass
class Answer:
    status: int
    body: bytes = b'{"ok":true}'
    headers: dict[str, str] = field(default_factory=dict)


class Receiver:
    """with Receiver() as platform: it serves on loopback, and ends with the block."""

    def __init__(self, folder: Path, want_gzip: bool = False, want_type: str =
                 "application/x-ndjson", credential: tuple[str, str] = ("x-api-key", "key-1"),
                 client_ca: Path | None = None) -> None:
        self.folder = folder
        self.want_gzip, self.want_type = want_gzip, want_type
        self.credential = credential
        self.client_ca = client_ca
        self.counts: Counter[str] = Counter()   # cloud events by event.id
        self.heartbeats = 0
        self.requests = 0
        self.misfits: list[str] = []            # requests that were not as they must be
        self.truncated: set[str] = set()
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def __enter__(self) -> "Receiver":
        self.folder.mkdir(exist_ok=True)
        make(self.folder)
        self.ca_file = self.folder / "ca.pem"
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/v1/events"

    def start(self) -> None:
        context = server_context(self.folder)
        if self.client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.client_ca)
        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.daemon_threads = True
        server.block_on_close = False
        server.receiver = self
        server.handle_error = lambda *_: None
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def kill(self) -> None:
        """All connections are reset, and nobody listens any more."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            reset(connection)

    def arm(self, *faults: Fault) -> None:
        with self._lock:
            self.faults = list(faults)

    def next_fault(self, ids: list[str], size: int, is_heartbeat: bool) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times <= 0 or (is_heartbeat and not fault.heartbeats):
                    continue
                if fault.poison and not fault.poison & set(ids):
                    continue
                if size <= fault.size_max:
                    continue
                fault.times -= 1
                return fault
        return None

    def store(self, events: list[dict]) -> None:
        with self._lock:
            for event in events:
                event_id = event["event"]["id"]
                if event_id.startswith("bridge:"):
                    self.heartbeats += 1
                    continue
                self.counts[event_id] += 1
                original = event["event"].get("original")
                if original is None:
                    self.truncated.add(event_id)
                elif (hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()
                      != event["event"]["hash"]):
                    self.misfits.append(f"{event_id}: event.hash is not that of its original")

    # What another kind of platform does in its own way (counterparts.py).

    def welcomes(self, request: "Handler", wire: bytes) -> bool:
        name, value = self.credential
        return request.headers.get(name) == value

    def parse(self, request: "Handler", body: bytes) -> list[dict]:
        """The events of a request, in order."""
        self.check_type(request.headers)
        if body[:1] == b"[":
            return json.loads(body)
        if body[-1:] != b"\n":
            self.note_misfit("the last line has no end")
        return [json.loads(line) for line in body.splitlines()]

    def take(self, events: list[dict]) -> "Answer":
        """Stores them, and says so."""
        self.store(events)
        return Answer(202)

    def keep(self, events: list[dict]) -> None:
        """Stores them, and nobody will ever hear of it."""
        self.store(events)

    def refusal(self, status: int) -> bytes:
        """What stands in an answer that refuses."""
        return b'{"error":"no"}'

    def ask(self, request: "Handler", body: bytes) -> "Answer | None":
        """Answers a request that brings no events; None: it does."""
        return None

    def check_type(self, headers: Message) -> None:
        content_type = headers.get("Content-Type")
        if content_type != self.want_type:
            self.note_misfit(f"Content-Type {content_type}")

    def note_misfit(self, what: str) -> None:
        with self._lock:
            self.misfits.append(what)

    def repeats(self) -> int:
        return sum(self.counts.values()) - len(self.counts)


def reset(connection: socket.socket) -> None:
    """connection may belong to another thread, which then fails."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Gone(Exception):
    """The connection was given up on purpose."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        with self.receiver._lock:
            self.receiver._open.add(self.request)
        super().setup()

    def finish(self) -> None:
        with self.receiver._lock:
            self.receiver._open.discard(self.request)
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_PUT(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        try:
            self.take()
        except (Gone, OSError):
            self.close_connection = True

    def take(self) -> None:
        receiver = self.receiver
        wire = self.rfile.read(int(self.headers["Content-Length"]))
        with receiver._lock:
            receiver.requests += 1
        body = self.unpack(wire)
        if (answer := receiver.ask(self, body)) is not None:
            return self.answer(answer)
        events = receiver.parse(self, body)
        ids = [event["event"]["id"] for event in events]
        is_heartbeat = all(id.startswith("bridge:") for id in ids)
        fault = receiver.next_fault(ids, len(body), is_heartbeat)
        if not receiver.welcomes(self, wire):
            return self.answer(Answer(401, receiver.refusal(401)))
        if fault is None:
            return self.answer(receiver.take(events))
        self.fail(fault, events)

    def unpack(self, wire: bytes) -> bytes:
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        if is_packed != self.receiver.want_gzip:
            self.receiver.note_misfit("gzip is not as configured")
        return gzip.decompress(wire) if is_packed else wire

    def fail(self, fault: Fault, events: list[dict]) -> None:
        if fault.kind == "status":
            headers = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s else {}
            return self.answer(Answer(fault.status, self.receiver.refusal(fault.status), headers))
        if fault.kind in ("slow", "time_out"):
            time.sleep(0.4 if fault.kind == "slow" else 3)
            return self.answer(self.receiver.take(events))
        if fault.kind == "reset_after":
            self.receiver.keep(events)
        if fault.kind == "kill":
            threading.Thread(target=self.receiver.kill).start()
        reset(self.connection)
        raise Gone

    def answer(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


def client_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that is its own authority, and its key."""
    certificate, key = folder / "client.pem", folder / "client.key"
    openssl("req", "-x509", *CURVE, "-keyout", str(key), "-out", str(certificate),
            "-days", "2", "-subj", "/CN=auditbridge")
    return certificate, key


class Proxy(threading.Thread):
    """Lets CONNECT through to loopback, for those who know its user and password."""

    def __init__(self, login: str) -> None:
        super().__init__(daemon=True)
        self.login = login
        self.connects = 0
        self.refused = 0
        self.saw: bytes = b""  # every byte of the requests to the proxy itself
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> "Proxy":
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.join()
        self._listener.close()

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (more := client.recv(4096)):
                return client.close()
            head += more
        self.saw += head
        if f"Proxy-Authorization: Basic {self.login}".encode() not in head:
            self.refused += 1
            client.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            return client.close()
        self.connects += 1
        host, _, port = head.split()[1].decode().rpartition(":")
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        answers = threading.Thread(target=pump, args=(server, client), daemon=True)
        answers.start()
        pump(client, server)
        answers.join()
        server.close()
        client.close()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
