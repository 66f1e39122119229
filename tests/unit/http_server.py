#!/usr/bin/python3
"""Runs a test program beside a small TLS server on loopback that misbehaves as its
paths say. The certificates are made for the run and trusted by nobody else.

    http_server.py PROGRAM

The program finds HTTP_TLS (https port, certificate for localhost and 127.0.0.1),
HTTP_WRONG (https port, certificate for another name), HTTP_PLAIN (http port) and
HTTP_CA (the authority) in its environment."""

import email.utils
import gzip
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

seen = {}  # how often each path was asked for
connections = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        connections += 1
        super().setup()

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"{}", headers=()):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.close_connection = True

    def echo(self, body):
        text = json.dumps({"method": self.command, "path": self.path,
                           "headers": [[k.lower(), v] for k, v in self.headers.items()],
                           "body": body.decode()})
        self.answer(200, text.encode(), [("Content-Type", "Application/JSON; charset=utf-8"),
                                         ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
                                         ("x-amzn-errortype", "Some:type"),
                                         ("WWW-Authenticate", "Bearer error=x"),
                                         ("x-ms-ratelimit-remaining-subscription-reads", "249"),
                                         ("x-ms-ratelimit-remaining-tenant-reads", "7")])

    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.path.split("/")[1].split("?")[0]
        first = seen.setdefault(self.path, 0) == 0
        seen[self.path] += 1
        date = ("Date", email.utils.formatdate(1767225600, usegmt=True))
        later = ("Retry-After", email.utils.formatdate(1767225607, usegmt=True))
        if kind == "redirect":
            self.answer(302, headers=[("Location", "/echo/redirected")])
        elif kind == "cut" and first:
            self.cut()
        elif kind == "drop" and first:
            self.close_connection = True
        elif kind == "wait-seconds" and first:
            self.answer(429, headers=[("Retry-After", "3")])
        elif kind == "wait-date" and first:
            self.answer(503, headers=[date, later])
        elif kind == "wait-hour":
            self.answer(429, headers=[("Retry-After", "3600")])
        elif kind == "broken":
            self.answer(500)
        elif kind == "expired" and first:
            self.answer(401)
        elif kind == "refused":
            self.answer(401)
        elif kind == "big":
            self.answer(200, b"x" * (1 << 20))
        elif kind == "bomb":
            self.answer(200, gzip.compress(b"x" * (1 << 20)), [("Content-Encoding", "gzip")])
        elif kind == "gzip":
            self.answer(200, gzip.compress(b"inflated"), [("Content-Encoding", "gzip")])
        elif kind == "close":
            self.answer(200, headers=[("Connection", "close")])
        elif kind == "connections":
            self.answer(200, str(connections).encode())
        elif kind == "asked":
            self.answer(200, str(seen.get("/" + self.path.split("/", 2)[2], 0)).encode())
        else:
            self.echo(body)

    do_GET = do_POST = do_PUT = do


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def certificates(folder):
    os.chdir(folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=test authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    for name, names in (("right", "DNS:localhost,IP:127.0.0.1"), ("wrong", "DNS:wrong.example")):
        with open(name + ".ext", "w") as out:
            out.write("subjectAltName=" + names + "\n")
        openssl("req", *key, "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", "csr")
        openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", name + ".ext",
                "-out", name + ".pem")


def serve(name, old=False):
    """name: the certificate; None: without TLS. old: speaks nothing newer than TLS 1.1."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None
    if name is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(name + ".pem", name + ".key")
        if old:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return str(server.server_address[1])


def main():
    start = os.getcwd()
    folder = tempfile.mkdtemp(prefix="auditbridge-http-")
    try:
        certificates(folder)
        with open(".netrc", "w") as netrc:
            for host in ("localhost", "127.0.0.1"):
                netrc.write(f"machine {host} login planted password planted\n")
        environment = dict(os.environ, HTTP_CA=os.path.join(folder, "ca.pem"),
                           HTTP_TLS=serve("right"),
                           HTTP_WRONG=serve("wrong"),
                           HTTP_OLD=serve("right", old=True), HOME=folder,
                           HTTP_PLAIN=serve(None))
        return subprocess.run(sys.argv[1:], env=environment, cwd=start).returncode
    finally:
        os.chdir(start)
        shutil.rmtree(folder)


sys.exit(main())
