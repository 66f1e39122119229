"""The kafka sink against librdkafka's mock cluster, a process of its own: a run in which
a fault strikes, then one in which all is well, and nothing is lost."""

import signal
import sqlite3
import subprocess
import time
import unittest
from collections import Counter
from dataclasses import dataclass

from harness import PROGRAM, Bench, BenchCase, ScenarioSpec, hours_ago

BROKER = PROGRAM.with_name("kafka_broker")
EVENTS = 300
BATCH = 1000
SPEC = ScenarioSpec(seed=5, start=hours_ago(8), seconds=3600, events=EVENTS)

# Of the protocol: kafka.apache.org/protocol, "Error codes".
TOO_LARGE, NOT_ENOUGH_REPLICAS, NOT_ALLOWED = 10, 19, 29


@dataclass
class Row:
    name: str
    command: str = ""
    status: int = 0   # of the first run
    repeats: int = 0  # allowed


ROWS = [
    Row("none"),
    Row("too few replicas, six times", f"fail {NOT_ENOUGH_REPLICAS} 6"),
    Row("too large, once", f"fail {TOO_LARGE} 1"),
    Row("no right to the topic", f"fail {NOT_ALLOWED} 1", status=1),
    Row("slow", "slow 400"),
    Row("broker down", "down", status=1, repeats=BATCH),
]


class Broker:
    def __enter__(self) -> "Broker":
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

    def counts(self) -> Counter:
        """How often each key stands in the topic."""
        self.tell("read")
        return Counter(iter(self.answer, "."))

    def line(self) -> str:
        return (f"  platform: {{type: kafka, brokers: ['{self.address}'], topic: audit, "
                "security_protocol: plaintext}")


class Kafka(BenchCase):
    def setting(self) -> tuple[Broker, Bench]:
        broker = self.enterContext(Broker())
        bench = self.bench(SPEC, 4 * 3600, now=SPEC.start + 3 * 3600,
                           settings="requests_per_second: 1000")
        bench.config.write_text("\n".join(
            broker.line() if "platform: {type: file" in old else old
            for old in bench.config.read_text().splitlines()) + "\n")
        return broker, bench

    def assert_all_there(self, broker: Broker, bench: Bench, name: str,
                         repeats: int) -> None:
        counts = broker.counts()
        ids = [bench.id_of(event) for event in bench.sim.scenario.events]
        lost = [id for id in ids if id not in counts]
        again = sum(counts[id] - 1 for id in ids if id in counts)
        with sqlite3.connect(bench.folder / "state.db") as store:
            letters = store.execute("SELECT count(*) FROM dead_letter").fetchone()[0]
        print(f"kafka {name:30} repeats {again:4} letters {letters:3} lost {len(lost)}",
              flush=True)
        self.assertEqual(lost, [])
        self.assertEqual(letters, 0)
        self.assertLessEqual(again, repeats)

    def test_nothing_is_lost(self) -> None:
        for row in ROWS:
            with self.subTest(row.name):
                broker, bench = self.setting()
                if row.command:
                    broker.order(row.command)
                first = bench.run()
                self.assertEqual(first.status, row.status, first.stderr[-3000:])
                broker.order("up")
                self.assert_good(bench.run())
                self.assert_all_there(broker, bench, row.name, row.repeats)

    def test_a_kill_loses_nothing_and_repeats_one_batch_at_most(self) -> None:
        broker, bench = self.setting()
        broker.order("slow 100")
        for share in (1, 2, 3):
            process = bench.start()
            limit = time.monotonic() + 60
            while (len(broker.counts()) < EVENTS * share // 5 and process.poll() is None
                   and time.monotonic() < limit):
                pass
            process.send_signal(signal.SIGKILL)
            bench.finish(process)
        broker.order("slow 0")
        self.assert_good(bench.run())
        self.assert_all_there(broker, bench, "killed three times", 3 * BATCH)


if __name__ == "__main__":
    unittest.main()
