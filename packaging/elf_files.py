# SPDX-License-Identifier: Apache-2.0
"""What the packaging scripts ask of programs and shared libraries: readelf and patchelf behind a few functions."""
import os
import pathlib
import re
import shutil
import subprocess
import sys


def die(text):
    sys.exit(f"error: {text}")


def run(*command):
    answer = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if answer.returncode != 0:
        die(f"Cannot run \"{' '.join(map(str, command))}\": {answer.stderr.strip() or answer.returncode}")
    return answer.stdout


def need_tool(name, package):
    if not shutil.which(name):
        die(f"Cannot make a package: there is no {name}. Run scripts/setup/packages.sh --package "
            f"(on Debian: apt-get install {package}).")


def is_elf(path):
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def elf_files(folder):
    return [path for path in sorted(pathlib.Path(folder).rglob("*")) if is_elf(path)]


class Dynamic:
    """NEEDED, SONAME and the search path (RUNPATH or RPATH) of a file."""

    def __init__(self, path):
        text = run("readelf", "-dW", path)
        self.needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
        self.soname = next(iter(re.findall(r"\(SONAME\).*\[(.*)\]", text)), "")
        paths = re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", text)
        self.search = [part for part in (paths[0].split(":") if paths else []) if part]


def set_search_path(path, folders):
    """RUNPATH of the file: those folders, in that order, as seen from where the file lies; absolute ones stay."""
    parts = []
    for folder in folders:
        if isinstance(folder, str):
            parts.append(folder)
            continue
        way = os.path.relpath(folder, path.parent)
        parts.append("$ORIGIN" if way == "." else f"$ORIGIN/{way}")
    path.chmod(path.stat().st_mode | 0o200)
    run("patchelf", "--set-rpath", ":".join(parts), path)


def machine_paths(path):
    """The parts of the file's search path that name a folder of the machine it was built on."""
    return [part for part in Dynamic(path).search if not part.startswith("$ORIGIN") and part not in SYSTEM_FOLDERS]


# Where Debian, Fedora, SUSE and Arch keep 64-bit libraries. Only for libraries with the rule "last": written behind our
# own folders and before lib/orrery/last, so that the computer's goes first.
SYSTEM_FOLDERS = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib"]
