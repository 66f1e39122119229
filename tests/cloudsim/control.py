"""The harness's door: plain HTTP on loopback, behind a path that only it knows."""

import json
import os
import secrets
import signal
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable

from faults import Kill
from server import Cloud
from sign import Key

Request = dict[str, Any]


def read_state(cloud: Cloud, _: Request) -> Request:
    return {"now": cloud.clock.now(), "counts": dict(cloud.counts),
            "faults": dict(cloud.faults.fired), "kills": dict(cloud.killer.fired)}


def read_log(cloud: Cloud, _: Request) -> Request:
    return {"log": list(cloud.log)}


def advance(cloud: Cloud, request: Request) -> Request:
    return {"now": cloud.clock.advance(request["seconds"])}


def set_clock(cloud: Cloud, request: Request) -> Request:
    return {"now": cloud.clock.set(request["now"])}


def arm_faults(cloud: Cloud, request: Request) -> Request:
    cloud.faults.arm(request.get("faults", []))
    cloud.faults.arm_random(request.get("random", {}))
    return {}


def arm_kill(cloud: Cloud, request: Request) -> Request:
    """pid is a process of the harness; none disarms. It is killed, or stopped."""
    if "pid" not in request:
        cloud.killer.arm(None)
        return {}
    pidfd = os.pidfd_open(request["pid"])
    number = signal.SIGSTOP if request.get("stop") else signal.SIGKILL
    cloud.killer.arm(Kill(pidfd, request["point"], request.get("page"),
                          request.get("skip", 0), number))
    return {}


def set_keys(cloud: Cloud, request: Request) -> Request:
    cloud.keys.clear()
    cloud.keys.update({key: Key(**what) for key, what in request["keys"].items()})
    return {}


def change_sts(cloud: Cloud, request: Request) -> Request:
    """Replaces the members of sts.Rules that are given."""
    cloud.sts.rules = replace(cloud.sts.rules, **request)
    return {}


def change_world(cloud: Cloud, request: Request) -> Request:
    """Replaces the members of world.Layout that are given."""
    cloud.world.layout = replace(cloud.world.layout, **request)
    return {}


COMMANDS: dict[str, Callable[[Cloud, Request], Request]] = {
    "state": read_state, "log": read_log, "advance": advance, "set": set_clock,
    "faults": arm_faults, "kill": arm_kill, "keys": set_keys,
    "world": change_world, "sts": change_sts,
}


class ControlHandler(BaseHTTPRequestHandler):
    server: "Control"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        secret, _, name = self.path[1:].partition("/")
        command = COMMANDS.get(name)
        if not secrets.compare_digest(secret, self.server.secret) or command is None:
            return self.send_error(404)
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = 200, command(self.server.cloud, json.loads(body or b"{}"))
        except (KeyError, TypeError, ValueError, OSError) as problem:
            status, answer = 400, {"problem": repr(problem)}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Control(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), ControlHandler)
        self.cloud = cloud
        self.secret = secrets.token_urlsafe(16)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{self.secret}"
