package dev.irpo.transformer;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.ToIntFunction;

/// Where each named tensor lies in one contiguous buffer.
///
/// Every tensor starts at a multiple of 16 elements (64 bytes in single precision); the gap before
/// the next is padding, always zero. Gradients and optimizer moments have the layout of the tensors
/// that are trained, so an optimizer step is a pass over flat memory for each stretch of tensors
/// that follow each other (one, where all are trained) and a shard is a range of elements.
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

  /// A stretch of tensors of one kind that follow each other in two layouts.
  ///
  /// @param offset of its first element here
  /// @param offsetInWhole of the same element there
  /// @param kind of the tensors
  public record Stretch(long offset, long offsetInWhole, long numElements, int kind) {}

  /// The stretches of this layout, which has some tensors of a whole one in the same order: as few
  /// as possible, padding included. All tensors are of kind 0.
  public List<Stretch> stretchesOf(ParameterLayout whole) {
    return stretchesOf(whole, _ -> 0);
  }

  /// The same for tensors of several kinds.
  ///
  /// @param kind of the tensor of a name
  /// @throws IllegalArgumentException if the whole one lacks a tensor
  public List<Stretch> stretchesOf(ParameterLayout whole, ToIntFunction<String> kind) {
    List<Stretch> stretches = new ArrayList<>();
    Map<String, Slice> there = new HashMap<>();
    whole.slices.forEach(slice -> there.put(slice.name(), slice));
    for (int i = 0; i < slices.size(); i++) {
      long offset = slices.get(i).offset();
      long end = i + 1 < slices.size() ? slices.get(i + 1).offset() : numElements;
      long offsetInWhole = require(there, slices.get(i).name()).offset();
      int own = kind.applyAsInt(slices.get(i).name());
      Stretch last = stretches.isEmpty() ? new Stretch(0, -1, 0, own) : stretches.getLast();
      if (last.offsetInWhole() + last.numElements() == offsetInWhole && last.kind() == own) {
        stretches.removeLast();
        stretches.add(new Stretch(last.offset(), last.offsetInWhole(), end - last.offset(), own));
      } else {
        stretches.add(new Stretch(offset, offsetInWhole, end - offset, own));
      }
    }
    return stretches;
  }

  private static Slice require(Map<String, Slice> there, String name) {
    Slice slice = there.get(name);
    if (slice == null) {
      throw new IllegalArgumentException(
          "'%s' is not among the weights that may change".formatted(name));
    }
    return slice;
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
