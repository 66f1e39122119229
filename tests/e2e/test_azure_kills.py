"""The kill suite over Azure and Entra: several sources, read by several threads.

    python3 tests/e2e/test_azure_kills.py --full [--seed N]     256 kills, 20,000 events"""

import sys
import time
import unittest

from azure_harness import DIRECTORY, TENANT, AzureBench, AzureCase, AzureSpec
from harness import hours_ago
from kill_suite import QUICK, Report, Size, Suite, main_full, run_on

SUBSCRIPTIONS = tuple(f"5a000000-0000-4000-8000-00000000000{n}" for n in range(1, 3))
STREAMS = (TENANT, DIRECTORY)
FULL = Size(20_000, 24, 8, 32)
FAULTS = {"throttle": .004, "error_500": .004, "error_503": .004, "html": .004,
          "empty_page": .03, "repeat": .03, "expired": .01, "invalid_skip": .01}


def run_azure(size: Size, seed: int) -> Report:
    each = size.events // (len(SUBSCRIPTIONS) + len(STREAMS))
    spec = AzureSpec(seed=seed, start=hours_ago(size.hours + 6), seconds=size.hours * 3600,
                     events=each, subscriptions=SUBSCRIPTIONS, streams=STREAMS)
    began = time.monotonic()
    with AzureBench(spec, spec.seconds, page_size=50, every="30s",
                    now=spec.start + size.backlog_hours * 3600) as bench:
        return run_on(bench, Suite(bench, size, seed, FAULTS), began)


class AzureKills(AzureCase):
    def test_nothing_is_lost_by_killing_it_anywhere(self) -> None:
        report = run_azure(QUICK, seed=7)
        print(f"\n{report}")
        self.assertEqual(report.problems(), [])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main_full(__doc__, run_azure, FULL))
    unittest.main()
