package dev.irpo.checkpoints.arrow;

import dev.irpo.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// How element types are named in files and which Arrow type holds them.
final class ArrowTypes {
  private ArrowTypes() {}

  /// A column without nulls; its metadata says `dtype`, since bf16 looks like UInt16.
  static Field field(String name, DType dtype) {
    return new Field(
        name,
        new FieldType(false, arrowType(dtype), null, Map.of("dtype", nameOf(dtype))),
        List.of());
  }

  static String nameOf(DType dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }

  /// @throws IllegalArgumentException if no type has that name
  static DType named(String name) {
    for (DType dtype : DType.values()) {
      if (nameOf(dtype).equals(name)) {
        return dtype;
      }
    }
    throw new IllegalArgumentException("element type '" + name + "' is not known");
  }

  static ArrowType arrowType(DType dtype) {
    return switch (dtype) {
      case F32 -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
      case F64 -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
      case F16 -> new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
      case BF16 -> new ArrowType.Int(16, false);
      case Q8_0 -> new ArrowType.FixedSizeBinary(dtype.blockBytes());
      case INT32 -> new ArrowType.Int(32, true);
    };
  }

  /// Bytes of one row of a column that [#arrowType] can give.
  static int bytesOf(Field field) {
    for (DType dtype : DType.values()) {
      if (arrowType(dtype).equals(field.getType())) {
        return dtype.blockBytes();
      }
    }
    throw new IllegalArgumentException(
        "column '%s' has type %s, which holds no tensor"
            .formatted(field.getName(), field.getType()));
  }
}
