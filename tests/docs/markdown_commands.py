# SPDX-License-Identifier: Apache-2.0
"""What the documents show as commands.

A fence marked `sh` is run by run_commands.py. One that cannot be run says so and why: `sh not-run: REASON`. A command
anywhere else in a block is a mistake, so that nothing is shown that nobody tries.
"""
import pathlib
import re

COMMAND = re.compile(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(orrery-engine|orrery|\./run|\./test|packaging/\w+|scripts/\S+|docs/pictures/make|"
                     r"sudo|apt|apt-get|cmake|ctest|cpack|ninja|dpkg|tar|python3?|pip|ssh|git)(?:\s|$)")
INLINE = re.compile(r"`(orrery-engine [^`\n]*)`")


class Fence:
    def __init__(self, path, line, info):
        self.path, self.line, self.info, self.lines = path, line, info, []

    @property
    def is_shell(self):
        return self.info.split(" ")[0] == "sh"

    @property
    def reason(self):
        """Why it is not run; None where it is."""
        return self.info.partition("not-run:")[2].strip() if "not-run" in self.info else None

    def where(self):
        return f"{self.path.name}:{self.line}"

    def commands(self):
        """(line number, command): lines that end with a backslash are one."""
        found, text, first = [], "", 0
        for number, line in enumerate(self.lines, self.line + 1):
            first = first or number
            text += line.strip() if not text else " " + line.strip()
            if text.endswith("\\"):
                text = text[:-1].rstrip()
                continue
            if text and not text.startswith("#"):
                found.append((first, text))
            text, first = "", 0
        return found


def documents(root):
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def fences(path):
    """Fences, and the lines outside of them as (number, text)."""
    found, outside, current = [], [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip().startswith("```"):
            if current is None:
                current = Fence(path, number, line.strip()[3:].strip())
            else:
                found.append(current)
                current = None
        elif current is not None:
            current.lines.append(line)
        else:
            outside.append((number, line))
    return found, outside


def inline_commands(path):
    """`orrery-engine …` within a sentence: (line number, command)."""
    return [(number, match.group(1)) for number, line in fences(path)[1] for match in INLINE.finditer(line)]


def anchor(heading):
    """As GitHub makes one of a heading."""
    text = re.sub(r"[`*]", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def marks(root):
    """Problems that can be seen without running anything: fences without a mark, broken links, missing pictures."""
    problems = []
    for path in documents(root):
        found, outside = fences(path)
        for fence in found:
            if fence.is_shell and fence.reason == "":
                problems.append(f"{fence.where()}: not-run without a reason")
            if not fence.is_shell:
                problems += [f"{path.name}:{number} shows \"{text}\" in a fence that is not marked sh"
                             for number, text in fence.commands() if COMMAND.match(text) and "►" not in text]
        for number, line in outside:
            if line.startswith("    ") and COMMAND.match(line):
                problems.append(f"{path.name}:{number} shows \"{line.strip()}\" outside of a fence marked sh")
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if "://" in target or target.startswith(("orrery:", "mailto:")):
                    continue
                file, _, part = target.partition("#")
                linked = (path.parent / file).resolve() if file else path
                if not linked.exists():
                    problems.append(f"{path.name}:{number} links to \"{target}\", which is not there")
                elif part and linked.suffix == ".md":
                    headings = {anchor(text.lstrip("#")) for text in linked.read_text().splitlines() if text.startswith("#")}
                    if part not in headings:
                        problems.append(f"{path.name}:{number} links to \"{target}\", but {linked.name} has no such heading")
    return problems
