"""moj.self of Google Cloud: which entries are our own calls, by each credential."""

import json
import unittest

import test_gcp_identities as identities
from gcp_harness import GcpSpec
from test_gcp_identities import EMAIL, TARGET, world


class Self(identities.IdentityCase):
    """moj.self is for calls of ours alone: whoever has the credential, by this program."""

    OURS, OTHERS = "auditbridge/0.1,gzip(gfe)", "google-cloud-sdk"
    BY_EMAIL, BY_SUBJECT = "principalEmail", "principalSubject"
    POOL_MEMBER = ("principal://iam.googleapis.com/projects/1/locations/global/"
                   f"workloadIdentityPools/p/subject/{world.SUBJECT}")

    def marked(self, content: object, *actors: tuple[str, str]) -> list[bool]:
        """Of entries by each of actors with our user agent, which are ours; and of the same
        with another's, none."""
        pairs = tuple((*actor, agent) for agent in (self.OURS, self.OTHERS) for actor in actors)
        spec = GcpSpec(start=identities.SPEC.start, events=60, stragglers=0, actors=pairs)
        bench = self.open(content, spec)
        self.assert_good(bench.run())
        self.assert_all_once(bench)
        found: dict[tuple[str, str, str], set[bool]] = {}
        for line in bench.sink.path.read_text().splitlines():
            event = json.loads(line)
            if not event["event"]["id"].startswith("gcp:"):
                continue
            payload = json.loads(event["event"]["original"])["protoPayload"]
            (name, value), = payload["authenticationInfo"].items()
            agent = payload["requestMetadata"]["callerSuppliedUserAgent"]
            found.setdefault((name, value, agent), set()).add(event["moj"].get("self", False))
        self.assertEqual([found[(*actor, self.OTHERS)] for actor in actors],
                         [{False}] * len(actors))
        return [found[(*actor, self.OURS)] == {True} for actor in actors]

    def test_by_a_key(self) -> None:
        self.assertEqual([True, True, False, False], self.marked(
            self.service_account(), (self.BY_EMAIL, EMAIL),
            (self.BY_SUBJECT, f"serviceAccount:{EMAIL}"), (self.BY_EMAIL, TARGET),
            (self.BY_EMAIL, "m.khan@example.org")))

    def test_by_the_metadata_server(self) -> None:
        self.tokens.machine = EMAIL
        self.assertEqual([True, False], self.marked(
            None, (self.BY_EMAIL, EMAIL), (self.BY_EMAIL, TARGET)))

    def test_by_impersonation_both_accounts_are_ours(self) -> None:
        content = {"type": "impersonated_service_account",
                   "source_credentials": self.service_account(),
                   "service_account_impersonation_url": world.impersonation_of(
                       self.login, TARGET)}
        self.assertEqual([True, True, False], self.marked(
            content, (self.BY_EMAIL, TARGET), (self.BY_EMAIL, EMAIL),
            (self.BY_EMAIL, "x" + EMAIL)))

    def test_by_federation_the_pools_subject_is_ours_and_no_other_pools(self) -> None:
        self.assertEqual([True, False, False], self.marked(
            self.workload(), (self.BY_SUBJECT, self.POOL_MEMBER),
            (self.BY_SUBJECT, self.POOL_MEMBER.replace("/p/", "/q/")),
            (self.BY_EMAIL, world.SUBJECT)))


if __name__ == "__main__":
    unittest.main()
