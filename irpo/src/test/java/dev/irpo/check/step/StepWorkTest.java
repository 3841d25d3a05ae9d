package dev.irpo.check.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.SamplingSettings;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepWorkTest {
  private static final LlamaConfig TINY =
      new LlamaConfig(50, 16, 24, 2, 2, 2, 8, 64, 10_000, 1e-5, false, 1, List.of(2));
  private static final StepShape STEP = new StepShape(3, 5, 4, 24, false);

  @Test
  void aStepIsVerifiedAndHasTheSameWeightsOnOneThread() {
    try (CpuBackend one = new CpuBackend(1);
        CpuBackend two = new CpuBackend(2)) {
      TrainingWork expected = new TrainingWork(one, TINY, STEP);
      TrainingWork actual = new TrainingWork(two, TINY, STEP);
      float[] before = actual.weights();
      expected.verify();
      actual.verify();
      assertArrayEquals(expected.weights(), actual.weights());
      assertFalse(Arrays.equals(before, actual.weights()), "nothing was learnt");
    }
  }

  @Test
  void sampledLogProbabilitiesAreVerified() {
    try (CpuBackend backend = new CpuBackend(2)) {
      Parameters parameters = TrainingWork.randomModel(backend, TINY);
      List<int[]> prompts = List.of(new int[] {1, 5}, new int[] {1, 7, 9});
      SamplingSettings settings = new SamplingSettings(0.8, 0, 1, 6, List.of());
      SamplingWork work = new SamplingWork(backend, parameters, prompts, 3, settings);
      work.verify();
      assertEquals(36, work.tokens());
    }
  }
}
