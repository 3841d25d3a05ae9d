package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads a `tokenizer.json`; refuses by name what would encode differently here.
final class JsonTokenizerReader {
  private final JsonNode root;
  private final List<AddedToken> more;
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<AddedToken> added = new ArrayList<>();
  private String[] tokens = {};

  private JsonTokenizerReader(JsonNode root, List<AddedToken> more) {
    this.root = root;
    this.more = more;
  }

  /// @param more tokens that follow those of the file, or are among them
  /// @throws IllegalArgumentException in one line that begins with `sourceName`
  static JsonTokenizerFile read(JsonNode root, String sourceName, List<AddedToken> more) {
    try {
      return new JsonTokenizerReader(root, more).file();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: %s; use a tokenizer.json as Llama models have it, or their tokenizer.model"
              .formatted(sourceName, OneLine.of(e.getMessage())),
          e);
    }
  }

  /// How many tokens a `tokenizer.json` has, whether or not it is of a supported kind.
  static int countTokens(JsonNode root) {
    Set<String> texts = new HashSet<>();
    root.path("model").path("vocab").fieldNames().forEachRemaining(texts::add);
    root.path("added_tokens").forEach(token -> texts.add(token.path("content").asText()));
    return texts.size();
  }

  private JsonTokenizerFile file() {
    JsonNode model = root.path("model");
    require(
        "BPE".equals(model.path("type").asText("BPE")) && model.path("merges").isArray(),
        "model type %s is not supported, only BPE is".formatted(model.path("type").asText("none")));
    readVocabulary(model.path("vocab"));
    JsonTokenizerSteps steps = new JsonTokenizerSteps(ids);
    JsonTokenizerSteps.Template template = steps.template(root.path("post_processor"));
    return new JsonTokenizerFile(
        tokens,
        trainedSize(model.path("vocab")),
        List.copyOf(added),
        steps.rewrites(root.path("normalizer")),
        steps.preTokenizers(root.path("pre_tokenizer")),
        model(model),
        steps.decoding(root.path("decoder")),
        template.before(),
        template.after());
  }

  private static int trainedSize(JsonNode vocabulary) {
    int most = 0;
    for (JsonNode id : vocabulary) {
      most = Math.max(most, id.intValue() + 1);
    }
    return most;
  }

  private void readVocabulary(JsonNode vocabulary) {
    require(vocabulary.isObject() && !vocabulary.isEmpty(), "model.vocab is not an object of ids");
    vocabulary.properties().forEach(entry -> ids.put(entry.getKey(), id(entry.getValue())));
    for (JsonNode token : root.path("added_tokens")) {
      AddedToken read = listed(token);
      require(!read.content().isEmpty(), "added token %d is empty".formatted(read.id()));
      Integer earlier = ids.putIfAbsent(read.content(), read.id());
      require(
          earlier == null || earlier == read.id(),
          "token '%s' has the ids %s and %d".formatted(read.content(), earlier, read.id()));
      added.add(read);
    }
    addMore();
    tokens = new String[ids.size()];
    ids.forEach((text, id) -> {
      require(id < tokens.length, "id %d is beyond its %d tokens".formatted(id, tokens.length));
      require(tokens[id] == null, "'%s' and '%s' both have id %d".formatted(tokens[id], text, id));
      tokens[id] = text;
    });
  }

  private static AddedToken listed(JsonNode token) {
    return new AddedToken(
        id(token.path("id")),
        token.path("content").asText(),
        token.path("special").asBoolean(),
        token.path("normalized").asBoolean(),
        token.path("lstrip").asBoolean(),
        token.path("rstrip").asBoolean(),
        token.path("single_word").asBoolean());
  }

  /// A token that the file lists keeps what the file says of it, unless the other file gives its id
  /// as well, and so describes it in full.
  private void addMore() {
    Set<String> own = new HashSet<>();
    added.forEach(token -> own.add(token.content()));
    for (AddedToken token : more) {
      Integer id = ids.get(token.content());
      if (id == null) {
        AddedToken placed = ExtendedTokenizer.placed(token, ids.size());
        ids.put(placed.content(), placed.id());
        added.add(placed);
      } else if (!own.contains(token.content())) {
        added.add(token.at(id));
      } else if (token.id() >= 0) {
        added.replaceAll(old -> old.content().equals(token.content()) ? token.at(id) : old);
      }
    }
  }

  /// Whether a token is in the vocabulary alone, not among the added tokens.
  static boolean isInVocabularyAlone(JsonNode root, String content) {
    if (!root.path("model").path("vocab").has(content)) {
      return false;
    }
    for (JsonNode token : root.path("added_tokens")) {
      if (token.path("content").asText().equals(content)) {
        return false;
      }
    }
    return true;
  }

  private static int id(JsonNode value) {
    require(
        value.isInt() && value.intValue() >= 0,
        "a token has the id '%s'".formatted(value.asText()));
    return value.intValue();
  }

  private BytePairModel model(JsonNode model) {
    require(model.path("dropout").asDouble(0) == 0, "model.dropout is not supported");
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      require(
          model.path(affix).asText("").isEmpty() || model.path(affix).isNull(),
          "model.%s is not supported".formatted(affix));
    }
    Set<String> specials = new HashSet<>();
    added.stream().filter(AddedToken::special).forEach(token -> specials.add(token.content()));
    Map<String, Integer> plain = new HashMap<>(ids);
    added.stream()
        .filter(t -> !root.path("model").path("vocab").has(t.content()))
        .forEach(t -> plain.remove(t.content()));
    plain.keySet().removeAll(specials);
    JsonNode unk = model.path("unk_token");
    require(
        !unk.isTextual() || ids.containsKey(unk.asText()),
        "unk_token '%s' is not in the vocabulary".formatted(unk.asText()));
    return new BytePairModel(
        plain,
        merges(model.path("merges"), specials),
        unk.isTextual() ? ids.get(unk.asText()) : -1,
        model.path("fuse_unk").asBoolean(),
        model.path("byte_fallback").asBoolean() ? idOfByte() : new int[0],
        model.path("ignore_merges").asBoolean());
  }

  private int[] idOfByte() {
    int[] idOfByte = new int[256];
    for (int value = 0; value < 256; value++) {
      Integer id = ids.get(Piece.byteText(value));
      require(id != null, "byte_fallback needs the token " + Piece.byteText(value));
      idOfByte[value] = id;
    }
    return idOfByte;
  }

  /// A merge that spells a special token is left out: plain text never becomes one.
  private MergeTable merges(JsonNode merges, Set<String> specials) {
    MergeTable table = new MergeTable(merges.size());
    for (int rank = 0; rank < merges.size(); rank++) {
      JsonNode merge = merges.get(rank);
      String[] pair =
          merge.isTextual()
              ? merge.asText().split(" ", -1)
              : new String[] {merge.path(0).asText(), merge.path(1).asText()};
      require(
          pair.length == 2 && (merge.isTextual() || merge.size() == 2),
          "merge %d is not of two tokens".formatted(rank));
      String union = pair[0] + pair[1];
      for (String token : List.of(pair[0], pair[1], union)) {
        require(
            ids.containsKey(token),
            "merge %d names '%s', which is not in the vocabulary".formatted(rank, token));
      }
      if (!specials.contains(union)) {
        table.put(ids.get(pair[0]), ids.get(pair[1]), ids.get(union), rank);
      }
    }
    return table;
  }

  private static void require(boolean holds, String fact) {
    if (!holds) {
      throw new IllegalArgumentException(fact);
    }
  }
}
