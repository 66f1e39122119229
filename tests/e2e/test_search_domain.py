"""The sink elasticsearch on a search domain of AWS: every request is signed."""

import unittest

from counterparts import SearchDomain
from receiver import Fault
from test_sink_faults import SinkCase


class Signed(SinkCase):
    def test_every_request_is_signed_and_compression_is_signed_too(self) -> None:
        for more, options in (("", {}), ("gzip: true", {"want_gzip": True})):
            with self.subTest(more):
                platform = self.enterContext(SearchDomain(self.folder(), **options))
                bench = self.bench_for(platform, more)
                self.assert_good(bench.run())
                self.assertEqual(self.lost(bench, platform), [])
                self.assertEqual(platform.misfits, [])
                self.assertEqual(len(platform.signers), platform.requests)

    def test_an_expired_token_is_renewed_and_the_request_signed_again(self) -> None:
        platform = self.enterContext(SearchDomain(self.folder()))
        bench = self.bench_for(platform)
        platform.expires = 1
        self.assert_good(bench.run())
        self.assertEqual(self.lost(bench, platform), [])
        self.assertEqual(platform.repeats(), 0)
        self.assertEqual(platform.requests, len(platform.signers) + 1)

    def test_an_identity_without_the_right_holds_the_sink(self) -> None:
        platform = self.enterContext(SearchDomain(self.folder()))
        bench = self.bench_for(platform)
        platform.arm(Fault("status", 403))
        self.assertEqual(bench.run().status, 1)
        self.assertEqual(platform.counts, {})
        platform.arm()
        self.assert_good(bench.run())
        self.assertEqual(self.lost(bench, platform), [])

    def test_a_second_credential_is_refused_before_anything_is_sent(self) -> None:
        platform = self.enterContext(SearchDomain(self.folder()))
        bench = self.bench_for(platform, "api_key: key-1")
        run = bench.run()
        self.assertEqual(run.status, 2)
        self.assertIn('"api_key" is a second credential beside "aws_region"', run.stderr)
        self.assertEqual(platform.requests, 0)


if __name__ == "__main__":
    unittest.main()
