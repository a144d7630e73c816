#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test_*.py beside it (or those whose name holds one of the words given) and prints `N passed, N failed`."""
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


class Talk(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def say(self, word, test):
        print(f"{word:5} {time.monotonic() - self.began:6.1f} s  {test.shortDescription() or test.id()}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("FAIL", test)

    def addError(self, test, err):
        super().addError(test, err)
        self.say("FAIL", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("skip", test)
        print(f"      {reason}")


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    words = sys.argv[1:]
    loader = unittest.TestLoader()
    tests = [t for t in flatten(loader.discover(str(HERE), "test_*.py")) if not words or any(w in t.id() for w in words)]
    runner = unittest.TextTestRunner(resultclass=Talk, verbosity=0, stream=sys.stdout)
    result = runner.run(unittest.TestSuite(tests))
    bad = len(result.failures) + len(result.errors)
    good = result.testsRun - bad - len(result.skipped)
    tail = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{good} passed, {bad} failed{tail}")
    return 1 if bad or good == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
