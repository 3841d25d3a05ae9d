package dev.irpo.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Sizes of a tensor's axes, outermost first; data is row-major and dense.
///
/// A scalar has no axes and one element.
public final class Shape {
  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /// The shape with these axis sizes.
  ///
  /// @throws IllegalArgumentException if a size is not positive
  public static Shape of(long... sizes) {
    for (long axisSize : sizes) {
      if (axisSize <= 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(sizes) + " has an axis that is not positive");
      }
    }
    return new Shape(sizes.clone());
  }

  /// Number of axes.
  public int rank() {
    return sizes.length;
  }

  /// Size of one axis; a negative axis counts from the end, so -1 is the innermost.
  public int size(int axis) {
    return Math.toIntExact(sizes[axis < 0 ? sizes.length + axis : axis]);
  }

  /// Number of elements, the product of all sizes.
  public long numElements() {
    long product = 1;
    for (long axisSize : sizes) {
      product = Math.multiplyExact(product, axisSize);
    }
    return product;
  }

  /// Axis sizes, outermost first.
  public long[] toArray() {
    return sizes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  /// As Python writes it: `(32000, 4096)`.
  @Override
  public String toString() {
    return Arrays.stream(sizes)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", "(", sizes.length == 1 ? ",)" : ")"));
  }
}
