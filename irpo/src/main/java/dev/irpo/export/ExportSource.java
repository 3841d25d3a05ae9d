package dev.irpo.export;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.TextRules;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// A model to be exported.
///
/// @param files the small files that it has
/// @param rules of its texts; none where it has no tokenizer
public record ExportSource(
    StoredModel model, LlamaConfig config, TokenizerFiles files, Optional<TextRules> rules) {

  /// Checks that the parts of a model belong together.
  ///
  /// @throws IllegalArgumentException naming what contradicts what
  public static ExportSource of(StoredModel model) throws IOException {
    LlamaConfig config = LanguageModel.checkWeights(model);
    TokenizerFiles files = model.tokenizerFiles();
    return new ExportSource(model, config, files, TextRules.of(files, config));
  }

  /// Its tokenizer with what stands around a text; none where it has none.
  Optional<TokenizerFolder> text() {
    return rules.map(TextRules::folder);
  }

  /// The token that begins a text, whether or not it is put there.
  OptionalInt bos() {
    return rules.map(own -> own.folder().bos()).orElseGet(() -> given(config.bosId()));
  }

  /// The token that ends a text: the tokenizer's, else the first of config.json.
  OptionalInt eos() {
    return rules.map(TextRules::end).orElseGet(() -> given(config.eosId()));
  }

  /// All tokens that end a response, [#eos] first.
  List<Integer> ends() {
    return rules.map(TextRules::stopIds).orElse(config.eosIds());
  }

  /// What is put at one end of each text: one token or none.
  ///
  /// @throws IllegalArgumentException if there are several
  OptionalInt only(int... around) {
    if (around.length > 1) {
      throw new IllegalArgumentException(
          "%s: its tokenizer puts %d tokens at one end of a text, an export has places for 1; use another tokenizer"
              .formatted(model.path(), around.length));
    }
    return around.length == 0 ? OptionalInt.empty() : OptionalInt.of(around[0]);
  }

  private static OptionalInt given(int id) {
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
