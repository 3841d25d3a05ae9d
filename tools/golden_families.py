#!/usr/bin/env python3
"""Makes the golden values of the families next to Llama: testdata/golden/families.

    python3 -m venv venv
    venv/bin/pip install torch==2.13.0 transformers==5.18.0 safetensors==0.8.0
    venv/bin/python tools/golden_families.py OUT [FAMILY ...]

Writes OUT/FAMILY for each family: the files of golden_tiny.py, computed in the same way by
transformers' own class of the family, but for the gradients of version v3. The models are smaller
(2 layers of width 16, vocabulary 48; 4 of SmolLM 3, whose last does not rotate), so that all of them are some hundred KB.

A family whose attention has a window is computed a second time with one as wide as the context: it
ends with an error if any logit before the window's width changes, or none after it does.
"""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
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
    "mistral-window": dict(model_type="mistral", sliding_window=5),
    "qwen2-window": dict(
        model_type="qwen2",
        num_hidden_layers=3,
        bos_token_id=None,
        initializer_range=0.25,
        use_sliding_window=True,
        sliding_window=4,
        max_window_layers=1,
    ),
    "phi3": dict(sliding_window=7, initializer_range=0.25),
}


def constructor(family):
    def new_model():
        rope = dict(rope_type="default", rope_theta=10000.0)
        keys = SHAPE | dict(rope_parameters=rope, model_type=family) | FAMILIES[family]
        config = AutoConfig.for_model(keys.pop("model_type"), **keys)
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


def require_window(family, policy, folder):
    """That the logits are those of a window: wider ones differ from its width on, and not before."""
    window = FAMILIES[family].get("sliding_window")
    if window is None:
        return
    golden = load_file(folder / "forward.safetensors")
    wide = AutoModelForCausalLM.from_config(policy.config, attn_implementation="eager")
    wide.load_state_dict(policy.state_dict())
    wide.config.sliding_window = wide.config.max_position_embeddings
    changes = (wide.double().eval()(golden["tokens"]).logits - golden["logits"]).abs().amax(-1)
    if changes[:, :window].max() > 1e-9 or changes[:, window:].min() < 1e-4:
        sys.exit(f"{family}: logits do not show a window of {window}: {changes}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to; it must not exist")
    parser.add_argument("families", nargs="*", default=list(FAMILIES), help="all, if none is named")
    arguments = parser.parse_args()
    out = arguments.out
    if out.exists():
        sys.exit(f"{out}: exists already; name a new folder")
    for family in arguments.families:
        (out / family).mkdir(parents=True)
        reference, policy = make_models(family)
        golden_tiny.make_tiny(reference, policy, out / family, with_gradients=("v1",))
        require_window(family, policy, out / family)


if __name__ == "__main__":
    main()
