"""Proof of the fake STS and metadata: botocore gets credentials there, and is refused."""

import json
import unittest

import botocore.session
import botocore.utils
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, MetadataRetrievalError

from client import CloudSim
from scenario import ScenarioSpec
from test_cloudsim import aws_client, at_cloud_time

SPEC = ScenarioSpec(seed=7, events=60, seconds=1800)
NOW = SPEC.start + SPEC.seconds + 3600
ROLE = "arn:aws:iam::111122223333:role/audit"
HUB = "arn:aws:iam::999988887777:role/hub"


class StsCase(unittest.TestCase):
    def start(self, **rules: object) -> CloudSim:
        return self.enterContext(CloudSim(SPEC, now=NOW, limit=0, sts=json.dumps(rules)))

    def client_of(self, sim: CloudSim, given: dict, service: str = "sts"):
        return aws_client(sim, given["AccessKeyId"], given["SecretAccessKey"],
                          given["SessionToken"], service=service)

    def assume(self, client, **more: str) -> dict:
        asked = {"RoleArn": ROLE, "RoleSessionName": "auditbridge", **more}
        return client.assume_role(**asked)["Credentials"]

    def refused(self, code: str, call, *arguments: object, **named: object) -> None:
        with self.assertRaises(ClientError) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)


class Roles(StsCase):
    def test_assumed_credentials_sign_until_they_end(self) -> None:
        sim = self.start(life_s=900)
        with at_cloud_time(sim):
            given = self.assume(aws_client(sim, service="sts"))
            who = self.client_of(sim, given).get_caller_identity()
            self.assertEqual((who["Account"], who["Arn"]), ("111122223333", ROLE))
            # botocore takes the first account for the source's own
            self.client_of(sim, given, "cloudtrail").lookup_events()
        sim.advance(901)
        with at_cloud_time(sim):
            self.refused("ExpiredToken", self.client_of(sim, given).get_caller_identity)
            self.refused("ExpiredTokenException",
                         self.client_of(sim, given, "cloudtrail").lookup_events)

    def test_trust_policies_are_kept(self) -> None:
        sim = self.start(external_ids={ROLE: "outside-7"}, trusted={ROLE: [HUB]})
        with at_cloud_time(sim):
            base = aws_client(sim, service="sts")
            hub = self.client_of(sim, self.assume(base, RoleArn=HUB))
            self.assume(hub, ExternalId="outside-7")
            self.refused("AccessDenied", self.assume, hub)
            self.refused("AccessDenied", self.assume, hub, ExternalId="other")
            self.refused("AccessDenied", self.assume, base, ExternalId="outside-7")
        self.assertEqual(sim.counts()["sts:AssumeRole"], 5)

    def test_what_sts_would_refuse_is_refused(self) -> None:
        sim = self.start(disabled=["me-south-1"])
        with at_cloud_time(sim):
            client = aws_client(sim, service="sts")
            self.refused("ValidationError", self.assume, client, RoleArn="arn:aws:iam::1:role/x")
            self.refused("RegionDisabledException", self.assume,
                         aws_client(sim, region="me-south-1", service="sts"))
            self.refused("SignatureDoesNotMatch", self.assume,
                         aws_client(sim, secret="other", service="sts"))
            self.refused("InvalidClientTokenId", self.assume,
                         aws_client(sim, key_id="AKIDOTHER", service="sts"))

    def test_a_web_identity_needs_no_other_credentials(self) -> None:
        sim = self.start(web_tokens=["good"], expired_tokens=["over"])
        client = botocore.session.Session().create_client(
            "sts", region_name=SPEC.region, endpoint_url=sim.endpoint, verify=sim.ca_file,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1},
                          proxies={}))
        named = {"RoleArn": ROLE, "RoleSessionName": "pod"}
        given = client.assume_role_with_web_identity(**named, WebIdentityToken="good")
        with at_cloud_time(sim):
            self.client_of(sim, given["Credentials"]).get_caller_identity()
        self.refused("ExpiredTokenException", client.assume_role_with_web_identity, **named,
                     WebIdentityToken="over")
        self.refused("InvalidIdentityToken", client.assume_role_with_web_identity, **named,
                     WebIdentityToken="bad!")


class Metadata(StsCase):
    def signs(self, sim: CloudSim, given: dict) -> None:
        with at_cloud_time(sim):
            aws_client(sim, given["access_key"], given["secret_key"], given["token"],
                       service="sts").get_caller_identity()

    def test_botocore_finds_the_instance_s_role(self) -> None:
        sim = self.start()
        fetcher = botocore.utils.InstanceMetadataFetcher(
            base_url=sim.metadata + "/", config={"ec2_metadata_service_endpoint": sim.metadata})
        given = fetcher.retrieve_iam_role_credentials()
        self.assertEqual(given["role_name"], "node-role")
        self.signs(sim, given)
        counts = sim.counts()
        self.assertEqual(counts["metadata:PUT /latest/api/token"], 1)

    def test_an_instance_without_a_role_has_no_credentials(self) -> None:
        sim = self.start(instance_role="")
        fetcher = botocore.utils.InstanceMetadataFetcher(
            base_url=sim.metadata + "/", config={"ec2_metadata_service_endpoint": sim.metadata})
        self.assertEqual(fetcher.retrieve_iam_role_credentials(), {})

    def test_botocore_finds_a_container_s_role_by_its_token(self) -> None:
        sim = self.start(metadata_token="pod-token", life_s=7200)
        fetcher = botocore.utils.ContainerMetadataFetcher()
        url = sim.metadata + "/v1/credentials"
        found = fetcher.retrieve_full_uri(url, headers={"Authorization": "pod-token"})
        self.signs(sim, {"access_key": found["AccessKeyId"], "token": found["Token"],
                         "secret_key": found["SecretAccessKey"]})
        with self.assertRaises(MetadataRetrievalError):
            fetcher.retrieve_full_uri(url, headers={"Authorization": "other"})


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # botocore's clients have no close
