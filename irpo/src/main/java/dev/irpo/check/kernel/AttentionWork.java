package dev.irpo.check.kernel;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// [dev.irpo.tensor.kernel.AttentionKernels], see [KernelCase].
final class AttentionWork {
  /// Within a prompt and beyond it, and within the context of a decode step.
  private static final int WINDOW = 24;

  static final KernelWork PACKED_ATTENTION = new Packed(0);
  static final KernelWork PACKED_ATTENTION_GRADIENT = new Gradient(0);
  static final KernelWork CACHED_ATTENTION = new Cached(0);
  static final KernelWork WINDOWED_PACKED_ATTENTION = new Packed(WINDOW);
  static final KernelWork WINDOWED_PACKED_ATTENTION_GRADIENT = new Gradient(WINDOW);
  static final KernelWork WINDOWED_CACHED_ATTENTION = new Cached(WINDOW);

  private AttentionWork() {}

  private static final class Packed extends KernelWork {
    private final int window;

    Packed(int window) {
      this.window = window;
    }

    @Override
    Arguments arguments(KernelSizes s) {
      return packed(s);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> attend(packedSizes(s, window), k, a);
    }

    @Override
    public double flops(KernelSizes s) {
      return 4.0 * Fills.pairsOfRows(s.rows(), window) * s.numHeads() * s.headDim();
    }
  }

  private static final class Gradient extends KernelWork {
    private final int window;

    Gradient(int window) {
      this.window = window;
    }

    @Override
    Arguments arguments(KernelSizes s) {
      return packed(s)
          .normal("dOut", heads(s))
          .result("dQ", heads(s))
          .result("dK", keyHeads(s))
          .result("dV", keyHeads(s));
    }

    @Override
    Optional<Call> preparation(KernelSizes s) {
      return Optional.of((k, a) -> attend(packedSizes(s, window), k, a));
    }

    @Override
    double preparationFlops(KernelSizes s) {
      return new Packed(window).flops(s);
    }

    @Override
    Call call(KernelSizes s) {
      AttentionSizes sizes = packedSizes(s, window);
      return (k, a) ->
          k.attention()
              .packedAttentionGradient(
                  a.get("dQ"),
                  a.get("dK"),
                  a.get("dV"),
                  a.get("dOut"),
                  a.get("out"),
                  a.get("logSumExp"),
                  a.get("q"),
                  a.get("k"),
                  a.get("v"),
                  a.get("segments"),
                  sizes);
    }

    @Override
    public double flops(KernelSizes s) {
      return 10.0 * Fills.pairsOfRows(s.rows(), window) * s.numHeads() * s.headDim();
    }
  }

  private static final class Cached extends KernelWork {
    private final int window;

    Cached(int window) {
      this.window = window;
    }

    @Override
    Arguments arguments(KernelSizes s) {
      int before = s.slots() * KernelSizes.CONTEXT;
      long row = (long) s.numHeads() * s.headDim();
      long keyRow = (long) s.numKvHeads() * s.headDim();
      long cache = cache(s);
      int columns = AttentionKernels.CACHE_COLUMNS;
      return new Arguments()
          .result("out", s.slots() * row)
          .result(KEY_CACHE, cache)
          .result(VALUE_CACHE, cache)
          .normal("q", s.slots() * row)
          .normal("k", s.slots() * keyRow)
          .normal("v", s.slots() * keyRow)
          .ints("table", (long) s.slots() * columns, () -> Fills.lastPlaces(s.slots(), BLOCKS))
          .result("outBefore", before * row)
          .normal("rowsBefore", before * row)
          .normal("keysBefore", before * keyRow)
          .normal("valuesBefore", before * keyRow)
          .ints(
              "tableBefore", (long) before * columns, () -> Fills.placesBefore(s.slots(), BLOCKS));
    }

    @Override
    Optional<Call> preparation(KernelSizes s) {
      AttentionSizes sizes = sizes(s, s.slots() * KernelSizes.CONTEXT, window);
      return Optional.of((k, a) ->
          k.attention()
              .cachedAttention(
                  a.get("outBefore"),
                  a.get(KEY_CACHE),
                  a.get(VALUE_CACHE),
                  a.get("rowsBefore"),
                  a.get("keysBefore"),
                  a.get("valuesBefore"),
                  a.get("tableBefore"),
                  sizes));
    }

    @Override
    Call call(KernelSizes s) {
      AttentionSizes sizes = sizes(s, s.slots(), window);
      return (k, a) ->
          k.attention()
              .cachedAttention(
                  a.get("out"),
                  a.get(KEY_CACHE),
                  a.get(VALUE_CACHE),
                  a.get("q"),
                  a.get("k"),
                  a.get("v"),
                  a.get("table"),
                  sizes);
    }

    /// Keys of the context that a query meets.
    private int keysBefore() {
      return window == 0 ? KernelSizes.CONTEXT : Math.min(KernelSizes.CONTEXT, window - 1);
    }

    // each of the places before meets at most those before it
    @Override
    double preparationFlops(KernelSizes s) {
      return flops(s) * KernelSizes.CONTEXT / (window == 0 ? 2 : 1);
    }

    @Override
    public double flops(KernelSizes s) {
      return 4.0 * s.slots() * (keysBefore() + 1) * s.numHeads() * s.headDim();
    }

    // keys and values that are met, beside the new rows
    @Override
    public double bytes(KernelSizes s) {
      double row = 4.0 * s.numHeads() * s.headDim();
      double keyRow = 4.0 * s.numKvHeads() * s.headDim();
      return s.slots() * (keyRow * 2 * (keysBefore() + 2) + 2 * row);
    }

    // the order of elements in a cache is the backend's own
    @Override
    List<Parity.Difference> differences(
        Map<String, Buffer> expected, Map<String, Buffer> actual, double tolerance) {
      return super.differences(without(expected), actual, tolerance);
    }

    private static Map<String, Buffer> without(Map<String, Buffer> results) {
      Map<String, Buffer> some = new LinkedHashMap<>(results);
      some.remove(KEY_CACHE);
      some.remove(VALUE_CACHE);
      return some;
    }
  }
}
