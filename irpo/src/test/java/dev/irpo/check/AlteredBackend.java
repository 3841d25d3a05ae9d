package dev.irpo.check;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.MatrixKernels;
import dev.irpo.tensor.kernel.RowKernels;
import dev.irpo.tensor.program.CompiledProgram;
import dev.irpo.tensor.program.Precision;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/// The CPU with something else done after one kernel, or with weights rounded to bfloat16 where it
/// may.
public final class AlteredBackend implements Backend {
  private final CpuBackend cpu = new CpuBackend(2);
  private final Kernels kernels;
  private final boolean saysThatItRounds;
  private final boolean rounds;

  private AlteredBackend(
      String kernel, Consumer<Buffer> after, boolean saysThatItRounds, boolean rounds) {
    Kernels right = cpu.kernels();
    kernels =
        new Kernels(
            altered(MatrixKernels.class, right.matrix(), kernel, after),
            altered(RowKernels.class, right.row(), kernel, after),
            right.attention(),
            right.elementwise(),
            right.score(),
            right.optimizer());
    this.saysThatItRounds = saysThatItRounds;
    this.rounds = rounds;
  }

  /// With a kernel of [RowKernels] or [MatrixKernels] whose result is changed.
  ///
  /// @param after gets the first argument of each call after it
  public static AlteredBackend after(String kernel, Consumer<Buffer> after) {
    return new AlteredBackend(kernel, after, false, false);
  }

  /// That says that it rounds weights.
  static AlteredBackend rounding(boolean rounds) {
    return new AlteredBackend("", _ -> {}, true, rounds);
  }

  private static <T> T altered(Class<T> family, T right, String kernel, Consumer<Buffer> after) {
    return family.cast(
        Proxy.newProxyInstance(
            family.getClassLoader(),
            new Class<?>[] {family},
            (proxy, method, arguments) -> {
              Object result;
              try {
                result = method.invoke(right, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (method.getName().equals(kernel)) {
                after.accept((Buffer) arguments[0]);
              }
              return result;
            }));
  }

  @Override
  public String name() {
    return "altered";
  }

  @Override
  public BackendTraits traits() {
    BackendTraits plain = BackendTraits.PLAIN;
    return new BackendTraits(
        plain.mappedWeights(),
        saysThatItRounds,
        plain.compilesSlowly(),
        plain.isBatchInvariant(),
        plain.runsOnHost(),
        plain.keepsHalfCaches());
  }

  @Override
  public Buffer allocate(long numElements) {
    return cpu.allocate(numElements);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
    Map<String, Buffer> read = new HashMap<>(variables);
    if (rounds && options.roundsWeights()) {
      read.replaceAll((_, buffer) -> rounded(buffer));
    }
    Workspace workspace = options.workspace().orElseGet(Workspace::new);
    return new CompiledProgram(graph, read, kernels, Precision.AS_DECLARED, workspace);
  }

  private static Buffer rounded(Buffer buffer) {
    Buffer copy = Buffer.allocate(buffer.dtype(), buffer.numElements());
    for (long i = 0; i < copy.numElements(); i++) {
      copy.set(i, HalfPrecision.rounded(DType.BF16, (float) buffer.get(i)));
    }
    return copy;
  }

  @Override
  public void close() {
    cpu.close();
  }
}
