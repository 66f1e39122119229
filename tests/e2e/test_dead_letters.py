"""Dead letters of a platform that refuses poison: seen, sent again, taken at last."""

import json
import sqlite3
import subprocess
import unittest

from harness import Bench
from receiver import Fault
from test_http_sink import HttpCase, letters


class Replay(HttpCase):
    def call(self, bench: Bench, status: int, *arguments: str) -> str:
        done = subprocess.run([bench.program, "dlq", *arguments, "--config", bench.config],
                              capture_output=True, text=True, cwd=bench.folder, check=False,
                              timeout=120, env=bench.environment())
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertNotIn("key-1", done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_letter_goes_only_when_the_platform_takes_it(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform)
        poison = self.ids(bench)[70:73]
        fault = Fault("status", 400, poison=set(poison))
        platform.arm(fault)
        self.assert_good(bench.run())
        self.assertEqual(sorted(letters(bench)), sorted(poison))

        told = self.call(bench, 1, "replay", "--all")  # the platform is as it was
        self.assertIn("0 taken, 3 refused again", told)
        self.assertEqual(sorted(letters(bench)), sorted(poison))

        platform.arm(Fault("status", 401))
        self.assertIn("3 not sent", self.call(bench, 1, "replay", "--all"))
        self.assertEqual(sorted(letters(bench)), sorted(poison))

        platform.arm(Fault("status", 400, poison=set(poison[:1])))
        listed = [json.loads(line) for line in self.call(
            bench, 0, "list", "--format", "json").splitlines()]
        first = {line["event_id"]: str(line["id"]) for line in listed}
        self.assertIn(poison[0], self.call(bench, 0, "show", first[poison[0]]))
        self.assertIn("2 taken, 1 refused again", self.call(bench, 1, "replay", "--all"))
        self.assertEqual(list(letters(bench)), [poison[0]])

        platform.arm()
        self.call(bench, 0, "replay", first[poison[0]])
        self.assert_complete(bench, platform)
        self.assertEqual(platform.repeats(), 0)

    def test_what_is_too_old_for_the_platform_becomes_letters_and_can_be_replayed(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, "api_key: key-1, max_event_age: 150m")
        run = bench.run()
        self.assert_good(run)
        old, counts = letters(bench), run.log("sink.done")[0]
        self.assertEqual(set(old.values()), {"older than max_event_age"})
        self.assertEqual((counts["refused"], counts["too_old"]), (len(old), len(old)))
        self.assertTrue(0 < len(old) < len(self.ids(bench)))
        self.assertEqual(set(old) | set(platform.counts), set(self.ids(bench)))
        self.assertEqual(set(old) & set(platform.counts), set())

        self.call(bench, 0, "replay", "--all")  # whoever replays them knows their age
        self.assert_complete(bench, platform)

    def test_old_events_are_sent_and_counted_where_the_sink_says_so(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform, "api_key: key-1, max_event_age: 150m, too_old: send")
        run = bench.run()
        self.assert_good(run)
        self.assert_complete(bench, platform)
        self.assertEqual(letters(bench), {})
        self.assertGreater(run.log("sink.done")[0]["too_old"], 0)

    def test_what_was_sent_and_could_not_be_removed_is_sent_again(self) -> None:
        platform = self.platform()
        bench = self.bench_for(platform)
        poison = self.ids(bench)[70:73]
        platform.arm(Fault("status", 400, poison=set(poison)))
        self.assert_good(bench.run())
        platform.arm()
        self.sql(bench, "CREATE TRIGGER stop BEFORE DELETE ON dead_letter"
                        " BEGIN SELECT RAISE(ABORT, 'no'); END")
        self.call(bench, 1, "replay", "--all")
        self.assertEqual(sorted(letters(bench)), sorted(poison))
        self.sql(bench, "DROP TRIGGER stop")
        self.call(bench, 0, "replay", "--all")
        self.assert_complete(bench, platform)
        self.assertEqual(platform.repeats(), len(poison))

    def sql(self, bench: Bench, text: str) -> None:
        with sqlite3.connect(bench.folder / "state.db") as store:
            store.execute(text)


if __name__ == "__main__":
    unittest.main()
