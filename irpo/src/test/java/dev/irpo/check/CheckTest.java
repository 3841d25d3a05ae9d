package dev.irpo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.check.kernel.KernelCase;
import dev.irpo.check.kernel.RoundedProduct;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class CheckTest {
  private static final int DEVICE_RATES = 3;
  private static final int STEPS = 2;
  private static final int KERNELS = KernelCase.values().length;

  /// What a check came to.
  private record Result(List<CheckRow> rows, List<PartReport> reports) {
    List<CheckRow> of(Part part) {
      return rows.stream().filter(row -> row.part() == part).toList();
    }

    List<String> failed() {
      return reports.stream()
          .flatMap(report -> report.failed().stream())
          .map(CheckRow::title)
          .toList();
    }
  }

  private static Result run(CheckTarget target, Set<Part> parts) throws IOException {
    List<CheckRow> rows = new ArrayList<>();
    List<PartReport> reports = new Check(target).run(parts, rows::add);
    return new Result(rows, reports);
  }

  private static void requireAllPass(Supplier<Backend> starter) throws IOException {
    Result result = run(SmallCheck.of(starter), EnumSet.allOf(Part.class));
    assertEquals(
        List.of(), result.reports().stream().flatMap(report -> report.failed().stream()).toList());
    assertEquals(List.of(Part.values()), result.reports().stream().map(PartReport::part).toList());
    assertEquals(KERNELS, result.of(Part.KERNELS).size());
    assertEquals(10, result.of(Part.GOLDEN).size());
    assertEquals(3, result.of(Part.SAMPLER).size());
    assertEquals(DEVICE_RATES + KERNELS + STEPS, result.of(Part.RATES).size());
    for (PartReport report : result.reports()) {
      assertTrue(report.obstacle().isEmpty());
      assertTrue(report.seconds() > 0);
      assertEquals(result.of(report.part()).size(), report.rows());
    }
    for (CheckRow row : result.of(Part.RATES)) {
      CheckRow.Timed timed = (CheckRow.Timed) row.outcome();
      assertTrue(timed.seconds() > 0, row.name());
      assertTrue(timed.bytes() > 0, row.name());
      assertEquals(row.name().startsWith("device"), Double.isNaN(timed.share()), row.name());
    }
  }

  @Test
  void everyPartPassesOnTheCpu() throws IOException {
    requireAllPass(() -> new CpuBackend(2));
  }

  @Test
  void everyPartPassesOnTheReference() throws IOException {
    requireAllPass(ReferenceBackend::inSinglePrecision);
  }

  @Test
  void onTheCpuSamplerScorerAndTrainerAgreeToTheBit() throws IOException {
    Result result = run(SmallCheck.of(() -> new CpuBackend(2)), EnumSet.of(Part.SAMPLER));
    for (CheckRow row : result.rows()) {
      CheckRow.Compared compared = (CheckRow.Compared) row.outcome();
      assertEquals(0, compared.bound());
      assertEquals(0, compared.difference(), compared.detail());
    }
  }

  private static Result brokenAfter(Consumer<Buffer> after) throws IOException {
    return run(SmallCheck.of(() -> AlteredBackend.after("rope", after)), EnumSet.of(Part.KERNELS));
  }

  @Test
  void aWrongResultIsFoundAndTheOtherKernelsAreComparedAllTheSame() throws IOException {
    Result result = brokenAfter(out -> out.set(7, out.get(7) + 0.5));
    assertEquals(List.of("kernels ROPE"), result.failed());
    assertEquals(KERNELS, result.rows().size());
    CheckRow row = result.reports().getFirst().failed().getFirst();
    CheckRow.Compared compared = (CheckRow.Compared) row.outcome();
    assertEquals(0.5, compared.difference(), 1e-5);
    assertTrue(compared.bound() < 1e-3);
    assertTrue(compared.detail().startsWith("out: entry 7 is "), compared.detail());
    assertTrue(row.sizes().startsWith("R 13, C 16,"), row.sizes());
  }

  @Test
  void aNanIsAnInfiniteDifference() throws IOException {
    Result result = brokenAfter(out -> out.set(0, Double.NaN));
    assertEquals(List.of("kernels ROPE"), result.failed());
    CheckRow row = result.reports().getFirst().failed().getFirst();
    assertEquals(Double.POSITIVE_INFINITY, ((CheckRow.Compared) row.outcome()).difference());
  }

  @Test
  void aKernelThatThrowsIsALineThatSaysWhy() throws IOException {
    Consumer<Buffer> exception =
        _ -> {
          throw new IllegalStateException("no such\ninstruction");
        };
    Consumer<Buffer> error =
        _ -> {
          throw new LinkageError();
        };
    Result thrown = brokenAfter(exception);
    assertEquals(List.of("kernels ROPE"), thrown.failed());
    assertEquals(KERNELS, thrown.rows().size());
    assertEquals(
        new CheckRow.Broken("IllegalStateException: no such instruction"),
        thrown.reports().getFirst().failed().getFirst().outcome());
    assertEquals(
        new CheckRow.Broken("LinkageError"),
        brokenAfter(error).reports().getFirst().failed().getFirst().outcome());
  }

  @Test
  void goldenValuesAndTheSamplerFindAKernelThatIsALittleWrong() throws IOException {
    // queries and keys are turned alike in all programs, but by another angle than the formula's
    Result result =
        run(
            SmallCheck.of(() -> AlteredBackend.after("rope", CheckTest::shrink)),
            EnumSet.of(Part.GOLDEN));
    assertTrue(result.failed().contains("golden loss of step 1"), result.failed()::toString);
    assertTrue(
        result.failed().contains("golden chosen log-probability 1"), result.failed()::toString);
  }

  private static void shrink(Buffer out) {
    for (long i = 0; i < out.numElements(); i++) {
      out.set(i, out.get(i) * 0.999);
    }
  }

  @Test
  void theSamplerIsFoundToDifferFromTheScorerWhereItsRowsDo() throws IOException {
    // the decode program alone has fewer than 20 rows of heads
    Consumer<Buffer> ofFewRows =
        out -> {
          if (out.numElements() <= 20 * 160) {
            shrink(out);
          }
        };
    Result result =
        run(SmallCheck.of(() -> AlteredBackend.after("rope", ofFewRows)), EnumSet.of(Part.SAMPLER));
    assertEquals(3, result.failed().size(), () -> result.rows().toString());
  }

  @Test
  void aBackendThatRoundsWeightsIsComparedWithARoundedProduct() throws IOException {
    Result right =
        run(SmallCheck.of(() -> AlteredBackend.rounding(true)), EnumSet.of(Part.KERNELS));
    assertEquals(List.of(), right.failed());
    assertEquals(KERNELS + 1, right.rows().size());
    Result wrong =
        run(SmallCheck.of(() -> AlteredBackend.rounding(false)), EnumSet.of(Part.KERNELS));
    assertEquals(List.of("kernels " + RoundedProduct.NAME), wrong.failed());
  }

  @Test
  void withoutARateOfTheDeviceTheOtherKernelsAreTimedWithoutShares() throws IOException {
    Consumer<Buffer> exception =
        _ -> {
          throw new IllegalStateException("no memory");
        };
    Result result =
        run(SmallCheck.of(() -> AlteredBackend.after("linear", exception)), EnumSet.of(Part.RATES));
    assertEquals(
        List.of(
            "rates device: product of many rows",
            "rates device: product of one row",
            "rates LINEAR",
            "rates decode step",
            "rates training step"),
        result.failed());
    assertEquals(DEVICE_RATES + KERNELS + STEPS, result.rows().size());
    for (CheckRow row : result.rows()) {
      if (row.outcome() instanceof CheckRow.Timed timed) {
        assertTrue(Double.isNaN(timed.share()), row.name());
      }
    }
  }

  @Test
  void aPartThatCannotRunSaysWhy() throws IOException {
    Result result =
        run(SmallCheck.roundingFactors(() -> new CpuBackend(1)), EnumSet.of(Part.GOLDEN));
    assertEquals(List.of(), result.rows());
    String obstacle = result.reports().getFirst().obstacle().orElseThrow();
    assertTrue(obstacle.contains("TF32"), obstacle);
    assertFalse(obstacle.contains("\n"));
  }
}
