package dev.irpo.tensor.op;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Kernels;
import java.util.List;
import java.util.Set;

/// Attention of new rows over a key-value cache, see
/// [dev.irpo.tensor.kernel.AttentionKernels#cachedAttention].
///
/// Both caches are in single precision, or in bfloat16 on backends that say so
/// ([dev.irpo.tensor.BackendTraits#keepsHalfCaches()]), which round what they store.
///
/// @param window how many keys a query meets at most, its own included; 0 for all before it
public record CachedAttention(int numHeads, int numKvHeads, int headDim, int window) implements Op {
  /// Attention to all keys before a query.
  public CachedAttention(int numHeads, int numKvHeads, int headDim) {
    this(numHeads, numKvHeads, headDim, 0);
  }

  /// Stores `k`, `v` (R, G·D) in the caches and attends with `q` (R, H·D): (R, H·D).
  ///
  /// @param table (R, 4) int32 cache table
  public Tensor of(Tensor keyCache, Tensor valueCache, Tensor q, Tensor k, Tensor v, Tensor table) {
    return q.graph().apply(this, keyCache, valueCache, q, k, v, table).output(0);
  }

  /// Shape of the key and of the value cache for a number of blocks of 32 positions.
  public Shape cacheShape(int blocks) {
    int rowWidth = AttentionKernels.cacheRowWidth(headDim);
    return Shape.of(blocks, numKvHeads, AttentionKernels.CACHE_BLOCK, rowWidth);
  }

  @Override
  public Set<DType> inputTypes(int index) {
    if (index < 2) {
      return DType.SINGLE_OR_KEPT;
    }
    return index == 5 ? DType.INDEX : DType.SINGLE;
  }

  @Override
  public List<Shape> outputShapes(List<Tensor> inputs) {
    Tensor cache = inputs.get(0);
    Tensor q = inputs.get(2);
    Shape keyShape = Shape.of(q.size(0), (long) numKvHeads * headDim);
    boolean fits =
        cache.shape().equals(cacheShape(cache.size(0)))
            && inputs.get(1).shape().equals(cache.shape())
            && inputs.get(1).dtype() == cache.dtype()
            && q.size(1) == numHeads * headDim
            && inputs.get(3).shape().equals(keyShape)
            && inputs.get(4).shape().equals(keyShape)
            && inputs.get(5).shape().equals(Shape.of(q.size(0), AttentionKernels.CACHE_COLUMNS));
    require(
        fits,
        "two caches of a type, (R, H·D) queries, (R, G·D) keys and values, an (R, 4) table",
        inputs);
    return List.of(q.shape());
  }

  @Override
  public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
    AttentionSizes sizes =
        new AttentionSizes(node.output(0).size(0), 0, numHeads, numKvHeads, headDim, window);
    Buffer result = out.get(0);
    Buffer keyCache = in.get(0);
    Buffer valueCache = in.get(1);
    Buffer q = in.get(2);
    Buffer k = in.get(3);
    Buffer v = in.get(4);
    Buffer table = in.get(5);
    return () ->
        kernels.attention().cachedAttention(result, keyCache, valueCache, q, k, v, table, sizes);
  }

  @Override
  public long flopsPerKey(Node node) {
    return 4L * node.output(0).shape().numElements();
  }

  @Override
  public double keysMet(double keysBefore) {
    return window == 0 ? keysBefore : Math.min(keysBefore, window);
  }

  /// Of the caches only the new rows.
  @Override
  public long leastBytes(Node node) {
    long keysAndValues = node.input(3).bytes() + node.input(4).bytes();
    return node.input(2).bytes()
        + keysAndValues
        + leastBytesPerKey(node)
        + node.input(5).bytes()
        + node.output(0).bytes();
  }

  @Override
  public long leastBytesPerKey(Node node) {
    long elements = node.input(3).shape().numElements() + node.input(4).shape().numElements();
    return node.input(0).dtype().bytes(elements);
  }

  @Override
  public boolean mutates(int index) {
    return index < 2;
  }
}
