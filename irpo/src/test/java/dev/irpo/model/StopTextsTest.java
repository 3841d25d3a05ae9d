package dev.irpo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StopTextsTest {
  private static final SentencePieceTokenizer TOKENIZER = TestData.tokenizer(400);

  /// The text up to where a response of these ids ends.
  private static String upToStop(String text, String... stops) {
    int[] ids = TOKENIZER.encode(text);
    StopTexts condition = new StopTexts(TOKENIZER.streamingDecoder(), List.of(stops));
    for (int length = 1; length <= ids.length; length++) {
      if (condition.stops(ids, length)) {
        return TOKENIZER.decode(Arrays.copyOf(ids, length));
      }
    }
    return "";
  }

  @Test
  void aResponseEndsWithTheTokenThatCompletesAStopText() {
    String text = "She has 12 apples. Final answer: 12\nQuestion: How many";
    String stopped = upToStop(text, "Question:");
    assertTrue(stopped.endsWith("Question:"), stopped);
    assertEquals("She has 12 apples.", upToStop("She has 12 apples. Then", "."));
  }

  @Test
  void theFirstOfSeveralStopTextsEnds() {
    assertTrue(upToStop("one two three four", "four", "two").endsWith("two"));
  }

  @Test
  void aStopTextOfCharactersThatSpanManyTokensIsFound() {
    String stop = "zq€zq"; // spelt in bytes
    assertTrue(TOKENIZER.encode(stop).length > 5);
    assertTrue(upToStop("well zq€z zq€zq on", stop).endsWith(stop));
  }

  @Test
  void aResponseWithoutAStopTextGoesOn() {
    assertEquals("", upToStop("one two three", "three four", "twothree"));
  }

  @Test
  void textIsCutBeforeTheFirstStopText() {
    assertEquals("a ", StopTexts.cut("a bcb", List.of("c", "b")));
    assertEquals("abc", StopTexts.cut("abc", List.of("d")));
    assertEquals("abc", StopTexts.cut("abc", List.of()));
  }

  @Test
  void anEmptyStopTextIsRefused() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> new StopTexts(TOKENIZER.streamingDecoder(), List.of("a", "")));
    assertTrue(refused.getMessage().startsWith("--stop"), refused.getMessage());
  }
}
