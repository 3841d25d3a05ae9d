package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// What `tokenizer_config.json` says, and `special_tokens_map.json` and `added_tokens.json` where
/// it is of the old form that leaves things to them.
///
/// A token is a text or an object with `content`. A key that is absent means what transformers
/// takes for it. Source: transformers 5, `tokenization_utils_base.py`.
///
/// @param isThere whether there is a `tokenizer_config.json`
/// @param addsBos whether a text begins with BOS, as far as the `tokenizer.json` does not say
/// @param addsEos whether a text ends with EOS, as far as the `tokenizer.json` does not say
/// @param spaces where a space is put
/// @param added tokens that the tokenizer's own file may lack or describe in another way, in the
///   order of their ids
record TokenizerConfig(
    boolean isThere,
    Named bos,
    Named eos,
    boolean addsBos,
    boolean addsEos,
    LlamaSpaces spaces,
    List<AddedToken> added) {
  static final String FILE = "tokenizer_config.json";
  static final String SPECIAL_TOKENS = "special_tokens_map.json";
  static final String ADDED_TOKENS = "added_tokens.json";

  /// The names that transformers knows, in the order in which it adds their tokens.
  private static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private static final List<String> SEVERAL =
      List.of("extra_special_tokens", "additional_special_tokens");

  private static final int MAX_BYTES = 16 << 20;

  /// A token as a file names it.
  ///
  /// @param text empty where it says that there is none, and where it says nothing
  record Named(boolean isSaid, Optional<String> text) {
    /// The name, or what stands for a key that is absent.
    Optional<String> or(Optional<String> whenAbsent) {
      return isSaid ? text : whenAbsent;
    }
  }

  /// Reads those of the files that are there.
  ///
  /// @throws IllegalArgumentException in one line that begins with the file's name
  static TokenizerConfig read(TokenizerFolder.Files files) {
    Optional<JsonNode> found = object(files, FILE);
    JsonNode config = found.orElseGet(() -> JsonNodeFactory.instance.objectNode());
    boolean listsAdded = config.path("added_tokens_decoder").isObject();
    SequencedMap<String, JsonNode> names = new LinkedHashMap<>();
    config.properties().forEach(entry -> names.put(entry.getKey(), entry.getValue()));
    if (!listsAdded) {
      object(files, SPECIAL_TOKENS)
          .ifPresent(map ->
              map.properties().forEach(entry -> names.put(entry.getKey(), entry.getValue())));
    }
    SequencedMap<String, AddedToken> added = new LinkedHashMap<>();
    SequencedMap<String, AddedToken> specials = specials(files, names);
    if (listsAdded) {
      readDecoder(files, config.path("added_tokens_decoder"), specials.keySet(), added);
    } else {
      object(files, ADDED_TOKENS).ifPresent(map -> readOld(files, map, specials.keySet(), added));
    }
    specials.forEach(added::putIfAbsent);
    return new TokenizerConfig(
        found.isPresent(),
        named(files, names, "bos_token"),
        named(files, names, "eos_token"),
        flag(files, config, "add_bos_token", false),
        flag(files, config, "add_eos_token", false),
        LlamaSpaces.of(
            config.path("tokenizer_class").asText(),
            flag(files, config, "add_prefix_space", true),
            flag(files, config, "legacy", false)),
        List.copyOf(added.values()));
  }

  private static Optional<JsonNode> object(TokenizerFolder.Files files, String name) {
    Optional<byte[]> bytes = files.content(name);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    String source = files.source(name);
    if (bytes.get().length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, at most %d are read; copy or download it again"
              .formatted(source, bytes.get().length, MAX_BYTES));
    }
    JsonNode node = StrictJson.parse(bytes.get(), source);
    if (!node.isObject()) {
      throw new IllegalArgumentException(
          source + ": holds JSON that is not an object {…}; copy or download it again");
    }
    return Optional.of(node);
  }

  private static boolean flag(
      TokenizerFolder.Files files, JsonNode config, String key, boolean whenAbsent) {
    JsonNode value = config.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return whenAbsent;
    }
    if (!value.isBoolean()) {
      throw mistake(files, FILE, "%s is %s, it must be true or false".formatted(key, value));
    }
    return value.booleanValue();
  }

  private static Named named(TokenizerFolder.Files files, Map<String, JsonNode> names, String key) {
    return new Named(
        names.containsKey(key), Optional.ofNullable(names.get(key)).flatMap(n -> text(files, n)));
  }

  /// The text of a token; none for null and for the empty text.
  private static Optional<String> text(TokenizerFolder.Files files, JsonNode token) {
    JsonNode text = token.isObject() ? token.path("content") : token;
    if (!text.isTextual() && !token.isNull()) {
      throw mistake(files, FILE, "a token is %s, it must be a text".formatted(token));
    }
    return text.isTextual() && !text.textValue().isEmpty()
        ? Optional.of(text.textValue())
        : Optional.empty();
  }

  /// Special tokens by text: those with the known names, those of a model's own (`image_token`),
  /// and those in a list or in an object by name.
  private static SequencedMap<String, AddedToken> specials(
      TokenizerFolder.Files files, Map<String, JsonNode> names) {
    List<JsonNode> nodes = new ArrayList<>();
    NAMES.stream().filter(names::containsKey).map(names::get).forEach(nodes::add);
    names.forEach((name, node) -> {
      boolean isToken = node.isTextual() || node.path("content").isTextual();
      if (name.endsWith("_token") && !NAMES.contains(name) && isToken) {
        nodes.add(node);
      }
    });
    for (String several : SEVERAL) {
      if (names.containsKey(several) && names.get(several).isContainerNode()) {
        names.get(several).forEach(nodes::add);
      }
    }
    SequencedMap<String, AddedToken> specials = new LinkedHashMap<>();
    for (JsonNode node : nodes) {
      text(files, node)
          .ifPresent(text -> specials.putIfAbsent(text, AddedToken.of(-1, text, node, true)));
    }
    return specials;
  }

  private static void readDecoder(
      TokenizerFolder.Files files,
      JsonNode decoder,
      Set<String> specials,
      Map<String, AddedToken> added) {
    List<AddedToken> read = new ArrayList<>();
    decoder
        .properties()
        .forEach(entry -> {
          JsonNode token = entry.getValue();
          Optional<String> content = text(files, token);
          if (!entry.getKey().matches("\\d{1,9}") || content.isEmpty()) {
            throw mistake(
                files,
                FILE,
                "added_tokens_decoder holds \"%s\": %s, it must be an id and a token"
                    .formatted(entry.getKey(), token));
          }
          int id = Integer.parseInt(entry.getKey());
          boolean special = token.path("special").asBoolean();
          AddedToken own = AddedToken.of(id, content.get(), token, special);
          read.add(specials.contains(own.content()) ? own.asSpecial() : own);
        });
    addInOrder(read, added);
  }

  /// `added_tokens.json`: ids by text.
  private static void readOld(
      TokenizerFolder.Files files,
      JsonNode map,
      Set<String> specials,
      Map<String, AddedToken> added) {
    List<AddedToken> read = new ArrayList<>();
    map.properties()
        .forEach(entry -> {
          if (!entry.getValue().isInt()
              || entry.getValue().intValue() < 0
              || entry.getKey().isEmpty()) {
            throw mistake(
                files,
                ADDED_TOKENS,
                "holds \"%s\": %s, it must be a text and an id"
                    .formatted(entry.getKey(), entry.getValue()));
          }
          boolean special = specials.contains(entry.getKey());
          int id = entry.getValue().intValue();
          read.add(new AddedToken(id, entry.getKey(), special, !special, false, false, false));
        });
    addInOrder(read, added);
  }

  private static void addInOrder(List<AddedToken> read, Map<String, AddedToken> added) {
    read.sort(Comparator.comparingInt(AddedToken::id));
    read.forEach(token -> added.putIfAbsent(token.content(), token));
  }

  private static IllegalArgumentException mistake(
      TokenizerFolder.Files files, String name, String fact) {
    return new IllegalArgumentException(
        "%s: %s; copy or download it again".formatted(files.source(name), OneLine.of(fact)));
  }
}
