package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChecksumsTest {
  /// Of "abc" and of nothing (FIPS 180-2, appendix B).
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private static final String NOTHING =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  @TempDir private Path folder;

  private static MemorySegment abc() {
    return MemorySegment.ofArray("abc".getBytes(StandardCharsets.UTF_8));
  }

  /// Content that is computed while it is read.
  private record Computed(MemorySegment data) implements TensorContent {
    @Override
    public long byteSize() {
      return data.byteSize();
    }

    @Override
    public void read(long offset, MemorySegment target) {
      MemorySegment.copy(data, offset, target, 0, target.byteSize());
    }
  }

  @Test
  void knownTextsHaveTheirKnownChecksums() throws IOException {
    assertEquals(ABC, Checksums.sha256(abc()));
    assertEquals(NOTHING, Checksums.sha256(MemorySegment.NULL));
    assertEquals(ABC, Checksums.sha256(TensorContent.of(abc())));
    assertEquals(ABC, Checksums.sha256(new Computed(abc())));
    assertEquals(ABC, Checksums.sha256(Files.writeString(folder.resolve("a"), "abc")));
    assertEquals(NOTHING, Checksums.sha256(Files.writeString(folder.resolve("b"), "")));
  }

  @Test
  void chunksMakeOneChecksum() throws NoSuchAlgorithmException {
    byte[] bytes = new byte[(1 << 26) + 5];
    bytes[1 << 26] = 7;
    bytes[3] = 9;
    String expected = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      assertEquals(expected, Checksums.sha256(data));
      assertEquals(expected, Checksums.sha256(new Computed(data)));
    }
  }

  @Test
  void aFoldersChecksumIsOfTheNamesAndChecksumsOfItsFilesInTheirOrder() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.writeString(model.resolve("b"), "");
    Files.writeString(model.resolve("a"), "abc");
    Files.createDirectory(model.resolve("inner"));
    String lines = "a " + ABC + "\nb " + NOTHING + "\n";
    String expected =
        Checksums.sha256(MemorySegment.ofArray(lines.getBytes(StandardCharsets.UTF_8)));
    assertEquals(expected, Checksums.ofContents(model));
    Files.move(model.resolve("b"), model.resolve("c"));
    assertNotEquals(expected, Checksums.ofContents(model));
    assertEquals(ABC, Checksums.ofContents(model.resolve("a")));
  }
}
