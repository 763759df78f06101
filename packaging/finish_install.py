#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: finish_install.py PREFIX

Last step of `cmake --install`: takes the symbols out of our own programs and libraries and makes each find the others
relative to itself. What was built looks for its libraries in the build folder and in the user's cache; nothing of that
may be left, and that is checked.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
from elf_files import die, elf_files, machine_paths, need_tool, run, set_search_path  # noqa: E402

FOREIGN = ("lib/orrery/torch", "lib/orrery/nvidia")  # as the wheel made them: they find each other already


def own_files(prefix):
    folders = [prefix / "bin", prefix / "libexec/orrery", prefix / "lib/orrery"]
    for folder in folders:
        for path in elf_files(folder):
            name = path.relative_to(prefix).as_posix()
            if folder.name == "bin" and not path.name.startswith("orrery"):
                continue  # a prefix that others share
            if not name.startswith(FOREIGN):
                yield path


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    prefix = pathlib.Path(sys.argv[1])
    need_tool("patchelf", "patchelf")
    need_tool("strip", "binutils")
    for path in own_files(prefix):
        run("strip", "--strip-unneeded", path)
        set_search_path(path, [prefix / "lib/orrery", prefix / "lib/orrery/torch/lib"])
    for path in own_files(prefix):
        if left := machine_paths(path):
            die(f"Cannot install \"{path}\": it looks for libraries in {', '.join(left)}, expected folders beside itself.")


if __name__ == "__main__":
    main()
