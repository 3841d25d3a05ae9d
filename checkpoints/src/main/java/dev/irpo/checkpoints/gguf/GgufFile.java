package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.model.JoinedParts;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.QuantisedContent;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A GGUF file of version 2 or 3, memory-mapped: scalar metadata and tensors under its own names.
///
/// ```text
/// "GGUF" │ u32 version │ u64 tensors │ u64 keys │ keys × (string key, u32 type, value)
/// tensors × (string name, u32 rank, u64 sizes[rank], fastest axis first, u32 type, u64 offset)
/// padding │ data: every offset, counted from here, is a multiple of general.alignment (32)
/// string: u64 bytes, UTF-8        array: u32 type, u64 length, elements
/// ```
///
/// Arrays are skipped and decoded when they are asked for ([GgufArray]), strings of more than 1024
/// bytes are skipped, chat templates of more than a megabyte. F32, F16 and BF16 are views of the
/// map, Q8_0 is read as F32 ([QuantisedContent]); other types are refused by name. Everything is
/// little-endian. Source: ggml, `docs/gguf.md` and `ggml.h`.
final class GgufFile {
  private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};
  private static final int MAX_ENTRIES = 65_536;
  private static final long MAX_ARRAY_ELEMENTS = 1 << 21;
  private static final int MAX_STRING_BYTES = 1024;
  private static final int MAX_TEMPLATE_BYTES = 1 << 20;
  private static final int MAX_RANK = 4;

  /// Beyond any file; the bytes of so many still fit in a long.
  private static final long MAX_ELEMENTS = 1L << 60;

  /// Key of the default template; other templates have a dot and their name after it.
  static final String CHAT_TEMPLATE = "tokenizer.chat_template";

  private static final String ALIGNMENT = "general.alignment";

  private final Path path;
  private final MemorySegment file;
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
  private long position = MAGIC.length;
  private long arrayElements;

  private record Info(String name, long[] sizes, GgufType type, long bytes, long offset) {}

  private GgufFile(Path path, Arena arena) throws IOException {
    this.path = path;
    this.file = MappedFiles.map(path, arena);
  }

  /// Whether the file begins with GGUF.
  static boolean isGguf(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    }
  }

  /// Maps a file for as long as the arena lives and checks everything but the data.
  ///
  /// @throws IllegalArgumentException if it is truncated, contradicts itself or has a type that is
  ///   not read
  static GgufFile read(Path path, Arena arena) throws IOException {
    GgufFile gguf = new GgufFile(path, arena);
    gguf.readHeader();
    return gguf;
  }

  /// Numbers as Long or Double, truth values as Boolean, short strings, [GgufArray].
  Map<String, Object> values() {
    return Collections.unmodifiableMap(values);
  }

  /// All tensors by the file's names, in its order; the sizes slowest axis first.
  SequencedMap<String, StoredTensor> tensors() {
    return Collections.unmodifiableSequencedMap(tensors);
  }

  private void readHeader() {
    int version = int32();
    if (version != 2 && version != 3) {
      throw new IllegalArgumentException(
          "%s: is GGUF version %d, versions 2 and 3 (little-endian) are read; convert it again"
              .formatted(path, version));
    }
    long numTensors = count("tensors");
    long numKeys = count("keys");
    for (long i = 0; i < numKeys; i++) {
      String key = name("key");
      Object value = value(key, valueType(key));
      if (values.put(key, value) != null) {
        throw refused("has key '%s' twice".formatted(key));
      }
    }
    List<Info> infos = new ArrayList<>();
    for (long i = 0; i < numTensors; i++) {
      infos.add(info());
    }
    addTensors(infos);
  }

  private long count(String what) {
    long count = int64();
    if (count < 0 || count > MAX_ENTRIES) {
      throw refused(
          "says it has %s %s, at most %d are read"
              .formatted(Long.toUnsignedString(count), what, MAX_ENTRIES));
    }
    return count;
  }

  private Object value(String key, GgufValueType type) {
    long at = advance(type.bytes());
    return switch (type) {
      case UINT8 -> (long) Byte.toUnsignedInt(file.get(ValueLayout.JAVA_BYTE, at));
      case INT8 -> (long) file.get(ValueLayout.JAVA_BYTE, at);
      case UINT16 -> (long) Short.toUnsignedInt(int16(at));
      case INT16 -> (long) int16(at);
      case UINT32 -> Integer.toUnsignedLong(file.get(LittleEndian.INT, at));
      case INT32 -> (long) file.get(LittleEndian.INT, at);
      // the decimal number that was meant: 1e-5, not 9.999999747378752e-6
      case FLOAT32 ->
          Double.parseDouble(Float.toString(Float.intBitsToFloat(file.get(LittleEndian.INT, at))));
      case BOOL -> file.get(ValueLayout.JAVA_BYTE, at) != 0;
      case STRING -> string(key.startsWith(CHAT_TEMPLATE) ? MAX_TEMPLATE_BYTES : MAX_STRING_BYTES);
      case ARRAY -> array(key);
      case UINT64, INT64 -> file.get(LittleEndian.LONG, at);
      case FLOAT64 -> Double.longBitsToDouble(file.get(LittleEndian.LONG, at));
    };
  }

  private short int16(long at) {
    return file.get(LittleEndian.SHORT, at);
  }

  private GgufValueType valueType(String key) {
    int number = int32();
    return GgufValueType.of(number)
        .orElseThrow(() ->
            refused(
                "key '%s' has a value of type %d, which GGUF does not have"
                    .formatted(key, number)));
  }

  private GgufArray array(String key) {
    GgufValueType type = valueType(key);
    long length = int64();
    if (type == GgufValueType.ARRAY) {
      throw refused("key '%s' is an array of arrays, which is not read".formatted(key));
    }
    if (length < 0 || length > MAX_ARRAY_ELEMENTS - arrayElements) {
      throw refused(
          "key '%s' is an array of %s, at most %d elements in all arrays are read"
              .formatted(key, Long.toUnsignedString(length), MAX_ARRAY_ELEMENTS));
    }
    arrayElements += length;
    long begin = position;
    advance(length * type.bytes());
    for (long i = 0; type == GgufValueType.STRING && i < length; i++) {
      advance(int64());
    }
    return new GgufArray(type, (int) length, file.asSlice(begin, position - begin));
  }

  private String string(int most) {
    long bytes = int64();
    long at = advance(bytes);
    return bytes > most ? "" : text(at, bytes);
  }

  private String name(String what) {
    long bytes = int64();
    if (bytes < 1 || bytes > MAX_STRING_BYTES) {
      throw refused(
          "a %s's name has %s bytes, 1 to %d are read"
              .formatted(what, Long.toUnsignedString(bytes), MAX_STRING_BYTES));
    }
    return text(advance(bytes), bytes);
  }

  private String text(long at, long bytes) {
    byte[] utf8 = file.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private Info info() {
    String name = name("tensor");
    int rank = int32();
    if (rank < 1 || rank > MAX_RANK) {
      throw refused("tensor '%s' has %d axes, 1 to %d are read".formatted(name, rank, MAX_RANK));
    }
    long[] sizes = new long[rank];
    long elements = 1;
    for (int i = rank - 1; i >= 0; i--) {
      sizes[i] = int64();
      if (sizes[i] < 1 || sizes[i] > Integer.MAX_VALUE) {
        throw refused(
            "tensor '%s' has an axis of %s, 1 to %d are read"
                .formatted(name, Long.toUnsignedString(sizes[i]), Integer.MAX_VALUE));
      }
      if (elements > MAX_ELEMENTS / sizes[i]) {
        throw refused("tensor '%s' has over %d elements".formatted(name, MAX_ELEMENTS));
      }
      elements *= sizes[i];
    }
    GgufType type = type(name, sizes[rank - 1]);
    return new Info(name, sizes, type, type.bytes(elements), int64());
  }

  private GgufType type(String name, long row) {
    int number = int32();
    GgufType type =
        GgufType.of(number)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "%s: tensor '%s' has type %s, only F32, F16, BF16 and Q8_0 are read; convert it to one of them"
                        .formatted(path, name, GgufType.nameOfOther(number))));
    if (row % type.blockElements() != 0) {
      throw refused(
          "tensor '%s' has rows of %d, blocks of %s have %d"
              .formatted(name, row, type, type.blockElements()));
    }
    return type;
  }

  private void addTensors(List<Info> infos) {
    Object stated = values.getOrDefault(ALIGNMENT, 32L);
    if (!(stated instanceof Long alignment) || Long.bitCount(alignment) != 1 || alignment < 1) {
      throw refused("%s is %s, it must be a power of two".formatted(ALIGNMENT, stated));
    }
    long padding = (alignment - (position & (alignment - 1))) & (alignment - 1);
    long dataBytes = Math.max(0, file.byteSize() - position - padding);
    List<long[]> ranges = new ArrayList<>();
    for (Info info : infos) {
      long offset = info.offset();
      if (offset < 0
          || (offset & (alignment - 1)) != 0
          || info.bytes() > dataBytes
          || offset > dataBytes - info.bytes()) {
        throw refused(
            "tensor '%s' has %d bytes at offset %s, the data has %d, aligned to %d"
                .formatted(
                    info.name(),
                    info.bytes(),
                    Long.toUnsignedString(offset),
                    dataBytes,
                    alignment));
      }
      ranges.add(new long[] {offset, offset + info.bytes()});
      if (tensors.put(info.name(), stored(info, position + padding + offset)) != null) {
        throw refused("has tensor '%s' twice".formatted(info.name()));
      }
    }
    requireNoOverlap(ranges);
  }

  private void requireNoOverlap(List<long[]> ranges) {
    long end = 0;
    for (long[] range : ranges.stream().sorted(Arrays::compare).toList()) {
      if (range[0] < end) {
        throw refused(
            "a tensor begins at offset %d where the one before it ends at %d"
                .formatted(range[0], end));
      }
      end = range[1];
    }
  }

  private StoredTensor stored(Info info, long begin) {
    MemorySegment data = file.asSlice(begin, info.bytes());
    Shape shape = Shape.of(info.sizes());
    if (info.type().dtype().isEmpty()) {
      QuantisedContent single = new QuantisedContent(TensorContent.of(data));
      return new StoredTensor(info.name(), DType.F32, shape, single);
    }
    DType dtype = info.type().dtype().get();
    TensorContent content = JoinedParts.asContent(data, dtype.bytes());
    return new StoredTensor(info.name(), dtype, shape, content);
  }

  private int int32() {
    return file.get(LittleEndian.INT, advance(Integer.BYTES));
  }

  private long int64() {
    return file.get(LittleEndian.LONG, advance(Long.BYTES));
  }

  /// @return where the bytes begin
  private long advance(long bytes) {
    if (bytes < 0 || bytes > file.byteSize() - position) {
      throw refused(
          "something of %s bytes begins at byte %d, the file has %d"
              .formatted(Long.toUnsignedString(bytes), position, file.byteSize()));
    }
    long begin = position;
    position += bytes;
    return begin;
  }

  private IllegalArgumentException refused(String fact) {
    return new IllegalArgumentException("%s: %s; fetch it again".formatted(path, fact));
  }
}
