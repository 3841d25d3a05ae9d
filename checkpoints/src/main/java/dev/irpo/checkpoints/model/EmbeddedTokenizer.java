package dev.irpo.checkpoints.model;

/// A tokenizer inside a model's own file, in the terms of its format, such as GGUF's vocabulary.
///
/// This module knows no tokenizers, so whoever opens the model says how one becomes
/// [TokenizerFiles].
public interface EmbeddedTokenizer {
  /// A refusal in one line: the file, the fact, the way out.
  IllegalArgumentException refused(String fact);
}
