package dev.irpo.transformer;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Small models for tests.
public final class TinyModel {
  private TinyModel() {}

  /// Two layers, grouped queries, 61 tokens, context 96.
  public static LlamaConfig config(boolean tiedHead) {
    return new LlamaConfig(61, 24, 40, 2, 4, 2, 6, 96, 10_000, 1e-5, tiedHead, 1, List.of(2));
  }

  /// Random weights, ten times larger than fresh ones so that predictions differ clearly.
  public static Parameters parameters(Backend backend, boolean tiedHead) {
    return parameters(backend, config(tiedHead));
  }

  /// The same of other sizes.
  public static Parameters parameters(Backend backend, LlamaConfig config) {
    Parameters parameters = Parameters.random(backend, config, 7);
    for (ParameterLayout.Slice slice : parameters.layout().slices()) {
      if (slice.shape().rank() == 2) {
        for (long i = 0; i < slice.shape().numElements(); i++) {
          long at = slice.offset() + i;
          parameters.flat().set(at, 10 * parameters.flat().get(at));
        }
      }
    }
    parameters.markChanged();
    return parameters;
  }

  /// Ordinary tokens (from 3 on) by a key.
  public static int[] tokens(long key, int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = 3 + (int) (CounterRandom.uniform(key, i) * 58);
    }
    return tokens;
  }

  /// The same model rounded to 16 bits, for reading where it lies.
  public static Parameters mapped(Backend backend, DType dtype) {
    Parameters wide = parameters(backend, false);
    return Parameters.map(backend, wide.config(), "tiny", stored(wide, dtype), Arena.ofAuto());
  }

  /// The tensors as a file has them.
  ///
  /// @param dtype F32, BF16 (which cuts digits off) or F16
  public static List<StoredTensor> stored(Parameters parameters, DType dtype) {
    List<StoredTensor> tensors = new ArrayList<>();
    for (ParameterLayout.Slice slice : parameters.layout().slices()) {
      float[] values = parameters.buffers().get(slice.name()).toFloatArray();
      MemorySegment data = Arena.ofAuto().allocate((long) dtype.bytes() * values.length, 64);
      for (int i = 0; i < values.length; i++) {
        switch (dtype) {
          case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
          case BF16 ->
              data.setAtIndex(
                  ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(values[i]) >>> 16));
          default -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
        }
      }
      tensors.add(new StoredTensor(slice.name(), dtype, slice.shape(), data));
    }
    return tensors;
  }
}
