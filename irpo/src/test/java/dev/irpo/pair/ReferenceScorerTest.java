package dev.irpo.pair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceScorerTest {
  private static final LlamaConfig CONFIG =
      new LlamaConfig(61, 24, 40, 2, 4, 2, 6, 96, 10_000, 1e-5, false, 1, List.of(2));
  private static final List<Sequence> SEQUENCES =
      IntStream.range(0, 5)
          .mapToObj(i -> new Sequence(new int[] {1, 3 + i / 2}, new int[] {10 + i, 20, 30}))
          .toList();

  private static List<Float> logProbs(Group group, boolean isDamaged) {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = Parameters.random(cpu, CONFIG, 7);
      if (isDamaged) { // the token that only the last sequence has
        parameters.buffers().get("model.embed_tokens.weight").set(14 * 24, Double.NaN);
        parameters.markChanged();
      }
      return new ReferenceScorer(new Scorer(cpu, parameters, 64), group, (_, _) -> {})
          .logProbs(SEQUENCES);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7})
  void allProcessesHaveWhatOneFinds(int processes) {
    List<Float> alone = logProbs(Group.alone(), false);
    assertEquals(SEQUENCES.size(), alone.size());
    for (List<Float> found : InProcess.run(processes, group -> logProbs(group, false))) {
      assertEquals(alone, found);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void allProcessesNameTheSequenceThatIsNotFinite(int processes) {
    InProcess.run(
        processes,
        group -> {
          NotFiniteException e =
              assertThrows(NotFiniteException.class, () -> logProbs(group, true));
          assertEquals(4, e.item());
          return null;
        });
  }
}
