"""Proof of the fake: real botocore clients understand it; it refuses what AWS refuses."""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, HTTPClientError

from client import KEY_ID, SECRET, CloudSim
from lookup import CONTENT_TYPE, TARGET
from scenario import Event, Scenario, ScenarioSpec

SPEC = ScenarioSpec(seed=7, events=400, seconds=1800, awkward=7)
END = SPEC.start + SPEC.seconds
LATE_ENOUGH = END + 3600


def aws_client(sim: CloudSim, key_id: str = KEY_ID, secret: str = SECRET,
               token: str | None = None, region: str = SPEC.region,
               service: str = "cloudtrail"):
    """botocore as Debian ships it, with no retries and no look at the environment."""
    with mock.patch.dict(os.environ, {"AWS_CONFIG_FILE": os.devnull,
                                      "AWS_SHARED_CREDENTIALS_FILE": os.devnull}):
        return botocore.session.Session().create_client(
            service, region_name=region, endpoint_url=sim.endpoint,
            verify=sim.ca_file, aws_access_key_id=key_id, aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, proxies={}))


class at_cloud_time:
    """botocore reads this machine's clock; lend it the cloud's."""

    def __init__(self, sim: CloudSim, off_s: float = 0) -> None:
        stamp = datetime.fromtimestamp(sim.now() + off_s, timezone.utc).replace(tzinfo=None)
        fake = mock.Mock(wraps=datetime)
        fake.utcnow.return_value = stamp
        wrapped = mock.Mock(wraps=botocore.auth.datetime)
        wrapped.datetime = fake
        self._patch = mock.patch.object(botocore.auth, "datetime", wrapped)

    def __enter__(self) -> None:
        self._patch.start()

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


def when(second: float) -> datetime:
    return datetime.fromtimestamp(second, timezone.utc)


def walk(sim: CloudSim, start: float = SPEC.start, end: float = END,
         **more: object) -> list[dict]:
    with at_cloud_time(sim):
        paginator = aws_client(sim).get_paginator("lookup_events")
        pages = paginator.paginate(StartTime=when(start), EndTime=when(end), **more)
        return [event for page in pages for event in page["Events"]]


class SimCase(unittest.TestCase):
    def start(self, spec: ScenarioSpec = SPEC, **options: object) -> CloudSim:
        options = {"now": LATE_ENOUGH, "limit": 0, **options}
        return self.enterContext(CloudSim(spec, **options))

    def refused(self, code: str, call, *arguments: object, **named: object) -> ClientError:
        with self.assertRaises(ClientError) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception


