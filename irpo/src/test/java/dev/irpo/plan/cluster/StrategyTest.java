package dev.irpo.plan.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.plan.Purpose;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class StrategyTest {
  private static final double GB = 1e9;

  /// Llama-2-70B: its parameters, 80 layers of width 8,192.
  private static final long PARAMETERS = 68_976_648_192L;

  /// An eighth of it, the vocabulary divided too.
  private static final Slice EIGHTH = slice(PARAMETERS / 8);

  private static Slice slice(long parameters) {
    return new Slice(parameters, parameters, 0, parameters / 80, 80, 8192);
  }

  private static Strategy strategy(String name) {
    return Strategy.find(name, Precision.BF16, Overlap.LAYERS).orElseThrow();
  }

  private static Cluster h100(int size) {
    return new Cluster(
        Processor.find("h100").orElseThrow(),
        size,
        8,
        Network.find("nvlink4").orElseThrow(),
        Network.find("ib400").orElseThrow(),
        Route.RING);
  }

  private static double gigabytes(String name, Slice slice, int size) {
    return SimulatedRun.total(strategy(name).memory(slice, h100(size))) / GB;
  }

  /// Rajbhandari et al. 2020, figure 1: 7.5 billion parameters on 64 GPUs.
  @Test
  void memoryIsThatOfTheZeroPaper() {
    Slice slice = new Slice(7_500_000_000L, 7_500_000_000L, 0, 0, 80, 8192);
    assertEquals(31.4, gigabytes("zero1", slice, 64), 0.05);
    assertEquals(16.6, gigabytes("zero2", slice, 64), 0.05);
    assertEquals(1.9, gigabytes("zero3", slice, 64), 0.05);
    assertEquals(120, gigabytes("zero1", slice, 1), 1e-9);
    Slice buckets = new Slice(7_500_000_000L, 7_500_000_000L, 0, 100_000_000, 80, 8192);
    double two = 2 * 2 * 0.1;
    assertEquals(16.6 + two, gigabytes("zero2", buckets, 64), 0.05);
    assertEquals(1.9 + 2 * two, gigabytes("zero3", buckets, 64), 0.05);
  }

  @Test
  void tensorParallelSeventyBillionOn64GpusTake47GigabytesAndZero1AloneDoesNotFit() {
    SequencedMap<Purpose, Long> bytes = strategy("tp8+zero1").memory(EIGHTH, h100(64));
    assertEquals(17.24, bytes.get(Purpose.WEIGHTS) / GB, 0.01);
    assertEquals(17.24, bytes.get(Purpose.GRADIENTS) / GB, 0.01);
    assertEquals(12.93, bytes.get(Purpose.OPTIMIZER) / GB, 0.01); // 12 bytes, 8 ranks
    assertEquals(47.4, gigabytes("tp8+zero1", EIGHTH, 64), 0.05);
    assertEquals(288.8, gigabytes("zero1", slice(PARAMETERS), 64), 0.05);
  }

  @Test
  void theySend30GigabytesAStepIn600Milliseconds() {
    SimulatedStep step = step("tp8+zero1", EIGHTH, 64, new StepWork(0, 1, 2, 0, 1, 0, 0));
    assertEquals(30.2, step.transfer().betweenBytes() / GB, 0.05);
    assertEquals(0, step.transfer().insideBytes());
    double sending =
        step.parts().stream()
            .filter(part -> part.transfer().betweenBytes() > 0)
            .mapToDouble(SimulatedStep.Part::seconds)
            .sum();
    // two times 15.1 GB at 50 GB/s, 15.1 GB added in three passes at 3,350, 2 · 82 · 7 messages
    assertEquals(2 * 0.3018 + 0.0135 + 0.0031, sending, 0.001);
  }

  @Test
  void aLongStepHidesAllButABucketOfEach() {
    SimulatedStep step = step("tp8+zero1", EIGHTH, 64, new StepWork(0, 100, 200, 0, 1, 0, 0));
    double sending = step.parts().stream().mapToDouble(SimulatedStep.Part::seconds).sum() - 300;
    assertEquals(300 + sending / 82, step.seconds(), 1e-9);
  }

  private static SimulatedStep step(String name, Slice slice, int size, StepWork work) {
    return SimulatedStep.of(strategy(name), h100(size), slice, work);
  }

  @Test
  void whatIsBuiltHidesTheGradientsOfStage2Alone() {
    StepWork work = new StepWork(0, 100, 200, 0, 1, 0, 0);
    for (Zero zero : List.of(Zero.ZERO1, Zero.ZERO2)) {
      Strategy built = new Strategy(zero, 1, Precision.F32, Overlap.AS_BUILT);
      List<SimulatedStep.Part> parts =
          SimulatedStep.of(built, h100(64), slice(PARAMETERS), work).parts();
      for (SimulatedStep.Part part : parts) {
        boolean hides = zero == Zero.ZERO2 && part.name().equals("sums of gradients");
        assertEquals(hides, part.hiddenSeconds() > 0, zero + " " + part.name());
      }
    }
  }

  @Test
  void stagesTwoAndThreeSendAfterEveryMicroBatch() {
    StepWork work = new StepWork(0, 3, 6, 0, 3, 0, 0);
    Slice slice = slice(PARAMETERS);
    double once = PARAMETERS * 2 * 63 / 64.0; // of parameters, or of gradients
    assertEquals(2 * once, step("zero1", slice, 64, work).transfer().insideBytes(), 1);
    assertEquals(4 * once, step("zero2", slice, 64, work).transfer().insideBytes(), 1);
    assertEquals(9 * once, step("zero3", slice, 64, work).transfer().insideBytes(), 1);
  }

  @Test
  void slicesSumTheResidualStreamAndNothingHidesThat() {
    int rows = 1000;
    StepWork work = new StepWork(0, 1, 2, 0, 1, rows, 5);
    Transfer with = step("tp8+zero1", EIGHTH, 64, work).transfer();
    double each = rows * 8192 * 2 * 2 * 7 / 8.0;
    assertEquals(5 * 80 * each, with.insideBytes(), 1);
    SimulatedStep.Part sums =
        step("tp8+zero1", EIGHTH, 64, work).parts().stream()
            .filter(part -> part.name().equals("sums of activations"))
            .findFirst()
            .orElseThrow();
    assertEquals(0, sums.hiddenSeconds());
    assertTrue(sums.seconds() > 5 * 80 * each / (450 * GB));
  }

  @Test
  void oneRankSendsNothing() {
    for (String name : List.of("zero1", "zero2", "zero3")) {
      SimulatedStep step = step(name, EIGHTH, 1, new StepWork(7, 1, 2, 0.5, 1, 10, 5));
      assertEquals(3.5, step.seconds(), 1e-12, name);
      assertEquals(0, step.transfer().insideBytes() + step.transfer().betweenBytes(), name);
      assertEquals(7, step.flops());
    }
  }

  @Test
  void namesAreReadAndWritten() {
    for (String name : List.of("zero1", "zero2", "zero3", "tp8+zero1", "tp2+zero3")) {
      assertEquals(name, strategy(name).name());
    }
    for (String other : List.of("", "zero4", "tp0+zero1", "tp8", "zero1+tp8")) {
      assertEquals(Optional.empty(), Strategy.find(other, Precision.F32, Overlap.NONE), other);
    }
    assertThrows(
        IllegalArgumentException.class, () -> strategy("tp3+zero1").requireDivides(h100(64)));
  }

  @Test
  void onlyWhatTheProgramDoesIsBuilt() {
    Network any = Network.given(80, 0);
    Processor process =
        new Processor("a process", Processor.Kind.PROCESS, 1e11, 1e11, 1e10, 1, "", "test");
    Cluster mpi = new Cluster(process, 4, 4, any, any, Route.DIRECT);
    for (String name : List.of("zero1", "zero2")) {
      Strategy today = Strategy.find(name, Precision.F32, Overlap.AS_BUILT).orElseThrow();
      assertEquals(List.of(), today.notBuilt(mpi));
    }
    assertEquals(5, strategy("tp8+zero3").notBuilt(h100(64)).size());
  }
}
