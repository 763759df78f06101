# SPDX-License-Identifier: Apache-2.0
"""Loads a model directory that `orrery-engine runs export --format hf` wrote with `transformers`, and compares its logits
with those of the run's own folder. Never run by ./test.

    orrery-engine runs export RUN --format hf --out DIR
    orrery-engine generate DIR --prompt-ids 1,2,3 --max-tokens 8 --temperature 0 --alternatives 50 --json > ours.jsonl
    V/bin/python tests/infer/golden/check_export.py DIR ours.jsonl 1,2,3
"""
import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, answers, prompt = sys.argv[1:4]
model, report = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                                     output_loading_info=True)
model.eval()
assert not report["missing_keys"] and not report["unexpected_keys"], report
tokens = [json.loads(line) for line in open(answers)]
tokens = [line for line in tokens if "alternatives" in line]
ids = [int(word) for word in prompt.split(",")]
worst, checked = 0.0, 0
with torch.no_grad():
    for token in tokens:
        logits = model(torch.tensor([ids])).logits[0, -1].double()
        logs, which = torch.log_softmax(logits, -1).topk(len(token["alternatives"]))
        assert int(which[0]) == token["id"], (int(which[0]), token["id"])
        # Log-probabilities are logits but for a constant that all of a token share.
        ours = torch.tensor([other["p"] for other in token["alternatives"]], dtype=torch.double).log()
        worst = max(worst, float((ours - logs).abs().max()))
        checked += len(logs)
        ids.append(token["id"])
tokenizer = AutoTokenizer.from_pretrained(folder)
text = "int main() { return 0; } // é 漢\n"
same = tokenizer.encode(text) == list(text.encode())
print(type(model).__name__, "transformers", transformers.__version__, "torch", torch.__version__,
      f"{checked} log-probabilities differ by {worst:.2g} at most; bytes as tokens: {same}")
sys.exit(0 if worst <= 1e-4 and same else 1)
