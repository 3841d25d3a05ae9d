package dev.irpo.checkpoints.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.stored.TensorContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

  @Test
  void contentIsWrittenFromMemoryOrAsItIsComputed() throws IOException {
    byte[] lying = random(100);
    byte[] computed = random(PIECE + 7);
    Path path = folder.resolve("file");
    try (HashedFile file = new HashedFile(path, _ -> {});
        Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(100).copyFrom(MemorySegment.ofArray(lying));
      file.write(TensorContent.of(data));
      file.write(new Computed(computed));
      assertEquals(expected.size(), file.finish().bytes());
    }
    assertArrayEquals(expected.toByteArray(), Files.readAllBytes(path));
  }

  private record Computed(byte[] bytes) implements TensorContent {
    @Override
    public long byteSize() {
      return bytes.length;
    }

    @Override
    public void read(long offset, MemorySegment target) {
      MemorySegment.copy(MemorySegment.ofArray(bytes), offset, target, 0, target.byteSize());
    }
  }

  @Test
  void aMapThatIsReadAheadIsWrittenWhole() throws IOException {
    Path source = folder.resolve("source");
    try (RandomAccessFile sparse = new RandomAccessFile(source.toFile(), "rw")) {
      sparse.setLength((1L << 25) + 5);
      sparse.seek(1L << 25);
      sparse.write(random(5));
    }
    Path copy = folder.resolve("copy");
    try (Arena arena = Arena.ofShared();
        HashedFile file = new HashedFile(copy, _ -> {})) {
      file.write(MappedFiles.map(source, arena));
      assertEquals(Checksums.sha256(source), file.finish().sha256());
    }
    assertEquals(-1, Files.mismatch(source, copy));
  }

  @Test
  void aChannelSaysHowManyBytesItTookAndWhetherItIsOpen() throws IOException {
    HashedFile file = new HashedFile(folder.resolve("file"), _ -> {});
    try (file) {
      assertEquals(7, file.write(ByteBuffer.wrap(random(7))));
      assertEquals(0, file.write(ByteBuffer.allocate(0)));
      assertTrue(file.isOpen());
    }
    assertFalse(file.isOpen());
  }

  @Test
  void closingFreesItsMemoryAndEndsItsThreads() throws Exception {
    MemorySegment[] piece = new MemorySegment[1];
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    Set<Thread> started = new HashSet<>();
    try (HashedFile file = new HashedFile(folder.resolve("file"), _ -> {})) {
      file.write(
          10,
          (offset, target) -> {
            piece[0] = target;
            target.fill((byte) 1);
          });
      assertEquals(10, file.finish().bytes()); // its thread has hashed them and waits for more
      Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().startsWith("file-") && !before.contains(thread))
          .forEach(started::add);
      assertTrue(piece[0].scope().isAlive());
    }
    assertFalse(piece[0].scope().isAlive());
    assertEquals(1, started.size());
    assertTrue(started.iterator().next().join(Duration.ofMinutes(1)), "its thread does not end");
  }

  private byte[] random(int bytes) {
    byte[] drawn = new byte[bytes];
    random.nextBytes(drawn);
    expected.writeBytes(drawn);
    return drawn;
  }
}
