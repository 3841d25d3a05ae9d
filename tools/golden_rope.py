#!/usr/bin/env python3
"""Makes testdata/golden/rope.json: rotary frequencies by the configuration of a model.

    python3 -m venv venv
    venv/bin/pip install torch==2.13.0 transformers==5.18.0
    venv/bin/python tools/golden_rope.py OUT.json

Each case is the content of a config.json for a Llama with heads of 16 columns, and what Hugging Face
transformers computes for it: the frequency of each pair of columns, in radians a position, and the
factor of all cosines and sines. It computes in float32, so a frequency is right to some 1e-6.
"""

import json
import sys
import warnings

from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

SIZES = dict(
    model_type="llama",
    vocab_size=61,
    hidden_size=64,
    intermediate_size=40,
    num_hidden_layers=1,
    num_attention_heads=4,
    max_position_embeddings=2048,
)
YARN = dict(type="yarn", factor=8.0, original_max_position_embeddings=256)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
TABLE = [1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0]
LONG = dict(rope_type="longrope", short_factor=TABLE, long_factor=TABLE)


def scaled(**rope):
    return dict(rope_scaling=rope)


CASES = {
    "plain": {},
    "another base": dict(rope_theta=500000.0),
    "linear, old spelling": scaled(type="linear", factor=4.0),
    "linear, new section": dict(
        rope_parameters=dict(rope_type="linear", factor=2.5, rope_theta=20000.0)
    ),
    "dynamic": scaled(type="dynamic", factor=4.0),
    "llama3": scaled(**LLAMA3, original_max_position_embeddings=256),
    "llama3 without its first context": scaled(**LLAMA3),
    "llama3 with its first context beside it": scaled(**LLAMA3)
    | dict(original_max_position_embeddings=128),
    "yarn": scaled(**YARN),
    "yarn, another base": scaled(**YARN) | dict(rope_theta=1000000.0),
    "yarn with a ratio that is not its factor": scaled(**(YARN | dict(factor=16.0))),
    "yarn whose factor is the ratio": scaled(**(YARN | dict(factor=None))),
    "yarn without its first context": scaled(type="yarn", factor=4.0),
    "yarn with other turns": scaled(**YARN, beta_fast=16, beta_slow=2),
    "yarn with equal turns": scaled(**YARN, beta_fast=2, beta_slow=2, truncate=False),
    "yarn, not truncated": scaled(**YARN, truncate=False),
    "yarn with a factor of its own": scaled(**YARN, attention_factor=1.5),
    "yarn with mscale": scaled(**YARN, mscale=0.707, mscale_all_dim=1.2),
    "yarn with one mscale alone": scaled(**YARN, mscale=0.5),
    "yarn with all zero": scaled(**YARN, mscale=0.0, mscale_all_dim=1.0, beta_fast=0, beta_slow=0),
    "longrope, both tables the same": scaled(**LONG, original_max_position_embeddings=256),
    "longrope with a factor": scaled(**LONG, factor=4.0, original_max_position_embeddings=256),
    "longrope with its factors": scaled(**LONG, attention_factor=1.25),
    "longrope within its first context": scaled(
        **(LONG | dict(long_factor=[9.0] * 8)), original_max_position_embeddings=4096
    ),
    "proportional": dict(
        rope_parameters=dict(
            rope_type="proportional", rope_theta=10000.0, partial_rotary_factor=0.6, factor=2.0
        )
    ),
    "proportional without numbers": dict(rope_parameters=dict(rope_type="proportional")),
}


def case(name, changes):
    config = SIZES | changes
    rotary = LlamaRotaryEmbedding(LlamaConfig(**json.loads(json.dumps(config))))
    return dict(
        name=name,
        config=config,
        attentionFactor=rotary.attention_scaling,
        frequencies=rotary.inv_freq.double().tolist(),
    )


def main():
    warnings.simplefilter("ignore")
    cases = [json.dumps(case(name, changes)) for name, changes in CASES.items()]
    with open(sys.argv[1], "x", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(cases) + "\n]\n")


if __name__ == "__main__":
    main()
