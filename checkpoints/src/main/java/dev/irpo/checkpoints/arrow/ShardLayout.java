package dev.irpo.checkpoints.arrow;

import dev.irpo.checkpoints.files.Checksums;
import dev.irpo.checkpoints.model.NearestName;
import dev.irpo.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// How the parameters of a model lie in one flattened vector: end to end, in the order of the map.
public final class ShardLayout {
  private final SequencedMap<String, Shape> shapes;
  private final SequencedMap<String, Long> begins = new LinkedHashMap<>();
  private final long total;

  /// The layout of parameters with these names and shapes.
  public ShardLayout(SequencedMap<String, Shape> shapes) {
    this.shapes = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(shapes));
    long end = 0;
    for (var parameter : shapes.entrySet()) {
      begins.put(parameter.getKey(), end);
      end = Math.addExact(end, parameter.getValue().numElements());
    }
    this.total = end;
  }

  /// Names and shapes in their order.
  public SequencedMap<String, Shape> shapes() {
    return shapes;
  }

  /// Elements of all parameters together.
  public long total() {
    return total;
  }

  /// The first element of a parameter.
  ///
  /// @throws IllegalArgumentException if there is none of that name
  public long begin(String name) {
    Long begin = begins.get(name);
    if (begin == null) {
      throw new IllegalArgumentException(
          "there is no parameter '%s'; the closest is '%s'"
              .formatted(name, NearestName.of(name, begins.keySet()).orElse("none")));
    }
    return begin;
  }

  /// SHA-256 over names and shapes in their order: equal exactly for equal layouts.
  public String checksum() {
    StringBuilder text = new StringBuilder();
    shapes.forEach((name, shape) -> text.append(name).append(' ').append(shape).append('\n'));
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    return Checksums.sha256(MemorySegment.ofArray(bytes));
  }
}
