# SPDX-License-Identifier: Apache-2.0
"""Writes warper_cases.json: random logits, settings, and the distributions that the logits processors of
`transformers` make of them, in float64. Never run by ./test.

    python -m venv V && V/bin/pip install torch transformers
    V/bin/python tests/data/sampler/make_warper_cases.py
"""
import json
import random
from pathlib import Path

import torch
import transformers
from transformers import (LogitsProcessorList, MinPLogitsWarper, RepetitionPenaltyLogitsProcessor,
                          TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper, TypicalLogitsWarper)

NUM_CASES = 320
MARGIN = 1e-6  # no case in which another rounding of a probability would cut another token


def settings(draw):
    chosen = {"temperature": draw.choice([0.25, 0.7, 1.0, 1.3, 2.5])}
    if draw.random() < 0.35:
        chosen["top_k"] = draw.randint(1, 20)
    if draw.random() < 0.4:
        chosen["top_p"] = round(draw.uniform(0.05, 0.99), 3)
    if draw.random() < 0.45:
        chosen["min_p"] = round(draw.choice([draw.uniform(0.001, 0.2), draw.uniform(0.2, 1)]), 3)
    if draw.random() < 0.45:
        chosen["typical_p"] = round(draw.uniform(0.05, 0.99), 3)
    if draw.random() < 0.5:
        chosen["repetition_penalty"] = draw.choice([0.8, 1.05, 1.2, 1.5, 3.0])
        chosen["penalty_window"] = draw.choice([0, 1, 3, 8])
    return chosen


def processors(chosen, nudge=0.0):
    """In the order in which GenerationMixin._get_logits_processor adds them."""
    steps = LogitsProcessorList()
    if "repetition_penalty" in chosen:
        steps.append(RepetitionPenaltyLogitsProcessor(chosen["repetition_penalty"]))
    steps.append(TemperatureLogitsWarper(chosen["temperature"]))
    if "top_k" in chosen:
        steps.append(TopKLogitsWarper(chosen["top_k"]))
    if "top_p" in chosen:
        steps.append(TopPLogitsWarper(chosen["top_p"] + nudge))
    if "min_p" in chosen:
        steps.append(MinPLogitsWarper(min(1.0, max(0.0, chosen["min_p"] + nudge))))
    if "typical_p" in chosen:
        steps.append(TypicalLogitsWarper(chosen["typical_p"] + nudge))
    return steps


def distribution(logits, history, chosen, nudge=0.0):
    window = chosen.get("penalty_window", 0)
    ids = torch.tensor([history[-window:] if window else history])
    scores = processors(chosen, nudge)(ids, torch.tensor([logits], dtype=torch.float64) / 1000)
    return torch.softmax(scores, dim=-1)[0].tolist()


def survivors(distribution_v):
    return [i for i, p in enumerate(distribution_v) if p > 0]


def main():
    draw = random.Random(6)
    cases = []
    while len(cases) < NUM_CASES:
        size = draw.randint(3, 28)
        spread = draw.choice([500, 1500, 4000])
        logits = draw.sample(range(-2 * spread, 2 * spread), size)  # in thousandths, no two alike
        history = [draw.randrange(size) for _ in range(draw.randint(1, 12))]
        chosen = settings(draw)
        expected = distribution(logits, history, chosen)
        nearby = [survivors(distribution(logits, history, chosen, nudge)) for nudge in (-MARGIN, MARGIN)]
        if any(one != survivors(expected) for one in nearby):
            continue
        cases.append({"logits": logits, "history": history, **chosen,
                      "expected": {str(i): float(f"{expected[i]:.10g}") for i in survivors(expected)}})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    note = (f"Made by make_warper_cases.py with transformers {transformers.__version__}. Logits are in thousandths; "
            "expected: the probability of each token that is left")
    Path(__file__).with_name("warper_cases.json").write_text(
        '{"note":' + json.dumps(note) + ',\n"cases":[\n' + lines + "\n]}\n")


main()
