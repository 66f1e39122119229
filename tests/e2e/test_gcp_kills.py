"""The kill suite over Google Cloud: three sets of names, read by several threads.

    python3 tests/e2e/test_gcp_kills.py --full [--seed N]     256 kills, 20,000 entries"""

import sys
import time
import unittest

from gcp_harness import GcpBench, GcpCase, GcpSpec
from harness import hours_ago
from kill_suite import QUICK, Report, Size, Suite, main_full, run_on

PARENTS = tuple(f"projects/case-{n}" for n in range(203)) + ("organizations/7",)
FULL = Size(20_000, 24, 8, 32)
FAULTS = {"throttle": .002, "error_500": .004, "error_503": .004, "html": .004, "reset": .004,
          "truncate": .004, "empty_page": .03, "repeat": .03, "expired": .01, "token_lost": .01}


def run_gcp(size: Size, seed: int) -> Report:
    spec = GcpSpec(seed=seed, start=hours_ago(size.hours + 6), seconds=size.hours * 3600,
                   events=size.events, parents=PARENTS)
    ids = ", ".join(name.split("/")[1] for name in PARENTS if name.startswith("projects/"))
    began = time.monotonic()
    with GcpBench(spec, spec.seconds, page_max=50,
                  settings=f"projects: [{ids}]\norganizations: ['7']",
                  now=spec.start + size.backlog_hours * 3600) as bench:
        return run_on(bench, Suite(bench, size, seed, FAULTS), began)


class GcpKills(GcpCase):
    def test_nothing_is_lost_by_killing_it_anywhere(self) -> None:
        report = run_gcp(QUICK, seed=7)
        print(f"\n{report}")
        self.assertEqual(report.problems(), [])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main_full(__doc__, run_gcp, FULL))
    unittest.main()
