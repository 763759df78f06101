#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The text that tokenizers are timed on: of the size that was asked for, the same each time, and of several kinds."""
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "bench/bpe_text.py"


class BpeTextTest(unittest.TestCase):
    def call(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, *arguments], text=True, capture_output=True)

    def test_is_the_same_each_time_and_says_its_hash(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "text"
            answers = []
            for _ in range(2):
                answer = self.call(path, "--mib", "1")
                self.assertEqual((answer.returncode, answer.stderr), (0, ""))
                answers.append(answer.stdout)
                data = path.read_bytes()
                self.assertEqual(len(data), 1 << 20)
                self.assertIn(f"sha256 {hashlib.sha256(data).hexdigest()}", answer.stdout)
            self.assertEqual(answers[0], answers[1])
            self.assertIn("MiB of Python", answers[0])

    def test_refuses_what_it_does_not_know(self):
        for arguments in ((), ("--mib", "0", "x"), ("--mib",), ("-x",)):
            self.assertIn("usage: bench/bpe_text.py FILE", self.call(*arguments).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
