package dev.irpo.tensor.kernel;

import static dev.irpo.tensor.kernel.KernelTensor.UNIT;
import static dev.irpo.tensor.kernel.KernelTensor.ints;
import static dev.irpo.tensor.kernel.KernelTensor.output;
import static dev.irpo.tensor.kernel.KernelTensor.signed;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.op.CachedAttention;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Cases of [AttentionKernels]: groups of 1, 2 and 4 query heads, head widths that are and are not
/// multiples of the vector width, sequences with and without a parent; windows of one key, beside
/// the widths of vectors, panels and blocks, beyond a parent, and as wide as a sequence.
final class AttentionCases {
  /// Rows 6 and 49 on are covered by no segment; lengths of 1 and beyond one block of queries.
  private static final Layout SEPARATE =
      new Layout("separate", 52, List.of(0, 5, -1, 5, 1, -1, 7, 33, -1, 0, 0, -1, 40, 9, -1));

  private static final Layout WITH_PARENTS =
      new Layout(
          "parents", 90, List.of(0, 40, -1, 40, 7, 0, 47, 35, 0, 82, 1, -1, 83, 3, 3, 0, 0, -1));

  private static final Layout LONG =
      new Layout("long", 323, List.of(0, 270, -1, 270, 20, 0, 290, 33, 0));

  private static final int[] WINDOWS = {
    1, 2, 7, 15, 16, 17, 31, 32, 33, 41, 47, 64, 74, 75, 85, 1000
  };

  private record Layout(String name, int rows, List<Integer> table) {}

  private AttentionCases() {}

  static Stream<KernelCase> all() {
    List<KernelCase> cases = new ArrayList<>();
    for (int headDim : new int[] {8, 16, 32, 64, 80}) {
      for (int group : new int[] {1, 2, 4}) {
        cases.add(packed(SEPARATE, 2 * group, 2, headDim));
        cases.add(packed(WITH_PARENTS, group, 1, headDim));
        cases.add(cached(2 * group, 2, headDim, 45, 40));
      }
    }
    cases.add(packed(LONG, 2, 1, 16));
    cases.add(packed(LONG, 1, 1, 80));
    cases.add(cached(2, 1, 16, 270, 35));
    cases.add(cached(4, 4, 7, 64, 33));
    for (int window : WINDOWS) {
      cases.add(packed(WITH_PARENTS, 2, 1, 20, window));
      cases.add(cached(2, 1, 20, 45, 40, window));
    }
    for (int window : new int[] {3, 40, 100, 289}) {
      cases.add(packed(LONG, 2, 1, 16, window));
      cases.add(cached(4, 2, 16, 270, 35, window));
    }
    cases.add(packed(SEPARATE, 4, 2, 80, 9));
    return cases.stream();
  }

  /// Error of a probability relative to itself: scores are sums of D products of which each is 1/4
  /// large in the mean, the normaliser a sum of n exponentials.
  private static double probabilityError(AttentionSizes sizes, int numKeys) {
    return (2 * sizes.headDim() + 4 * Math.sqrt(numKeys) + 8) * UNIT;
  }

  private static int longestSequence(Layout layout) {
    int longest = 0;
    for (int s = 0; s < layout.table.size(); s += AttentionKernels.SEGMENT_COLUMNS) {
      int parent = layout.table.get(s + 2);
      int prefix = parent < 0 ? 0 : layout.table.get(parent * AttentionKernels.SEGMENT_COLUMNS + 1);
      longest = Math.max(longest, prefix + layout.table.get(s + 1));
    }
    return longest;
  }

  private static KernelCase packed(Layout layout, int numHeads, int numKvHeads, int headDim) {
    return packed(layout, numHeads, numKvHeads, headDim, 0);
  }

  private static KernelCase packed(
      Layout layout, int numHeads, int numKvHeads, int headDim, int window) {
    int numSegments = layout.table.size() / AttentionKernels.SEGMENT_COLUMNS;
    AttentionSizes sizes =
        new AttentionSizes(layout.rows, numSegments, numHeads, numKvHeads, headDim, window);
    long queryElements = (long) layout.rows * numHeads * headDim;
    long keyElements = (long) layout.rows * numKvHeads * headDim;
    KernelTensor out = output("out", queryElements);
    KernelTensor logSumExp = output("logSumExp", (long) layout.rows * numHeads);
    KernelTensor dQ = output("dQ", queryElements);
    KernelTensor dK = output("dK", keyElements);
    KernelTensor dV = output("dV", keyElements);
    KernelTensor dOut = signed("dOut", 11, queryElements);
    KernelTensor q = signed("q", 12, queryElements);
    KernelTensor k = signed("k", 13, keyElements);
    KernelTensor v = signed("v", 14, keyElements);
    KernelTensor table = ints("segments", layout.table.size(), layout.table::get);
    int keys = longestSequence(layout);
    double relative = probabilityError(sizes, keys) + 4 * Math.sqrt(keys) * UNIT;
    double scoreGradient = (relative * headDim / 2 + 2 * Math.pow(headDim, 1.5) * UNIT);
    double queriesPerKey = 3 * sizes.groupSize() * (1 + Math.log(keys));
    return new KernelCase(
            "packedAttention " + layout.name + " " + sizes,
            (kernels, side) -> {
              kernels
                  .attention()
                  .packedAttention(
                      side.apply(out),
                      side.apply(logSumExp),
                      side.apply(q),
                      side.apply(k),
                      side.apply(v),
                      side.apply(table),
                      sizes);
              kernels
                  .attention()
                  .packedAttentionGradient(
                      side.apply(dQ),
                      side.apply(dK),
                      side.apply(dV),
                      side.apply(dOut),
                      side.apply(out),
                      side.apply(logSumExp),
                      side.apply(q),
                      side.apply(k),
                      side.apply(v),
                      side.apply(table),
                      sizes);
            },
            dOut,
            q,
            k,
            v,
            table)
        .within(out, i -> relative)
        .within(logSumExp, i -> relative + 8 * UNIT * Math.log(keys))
        .within(dQ, i -> scoreGradient / Math.sqrt(headDim))
        .within(dK, i -> scoreGradient / Math.sqrt(headDim) * queriesPerKey)
        .within(dV, i -> relative * queriesPerKey);
  }

