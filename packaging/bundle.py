#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: bundle.py PREFIX

Makes an installed tree independent of what its computer has: copies Qt's plugins and every shared library that
libraries.txt does not leave to the computer, points all of them at each other relative to themselves, writes qt.conf,
and collects the licences of what it brought, with a list, in share/doc/orrery.
"""
import fnmatch
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from elf_files import (SYSTEM_FOLDERS, Dynamic, die, elf_files, machine_paths, need_tool, run,  # noqa: E402
                       set_search_path)

HERE = pathlib.Path(__file__).resolve().parent

# Qt's plugins by folder. Left out: GL integrations (no panel draws with GL), network and TLS (the window speaks gRPC),
# cups (figures are saved, not printed).
QT_PLUGINS = {
    "platforms": ["libqxcb.so", "libqoffscreen.so", "libqwayland-generic.so"],
    "platforminputcontexts": ["libcomposeplatforminputcontextplugin.so", "libibusplatforminputcontextplugin.so"],
    "platformthemes": ["libqxdgdesktopportal.so"],
    "wayland-shell-integration": ["libxdg-shell.so"],
    "wayland-decoration-client": ["libbradient.so"],
    "iconengines": ["libqsvgicon.so"],
    "imageformats": ["libqsvg.so", "libqjpeg.so", "libqgif.so", "libqico.so"],
}
QT_NEEDED = {"libqxcb.so", "libqoffscreen.so", "libqsvgicon.so", "libqsvg.so", "libqjpeg.so"}
# What letters and numbers need where the computer has no font configuration (app/workbench/main.cpp); of fonts-noto-core
# and fonts-noto-mono.
FONTS = ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf", "NotoSansSymbols2-Regular.ttf", "NotoSansMono-Regular.ttf",
         "NotoSansMono-Bold.ttf"]
QT_CONF = "; Beside the programs: Qt looks for its plugins here, not where it was built.\n[Paths]\nPrefix = ../lib/orrery/qt\nPlugins = plugins\n"


def read_rules(path):
    """[(rule, pattern)] in the order of the file."""
    rules = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[0] not in ("never", "last"):
            die(f"Cannot read {path.name}, line {number}: \"{line}\", expected \"never\" or \"last\", a pattern and a reason.")
        rules.append((words[0], words[1]))
    return rules


def rule_of(name, rules):
    return next((rule for rule, pattern in rules if fnmatch.fnmatchcase(name, pattern)), "bundled")


def system_libraries():
    """Name → file of the libraries that the loader of this computer finds."""
    found = {}
    for name, kind, path in re.findall(r"^\s+(\S+) \((.*?)\) => (\S+)$", run("/sbin/ldconfig", "-p"), re.M):
        if "x86-64" in kind or "AArch64" in kind:
            found.setdefault(name, pathlib.Path(path))
    return found


def qt_plugin_folder():
    for tool in ("qmake6", "qtpaths6", "/usr/lib/qt6/bin/qmake"):
        if shutil.which(tool):
            return pathlib.Path(run(tool, "-query", "QT_INSTALL_PLUGINS").strip())
    found = glob.glob("/usr/lib/*/qt6/plugins")
    if not found:
        die("Cannot make a package: Qt's plugins were not found. Install qt6-base-dev.")
    return pathlib.Path(found[0])


class Bundle:
    def __init__(self, prefix):
        self.prefix = prefix
        self.own = prefix / "lib/orrery"
        self.rules = read_rules(HERE / "libraries.txt")
        self.system = system_libraries()
        self.sources = {}  # file in the package → file of this computer
        self.left_to_the_computer = set()

    def copy(self, source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)
        self.sources[target] = pathlib.Path(os.path.realpath(source))

    def copy_qt_plugins(self):
        folder = qt_plugin_folder()
        for group, names in QT_PLUGINS.items():
            for name in names:
                if (folder / group / name).exists():
                    self.copy(folder / group / name, self.own / "qt/plugins" / group / name)
                elif name in QT_NEEDED:
                    die(f"Cannot make a package: Qt's plugin \"{folder / group / name}\" is missing. "
                        "Install libqt6gui6 and libqt6svg6.")
                else:
                    print(f"without {group}/{name}: it is not installed here")

    def copy_fonts(self):
        for name in FONTS:
            source = pathlib.Path("/usr/share/fonts/truetype/noto") / name
            if not source.is_file():
                die(f"Cannot make a package: there is no \"{source}\". Install fonts-noto-core and fonts-noto-mono.")
            self.copy(source, self.prefix / "share/orrery/fonts" / name)
        shutil.copyfile(HERE / "fonts.conf", self.prefix / "share/orrery/fonts/fonts.conf")

    def plan(self, needed_by_tree, have):
        """Name → rule of every library that has to come along, with all that those need in turn."""
        rules, needs, queue = {}, {}, list(needed_by_tree)
        while queue:
            name, asked_by = queue.pop()
            if name in have or name in rules:
                continue
            rules[name] = rule_of(name, self.rules)
            if rules[name] == "never":
                continue
            if name not in self.system:
                die(f"Cannot make a package: \"{name}\", which {asked_by} needs, was not found on this computer.")
            needs[name] = Dynamic(self.system[name]).needed
            queue += [(other, name) for other in needs[name]]
        # The computer's own libfreetype was made for its own libpng: what a library with the rule "last" needs is "last".
        queue = [name for name, rule in rules.items() if rule == "last"]
        while queue:
            for name in needs[queue.pop()]:
                if rules.get(name) == "bundled":
                    rules[name] = "last"
                    queue.append(name)
        return rules

    def copy_libraries(self):
        files = elf_files(self.prefix)
        needed = [(name, path.name) for path in files for name in Dynamic(path).needed]
        for name, rule in self.plan(needed, {path.name for path in files}).items():
            if rule == "never":
                self.left_to_the_computer.add(name)
            else:
                self.copy(self.system[name], self.own / rule / name)

    def point_at_each_other(self):
        foreign = (self.own / "torch", self.own / "nvidia")
        for path in elf_files(self.prefix):
            if any(folder in path.parents for folder in foreign):
                continue
            set_search_path(path, [self.own, self.own / "torch/lib", self.own / "bundled", *SYSTEM_FOLDERS, self.own / "last"])
            if left := machine_paths(path):
                die(f"Cannot make a package: \"{path}\" looks for libraries in {', '.join(left)}.")

    def collect_licences(self):
        documents = self.prefix / "share/doc/orrery"
        packages = {}
        for target, source in self.sources.items():
            packages.setdefault(package_of(source), []).append(target)
        rows = []
        for package, files in sorted(packages.items()):
            notice = pathlib.Path(f"/usr/share/doc/{package}/copyright")
            if not notice.is_file():
                die(f"Cannot make a package: the licence of {package} was not found at {notice}.")
            target = documents / "licences" / package / "copyright"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notice, target)
            version = run("dpkg-query", "-W", "-f=${Version}", package)
            rows += [f"{file.relative_to(self.prefix)}\t{package}\t{version}" for file in sorted(files)]
        common = documents / "licences/common"
        common.mkdir(parents=True, exist_ok=True)
        for text in sorted(pathlib.Path("/usr/share/common-licenses").iterdir()):
            if not text.is_symlink():
                shutil.copyfile(text, common / text.name)
        (documents / "third-party.txt").write_text(
            "What this package brings from others: file, Debian package (its source: apt-get source NAME=VERSION), version.\n"
            "The licence of each stands in licences/NAME/copyright, the texts that those name in licences/common.\n"
            f"LibTorch and NVIDIA's runtime: licences/torch-*, licences/nvidia_*.\n\n" + "\n".join(rows) + "\n")
        return len(packages)


def package_of(path):
    """The Debian package that a file came with; where /lib is a link to /usr/lib, dpkg knows one of the two names."""
    names = [str(path), str(path).removeprefix("/usr") if str(path).startswith("/usr/") else f"/usr{path}"]
    for name in names:
        answer = subprocess.run(["dpkg-query", "-S", name], text=True, capture_output=True)
        if answer.returncode == 0:
            return answer.stdout.split(":")[0]
    die(f"Cannot make a package: \"{path}\" belongs to no Debian package, so its licence is not known.")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    prefix = pathlib.Path(sys.argv[1]).resolve()
    need_tool("patchelf", "patchelf")
    bundle = Bundle(prefix)
    bundle.copy_qt_plugins()
    bundle.copy_libraries()
    bundle.copy_fonts()
    bundle.point_at_each_other()
    (prefix / "bin/qt.conf").write_text(QT_CONF)
    packages = bundle.collect_licences()
    size = sum(path.stat().st_size for path in bundle.sources) / 2**20
    print(f"brought {len(bundle.sources)} files of {packages} packages, {size:.0f} MiB; "
          f"left to the computer: {', '.join(sorted(bundle.left_to_the_computer))}")


if __name__ == "__main__":
    main()
