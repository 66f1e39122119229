"""A Kafka cluster that the sink is tried against: librdkafka's mock cluster, in a process of
its own (kafka_broker.c). It speaks the protocol and keeps what it took in memory only."""

import subprocess
from collections import Counter
from pathlib import Path
from typing import ClassVar

from harness import PROGRAM

BROKER = PROGRAM.with_name("kafka_broker")

# Of the protocol: kafka.apache.org/protocol, "Error codes".
TOO_LARGE, NOT_ENOUGH_REPLICAS, NOT_ALLOWED = 10, 19, 29


class Kafka:
    """with Kafka(folder) as platform: it ends with the block."""

    TYPE: ClassVar[str] = "kafka"
    tells_repeats: ClassVar[bool] = False  # not those of another run's producer
    heartbeats = 0

    def __init__(self, folder: Path) -> None:
        self.misfits: list[str] = []  # the protocol's own code reads what comes
        self.truncated: set[str] = set()

    def __enter__(self) -> "Kafka":
        self.process = subprocess.Popen([BROKER], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.address = self.answer()
        return self

    def __exit__(self, *problem: object) -> None:
        self.process.communicate(timeout=30)

    def answer(self) -> str:
        return self.process.stdout.readline().strip()

    def tell(self, command: str) -> None:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def order(self, command: str) -> None:
        self.tell(command)
        assert self.answer() == "ok", command

    def mend(self) -> None:
        self.order("up")
        self.order("slow 0")

    @property
    def keys(self) -> Counter[str]:
        """How often each key stands in the topic."""
        self.tell("read")
        return Counter(iter(self.answer, "."))

    @property
    def counts(self) -> Counter[str]:
        """The same of the cloud's events."""
        return Counter({key: count for key, count in self.keys.items()
                        if not key.startswith("bridge:")})

    @property
    def requests(self) -> int:
        """It counts none."""
        return 0

    def repeats(self) -> int:
        counts = self.counts
        return sum(counts.values()) - len(counts)

    def line(self, more: str = "") -> str:
        """The sink's entry in a configuration."""
        settings = f"security_protocol: plaintext, {more}".rstrip(", ")
        return (f"  platform: {{type: kafka, brokers: ['{self.address}'], topic: audit, "
                f"{settings}}}")
