package dev.irpo.cli;

import dev.irpo.transformer.LlamaConfig;

/// Checks token ids of an input line against a model.
final class TokenChecks {
  private TokenChecks() {}

  static void requireSequence(
      LlamaConfig config, JsonLines.Line line, int[] prompt, int responseTokens) {
    requirePrompt(config, line, prompt);
    int total = prompt.length + responseTokens;
    if (total > config.maxPositions()) {
      throw line.mistake(
          "the prompt has %d tokens and its response %d, the model's context holds %d; shorten them"
              .formatted(prompt.length, responseTokens, config.maxPositions()));
    }
  }

  static void requirePrompt(LlamaConfig config, JsonLines.Line line, int[] prompt) {
    if (prompt.length == 0) {
      throw line.mistake("the prompt has no token; begin it with BOS");
    }
    requireTokens(config, line, prompt);
  }

  static void requireTokens(LlamaConfig config, JsonLines.Line line, int[] ids) {
    for (int id : ids) {
      if (id < 0 || id >= config.vocabSize()) {
        throw line.mistake(
            "token id %d is not in the vocabulary of %d; tokenize with this model's tokenizer"
                .formatted(id, config.vocabSize()));
      }
    }
  }
}
