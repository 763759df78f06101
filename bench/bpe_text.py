#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: bench/bpe_text.py FILE [--mib N]

Writes the text that tokenizers are timed on (docs/benchmarks.md): N MiB (64) of what every computer that builds Orrery
has, a third each of C and C++ headers, of Python, and of prose. Where a kind has less than its third, the others fill up.
Says what it took and the SHA-256 of the text, which is the same wherever the same packages are installed.

    bench/bpe_text.py /tmp/bpe.txt
    time orrery-engine data tokenizer train /tmp/bpe.txt --vocab-size 8192 --out /tmp/bpe.json
"""
import hashlib
import pathlib
import sys

KINDS = {
    "headers": (("/usr/include",), (".h", ".hpp", ".hh", ".tcc", ".inl", "")),
    "Python": (("/usr/lib/python3.11", "/usr/lib/python3", "/usr/share"), (".py",)),
    "prose": (("/usr/share/doc", "/usr/share/common-licenses", "/usr/share/perl"), (".md", ".txt", ".pod", ".rst", "copyright", "README")),
}
MOST_OF_A_FILE = 1 << 20  # a table of a million numbers is no text


def files_of(kind):
    """Plain files by their names, whatever the order of the disk."""
    folders, endings = KINDS[kind]
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*"), key=str):
            named = path.suffix in endings if path.suffix else "" in endings or path.name in endings
            if named and path.is_file() and not path.is_symlink():
                yield path


def text_of(path):
    """Nothing where it is no UTF-8."""
    try:
        return path.read_bytes()[:MOST_OF_A_FILE].decode()
    except (UnicodeDecodeError, OSError):
        return ""


def main():
    arguments = sys.argv[1:]
    mib = 64
    if "--mib" in arguments:
        at = arguments.index("--mib")
        mib = int(arguments[at + 1]) if arguments[at + 1:at + 2] and arguments[at + 1].isdigit() else 0
        del arguments[at:at + 2]
    if len(arguments) != 1 or arguments[0].startswith("-") or not 1 <= mib <= 1024:
        sys.exit(__doc__.strip())
    wanted = mib << 20
    sources = {kind: files_of(kind) for kind in KINDS}
    size = {kind: 0 for kind in KINDS}
    digest = hashlib.sha256()
    seen = set()
    with open(arguments[0], "wb") as file:
        while sources and sum(size.values()) < wanted:
            kind = min(sources, key=size.get)  # the one that has least so far
            path = next(sources[kind], None)
            if path is None:
                del sources[kind]
                continue
            data = text_of(path).encode()
            name = hashlib.sha256(data).digest()
            if not data or name in seen:  # licences and headers are there many times
                continue
            seen.add(name)
            data = data[:wanted - sum(size.values())]
            size[kind] += len(data)
            digest.update(data)
            file.write(data)
    made = sum(size.values())
    parts = ", ".join(f"{amount / (1 << 20):.1f} MiB of {kind}" for kind, amount in size.items())
    print(f"{made} bytes: {parts}\nsha256 {digest.hexdigest()}")
    if made < wanted:
        sys.exit(f"error: Only {made >> 20} MiB of text are on this computer, expected {mib}. Install more packages with headers, or take fewer MiB.")


if __name__ == "__main__":
    main()
