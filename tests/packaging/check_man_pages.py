#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: check_man_pages.py ENGINE WINDOW

Manual pages made of made-up programs say what those say, and roff takes them as text; made of the real ones, they have every
command and option that --help has.
"""
import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = {
    "name": "orrery-engine", "help": "Does things.", "version": "9.9", "footer": "Exit codes: 0 ok.", "arguments": [], "options": [],
    "commands": [{"name": "make", "help": ".start of a line, and a back\\slash", "arguments": [{"names": "what", "help": "A thing", "required": True}],
                  "options": [{"names": "--host", "value": "TEXT", "help": "'quoted' name", "required": False, "default": "here"}],
                  "commands": []}],
}
HELP = "Usage: orrery [options] [path]\nShows things.\n\nOptions:\n  -h, --help      Displays help on\n                  commandline options.\n  --host <name>   A host\n\nArguments:\n  path            A run\n"


def made(engine, window):
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(["python3", ROOT / "packaging/man_pages.py", engine, window, folder], text=True, capture_output=True)
        if answer.returncode != 0:
            sys.exit(f"man_pages.py failed: {answer.stderr}")
        return {path.name: gzip.decompress(path.read_bytes()).decode() for path in pathlib.Path(folder).iterdir()}


def lint(name, page):
    """What groff warns of, or how the page reads."""
    if not shutil.which("groff"):
        return page
    answer = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-Kutf8", "-P-cbou", "-rLL=200n"], input=page, text=True, capture_output=True)
    if answer.returncode != 0 or answer.stderr.strip():
        sys.exit(f"{name}: groff says {answer.stderr.strip()[:500]}")
    return answer.stdout


def expect(text, parts, name):
    for part in parts:
        if part not in text:
            sys.exit(f"{name} lacks {part!r}:\n{text[:3000]}")


def check_made_up():
    with tempfile.TemporaryDirectory() as folder:
        programs = []
        for name, said in (("engine", json.dumps(TREE)), ("window", HELP)):
            path = pathlib.Path(folder) / name
            (path.with_suffix(".txt")).write_text(said)
            path.write_text(f'#!/bin/sh\ncase "$1" in --version) echo orrery 9.9;; *) cat "{path}.txt";; esac\n')
            path.chmod(0o755)
            programs.append(path)
        pages = made(*programs)
        again = made(*programs)
    if pages != again:
        sys.exit("the same programs gave other pages")
    engine = lint("orrery-engine.1", pages["orrery-engine.1.gz"])
    window = lint("orrery.1", pages["orrery.1.gz"])
    if shutil.which("groff"):
        expect(engine, ["make what [options]", ".start of a line, and a back\\slash", "--host TEXT", "'quoted' name (default: here)", "Exit codes: 0 ok."], "orrery-engine.1")
        expect(window, ["Shows things.", "-h, --help", "Displays help on commandline options.", "--host <name>", "ARGUMENTS"], "orrery.1")


def commands_of(tree, words=()):
    for command in tree["commands"]:
        yield (*words, command["name"]), command
        yield from commands_of(command, (*words, command["name"]))


def check_real(engine, window):
    tree = json.loads(subprocess.run([engine, "schema", "commands"], text=True, capture_output=True, check=True).stdout)
    pages = made(engine, window)
    page = pages["orrery-engine.1.gz"]
    lint("orrery-engine.1", page)
    lint("orrery.1", pages["orrery.1.gz"])
    numOptions = 0
    for words, command in commands_of(tree):
        helped = subprocess.run([engine, *words, "--help"], text=True, capture_output=True, check=True).stdout
        for option in command["options"]:
            names = option["names"].split(",")
            expect(helped, names, f"{' '.join(words)} --help")
            expect(page, [name.replace("-", "\\-") for name in names], "orrery-engine.1")
            numOptions += 1
        if not command["commands"]:
            expect(page, [f".SS {' '.join(words)}".replace("-", "\\-")], "orrery-engine.1")
    if numOptions < 100:
        sys.exit(f"only {numOptions} options were found, expected all of the program")
    expect(pages["orrery.1.gz"], ["\\-\\-plugin\\-dir", "\\-\\-host"], "orrery.1")
    print(f"{numOptions} options, {len(list(commands_of(tree)))} commands")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    check_made_up()
    check_real(sys.argv[1], sys.argv[2])
