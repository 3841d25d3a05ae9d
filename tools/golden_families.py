#!/usr/bin/env python3
"""Makes the golden values of the families next to Llama: testdata/golden/families.

    python3 -m venv venv
    venv/bin/pip install torch==2.13.0 transformers==5.18.0 safetensors==0.8.0
    venv/bin/python tools/golden_families.py OUT

Writes OUT/FAMILY for each family: the files of golden_tiny.py, computed in the same way by
transformers' own class of the family, but for the gradients of version v3. The models are smaller
(2 layers of width 16, vocabulary 48; 4 of SmolLM 3, whose last does not rotate), so that all of them are some hundred KB.
"""

import argparse
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

import golden_tiny

SHAPE = dict(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=24,
    vocab_size=48,
    max_position_embeddings=96,
    rms_norm_eps=1e-6,
    tie_word_embeddings=False,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=None,
    initializer_range=0.3,
)

FAMILIES = {
    "qwen2": dict(tie_word_embeddings=True, bos_token_id=None),
    "mistral": dict(sliding_window=None),
    "qwen3": dict(head_dim=6, bos_token_id=None),
    "smollm3": dict(num_hidden_layers=4, tie_word_embeddings=True, initializer_range=0.25),
}


def constructor(family):
    def new_model():
        rope = dict(rope_type="default", rope_theta=10000.0)
        keys = SHAPE | dict(rope_parameters=rope) | FAMILIES[family]
        config = AutoConfig.for_model(family, **keys)
        return AutoModelForCausalLM.from_config(config, attn_implementation="eager")

    return new_model


def make_models(family):
    """As golden_tiny's, with biases that are not zero."""
    reference, policy = golden_tiny.make_models(constructor(family))
    biases = dict(reference.named_parameters())
    with torch.no_grad():
        for name, weight in policy.named_parameters():
            if name.endswith("bias"):
                shift = 0.3 * torch.randn_like(weight)
                weight.add_(shift)
                biases[name].add_(shift)
    return reference, policy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to; it must not exist")
    out = parser.parse_args().out
    if out.exists():
        sys.exit(f"{out}: exists already; name a new folder")
    for family in FAMILIES:
        (out / family).mkdir(parents=True)
        golden_tiny.make_tiny(*make_models(family), out / family, with_gradients=("v1",))


if __name__ == "__main__":
    main()
