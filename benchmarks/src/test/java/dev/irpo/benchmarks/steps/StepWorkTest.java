package dev.irpo.benchmarks.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.MatrixKernels;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StepWorkTest {
  @ParameterizedTest
  @EnumSource(ProductWork.Form.class)
  void productsAreVerifiedAgainstSums(ProductWork.Form form) {
    try (CpuBackend backend = new CpuBackend(2)) {
      MatrixKernels kernels = backend.kernels().matrix();
      new ProductWork(33, 17, 40).verify(kernels, form, ones(33, 40), ones(17, 40), ones(33, 17));
    }
  }

  @Test
  void aProductThatIsNeverComputedIsFound() {
    MatrixKernels idle =
        new MatrixKernels() {
          @Override
          public void linear(Buffer out, Buffer x, Buffer weight, int rows, int n, int k) {}

          @Override
          public void linearSlice(
              Buffer out, Buffer x, Buffer weight, int rows, int n, int k, int first, int width) {}

          @Override
          public void linearInputGradient(Buffer dX, Buffer dOut, Buffer w, int r, int n, int k) {}

          @Override
          public void linearWeightGradient(Buffer dW, Buffer dOut, Buffer x, int r, int n, int k) {}
        };
    for (ProductWork.Form form : ProductWork.Form.values()) {
      assertThrows(
          IllegalStateException.class,
          () -> new ProductWork(8, 8, 8).verify(idle, form, ones(8, 8), ones(8, 8), ones(8, 8)),
          form.name());
    }
  }

  private static Buffer ones(int rows, int columns) {
    Buffer buffer = Buffer.allocate(DType.F32, (long) rows * columns);
    for (long i = 0; i < buffer.numElements(); i++) {
      buffer.set(i, 1 + (int) (i % 3));
    }
    return buffer;
  }

  @Test
  void aStepOfLTakesWhatItsLimitSays() {
    double flops = ModelSize.L.step().flops(ModelSize.L.config());
    assertEquals(1.9, 520e9 * ModelSize.L.step().pairs() / flops, 0.1);
  }

  @Test
  void medianAndSpreadAreThoseOfAllRuns() {
    Timing time = Timing.of(List.of(3.0, 1.0, 2.0, 10.0));
    assertEquals(new Timing(2.5, 1, 10, 4), time);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new Report(new PrintStream(bytes, true, StandardCharsets.UTF_8), 4e9)
        .rate("work", 5, "pairs/s", 1e9, time);
    String line = bytes.toString(StandardCharsets.UTF_8);
    assertTrue(
        line.matches("work +2\\.00 pairs/s +0\\.500 … 5\\.00 +4 +0\\.400 +10\\.0% .*\\R"), line);
  }
}
