package dev.irpo.checkpoints;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Headers of safetensors files that are well-formed and wrong in whatever bytes decide.
final class FuzzJson {
  private static final List<String> NAMES = List.of("a", "b", "c", "\\n\\u2028", "__metadata__");
  private static final List<String> TYPES =
      List.of("F32", "F16", "BF16", "I64", "F64", "F8_E4M3", "BOOL", "f32", "");

  /// Numbers at which arithmetic breaks, and small ones.
  private static final List<String> NUMBERS =
      List.of(
          "-1",
          "-9223372036854775808",
          "9223372036854775807",
          "9223372036854775808",
          "4611686018427387904",
          "2147483648",
          "4294967296",
          "1e30",
          "0.5",
          "null",
          "\"1\"",
          "[1]",
          "{}");

  private FuzzJson() {}

  /// Some tensors, each with a type, a shape and offsets.
  static String header(ByteBuffer in) {
    List<String> entries = new ArrayList<>();
    int count = pick(in, 4);
    for (int i = 0; i < count; i++) {
      List<String> shape = new ArrayList<>();
      String name = NAMES.get(pick(in, NAMES.size()));
      String type = TYPES.get(pick(in, TYPES.size()));
      int rank = pick(in, 10);
      for (int axis = 0; axis < rank; axis++) {
        shape.add(number(in));
      }
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%s,%s]}"
              .formatted(name, type, shape, number(in), number(in)));
    }
    return "{" + String.join(",", entries) + "}";
  }

  private static String number(ByteBuffer in) {
    int choice = pick(in, 256);
    return choice < 200 ? String.valueOf(choice) : NUMBERS.get(choice % NUMBERS.size());
  }

  private static int pick(ByteBuffer in, int bound) {
    return in.hasRemaining() ? Byte.toUnsignedInt(in.get()) % bound : 0;
  }
}
