#!/usr/bin/env python3
"""Makes the golden values of testdata/golden/tiny and testdata/golden/llama3-rope.

    python3 -m venv venv
    venv/bin/pip install torch==2.13.0 transformers==5.18.0 safetensors==0.8.0
    venv/bin/python tools/golden_tiny.py OUT

Writes OUT/tiny and OUT/llama3-rope. PyTorch and Hugging Face transformers compute every number, in
float64; nothing of this repository is used, so that its tests compare two implementations. With the
versions above the models are those of testdata/golden byte for byte, and all other numbers agree to
some 3e-7 on any machine: transformers takes the angles of the rotary embedding in float32.

testdata/golden/README.md says what each file holds.
"""

import argparse
import copy
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

VOCAB = 512
SHAPE = dict(
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=172,
    vocab_size=VOCAB,
    max_position_embeddings=256,
    rms_norm_eps=1e-5,
    tie_word_embeddings=False,
    initializer_range=0.08,
    attn_implementation="eager",
)
ROPE = dict(rope_type="default", rope_theta=10000.0)

# Llama 3's scaling with a context of 256 instead of 8192, so that heads of width 16 have
# frequencies of all three kinds: kept, divided by the factor, and between the two.
LLAMA3_ROPE = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=256,
)

BETA = 0.1
ALPHAS = (1.0, 0.5)
VERSIONS = ("v1", "v3")
STEPS = 10


def new_model(rope=ROPE, **changes):
    return LlamaForCausalLM(LlamaConfig(**(SHAPE | changes), rope_parameters=dict(rope)))


def copied(model):
    """The same weights in float64, ready to be trained or asked."""
    return copy.deepcopy(model).double().eval()


def make_models(new_model=new_model):
    """A random reference, and a policy a little away from it; both in float32."""
    torch.manual_seed(1)
    reference = new_model()
    with torch.no_grad():
        for name, weight in reference.named_parameters():
            if "norm" in name:
                weight.add_(0.1 * torch.randn_like(weight))
    policy = new_model()
    policy.load_state_dict(reference.state_dict())
    with torch.no_grad():
        for weight in policy.parameters():
            weight.add_(0.01 * torch.randn_like(weight))
    return reference, policy


def save_model(model, folder):
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()


class Tokens:
    """Random token ids from 3 on: 0, 1 and 2 are marks in most vocabularies."""

    def __init__(self, seed, vocab=VOCAB):
        self.generator = torch.Generator().manual_seed(seed)
        self.vocab = vocab

    def draw(self, count):
        return torch.randint(3, self.vocab, (count,), generator=self.generator)


def save_forward(model, tokens, path):
    logits = model(tokens).logits.detach().contiguous()
    save_file({"tokens": tokens, "logits": logits}, path)


def greedy(model, prompt, count):
    """The likeliest continuation; no token ends it."""
    ids = prompt.clone()
    for _ in range(count):
        ids = torch.cat([ids, model(ids[None]).logits[0, -1].argmax()[None]])
    return {"prompt": prompt.tolist(), "continuation": ids[len(prompt) :].tolist()}


def log_probs(model, prompt, response):
    """ln M(response | prompt), and ln M(prompt, response) without the first token's term."""
    ids = torch.cat([prompt, response])
    logits = model(ids[None]).logits[0, :-1]
    each = torch.log_softmax(logits, -1).gather(-1, ids[1:, None])[:, 0]
    return each[len(prompt) - 1 :].sum(), each.sum()


def pair_loss(model, pair, reference, version, alpha):
    """One pair's loss and its parts, as the two versions of the paper define them."""
    prompt, chosen, rejected = pair
    chosen_log_prob, joint = log_probs(model, prompt, chosen)
    rejected_log_prob, _ = log_probs(model, prompt, rejected)
    margin = (chosen_log_prob - reference[0]) - (rejected_log_prob - reference[1])
    dpo = -torch.nn.functional.logsigmoid(BETA * margin)
    if version == "v1":
        nll = -joint / (len(prompt) + len(chosen))
        loss = nll + alpha * dpo
    else:
        nll = -chosen_log_prob / len(chosen)
        loss = dpo + alpha * nll
    return dict(
        loss=loss,
        nll=nll,
        dpo=dpo,
        chosenLogProb=chosen_log_prob,
        rejectedLogProb=rejected_log_prob,
    )


