package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.Training;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.parallel.Replicas;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What crosses the bus in a training step and in a decode step, as TornadoVM's profiler counts it.
@Tag("device")
class DeviceTrafficTest {
  private static final int TOKENS = 64;

  private static final RunConfig CONFIG =
      RunConfig.of(Preset.PAPER_V1)
          .with("train.steps=3", "train.batchSize=4", "train.tokenBudget=" + TOKENS);

  /// Bytes that TornadoVM adds to an array and to the start of a task.
  private static final int HEADER = 16;

  private static final int LAUNCH = 24;

  @TempDir private Path temporary;

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
    requireTraffic(CONFIG, 2); // the loss and the squared norm of the gradient
  }

  /// Masters are rounded where they are.
  @Test
  void aStepInBfloat16MovesTheMastersSquaredNormAsWell() throws IOException {
    requireTraffic(CONFIG.with("train.precision=bf16"), 3);
  }

  private LanguageModel open(RunConfig config, Backend backend) throws IOException {
    Path path = temporary.resolve("model");
    try (Backend cpu = new CpuBackend(1)) {
      LanguageModel model = TestData.tinyModel(cpu);
      TestData.round(model, DType.BF16);
      model.save(path);
    }
    return Training.open(config, backend, Replicas.alone(), path, Optional.empty());
  }

  /// @param scalars numbers that a step gives besides those of its items
  private void requireTraffic(RunConfig config, int scalars) throws IOException {
    Executions executions = new Executions();
    try (Backend backend = TestData.device(executions)) {
      LanguageModel model = open(config, backend);
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
      long results =
          4 * (numPerItem * budget.segments() + scalars) + (numPerItem + scalars) * HEADER;
      assertEquals(results, second.stream().mapToLong(Execution::bytesOut).sum());
      long parameterBytes = model.parameters().flat().segment().byteSize();
      assertTrue(launches < parameterBytes, launches + " of " + parameterBytes);
    }
  }

  /// What each run of the decode program moved.
  private static List<List<Execution>> decodeRuns(
      Backend backend, Executions executions, int slots, int newTokens) {
    LanguageModel model = TestData.tinyModel(backend);
    DecodeLimits limits = new DecodeLimits(slots, 1, 8, newTokens, 16);
    List<List<Execution>> runs = new ArrayList<>();
    new Generator(backend, model.parameters(), limits)
        .generate(
            List.of(new GenerationRequest(0, new int[] {1, 5, 7}, 0, slots)).iterator(),
            Sampling.of(new SamplingSettings(1, 20, 0.9, newTokens, List.of()), 3, 1),
            new Sampling.Listener() {
              @Override
              public void finished(GenerationRequest request, List<Sample> samples) {
                assertEquals(slots, samples.size());
              }

              @Override
              public void progress(long samples, long tokens) {
                runs.add(executions.take());
              }
            });
    return runs;
  }

  @Test
  void aDecodeStepMovesTablesInAndTokensWithTheirLogProbsOut() {
    int slots = 8;
    int draws = 2 * slots;
    Executions executions = new Executions();
    try (Backend backend = TestData.device(executions)) {
      List<List<Execution>> runs = decodeRuns(backend, executions, slots, 6);
      assertEquals(6, runs.size(), "the prompt's own run draws the first tokens");
      for (List<Execution> run : runs) {
        assertEquals(4 * 2 * draws + 2 * HEADER, run.stream().mapToLong(Execution::bytesOut).sum());
      }
      assertEquals(runs.get(2), runs.get(3));
      assertEquals(runs.get(2), runs.get(5));
      int perRow = 1 + 1 + 4; // token, position and the row of the cache table
      int perDraw = 9;
      long inputs =
          4L * (slots * (perRow + 1) + draws * perDraw)
              + HEADER // integers, a row selected each
              + 4
              + HEADER; // the temperature
      long in = runs.get(2).stream().mapToLong(Execution::bytesIn).sum();
      long launches = in - inputs;
      assertEquals(0, launches % LAUNCH, "bytes in: " + in);
      assertTrue(launches / LAUNCH > runs.get(2).size(), "bytes in: " + in);
      assertTrue(launches / LAUNCH < 100, "bytes in: " + in);
    }
  }
}
