package dev.irpo.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// The readers of tokenizers, each with the inputs that it is given.
///
/// The first byte of an input says what the others are: the whole file, or choices by which a
/// well-formed one is made.
enum FuzzTarget {
  /// A `tokenizer.model`: all of it, or the texts, scores and kinds of its pieces.
  TOKENIZER_MODEL {
    @Override
    Tokenizer read(int part, byte[] input) {
      byte[] model = part % 2 == 0 ? input : modelOf(input);
      return SentencePieceTokenizer.parse(model, FILE);
    }

    @Override
    List<byte[]> seeds() {
      byte[] pieces = {0, 0, -1, 1, 'a', 0, -2, 1, 'b', 0, -3, 2, 'a', 'b', 2, 0, 3, '<', 's', '>'};
      return List.of(seed(0, modelOf(pieces)), seed(1, pieces));
    }
  },

  /// The files that stand beside a tokenizer: `tokenizer_config.json`, `special_tokens_map.json` or
  /// `added_tokens.json`, beside a small tokenizer of either kind.
  TOKENIZER_FOLDER {
    @Override
    Tokenizer read(int part, byte[] input) {
      Map<String, byte[]> files = new HashMap<>();
      if (part % 2 == 0) {
        byte[] pieces = {0, 0, -1, 1, 'a', 0, -2, 1, 'b', 2, 0, 3, '<', 's', '>'};
        files.put("tokenizer.model", modelOf(pieces));
      }
      if (part % 3 == 0 || part % 2 == 1) {
        files.put("tokenizer.json", SMALL.getBytes(StandardCharsets.UTF_8));
      }
      files.put(NAMES.get(part / 6 % NAMES.size()), input);
      return TokenizerFolder.read(new TokenizerFolder.Files(files, _ -> FILE))
          .orElseThrow()
          .tokenizer();
    }

    @Override
    List<byte[]> seeds() {
      String config =
          """
          {"add_bos_token": true, "add_eos_token": true, "bos_token": "<s>",
           "eos_token": {"content": "</s>"}, "pad_token": "<pad>",
           "added_tokens_decoder": {"4": {"content": "<x>", "special": true, "lstrip": true}}}
          """;
      List<byte[]> seeds = new ArrayList<>();
      for (int part = 0; part < 6; part++) {
        seeds.add(seed(part, config.getBytes(StandardCharsets.UTF_8)));
      }
      String map = "{\"eos_token\": \"b\", \"additional_special_tokens\": [\"<x>\"]}";
      seeds.add(seed(6, map.getBytes(StandardCharsets.UTF_8)));
      seeds.add(seed(12, "{\"<x>\": 4}".getBytes(StandardCharsets.UTF_8)));
      return seeds;
    }
  },

  /// A `tokenizer.json`: all of it, or changes of one of the layouts that are read.
  TOKENIZER_JSON {
    @Override
    Tokenizer read(int part, byte[] input) throws IOException {
      byte[] json = input;
      if (part % 4 != 0) {
        JsonNode changed = LAYOUTS.get(part % 4 - 1).deepCopy();
        JsonEdits.apply(changed, ByteBuffer.wrap(input));
        json = JSON.writeValueAsBytes(changed);
      }
      return JsonTokenizer.parse(json, FILE);
    }

    @Override
    List<byte[]> seeds() {
      List<byte[]> seeds =
          new ArrayList<>(List.of(seed(0, SMALL.getBytes(StandardCharsets.UTF_8))));
      for (int part = 1; part < 4; part++) {
        seeds.add(seed(part, new byte[] {}));
      }
      return seeds;
    }
  };

  /// What messages call the file.
  static final String FILE = "dir/tokenizer";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> NAMES =
      List.of("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json");
  private static final String SMALL =
      """
      {"added_tokens": [{"id": 3, "content": "<s>", "special": true, "normalized": false}],
       "normalizer": {"type": "Prepend", "prepend": "▁"},
       "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\\\p{L}+"}, "behavior": "Isolated"},
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
      """;
  private static final List<JsonNode> LAYOUTS =
      List.of(layout("llama3"), layout("legacy"), layout("metaspace-first"));
  private static final List<String> TEXTS =
      List.of("", "ab  <s> a\n", "Tom has 12 apples, don't\tTOM\u2047\uD800 ñ𝄞</s>");

  /// @throws IllegalArgumentException if it is refused
  abstract Tokenizer read(int part, byte[] input) throws IOException;

  /// Inputs that are read without complaint.
  abstract List<byte[]> seeds();

  /// Reads an input and uses what is read; fails unless that succeeds or is refused in one line.
  void check(byte[] input) throws IOException {
    if (input.length == 0) {
      return;
    }
    Tokenizer tokenizer;
    try {
      tokenizer = read(Byte.toUnsignedInt(input[0]), Arrays.copyOfRange(input, 1, input.length));
    } catch (IllegalArgumentException e) {
      requireOneLine(e, FILE);
      return;
    }
    try {
      use(tokenizer);
    } catch (IllegalArgumentException e) {
      requireOneLine(e, "");
    }
  }

  private static void use(Tokenizer tokenizer) {
    for (String text : TEXTS) {
      tokenizer.decode(tokenizer.encode(text));
      tokenizer.decode(tokenizer.encodeWithSpecials(text));
      tokenizer.decode(tokenizer.encodeRest(text));
      tokenizer.decode(tokenizer.encodeRestWithSpecials(text));
      tokenizer.specialIn(text);
    }
    SplittableRandom random = new SplittableRandom(1);
    tokenizer.decode(random.ints(50, 0, tokenizer.vocabSize()).toArray());
  }

  private static void requireOneLine(IllegalArgumentException e, String begin) {
    String message = String.valueOf(e.getMessage());
    if (!message.startsWith(begin)
        || message.codePoints().anyMatch(c -> Character.isISOControl(c) || c == 0x2028)
        || message.length() > 2000) {
      throw new AssertionError("not one line that begins with the file: " + message, e);
    }
  }

  /// A `tokenizer.model` with the pieces that the choices make.
  private static byte[] modelOf(byte[] choices) {
    ByteBuffer in = ByteBuffer.wrap(choices);
    List<Piece> pieces = new ArrayList<>(List.of(new Piece("<unk>", 0, Piece.Kind.UNKNOWN)));
    boolean byteFallback = pick(in, 2) == 1;
    for (int value = 0; byteFallback && value < 256; value++) {
      pieces.add(Piece.ofByte(value));
    }
    Piece.Kind[] kinds = Piece.Kind.values();
    while (in.hasRemaining()) {
      Piece.Kind kind = kinds[pick(in, 16) % kinds.length];
      float score = Float.intBitsToFloat(pick(in, 256) << 24);
      byte[] text = new byte[Math.min(pick(in, 8), in.remaining())];
      in.get(text);
      pieces.add(new Piece(new String(text, StandardCharsets.UTF_8), score, kind));
    }
    return SentencePieceWriter.write(
        pieces,
        new TextNormalizer(true, false, true),
        new SentencePieceTrainer(300, byteFallback, true, false, 16, List.of()));
  }

  static int pick(ByteBuffer in, int bound) {
    return in.hasRemaining() ? Byte.toUnsignedInt(in.get()) % bound : 0;
  }

  private static byte[] seed(int part, byte[] input) {
    return ByteBuffer.allocate(1 + input.length).put((byte) part).put(input).array();
  }

  private static JsonNode layout(String name) {
    try (InputStream in = FuzzTarget.class.getResourceAsStream("json/" + name + ".json")) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
