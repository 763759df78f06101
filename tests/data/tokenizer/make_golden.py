#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden files of tst_tokenizer_golden with the library `tokenizers` (PyPI); never run by ./test.

    python3 -m venv VENV && VENV/bin/pip install tokenizers==0.23.3
    VENV/bin/python tests/data/tokenizer/make_golden.py            # all tokenizers but ours, and mixed_lines.txt
    VENV/bin/python tests/data/tokenizer/make_golden.py ours.json  # what the library makes of a file of ours

Lines are drawn by splitmix64 from mixed_lines.txt, here and in mixed_lines.h alike; NAME.golden holds two FNV-1a
hashes of each block of lines: of the ids, and of the text that decode() makes of them.
"""
import json, pathlib, struct, sys, unicodedata
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
NUM_LINES, LINES_OF_BLOCK = 12000, 8
MASK = (1 << 64) - 1

# Blocks whose characters were all there in Unicode 12: what was added since, the library does not know everywhere.
SCRIPTS = {
    "latin": "0041-005A 0061-007A", "latin-more": "00C0-00D6 00D8-00F6 00F8-024F 1E00-1EFF", "ipa": "0250-02AF",
    "greek": "0391-03A1 03A3-03C9 1F00-1F15", "cyrillic": "0400-0481 048A-04FF", "armenian": "0531-0556 0561-0586",
    "hebrew": "05D0-05EA", "arabic": "0621-063A 0641-064A 0671-06D3", "syriac": "0710-072F", "thaana": "0780-07A5",
    "devanagari": "0904-0939 093E-094D", "bengali": "0985-098C 09AA-09B0 09BE-09C4", "tamil": "0B85-0B8A 0BBE-0BC2",
    "telugu": "0C05-0C0C 0C3E-0C44", "malayalam": "0D05-0D0C 0D3E-0D44", "sinhala": "0D85-0D96 0DCF-0DD4",
    "thai": "0E01-0E3A 0E40-0E4E", "lao": "0E94-0E97 0EC0-0EC4", "tibetan": "0F40-0F47 0F71-0F7E", "myanmar": "1000-102A 102B-103E",
    "georgian": "10A0-10C5 10D0-10F0", "hangul-jamo": "1100-1112 1161-1175", "hangul": "AC00-D7A3", "ethiopic": "1200-1248",
    "cherokee": "13A0-13F5", "khmer": "1780-17B3 17B6-17D3", "mongolian": "1820-1877", "hiragana": "3041-3096",
    "katakana": "30A1-30FA FF66-FF9D", "han": "4E00-9FEF", "han-more": "20000-2A6D6 F900-FA6D", "bopomofo": "3105-312F",
    "yi": "A000-A48C", "wide": "FF21-FF3A FF41-FF5A", "gothic": "10330-1034A", "cuneiform": "12000-12399",
    "hieroglyphs": "13000-1342E", "mathematical": "1D400-1D454 1D6A8-1D6C0", "adlam": "1E900-1E943",
}
LISTS = {
    "space": "0009-000D 0020-0020 0020-0020 0020-0020 000A-000A 0085-0085 00A0-00A0 1680-1680 2000-200A 2028-2029 202F-202F 205F-205F 3000-3000 180E-180E 200B-200B FEFF-FEFF",
    "digit": "0030-0039 0030-0039 0030-0039 0660-0669 0966-096F FF10-FF19 00B2-00B3 2460-2473 2160-216B 3021-3029 1D7CE-1D7D7",
    "punctuation": "0021-002F 003A-0040 005B-0060 007B-007E 2010-2027 2030-205E 3001-3003 3008-3011 20A0-20BF 2190-21FF 2200-22FF",
    "control": "0000-0008 000E-001F 007F-009F 200B-200F 202A-202E 2060-2064 FFF9-FFFD E000-E010 E0020-E007F",
    "mark": "0300-036F 0591-05AF 064B-0655 093C-093C 20D0-20DC FE00-FE0F 3099-309A",
    "emoji": "1F300-1F321 1F400-1F4FD 1F600-1F64F 1F680-1F6C5 2600-26FF 2702-27B0 1F1E6-1F1FF 1F3FB-1F3FF",
}
SNIPPETS = [
    "I'm", "don't", "WE'LL", "they've", "it'S", "you're", "he'd", "o'clock", "'t", "'s", "’s", "L'été", "'ſ",
    "for (int i = 0; i < n; ++i) {\n    sum += x[i];\n}\n", "def f(x):\n\treturn x  # two\n", "\r\n\r\n", "  \n \n  x", "a\n\n\nb",
    "https://example.org/a?b=c&d=%20e#f", "{\"key\": [1, 2.5e-3, null]}", "<b>bold</b>", "x ≤ y ∧ ¬z", "/* ** */", "====----____",
    "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "☺️", "👩🏾‍🚀", "e\u0301", "A\u030a", "ﬁ ligature", "½ ²", "ｆｕｌｌ", "İstanbul", "ΣΊΣΥΦΟΣ", "Å", "각", "\u1100\u1161\u11a8",
    "<|endoftext|>", "<|end_of_text|>", "<|user|>", "<|eot_id|>", "<s>", "</s>", "<unk>", "[NOTE]", "[NOTE]s", "a[NOTE] b", "  [LEFT]x", "x[RIGHT]  \n y", "café", "Café", "CAFÉ", " mask ", "unmasked mask", "▁", "▁▁a", "<0x41>",
    "        deep", "\t\t\tif", "3.14159", "12345678", "2024-02-29", "x²+y²", "naïve", "Straße", "ﷺ", "q\u0323\u0307", "…", "—", "the", " the the", "tokenization",
]


def points(text):
    out = []
    for part in text.split():
        first, last = (int(x, 16) for x in part.split("-"))
        out += [c for c in range(first, last + 1)]
    return out


class Draws:
    def __init__(self, seed):
        self.state = seed * 0xD1342543DE82EF95 & MASK

    def below(self, n):
        self.state = self.state + 0x9E3779B97F4A7C15 & MASK
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return (z ^ z >> 31) % n


class Lines:
    def __init__(self):
        self.scripts = [points(x) for x in SCRIPTS.values()]
        self.lists = {k: points(v) for k, v in LISTS.items()}

    def run(self, draws, chars, most):
        return "".join(chr(chars[draws.below(len(chars))]) for _ in range(1 + draws.below(most)))

    def line(self, index):
        draws = Draws(index + 1)
        text = ""
        for _ in range(1 + draws.below(8)):
            kind = draws.below(100)
            if kind < 45: # half of all words are Latin, as in most texts
                script = draws.below(2 * len(self.scripts))
                text += self.run(draws, self.scripts[script if script < len(self.scripts) else 0], 9)
            elif kind < 57: text += self.run(draws, self.lists["space"], 5)
            elif kind < 66: text += self.run(draws, self.lists["digit"], 7)
            elif kind < 80: text += SNIPPETS[draws.below(len(SNIPPETS))]
            elif kind < 88: text += self.run(draws, self.lists["punctuation"], 5)
            elif kind < 91: text += self.run(draws, self.lists["control"], 3)
            elif kind < 95: text += self.run(draws, self.scripts[0], 1) + self.run(draws, self.lists["mark"], 4)
            else: text += self.run(draws, self.lists["emoji"], 3)
            if draws.below(100) < 60: text += " "
        return text


def write_table():
    with open(HERE / "mixed_lines.txt", "w", encoding="utf-8") as f:
        f.write("# Made by make_golden.py: what the lines of tst_tokenizer_golden are drawn from.\n")
        for name, ranges in SCRIPTS.items(): f.write(f"script {name} {ranges}\n")
        for name, ranges in LISTS.items(): f.write(f"list {name} {ranges}\n")
        for text in SNIPPETS: f.write("snippet " + json.dumps(text) + "\n")


def fnv(data, state=0x811C9DC5):
    for b in data: state = (state ^ b) * 0x01000193 & 0xFFFFFFFF
    return state


GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def trained(tokenizer, lines, size, specials, byte_level=True, **more):
    alphabet = pre_tokenizers.ByteLevel.alphabet() if byte_level else []
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=size, special_tokens=specials, initial_alphabet=alphabet, show_progress=False, **more))
    return tokenizer


def edited(tokenizer, edit):
    root = json.loads(tokenizer.to_str())
    edit(root)
    return Tokenizer.from_str(json.dumps(root)), root


def gpt2(lines):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder, t.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)
    trained(t, lines, 900, ["<|endoftext|>"])
    def edit(root): root["model"]["merges"] = [" ".join(m) for m in root["model"]["merges"]]  # as older files have them
    return edited(t, edit)


def llama3(lines):
    t = Tokenizer(models.BPE(ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(GPT4), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    trained(t, lines, 800, [])
    def edit(root): # words that no merge makes
        vocab = root["model"]["vocab"]
        for word in ["Ġmask", "tokenization", "ĠtheĠ", "unmasked"]: vocab.setdefault(word, len(vocab))
    t, _ = edited(t, edit)
    t.add_special_tokens([AddedToken("<|begin_of_text|>", special=True), AddedToken("<|end_of_text|>", special=True), AddedToken("<|eot_id|>", special=True)])
    t.add_tokens([AddedToken("[NOTE]", single_word=True, normalized=False), AddedToken("[LEFT]", lstrip=True, normalized=False), AddedToken("[RIGHT]", rstrip=True, normalized=False), AddedToken("mask", normalized=True, single_word=True)])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", t.token_to_id("<|begin_of_text|>"))])])
    return edited(t, lambda root: None)


def qwen(lines):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    trained(t, lines, 700, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    t.add_tokens([AddedToken("Café", normalized=True), AddedToken("e\u0301", normalized=True)])
    return edited(t, lambda root: None)


def llama2(lines):
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    trained(t, lines, 900, ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)], byte_level=False, limit_alphabet=200, max_token_length=12)
    def edit(root): # bytes are tokens of the vocabulary, no added ones
        root["added_tokens"] = [a for a in root["added_tokens"] if not a["content"].startswith("<0x")]
    t, _ = edited(t, edit)
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    return edited(t, lambda root: None)


def metaspace(lines):
    t = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    t.decoder = decoders.Sequence([decoders.Metaspace(prepend_scheme="first"), decoders.ByteFallback()])
    trained(t, lines, 600, ["<unk>"] + [f"<0x{i:02X}>" for i in range(256)], byte_level=False, limit_alphabet=120)
    def edit(root):
        root["added_tokens"] = [a for a in root["added_tokens"] if not a["content"].startswith("<0x")]
        root["decoder"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
    t, root = edited(t, edit)
    t.add_tokens([AddedToken("[NOTE]", normalized=False)])
    return edited(t, lambda root: None)


def folded(lines):
    t = Tokenizer(models.BPE())
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\d\.\d+"), "N")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Split(" ", "merged_with_next"), pre_tokenizers.Split(Regex(r"[-_]+"), "merged_with_previous"), pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True)])
    t.decoder = decoders.ByteLevel()
    trained(t, lines, 600, ["<|endoftext|>"])
    t.add_tokens([AddedToken("Straße", normalized=True)])
    return edited(t, lambda root: None)


def words(lines):
    t = Tokenizer(models.BPE(unk_token="<unk>"))
    t.normalizer = normalizers.NFD()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace(), pre_tokenizers.Split(Regex(r"\p{N}"), "contiguous"), pre_tokenizers.Split(Regex(r"[a-f]+"), "removed", invert=False), pre_tokenizers.Digits()])
    trained(t, lines, 400, ["<unk>"], byte_level=False, limit_alphabet=150)
    return edited(t, lambda root: None)


def write_golden(name, tokenizer, lines, decodes=True):
    tokenizer.encode_special_tokens = True  # names of specials in a text are text
    blob = b""
    for first in range(0, len(lines), LINES_OF_BLOCK):
        ids, text = 0x811C9DC5, 0x811C9DC5
        for line in lines[first:first + LINES_OF_BLOCK]:
            found = tokenizer.encode(line, add_special_tokens=False).ids
            ids = fnv(struct.pack(f"<{len(found) + 1}I", len(found), *found), ids)
            if decodes: text = fnv(tokenizer.decode(found, skip_special_tokens=False).encode("utf-8") + b"\0", text)
        blob += struct.pack("<II", ids, text)
    (HERE / f"{name}.golden").write_bytes(blob)


def write_samples(names, lines):
    """Some lines that a reader can check, with their ids."""
    some = lines[:12] + ["I'm  here: café №5\n", "<|endoftext|> 1234567", "👨‍👩‍👧‍👦!", "", "▁a  b"]
    root = {"tokenizers": tokenizers.__version__, "samples": []}
    for name in names:
        t = Tokenizer.from_file(str(HERE / f"{name}.json"))
        t.encode_special_tokens = True
        root["samples"] += [{"tokenizer": name, "text": text, "ids": t.encode(text, add_special_tokens=False).ids} for text in some]
    (HERE / "samples.json").write_text(json.dumps(root, ensure_ascii=True, separators=(",", ":")).replace('{"tokenizer"', '\n{"tokenizer"') + "\n")


def main():
    lines = [Lines().line(i) for i in range(4)]
    maker = Lines()
    lines = [maker.line(i) for i in range(NUM_LINES)]
    if len(sys.argv) > 1:
        path = pathlib.Path(sys.argv[1]).resolve()
        write_golden(path.stem, Tokenizer.from_file(str(path)), lines)
        return
    write_table()
    makers = [gpt2, llama3, qwen, llama2, metaspace, folded, words]
    for make in makers:
        tokenizer, root = make(lines)
        (HERE / f"{make.__name__}.json").write_text(json.dumps(root, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        # Of added tokens beyond ASCII, ByteLevel there makes broken text; the others are not meant to give a text back.
        write_golden(make.__name__, tokenizer, lines, decodes=make in (gpt2, llama2))
    write_samples([make.__name__ for make in makers], lines)
    for file in sorted(HERE.iterdir()): print(f"{file.stat().st_size:8} {file.name}")


main()
