# SPDX-License-Identifier: Apache-2.0
"""Makes the models of this folder: small, random, seeded, of the shapes that core/infer/interchange reads, each
with token ids and the logits that `transformers` computes for them (expected.safetensors). Never run by ./test.

    python -m venv V && V/bin/pip install torch transformers safetensors
    V/bin/python tests/infer/golden/make_goldens.py [FOLDER]
"""
import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import (AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM)

VOCAB = 320
TOKENS = 24
COMMON = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=64, initializer_range=0.2, bos_token_id=None,
              eos_token_id=None)
GPT2 = dict(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64, n_inner=48, initializer_range=0.2,
            bos_token_id=None, eos_token_id=None)
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 16}

MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig(**COMMON, tie_word_embeddings=True, rms_norm_eps=1e-5), torch.float32,
              None),
    # Untied, bf16, in several files, with Llama 3's stretched positions.
    "llama3-sharded": (LlamaForCausalLM, LlamaConfig(**COMMON, tie_word_embeddings=False, rms_norm_eps=1e-5,
                                                     rope_parameters=LLAMA3), torch.bfloat16, "24KB"),
    # Biases of the attention only; heads that are wider than their share of the width.
    "llama-bias": (LlamaForCausalLM, LlamaConfig(**COMMON, tie_word_embeddings=True, attention_bias=True, head_dim=12),
                   torch.float32, None),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**COMMON, tie_word_embeddings=True, head_dim=16,
                                            rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
              torch.float32, None),
    "gpt2": (GPT2LMHeadModel, GPT2Config(**GPT2), torch.float32, None),
    "gpt2-untied": (GPT2LMHeadModel, GPT2Config(**GPT2, tie_word_embeddings=False, activation_function="gelu"),
                    torch.float16, None),
}


def make(folder: Path, name: str) -> None:
    kind, config, dtype, shard = MODELS[name]
    torch.manual_seed(sum(map(ord, name)))
    model = kind(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # norms and biases too, which begin as 1 and 0
            if parameter.dim() == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
    target = folder / name
    shutil.rmtree(target, ignore_errors=True)
    model.to(dtype).save_pretrained(target, **({"max_shard_size": shard} if shard else {}))
    (target / "generation_config.json").unlink(missing_ok=True)
    # What the file holds, computed in fp32.
    read = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32, attn_implementation="eager").eval()
    ids = torch.randint(0, VOCAB, (TOKENS,))
    with torch.no_grad():
        logits = read(ids[None]).logits[0]
    save_file({"ids": ids, "logits": logits.contiguous()}, target / "expected.safetensors",
              {"torch": torch.__version__, "transformers": transformers.__version__})
    numbers = sum(p.numel() for p in read.parameters())
    print(name, numbers, "parameters, logits within", float(logits.min()), float(logits.max()))


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    torch.set_num_threads(1)
    for each in MODELS:
        make(where, each)
