package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashedFileTest {
  private static final int PIECE = HashedFile.PIECE_BYTES;

  @TempDir Path folder;
  private final SplittableRandom random = new SplittableRandom(1);
  private final ByteArrayOutputStream expected = new ByteArrayOutputStream();

  @Test
  void sizeAndChecksumAreThoseOfTheFile() throws IOException {
    Path path = folder.resolve("file");
    long[] reported = new long[1];
    try (HashedFile file = new HashedFile(path, bytes -> reported[0] += bytes);
        Arena arena = Arena.ofShared()) {
      for (int bytes : new int[] {0, 1, PIECE, 3 * PIECE + 5}) {
        byte[] few = random(7);
        ByteBuffer reused = ByteBuffer.wrap(few);
        file.write(reused);
        Arrays.fill(few, (byte) 0); // a caller may
        byte[] lying = random(bytes);
        file.write(arena.allocate(bytes + 1).asSlice(1).copyFrom(MemorySegment.ofArray(lying)));
        byte[] computed = random(bytes);
        file.write(
            bytes,
            (offset, target) ->
                MemorySegment.copy(
                    MemorySegment.ofArray(computed), offset, target, 0, target.byteSize()));
      }
      Manifest.Entry entry = file.finish();
      assertEquals(new Manifest.Entry(expected.size(), Checksums.sha256(path)), entry);
    }
    assertArrayEquals(expected.toByteArray(), Files.readAllBytes(path));
    assertEquals(expected.size(), reported[0]);
  }

  @Test
  void piecesEndAtMultiplesOfTheirSize() throws IOException {
    List<Long> written = new ArrayList<>();
    try (HashedFile file = new HashedFile(folder.resolve("file"), written::add);
        Arena arena = Arena.ofShared()) {
      file.write(ByteBuffer.wrap(random(64)));
      file.write(arena.allocate(PIECE));
      file.write(2L * PIECE, (offset, target) -> target.fill((byte) 1));
    }
    assertEquals(List.of(64L, PIECE - 64L, 64L, PIECE - 64L, (long) PIECE, 64L), written);
  }

  @Test
  void aFileThatIsThereIsNotOverwritten() throws IOException {
    Path path = Files.writeString(folder.resolve("file"), "kept");
    assertThrows(FileAlreadyExistsException.class, () -> new HashedFile(path, _ -> {}));
    assertEquals("kept", Files.readString(path));
  }

  @Test
  void whatAFillerThrowsReachesTheCaller() throws IOException {
    try (HashedFile file = new HashedFile(folder.resolve("file"), _ -> {})) {
      assertThrows(
          ArithmeticException.class,
          () ->
              file.write(
                  3L * PIECE,
                  (offset, target) -> {
                    if (offset > 0) {
                      throw new ArithmeticException("in the second piece");
                    }
                  }));
    }
  }

  private byte[] random(int bytes) {
    byte[] drawn = new byte[bytes];
    random.nextBytes(drawn);
    expected.writeBytes(drawn);
    return drawn;
  }
}
