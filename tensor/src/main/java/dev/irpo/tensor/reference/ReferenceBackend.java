package dev.irpo.tensor.reference;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.program.CompiledProgram;
import dev.irpo.tensor.program.Precision;
import java.util.Map;

/// The executable definition of every operation: the formulas, one element at a time, in double
/// precision accumulators. Never optimised.
public final class ReferenceBackend implements Backend {
  private final Precision precision;
  private final Kernels kernels =
      new Kernels(
          new ReferenceMatrix(),
          new ReferenceRow(),
          new ReferenceAttention(),
          new ReferenceElementwise(),
          new ReferenceScore(),
          new ReferenceOptimizer());

  private ReferenceBackend(Precision precision) {
    this.precision = precision;
  }

  /// Values between operations in single precision, as on the other backends.
  public static ReferenceBackend inSinglePrecision() {
    return new ReferenceBackend(Precision.AS_DECLARED);
  }

  /// Everything in double precision, for central differences.
  public static ReferenceBackend inDoublePrecision() {
    return new ReferenceBackend(Precision.DOUBLE);
  }

  /// The kernels themselves, for tests of other backends.
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public String name() {
    return "reference";
  }

  /// Each row is computed on its own, but the log-probability of a token is one kernel for scorer
  /// and trainer, in double precision throughout, while the sampler's logits are stored between
  /// two.
  @Override
  public BackendTraits traits() {
    BackendTraits plain = BackendTraits.PLAIN;
    return new BackendTraits(
        plain.mappedWeights(),
        plain.roundsWeights(),
        plain.compilesSlowly(),
        /* isBatchInvariant= */ false,
        plain.runsOnHost(),
        plain.keepsHalfCaches());
  }

  @Override
  public Buffer allocate(long numElements) {
    return allocate(DType.F32, numElements);
  }

  @Override
  public Buffer allocate(DType type, long numElements) {
    return Buffer.allocate(precision.stored(type), numElements);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
    Workspace workspace = options.workspace().orElseGet(Workspace::new);
    return new CompiledProgram(graph, variables, kernels, precision, workspace);
  }

  @Override
  public void close() {}
}
