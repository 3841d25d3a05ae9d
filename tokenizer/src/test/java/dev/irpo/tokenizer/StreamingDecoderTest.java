package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
  private static final int FIRST_BYTE_PIECE = 3;

  private final SentencePieceTokenizer tokenizer =
      SentencePieceTrainer.ofSize(300).train(TestCorpus.LINES);

  private static int[] bytes(int... values) {
    return Arrays.stream(values).map(value -> value + FIRST_BYTE_PIECE).toArray();
  }

  @Test
  void aCharacterComesWholeWithItsLastByte() {
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    for (int id : bytes(0xF0, 0x9F, 0x99)) {
      assertEquals("", decoder.append(id));
    }
    assertEquals("🙂", decoder.append(0x82 + FIRST_BYTE_PIECE));
    assertEquals("", decoder.finish());
  }

  @Test
  void whatIsReturnedIsTheDecodedTextAndNeverHalfACharacter() {
    var random = new SplittableRandom(3);
    for (int i = 0; i < 500; i++) {
      int[] ids = random.ints(30, 0, tokenizer.vocabSize()).toArray();
      StreamingDecoder decoder = tokenizer.streamingDecoder();
      var text = new StringBuilder();
      for (int id : ids) {
        String piece = decoder.append(id);
        assertFalse(
            !piece.isEmpty() && Character.isHighSurrogate(piece.charAt(piece.length() - 1)));
        text.append(piece);
      }
      assertEquals(tokenizer.decode(ids), text.append(decoder.finish()).toString());
    }
  }

  @Test
  void whatDecodesNowIsABeginningOfWhatDecodesLater() {
    int[] ids = tokenizer.encode("Tom 🙂 é\nhas 12 東京");
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    var text = new StringBuilder();
    String whole = tokenizer.decode(ids);
    for (int id : ids) {
      assertEquals(0, whole.indexOf(text.append(decoder.append(id)).toString()));
    }
    assertEquals(whole, text + decoder.finish());
  }

  @Test
  void eachByteOfNoCharacterBecomesAReplacementCharacter() {
    assertEquals("\uFFFD", tokenizer.decode(bytes(0x80)));
    assertEquals("\uFFFD\uFFFD\uFFFD", tokenizer.decode(bytes(0xF0, 0x9F, 0x99)));
    assertEquals("\uFFFDA", tokenizer.decode(bytes(0xE6, 'A')));
    assertEquals("\uFFFD\uFFFD", tokenizer.decode(bytes(0xC0, 0x80))); // long form of U+0000
    assertEquals("\uFFFD\uFFFD", tokenizer.decode(bytes(0xC1, 0xBF))); // long form of U+007F
    assertEquals("\uFFFD\uFFFD\uFFFD", tokenizer.decode(bytes(0xED, 0xA0, 0x80))); // a surrogate
    assertEquals("\uFFFDé", tokenizer.decode(bytes(0xC3, 0xC3, 0xA9)));
  }

  @Test
  void aControlIdEndsARunOfBytes() {
    assertEquals(
        "\uFFFD\uFFFD", tokenizer.decode(0xC3 + FIRST_BYTE_PIECE, 2, 0xA9 + FIRST_BYTE_PIECE));
  }

  @Test
  void onlyTheFirstWordLosesItsSpace() {
    int[] word = tokenizer.encode("Tom");
    int[] ids = new int[2 * word.length + 1];
    ids[0] = tokenizer.bosId();
    System.arraycopy(word, 0, ids, 1, word.length);
    System.arraycopy(word, 0, ids, 1 + word.length, word.length);
    assertEquals("Tom Tom", tokenizer.decode(ids));
  }

  @Test
  void aFinishedDecoderStartsAnotherText() {
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    int first = tokenizer.encode("Tom")[0];
    String once = decoder.append(first) + decoder.finish();
    assertEquals(once, decoder.append(first) + decoder.finish());
  }
}
