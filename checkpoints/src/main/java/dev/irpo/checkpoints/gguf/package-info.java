/// GGUF files of the architecture llama, as llama.cpp writes them, in the types F32, F16, BF16 and
/// Q8_0 (read as F32). The tokenizer inside is handed out in GGUF's own terms ([GgufVocabulary]).
/// [GgufModelWriter] writes them.
package dev.irpo.checkpoints.gguf;
