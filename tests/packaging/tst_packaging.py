#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the packaging scripts decide, on made-up libraries; desktop file, icon and AppStream data."""
import configparser
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from unittest import mock

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
import bundle  # noqa: E402
import elf_files  # noqa: E402

DESKTOP = ROOT / "packaging/desktop"
ID = "org.orrery.Orrery"


class ServiceTest(unittest.TestCase):
    def setUp(self):
        self.unit = configparser.ConfigParser(interpolation=None, strict=False)
        self.unit.optionxform = str
        self.unit.read(ROOT / "packaging/systemd/orrery-host.service")

    def test_stopping_the_host_ends_no_training(self):
        self.assertEqual(self.unit["Service"]["KillMode"], "process")

    def test_it_starts_what_the_package_has_and_where_the_user_says(self):
        program, command, option, address = self.unit["Service"]["ExecStart"].split()
        self.assertEqual((program, command, option, address), ("orrery-engine", "host", "--listen", "${ORRERY_LISTEN}"))
        self.assertIn("ORRERY_LISTEN=", self.unit["Service"]["Environment"])
        self.assertTrue(self.unit["Service"]["EnvironmentFile"].startswith("-"), "a file that need not be there")

    def test_systemd_takes_it(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        text = (ROOT / "packaging/systemd/orrery-host.service").read_text().replace("orrery-engine host", "/bin/true host")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "orrery-host.service"
            path.write_text(text)
            answer = subprocess.run(["systemd-analyze", "--user", "--man=no", "verify", path], text=True, capture_output=True)
        self.assertNotIn("orrery-host.service:", answer.stderr)


class RulesTest(unittest.TestCase):
    def rules(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "libraries.txt"
            path.write_text(text)
            return bundle.read_rules(path)

    def test_reads_its_own_list(self):
        rules = bundle.read_rules(ROOT / "packaging/libraries.txt")
        for name, rule in (("libc.so.6", "never"), ("libstdc++.so.6", "never"), ("libGL.so.1", "last"), ("libxcb.so.1", "last"),
                           ("libX11-xcb.so.1", "last"), ("libQt6Core.so.6", "bundled"), ("libgrpc++.so.1.51", "bundled"),
                           ("libcrypto.so.3", "bundled"), ("libtorch_cpu.so", "bundled")):
            self.assertEqual(bundle.rule_of(name, rules), rule, name)

    def test_refuses_a_line_without_a_reason(self):
        for line in ("last libz.so.*", "sometimes libz.so.* because"):
            with self.assertRaises(SystemExit) as refused:
                self.rules(f"# list\n{line}\n")
            self.assertIn("line 2", str(refused.exception))
            self.assertIn(line, str(refused.exception))


class PlanTest(unittest.TestCase):
    """libwindow needs libQt and libfont; libfont (last) needs libpng; libQt needs libpng, libc and libicu."""
    NEEDS = {"libQt": ["libpng", "libc", "libicu"], "libfont": ["libpng", "libc"], "libpng": ["libc"], "libicu": ["libc"], "libc": []}

    def plan(self, needed, have=()):
        made = bundle.Bundle.__new__(bundle.Bundle)
        made.rules = [("never", "libc"), ("last", "libfont")]
        made.system = {name: pathlib.Path(name) for name in self.NEEDS}
        with mock.patch.object(bundle, "Dynamic", lambda path: mock.Mock(needed=self.NEEDS[str(path)])):
            return made.plan([(name, "libwindow") for name in needed], set(have))

    def test_what_a_library_of_the_computer_needs_is_the_computers_too(self):
        self.assertEqual(self.plan(["libQt", "libfont"]),
                         {"libQt": "bundled", "libfont": "last", "libpng": "last", "libicu": "bundled", "libc": "never"})
        self.assertEqual(self.plan(["libQt"])["libpng"], "bundled")

    def test_what_the_tree_has_is_not_brought_again(self):
        self.assertEqual(self.plan(["libQt"], ["libicu"]), {"libQt": "bundled", "libpng": "bundled", "libc": "never"})

    def test_names_the_library_that_is_missing_and_who_needs_it(self):
        with self.assertRaises(SystemExit) as refused:
            self.plan(["libgone"])
        self.assertIn('"libgone", which libwindow needs', str(refused.exception))


class SearchPathTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orrery-packaging-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        if not shutil.which("patchelf") or not shutil.which("readelf"):
            self.skipTest("patchelf or readelf is not installed")
        for name in ("bin", "lib/orrery"):
            (self.folder / name).mkdir(parents=True)
        self.program = pathlib.Path(shutil.copy("/bin/true", self.folder / "bin"))

    def test_is_relative_to_the_file(self):
        elf_files.set_search_path(self.program, [self.folder / "lib/orrery", self.folder / "bin", "/usr/lib64"])
        self.assertEqual(elf_files.Dynamic(self.program).search, ["$ORIGIN/../lib/orrery", "$ORIGIN", "/usr/lib64"])
        self.assertEqual(elf_files.machine_paths(self.program), [])

    def test_finds_a_path_of_the_machine(self):
        elf_files.run("patchelf", "--set-rpath", "$ORIGIN:/home/somebody/lib", self.program)
        self.assertEqual(elf_files.machine_paths(self.program), ["/home/somebody/lib"])

    def test_finds_programs_and_libraries_only(self):
        (self.folder / "bin/readme").write_text("text")
        (self.folder / "bin/link").symlink_to(self.program)
        self.assertEqual(elf_files.elf_files(self.folder), [self.program])


class DesktopTest(unittest.TestCase):
    def test_the_entry_starts_the_window_and_takes_its_links(self):
        entry = configparser.ConfigParser(interpolation=None, strict=True)
        entry.optionxform = str
        entry.read(DESKTOP / f"{ID}.desktop", encoding="utf-8")
        entry = entry["Desktop Entry"]
        self.assertEqual(entry["Exec"], "orrery %u")
        self.assertEqual(entry["Icon"], ID)
        self.assertEqual(entry["MimeType"], "x-scheme-handler/orrery;")
        self.assertIn(ID, (ROOT / "app/workbench/main.cpp").read_text())  # by which the desktop knows whose window it is
        if shutil.which("desktop-file-validate"):
            answer = subprocess.run(["desktop-file-validate", DESKTOP / f"{ID}.desktop"], text=True, capture_output=True)
            self.assertEqual((answer.returncode, answer.stdout), (0, ""))

    def test_the_icon_is_a_square_picture_without_text(self):
        icon = xml.parse(DESKTOP / f"{ID}.svg").getroot()
        left, top, width, height = map(float, icon.get("viewBox").split())
        self.assertEqual((left, top, width), (0, 0, height))
        self.assertEqual([part.tag for part in icon.iter() if part.tag.endswith(("text", "image"))], [])

    def test_the_description_belongs_to_the_entry(self):
        path = DESKTOP / f"{ID}.metainfo.xml"
        made = path.read_text().replace("@PROJECT_VERSION@", "1.2.3").replace("@ORRERY_RELEASE_DATE@", "2026-01-01")
        self.assertNotIn("@", made)
        component = xml.fromstring(made.encode())
        self.assertEqual(component.findtext("id"), ID)
        self.assertEqual(component.findtext("launchable"), f"{ID}.desktop")
        entry = configparser.ConfigParser(interpolation=None)
        entry.read(DESKTOP / f"{ID}.desktop", encoding="utf-8")
        entry = entry["Desktop Entry"]
        self.assertEqual([part.text for part in component.iterfind("categories/category")], entry["Categories"].strip(";").split(";"))
        self.assertEqual([part.text for part in component.iterfind("provides/mediatype")], entry["MimeType"].strip(";").split(";"))
        self.assertEqual([part.text for part in component.iterfind("provides/binary")], ["orrery", "orrery-engine"])
        releases = component.findall("releases/release")
        self.assertEqual([(release.get("version"), release.get("date")) for release in releases], [("1.2.3", "2026-01-01")])
        for release in releases:  # what a software centre shows of it
            self.assertTrue(release.findtext("description/p"))
        # Nothing that the project has no address for is made up.
        self.assertEqual(component.findall("url") + component.findall("screenshots"), [])
        if not shutil.which("appstreamcli"):
            self.skipTest("the rest needs appstreamcli")
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / path.name).write_text(made)
            answer = subprocess.run(["appstreamcli", "validate", "--no-net", f"{folder}/{path.name}"], text=True, capture_output=True)
            self.assertEqual(answer.returncode, 0, answer.stdout)


class MenuTest(unittest.TestCase):
    """add-to-menu, where the archive was unpacked into a folder whose name needs every kind of quoting."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orrery-packaging-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.tree = self.folder / 'a $b `c` "d" 5% \\ü'
        for name, source in ((f"share/applications/{ID}.desktop", DESKTOP / f"{ID}.desktop"),
                             (f"share/icons/hicolor/scalable/apps/{ID}.svg", DESKTOP / f"{ID}.svg"),
                             ("share/orrery/add-to-menu", DESKTOP / "add-to-menu"), ("bin/orrery", pathlib.Path("/bin/true"))):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, self.tree / name)
        self.entry = self.folder / f"home/.local/share/applications/{ID}.desktop"

    def call(self, *arguments):
        return subprocess.run([self.tree / "share/orrery/add-to-menu", *arguments], text=True, capture_output=True,
                              env={"HOME": str(self.folder / "home"), "PATH": "/usr/bin:/bin"})

    def test_the_entry_names_the_program_where_it_is(self):
        answer = self.call()
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        line = next(line for line in self.entry.read_text().splitlines() if line.startswith("Exec="))
        # As a desktop reads it: escapes of the file, then those of a quoted argument, then field codes.
        value = line.removeprefix('Exec="').removesuffix('" %u').replace("\\\\", "\\")
        for character in '"`$\\':
            value = value.replace("\\" + character, character)
        self.assertEqual(value.replace("%%", "%"), str(self.tree / "bin/orrery"))
        self.assertTrue((self.folder / f"home/.local/share/icons/hicolor/scalable/apps/{ID}.svg").is_file())
        if shutil.which("desktop-file-validate"):
            self.assertEqual(subprocess.run(["desktop-file-validate", self.entry], capture_output=True).stdout, b"")
        self.assertEqual(self.call("--remove").returncode, 0)
        self.assertFalse(self.entry.exists())

    def test_says_that_there_is_no_program(self):
        (self.tree / "bin/orrery").unlink()
        answer = self.call()
        self.assertEqual(answer.returncode, 1)
        self.assertIn(f'There is no program "{self.tree}/bin/orrery"', answer.stderr)
        self.assertFalse(self.entry.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
