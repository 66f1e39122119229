"""Serves azure_token on loopback: Entra ID over TLS, metadata services over plain HTTP."""

import shutil
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certificate
from azure_token import AzureTokens

BODY_MAX = 1 << 20


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Listener"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.tokens.now())

    def serve(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(size, BODY_MAX))
        answer = self.server.tokens.answer(self.command, self.path, self.headers, body)
        if answer is None:
            return self.send_error(404)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = serve


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, tokens: AzureTokens) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tokens = tokens
        self.address = f"127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class AzureLogin:
    """Both services and the folder of their certificates, for as long as the `with` lasts."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="azurelogin-"))
        self.ca_file = certificate.make(self.folder)
        self.tokens = AzureTokens(now)
        self._entra, self._metadata = Listener(self.tokens), Listener(self.tokens)
        # The handshake happens in the connection's own thread, at its first read.
        self._entra.socket = certificate.server_context(self.folder).wrap_socket(
            self._entra.socket, server_side=True, do_handshake_on_connect=False)
        self.authority = self.tokens.origin = f"https://{self._entra.address}"
        self.metadata = f"http://{self._metadata.address}"

    def __enter__(self) -> "AzureLogin":
        self._entra.start()
        self._metadata.start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in (self._entra, self._metadata):
            listener.shutdown()
            listener.server_close()
        shutil.rmtree(self.folder)
