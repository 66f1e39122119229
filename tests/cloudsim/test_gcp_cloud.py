"""Proof of the fake Cloud Logging: it refuses what Logging refuses, and
shows late what Logging shows late. Google's own clients prove the rest: gcp_google.py."""

import json
import ssl
import unittest
import urllib.error
import urllib.request

from gcp_cloud import GcpCloud, GcpFault
from gcp_events import GcpSpec, time_text

START = 1_795_000_000
ONE, TWO, ORGANIZATION = "projects/case-1", "projects/case-2", "organizations/7"
SPEC = GcpSpec(start=START, seconds=3600, events=300, parents=(ONE, TWO, ORGANIZATION))
LATER = START + 3 * 3600
ACTIVITY = '(log_id("cloudaudit.googleapis.com/activity"))'


def bounds(first: float = START - 3600, last: float = START + 9000) -> str:
    text = ""
    for name in ("timestamp", "receiveTimestamp"):
        text += "".join(f' AND {name}{op}"{time_text(round(at) * 10**9)}"'
                        for op, at in ((">=", first), ("<=", last)))
    return text


class FakeLogging(unittest.TestCase):
    def open(self, spec: GcpSpec = SPEC, now: float = LATER, **options: object) -> GcpCloud:
        sim = self.enterContext(GcpCloud(spec, now, tick_s=0, **options))  # type: ignore[arg-type]
        self.context = ssl.create_default_context(cafile=sim.ca_file)
        return sim

    def ask(self, sim: GcpCloud, **changes: object) -> tuple[int, dict]:
        """The status, and the body as JSON."""
        body = {"resourceNames": [ONE, TWO, ORGANIZATION], "filter": ACTIVITY + bounds(),
                "orderBy": "timestamp asc", "pageSize": 1000, **changes}
        request = urllib.request.Request(
            f"{sim.endpoint}/v2/entries:list", json.dumps(body).encode(),
            {"Authorization": f"Bearer {sim.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def ids(self, answer: tuple[int, dict]) -> list[str]:
        self.assertEqual(answer[0], 200, answer[1])
        return [entry["insertId"] for entry in answer[1].get("entries", [])]

    def assert_refused(self, answer: tuple[int, dict], status: int, name: str) -> dict:
        """The ErrorInfo's metadata, where there is one."""
        error = answer[1]["error"]
        self.assertEqual((answer[0], error["code"], error["status"]), (status, status, name))
        details = error.get("details", [{}])
        return {"reason": details[0].get("reason"), **details[0].get("metadata", {})}

    def test_pages_follow_each_other_by_timestamp_to_the_end(self) -> None:
        sim = self.open(page_max=70)
        found, more = [], {}
        while True:
            answer = self.ask(sim, **more)
            found += self.ids(answer)
            if "nextPageToken" not in answer[1]:
                break
            more = {"pageToken": answer[1]["nextPageToken"]}
        self.assertEqual(found, [event.insert_id for event in sim.scenario.events])

    def test_an_organisation_shows_its_own_log_alone(self) -> None:
        sim = self.open()
        own = [e.insert_id for e in sim.scenario.events if e.parent == ORGANIZATION]
        self.assertEqual(self.ids(self.ask(sim, resourceNames=[ORGANIZATION])), own)

    def test_a_parent_that_the_filter_names_and_nobody_listed_has_nothing(self) -> None:
        """Logging says 200 to that, and no word."""
        sim = self.open()
        named = f' AND logName="{TWO}/logs/cloudaudit.googleapis.com%2Factivity"'
        asked = {"filter": ACTIVITY + named + bounds()}
        self.assertEqual(self.ask(sim, resourceNames=[ONE], **asked), (200, {}))
        self.assertEqual(len(self.ids(self.ask(sim, resourceNames=[ONE, TWO], **asked))),
                         sum(e.parent == TWO for e in sim.scenario.events))

    def test_a_token_is_good_for_its_own_request_alone(self) -> None:
        sim = self.open(page_max=50)
        token = self.ask(sim)[1]["nextPageToken"]
        for changes in ({"resourceNames": [ONE]}, {"pageSize": 999},
                        {"filter": ACTIVITY + bounds(START - 3599)}):
            with self.subTest(changes):
                self.assert_refused(self.ask(sim, pageToken=token, **changes), 400,
                                    "INVALID_ARGUMENT")
        self.assertEqual(len(self.ids(self.ask(sim, pageToken=token))), 50)

    def test_a_token_dies_after_a_day(self) -> None:
        sim = self.open(page_max=50)
        token = self.ask(sim)[1]["nextPageToken"]
        sim.advance(24 * 3600 - 1)
        self.assertEqual(len(self.ids(self.ask(sim, pageToken=token))), 50)
        sim.advance(2)
        self.assert_refused(self.ask(sim, pageToken=token), 400, "INVALID_ARGUMENT")

    def test_filters_are_read_as_strictly_as_by_logging(self) -> None:
        sim = self.open()
        policy = 'log_id("cloudaudit.googleapis.com/policy")'
        for text in (
                ACTIVITY, f"({ACTIVITY[1:-1]} or {policy})" + bounds(),
                'log_id("cloudaudit.googleapis.com/activity")' + bounds(),
                ACTIVITY.replace("/", "%2F") + bounds(), ACTIVITY + " and" + bounds()[4:],
                ACTIVITY + ' AND NOT protoPayload.methodName:"a" OR "b"' + bounds(),
                "(" + " OR ".join([ACTIVITY[1:-1]] * 500) + ")" + bounds()):
            with self.subTest(text[:120]):
                self.assert_refused(self.ask(sim, filter=text), 400, "INVALID_ARGUMENT")
        self.assertEqual(sim.counts["bad_filters"], 7)

    def test_requests_out_of_bounds_are_refused(self) -> None:
        sim = self.open()
        for changes in ({"pageSize": 0}, {"pageSize": 1001}, {"resourceNames": []},
                        {"resourceNames": [f"projects/p{i}" for i in range(101)]},
                        {"orderBy": "receiveTimestamp asc"}, {"unknown": 1}):
            with self.subTest(changes):
                self.assert_refused(self.ask(sim, **changes), 400, "INVALID_ARGUMENT")

    def test_a_quota_counts_by_the_minute_and_says_how_much_it_is(self) -> None:
        sim = self.open(limit=3)
        self.assertEqual([self.ask(sim)[0] for _ in range(3)], [200] * 3)
        info = self.assert_refused(self.ask(sim), 429, "RESOURCE_EXHAUSTED")
        self.assertEqual((info["reason"], info["quota_limit_value"], info["consumer"]),
                         ("RATE_LIMIT_EXCEEDED", "3", "projects/42"))
        sim.advance(60)
        self.assertEqual(self.ask(sim)[0], 200)

    def test_an_old_token_of_access_is_refused(self) -> None:
        sim = self.open()
        sim.arm(GcpFault("expired"))
        info = self.assert_refused(self.ask(sim), 401, "UNAUTHENTICATED")
        self.assertEqual(info["reason"], "ACCESS_TOKEN_EXPIRED")

    def test_names_that_may_not_be_read_or_are_gone(self) -> None:
        sim = self.open()
        sim.readable = {ONE}
        info = self.assert_refused(self.ask(sim), 403, "PERMISSION_DENIED")
        self.assertEqual(info["permission"], "logging.logEntries.list")
        self.assertEqual(self.ask(sim, resourceNames=[ONE])[0], 200)
        sim.gone = {TWO}
        self.assert_refused(self.ask(sim), 404, "NOT_FOUND")

    def test_an_entry_shows_late_and_behind_the_newest(self) -> None:
        sim = self.open(GcpSpec(start=START, parents=(ONE,), script=(
            (ONE, 600, 601, 602), (ONE, 100, 3000, 3040))), now=START + 3030)
        asked = {"resourceNames": [ONE]}
        self.assertEqual(len(self.ids(self.ask(sim, **asked))), 1)
        sim.advance(20)
        late, early = self.ask(sim, **asked)[1]["entries"]
        self.assertLess(late["timestamp"], early["timestamp"])
        self.assertGreater(late["receiveTimestamp"], early["receiveTimestamp"])

    def test_what_logging_does_now_and_then(self) -> None:
        sim = self.open(page_max=100)
        sim.arm(GcpFault("empty_page", page=1))
        answer = self.ask(sim)
        self.assertEqual((self.ids(answer), list(answer[1])), ([], ["nextPageToken"]))
        sim.arm(GcpFault("repeat", page=1))
        first = self.ask(sim)
        second = self.ask(sim, pageToken=first[1]["nextPageToken"])
        self.assertEqual(len(set(self.ids(first)) & set(self.ids(second))), 49)

    def test_an_entry_may_have_512_kib(self) -> None:
        sim = self.open(GcpSpec(start=START, events=1, big=1))
        entry = self.ask(sim, resourceNames=[ONE])[1]["entries"][0]
        size = len(json.dumps(entry, separators=(",", ":")))
        self.assertTrue(510 * 1024 < size <= 512 * 1024, size)


if __name__ == "__main__":
    unittest.main()
