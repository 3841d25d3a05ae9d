package dev.irpo.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A byte-level BPE tokenizer in parts, as GGUF and other formats keep it.
///
/// @param tokens by id, spelled in GPT-2's alphabet of bytes but for added ones
/// @param kinds by id: 1 normal; 4 added, cut out of any text; others are special tokens such as
///   `<|begin_of_text|>`
/// @param merges in their order, each two tokens with a space between them
/// @param layout how text is split before merging
/// @param bosId token that is put before each text, or -1 for none
/// @param eosId token that is put after each text, or -1 for none
public record ByteLevelParts(
    List<String> tokens, int[] kinds, List<String> merges, Layout layout, int bosId, int eosId)
    implements TokenizerParts {

  /// The layouts that are known by a name.
  public enum Layout {
    /// GPT-2's regular expression.
    GPT_2(
        """
        {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
        """,
        false),
    /// Each digit alone, the rest as GPT-2.
    SMOLLM(
        """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Digits", "individual_digits": true},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]}
        """,
        false),
    /// Up to three digits together; a piece that is a token is not merged.
    LLAMA_3(
        """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"}},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
        """,
        true),
    /// Each digit alone, the rest as Llama 3, of text in Unicode's composed form (NFC).
    QWEN_2(
        """
        {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"}},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}
        """,
        false,
        "{\"type\": \"NFC\"}");

    private final String preTokenizer;
    private final boolean ignoresMerges;
    private final String normalizer;

    Layout(String preTokenizer, boolean ignoresMerges) {
      this(preTokenizer, ignoresMerges, "null");
    }

    Layout(String preTokenizer, boolean ignoresMerges, String normalizer) {
      this.preTokenizer = preTokenizer;
      this.ignoresMerges = ignoresMerges;
      this.normalizer = normalizer;
    }

    boolean ignoresMerges() {
      return ignoresMerges;
    }

    List<Rewrite> rewrites() {
      return new JsonTokenizerSteps(Map.of()).rewrites(json(normalizer));
    }

    List<PreTokenizer> steps() {
      return new JsonTokenizerSteps(Map.of()).preTokenizers(json(preTokenizer));
    }

    private static JsonNode json(String text) {
      try {
        return JsonMapper.builder().build().readTree(text);
      } catch (JsonProcessingException e) {
        throw new AssertionError("strings have no I/O", e);
      }
    }
  }

  @Override
  public List<String> texts() {
    return tokens;
  }

  private static final String FRAME =
      """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
       "normalizer": null, "pre_tokenizer": null, "post_processor": null,
       "decoder":
         {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
       "model": {"type": "BPE", "dropout": null, "unk_token": null,
         "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
         "byte_fallback": false, "ignore_merges": false, "vocab": {}, "merges": []}}
      """;

  /// A `tokenizer.json` that encodes and decodes as the parts say.
  ///
  /// Tokens after the last normal one are listed among the added tokens only, as Hugging Face
  /// writes them.
  ///
  /// @throws IllegalArgumentException if two tokens are the same text
  public byte[] toJson() {
    try {
      JsonMapper json = JsonMapper.builder().build();
      ObjectNode root = (ObjectNode) json.readTree(FRAME);
      root.set("pre_tokenizer", json.readTree(layout.preTokenizer));
      root.set("normalizer", json.readTree(layout.normalizer));
      ((ObjectNode) root.get("model")).put("ignore_merges", layout.ignoresMerges);
      putTokens((ArrayNode) root.get("added_tokens"), (ObjectNode) root.at("/model/vocab"));
      ArrayNode pairs = (ArrayNode) root.at("/model/merges");
      merges.forEach(pairs::add);
      root.set("post_processor", new SequenceTemplate(tokens, bosId, eosId).toJson());
      return json.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new AssertionError("strings have no I/O", e);
    }
  }

  private void putTokens(ArrayNode added, ObjectNode vocabulary) {
    int end = tokens.size();
    while (end > 0 && kinds[end - 1] != NORMAL) {
      end--;
    }
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      Integer earlier = ids.put(token, id);
      if (earlier != null) {
        throw new IllegalArgumentException(
            "tokens %d and %d are both '%s'".formatted(earlier, id, token));
      }
      if (id < end) {
        vocabulary.put(token, id);
      }
      if (kinds[id] != NORMAL) {
        AddedToken.plain(id, token, kinds[id] != USER_DEFINED).addTo(added);
      }
    }
  }
}
