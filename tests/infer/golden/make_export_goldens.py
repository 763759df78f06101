# SPDX-License-Identifier: Apache-2.0
"""Lets `transformers` read what `orrery-engine runs export --format hf` writes, and keeps what it computes: the logits of
fixed tokens, the hashes of the files that it read, and the settings that it saw. tst_interchange_export holds every later
export against them. Never run by ./test.

    python -m venv V && V/bin/pip install torch transformers safetensors
    ORRERY_KEEP_EXPORTS=FOLDER build/release/tests/tst_interchange_export givesTransformersTheSameLogits
    V/bin/python tests/infer/golden/make_export_goldens.py FOLDER
"""
import hashlib
import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

TOKENS = 24
TEXT = "int main() { return 0; } // é 漢\n"


def make(source: Path, target: Path) -> None:
    model, report = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, attn_implementation="eager",
                                                         output_loading_info=True)
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    assert AutoTokenizer.from_pretrained(source).encode(TEXT) == list(TEXT.encode()), "the tokenizer gives other ids"
    ids = torch.arange(TOKENS) * 37 % model.config.vocab_size
    with torch.no_grad():
        logits = model.eval()(ids[None]).logits[0]
    config = json.loads((source / "config.json").read_text())
    del config["orrery"]  # ours alone, and it grows
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    hashes = {name: hashlib.sha256((source / name).read_bytes()).hexdigest() for name in ("model.safetensors", "tokenizer.json")}
    save_file({"ids": ids, "logits": logits.contiguous()}, target / "expected.safetensors",
              {"torch": torch.__version__, "transformers": transformers.__version__, **hashes})
    print(source.name, type(model).__name__, "logits within", float(logits.min()), float(logits.max()))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    torch.set_num_threads(1)
    for each in sorted(Path(sys.argv[1]).iterdir()):
        make(each, Path(__file__).parent / "exports" / each.name)
