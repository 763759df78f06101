# SPDX-License-Identifier: Apache-2.0
"""The peer of `orrery-engine bench parity`: the same small GPT in Python PyTorch, on the same machine.

Bytes are tokens. Prints one line: parameters, tokens/s (median over the second half of the steps, batches not counted),
the last training loss and, with --eval, the mean validation loss over windows of one context in order.

Names of the parameters in --init: te.weight, pe.weight, b.0.n1.weight, b.0.n1.bias, b.0.qkv.weight [3d, d] as q, k, v,
b.0.o.weight, b.0.n2.weight, b.0.n2.bias, b.0.f1.weight, b.0.f2.weight, nf.weight, nf.bias (fp32 safetensors).
"""
import argparse
import contextlib
import json
import math
import statistics
import struct
import time
import warnings

warnings.filterwarnings("ignore", message=".*NumPy.*")
import torch
import torch.nn as nn
import torch.nn.functional as F

WARMUP_STEPS = 100
FLOOR = 0.1
EVAL_WINDOWS = 64


def parse_arguments():
    parser = argparse.ArgumentParser(description="Trains a small GPT with Python PyTorch.")
    for name, default in dict(layers=4, d=128, heads=4, ctx=64, batch=12, steps=200, vocab=0, seed=1337, threads=2).items():
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--data", help="text to train on; without it random tokens")
    parser.add_argument("--val", help="validation bytes; without it the last tenth of --data")
    parser.add_argument("--init", help="start weights, safetensors")
    parser.add_argument("--batches", help="int32 [steps, batch, ctx + 1], used in order")
    parser.add_argument("--device", default="", help="cpu or cuda; without it cuda where there is one")
    parser.add_argument("--losses", help="file for the training losses, one a line")
    for switch in ("sdpa-fp32", "compile", "bf16", "eval"):
        parser.add_argument("--" + switch, action="store_true")
    return parser.parse_args()


class Block(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.options = options
        width = options.d
        self.n1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.o = nn.Linear(width, width, bias=False)
        self.n2 = nn.LayerNorm(width)
        self.f1 = nn.Linear(width, 4 * width, bias=False)
        self.f2 = nn.Linear(4 * width, width, bias=False)
        self.drop = nn.Dropout(options.dropout)

    def attend(self, x):
        batch, tokens, width = x.shape
        heads = self.options.heads
        q, k, v = (part.view(batch, tokens, heads, width // heads).transpose(1, 2) for part in self.qkv(x).split(width, dim=2))
        if self.options.sdpa_fp32:
            q, k, v = q.float(), k.float(), v.float()
        dropout = self.options.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=dropout)
        return self.o(y.transpose(1, 2).reshape(batch, tokens, width).to(x.dtype))

    def forward(self, x):
        x = x + self.drop(self.attend(self.n1(x)))
        return x + self.drop(self.f2(F.gelu(self.f1(self.n2(x)))))


class Gpt(nn.Module):
    def __init__(self, options, vocab):
        super().__init__()
        self.te = nn.Embedding(vocab, options.d)
        self.pe = nn.Embedding(options.ctx, options.d)
        self.b = nn.ModuleList(Block(options) for _ in range(options.layers))
        self.nf = nn.LayerNorm(options.d)
        self.h = nn.Linear(options.d, vocab, bias=False)
        self.h.weight = self.te.weight
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                is_residual = name.endswith(("o.weight", "f2.weight"))
                nn.init.normal_(weight, 0.0, 0.02 / (math.sqrt(2 * options.layers) if is_residual else 1.0))

    def forward(self, ids, targets):
        x = self.te(ids) + self.pe.weight[: ids.size(1)]
        for block in self.b:
            x = block(x)
        logits = self.h(self.nf(x))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1))


def read_safetensors(path):
    with open(path, "rb") as file:
        raw = file.read()
    (header_bytes,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + header_bytes])
    start = 8 + header_bytes
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        data = bytearray(raw[start + begin : start + end])
        tensors[name] = torch.frombuffer(data, dtype=torch.float32).view(entry["shape"])
    return tensors


def read_tokens(path):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).long()


def load_texts(options):
    if not options.data:
        tokens = torch.randint(0, options.vocab or 256, (1_000_000,))
        return tokens, tokens
    tokens = read_tokens(options.data)
    if options.val:
        return tokens, read_tokens(options.val)
    cut = int(0.9 * len(tokens))
    return tokens[:cut], tokens[cut:]


def learning_rate(options, step):
    if step < WARMUP_STEPS:
        return options.lr * (step + 1) / WARMUP_STEPS
    progress = (step - WARMUP_STEPS) / max(1, options.steps - WARMUP_STEPS)
    return options.lr * (FLOOR + 0.5 * (1 - FLOOR) * (1 + math.cos(math.pi * progress)))


def make_optimizer(model, options):
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    vectors = [weight for weight in model.parameters() if weight.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.99), fused=True)


def make_batches(options, tokens, device):
    """A function from step to (inputs, targets)."""
    if options.batches:
        size = options.steps * options.batch * (options.ctx + 1)
        fixed = torch.from_file(options.batches, dtype=torch.int32, size=size)
        fixed = fixed.view(options.steps, options.batch, options.ctx + 1).long()
        return lambda step: (fixed[step, :, :-1].to(device), fixed[step, :, 1:].to(device))

    def draw(_step):
        starts = torch.randint(len(tokens) - options.ctx - 1, (options.batch,)).tolist()
        rows = torch.stack([tokens[start : start + options.ctx + 1] for start in starts])
        return rows[:, :-1].to(device), rows[:, 1:].to(device)

    return draw


def evaluate(model, tokens, context, device):
    model.eval()
    windows = (len(tokens) - 1) // context
    total = 0.0
    with torch.no_grad():
        for first in range(0, windows, EVAL_WINDOWS):
            count = min(EVAL_WINDOWS, windows - first)
            begin, end = first * context, (first + count) * context
            ids = tokens[begin:end].view(count, context).to(device)
            targets = tokens[begin + 1 : end + 1].view(count, context).to(device)
            total += model(ids, targets).item() * count
    return total / windows


def main():
    options = parse_arguments()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    train_tokens, val_tokens = load_texts(options)
    model = Gpt(options, options.vocab or 256)
    if options.init:
        # Not strict: the tied head has no entry of its own.
        model.load_state_dict(read_safetensors(options.init), strict=False)
    model = model.to(device)
    optimizer = make_optimizer(model, options)
    forward = torch.compile(model) if options.compile else model
    batch_of = make_batches(options, train_tokens, device)
    autocast = torch.autocast(device, torch.bfloat16) if options.bf16 else contextlib.nullcontext()
    seconds, losses = [], []
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(options, step)
        ids, targets = batch_of(step)
        started = time.perf_counter()
        with autocast:
            loss = forward(ids, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
        if options.losses:
            losses.append(loss.item())
    if options.losses:
        with open(options.losses, "w", encoding="utf-8") as file:
            file.write("\n".join(f"{value:.7f}" for value in losses))
    speed = options.batch * options.ctx / statistics.median(seconds[len(seconds) // 2 :])
    count = sum(weight.numel() for weight in model.parameters())
    line = f"params {count} tok/s {speed:.0f} train_loss {loss.item():.4f}"
    if options.eval:
        line += f" val_loss {evaluate(model, val_tokens, options.ctx, device):.4f}"
    print(line)


if __name__ == "__main__":
    main()
