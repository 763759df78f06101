#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: check_marks.py ROOT

Every command that README.md and docs/*.md show stands in a fence that is run, or says why not; links and pictures exist.
First it looks at a made-up tree with known breaches, so that it cannot pass by being blind.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
from markdown_commands import fences, marks  # noqa: E402

MADE_UP = """# Title
    orrery-engine train
```
orrery-engine doctor
```
```sh not-run:
./run
```
```sh not-run: builds
./run
```
[a](gone.md) [b](other.md#no-such) [c](other.md#a-heading) ![d](none.png)
```sh
orrery-engine generate RUN \\
    --prompt x        # a word
```
"""


def check_itself():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "docs").mkdir()
        (root / "README.md").write_text("# Nothing\n")
        (root / "docs/made.md").write_text(MADE_UP)
        (root / "docs/other.md").write_text("## A *heading*\n")
        found = marks(root)
        if len(found) != 6:
            sys.exit(f"the check itself is broken: it found {found} in a tree with 6 known breaches")
        commands = fences(root / "docs/made.md")[0][-1].commands()
        if commands != [(14, "orrery-engine generate RUN --prompt x        # a word")]:
            sys.exit(f"the check itself is broken: it reads {commands}")


if __name__ == "__main__":
    check_itself()
    problems = marks(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
