#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# What ./test says of rows that tests have left out.
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/setup/skipped_tests.py"


class SkippedTest(unittest.TestCase):
    def said(self, log):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "LastTest.log"
            if log is not None:
                path.write_text(log, encoding="utf-8")
            return subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, check=True).stdout

    def test_counts_rows_by_their_reason(self):
        log = ("PASS   : TestA::one()\n"
               "SKIP   : TestA::two(row (a)) no GPU: none answers\n   Loc: [a.cpp(3)]\n"
               "SKIP   : TestB::three() no texts here\n"
               "SKIP   : TestA::two(b) no GPU: none answers\n"
               "XFAIL  : TestB::four() SKIP : is no line of its own\n")
        self.assertEqual(self.said(log), "\nLeft out within tests: 3\n    2  no GPU: none answers\n    1  no texts here\n")

    def test_says_nothing_where_nothing_was_left_out(self):
        self.assertEqual(self.said("PASS   : TestA::one()\n"), "")
        self.assertEqual(self.said(None), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
