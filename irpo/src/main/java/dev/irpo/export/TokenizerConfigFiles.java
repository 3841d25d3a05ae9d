package dev.irpo.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tokenizer.Tokenizer;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.tokenizer.TokenizerParts;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// `tokenizer_config.json` and `special_tokens_map.json`: what a source has stays, what it lacks
/// follows from its tokenizer.
final class TokenizerConfigFiles {
  private static final List<String> NAMES =
      List.of("bos_token", "eos_token", "unk_token", "pad_token");

  private TokenizerConfigFiles() {}

  /// The configuration.
  ///
  /// @param isMade whether the `tokenizer.json` was made, so that no class of a model's own, which
  ///   would put the tokenizer together in its own way, may read it
  static ObjectNode config(ExportSource source, TokenizerFolder text, boolean isMade)
      throws IOException {
    ObjectNode config =
        JsonFile.read(source.files(), TokenizerFiles.CONFIG).orElseGet(JsonFile::object);
    if (isMade || !config.has("tokenizer_class")) {
      config.put("tokenizer_class", "PreTrainedTokenizerFast");
    }
    putToken(config, "bos_token", text.tokenizer(), source.bos());
    putToken(config, "eos_token", text.tokenizer(), source.eos());
    if (isMade) {
      putToken(config, "unk_token", text.tokenizer(), unknown(text.tokenizer()));
      // older programs that read tokenizer.model look here, newer ones in both places
      config.put("add_bos_token", text.before().length > 0);
      config.put("add_eos_token", text.after().length > 0);
    }
    if (!config.has("model_max_length")) {
      config.put("model_max_length", source.config().maxPositions());
    }
    if (!config.has("clean_up_tokenization_spaces")) {
      config.put("clean_up_tokenization_spaces", false);
    }
    return config;
  }

  private static OptionalInt unknown(Tokenizer tokenizer) {
    int[] kinds = TokenizerParts.of(tokenizer).kinds();
    return IntStream.range(0, kinds.length)
        .filter(id -> kinds[id] == TokenizerParts.UNKNOWN)
        .findFirst();
  }

  private static void putToken(
      ObjectNode config, String name, Tokenizer tokenizer, OptionalInt id) {
    if (!config.has(name)) {
      config.put(name, id.isPresent() ? tokenizer.piece(id.getAsInt()) : null);
    }
  }

  /// The special tokens of a configuration by name.
  static ObjectNode specialTokens(ObjectNode config) {
    ObjectNode map = JsonFile.object();
    for (String name : NAMES) {
      JsonNode token = config.path(name);
      if (!token.isMissingNode() && !token.isNull()) {
        map.set(name, token);
      }
    }
    return map;
  }
}
