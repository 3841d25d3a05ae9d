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
  static final KernelWork PACKED_ATTENTION =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return packed(s);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> attend(s, k, a);
        }

        @Override
        public double flops(KernelSizes s) {
          return 4.0 * Fills.pairsOfRows(s.rows()) * s.numHeads() * s.headDim();
        }
      };

  static final KernelWork PACKED_ATTENTION_GRADIENT =
      new KernelWork() {
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
          return Optional.of((k, a) -> attend(s, k, a));
        }

        @Override
        double preparationFlops(KernelSizes s) {
          return PACKED_ATTENTION.flops(s);
        }

        @Override
        Call call(KernelSizes s) {
          AttentionSizes sizes = packedSizes(s);
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
          return 10.0 * Fills.pairsOfRows(s.rows()) * s.numHeads() * s.headDim();
        }
      };

  static final KernelWork CACHED_ATTENTION =
      new KernelWork() {
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
                  "tableBefore",
                  (long) before * columns,
                  () -> Fills.placesBefore(s.slots(), BLOCKS));
        }

        @Override
        Optional<Call> preparation(KernelSizes s) {
          AttentionSizes sizes = sizes(s, s.slots() * KernelSizes.CONTEXT);
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
          AttentionSizes sizes = sizes(s, s.slots());
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

        // each of the places before meets those before it
        @Override
        double preparationFlops(KernelSizes s) {
          return flops(s) * KernelSizes.CONTEXT / 2;
        }

        @Override
        public double flops(KernelSizes s) {
          return 4.0 * s.slots() * (KernelSizes.CONTEXT + 1) * s.numHeads() * s.headDim();
        }

        // keys and values that are met, beside the new rows
        @Override
        public double bytes(KernelSizes s) {
          double row = 4.0 * s.numHeads() * s.headDim();
          double keyRow = 4.0 * s.numKvHeads() * s.headDim();
          return s.slots() * (keyRow * 2 * (KernelSizes.CONTEXT + 2) + 2 * row);
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
      };

  private AttentionWork() {}
}
