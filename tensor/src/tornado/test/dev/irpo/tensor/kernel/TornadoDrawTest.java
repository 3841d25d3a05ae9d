package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What TornadoVM's default device draws from its own logits, against the CPU's draws from these.
@Tag("device")
class TornadoDrawTest {
  private static final int ROWS = 3;
  private static final int VOCAB = 1500;
  private static final int WIDTH = 16;

  /// What the weights of blocks in single precision move a border between two tokens by at most,
  /// relative to the weight of all: the argument of an exponential is rounded to 2⁻²⁴ of itself,
  /// which is at most 2⁻²⁴/e of the largest of the block, and its sum of 64 terms to 2⁻²⁴ a term.
  private static final double BORDER = 2 * (64 + 64 / Math.E) * 0x1p-24;

  /// Logits that the device computes.
  private static double[][] logits(Kernels device) {
    Buffer x = Buffer.allocate(DType.F32, ROWS * WIDTH);
    Buffer weight = Buffer.allocate(DType.F32, (long) VOCAB * WIDTH);
    for (long i = 0; i < x.numElements(); i++) {
      x.set(i, 3 * Samples.signed(41, i));
    }
    for (long i = 0; i < weight.numElements(); i++) {
      weight.set(i, Samples.signed(42, i));
    }
    Buffer out = Buffer.allocate(DType.F32, (long) ROWS * VOCAB);
    device.matrix().linear(out, x, weight, ROWS, VOCAB, WIDTH);
    double[][] rows = new double[ROWS][VOCAB];
    for (int r = 0; r < ROWS; r++) {
      int row = r;
      Arrays.setAll(rows[r], v -> out.get((long) row * VOCAB + v));
    }
    return rows;
  }

  /// The first draws take the least probable token that is kept.
  private static List<TokenDraw> draws(double temperature, int topK, double topP, int drawable) {
    List<TokenDraw> draws = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      double uniform = i < ROWS ? Math.nextDown(1.0) : (Samples.signed(43, i) + 1) / 2;
      draws.add(new TokenDraw(i % ROWS, temperature, topK, topP, drawable, uniform));
    }
    return draws;
  }

  /// How far the random number lies from the nearer border of a token, relative to all weight.
  private static double distance(double[] logits, TokenDraw draw, int token) {
    int drawable = Math.min(draw.drawable(), logits.length);
    double max = Arrays.stream(logits, 0, drawable).max().orElseThrow();
    double before = 0;
    double upTo = 0;
    double all = 0;
    for (int v = 0; v < drawable; v++) {
      all += Math.exp((logits[v] - max) / draw.temperature());
      before = v == token - 1 ? all : before;
      upTo = v == token ? all : upTo;
    }
    double target = draw.uniform() * all;
    return Math.min(Math.abs(target - before), Math.abs(target - upTo)) / all;
  }

  @ParameterizedTest
  @EnumSource(
      value = Form.class,
      names = {"PLAIN", "GROUPS"})
  void theDeviceDrawsWhatTheCpuDrawsFromTheSameLogits(Form form) {
    Kernels device = ImmediateKernels.onDevice(form);
    double[][] logits = logits(device);
    double[] temperatures = {1, 0.8, 0.8, 1.3, 0, 1.7, 0.05, 1.7};
    int[] topK = {0, 40, 0, 300, 0, 2000, 0, 2000};
    double[] topP = {1, 1, 0.9, 0.95, 1, 0.99, 0.999, 1};
    try (CpuBackend cpu = new CpuBackend(1)) {
      for (int c = 0; c < topK.length; c++) {
        List<TokenDraw> draws = draws(temperatures[c], topK[c], topP[c], Integer.MAX_VALUE);
        draws.addAll(draws(temperatures[c], topK[c], topP[c], 1234));
        DrawnRows expected = DrawnRows.of(cpu.kernels(), DType.F32, logits, draws);
        DrawnRows actual = DrawnRows.of(device, DType.F32, logits, draws);
        for (int i = 0; i < draws.size(); i++) {
          TokenDraw draw = draws.get(i);
          int token = actual.tokens()[i];
          if (draw.isCut() || distance(logits[draw.row()], draw, token) > BORDER) {
            assertEquals(expected.tokens()[i], token, "case " + c + ", " + draw);
            assertEquals(expected.logProbs()[i], actual.logProbs()[i], 1e-5);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Form.class,
      names = {"PLAIN", "GROUPS"})
  void damagedLogitsAreReported(Form form) {
    Kernels device = ImmediateKernels.onDevice(form);
    double[][] rows = new double[3][130];
    Arrays.fill(rows[0], 1);
    rows[0][100] = Double.NaN;
    Arrays.fill(rows[1], 1);
    rows[1][100] = Double.POSITIVE_INFINITY;
    Arrays.fill(rows[2], Double.NEGATIVE_INFINITY);
    List<TokenDraw> draws = new ArrayList<>();
    for (int i = 0; i < 2 * rows.length; i++) {
      int topK = i < rows.length ? 0 : 3;
      draws.add(new TokenDraw(i % rows.length, 1, topK, 1, Integer.MAX_VALUE, 0.5));
    }
    DrawnRows drawn = DrawnRows.of(device, DType.F32, rows, draws);
    for (int i = 0; i < draws.size(); i++) {
      assertFalse(Float.isFinite(drawn.logProbs()[i]), draws.get(i).toString());
    }
  }
}
