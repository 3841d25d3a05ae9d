package dev.irpo.export;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.TextRules;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// A model to be exported.
///
/// @param files the small files that it has
/// @param text its tokenizer with what stands around a text; none where it has none
public record ExportSource(
    StoredModel model, LlamaConfig config, TokenizerFiles files, Optional<TokenizerFolder> text) {

  /// Checks that the parts of a model belong together.
  ///
  /// @throws IllegalArgumentException naming what contradicts what
  public static ExportSource of(StoredModel model) throws IOException {
    LlamaConfig config = LanguageModel.checkWeights(model);
    TokenizerFiles files = model.tokenizerFiles();
    Optional<TokenizerFolder> text = TextRules.of(files, config).map(TextRules::folder);
    return new ExportSource(model, config, files, text);
  }

  /// The token that begins a text, whether or not it is put there.
  OptionalInt bos() {
    return text.isPresent() ? text.get().bos() : given(config.bosId());
  }

  /// The token that ends a text: the tokenizer's, else the first of config.json.
  OptionalInt eos() {
    return text.isPresent() && text.get().eos().isPresent()
        ? text.get().eos()
        : given(config.eosId());
  }

  /// All tokens that end a response, [#eos] first.
  List<Integer> ends() {
    Set<Integer> ends = new LinkedHashSet<>();
    eos().ifPresent(ends::add);
    ends.addAll(config.eosIds());
    return List.copyOf(ends);
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
