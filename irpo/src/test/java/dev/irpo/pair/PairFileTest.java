package dev.irpo.pair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// Pairs for a model with a vocabulary of 50 tokens and a context of 8.
class PairFileTest {
  private static final LlamaConfig CONFIG =
      new LlamaConfig(50, 8, 16, 1, 2, 1, 4, 8, 10000, 1e-5, true, 1, List.of(2));
  private static final PreferencePair PAIR = pair(ids(1, 2, 3), ids(4, 5), ids(6, 7, 8, 9));

  @TempDir private Path folder;

  private static int[] ids(int... ids) {
    return ids;
  }

  private static PreferencePair pair(int[] prompt, int[] chosen, int[] rejected) {
    return new PreferencePair("train-7", -1, 3, prompt, chosen, rejected, -1.5f, -2.25f);
  }

  private static PreferencePair withReferences(float chosen, float rejected) {
    return new PreferencePair("train-7", -1, 3, ids(1), ids(2), ids(3), chosen, rejected);
  }

  private Path write(PreferencePair... pairs) throws IOException {
    Path file = folder.resolve("pairs.arrow");
    TableWriter.writeAll(file, PreferencePair.SCHEMA, List.of(pairs));
    return file;
  }

  private static void assertRefused(Executable call, String message) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  private static void assertRefused(PreferencePair pair, String message) {
    assertRefused(() -> PairFile.requireTokens(pair, CONFIG, "line 4"), "line 4: " + message);
  }

  @Test
  void storedPairsComeBackWholeAndInTheirOrder() throws IOException {
    Path file = write(PAIR, withReferences(-3, -4));
    List<PreferencePair> read = PairFile.readStored(file, CONFIG);
    assertEquals(2, read.size());
    PreferencePair first = read.getFirst();
    assertEquals("train-7", first.problemId());
    assertEquals(PreferencePair.GOLD, first.chosenSample());
    assertEquals(3, first.rejectedSample());
    assertArrayEquals(PAIR.promptIds(), first.promptIds());
    assertArrayEquals(PAIR.chosenIds(), first.chosenIds());
    assertArrayEquals(PAIR.rejectedIds(), first.rejectedIds());
    assertEquals(-1.5f, first.chosenReferenceLogProb());
    assertEquals(-2.25f, first.rejectedReferenceLogProb());
    assertEquals(-4, read.get(1).rejectedReferenceLogProb());
  }

  @Test
  void aFileWithoutPairsIsRefused() throws IOException {
    Path file = write();
    assertRefused(
        () -> PairFile.readStored(file, CONFIG), file + ": holds no pair; give it at least one");
  }

  @Test
  void aStoredPairThatTheModelCannotTakeIsNamed() throws IOException {
    Path file = write(PAIR, pair(ids(1), ids(2), ids(50)));
    assertRefused(
        () -> PairFile.readStored(file, CONFIG),
        file
            + " problem train-7: token id 50 is not in the vocabulary of 50; tokenize with this"
            + " model's tokenizer");
  }

  @Test
  void aPairMayUseTheWholeVocabulary() {
    PairFile.requireTokens(pair(ids(0, 49, 3), ids(4, 5), ids(6)), CONFIG, "line 4");
  }

  @Test
  void aPairIsAsLongAsItsPromptWithTheLongerResponse() {
    assertEquals(7, pair(ids(1, 2, 3), ids(4), ids(5, 6, 7, 8)).longestTokens());
    assertEquals(5, pair(ids(1, 2, 3), ids(4, 5), ids(6)).longestTokens());
  }

  @Test
  void promptAndResponsesNeedATokenEach() {
    String message = "prompt, chosen and rejected need a token each; leave the pair out";
    assertRefused(pair(ids(), ids(4), ids(5)), message);
    assertRefused(pair(ids(4), ids(), ids(5)), message);
    assertRefused(pair(ids(4), ids(5), ids()), message);
  }

  @Test
  void tokensThatTheVocabularyLacksAreRefusedWhereverTheyStand() {
    String message =
        "token id %d is not in the vocabulary of 50; tokenize with this model's tokenizer";
    assertRefused(pair(ids(1, -1), ids(4), ids(5)), message.formatted(-1));
    assertRefused(pair(ids(1), ids(4, 50), ids(5)), message.formatted(50));
    assertRefused(pair(ids(1), ids(4), ids(5, 51)), message.formatted(51));
  }

  @Test
  void pairsWithoutTheReferencesOpinionOfEitherResponseAreRefused() {
    Path file = Path.of("pairs.arrow");
    String message =
        "pairs.arrow problem train-7: holds no log-probabilities of a reference; name the model"
            + " with --reference";
    List<PreferencePair> known = List.of(PAIR, withReferences(-3, -4));
    assertSame(known, PairFile.requireReference(known, file));
    for (PreferencePair lacking :
        List.of(withReferences(Float.NaN, -4), withReferences(-3, Float.NaN))) {
      assertRefused(() -> PairFile.requireReference(List.of(PAIR, lacking), file), message);
    }
  }

  @Test
  void theReferenceSaysHowProbableEachResponseIsAndNothingElseChanges() {
    List<PreferencePair> pairs = List.of(PAIR, pair(ids(9, 8), ids(7, 6, 5), ids(4)));
    try (Backend backend = ReferenceBackend.inSinglePrecision()) {
      Scorer scorer = new Scorer(backend, Parameters.random(backend, CONFIG, 3), 64);
      List<PreferencePair> scored = PairFile.withReference(pairs, ReferenceScorer.alone(scorer));
      assertEquals(2, scored.size());
      for (int i = 0; i < 2; i++) {
        PreferencePair given = pairs.get(i);
        PreferencePair found = scored.get(i);
        float chosen = logProb(scorer, given.promptIds(), given.chosenIds());
        float rejected = logProb(scorer, given.promptIds(), given.rejectedIds());
        assertNotEquals(chosen, rejected);
        PreferencePair expected =
            new PreferencePair(
                "train-7",
                -1,
                3,
                given.promptIds(),
                given.chosenIds(),
                given.rejectedIds(),
                chosen,
                rejected);
        assertEquals(expected, found);
      }
    }
  }

  private static float logProb(Scorer scorer, int[] prompt, int[] response) {
    return scorer.score(List.of(new Sequence(prompt, response))).getFirst().logProb();
  }
}
