package dev.irpo.checkpoints.torch;

import dev.irpo.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// Emits the pickle of a dictionary of tensors opcode by opcode, as `torch.save` does, or any
/// other.
public final class PickleWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<String, Integer> memoOfGlobal = new HashMap<>();
  private int memo;

  public PickleWriter() {
    op(0x80, 2);
  }

  public PickleWriter op(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  public PickleWriter raw(String ascii) {
    out.writeBytes(ascii.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  public PickleWriter repeat(int count, int... bytes) {
    for (int i = 0; i < count; i++) {
      op(bytes);
    }
    return this;
  }

  /// BINPUT or LONG_BINPUT of the next number.
  public PickleWriter put() {
    if (memo < 256) {
      op('q', memo);
    } else {
      op('r').int32(memo);
    }
    memo++;
    return this;
  }

  public PickleWriter text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    op('X').int32(utf8.length);
    out.writeBytes(utf8);
    return put();
  }

  /// GLOBAL once, then what the memo has.
  public PickleWriter global(String module, String name) {
    String line = "c" + module + "\n" + name + "\n";
    Integer known = memoOfGlobal.get(line);
    if (known != null) {
      return known < 256 ? op('h', known) : op('j').int32(known);
    }
    out.writeBytes(line.getBytes(StandardCharsets.UTF_8));
    memoOfGlobal.put(line, memo);
    return put();
  }

  public PickleWriter integer(long value) {
    if (value >= 0 && value < 256) {
      return op('K', (int) value);
    }
    if (value >= 0 && value < 65536) {
      return op('M', (int) (value % 256), (int) (value / 256));
    }
    if (value == (int) value) {
      return op('J').int32((int) value);
    }
    op(0x8a, 8);
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  public PickleWriter integers(long... values) {
    op('(');
    for (long value : values) {
      integer(value);
    }
    return op('t').put();
  }

  public PickleWriter storage(String kind, String type, String key, long numElements) {
    op('(').text(kind).global("torch", type).text(key).text("cpu").integer(numElements);
    return op('t').put().op('Q');
  }

  public static String storageType(DType dtype) {
    return switch (dtype) {
      case BF16 -> "BFloat16Storage";
      case F16 -> "HalfStorage";
      case F32 -> "FloatStorage";
      case F64 -> "DoubleStorage";
      case INT32 -> "IntStorage";
      case Q8_0 -> throw new IllegalArgumentException(dtype + " is no storage of torch");
    };
  }

  /// A tensor over a storage of any size.
  public PickleWriter tensor(
      DType dtype, String key, long numElements, long offset, long[] sizes, long[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").op('(');
    storage("storage", storageType(dtype), key, numElements);
    integer(offset).integers(sizes).integers(strides).op(0x89);
    global("collections", "OrderedDict").op(')', 'R').put();
    return op('t').put().op('R').put();
  }

  public PickleWriter int32(int value) {
    return op(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
  }

  public byte[] stop() {
    return op('.').out.toByteArray();
  }
}
