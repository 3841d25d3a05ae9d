package dev.irpo.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A SentencePiece BPE model as the `tokenizer.json` that gives the same ids.
///
/// ```text
/// normalizer      drops the spaces that the model drops; the others as ▁
/// pre_tokenizer   ▁ in front of the text, if the model puts it there; cuts out user-defined symbols
/// model           merges: every cut of every normal piece into two, highest score first; bytes or <unk>
/// decoder         ▁ as space, bytes as UTF-8, the space in front dropped
/// added_tokens    control pieces, <unk>, later ones: where a text spells one, it is that token
/// ```
///
/// `Prepend` would put the ▁ in front of each span between special tokens, and a `Metaspace` leaves
/// it out where the text begins with a space. So there are two of the latter: the first puts a
/// space before the text, whose other spaces are all ▁ by then, and the second spells that space as
/// ▁. If the model drops extra spaces, the first `Metaspace` keeps a space that is already there;
/// where the text after a special token begins with spaces, one of them stays. Where a space at the
/// start takes the place of the ▁, one `Metaspace` does it all and there is no normalizer.
///
/// Where SentencePiece takes the leftmost of all cuts of one piece, merges have an order; here the
/// longer left part comes first, as in published files. User-defined symbols are written as added
/// tokens only where they are read so, because the text after one may lose or gain a space. Where
/// some have several characters, text such as `<0x41>` that stands alone between two symbols is
/// read as that byte.
///
/// Source: tokenizers 0.23 of Hugging Face (`pre_tokenizers/metaspace.rs`, `models/bpe`); ids as
/// SentencePiece 0.2.2 gives them.
///
/// @param added tokens beyond the pieces, which have the next ids, and pieces that are cut out of a
///   text before anything else
/// @param spaces what is done with the spaces of a text
/// @param bosId token that is put before a sequence, or -1 for none
/// @param eosId token that is put after it, or -1 for none
record SentencePieceJson(
    ModelFile model, List<AddedToken> added, SpaceRules spaces, int bosId, int eosId) {
  private static final String SPACE = String.valueOf(TextNormalizer.ESCAPED_SPACE);

  /// More spaces than any text begins with.
  private static final int MANY = 1 << 16;

  private static final String FRAME =
      """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
       "normalizer": {"type": "Sequence", "normalizers": []},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": []}, "post_processor": null,
       "decoder": {"type": "Sequence", "decoders": []},
       "model": {"type": "BPE", "dropout": null, "unk_token": null,
         "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
         "byte_fallback": false, "ignore_merges": false, "vocab": {}, "merges": []}}
      """;

  /// A piece cut in two.
  private record Cut(String left, String right, float score, int id) {}

  /// The bytes of the file.
  ///
  /// @throws IllegalArgumentException naming what a `tokenizer.json` cannot say
  byte[] toBytes() {
    TextNormalizer normalizer = spaces.normalizer();
    require(normalizer.escapeWhitespaces(), "it does not spell a space as ▁");
    try {
      JsonMapper json = JsonMapper.builder().build();
      ObjectNode root = (ObjectNode) json.readTree(FRAME);
      putVocabulary((ArrayNode) root.get("added_tokens"), (ObjectNode) root.get("model"));
      putNormalizer(root);
      putPreTokenizer(root);
      putMerges((ArrayNode) root.at("/model/merges"));
      putDecoder((ArrayNode) root.at("/decoder/decoders"));
      List<String> texts = new ArrayList<>();
      model.pieces().forEach(piece -> texts.add(piece.text()));
      added.stream()
          .filter(token -> token.id() >= model.pieces().size())
          .forEach(token -> texts.add(token.content()));
      root.set("post_processor", new SequenceTemplate(texts, bosId, eosId).toJson());
      return json.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new AssertionError("strings have no I/O", e);
    }
  }

  private void putVocabulary(ArrayNode listed, ObjectNode bpe) {
    bpe.put("byte_fallback", model.byteFallback());
    ObjectNode vocabulary = (ObjectNode) bpe.get("vocab");
    SortedMap<Integer, AddedToken> tokens = new TreeMap<>();
    for (int id = 0; id < model.pieces().size(); id++) {
      Piece piece = model.pieces().get(id);
      vocabulary.put(piece.text(), id);
      if (piece.kind() == Piece.Kind.UNKNOWN) {
        bpe.put("unk_token", piece.text());
      }
      if (piece.kind() == Piece.Kind.UNKNOWN || piece.kind() == Piece.Kind.CONTROL) {
        tokens.put(id, AddedToken.plain(id, piece.text(), true));
      }
    }
    added.forEach(token -> tokens.put(token.id(), token));
    tokens.values().forEach(token -> token.addTo(listed));
  }

  private void putNormalizer(ObjectNode root) {
    if (spaces.takesFirstSpace()) {
      root.putNull("normalizer");
      return;
    }
    ArrayNode steps = (ArrayNode) root.at("/normalizer/normalizers");
    boolean dropsExtra = spaces.normalizer().removeExtraWhitespaces();
    if (spaces.afterSpecials() && spaces.normalizer().addDummyPrefix()) {
      steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    if (dropsExtra) {
      addReplace(steps, "Regex", " +", " ");
      addReplace(steps, "Regex", "[ %s]+\\z".formatted(SPACE), "");
    }
    if (dropsExtra && !spaces.normalizer().addDummyPrefix()) {
      addReplace(steps, "Regex", "\\A ", "");
    }
    if (!dropsExtra || !spaces.normalizer().addDummyPrefix()) {
      addReplace(steps, "String", " ", SPACE);
    }
  }

  private void putDecoder(ArrayNode steps) {
    addReplace(steps, "String", SPACE, " ");
    if (model.byteFallback()) {
      steps.addObject().put("type", "ByteFallback");
    }
    steps.addObject().put("type", "Fuse");
    boolean dropsAll = spaces.normalizer().removeExtraWhitespaces();
    if (spaces.normalizer().addDummyPrefix() || dropsAll) {
      int most = dropsAll ? MANY : 1;
      ObjectNode strip = steps.addObject().put("type", "Strip").put("content", " ");
      strip.put("start", most).put("stop", 0);
    }
  }

  private static void addReplace(ArrayNode steps, String kind, String from, String to) {
    ObjectNode step = steps.addObject().put("type", "Replace");
    step.putObject("pattern").put(kind, from);
    step.put("content", to);
  }

  private void putPreTokenizer(ObjectNode root) {
    ArrayNode steps = (ArrayNode) root.at("/pre_tokenizer/pretokenizers");
    boolean addsPrefix = spaces.normalizer().addDummyPrefix();
    if (spaces.takesFirstSpace()) {
      String scheme = spaces.afterSpecials() ? "always" : "first";
      addMetaspace(steps, SPACE, addsPrefix ? scheme : "never");
    } else if (addsPrefix && !spaces.afterSpecials()) {
      addMetaspace(steps, " ", "first");
      addMetaspace(steps, SPACE, "never");
    }
    Set<String> cut = added.stream().map(AddedToken::content).collect(Collectors.toSet());
    List<String> symbols =
        texts(Piece.Kind.USER_DEFINED).stream()
            .filter(symbol -> !cut.contains(symbol))
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList();
    if (!symbols.isEmpty()) {
      ObjectNode split = steps.addObject().put("type", "Split");
      split
          .putObject("pattern")
          .put(
              "Regex",
              symbols.stream().map(SentencePieceJson::quote).collect(Collectors.joining("|")));
      split.put("behavior", "Isolated").put("invert", false);
      boolean severalCharacters = !symbols.stream().allMatch(SentencePieceJson::isCharacter);
      ((ObjectNode) root.get("model")).put("ignore_merges", severalCharacters);
    }
    if (steps.isEmpty()) {
      root.putNull("pre_tokenizer");
    }
  }

  private static void addMetaspace(ArrayNode steps, String space, String scheme) {
    steps
        .addObject()
        .put("type", "Metaspace")
        .put("replacement", space)
        .put("prepend_scheme", scheme)
        .put("split", false);
  }

  private static String quote(String symbol) {
    return symbol.replaceAll("[\\\\\\[\\](){}.^$|?*+]", "\\\\$0");
  }

  private void putMerges(ArrayNode merges) {
    Map<String, Integer> normal = new HashMap<>();
    for (int id = 0; id < model.pieces().size(); id++) {
      if (model.pieces().get(id).kind() == Piece.Kind.NORMAL) {
        normal.put(model.pieces().get(id).text(), id);
      }
    }
    List<String> characters = texts(Piece.Kind.USER_DEFINED);
    List<Cut> cuts = new ArrayList<>();
    normal.forEach((text, id) -> {
      if (text.indexOf(' ') >= 0) {
        return; // no normalised text holds a space
      }
      text.codePoints()
          .mapToObj(Character::toString)
          .filter(c -> !normal.containsKey(c) && !characters.contains(c))
          .findFirst()
          .ifPresent(c ->
              require(false, "piece %d '%s' holds '%s', which is no piece".formatted(id, text, c)));
      addCuts(text, id, normal, cuts);
    });
    cuts.sort(
        Comparator.comparingDouble((Cut cut) -> -cut.score())
            .thenComparingInt(Cut::id)
            .thenComparingInt(cut -> -cut.left().length()));
    cuts.forEach(cut -> merges.add(cut.left() + " " + cut.right()));
  }

  private void addCuts(String text, int id, Map<String, Integer> normal, List<Cut> cuts) {
    for (int at = text.offsetByCodePoints(0, 1); at < text.length(); ) {
      String left = text.substring(0, at);
      String right = text.substring(at);
      if (normal.containsKey(left) && normal.containsKey(right)) {
        cuts.add(new Cut(left, right, model.pieces().get(id).score(), id));
      }
      at = text.offsetByCodePoints(at, 1);
    }
  }

  private List<String> texts(Piece.Kind kind) {
    return model.pieces().stream().filter(piece -> piece.kind() == kind).map(Piece::text).toList();
  }

  private static boolean isCharacter(String text) {
    return text.codePointCount(0, text.length()) == 1;
  }

  private static void require(boolean holds, String fact) {
    if (!holds) {
      throw new IllegalArgumentException(fact + "; a tokenizer.json cannot say so");
    }
  }
}
