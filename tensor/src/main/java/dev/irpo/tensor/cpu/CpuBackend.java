package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.program.CompiledProgram;
import dev.irpo.tensor.program.Precision;
import java.util.List;
import java.util.Map;

/// The CPU through the Vector API and a fixed pool of threads.
///
/// Results are the same bits for any number of threads and any vector width: each element is one
/// chain of fused multiply-adds or one fixed tree, see [Tiles] and [Lanes].
public final class CpuBackend implements Backend {
  /// Most bytes that packed copies of weights take; these speed up products of few rows.
  public static final long MOST_PACKED_BYTES = 1L << 30;

  private static final BackendTraits TRAITS =
      new BackendTraits(
          /* mappedWeights= */ DType.WEIGHTS,
          /* roundsWeights= */ false,
          /* compilesSlowly= */ false,
          /* isBatchInvariant= */ true,
          /* runsOnHost= */ true,
          /* keepsHalfCaches= */ false);

  private final WorkerPool pool;
  private final PackedWeights packedWeights;
  private final Kernels kernels;

  /// A backend with its own threads.
  ///
  /// @param threads including the caller's
  public CpuBackend(int threads) {
    pool = new WorkerPool(threads);
    packedWeights = new PackedWeights(pool);
    CpuMatrix matrix = new CpuMatrix(pool, packedWeights);
    kernels =
        new Kernels(
            matrix,
            new CpuRow(pool),
            new CpuAttention(pool),
            new CpuElementwise(pool),
            new CpuScore(pool, matrix),
            new CpuOptimizer(pool));
  }

  /// Bytes of the packed copies of weights that are kept now.
  long keptBytes() {
    return packedWeights.keptBytes();
  }

  /// The kernels themselves, for tests and benchmarks.
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Buffer allocate(long numElements) {
    return Buffer.allocate(DType.F32, numElements);
  }

  @Override
  public BackendTraits traits() {
    return TRAITS;
  }

  /// Packed copies of weights, see [#MOST_PACKED_BYTES].
  @Override
  public long extraBytes(List<Compilation> compilations) {
    return PackedWeights.bytesOf(compilations);
  }

  /// Rows of the head that its kernels compute at a time.
  public static int headRows(int vocabSize) {
    return CpuScore.blockRows(vocabSize);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
    Workspace workspace = options.workspace().orElseGet(Workspace::new);
    return new CompiledProgram(graph, variables, kernels, Precision.AS_DECLARED, workspace);
  }

  @Override
  public void close() {
    pool.close();
  }
}
