#!/usr/bin/env python3
"""Checks that transformers loads a folder of `irpo export` and computes what `irpo` computes.

    python3 -m venv venv
    venv/bin/pip install torch transformers
    venv/bin/python tools/check_export.py MODEL EXPORTED

MODEL is what was exported, EXPORTED the folder. Texts must give the same ids, with BOS where the
tokenizer puts one, and tokens the same log-probabilities to 1e-3 nats; SentencePiece is hidden
from transformers. Exits with 1 where something differs. --dtype float32 (the default) widens
weights of 16 bits, which `irpo score` does as well.
"""

import argparse
import json
import random
import shlex
import subprocess
import sys

sys.modules["sentencepiece"] = None

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "Once upon a time, there was a little girl named Lily.",
    "  two spaces, then   three\n\nand lines\t\n",
    "Zürich 東京 🙂👍🏽 naïve café — Привет مرحبا",
    "def f(x):\n    return x ** 2  # 12345.678",
    "\n",
    " ",
    "a",
]


def random_texts(count):
    draw = random.Random(1)
    ranges = [(32, 127), (32, 127), (0xA0, 0x500), (0x4E00, 0x9FFF), (0x1F300, 0x1F6FF), (9, 11)]
    for _ in range(count):
        yield "".join(
            chr(draw.randrange(*draw.choice(ranges))) for _ in range(draw.randrange(1, 40))
        )


def irpo(program, lines, *arguments):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run = subprocess.run(
        [*shlex.split(program), *arguments], input=text, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("exported")
    parser.add_argument("--tokenizer", help="of MODEL, where it does not lie beside it")
    parser.add_argument("--irpo", default="bin/irpo", help="the program")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--texts", type=int, default=2000, help="random texts beside a few fixed ones")
    options = parser.parse_args()
    named = ["--tokenizer", options.tokenizer] if options.tokenizer else []

    tokenizer = AutoTokenizer.from_pretrained(options.exported)
    texts = TEXTS + list(random_texts(options.texts))
    source = named or ["--model", options.model]
    ours = irpo(options.irpo, [{"text": text} for text in texts], "tokenize", *source)
    different = 0
    for text, line in zip(texts, ours):
        theirs = tokenizer(text, add_special_tokens=False).input_ids
        if theirs != line["ids"]:
            different += 1
            print(f"ids of {text!r}:\n  irpo         {line['ids']}\n  transformers {theirs}")
    print(f"{len(texts)} texts, {different} with different ids")

    model = AutoModelForCausalLM.from_pretrained(
        options.exported, dtype=getattr(torch, options.dtype)
    ).eval()
    requests = []
    for text in texts[:40]:
        ids = tokenizer(text).input_ids[:100]
        if len(ids) > 1:
            requests.append({"promptIds": ids[:1], "responseIds": ids[1:]})
    scored = irpo(options.irpo, requests, "score", "--model", options.model, *named)
    worst = 0.0
    for request, line in zip(requests, scored):
        ids = torch.tensor([request["promptIds"] + request["responseIds"]])
        with torch.no_grad():
            log_probs = model(ids).logits[0, :-1].double().log_softmax(-1)
        theirs = log_probs.gather(1, ids[0, 1:, None])[:, 0]
        ours = torch.tensor(line["tokenLogProbs"], dtype=torch.float64)
        worst = max(worst, (theirs - ours).abs().max().item())
    print(f"{len(requests)} sequences, log-probabilities differ by at most {worst:.2e} nats")
    sys.exit(1 if different or not worst < 1e-3 else 0)


if __name__ == "__main__":
    main()
