package dev.irpo.export;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tokenizer.ExtendedTokenizer;
import dev.irpo.tokenizer.JsonTokenizer;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.Tokenizer;
import dev.irpo.tokenizer.TokenizerFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.LongConsumer;

/// Writes a model as the folder that Hugging Face's programs load.
///
/// ```text
/// config.json               of the source, keys that are not known here included; dtype as written
/// *.safetensors             with an index where there are several
/// tokenizer.json            of the source, or made from its SentencePiece model
/// tokenizer_config.json     of the source, completed
/// special_tokens_map.json   of the source, or as tokenizer_config.json says
/// generation_config.json    of the source, or the tokens that begin and end a text
/// README.md                 of the source, or a card of what is known
/// ```
///
/// and all other small files that the source has.
public final class HuggingFaceExport {
  static final String CARD = "README.md";

  private HuggingFaceExport() {}

  /// Writes a new folder; the same call resumes an interrupted one.
  ///
  /// @param onWritten gets numbers of bytes
  /// @throws IllegalArgumentException in one line, if the tokenizer cannot be written so
  public static void write(
      Path target, ExportSource source, HuggingFaceWriter writer, LongConsumer onWritten)
      throws IOException {
    writer.write(
        target,
        source.model(),
        source.model().config(),
        files(source, target.toAbsolutePath().getFileName().toString()),
        onWritten);
  }

  /// All small files.
  ///
  /// @param name of the model
  static TokenizerFiles files(ExportSource source, String name) throws IOException {
    SequencedMap<String, byte[]> files = new LinkedHashMap<>(source.files().contents());
    files.putAll(SourceFiles.of(source.model()));
    if (source.text().isPresent()) {
      addTokenizer(files, source, source.text().get());
    }
    if (!files.containsKey(TokenizerFiles.GENERATION_CONFIG)) {
      files.put(TokenizerFiles.GENERATION_CONFIG, JsonFile.bytes(generation(source)));
    }
    if (!files.containsKey(CARD)) {
      files.put(CARD, new ModelCard(source, name).text().getBytes(StandardCharsets.UTF_8));
    }
    return new TokenizerFiles(files);
  }

  private static void addTokenizer(
      SequencedMap<String, byte[]> files, ExportSource source, TokenizerFolder text)
      throws IOException {
    boolean isMade = !files.containsKey(TokenizerFiles.JSON);
    if (isMade) {
      int before = source.only(text.before()).orElse(-1);
      int after = source.only(text.after()).orElse(-1);
      files.put(TokenizerFiles.JSON, json(text.tokenizer(), before, after));
    }
    ObjectNode config = TokenizerConfigFiles.config(source, text, isMade);
    if (isMade || !files.containsKey(TokenizerFiles.CONFIG)) {
      files.put(TokenizerFiles.CONFIG, JsonFile.bytes(config));
    }
    if (!files.containsKey(TokenizerFiles.SPECIAL_TOKENS)) {
      files.put(
          TokenizerFiles.SPECIAL_TOKENS,
          JsonFile.bytes(TokenizerConfigFiles.specialTokens(config)));
    }
  }

  private static byte[] json(Tokenizer tokenizer, int before, int after) {
    return switch (tokenizer) {
      case SentencePieceTokenizer model -> model.toJson(before, after);
      case ExtendedTokenizer extended -> extended.toJson(before, after);
      case JsonTokenizer _ -> throw new IllegalStateException("it came from such a file");
    };
  }

  private static ObjectNode generation(ExportSource source) {
    ObjectNode generation = JsonFile.object();
    source.bos().ifPresent(id -> generation.put("bos_token_id", id));
    List<Integer> ends = source.ends();
    if (ends.size() == 1) {
      generation.put("eos_token_id", ends.getFirst());
    } else if (!ends.isEmpty()) {
      ArrayNode several = generation.putArray("eos_token_id");
      ends.forEach(several::add);
    }
    return generation;
  }
}
