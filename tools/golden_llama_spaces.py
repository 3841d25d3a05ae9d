#!/usr/bin/env python3
"""Makes testdata/golden/llama-spaces.json: ids by what the files beside a Llama tokenizer say.

    python3 -m venv venv
    venv/bin/pip install transformers==5.18.0 tokenizers sentencepiece protobuf
    venv/bin/python tools/golden_llama_spaces.py DATA OUT.json

DATA is the folder of data that the repository does not hold (CONTRIBUTING.md). Each case is a
folder: a vocabulary as tokenizer.model, as tokenizer.json or as both, and a tokenizer_config.json.
For each it says what transformers makes of it: where in `results` the ids of each of `texts` are,
with control tokens read from the text and nothing put around it, and what they decode to without
control tokens; which tokens begin and end a text.
"""

import itertools
import json
import os
import shutil
import sys
import tempfile

from sentencepiece import sentencepiece_model_pb2
from transformers import AutoTokenizer

MODELS = {
    "stories": "stories260K/tok512.model",
    "llama2": "llama2-tokenizer/tokenizer.model",
}
TEXTS = [
    "Once upon a time",
    "",
    " ",
    "   ",
    " Once",
    "  Once",
    "    a",
    "Once  upon   a    time",
    "Once upon ",
    "a  ",
    "\n",
    "\tOnce",
    " \n Once \n ",
    "a\n\n  b\t c",
    "▁Once ▁ a",
    "<s>Once",
    "<s> Once",
    "  <s>  Once</s>",
    "Once</s>upon",
    "Once </s> upon",
    "Once  </s>  upon </s>",
    "</s></s> a",
    "a<x>b",
    " a <x> b",
    "<x>a<y>b <x>",
    "a <y> b  <y>",
    "the<y> <y>the y<y> <y>.",
    "a.<x>.b",
    "é 東京 🙂</s> 12",
]


def token(content, special, **flags):
    plain = dict(lstrip=False, normalized=False, rstrip=False, single_word=False)
    return dict(content=content, special=special) | plain | flags


def listed(size, **changes):
    """An added_tokens_decoder with two tokens after the vocabulary."""
    tokens = {
        "0": token("<unk>", True),
        "1": token("<s>", True, **changes.get("bos", {})),
        "2": token("</s>", True, **changes.get("eos", {})),
        str(size): token("<x>", True, **changes.get("x", {})),
        str(size + 1): token("<y>", False, **changes.get("y", {})),
    }
    return dict(added_tokens_decoder=tokens)


def variants(size):
    left, right = dict(lstrip=True), dict(rstrip=True)
    return {
        "nothing": {},
        "two added": listed(size),
        "stripping": listed(size, bos=right, eos=left, x=left | right, y=right),
        "normalized": listed(size, eos=dict(normalized=True) | right, y=dict(normalized=True)),
        "single word": listed(size, x=dict(single_word=True), y=dict(single_word=True) | left),
        "extra tokens by name": dict(extra_special_tokens=dict(my_token="<x>", other_token="<y>")),
        "extra tokens in a list": dict(extra_special_tokens=["<x>", "<y>"]),
        "a token of its own": dict(image_token="<x>"),
        "without ends": dict(bos_token=None, eos_token=None),
        "another end": dict(eos_token="<x>", add_eos_token=True, add_bos_token=True),
    }


SPACES = [
    {k: v for k, v in zip(("legacy", "add_prefix_space"), pair) if v != "absent"}
    for pair in itertools.product(("absent", True, False, None), ("absent", True, False))
]
FEW_SPACES = [{}, dict(legacy=True), dict(add_prefix_space=False)]


def tokenizer_json(path):
    """As Llama 2's is published: a ▁ is prepended to each stretch of text, merges go by score."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(open(path, "rb").read())
    scores = {piece.piece: piece.score for piece in proto.pieces}
    merges = [
        (text[:at], text[at:], score)
        for text, score in scores.items()
        for at in range(1, len(text))
        if text[:at] in scores and text[at:] in scores
    ]
    merges.sort(key=lambda merge: (merge[2], len(merge[0]), len(merge[1])), reverse=True)
    ids = {text: id for id, text in enumerate(scores)}
    space = dict(type="Replace", pattern=dict(String="▁"), content=" ")
    return dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=[dict(id=i) | token(t, True) for i, t in enumerate(("<unk>", "<s>", "</s>"))],
        normalizer=dict(
            type="Sequence",
            normalizers=[
                dict(type="Prepend", prepend="▁"),
                dict(type="Replace", pattern=dict(String=" "), content="▁"),
            ],
        ),
        pre_tokenizer=None,
        post_processor=None,
        decoder=dict(
            type="Sequence",
            decoders=[
                space,
                dict(type="ByteFallback"),
                dict(type="Fuse"),
                dict(type="Strip", content=" ", start=1, stop=0),
            ],
        ),
        model=dict(
            type="BPE",
            dropout=None,
            unk_token="<unk>",
            continuing_subword_prefix=None,
            end_of_word_suffix=None,
            fuse_unk=True,
            byte_fallback=True,
            ignore_merges=False,
            vocab=ids,
            merges=[f"{left} {right}" for left, right, _ in merges],
        ),
    )


def cases(size):
    """Of Llama 2 as tokenizer.json alone: what transformers makes of its tokenizer.model it merges
    in the order of ids, which for runs of spaces is not that of SentencePiece."""
    few = FEW_SPACES if size < 1000 else FEW_SPACES[:1]
    kinds = ("model", "json", "both") if size < 1000 else ("json",)
    for files, (variant, changes) in itertools.product(kinds, variants(size).items()):
        every = files != "both" and variant in ("nothing", "two added")
        for said in SPACES if every else few:
            yield files, variant, dict(tokenizer_class="LlamaTokenizer") | said | changes
    for variant, changes in variants(size).items():
        if variant != "normalized":  # of another class transformers prints such a control token
            yield "json", variant, dict(tokenizer_class="PreTrainedTokenizerFast") | changes


def result(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = [tokenizer(text, add_special_tokens=False).input_ids for text in TEXTS]
    decoded = [tokenizer.decode(row, skip_special_tokens=True) for row in ids]
    around = tokenizer("", add_special_tokens=True).input_ids
    ends = dict(bos=tokenizer.bos_token_id, eos=tokenizer.eos_token_id, around=around)
    return dict(ids=ids, decoded=decoded), ends


def main():
    data, out = sys.argv[1:]
    results, lines = [], []
    for name, path in MODELS.items():
        path = os.path.join(data, path)
        made = tokenizer_json(path)
        size = len(made["model"]["vocab"])
        for files, variant, config in cases(size):
            with tempfile.TemporaryDirectory() as folder:
                if files != "json":
                    shutil.copy(path, os.path.join(folder, "tokenizer.model"))
                contents = {"config.json": dict(model_type="llama"), "tokenizer_config.json": config}
                if files != "model":
                    contents["tokenizer.json"] = made
                for file, content in contents.items():
                    with open(os.path.join(folder, file), "w", encoding="utf-8") as opened:
                        json.dump(content, opened, ensure_ascii=False)
                found, ends = result(folder)
            if found not in results:
                results.append(found)
            case = dict(vocabulary=name, files=files, variant=variant, config=config)
            lines.append(json.dumps(case | ends | dict(result=results.index(found))))
    with open(out, "x", encoding="utf-8") as file:
        file.write('{"texts": ' + json.dumps(TEXTS) + ',\n"results": [\n')
        file.write(",\n".join(json.dumps(found) for found in results))
        file.write('\n],\n"cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
