package dev.irpo.checkpoints.huggingface;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.checkpoints.TestModels;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  private static final String TWO =
      """
      {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},\
      "b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}\
      """;

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadWithWiderTypesFirst() throws IOException {
    StoredTensor half = tensor("half", DType.BF16, 1, 3);
    StoredTensor wide = tensor("wide", DType.F64, 2, 2, 2);
    StoredTensor scalar = tensor("scalar", DType.INT32, 3);
    Path file = folder.resolve("x.safetensors");
    SafetensorsWriter.write(file, List.of(half, wide, scalar));
    try (Arena arena = Arena.ofConfined()) {
      List<StoredTensor> read = SafetensorsFile.map(file, arena).tensors();
      assertSameTensors(List.of(wide, scalar, half), read);
      for (StoredTensor tensor : read) {
        assertEquals(0, tensor.data().address() % tensor.dtype().bytes(), tensor.name());
      }
      assertEquals(true, read.getFirst().data().isMapped());
    }
  }

  @Test
  void tensorsAtOddAddressesAreReadByCopyingAndStayOnDiskUntilThen() throws IOException {
    String header = " ".repeat(101 - TWO.length() % 2) + TWO;
    try (Arena arena = Arena.ofConfined()) {
      List<StoredTensor> read = SafetensorsFile.map(file(header, 10), arena).tensors();
      assertEquals(Optional.empty(), read.get(0).content().inMemory());
      MemorySegment copy = read.get(0).inMemory(arena).data();
      assertEquals(0, copy.address() % 4);
      assertEquals("[0, 1, 2, 3, 4, 5, 6, 7]", Arrays.toString(TestModels.bytes(copy)));
      assertEquals("[8, 9]", Arrays.toString(TestModels.bytes(read.get(1).inMemory(arena).data())));
    }
  }

  @Test
  void typesMayBeSpelledInLowerCase() throws IOException {
    Path file = file(TWO.replace("BF16", "bf16").replace("F32", "f32"), 10);
    try (Arena arena = Arena.ofConfined()) {
      List<StoredTensor> read = SafetensorsFile.map(file, arena).tensors();
      assertEquals(List.of(DType.F32, DType.BF16), read.stream().map(StoredTensor::dtype).toList());
    }
  }

  @Test
  void typesThatTensorsHaveNotAreReadableAsEntriesOnly() throws IOException {
    Path file = file(TWO.replace("BF16", "BOOL"), 10);
    try (Arena arena = Arena.ofConfined()) {
      SafetensorsFile read = SafetensorsFile.map(file, arena);
      assertEquals("BOOL", read.entries().get("b").dtype());
      assertRefused(read::tensors, "tensor 'b'", "'BOOL'");
    }
    String blocks = TWO.replace("BF16", "Q8_0").replace("[]", "[32]").replace("8,10]", "8,42]");
    refuse(blocks, 42, "tensor 'b'", "'Q8_0'");
  }

  @Test
  void offsetsThatLieAreRefused() {
    refuse(TWO, 9, "'b'", "[8,10]", "9 bytes");
    refuse(TWO, 11, "end at byte 10", "at 11");
    refuse(TWO.replace("[8,10]", "[6,8]"), 8, "begins at byte 6", "ends at 8");
    refuse(TWO.replace("[8,10]", "[9,11]"), 11, "begins at byte 9", "ends at 8");
    refuse(TWO.replace("[8,10]", "[10,8]"), 10, "'b'", "[10,8]");
    refuse(TWO.replace("[8,10]", "[-1,8]"), 10, "'b'", "[-1,8]");
    refuse(TWO.replace("[8,10]", "[8]"), 10, "'b'", "[8]");
    refuse(TWO.replace("[2]", "[3]"), 10, "'a'", "12 bytes", "has 8");
    refuse(TWO.replace("[2]", "[2.5]"), 10, "'a'", "2.5");
    refuse(TWO.replace("[2]", "[-2]"), 10, "'a'", "not positive");
    refuse(TWO.replace("[2]", "[4294967296,4294967296]"), 10, "'a'", "overflow");
    refuse(TWO.replace("\"b\"", "\"a\""), 10, "Duplicate field 'a'");
    refuse("[]", 0, "not an object");
    refuse("{\"a\":", 0, "not valid JSON");
  }

  @Test
  void headerLengthsThatLieAreRefused() throws IOException {
    Path file = folder.resolve("lie.safetensors");
    for (long length : new long[] {0, 1, 93, 1L << 40, -1, Long.MIN_VALUE}) {
      ByteBuffer bytes = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      Files.write(file, bytes.array());
      assertRefused(() -> read(file), "header has " + length + " bytes", "file has 100");
    }
    Files.write(file, new byte[7]);
    assertRefused(() -> read(file), "file has 7");
    Files.write(file, new byte[0]);
    assertRefused(() -> read(file), "file has 0");
  }

  private void refuse(String header, int dataBytes, String... facts) {
    assertRefused(() -> read(file(header, dataBytes)), facts);
  }

  private static List<StoredTensor> read(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return SafetensorsFile.map(file, arena).tensors();
    }
  }

  /// The data is 0, 1, 2 …
  private Path file(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) i);
    }
    return Files.write(folder.resolve("written.safetensors"), bytes.array());
  }
}
