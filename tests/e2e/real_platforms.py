"""Real platforms that sinks are tried against: a broker of Apache Kafka and a node of
OpenSearch, from Maven Central. Each is a process of its own with its data on disk."""

import base64
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from pathlib import Path
from typing import ClassVar

import maven
from certificate import make
from receiver import client_certificate

SOURCES = Path(__file__).with_name("java")
START_S = 120
OPENSEARCH = "2.19.6"  # the last that runs on Java 17

BROKER = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLEAR://127.0.0.1:{clear},PASSWORD://127.0.0.1:{password},\
CERTIFICATE://127.0.0.1:{certificate},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLEAR://127.0.0.1:{clear},PASSWORD://127.0.0.1:{password},\
CERTIFICATE://127.0.0.1:{certificate}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CLEAR:PLAINTEXT,PASSWORD:SASL_SSL,CERTIFICATE:SSL,\
CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLEAR
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.password.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.password.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
listener.name.certificate.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.both
ssl.truststore.type=PEM
ssl.truststore.location={folder}/client.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
auto.create.topics.enable=false
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def java(jars: Path, *arguments: str) -> list[str]:
    return ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", *arguments]


def has_port(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Process:
    """A platform's process. with Kafka(...) as platform: it ends with the block."""

    JARS: ClassVar[tuple[str, ...]]
    jars: ClassVar[Path]

    @classmethod
    def install(cls, folder: Path) -> bool:
        """False where its jars cannot be had."""
        cls.jars = folder / cls.__name__.lower()
        return maven.install(cls.jars, *cls.JARS)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Process":
        self.prepare()
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.kill()

    def prepare(self) -> None:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def serves(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE,
                                            stdout=said, stderr=said)
        until = time.monotonic() + START_S
        while not self.serves():
            assert self.process.poll() is None and time.monotonic() < until, \
                (self.folder / "said").read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process = None

    @property
    def counts(self) -> Counter[str]:
        raise NotImplementedError


class Kafka(Process):
    """A broker that is its own controller: the sink comes over TLS, with a password or a
    certificate, and needs a right to the topic; the test's hand comes in the clear and may
    do everything."""

    JARS = ("org.apache.kafka:kafka_2.13:4.1.0",)
    USER, PASSWORD, TOPIC = "auditbridge", "key-1", "audit"
    mechanism = "PLAIN"

    def prepare(self) -> None:
        make(self.folder)
        self.ca_file = self.folder / "ca.pem"
        (self.folder / "server.both").write_text("".join(
            (self.folder / name).read_text() for name in ("server.key", "server.pem")))
        (self.folder / "password").write_text(self.PASSWORD)
        self.client_cert, self.client_key = client_certificate(self.folder)
        self.clear, self.password, self.certificate, self.controller = free_ports(4)
        self.config = self.folder / "server.properties"
        self.config.write_text(BROKER.format(USER=self.USER, PASSWORD=self.PASSWORD,
                                             **vars(self)))
        scram = f"SCRAM-SHA-512=[name={self.USER},password={self.PASSWORD}]"
        subprocess.run(java(self.jars, "kafka.tools.StorageTool", "format", "-t",
                            base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22],
                            "-c", str(self.config), "--add-scram", scram),
                       check=True, capture_output=True)

    def command(self) -> list[str]:
        return java(self.jars, "kafka.Kafka", str(self.config))

    def serves(self) -> bool:
        return has_port(self.clear) and has_port(self.password)

    def __enter__(self) -> "Kafka":
        super().__enter__()
        self.hand = subprocess.Popen(
            java(self.jars, str(SOURCES / "KafkaHand.java"), f"127.0.0.1:{self.clear}"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.order(f"create {self.TOPIC} 3")
        return self

    def __exit__(self, *problem: object) -> None:
        self.hand.kill()
        self.hand.communicate()
        super().__exit__(*problem)

    def order(self, command: str) -> list[str]:
        """What the hand answers."""
        self.hand.stdin.write(command + "\n")
        self.hand.stdin.flush()
        answer = []
        for line in self.hand.stdout:
            if line == ".\n":
                return answer
            answer.append(line.rstrip("\n"))
        raise AssertionError(f"the hand ended at: {command}")

    def grant(self) -> None:
        for user in (self.USER, "CN=auditbridge"):
            self.order(f"grant {user} {self.TOPIC}")

    def line(self, more: str = "") -> str:
        """The sink's entry in a configuration, with a password."""
        return self.entry(self.password, "sasl_ssl", f"username: {self.USER}",
                          f"sasl_mechanism: {self.mechanism}",
                          f"password_file: {self.folder}/password", more)

    def line_with_certificate(self, more: str = "") -> str:
        return self.entry(self.certificate, "ssl", f"client_cert: {self.client_cert}",
                          f"client_key: {self.client_key}", more)

    def entry(self, port: int, protocol: str, *settings: str) -> str:
        settings = ("type: kafka", f"brokers: ['127.0.0.1:{port}']", f"topic: {self.TOPIC}",
                    f"security_protocol: {protocol}", f"ca_file: {self.ca_file}", *settings)
        return f"  platform: {{{', '.join(filter(None, settings))}}}"

    def messages(self) -> list[tuple[str, dict]]:
        """Key and value of each message."""
        return [(key, json.loads(value)) for key, _, value in
                (line.partition("\t") for line in self.order(f"read {self.TOPIC}"))]

    @property
    def counts(self) -> Counter[str]:
        return Counter(key for key, _ in self.messages() if not key.startswith("bridge:"))


class Kafka3(Kafka):
    """The last line of brokers that take SCRAM from librdkafka before 2.6.1."""

    JARS = ("org.apache.kafka:kafka_2.13:3.9.1",)
    mechanism = "SCRAM-SHA-512"


class OpenSearch(Process):
    """A node of its own cluster, in the clear on loopback."""

    JARS = (f"org.opensearch:opensearch:{OPENSEARCH}",
            f"org.opensearch.plugin:transport-netty4-client:{OPENSEARCH}",
            "org.apache.logging.log4j:log4j-core:2.25.4")

    def __init__(self, folder: Path, *settings: str) -> None:
        super().__init__(folder)
        self.settings = settings

    def prepare(self) -> None:
        (self.port,) = free_ports(1)

    def command(self) -> list[str]:
        return java(self.jars, str(SOURCES / "SearchNode.java"), str(self.folder),
                    str(self.port), *self.settings)

    def serves(self) -> bool:
        try:
            return self.ask("GET", "/_cluster/health")["status"] != "red"
        except (OSError, urllib.error.URLError):
            return False

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def line(self, more: str = "index: audit-%Y.%m") -> str:
        """The sink's entry in a configuration."""
        return (f"  platform: {{type: elasticsearch, url: 'http://127.0.0.1:{self.port}', "
                f"api_key: key-1, {more}}}")

    def documents(self, index: str = "audit*") -> list[dict]:
        """All hits of the index, with _id and _source."""
        self.ask("POST", f"/{index}/_refresh?ignore_unavailable=true")
        hits: list[dict] = []
        page = self.ask("POST", f"/{index}/_search?scroll=1m",
                        {"size": 5000, "query": {"match_all": {}}})
        while page["hits"]["hits"]:
            hits += page["hits"]["hits"]
            page = self.ask("POST", "/_search/scroll",
                            {"scroll": "1m", "scroll_id": page["_scroll_id"]})
        return hits

    @property
    def counts(self) -> Counter[str]:
        return Counter(hit["_id"] for hit in self.documents()
                       if not hit["_id"].startswith("bridge:"))


def install_all(folder: Path) -> bool:
    """False, and why is said, where a platform cannot be had."""
    kinds: list[type[Process]] = [Kafka, Kafka3, OpenSearch]
    absent = [kind.__name__ for kind in kinds if not kind.install(folder)]
    if absent:
        print(f"SKIP: no jars of {', '.join(absent)} from Maven Central, "
              f"or no java and mvn (scripts/packages all)")
    return not absent
