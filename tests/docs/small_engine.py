# SPDX-License-Identifier: Apache-2.0
"""Stands for orrery-engine where documents are tried: hands the call on, trainings made small. Nothing else is changed.

usage: small_engine.py PROGRAM ARGUMENT...
"""
import os
import sys

# The sizes of a model that learns nothing and is fast. Not the context and not the window: what fits into them is part
# of what a document says.
SMALL = {"model.layers": "1", "model.width": "32", "model.heads": "2", "train.batch_size": "2"}
LEFT_OUT = {"model.preset", *SMALL}


def settings(arguments):
    """(key, place) of each --set key=value."""
    return [(arguments[i + 1].partition("=")[0], i) for i in range(len(arguments) - 1) if arguments[i] == "--set"]


def made_small(arguments):
    if arguments[:1] != ["train"]:
        return arguments
    for key, place in reversed(settings(arguments)):
        if key in LEFT_OUT:
            del arguments[place:place + 2]
    if "--steps" in arguments:
        place = arguments.index("--steps") + 1
        arguments[place] = str(min(int(arguments[place]), int(os.environ["ORRERY_DOCS_STEPS"])))
    else:
        arguments += ["--steps", os.environ["ORRERY_DOCS_STEPS"]]
    if "--name" not in arguments and os.environ.get("ORRERY_DOCS_NAME"):
        arguments += ["--name", os.environ["ORRERY_DOCS_NAME"]]
    if "--from" not in arguments:  # a model that is there has its sizes
        for key, value in SMALL.items():
            arguments += ["--set", f"{key}={value}"]
    return arguments + ["--quiet"]


program = sys.argv[1]
os.execv(program, [program, *made_small(sys.argv[2:])])
