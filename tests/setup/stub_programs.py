# SPDX-License-Identifier: Apache-2.0
"""A folder of programs to run a script with and nothing else in its PATH: a few real ones, and stubs that note their calls."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ScriptTest(unittest.TestCase):
    """Each test has a folder, a bin folder that is the whole PATH, and a list of the calls of its stubs."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orrery-setup-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.calls_file = self.folder / "calls"

    def real(self, *names):
        for name in names:
            (self.bin / name).symlink_to(shutil.which(name))

    def stub(self, path, script=""):
        """A program that notes its name and arguments, then does what the shell script says."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/bash\nprintf "%s\\n" "{path.name} $*" >>"{self.calls_file}"\n{script}\n')
        path.chmod(0o755)

    def calls(self):
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def run_script(self, *command, **variables):
        environment = {"PATH": str(self.bin), "HOME": str(self.folder), **variables}
        done = subprocess.run([str(part) for part in command], env=environment, text=True, capture_output=True, timeout=60,
                              cwd=self.folder, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr
