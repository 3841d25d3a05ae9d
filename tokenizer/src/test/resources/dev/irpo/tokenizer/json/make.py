"""Makes the files of this folder with Hugging Face `tokenizers` 0.23.2 (pip install tokenizers).

Small tokenizers in the layouts that Llama 3, SmolLM2, Qwen 2 and Llama 2 (its `legacy=false` form) are published in, and
what the library does with them, one JSON object a line: `ids` with special tokens read as plain text, `withSpecials`
where reading them gives others, `decoded` where it is not `text`. The text is this file's own. Training breaks ties as
it likes, so making them again gives other tokenizers.
"""

import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEXT = [
    "Tom has 12 apples and 345 pears. He gives 7 apples to Ann, so he keeps 12 - 7 = 5.",
    "How many are left? I'm sure she'll say that they're 350 pears; we've counted what they'd kept.",
    "Question: the shop sells 1,250 loaves at $3.50 each.\n\nSolution: 1250 * 3.5 = 4375.\nFinal answer: 4375",
    "the then there these other mother father weather whether together",
    "for i in range(10):\n    if i % 2 == 0:\n        print(i, 'even')\n\treturn",
    "Zürich, naïve café, Ångström; 東京 と 京都 と 東京; привет мир; שלום; 🙂🙂👍🏽",
]
CASES = TEXT + [
    "", " ", "  ", "a", " a", "a ", "  a  b  ", "\n", "\r\n", "\n \n", "a\n\n\n b", "\t\tx", " \u00a0 \u3000x", "\u2028a\u0085b",
    "don't DON'T I'LL we'Re o'ſ 'ſo it's'", "1234567 ½ ² Ⅷ ٣٤٥ ५६ x12y", "a\u0301e\u0308 \u0301", "ﬁ Å Å 각 각",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 𝒳𝟙 𐍈", "▁a ▁ _a", "\x00\x01\x7f", "<|begin_of_text|>Tom<|eot_id|>", "a <mask> b",
    "a<mask>b", "xTOOL TOOL TOOLx TOOL.", "<s>Tom</s> has</s>", "<unk>", "  left  right  ", "aleft", "<0x41><0x0A>", "Ġa Ċ",
    "  <|eot_id|>  x", "thethethe", "!!!\n\n???\r\r..", "...   \n   x", " 's 'S", "\u200b\u200c\u200d", "\ud7ff\ue000\ufffd\uffff",
]
ALPHABET = list("aZé東ﬁſ 1²Ⅷ٣'.,!_\n\r\t\u00a0\u3000\u200b\u0301🙂𝟙ǅʰ-$") + ["  ", "'s", "'LL", "\r\n", " a", "the"]


def byte_level(regex_step, ignore_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = regex_step
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=350, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def add(tokenizer, *specials):
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in specials])
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, lstrip=True, rstrip=True, normalized=False)])
    tokenizer.add_tokens([
        AddedToken("TOOL", single_word=True), AddedToken("left", lstrip=True, normalized=True),
        AddedToken("right", rstrip=True, normalized=False), AddedToken("東京 と", normalized=True)])


def with_bos(tokenizer, bos, *before):
    template = processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B",
                                             special_tokens=[(bos, tokenizer.token_to_id(bos))])
    tokenizer.post_processor = processors.Sequence([*before, template]) if before else template


def llama3():
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = byte_level(split, True)
    add(tokenizer, "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>")
    with_bos(tokenizer, "<|begin_of_text|>", processors.ByteLevel(trim_offsets=False))
    return tokenizer


def smollm2():
    digits = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer = byte_level(digits, False)
    add(tokenizer, "<|endoftext|>", "<|im_start|>")
    return tokenizer


def qwen2():
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = byte_level(split, False)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    add(tokenizer, "<|endoftext|>", "<|im_start|>", "<|im_end|>")
    return tokenizer


def prefix_space():
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), False)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC()])
    tokenizer.post_processor = processors.ByteLevel()
    add(tokenizer, "<|endoftext|>")
    return tokenizer


def sentence_piece(byte_fallback, pre_tokenizer, normalizer, decoder):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=byte_fallback))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256 if byte_fallback else 0)]
    tokenizer.train_from_iterator(TEXT[:4], trainers.BpeTrainer(vocab_size=len(specials) + 100, special_tokens=specials, show_progress=False))
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = file["added_tokens"][:3]  # the bytes are ordinary entries, as in Llama 2
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.pre_tokenizer, tokenizer.normalizer, tokenizer.decoder = pre_tokenizer, normalizer, decoder
    add(tokenizer)
    with_bos(tokenizer, "<s>")
    return tokenizer


def llama2_decoder():
    return decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def rows(name, tokenizer, rng):
    for text in CASES:
        tokenizer.encode_special_tokens = True
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        specials = tokenizer.encode(text, add_special_tokens=False).ids
        row = {"tokenizer": name, "text": text, "ids": ids}
        if tokenizer.decode(ids) != text:
            row["decoded"] = tokenizer.decode(ids)
        if specials != ids:
            row |= {"withSpecials": specials, "decodedWithSpecials": tokenizer.decode(specials)}
        yield row
    if isinstance(tokenizer.decoder, decoders.ByteLevel):
        for _ in range(12):
            ids = [rng.randrange(tokenizer.get_vocab_size()) for _ in range(14)]
            yield {"tokenizer": name, "ids": ids, "decoded": tokenizer.decode(ids)}


def write(file, value):
    file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    rng = random.Random(4)
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    legacy = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made = {
        "llama3": llama3(),
        "smollm2": smollm2(),
        "qwen2": qwen2(),
        "prefix-space": prefix_space(),
        "metaspace-first": sentence_piece(True, metaspace, None, llama2_decoder()),
        "metaspace-always": sentence_piece(False, pre_tokenizers.Metaspace(), None, decoders.Metaspace()),
        "legacy": sentence_piece(True, None, legacy, llama2_decoder()),
    }
    with open("golden.jsonl", "w") as golden:
        for name, tokenizer in made.items():
            with open(name + ".json", "w") as file:
                write(file, json.loads(tokenizer.to_str()))
            for row in rows(name, tokenizer, rng):
                write(golden, row)
        split = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
        for _ in range(60):
            text = "".join(rng.choice(ALPHABET) for _ in range(24))
            pieces = [piece for piece, _ in split.pre_tokenize_str(text)]
            write(golden, {"split": text, "pieces": pieces})


main()
