package dev.irpo.transformer;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// Where each named tensor lies in one contiguous buffer.
///
/// Every tensor starts at a multiple of 16 elements (64 bytes in single precision); the gap before
/// the next is padding, always zero. Gradients and optimizer moments have the same layout, so an
/// optimizer step is one pass over flat memory and a shard is a range of elements.
///
/// @param slices in ascending order of offsets
/// @param numElements of the whole buffer, padding included
public record ParameterLayout(List<Slice> slices, long numElements) {
  private static final long ALIGNMENT = 16;

  /// One tensor's place.
  ///
  /// @param offset of its first element, in elements
  public record Slice(String name, Shape shape, long offset) {}

  /// Copies the list.
  public ParameterLayout {
    slices = List.copyOf(slices);
  }

  /// Lays tensors out in the order of the map.
  public static ParameterLayout of(SequencedMap<String, Shape> shapes) {
    List<Slice> slices = new ArrayList<>();
    long end = 0;
    for (Map.Entry<String, Shape> entry : shapes.entrySet()) {
      slices.add(new Slice(entry.getKey(), entry.getValue(), end));
      end += (entry.getValue().numElements() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return new ParameterLayout(slices, end);
  }

  /// Views of the parts of a flat buffer.
  ///
  /// @param prefix put before each name, for instance `gradient/`
  public SequencedMap<String, Buffer> slice(Buffer flat, String prefix) {
    SequencedMap<String, Buffer> parts = new LinkedHashMap<>();
    for (Slice slice : slices) {
      parts.put(prefix + slice.name(), flat.slice(slice.offset(), slice.shape().numElements()));
    }
    return parts;
  }
}
