package dev.irpo.transformer.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScorerTest {
  private static final int BUDGET = 160;

  private static List<Sequence> sequences() {
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < 14; i++) {
      int[] prompt = TinyModel.tokens(i / 3, 1 + i / 3 * 7);
      sequences.add(new Sequence(prompt, TinyModel.tokens(100 + i, (i * 5) % 37)));
    }
    return sequences;
  }

  private static List<SequenceScore> oneByOne(Scorer scorer, List<Sequence> sequences) {
    return sequences.stream().map(s -> scorer.score(List.of(s)).getFirst()).toList();
  }

  private static void assertSame(List<SequenceScore> a, List<SequenceScore> b, float tolerance) {
    assertEquals(a.size(), b.size());
    for (int i = 0; i < a.size(); i++) {
      assertArrayEquals(a.get(i).tokenLogProbs(), b.get(i).tokenLogProbs(), tolerance);
    }
  }

  @Test
  void packingWithSharedPromptsChangesNothing() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    Scorer scorer = new Scorer(backend, TinyModel.parameters(backend, false), BUDGET);
    assertSame(scorer.score(sequences()), oneByOne(scorer, sequences()), Float.MIN_VALUE);
  }

  @Test
  void packingChangesNoBitOnTheCpuWhateverTheThreadsAndTheBudget() {
    try (Backend one = new CpuBackend(1);
        Backend two = new CpuBackend(2)) {
      Scorer small = new Scorer(one, TinyModel.parameters(one, true), 100);
      Scorer large = new Scorer(two, TinyModel.parameters(two, true), 1000);
      List<SequenceScore> alone = oneByOne(small, sequences());
      assertSame(alone, small.score(sequences()), Float.MIN_VALUE);
      assertSame(alone, large.score(sequences()), Float.MIN_VALUE);
    }
  }

  @Test
  void theCpuAgreesWithTheReference() {
    Backend reference = ReferenceBackend.inSinglePrecision();
    try (Backend cpu = new CpuBackend(2)) {
      assertSame(
          new Scorer(reference, TinyModel.parameters(reference, false), BUDGET).score(sequences()),
          new Scorer(cpu, TinyModel.parameters(cpu, false), BUDGET).score(sequences()),
          1e-4f);
    }
  }

  @Test
  void aTokenChangesNothingBeforeItselfAndSomethingAfter() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    Scorer scorer = new Scorer(backend, TinyModel.parameters(backend, false), BUDGET);
    int[] response = TinyModel.tokens(5, 12);
    int[] changed = response.clone();
    changed[6] = changed[6] == 9 ? 10 : 9;
    int[] prompt = TinyModel.tokens(4, 3);
    float[] before =
        scorer.score(List.of(new Sequence(prompt, response))).getFirst().tokenLogProbs();
    float[] after = scorer.score(List.of(new Sequence(prompt, changed))).getFirst().tokenLogProbs();
    for (int i = 0; i < response.length; i++) {
      if (i < 6) {
        assertEquals(before[i], after[i]);
      } else {
        assertNotEquals(before[i], after[i]);
      }
    }
  }

  @Test
  void aChangedWeightIsSeenByTheNextScore() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = TinyModel.parameters(cpu, false);
      Scorer scorer = new Scorer(cpu, parameters, BUDGET);
      float before = scorer.score(sequences()).get(4).logProb();
      parameters.copyFrom(Parameters.random(cpu, parameters.config(), 3));
      float after = scorer.score(sequences()).get(4).logProb();
      assertNotEquals(before, after);
    }
  }

  @Test
  void tooLongSequencesEmptyPromptsAndUnknownTokensAreRefusedInOneLine() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    Scorer scorer = new Scorer(backend, TinyModel.parameters(backend, false), 64);
    assertRefused(scorer, new int[90], new int[7], "97 tokens, the context holds 96");
    assertRefused(scorer, new int[0], new int[7], "a prompt has no tokens");
    assertRefused(scorer, new int[1], new int[] {61}, "token 0 is 61, the vocabulary has 61");
  }

  @Test
  void buffersFollowTheSequencesNotTheContext() {
    Backend backend = new OutlineBackend();
    Scorer small = new Scorer(backend, Parameters.allocate(backend, longContext()), 256);
    Scorer large = new Scorer(backend, Parameters.allocate(backend, longContext()), 131_072);
    assertTrue(small.activationBytes() * 256 < large.activationBytes());
    small.growTo(300);
    long raised = small.activationBytes();
    small.growTo(384);
    assertEquals(raised, small.activationBytes(), "300 are rounded up to 384");
    small.growTo(131_072);
    assertEquals(large.activationBytes(), small.activationBytes());
  }

  /// That of Llama 3.1 and 3.2.
  private static LlamaConfig longContext() {
    return new LlamaConfig(61, 24, 40, 2, 4, 2, 6, 131_072, 10_000, 1e-5, true, 1, List.of(2));
  }

  @Test
  void aSequenceBeyondTheBudgetIsScoredToTheSameBits() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = Parameters.random(cpu, longContext(), 3);
      List<Sequence> sequences = new ArrayList<>(sequences());
      sequences.add(new Sequence(TinyModel.tokens(1, 300), TinyModel.tokens(2, 200)));
      sequences.addAll(sequences());
      List<SequenceScore> scores = new Scorer(cpu, parameters, 64).score(sequences);
      assertSame(oneByOne(new Scorer(cpu, parameters, 1000), sequences), scores, Float.MIN_VALUE);
    }
  }

  @Test
  void responsesOfOnePromptThatNoMicroBatchHoldsTogetherAreScoredInSeveral() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = TinyModel.parameters(cpu, false);
      for (int tokens : new int[] {2, 30}) { // more than 16 segments, more than 64 rows
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          sequences.add(new Sequence(TinyModel.tokens(1, 10), TinyModel.tokens(100 + i, tokens)));
        }
        List<SequenceScore> scores = new Scorer(cpu, parameters, 64).score(sequences);
        assertSame(oneByOne(new Scorer(cpu, parameters, 64), sequences), scores, Float.MIN_VALUE);
      }
    }
  }

  @Test
  void aSequencesLogProbIsTheSumOverItsTokens() {
    SequenceScore score = new SequenceScore(new float[] {-0.5f, -0.25f, -4});
    assertEquals(-4.75f, score.logProb());
  }

  private static void assertRefused(Scorer scorer, int[] prompt, int[] response, String part) {
    List<Sequence> sequences = List.of(new Sequence(prompt, response));
    String message =
        assertThrows(IllegalArgumentException.class, () -> scorer.score(sequences)).getMessage();
    assertTrue(message.contains(part) && !message.contains("\n"), message);
  }
}