class Lookup(SimCase):
    def test_a_paginator_sees_every_visible_event_once_newest_first(self) -> None:
        sim = self.start()
        events = walk(sim)
        expected = [e.event_id for e in reversed(sim.scenario.events)]
        self.assertEqual([e["EventId"] for e in events], expected)
        times = [e["EventTime"] for e in events]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual(sim.counts()["requests"], len(expected) / 50)

    def test_records_parse_and_agree_with_their_envelope(self) -> None:
        for event in walk(self.start()):
            record = json.loads(event["CloudTrailEvent"])
            self.assertEqual(record["eventID"], event["EventId"])
            self.assertEqual(record["eventName"], event["EventName"])
            self.assertEqual(record["readOnly"], event["ReadOnly"] == "true")
            self.assertEqual(record["eventTime"],
                             event["EventTime"].astimezone(timezone.utc)
                             .strftime("%Y-%m-%dT%H:%M:%SZ"))

    def test_only_what_is_visible_by_now_is_shown(self) -> None:
        sim = self.start(now=SPEC.start + 900)
        for _ in range(4):
            seen = {e["EventId"] for e in walk(sim)}
            now = sim.now()
            shown = {e.event_id for e in sim.scenario.events if e.visible_at <= now}
            self.assertEqual(seen, shown)
            sim.advance(300)
        self.assertTrue(shown and len(shown) < SPEC.events)

    def test_both_bounds_are_included(self) -> None:
        sim = self.start()
        middle = sim.scenario.events[200].second
        expected = {e.event_id for e in sim.scenario.events if e.second == middle}
        self.assertEqual({e["EventId"] for e in walk(sim, middle, middle)}, expected)

    def test_each_attribute_selects(self) -> None:
        sim = self.start()
        for key, value in (("ReadOnly", "false"), ("EventName", "AssumeRole"),
                           ("EventSource", "ec2.amazonaws.com"), ("Username", "amara"),
                           ("ResourceType", "AWS::IAM::Role"),
                           ("EventId", sim.scenario.events[3].event_id)):
            with self.subTest(key):
                wanted = [{"AttributeKey": key, "AttributeValue": value}]
                events = walk(sim, LookupAttributes=wanted)
                self.assertTrue(0 < len(events) < SPEC.events)
                if key not in ("ResourceType",):
                    self.assertEqual({e[key] for e in events}, {value})

    def test_a_token_is_bound_to_its_parameters_and_ends(self) -> None:
        sim = self.start(token_life=60)
        client = aws_client(sim)
        query = {"StartTime": when(SPEC.start), "EndTime": when(END)}
        with at_cloud_time(sim):
            token = client.lookup_events(**query)["NextToken"]
            self.assertTrue(client.lookup_events(**query, NextToken=token)["Events"])
            self.refused("InvalidNextTokenException", client.lookup_events, NextToken=token,
                         **query | {"EndTime": when(END - 1)})
            self.refused("InvalidNextTokenException", client.lookup_events, NextToken="x",
                         **query)
            sim.advance(61)
            self.refused("InvalidNextTokenException", client.lookup_events, NextToken=token,
                         **query)

    def test_errors_arrive_as_the_typed_exceptions_of_the_model(self) -> None:
        sim = self.start()
        client = aws_client(sim)
        with at_cloud_time(sim):
            for exception, query in (
                (client.exceptions.InvalidTimeRangeException,
                 {"StartTime": when(END), "EndTime": when(SPEC.start)}),
                (client.exceptions.InvalidTimeRangeException,
                 {"StartTime": when(END - 91 * 86400)}),
                (client.exceptions.InvalidLookupAttributesException,
                 {"LookupAttributes": [{"AttributeKey": "EventName",
                                        "AttributeValue": "A"}] * 2}),
            ):
                with self.subTest(exception.__name__, query=query):
                    with self.assertRaises(exception):
                        client.lookup_events(**query)

    def send_raw(self, sim: CloudSim, query: object, target: str = TARGET,
                 content_type: str = CONTENT_TYPE, flip: bool = False) -> tuple[int, str]:
        """A request signed by botocore and sent by hand."""
        body = json.dumps(query).encode()
        request = AWSRequest("POST", sim.endpoint + "/", data=body, headers={
            "Content-Type": content_type, "X-Amz-Target": target})
        botocore.auth.SigV4Auth(Credentials(KEY_ID, SECRET), "cloudtrail",
                                SPEC.region).add_auth(request)
        headers = dict(request.headers.items())
        if flip:
            text = headers["Authorization"]
            headers["Authorization"] = text[:-1] + f"{int(text[-1], 16) ^ 1:x}"
        raw = urllib.request.Request(sim.endpoint + "/", data=body, headers=headers)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(
                context=ssl.create_default_context(cafile=sim.ca_file)))
        try:
            with opener.open(raw, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_a_malformed_request_is_refused(self) -> None:
        sim = self.start()
        with at_cloud_time(sim):
            for name, code, more in (
                ("target", "UnknownOperationException", {"target": TARGET[:-1]}),
                ("type", "UnknownOperationException", {"content_type": "application/json"}),
                ("unknown member", "SerializationException", {"query": {"Limit": 1}}),
                ("text for time", "SerializationException", {"query": {"StartTime": "0"}}),
                ("no object", "SerializationException", {"query": []}),
                ("51 a page", "InvalidMaxResultsException", {"query": {"MaxResults": 51}}),
                ("a flipped bit", "InvalidSignatureException", {"flip": True}),
            ):
                with self.subTest(name):
                    status, text = self.send_raw(sim, **{"query": {}, **more})
                    self.assertEqual(status, 400)
                    self.assertEqual(json.loads(text)["__type"].split("#")[-1], code)


class Signatures(SimCase):
    def test_wrong_secrets_unknown_and_expired_keys_are_told_apart(self) -> None:
        keys = {KEY_ID: {"secret": SECRET},
                "ASIAEXAMPLE": {"secret": "s", "token": "t", "expires_at": LATE_ENOUGH - 1}}
        sim = self.start(keys=json.dumps(keys))
        with at_cloud_time(sim):
            for code, key in (
                ("InvalidSignatureException", (KEY_ID, SECRET + "x")),
                ("UnrecognizedClientException", ("AKIAOTHER", SECRET)),
                ("UnrecognizedClientException", ("ASIAEXAMPLE", "s", "other")),
                ("ExpiredTokenException", ("ASIAEXAMPLE", "s", "t")),
            ):
                with self.subTest(code, key=key):
                    self.refused(code, aws_client(sim, *key).lookup_events)
            self.refused("InvalidSignatureException",
                         aws_client(sim, region="eu-west-2").lookup_events)

    def test_a_clock_more_than_five_minutes_off_is_refused_with_the_cloud_s_date(self) -> None:
        sim = self.start()
        for off, code in ((0, None), (290, None), (-290, None), (310, "not yet current"),
                          (-310, "expired"), (365 * 86400, "not yet current")):
            with self.subTest(off=off), at_cloud_time(sim, off):
                if code is None:
                    aws_client(sim).lookup_events()
                    continue
                error = self.refused("InvalidSignatureException",
                                     aws_client(sim).lookup_events)
                self.assertIn(code, error.response["Error"]["Message"])
                date = error.response["ResponseMetadata"]["HTTPHeaders"]["date"]
                self.assertIn(when(LATE_ENOUGH).strftime("%d %b %Y %H:%M"), date)


class Organisation(SimCase):
    """Many accounts and regions, and the services that tell of them."""

    other = ScenarioSpec(seed=8, events=40, seconds=1800, account="444455556666",
                         region="eu-west-2")
    keys = {KEY_ID: {"secret": SECRET},
            "AKIDOTHER": {"secret": "other", "account": "444455556666"},
            "AKIDQUIET": {"secret": "quiet", "account": "777788889999"}}

    def start_world(self, **layout: object) -> CloudSim:
        layout = {"regions": {"*": ["us-east-1", "eu-west-2"]}, "disabled": ["af-south-1"],
                  **layout}
        return self.enterContext(CloudSim(SPEC, self.other, now=LATE_ENOUGH, limit=0,
                                          keys=json.dumps(self.keys),
                                          world=json.dumps(layout)))

    def lookup_ids(self, sim: CloudSim, key: tuple[str, str], region: str) -> list[str]:
        pages = aws_client(sim, *key, region=region).get_paginator("lookup_events")
        return [e["EventId"] for page in pages.paginate() for e in page["Events"]]

    def test_each_account_and_region_has_its_own_events(self) -> None:
        sim = self.start_world()
        with at_cloud_time(sim):
            for key, region, events in (
                ((KEY_ID, SECRET), "us-east-1", sim.scenarios[0].events),
                ((KEY_ID, SECRET), "eu-west-2", []),
                (("AKIDOTHER", "other"), "eu-west-2", sim.scenarios[1].events),
                (("AKIDOTHER", "other"), "us-east-1", []),
                (("AKIDQUIET", "quiet"), "us-east-1", []),
            ):
                with self.subTest(key=key, region=region):
                    self.assertEqual(self.lookup_ids(sim, key, region),
                                     [e.event_id for e in reversed(events)])

    def test_each_account_and_region_has_its_own_budget(self) -> None:
        sim = self.enterContext(CloudSim(SPEC, self.other, now=LATE_ENOUGH, limit=1, burst=1,
                                         keys=json.dumps(self.keys)))
        with at_cloud_time(sim):
            aws_client(sim).lookup_events()
            self.refused("ThrottlingException", aws_client(sim).lookup_events)
            aws_client(sim, "AKIDOTHER", "other", region="eu-west-2").lookup_events()

    def test_botocore_reads_the_enabled_regions(self) -> None:
        sim = self.start_world(regions={"*": ["us-east-1"], "777788889999": ["eu-west-1"]})
        with at_cloud_time(sim):
            ec2 = aws_client(sim, service="ec2")
            names = [r["RegionName"] for r in ec2.describe_regions()["Regions"]]
            self.assertEqual(names, ["us-east-1"])
            every = ec2.describe_regions(AllRegions=True)["Regions"]
            self.assertEqual({r["RegionName"]: r["OptInStatus"] for r in every},
                             {"us-east-1": "opt-in-not-required",
                              "af-south-1": "not-opted-in"})
            quiet = aws_client(sim, "AKIDQUIET", "quiet", service="ec2").describe_regions()
            self.assertEqual([r["RegionName"] for r in quiet["Regions"]], ["eu-west-1"])

    def test_botocore_pages_through_the_organisation(self) -> None:
        accounts = [{"Id": f"{n:012d}", "Name": f"n{n}"} for n in range(47)]
        sim = self.start_world(organization=accounts, page=7)
        with at_cloud_time(sim):
            pages = aws_client(sim, service="organizations").get_paginator("list_accounts")
            listed = [a for page in pages.paginate() for a in page["Accounts"]]
            self.assertEqual([(a["Id"], a["Name"]) for a in listed],
                             [(a["Id"], a["Name"]) for a in accounts])
        self.assertEqual(sim.counts()["organizations:ListAccounts"], 7)

    def test_refusals_are_those_of_each_protocol(self) -> None:
        sim = self.start_world(organization=[{"Id": "111122223333"}], management=SPEC.account,
                               no_regions=[SPEC.account], no_lookup=["444455556666"])
        other = ("AKIDOTHER", "other")
        with at_cloud_time(sim):
            self.refused("UnauthorizedOperation",
                         aws_client(sim, service="ec2").describe_regions)
            self.refused("AccessDeniedException",
                         aws_client(sim, *other, service="organizations").list_accounts)
            self.refused("AccessDeniedException",
                         aws_client(sim, *other, region="eu-west-2").lookup_events)
            self.refused("InvalidSignatureException",
                         aws_client(sim, KEY_ID, "wrong",
                                    service="organizations").list_accounts)
            sim.change(organization_fails=True)
            self.refused("ServiceException",
                         aws_client(sim, service="organizations").list_accounts)


class Faulty(SimCase):
    def test_requests_beyond_two_a_cloud_second_are_throttled_by_a_400(self) -> None:
        sim = self.start(limit=2, burst=2)
        client = aws_client(sim)
        with at_cloud_time(sim):
            client.lookup_events()
            client.lookup_events()
            error = self.refused("ThrottlingException", client.lookup_events)
            self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
            sim.advance(0.5)
            client.lookup_events()

    def test_each_fault_shows_as_its_kind_and_then_goes(self) -> None:
        sim = self.start()
        client = aws_client(sim)
        gone = HTTPClientError
        with at_cloud_time(sim):
            for kind, code in (("throttle", "ThrottlingException"), ("error_500", "500"),
                               ("expired_token", "ExpiredTokenException"),
                               ("denied", "AccessDeniedException"), ("error_503", "503"),
                               ("reset_before", gone), ("reset_after", gone)):
                with self.subTest(kind):
                    sim.arm({"kind": kind})
                    is_code = isinstance(code, str)
                    with self.assertRaises(ClientError if is_code else code) as caught:
                        client.lookup_events()
                    if is_code:
                        answer = caught.exception.response
                        self.assertIn(code, (answer["Error"]["Code"], str(
                            answer["ResponseMetadata"]["HTTPStatusCode"])))
                    self.assertEqual(len(client.lookup_events()["Events"]), 50)
            self.assertEqual(sum(sim.call("state")["faults"].values()), 7)

    def test_a_truncated_answer_and_html_hold_no_events(self) -> None:
        sim = self.start()
        client = aws_client(sim)
        with at_cloud_time(sim):
            for kind in ("truncate", "not_json"):
                with self.subTest(kind):
                    sim.arm({"kind": kind})
                    # This botocore takes both for an empty answer: events lost in silence.
                    self.assertNotIn("Events", client.lookup_events())
                    self.assertEqual(len(client.lookup_events()["Events"]), 50)

    def test_slow_answers_are_whole_and_oversized_ones_pass_16_mib(self) -> None:
        sim = self.start()
        with at_cloud_time(sim):
            sim.arm({"kind": "slow"}, {"kind": "oversized"})
            self.assertEqual(len(aws_client(sim).lookup_events()["Events"]), 50)
            answer = aws_client(sim).lookup_events()
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            self.assertGreater(int(headers["content-length"]), 16 << 20)

    def test_overlapping_pages_repeat_events_and_lose_none(self) -> None:
        sim = self.start()
        sim.arm({"kind": "overlap", "page": 2, "count": 5})
        ids = [e["EventId"] for e in walk(sim)]
        self.assertEqual(len(ids), SPEC.events + 5)
        self.assertEqual(len(set(ids)), SPEC.events)

    def test_a_process_is_killed_at_each_point_and_page(self) -> None:
        sim = self.start()
        for point in ("before_read", "after_read", "mid_answer", "after_answer"):
            with self.subTest(point):
                victim = subprocess.Popen(["sleep", "60"])
                page = None if point == "before_read" else 2
                sim.call("kill", pid=victim.pid, point=point, page=page)
                try:
                    walk(sim)
                except (HTTPClientError, KeyError):
                    pass  # half an answer is an answer without events to this botocore
                self.assertEqual(victim.wait(10), -9)
        self.assertEqual(sum(sim.call("state")["kills"].values()), 4)


class World(unittest.TestCase):
    def test_equal_specs_make_equal_events(self) -> None:
        self.assertEqual(Scenario(SPEC).events, Scenario(SPEC).events)

    def test_the_delay_has_the_measured_quantiles(self) -> None:
        p50, p95, p99 = Scenario(ScenarioSpec(events=20_000, seconds=86400)).quantiles()
        self.assertAlmostEqual(p50, 3.4, delta=0.15)
        self.assertAlmostEqual(p95, 7.1, delta=0.25)
        self.assertAlmostEqual(p99, 8.4, delta=0.4)

    def test_the_mix_is_one_eighth_writes_and_ids_are_unique(self) -> None:
        events: list[Event] = Scenario(ScenarioSpec(events=10_000)).events
        writes = sum(event.outer["ReadOnly"] == "false" for event in events)
        self.assertAlmostEqual(writes / len(events), 0.12, delta=0.02)
        self.assertEqual(len({event.event_id for event in events}), len(events))

    def test_it_ends_with_its_parent_and_leaves_nothing_behind(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [sys.executable, str(Path(__file__).parent)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": folder})
            assert process.stdout is not None
            process.stdout.readline()
            self.assertTrue(list(Path(folder).iterdir()))
            process.communicate(b"", timeout=10)
            self.assertEqual((process.returncode, list(Path(folder).iterdir())), (0, []))


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # botocore's clients have no close
