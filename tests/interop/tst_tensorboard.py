#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: tst_tensorboard.py ENGINE [points of a series]

A log that was written without us is imported, exported, and read again by two readers that are not ours: a strict one of
this folder and, where ORRERY_TENSORBOARD_PYTHON names a Python that has it (scripts/setup/tensorboard_python.sh makes one),
TensorBoard's own. Each point must come back with its step, time and value.
"""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import tfevents_files as tfevents  # noqa: E402

RESUMED_AT = 0.6  # of the steps; the second attempt begins a fifth of them before
FIRST_TIME = 1_760_000_000.0
ODD = {7: math.nan, 8: math.inf, 9: -math.inf, 10: -0.0, 11: 1.401298464324817e-45, 12: 3.4028234663852886e38}


def single(value):
    """As four bytes hold it."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def series():
    """tag → (number of double precision?, value at a step)"""
    return {
        "loss": (False, lambda step: ODD.get(step, single(1 + 4 / math.sqrt(1 + step)))),
        "val/loss ünï 📈": (False, lambda step: single(step * 0.25)),
        "rate": (True, lambda step: 0.1 / step),
        "tiny": (True, lambda step: ODD.get(step, 5e-324 * step)),
    }


def write_log(folder, num_points):
    """Two files, as of a training that was resumed. @return {tag: points} as they must come back"""
    folder.mkdir(parents=True)
    points, time = {}, FIRST_TIME
    last = int(num_points * RESUMED_AT)
    for number, steps in enumerate((range(1, last + 1), range(int(last * 0.8) + 1, num_points + 1))):
        data = [tfevents.version_record(time)]
        for step in steps:
            time += 0.125
            for tag, (is_double, value_at) in series().items():
                value = value_at(step)
                data.append(tfevents.scalar_record(time, step, tag, value, is_double))
                points.setdefault(tag, []).append((step, time, value))
        (folder / f"events.out.tfevents.{int(FIRST_TIME) + number}.made-up").write_bytes(b"".join(data))
    return points


def bits(point):
    """Comparable, also where it is NaN or minus nothing."""
    step, time, value = point
    return step, time, "nan" if math.isnan(value) else struct.pack("<d", value)


def compare(who, found, wanted):
    if sorted(found) != sorted(wanted):
        sys.exit(f"{who} finds the tags {sorted(found)}, expected {sorted(wanted)}")
    for tag, points in wanted.items():
        if len(found[tag]) != len(points):
            sys.exit(f"{who} finds {len(found[tag])} points of {tag}, expected {len(points)}")
        for one, other in zip(found[tag], points):
            if bits(one) != bits(other):
                sys.exit(f"{who} finds {one} in {tag}, expected {other}")
    return sum(map(len, wanted.values()))


def check_reader(folder):
    """A reader that takes everything would prove nothing."""
    good = tfevents.version_record(1.0) + tfevents.scalar_record(2.0, 3, "a", 0.5, True)
    path = folder / "x.tfevents"
    changes = {"a bit of the data": good[:-8] + bytes([good[-8] ^ 1]) + good[-7:], "the end": good[:-1], "the version": good[len(tfevents.version_record(1.0)):],
               "a length": good[:2] + b"\1" + good[3:]}
    for what, data in changes.items():
        path.write_bytes(data)
        try:
            tfevents.scalars(folder)
        except tfevents.Broken:
            continue
        sys.exit(f"the strict reader did not see that {what} was changed")
    path.unlink()


def read_with_tensorboard(python, folder):
    answer = subprocess.run([python, "-B", HERE / "read_with_tensorboard.py", folder], text=True, capture_output=True)
    if answer.returncode != 0:
        sys.exit(f"TensorBoard's reader failed: {answer.stderr[-2000:]}")
    found = {}
    for line in map(json.loads, answer.stdout.splitlines()):
        found.setdefault(line["tag"], []).append((line["step"], float.fromhex(line["time"]), float.fromhex(line["value"])))
    return found


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    num_points = int(sys.argv[2]) if len(sys.argv) == 3 else 400
    with tempfile.TemporaryDirectory(prefix="orrery-tensorboard-") as name:
        folder = pathlib.Path(name)
        check_reader(folder)
        environment = {**os.environ, "ORRERY_HOME": str(folder / "home"), "LC_ALL": "C.UTF-8"}

        def engine(*arguments):
            answer = subprocess.run([sys.argv[1], *arguments], text=True, capture_output=True, env=environment)
            if answer.returncode != 0:
                sys.exit(f"orrery-engine {' '.join(map(str, arguments))} ended with {answer.returncode}: {answer.stderr}")
            return answer.stdout

        wanted = write_log(folder / "log/exp", num_points)
        compare("the strict reader, of its own writer,", tfevents.scalars(folder / "log/exp"), wanted)
        engine("runs", "import", "--tfevents", folder / "log")
        runs = [path.name for path in (folder / "home/runs").iterdir()]
        if len(runs) != 1:
            sys.exit(f"the log became the runs {runs}, expected one")
        engine("runs", "export", runs[0], folder / "out", "--tfevents")
        number = compare("the strict reader", tfevents.scalars(folder / "out"), wanted)
        print(f"{number} points, the same for a strict reader")
        python = os.environ.get("ORRERY_TENSORBOARD_PYTHON", "")
        if not python:
            print("SKIP : TensorBoard's own reader is not asked: ORRERY_TENSORBOARD_PYTHON names no Python that has it (scripts/setup/tensorboard_python.sh)")
            return
        compare("TensorBoard", read_with_tensorboard(python, folder / "out"), wanted)
        print(f"{number} points, the same for TensorBoard's own reader")


if __name__ == "__main__":
    main()