def mean(rows, name):
    return torch.stack([row[name] for row in rows]).mean()


def losses(policy, pairs, references, out, with_gradients):
    """Both versions at every alpha, and the gradients of some at alpha 1 into files."""
    found = {}
    for version in VERSIONS:
        for alpha in ALPHAS:
            policy.zero_grad()
            rows = [pair_loss(policy, p, r, version, alpha) for p, r in zip(pairs, references)]
            total = mean(rows, "loss")
            found[f"{version}-alpha{alpha}"] = {
                "beta": BETA,
                "alpha": alpha,
                "total": total.item(),
                "rows": [{name: value.item() for name, value in row.items()} for row in rows],
            }
            if alpha == 1.0 and version in with_gradients:
                total.backward()
                gradients = {n: w.grad.clone() for n, w in policy.named_parameters()}
                save_file(gradients, out / f"gradients-{version}.safetensors")
    return found


def trajectory(reference, pairs, references):
    """Ten steps of AdamW on the v1 loss, from the reference on."""
    model = copied(reference)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1
    )
    steps = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        rows = [pair_loss(model, p, r, "v1", 1.0) for p, r in zip(pairs, references)]
        mean(rows, "loss").backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        numbers = {name: mean(rows, name).item() for name in ("loss", "dpo", "nll")}
        steps.append(numbers | {"gradNorm": norm.item()})
    return {
        "optimizer": "AdamW lr 1e-3 betas 0.9 0.95 eps 1e-8 weightDecay 0.1 (every parameter) clip 1.0",
        "loss": "v1 beta 0.1 alpha 1.0",
        "steps": steps,
    }


def make_tiny(reference, policy, out, with_gradients=VERSIONS):
    save_model(reference, out / "reference")
    save_model(policy, out / "policy")
    reference, policy = copied(reference), copied(policy)
    tokens = Tokens(101, policy.config.vocab_size)
    save_forward(policy, torch.stack([tokens.draw(24), tokens.draw(24)]), out / "forward.safetensors")
    golden = {"greedy": greedy(policy, tokens.draw(9), 24)}
    lengths = ((7, 11, 5), (12, 3, 14), (1, 8, 8))
    pairs = [tuple(tokens.draw(length) for length in three) for three in lengths]
    references = [
        [log_probs(reference, prompt, response)[0].item() for response in (chosen, rejected)]
        for prompt, chosen, rejected in pairs
    ]
    golden["pairs"] = [
        {
            "prompt": prompt.tolist(),
            "chosen": chosen.tolist(),
            "rejected": rejected.tolist(),
            "referenceLogProbs": log_probs_of_both,
        }
        for (prompt, chosen, rejected), log_probs_of_both in zip(pairs, references)
    ]
    golden["loss"] = losses(policy, pairs, references, out, with_gradients)
    golden["trajectory"] = trajectory(reference, pairs, references)
    (out / "golden.json").write_text(json.dumps(golden, indent=1))


def make_llama3_rope(policy, out):
    """The tiny policy with Llama 3's scaled frequencies: a configuration and its logits."""
    scaled = new_model(LLAMA3_ROPE, max_position_embeddings=2048)
    scaled.load_state_dict(policy.state_dict())
    scaled.config.architectures = ["LlamaForCausalLM"]
    scaled.config.save_pretrained(out)
    save_forward(scaled.double().eval(), Tokens(301).draw(64)[None], out / "forward.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to; it must not exist")
    out = parser.parse_args().out
    if out.exists():
        sys.exit(f"{out}: exists already; name a new folder")
    for name in ("tiny", "llama3-rope"):
        (out / name).mkdir(parents=True)
    reference, policy = make_models()
    make_tiny(reference, policy, out / "tiny")
    make_llama3_rope(policy, out / "llama3-rope")


if __name__ == "__main__":
    main()
