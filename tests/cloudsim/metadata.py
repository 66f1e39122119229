"""The addresses inside a machine: EC2's IMDSv2, ECS and EKS Pod Identity, plain HTTP."""

import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server import Cloud
from sts import container_answer, instance_answer

ROLES = "/latest/meta-data/iam/security-credentials/"
CONTAINER = "/v1/credentials"


class MetadataHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Metadata"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.cloud.clock.http_date()

    def respond(self, status: int, body: bytes = b"", content_type: str = "text/plain") -> None:
        self.server.cloud.note_other(f"metadata:{self.command} {self.path}", status=status)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        """A forwarded request is refused, as EC2 does; so is one without a time to live."""
        ttl = self.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if self.path != "/latest/api/token":
            return self.respond(404)
        if "X-Forwarded-For" in self.headers:
            return self.respond(403)
        if not ttl.isdigit() or not 1 <= int(ttl) <= 21600:
            return self.respond(400)
        token = "cloudsim-imds-" + secrets.token_urlsafe(24)
        self.server.tokens[token] = self.server.cloud.clock.now() + int(ttl)
        self.respond(200, token.encode())

    def do_GET(self) -> None:
        if self.path.startswith(CONTAINER):
            return self.serve_container()
        self.serve_instance()

    def serve_container(self) -> None:
        cloud = self.server.cloud
        wanted = cloud.sts.rules.metadata_token
        if wanted and self.headers.get("Authorization") != wanted:
            return self.respond(401, b'{"code":"Unauthorized"}', "application/json")
        given = cloud.sts.issue(None, "arn:aws:iam::111122223333:role/task")
        self.respond(200, container_answer(given), "application/json")

    def serve_instance(self) -> None:
        cloud = self.server.cloud
        role = cloud.sts.rules.instance_role
        end = self.server.tokens.get(self.headers.get("x-aws-ec2-metadata-token", ""), 0.0)
        if cloud.clock.now() >= end:
            return self.respond(401)
        if role and self.path == ROLES:
            return self.respond(200, role.encode())
        if role and self.path == ROLES + role:
            given = cloud.sts.issue(None, f"arn:aws:iam::111122223333:role/{role}")
            return self.respond(200, instance_answer(given, cloud.clock.now()))
        self.respond(404)


class Metadata(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), MetadataHandler)
        self.cloud = cloud
        self.tokens: dict[str, float] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"
