package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.packing.Budget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What crosses the bus in a training step, as TornadoVM's profiler counts it.
@Tag("device")
class DeviceTrafficTest {
  private static final int TOKENS = 64;

  /// Bytes that TornadoVM adds to an array and to the start of a task.
  private static final int HEADER = 16;

  private static final int LAUNCH = 24;

  /// What a part of a run moved, and the memory it used.
  private record Execution(long bytesIn, long bytesOut, long allocatedBytes) {}

  private static final class Executions implements DeviceProvider.Listener {
    private final List<Execution> list = new ArrayList<>();

    @Override
    public void compiled(int done, int total) {}

    @Override
    public boolean wantsExecutions() {
      return true;
    }

    @Override
    public void executed(long bytesIn, long bytesOut, long allocatedBytes) {
      list.add(new Execution(bytesIn, bytesOut, allocatedBytes));
    }

    List<Execution> take() {
      List<Execution> taken = List.copyOf(list);
      list.clear();
      return taken;
    }
  }

  private static List<PreferencePair> pairs() {
    return IntStream.range(0, 4)
        .mapToObj(i ->
            new PreferencePair(
                "p" + i, 0, 1, new int[] {1, 5 + i}, new int[] {7, 8}, new int[] {9}, -9, -9))
        .toList();
  }

  @Test
  void aStepMovesItsInputsAndResultsAndAllocatesNothing() throws IOException {
    RunConfig config =
        RunConfig.of(Preset.PAPER_V1)
            .with("train.steps=3", "train.batchSize=4", "train.tokenBudget=" + TOKENS);
    Executions executions = new Executions();
    try (Backend backend = TestData.device(executions)) {
      LanguageModel model = TestData.tinyModel(backend);
      PreferenceTraining training = new PreferenceTraining(config, backend, model, pairs(), 0);
      training.runTo(1, line -> {});
      executions.take();
      training.runTo(2, line -> {});
      List<Execution> second = executions.take();
      training.runTo(3, line -> {});
      assertEquals(second, executions.take());
      Budget budget = Budget.ofTokens(TOKENS);
      int ints = 2 * budget.tokens() + 3 * budget.segments() + 5 * budget.scoredPositions();
      int floats = 4 * budget.segments();
      int update = 3 + 1; // the schedule and the gradient's squared norm over all processes
      long inputs = 4L * (ints + floats + update) + 3 * HEADER;
      long in = second.stream().mapToLong(Execution::bytesIn).sum();
      long launches = in - inputs;
      assertEquals(0, launches % LAUNCH, "bytes in: " + in);
      assertTrue(launches / LAUNCH > second.size(), "bytes in: " + in);
      long numPerItem = 8;
      long results = 4 * (numPerItem * budget.segments() + 2) + (numPerItem + 2) * HEADER;
      assertEquals(results, second.stream().mapToLong(Execution::bytesOut).sum());
      long parameterBytes = 4 * model.parameters().flat().numElements();
      assertTrue(launches < parameterBytes, launches + " of " + parameterBytes);
    }
  }
}
