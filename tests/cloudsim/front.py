"""The clouds' own host names in front of the fakes: a proxy that opens TLS, as many a company's
does. So the program can be tried with the very configuration that a user writes, who names
no endpoint: HTTPS_PROXY leads here, and `ca_file` says whom to trust."""

import http.client
import shutil
import ssl
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import certificate

OWN_HEADERS = ("content-length", "transfer-encoding", "connection")  # those of each side
TIMEOUT_S = 30


class Front:
    """with Front({"graph.microsoft.com": fake.endpoint}) as front: the proxy runs. A name may
    begin with "*.", which stands for one label, as in a certificate."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        self.endpoints = dict(endpoints)
        self.refused: list[str] = []  # hosts that somebody asked for and that are none of ours

    def __enter__(self) -> "Front":
        self._folder = Path(tempfile.mkdtemp(prefix="cloudsim-front-"))
        self.ca_file = str(certificate.make(self._folder, *self.endpoints))
        self.context = certificate.server_context(self._folder)
        self._server = Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._folder)

    def endpoint_of(self, host: str) -> str | None:
        return self.endpoints.get(host) or self.endpoints.get("*." + host.partition(".")[2])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"
    endpoint = ""  # once a tunnel is open: the fake that answers

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ssl.SSLError, ConnectionError, TimeoutError):
            self.close_connection = True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def do_CONNECT(self) -> None:
        front = self.server.front
        self.host = self.path.partition(":")[0]
        endpoint = front.endpoint_of(self.host)
        if endpoint is None:
            front.refused.append(self.host)
            return self.send_error(403, "no such host here")
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.endpoint = endpoint
        self.connection = front.context.wrap_socket(self.connection, server_side=True)
        self.connection.settimeout(TIMEOUT_S)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def relay(self) -> None:
        """Sends the request on as it came: what was signed stays as it was."""
        if not self.endpoint:
            return self.send_error(403, "only tunnels")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        link = http.client.HTTPSConnection(urlsplit(self.endpoint).netloc, timeout=TIMEOUT_S,
                                           context=ssl._create_unverified_context())
        try:
            link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                link.putheader(name, value)
            link.endheaders(body)
            answer = link.getresponse()
            self.hand_back(answer, answer.read())
        finally:
            link.close()

    do_GET = do_POST = do_PUT = relay

    def hand_back(self, answer: http.client.HTTPResponse, body: bytes) -> None:
        """The fake's links to itself become links to the host that was asked."""
        body = body.replace(self.endpoint.encode(), f"https://{self.host}".encode())
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Loopback only, on a free port."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, front: Front) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.front = front
