package dev.irpo.setting;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpellingTest {
  private static final List<String> NAMES = List.of("learningRate", "batchSize", "steps", "TEST");

  private static void requireNearest(String name, String word) {
    assertEquals(Optional.of(name), Spelling.nearest(word, NAMES));
  }

  @Test
  void lettersThatAreSwappedMissingOrOfAnotherCaseAreForgiven() {
    requireNearest("learningRate", "learning_rate");
    requireNearest("steps", "step");
    requireNearest("batchSize", "batchsize");
    requireNearest("TEST", "tset");
  }

  @Test
  void aBeginningIsNearerThanAShortNameOfOtherLetters() {
    List<String> presets = List.of("demo", "paper", "arc-llama2-7b-chat", "gsm8k-llama2-7b-chat");
    assertEquals(Optional.of("gsm8k-llama2-7b-chat"), Spelling.nearest("gsm8k-lama", presets));
  }

  @Test
  void ofNoNamesNoneIsNearest() {
    assertEquals(Optional.empty(), Spelling.nearest("x", List.of()));
  }
}
