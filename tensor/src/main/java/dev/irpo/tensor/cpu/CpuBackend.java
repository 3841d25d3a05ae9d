package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.program.CompiledProgram;
import java.util.Map;

/// The CPU through the Vector API and a fixed pool of threads.
///
/// Results are the same bits for any number of threads and any vector width: each element is one
/// chain of fused multiply-adds or one fixed tree, see [Tiles] and [Lanes].
public final class CpuBackend implements Backend {
  /// Bytes at most that packed copies of weights take, which speed up products of few rows.
  public static final long MOST_PACKED_BYTES = 1L << 30;

  private final WorkerPool pool;
  private final Kernels kernels;

  /// A backend with its own threads.
  ///
  /// @param threads including the caller's
  public CpuBackend(int threads) {
    pool = new WorkerPool(threads);
    CpuMatrix matrix = new CpuMatrix(pool, new PackedWeights(pool));
    kernels =
        new Kernels(
            matrix,
            new CpuRow(pool),
            new CpuAttention(pool),
            new CpuElementwise(pool),
            new CpuScore(pool, matrix),
            new CpuOptimizer(pool));
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
  public boolean readsNarrow() {
    return true;
  }

  /// Rows of the head that its kernels compute at a time.
  public static int headRows(int vocabSize) {
    return CpuScore.blockRows(vocabSize);
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables) {
    return compile(graph, variables, new Workspace());
  }

  @Override
  public Program compile(Graph graph, Map<String, Buffer> variables, Workspace workspace) {
    return new CompiledProgram(graph, variables, kernels, DType.F32, workspace);
  }

  @Override
  public void close() {
    pool.close();
  }
}
