package dev.irpo.checkpoints.gguf;

import static dev.irpo.checkpoints.gguf.GgufWriter.concat;
import static dev.irpo.checkpoints.gguf.GgufWriter.int32;
import static dev.irpo.checkpoints.gguf.GgufWriter.int64;
import static dev.irpo.checkpoints.gguf.GgufWriter.string;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.checkpoints.files.HashedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Metadata of every kind, against the bytes that the format's description asks for.
class GgufFileWriterTest {
  @TempDir private Path folder;
  private final SequencedMap<String, Object> values = new LinkedHashMap<>();
  private final GgufWriter expected = new GgufWriter();

  private void put(String key, Object value, int type, byte[]... bytes) {
    values.put(key, value);
    expected.values.put(key, new GgufWriter.Raw(type, concat(bytes)));
  }

  private Path write() throws IOException {
    Path path = folder.resolve("m.gguf");
    try (HashedFile file = new HashedFile(path, _ -> {})) {
      GgufFileWriter.write(file, values, List.of());
      var _ = file.finish();
    }
    return path;
  }

  @Test
  void everyKindOfValueHasItsBytesAndIsReadBack() throws IOException {
    put("int", 7, 4, int32(7));
    put("long", 1L << 40, 10, int64(1L << 40));
    put("float", -1.5f, 6, int32(Float.floatToRawIntBits(-1.5f)));
    put("true", true, 7, new byte[] {1});
    put("false", false, 7, new byte[] {0});
    put("text", "Grüße", 8, string("Grüße"));
    put("ints", new int[] {3, -1}, 9, int32(5), int64(2), int32(3), int32(-1));
    put("floats", new float[] {2}, 9, int32(6), int64(1), int32(0x40000000));
    put("texts", List.of("a", "ü"), 9, int32(8), int64(2), string("a"), string("ü"));
    Path path = write();
    assertArrayEquals(expected.bytes(), Files.readAllBytes(path));
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Object> read = GgufFile.read(path, arena).values();
      assertEquals(List.copyOf(values.keySet()), List.copyOf(read.keySet()));
      assertEquals(7L, read.get("int"));
      assertEquals(1L << 40, read.get("long"));
      assertEquals(-1.5, read.get("float"));
      assertEquals(true, read.get("true"));
      assertEquals(false, read.get("false"));
      assertEquals("Grüße", read.get("text"));
      assertArrayEquals(new int[] {3, -1}, ((GgufArray) read.get("ints")).integers());
      assertArrayEquals(new float[] {2}, ((GgufArray) read.get("floats")).floats());
      assertEquals(List.of("a", "ü"), ((GgufArray) read.get("texts")).strings());
    }
  }

  /// Numbers of `llama_ftype` in llama.cpp's `llama.h`.
  @Test
  void theTypeOfAFileHasLlamaCppsNumber() {
    assertEquals(0, GgufType.F32.fileType());
    assertEquals(1, GgufType.F16.fileType());
    assertEquals(7, GgufType.Q8_0.fileType());
    assertEquals(32, GgufType.BF16.fileType());
  }

  @Test
  void whatTheFormatHasNoValueForIsRefused() {
    values.put("x", 'c');
    assertThrows(IllegalArgumentException.class, this::write);
  }
}
