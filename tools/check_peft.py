#!/usr/bin/env python3
"""Checks that PEFT and `irpo` read each other's adapters and compute the same with them.

    python3 -m venv venv
    venv/bin/pip install torch transformers peft
    venv/bin/python tools/check_peft.py BASE WORK

BASE is a Hugging Face folder, WORK a new folder. Adapters of several ranks, targets and scales with
random factors are made by PEFT and saved; `irpo score` reads them. Then `irpo train` trains one and
exports it, which PEFT loads, and merged, which transformers loads. Log-probabilities must agree to
1e-3 nats. Exits with 1 where something differs.
"""

import argparse
import json
import pathlib
import random
import shlex
import subprocess
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
KINDS = [
    dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    dict(r=8, lora_alpha=3, target_modules=ALL),
    dict(r=2, lora_alpha=5, target_modules=["down_proj", "o_proj"], use_rslora=True),
    dict(r=3, lora_alpha=4, target_modules="all-linear"),
]


def irpo(program, lines, *arguments):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run = subprocess.run(
        [*shlex.split(program), *arguments], input=text, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def tokens(model, count, length):
    draw = random.Random(count)
    return [[draw.randrange(3, model.config.vocab_size) for _ in range(length)] for _ in range(count)]


@torch.no_grad()
def log_probs(model, ids):
    logits = model(torch.tensor([ids])).logits[0, :-1]
    picked = torch.log_softmax(logits, -1).gather(-1, torch.tensor(ids[1:])[:, None])
    return picked[:, 0].tolist()


def difference(model, scored, sequences, split):
    most = 0
    for ids, line in zip(sequences, scored):
        theirs = log_probs(model, ids)[split - 1 :]
        most = max([most] + [abs(a - b) for a, b in zip(theirs, line["tokenLogProbs"], strict=True)])
    return most


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--irpo", default="bin/irpo", help="the program")
    options = parser.parse_args()
    base = pathlib.Path(options.base).resolve()
    options.work.mkdir()
    failures = 0

    def load():
        return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()

    def compare(name, model, folder):
        nonlocal failures
        sequences = tokens(model, 8, 40)
        requests = [{"promptIds": ids[:10], "responseIds": ids[10:]} for ids in sequences]
        scored = irpo(options.irpo, requests, "score", "--model", str(folder))
        found = difference(model, scored, sequences, 10)
        failures += found > 1e-3
        print(f"{name}: log-probabilities differ by at most {found:.2g} nats")

    plain = load()
    for number, kind in enumerate(KINDS):
        torch.manual_seed(number)
        model = get_peft_model(load(), LoraConfig(task_type="CAUSAL_LM", **kind)).eval()
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.05)
        folder = options.work / f"peft-{number}"
        model.save_pretrained(folder)
        sequence = tokens(plain, 1, 40)[0]
        change = max(
            abs(a - b) for a, b in zip(log_probs(model, sequence), log_probs(plain, sequence))
        )
        compare(f"{kind} (changes up to {change:.2g})", model, folder)

    pairs = options.work / "pairs.jsonl"
    with pairs.open("w") as file:
        for ids in tokens(plain, 16, 30):
            pair = {"promptIds": ids[:10], "chosenIds": ids[10:20], "rejectedIds": ids[20:]}
            file.write(json.dumps(pair) + "\n")
    trained = options.work / "trained"
    settings = "adapter.rank=4 adapter.alpha=8 train.steps=20 optimizer.learningRate=3e-3".split()
    irpo(
        options.irpo, [], "train", "--policy", str(base), "--pairs", str(pairs), "--out", str(trained),
        *[part for setting in settings for part in ("--set", setting)],
    )
    exported = options.work / "exported"
    merged = options.work / "merged"
    model = ["--model", str(trained / "model")]
    irpo(options.irpo, [], "export", *model, "--to", str(exported), "--format", "peft", "--base", str(base))
    irpo(options.irpo, [], "export", *model, "--to", str(merged))
    compare("ours under PEFT", PeftModel.from_pretrained(load(), exported).eval(), trained / "model")
    whole = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32).eval()
    compare("ours merged under transformers", whole, trained / "model")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