  /// With caches in bfloat16, of keys and values that are numbers of that type.
  static Stream<KernelCase> halfCaches() {
    return Stream.of(
        cached(new AttentionSizes(0, 0, 2, 1, 16), DType.BF16, 270, 35),
        cached(new AttentionSizes(0, 0, 8, 2, 20), DType.BF16, 45, 40),
        cached(new AttentionSizes(0, 0, 4, 4, 7), DType.BF16, 64, 33),
        cached(new AttentionSizes(0, 0, 2, 2, 33), DType.BF16, 0, 5),
        cached(new AttentionSizes(0, 0, 1, 1, 128), DType.BF16, 33, 70),
        cached(new AttentionSizes(0, 0, 4, 2, 16, 40), DType.BF16, 270, 35));
  }

  /// A prefix, two sequences that share it, one without it and a skipped row, stored and attended
  /// to in one call.
  private static KernelCase cached(
      int numHeads, int numKvHeads, int headDim, int prefix, int longest) {
    return cached(numHeads, numKvHeads, headDim, prefix, longest, 0);
  }

  private static KernelCase cached(
      int numHeads, int numKvHeads, int headDim, int prefix, int longest, int window) {
    return cached(
        new AttentionSizes(0, 0, numHeads, numKvHeads, headDim, window),
        DType.F32,
        prefix,
        longest);
  }

  /// @param shape sizes of heads and window
  private static KernelCase cached(AttentionSizes shape, DType type, int prefix, int longest) {
    int numHeads = shape.numHeads();
    int numKvHeads = shape.numKvHeads();
    int headDim = shape.headDim();
    int prefixBlocks = AttentionKernels.cacheBlocks(prefix);
    int ownBlocks = AttentionKernels.cacheBlocks(longest);
    List<Integer> table = new ArrayList<>();
    addSequence(table, prefix, 1, 0, 0);
    addSequence(table, longest, 1 + prefixBlocks, 1, prefix);
    addSequence(table, 1, -1, 0, 0);
    addSequence(table, 3, 1 + prefixBlocks + ownBlocks, 1, prefix);
    addSequence(table, 2, 0, 0, 0);
    int blocks = 2 + prefixBlocks + ownBlocks;
    int rows = table.size() / AttentionKernels.CACHE_COLUMNS;
    AttentionSizes sizes =
        new AttentionSizes(rows, 0, numHeads, numKvHeads, headDim, shape.window());
    long queryElements = (long) rows * numHeads * headDim;
    long keyElements = (long) rows * numKvHeads * headDim;
    long cacheElements =
        new CachedAttention(numHeads, numKvHeads, headDim).cacheShape(blocks).numElements();
    KernelTensor out = output("out", queryElements);
    KernelTensor keyCache = cache("keyCache", type, cacheElements);
    KernelTensor valueCache = cache("valueCache", type, cacheElements);
    KernelTensor q = signed("q", 15, queryElements);
    KernelTensor k = stored("k", type, 16, keyElements);
    KernelTensor v = stored("v", type, 17, keyElements);
    KernelTensor rowTable = ints("table", table.size(), table::get);
    int keys = prefix + longest;
    double tolerance = probabilityError(sizes, keys) + 4 * Math.sqrt(keys) * UNIT;
    return new KernelCase(
            "cachedAttention in " + type + " prefix " + prefix + " " + sizes,
            (kernels, side) ->
                kernels
                    .attention()
                    .cachedAttention(
                        side.apply(out),
                        side.apply(keyCache),
                        side.apply(valueCache),
                        side.apply(q),
                        side.apply(k),
                        side.apply(v),
                        side.apply(rowTable),
                        sizes),
            q,
            k,
            v,
            rowTable,
            keyCache,
            valueCache)
        .within(out, i -> tolerance);
  }

  private static KernelTensor cache(String name, DType type, long n) {
    return type == DType.BF16 ? KernelTensor.halfOutput(name, n) : output(name, n);
  }

  /// In single precision, numbers that the cache has exactly.
  private static KernelTensor stored(String name, DType type, long seed, long n) {
    return type == DType.BF16
        ? KernelTensor.of(name, n, i -> HalfPrecision.rounded(type, Samples.signed(seed, i)))
        : signed(name, seed, n);
  }

  private static void addSequence(
      List<Integer> table, int length, int firstBlock, int prefixBlock, int prefix) {
    for (int i = 0; i < length; i++) {
      table.addAll(List.of(firstBlock, i, prefixBlock, prefix));
    }
  }
}
