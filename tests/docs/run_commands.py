#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run_commands.py ROOT BIN DOCUMENT...   (README, tour, …; "rest": all that no other test runs)

Runs the fences marked `sh` of the documents, in order, each document in a folder and a home of its own, with the programs
in BIN. What would take hours is made small (small_engine.py): six steps, one layer. Words in capitals stand for what a
reader would put there: RUN is the run that the document trained last, or one made for it; TEXT a text, DIR a new folder.
Commands within a sentence are not run, but their subcommands and options have to be known to the program.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import wave
import zlib

sys.dont_write_bytecode = True
from markdown_commands import documents, fences, inline_commands  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
QUICK = ["README", "tour", "plugins"]  # by docs_commands_quick; all others by docs_commands_rest
STEPS = 6
TIMEOUT_S = 300
# Steps that a document's own, long training would have.
SMALLER = [(r"@1200\b", f"@{STEPS}"), (r"--step (1200|100)\b", f"--step {STEPS}")]
NEEDS_MEMORY = {"inspect"}  # documents whose RUN has the memory plugin without having trained it themselves


class Failure(Exception):
    pass


def png(width, height, rgb):
    """A picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes(rgb) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tone(path):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(struct.pack("<h", 8000 if i // 10 % 2 else -8000) for i in range(2400)))


def make_material(folder):
    code = "".join(f"int f{i}(int x) {{\n    return x * {i} + {i * 7 % 11};\n}}\n" for i in range(600))
    for name in ("text.txt", "prose/a.txt", "cpp/a.cpp", "python/a.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(code)
    (folder / "a.txt").write_text("int x = 1;\nint y = 2;\n")
    (folder / "chat.json").write_text(json.dumps({"messages": [
        {"role": "user", "content": "int f1"}, {"role": "assistant", "content": "(int x)"}, {"role": "user", "content": "more"}]}))
    (folder / "a.png").write_bytes(png(32, 32, (200, 30, 30)))
    tone(folder / "b.wav")
    scans = folder / "scans"
    scans.mkdir()
    lines = []
    for i in range(40):
        (scans / f"{i}.png").write_bytes(png(32, 32, (i * 6, 30, 200 - i * 4)))
        tone(scans / f"{i}.wav")
        lines.append(json.dumps({"parts": [{"image": f"{i}.png"}, {"audio": f"{i}.wav"}, {"text": f"picture {i}"}]}))
    (scans / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "other.jsonl").write_text("\n".join(lines[:4]).replace('{"image": "', '{"image": "scans/').replace('{"audio": "', '{"audio": "scans/') + "\n")


class Document:
    def __init__(self, path, bin_folder, work):
        self.path, self.bin, self.work = path, bin_folder, work
        self.folder = work / "f"
        self.folder.mkdir(parents=True)
        (work / "bin").mkdir()
        (work / "bin/orrery-engine").write_text(f'#!/bin/sh\nexec python3 -B "{HERE}/small_engine.py" "{bin_folder}/orrery-engine" "$@"\n')
        (work / "bin/orrery-engine").chmod(0o755)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("ORRERY_")}
        self.environment.update(ORRERY_HOME=str(work / "h"), PATH=f"{work / 'bin'}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                                ORRERY_DOCS_STEPS=str(STEPS))
        self.run_name, self.live, self.trained = None, None, 0
        make_material(self.folder)

    def bash(self, command, name=""):
        process = subprocess.Popen(["bash", "-eu", "-o", "pipefail", "-c", command], cwd=self.folder, text=True,
                                   env={**self.environment, "ORRERY_DOCS_NAME": name}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, errors="replace")
        try:
            output = process.communicate(timeout=TIMEOUT_S)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0]
            raise Failure(f"did not end within {TIMEOUT_S} s: {output[-800:]}") from None
        if process.returncode != 0:
            raise Failure(f"ended with {process.returncode}:\n{output[-1200:]}")
        return output

    def train(self, name, *settings):
        self.bash("orrery-engine train --data text.txt " + " ".join(f"--set {setting}" for setting in settings), name)
        return name

    def current_run(self):
        if not self.run_name:
            memory = ["plugins.use=memory", "plugins.memory.episodic_size=256", "model.window=32"]
            self.run_name = self.train("made", *(memory if self.path.stem in NEEDS_MEMORY else []))
            if memory and self.path.stem in NEEDS_MEMORY:
                self.bash("orrery-engine generate made --messages chat.json --memory talk.memory --max-tokens 40")
        return self.run_name

    def filled_in(self, command):
        for pattern, smaller in SMALLER:
            command = re.sub(pattern, smaller, command)
        command = re.sub(r"\bTEXT\b", "text.txt", command)
        if re.search(r"\bMODEL\b", command) and not (self.folder / "MODEL").exists():
            self.bash(f"orrery-engine runs export {self.current_run()} --format hf --out MODEL")
        if re.search(r"\bRUN\b", command):
            command = re.sub(r"\bRUN\b", self.current_run(), command)
        return command

    def run(self, command):
        command = self.filled_in(command)
        controlled = re.match(r"orrery-engine control (\S+)", command)
        if controlled:
            self.make_live(controlled.group(1))
        else:
            self.end_live()
        name = ""
        if command.startswith("orrery-engine train"):
            self.trained += 1
            given = re.search(r"--name (\S+)", command)
            name = given.group(1) if given else f"{self.path.stem}-{self.trained}"
        self.bash(command, name)
        self.run_name = name or self.run_name

    def state(self, name):
        return json.loads(self.bash(f"orrery-engine runs show {name} --json"))

    def make_live(self, name):
        """A training that goes on until the next command that is not for it."""
        if self.live:
            return
        self.live = name
        self.trainer = subprocess.Popen([self.bin / "orrery-engine", "resume", name, "--steps", "100000000", "--quiet"],
                                        cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 180
        while '"running"' not in json.dumps(self.state(name)):
            if time.monotonic() > until or self.trainer.poll() is not None:
                raise Failure(f"the run {name} does not go on, so that nothing can be controlled: {self.state(name)}")
            time.sleep(0.1)

    def end_live(self):
        if not self.live:
            return
        self.live = None
        if self.trainer.poll() is None:
            self.trainer.send_signal(signal.SIGINT)
        try:
            self.trainer.wait(180)
        except subprocess.TimeoutExpired:
            self.trainer.kill()
            self.trainer.wait()
            raise Failure("the training did not end on Ctrl+C") from None


class Help:
    """What the program itself says of its subcommands and options."""

    def __init__(self, program, environment):
        self.program, self.environment, self.texts = program, environment, {}

    def text(self, words):
        if words not in self.texts:
            answer = subprocess.run([self.program, *words, "--help"], text=True, capture_output=True, env=self.environment)
            self.texts[words] = answer.stdout if answer.returncode == 0 else ""
        return self.texts[words]

    def problem(self, command):
        command = re.split(r"\s#\s", command)[0]
        words, known = command.split()[1:], ()
        for word in words:
            if not re.fullmatch(r"[a-z][a-z-]*", word) or not re.search(rf"^\s+{word}\b", self.text(known), re.M):
                break
            known += (word,)
        if words and re.fullmatch(r"[a-z][a-z-]*", words[0]) and not known:
            return f"there is no \"{words[0]}\""
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", command):
            if not re.search(rf"{option}(?![\w-])", self.text(known)):
                return f"\"{' '.join(known) or 'orrery-engine'}\" has no {option}"
        return ""


def check_document(path, bin_folder, verbose):
    # A short folder: a socket's path holds 107 bytes.
    work = pathlib.Path(tempfile.mkdtemp(prefix="od-", dir="/tmp"))
    problems = []
    count = 0
    document = Document(path, bin_folder, work)
    try:
        knows = Help(bin_folder / "orrery-engine", document.environment)
        for number, command in inline_commands(path):
            if problem := knows.problem(command):
                problems.append(f"{path.name}:{number}: `{command}`: {problem}")
        for fence in fences(path)[0]:
            if not fence.is_shell or fence.reason is not None:
                continue
            for number, command in fence.commands():
                start = time.monotonic()
                count += 1
                try:
                    document.run(command)
                except Failure as problem:
                    problems.append(f"{path.name}:{number}: {command}\n    {problem}")
                if verbose:
                    print(f"{time.monotonic() - start:6.1f} s  {path.name}:{number}  {command[:100]}", flush=True)
        try:
            document.end_live()
        except Failure as problem:
            problems.append(f"{path.name}: {problem}")
    finally:
        if document.live and document.trainer.poll() is None:
            document.trainer.kill()
        shutil.rmtree(work, ignore_errors=True)
    return count, problems


def main():
    arguments = [word for word in sys.argv[1:] if word != "--verbose"]
    if len(arguments) < 3:
        sys.exit(__doc__.strip())
    root, bin_folder, names = pathlib.Path(arguments[0]).resolve(), pathlib.Path(arguments[1]).resolve(), arguments[2:]
    chosen = [path for path in documents(root)
              if path.stem in names or ("rest" in names and path.stem not in QUICK) or ("quick" in names and path.stem in QUICK)]
    total, problems = 0, []
    for path in chosen:
        count, found = check_document(path, bin_folder, "--verbose" in sys.argv)
        total += count
        problems += found
    for problem in problems:
        print(problem)
    print(f"{total} commands of {len(chosen)} documents, {len(problems)} problems")
    sys.exit(1 if problems or not total else 0)


if __name__ == "__main__":
    main()
