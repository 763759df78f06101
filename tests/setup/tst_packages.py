#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/setup/packages.sh with made-up dpkg-query, apt-get, id and sudo: what it asks for, and whom."""
import unittest

from stub_programs import ROOT, ScriptTest

SCRIPT = ROOT / "scripts/setup/packages.sh"


class PackagesTest(ScriptTest):
    def setUp(self):
        super().setUp()
        self.real("bash", "awk", "grep", "dirname")
        self.stub(self.bin / "apt-get")
        self.install_all_but()
        self.be_user(0)

    def install_all_but(self, *missing):
        """dpkg-query as it answers when all that it is asked for is installed, but for these."""
        known = "|".join(missing) or "-"
        self.stub(self.bin / "dpkg-query",
                  f'for name; do case "$name" in -*) ;; {known}) [ "$name" = xdotool ] && echo "$name config-files" ;; '
                  f'*) echo "$name installed" ;; esac; done; {"exit 1" if missing else ""}')

    def be_user(self, number):
        (self.bin / "id").unlink(missing_ok=True)
        (self.bin / "id").write_text(f"#!/bin/bash\necho {number}\n")
        (self.bin / "id").chmod(0o755)

    def apt_calls(self):
        return [call for call in self.calls() if call.startswith(("apt-get", "sudo"))]

    def test_says_nothing_when_all_is_there(self):
        self.assertEqual(self.run_script("bash", SCRIPT, "--test"), (0, "", ""))
        self.assertEqual(self.apt_calls(), [])

    def test_installs_what_is_missing_as_root(self):
        self.install_all_but("libsqlite3-dev", "ccache")
        code, out, err = self.run_script("bash", SCRIPT)
        self.assertEqual(code, 0, err)
        self.assertIn("Orrery needs 2 Debian packages that are not installed: ccache libsqlite3-dev\n", err)
        self.assertNotIn("password", err)
        self.assertEqual(self.apt_calls(), ["apt-get update -q",
                                            "apt-get install -y -q --no-install-recommends ccache libsqlite3-dev"])

    def test_a_package_of_which_only_the_settings_are_left_is_missing(self):
        self.install_all_but("xdotool")
        code, out, err = self.run_script("bash", SCRIPT, "--test")
        self.assertEqual(code, 0, err)
        self.assertIn("not installed: xdotool\n", err)

    def test_asks_for_test_packages_only_for_tests(self):
        self.install_all_but("xdotool")
        self.assertEqual(self.run_script("bash", SCRIPT), (0, "", ""))

    def test_asks_for_what_makes_packages_only_for_packages(self):
        self.install_all_but("patchelf")
        self.assertEqual(self.run_script("bash", SCRIPT, "--test"), (0, "", ""))
        code, out, err = self.run_script("bash", SCRIPT, "--package")
        self.assertEqual(code, 0, err)
        self.assertIn("not installed: patchelf\n", err)

    def test_uses_sudo_and_says_why(self):
        self.be_user(1000)
        self.stub(self.bin / "sudo", 'exec "$@"')
        self.install_all_but("ccache")
        code, out, err = self.run_script("bash", SCRIPT)
        self.assertEqual(code, 0, err)
        self.assertIn("asks for your password (sudo)", err)
        self.assertEqual(self.apt_calls()[0], "sudo apt-get update -q")
        self.assertIn("apt-get install -y -q --no-install-recommends ccache", self.apt_calls())

    def test_without_root_and_sudo_it_says_what_to_run(self):
        self.be_user(1000)
        self.install_all_but("ccache", "g++")
        code, out, err = self.run_script("bash", SCRIPT)
        self.assertEqual(code, 1)
        self.assertIn("error: root is needed", err)
        self.assertTrue(err.endswith("Run as root: apt-get install g++ ccache\n"), err)
        self.assertEqual(self.apt_calls(), [])

    def test_says_when_apt_failed(self):
        self.install_all_but("ccache")
        self.stub(self.bin / "apt-get", '[ "$1" = install ] && { echo "E: Unable to locate package" >&2; exit 100; }; exit 0')
        code, out, err = self.run_script("bash", SCRIPT)
        self.assertEqual(code, 1)
        self.assertIn("E: Unable to locate package", err)
        self.assertTrue(err.endswith("error: apt-get could not install ccache; its reason stands above.\n"), err)

    def test_goes_on_with_old_lists_when_there_is_no_network(self):
        # Packages may be in apt's own cache, or on a local mirror that is up.
        self.install_all_but("ccache")
        self.stub(self.bin / "apt-get", '[ "$1" = update ] && exit 100; exit 0')
        code, out, err = self.run_script("bash", SCRIPT)
        self.assertEqual(code, 0, err)
        self.assertEqual(len(self.apt_calls()), 2)

    def test_on_another_system_it_names_all_packages(self):
        (self.bin / "apt-get").unlink()
        code, out, err = self.run_script("bash", SCRIPT)
        self.assertEqual(code, 0)
        self.assertIn("not a Debian system", err)
        self.assertIn("libsqlite3-dev", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
