package dev.irpo.plan.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.RunConfig;
import dev.irpo.model.PublishedModels;
import dev.irpo.plan.Longest;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.RunPlan;
import dev.irpo.plan.RunPrograms;
import dev.irpo.plan.StageCosts;
import dev.irpo.run.RunFolder;
import dev.irpo.run.RunStages;
import dev.irpo.task.Split;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.LlamaConfig;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SimulationTest {
  private static final RunConfig CONFIG =
      RunConfig.parse(
          "",
          List.of(
              "preset=gsm8k-llama2-7b-chat",
              "train.tokenBudget=1024",
              "train.recompute=false",
              "task.heldOutProblems=100"));
  private static final LlamaConfig MODEL = PublishedModels.find("smollm2-135m").orElseThrow();
  private static final Longest LONGEST = new Longest(200, 300, 400);
  private static final Processor CPU =
      new Processor(
          "a process", Processor.Kind.PROCESS, 1e11, 1e11, 1e10, 20_000_000_000L, "", "test");

  private static PromptCounts counts(int problems) {
    return new PromptCounts(
        problems, 0, 100L * problems, 50L * problems, LONGEST, problems, 50L * problems);
  }

  private static Map<Split, PromptCounts> splits() {
    Map<Split, PromptCounts> splits = new EnumMap<>(Split.class);
    splits.put(Split.TRAIN, counts(900));
    splits.put(Split.HELD_OUT, counts(100));
    splits.put(Split.TEST, counts(200));
    return splits;
  }

  private static RunPlan plan(StageCosts costs) {
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    splits().forEach((split, of) -> problems.put(split, of.problems()));
    return new RunStages(CONFIG, new RunFolder(Path.of("")), problems)
        .plan(costs, new OutlineBackend());
  }

  private static SimulatedRun run(Cluster cluster, double utilisation, String strategy) {
    return run(CONFIG, Precision.F32, cluster, utilisation, strategy);
  }

  private static SimulatedRun run(
      RunConfig config, Precision precision, Cluster cluster, double utilisation, String strategy) {
    return new Simulation(
            config,
            MODEL,
            splits(),
            cluster,
            new Simulation.Assumptions(utilisation, false, 1e9),
            SimulationTest::plan)
        .run(Strategy.find(strategy, precision, Overlap.NONE).orElseThrow());
  }

  private static Cluster processes(int count) {
    Network network = Network.given(80, 0);
    return new Cluster(CPU, count, count, network, network, Route.DIRECT);
  }

  private static StageCosts costs(int processes) {
    return costs(CONFIG, processes);
  }

  private static StageCosts costs(RunConfig config, int processes) {
    RunPrograms programs = new RunPrograms(MODEL, config, LONGEST, processes);
    return new StageCosts(config, programs, splits(), new Roofline.Device(1e11, 1e10, false));
  }

  @Test
  void whatIsBuiltNeedsTheMemoryThatAPlanCounts() {
    for (int processes : new int[] {1, 2, 4}) {
      assertEquals(
          plan(costs(processes)).memory().bytes(), run(processes(processes), 1, "zero1").memory());
    }
  }

  @Test
  void whatIsNotTrainedIsReadFromItsFile() {
    RunConfig head = CONFIG.with("train.parameters=head");
    SimulatedRun run = run(head, Precision.F32, processes(2), 1, "zero1");
    assertEquals(plan(costs(head, 2)).memory().bytes(), run.memory());
    assertTrue(
        run.memory().get(Purpose.WEIGHTS) < Float.BYTES * MODEL.numParameters() / 2,
        run.memory().toString());
    RunConfig half = head.with("train.precision=bf16");
    assertEquals(
        plan(costs(half, 2)).memory().bytes(),
        run(half, Precision.HALF, processes(2), 1, "zero1").memory());
  }

  @Test
  void roundedParametersAreHeldTwiceAndSentInHalfOfTheBytes() {
    RunConfig rounded = CONFIG.with("train.parameterType=bf16");
    for (int processes : new int[] {1, 2, 4}) {
      SimulatedRun single = run(processes(processes), 1, "zero1");
      SimulatedRun half = run(rounded, Precision.ROUNDED, processes(processes), 1, "zero1");
      assertEquals(plan(costs(rounded, processes)).memory().bytes(), half.memory());
      double trained = (double) costs(processes).programs().training().trainedBytes();
      assertEquals(
          trained / processes,
          (double) (half.memory().get(Purpose.WEIGHTS) - single.memory().get(Purpose.WEIGHTS)),
          0.01 * trained);
      assertEquals(sent(single, "updated parameters") / 2, sent(half, "updated parameters"), 1);
      assertEquals(sent(single, "sums of gradients"), sent(half, "sums of gradients"));
      assertEquals(
          3 * (half.iteration().getLast().seconds() - modelSeconds()),
          4 * (single.iteration().getLast().seconds() - modelSeconds()),
          1e-9);
    }
    assertEquals(
        run(processes(4), 1, "zero3").memory(),
        run(rounded, Precision.ROUNDED, processes(4), 1, "zero3").memory());
  }

  private static double sent(SimulatedRun run, String part) {
    return run.step().parts().stream()
        .filter(found -> found.name().equals(part))
        .mapToDouble(found -> found.transfer().insideBytes())
        .sum();
  }

  /// Of writing M_t.
  private static double modelSeconds() {
    return 4.0 * MODEL.numParameters() / 1e9;
  }

  @Test
  void oneProcessTakesThePlansTimeDividedByTheUtilisation() {
    RunPlan plan = plan(costs(1));
    SimulatedRun half = run(processes(1), 0.5, "zero1");
    double checkpoints = half.iteration().getLast().seconds();
    assertEquals(
        2 * plan.iterationAmount().seconds(),
        half.iterationSeconds() - checkpoints,
        1e-9 * half.iterationSeconds());
    assertEquals(half.seconds() / 3600, half.processorHours(), 1e-12 * half.processorHours());
    assertEquals(
        2 * plan.totalAmount().seconds() + 4 * checkpoints, half.seconds(), 1e-9 * half.seconds());
  }

  @Test
  void processesShareSamplingAndPairsAndSendGradientsAndParameters() {
    SimulatedRun one = run(processes(1), 1, "zero1");
    SimulatedRun four = run(processes(4), 1, "zero1");
    assertEquals(
        one.iteration().getFirst().seconds() / 4, four.iteration().getFirst().seconds(), 1e-6);
    double computed = one.step().parts().getFirst().seconds();
    assertEquals(computed / 4, four.step().parts().getFirst().seconds(), 1e-9 * computed);
    double bytes = 2 * 4.0 * MODEL.numParameters() * 3 / 4;
    assertEquals(bytes, four.step().transfer().insideBytes(), 1);
    assertEquals(4 * four.seconds() / 3600, four.processorHours(), 1e-9);
    assertEquals(16, run(processes(32), 1, "zero1").busyProcessors());
  }

  @Test
  void checkpointsAreWrittenByAllHosts() {
    Network network = Network.given(80, 0);
    Cluster hosts = new Cluster(CPU, 2, 1, network, network, Route.DIRECT);
    SimulatedRun.Stage written = run(hosts, 1, "zero1").iteration().getLast();
    assertEquals(20, written.items()); // every 500 of 5,000 steps, twice
    double bytes = 4.0 * MODEL.numParameters() * (20 * 3 + 1);
    assertEquals(bytes / 2e9, written.seconds(), 1e-9);
  }

  @Test
  void aSliceHasItsShareOfHeads() {
    SimulatedRun slices = run(processes(6), 1, "tp3+zero1");
    long whole = run(processes(6), 1, "zero1").memory().get(Purpose.WEIGHTS);
    long table = 4L * MODEL.vocabSize() * MODEL.embedDim(); // not divided
    long weights = slices.memory().get(Purpose.WEIGHTS);
    assertEquals(table + (whole - table) / 3.0, (double) weights, 1e-3 * whole);
    assertEquals(3, slices.samplingRanks());
    String message =
        assertThrows(IllegalArgumentException.class, () -> run(processes(4), 1, "tp4+zero1"))
            .getMessage();
    assertTrue(message.contains("num_key_value_heads 3"), message);
  }

  @Test
  void whatDoesNotFitSaysSo() {
    Network network = Network.given(80, 0);
    Cluster small =
        new Cluster(CPU.withMemory(1_000_000_000), 2, 2, network, network, Route.DIRECT);
    assertFalse(run(small, 1, "zero1").fits());
    assertTrue(run(processes(2), 1, "zero1").fits());
  }
}
