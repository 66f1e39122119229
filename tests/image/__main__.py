"""/usr/bin/python3 -B tests/image [NAME...]: the image of scripts/image, proved by running it.

Skips aloud where that cannot be done; fails instead where CI is set.
"""

import os
import sys
import unittest
from pathlib import Path

import engine


def main() -> int:
    try:
        engine.require()
    except engine.Missing as missing:
        print(f"SKIP: {missing}")
        return 1 if os.environ.get("CI") else 0
    suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent))
    if sys.argv[1:]:
        suite = unittest.TestSuite(test for group in suite for each in group for test in each
                                   if any(name in test.id() for name in sys.argv[1:]))
    with engine.Engine() as engine.Case.engine:
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    good = result.wasSuccessful() and not (result.skipped and os.environ.get("CI"))
    return 0 if good and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
