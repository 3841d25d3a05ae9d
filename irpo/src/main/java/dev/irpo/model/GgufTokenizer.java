package dev.irpo.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.gguf.GgufVocabulary;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tokenizer.ByteLevelParts;
import dev.irpo.tokenizer.SentencePieceParts;
import dev.irpo.tokenizer.TokenizerParts;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The tokenizer inside a GGUF file as the file that it was made from.
///
/// `llama` becomes a `tokenizer.model`, `gpt2` a `tokenizer.json`. What a GGUF file does not keep
/// of a `tokenizer.json` is lost: whether added tokens strip spaces around them or match whole
/// words only. Source: llama.cpp, `llama-vocab.cpp`.
final class GgufTokenizer {
  private static final int UNUSED = 5;

  private GgufTokenizer() {}

  /// @throws IllegalArgumentException in one line if the vocabulary is damaged or not supported
  static TokenizerFiles files(GgufVocabulary vocabulary) {
    String kind = vocabulary.kind();
    try {
      return switch (kind) {
        case "llama" -> sentencePieceFiles(vocabulary);
        case "gpt2" -> byteLevelFiles(vocabulary);
        default ->
            throw new IllegalArgumentException(
                "tokenizer.ggml.model is %s, only llama and gpt2 are read".formatted(kind));
      };
    } catch (IllegalArgumentException e) {
      throw e.getMessage().startsWith(vocabulary.file() + ": ")
          ? e
          : vocabulary.refused(e.getMessage());
    }
  }

  private static TokenizerFiles sentencePieceFiles(GgufVocabulary vocabulary) {
    SentencePieceParts parts = sentencePiece(vocabulary);
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("add_bos_token", vocabulary.flag("add_bos_token", true));
    config.put("add_eos_token", vocabulary.flag("add_eos_token", false));
    config.put("bos_token", parts.pieces().get(parts.bosId()));
    config.put("eos_token", parts.pieces().get(parts.eosId()));
    // no tokenizer_class: transformers' own for Llama puts no space before one, llama.cpp does
    putTemplates(vocabulary, config);
    return TokenizerFiles.sentencePiece(parts.toModel()).with(TokenizerFiles.CONFIG, bytes(config));
  }

  private static TokenizerFiles byteLevelFiles(GgufVocabulary vocabulary) {
    ByteLevelParts parts = byteLevel(vocabulary);
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    for (String key : List.of("bos_token", "eos_token")) {
      int id = vocabulary.id(key + "_id", -1);
      config.put(key, id < 0 ? null : parts.tokens().get(id));
    }
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    putTemplates(vocabulary, config);
    return TokenizerFiles.json(parts.toJson()).with(TokenizerFiles.CONFIG, bytes(config));
  }

  /// One text, or several with names.
  private static void putTemplates(GgufVocabulary vocabulary, ObjectNode config) {
    Map<String, String> templates = vocabulary.chatTemplates();
    if (templates.keySet().equals(Set.of("default"))) {
      config.put("chat_template", templates.get("default"));
    } else if (!templates.isEmpty()) {
      ArrayNode named = config.putArray("chat_template");
      templates.forEach((name, text) -> named.addObject().put("name", name).put("template", text));
    }
  }

  private static byte[] bytes(ObjectNode config) {
    return (config.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static SentencePieceParts sentencePiece(GgufVocabulary vocabulary) {
    List<String> tokens = vocabulary.tokens();
    int[] kinds = vocabulary.types();
    float[] scores = vocabulary.scores();
    boolean hasUnknown = false;
    for (int id = 0; id < kinds.length; id++) {
      // llama.cpp fills gaps between added tokens
      if (kinds[id] == UNUSED && tokens.get(id).matches("\\[PAD\\d+\\]")) {
        kinds[id] = TokenizerParts.CONTROL;
      }
      hasUnknown |= kinds[id] == TokenizerParts.UNKNOWN;
    }
    if (!hasUnknown) {
      kinds[vocabulary.id("unknown_token_id", 0)] = TokenizerParts.UNKNOWN;
    }
    requireOrder(kinds, scores);
    return new SentencePieceParts(
        tokens,
        scores,
        kinds,
        vocabulary.id("bos_token_id", 1),
        vocabulary.id("eos_token_id", 2),
        vocabulary.flag("add_space_prefix", true),
        vocabulary.flag("remove_extra_whitespaces", false));
  }

  /// llama.cpp's converter gives every token -1000 where it has found merges instead of scores.
  private static void requireOrder(int[] kinds, float[] scores) {
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < kinds.length; id++) {
      if (!Float.isFinite(scores[id])) {
        throw new IllegalArgumentException(
            "tokenizer.ggml.scores of token %d is %s".formatted(id, scores[id]));
      }
      if (kinds[id] == TokenizerParts.NORMAL) {
        least = Math.min(least, scores[id]);
        most = Math.max(most, scores[id]);
      }
    }
    if (least >= most) {
      throw new IllegalArgumentException(
          "tokenizer.ggml.scores of all normal tokens are %s, so they give the merges no order"
              .formatted(most));
    }
  }

  private static ByteLevelParts byteLevel(GgufVocabulary vocabulary) {
    int[] kinds = vocabulary.types();
    for (int id = 0; id < kinds.length; id++) {
      if (kinds[id] == TokenizerParts.BYTE) {
        throw new IllegalArgumentException(
            "tokenizer.ggml.token_type of token %d is %d, byte-level tokens have no such type"
                .formatted(id, TokenizerParts.BYTE));
      }
    }
    ByteLevelParts.Layout layout = layout(vocabulary.preTokenizer());
    boolean isLlama3 = layout == ByteLevelParts.Layout.LLAMA_3;
    return new ByteLevelParts(
        vocabulary.tokens(),
        kinds,
        vocabulary.merges(),
        layout,
        around(vocabulary, "bos", isLlama3),
        around(vocabulary, "eos", false));
  }

  /// The token that is put at an end of each text, or -1.
  private static int around(GgufVocabulary vocabulary, String name, boolean whenMissing) {
    if (!vocabulary.flag("add_%s_token".formatted(name), whenMissing)) {
      return -1;
    }
    int id = vocabulary.id(name + "_token_id", -1);
    if (id < 0) {
      throw new IllegalArgumentException("tokenizer.ggml.%s_token_id is missing".formatted(name));
    }
    return id;
  }

  private static ByteLevelParts.Layout layout(String name) {
    return switch (name) {
      case "llama-bpe", "llama3", "llama-v3" -> ByteLevelParts.Layout.LLAMA_3;
      case "qwen2", "deepseek-r1-qwen" -> ByteLevelParts.Layout.QWEN_2;
      case "smollm" -> ByteLevelParts.Layout.SMOLLM;
      case "gpt-2" -> ByteLevelParts.Layout.GPT_2;
      default ->
          throw new IllegalArgumentException(
              "tokenizer.ggml.pre is %s, only llama-bpe, qwen2, smollm and gpt-2 are read"
                  .formatted(name));
    };
  }
}
