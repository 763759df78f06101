# SPDX-License-Identifier: Apache-2.0
"""usage: PYTHON read_with_tensorboard.py FOLDER   (a Python that has tensorboard)

Prints what TensorBoard's own EventAccumulator reads of a folder, all of it: a JSON line {"tag", "step", "time", "value"} a point.
"""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
accumulator.Reload()
for tag in accumulator.Tags()["scalars"]:
    for point in accumulator.Scalars(tag):
        print(json.dumps({"tag": tag, "step": point.step, "time": point.wall_time.hex(), "value": float(point.value).hex()}))
for tag in accumulator.Tags()["tensors"]:
    for point in accumulator.Tensors(tag):
        value = float(tensor_util.make_ndarray(point.tensor_proto).item())
        print(json.dumps({"tag": tag, "step": point.step, "time": point.wall_time.hex(), "value": value.hex()}))
