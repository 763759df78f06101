#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: man_pages.py ENGINE [WINDOW] FOLDER

Writes orrery-engine.1.gz and, where the window's program is given, orrery.1.gz into FOLDER: from what the programs say of
themselves (`orrery-engine schema commands`, `orrery --help`), so that a page cannot tell of an option that is not there. The
same programs give the same bytes.
"""
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

VARIABLES = [
    ("ORRERY_HOME", "Folder of runs, settings, tokens and plugins; not set: ~/.local/share/orrery."),
    ("ORRERY_HOST", "As --host, for all commands that have it."),
    ("ORRERY_TOKEN", "Token of a host that is named by its address. It is taken out of the environment at once."),
]
DOCUMENTS = "The documents are in the folder doc/orrery/docs beside this page's folder man."


def die(text):
    sys.exit(f"error: {text}")


def roff(text):
    """One line of text as roff takes it: no control line, no escape, and hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return "\\&" + text if text[:1] in ".'" else text


def said_by(*command, **variables):
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ORRERY_HOME": home, "XDG_STATE_HOME": home, **variables}
        try:
            answer = subprocess.run(command, text=True, capture_output=True, env=environment, timeout=120)
        except (OSError, subprocess.TimeoutExpired) as problem:
            die(f'Cannot run "{command[0]}": {problem}. Build it first.')
    if answer.returncode != 0:
        die(f'"{" ".join(map(str, command))}" ended with {answer.returncode}: {answer.stderr.strip()}')
    return answer.stdout


def head(name, section_help):
    return [f".TH {name.upper()} 1", ".SH NAME", f"{roff(name)} \\- {roff(section_help[0].lower() + section_help[1:].rstrip('.'))}"]


def tail(other, exits):
    lines = [".SH ENVIRONMENT"]
    for name, text in VARIABLES:
        lines += [".TP", f"\\fB{name}\\fR", roff(text)]
    if exits:
        lines += [".SH EXIT STATUS", roff(exits)]
    return lines + [".SH SEE ALSO", f"\\fB{roff(other)}\\fR(1)", ".PP", roff(DOCUMENTS)]


def option_lines(option):
    value = f" \\fI{roff(option['value'])}\\fR" if option["value"] else ""
    text = option["help"]
    if "default" in option:
        text += f" (default: {option['default']})"
    if option["required"]:
        text += " (required)"
    names = ", ".join(f"\\fB{roff(name)}\\fR" for name in option["names"].split(","))
    return [".TP", names + value, roff(text or "No description.")]


def command_lines(command, words):
    """One command that does something; those that only hold others are told by their parts."""
    lines = []
    if not command["commands"] or command["options"]:
        words_here = words + [command["name"]]
        line = f"\\fB{roff(' '.join(words_here))}\\fR"
        for argument in command["arguments"]:
            name = f"\\fI{roff(argument['names'])}\\fR"
            line += f" {name}" if argument["required"] else f" [{name}]"
        if command["options"]:
            line += " [\\fIoptions\\fR]"
        lines += [f".SS {roff(' '.join(words_here))}", line, ".PP", roff(command["help"])]
        for argument in command["arguments"]:
            lines += [".TP", f"\\fI{roff(argument['names'])}\\fR", roff(argument["help"] or "No description.")]
        for option in command["options"]:
            lines += option_lines(option)
    for below in command["commands"]:
        lines += command_lines(below, words + [command["name"]])
    return lines


def engine_page(program):
    tree = json.loads(said_by(program, "schema", "commands"))
    lines = head(tree["name"], tree["help"])
    lines[0] += f' "" "Orrery {tree["version"]}"'
    lines += [".SH SYNOPSIS", f"\\fB{roff(tree['name'])}\\fR \\fIcommand\\fR [\\fIoptions\\fR]", ".SH DESCRIPTION", roff(tree["help"])]
    lines += [".PP", "Each command has \\fB\\-\\-help\\fR."]
    for option in tree["options"]:
        lines += option_lines(option)
    lines += [".SH COMMANDS"]
    for command in tree["commands"]:
        lines += command_lines(command, [])
    return lines + tail("orrery", tree["footer"])


def window_page(program):
    """From Qt's own help: a line "Usage:", a description, then blocks of two columns."""
    text = said_by(program, "--help", QT_QPA_PLATFORM="offscreen")
    version = said_by(program, "--version", QT_QPA_PLATFORM="offscreen").split()[-1]
    usage, rest = text.split("\n", 1)
    description = rest.split("\n\n", 1)[0].strip()
    if not usage.startswith("Usage:") or not description:
        die(f'"{program} --help" says {text[:60]!r}, expected a usage and a description. Mend window_page() of packaging/man_pages.py.')
    lines = head("orrery", description)
    lines[0] += f' "" "Orrery {version}"'
    lines += [".SH SYNOPSIS", "\\fBorrery\\fR [\\fIoptions\\fR] [\\fIpath\\fR]", ".SH DESCRIPTION", roff(description)]
    for line in rest.split("\n"):
        if re.fullmatch(r"\S.*:", line):
            lines.append(f".SH {roff(line[:-1].upper())}")
        elif found := re.fullmatch(r"  (\S.*?)  +(\S.*)", line):
            lines += [".TP", f"\\fB{roff(found[1])}\\fR", roff(found[2])]
        elif line.startswith("   ") and line.strip():
            lines.append(roff(line.strip()))
        elif line.startswith("  ") and line.strip():
            lines += [".TP", f"\\fB{roff(line.strip())}\\fR"]
    return lines + tail("orrery-engine", "")


def write(folder, name, lines):
    data = ("\n".join(lines) + "\n").encode()
    with open(folder / name, "wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=9, mtime=0) as packed:
        packed.write(data)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.strip())
    folder = pathlib.Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, "orrery-engine.1.gz", engine_page(sys.argv[1]))
    if len(sys.argv) == 4:
        write(folder, "orrery.1.gz", window_page(sys.argv[2]))


if __name__ == "__main__":
    main()
