package dev.irpo.checkpoints.arrow;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.irpo.checkpoints.TestModels;
import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsFileTest {
  @TempDir Path folder;
  private Path file;
  private byte[] whole;

  @BeforeEach
  void writeFile() throws IOException {
    file = folder.resolve("weights.arrow");
    try (HashedFile out = new HashedFile(file, _ -> {})) {
      WeightsFile.write(
          out,
          List.of(
              TestModels.tensor("first", DType.F32, 1, 2, 3),
              TestModels.tensor("second", DType.F32, 2, 5)),
          DType.F32,
          4);
    }
    whole = Files.readAllBytes(file);
  }

  @Test
  void aTruncatedFileIsRefusedInOneLine() throws IOException {
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused(this::read, "weights.arrow: is damaged", "convert it again");
    }
  }

  @Test
  void aChangedByteIsRefusedInOneLineOrLeavesTensorsOfWholeSize() throws IOException {
    int refused = 0;
    for (int i = 0; i < whole.length; i += 3) {
      byte[] changed = whole.clone();
      changed[i] ^= (byte) 0x55;
      Files.write(file, changed);
      try {
        assertTrue(read().size() <= 2);
      } catch (IllegalArgumentException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      } catch (RuntimeException e) {
        fail("byte " + i + " of " + whole.length, e);
      }
    }
    assertTrue(refused > 150, refused + " of " + whole.length + " changes were noticed");
  }

  @Test
  void recordBatchesThatOverlapAreRefused() throws IOException {
    byte[] footer;
    try (Arena arena = Arena.ofConfined()) {
      IpcFooter read = IpcFooter.read(MappedFiles.map(file, arena));
      ArrowBlock first = read.blocks().getFirst();
      ByteBuffer twice =
          WriteChannel.serialize(
              new ArrowFooter(
                  Schema.convertSchema(read.schema()), List.of(), List.of(first, first)));
      footer = new byte[twice.remaining()];
      twice.get(footer);
    }
    int tail = Integer.BYTES + IpcFileWriter.MAGIC.length();
    ByteBuffer old = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    int begin = whole.length - tail - old.getInt(whole.length - tail);
    ByteBuffer changed = ByteBuffer.allocate(begin + footer.length + tail);
    changed.order(ByteOrder.LITTLE_ENDIAN).put(whole, 0, begin).put(footer).putInt(footer.length);
    changed.put(IpcFileWriter.MAGIC.getBytes(StandardCharsets.US_ASCII));
    Files.write(file, changed.array());
    assertRefused(this::read, "weights.arrow: ", "a record batch begins at byte");
  }

  @Test
  void aDirectoryThatContradictsTheBatchesIsRefused() throws IOException {
    assertRefused(() -> readWith("\"shape\":[2,3]", "\"shape\":[3,3]"), "9 elements", "slices 6");
    assertRefused(() -> readWith("\"shape\":[2,3]", "\"shape\":[0,3]"), "'first'", "not positive");
    assertRefused(() -> readWith("\"offset\":4,", "\"offset\":3,"), "does not follow element 4");
    assertRefused(() -> readWith("\"batch\":3", "\"batch\":9"), "'second'");
    assertRefused(() -> readWith("\"dtype\":\"f32\"", "\"dtype\":\"f64\""), "type is F64");
    assertRefused(() -> readWith("\"dtype\":\"f32\"", "\"dtype\":\"f99\""), "'f99' is not known");
    assertRefused(() -> readWith("irpo.tensors", "other.tensor"), "no metadata 'irpo.tensors'");
  }

  private List<StoredTensor> readWith(String old, String changed) throws IOException {
    String latin = new String(whole, StandardCharsets.ISO_8859_1);
    assertTrue(latin.contains(old));
    Files.write(file, latin.replace(old, changed).getBytes(StandardCharsets.ISO_8859_1));
    return read();
  }

  private List<StoredTensor> read() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return WeightsFile.read(file, arena);
    }
  }
}
