package dev.irpo.checkpoints.torch;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.TestModels;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every hostile file is refused in far less than the time limit, whatever it claims.
@Timeout(5)
class TorchFileTest {
  private static final byte[] DATA = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

  @TempDir Path folder;

  @Test
  void tensorsAreAlignedViewsOfTheMap() throws IOException {
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    tensors.put("a", tensor("a", DType.BF16, 1, 3, 5));
    tensors.put("b", tensor("b", DType.F32, 2, 7));
    tensors.put("c", tensor("c", DType.F16, 3, 2, 3, 4));
    tensors.put("scalar", tensor("scalar", DType.F32, 4));
    for (int i = 0; i < 300; i++) { // enough for the memo's wide numbers
      tensors.put("d" + i, tensor("d" + i, DType.F32, i, 1, 70000 / 300));
    }
    TorchWriter.save(folder.resolve("x.pth"), tensors);
    try (Arena arena = Arena.ofConfined()) {
      SequencedMap<String, StoredTensor> read = TorchFile.read(folder.resolve("x.pth"), arena);
      assertSameTensors(tensors.values(), read.values());
      for (StoredTensor tensor : read.values()) {
        assertTrue(tensor.data().isMapped());
        assertEquals(0, tensor.data().address() % 64, tensor.name());
      }
    }
  }

  /// What torch 2 wrote for a module's dictionary: OrderedDict, SETITEM, then attributes by BUILD.
  @Test
  void aModulesDictionaryAndItsAttributesAreRead() throws IOException {
    PickleWriter pickle = new PickleWriter().global("collections", "OrderedDict");
    pickle.op(')', 'R').put().text("w");
    pickle.tensor(DType.F16, "0", 6, 2, new long[] {2, 2}, new long[] {2, 1}).op('s');
    pickle.op('}').put().text("_metadata").global("collections", "OrderedDict").op(')', 'R').put();
    pickle.text("").op('}').put().text("version").integer(1).op('s', 's', 's', 'b');
    try (Arena arena = Arena.ofConfined()) {
      StoredTensor read = TorchFile.read(write(pickle.stop()), arena).get("w");
      assertEquals("(2, 2)", read.shape().toString());
      assertArrayEquals(Arrays.copyOfRange(DATA, 4, 12), TestModels.bytes(read.data()));
    }
  }

  @Test
  void dataAtAnOddAddressIsReadPieceByPiece() throws IOException {
    byte[] pickle = one(DType.F32, 3, 0, new long[] {3}, 1);
    byte[] zip = new TorchWriter().add("m/data.pkl", pickle).add("m/data/0", DATA).bytes();
    // One byte of padding of the extra field goes to the front of the data.
    int at = indexOf(zip, "m/data/0".getBytes(StandardCharsets.UTF_8));
    byte[] moved = zip.clone();
    int begin = indexOf(zip, DATA);
    System.arraycopy(DATA, 0, moved, begin - 1, DATA.length);
    moved[at - 2]--;
    Path file = Files.write(folder.resolve("odd.pth"), moved);
    try (Arena arena = Arena.ofConfined()) {
      StoredTensor read = TorchFile.read(file, arena).get("w");
      assertTrue(read.content().inMemory().isEmpty());
      assertArrayEquals(DATA, TestModels.bytes(read.inMemory(arena).data()));
    }
  }

  @Test
  void picklesThatCallFunctionsAreRefusedByName() {
    refusePickle(p -> p.global("os", "system").op('(').text("id").op('t', 'R'), "os.system");
    refusePickle(p -> p.global("posix", "system"), "posix.system");
    refusePickle(p -> p.global("builtins", "eval"), "builtins.eval", "nothing of it was run");
    refusePickle(p -> p.global("torch", "IntStorage"), "torch.IntStorage");
    refusePickle(p -> p.global("torch", "load"), "torch.load");
    refusePickle(p -> p.text("os").text("system").op(0x93), "STACK_GLOBAL (0x93)");
    refusePickle(p -> p.op('(').text("ls").op('i').raw("os\nsystem\n"), "INST");
    refusePickle(p -> p.op('(', 'o'), "OBJ");
    refusePickle(p -> p.op(0x81), "NEWOBJ");
    refusePickle(p -> p.op(0x82, 1), "EXT");
    refusePickle(p -> p.op('P').raw("0\n"), "PERSID");
    refusePickle(p -> p.op('B', 0, 0, 0, 0), "opcode 0x42 at byte 2");
    refusePickle(p -> p.raw("cos\nsys\rtem\n"), "control characters");
    refusePickle(p -> p.raw("c" + "x".repeat(2000)), "name without end");
  }

  @Test
  void callsOfAnythingElseAreRefused() {
    refusePickle(p -> p.global("torch", "FloatStorage").op(')', 'R'), "calls something");
    refusePickle(p -> p.text("print").op(')', 'R'), "calls something");
    refusePickle(p -> p.global("collections", "OrderedDict").op('}', 0x85, 'R'), "calls something");
    refusePickle(p -> p.global("torch._utils", "_rebuild_tensor_v2").op(')', 'R'), "other kinds");
    refusePickle(p -> p.global("torch._utils", "_rebuild_tensor_v2").op('}', 'R'), "arguments");
    refusePickle(p -> p.storage("module", "FloatStorage", "0", 3), "persistent id");
    refusePickle(p -> p.text("storage").op('Q'), "persistent id");
    refusePickle(p -> p.op(')', 'Q'), "persistent id");
    refusePickle(p -> p.storage("storage", "FloatStorage", "0", -3), "persistent id");
  }

  @Test
  void stackErrorsAndBombsAreRefused() {
    refusePickle(p -> p.op('t'), "none opens");
    refusePickle(p -> p.op('R'), "takes a value");
    refusePickle(p -> p.op('(', 'q', 0), "takes a value");
    refusePickle(p -> p.op('h', 7), "recalls the value 7");
    refusePickle(p -> p.op('j').int32(-1), "recalls the value -1");
    refusePickle(p -> p.op('N', 's'), "takes a value");
    refusePickle(
        p -> p.op('N', 'N', 'N', 's'), "sets an item of something that is not a dictionary");
    refusePickle(p -> p.op('}', 'N', 'N', 's'), "not all texts");
    refusePickle(p -> p.op('}').text("a").op('N', 's').text("a").op('N', 's'), "'a' twice");
    refusePickle(p -> p.op('N', '}', 'b'), "sets attributes of something that is not a dictionary");
    refusePickle(p -> p.op('N'), "does not hold a dictionary");
    refusePickle(p -> p.op('}').text("a").op('N', 's'), "'a' is not a tensor");
    refusePickle(p -> p.op(0x8a, 200), "integer of 200 bytes");
    refusePickle(p -> p.op('X').int32(-1), "text of 4294967295 bytes");
    refusePickle(p -> p.op('X').int32(1000), "text of 1000 bytes");
    refusePickle(p -> p.op('X').int32(2).raw("a\n"), "control characters");
    refusePickle(p -> p.repeat(20_000, '('), "more than 10000 values");
    refusePickle(p -> p.op(')').repeat(150_000, 0x85), "does not hold a dictionary");
    refusePickle(p -> p.op(')').repeat(200_000, 0x85), "more than 200000 opcodes");
    refusePickle(p -> p.op('N').repeat(60_000, 'q', 0, 'h', 0, 0x86), "does not hold a dictionary");
    refusePickle(p -> p.repeat(9_000, '}').op('N').repeat(3_000_000, 'q', 0), "200000 opcodes");
    refusePickle(p -> p.repeat(1_000_000, '}', '0', 'N'), "0x30");
    refusePickle(p -> p.repeat(9_000_000, 'N'), "9000003 bytes, at most 8388608");
  }

  @Test
  void picklesOfOtherProtocolsAndCutOnesAreRefused() {
    byte[] whole = one(DType.F32, 3, 0, new long[] {3}, 1);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertRefused(() -> read(write(cut)), "x.pth", "pickle");
    }
    whole[1] = 4;
    assertRefused(() -> read(write(whole)), "not of protocol 2");
  }

  @Test
  void offsetsSizesAndStridesThatLieAreRefused() {
    long max = Long.MAX_VALUE;
    refuseView(3, 0, new long[] {4}, new long[] {1}, "elements 0 to 4", "storage of 3");
    refuseView(3, 1, new long[] {3}, new long[] {1}, "elements 1 to 4", "storage of 3");
    refuseView(3, -1, new long[] {3}, new long[] {1}, "elements -1 to 2");
    refuseView(3, max, new long[] {3}, new long[] {1}, "more elements than any file");
    refuseView(3, Long.MIN_VALUE, new long[] {3}, new long[] {1}, "elements -9223372036854775808");
    refuseView(3, 0, new long[] {-3}, new long[] {1}, "not positive");
    refuseView(3, 0, new long[] {0}, new long[] {1}, "ZeRO-3");
    refuseView(3, 0, new long[] {max, 3}, new long[] {3, 1}, "more elements than any file");
    refuseView(3, 0, new long[] {1L << 32, 1L << 32}, new long[] {1L << 32, 1}, "than any file");
    refuseView(3, 0, new long[] {3}, new long[] {0}, "strides [0]", "not row-major");
    refuseView(3, 0, new long[] {3, 1}, new long[] {-1, 1}, "not row-major");
    refuseView(3, 0, new long[] {1, 3}, new long[] {1}, "not row-major");
    refuseView(3, 0, new long[9], new long[9], "9 axes");
    refuseView(4, 0, new long[] {3}, new long[] {1}, "storage of 4 F32", "12 bytes");
    refuseView(max, 0, new long[] {3}, new long[] {1}, "than any file");
    refuseView(0, 0, new long[] {3}, new long[] {1}, "storage of 0 F32");
    refusePickle(
        p ->
            p.op('}')
                .text("w")
                .tensor(DType.F32, "../0", 3, 0, new long[] {3}, new long[] {1})
                .op('s'),
        "'../0', which is not there");
  }

  @Test
  void manyTensorsOfOneStorageAreRefused() throws IOException {
    int numElements = 1 << 18;
    PickleWriter pickle = new PickleWriter().op('}');
    for (int i = 0; i < 100; i++) {
      pickle.text("w" + i);
      pickle.tensor(DType.F32, "0", numElements, 0, new long[] {numElements}, new long[] {1});
      pickle.op('s');
    }
    Path file = folder.resolve("many.pth");
    TorchWriter.save(file, pickle.stop(), Map.of("0", new byte[4 * numElements]));
    assertRefused(() -> read(file), "its 100 tensors have more than twice");
  }

  @Test
  void archivesOfOtherKindsAreRefused() throws IOException {
    Path file = folder.resolve("y.pth");
    Files.write(file, new TorchWriter().add("m/data/0", DATA).bytes());
    assertRefused(() -> read(file), "0 entries '*/data.pkl'");
    byte[] pickle = one(DType.F32, 3, 0, new long[] {3}, 1);
    Files.write(file, new TorchWriter().add("m/data.pkl", pickle).add("n/data.pkl", DATA).bytes());
    assertRefused(() -> read(file), "2 entries '*/data.pkl'");
    byte[] big = "big".getBytes(StandardCharsets.US_ASCII);
    Files.write(file, new TorchWriter().add("m/data.pkl", pickle).add("m/byteorder", big).bytes());
    assertRefused(() -> read(file), "byte order");
  }

  private void refuseView(
      long numElements, long offset, long[] sizes, long[] strides, String... facts) {
    refusePickle(
        p ->
            p.op('}').text("w").tensor(DType.F32, "0", numElements, offset, sizes, strides).op('s'),
        facts);
  }

  private void refusePickle(UnaryOperator<PickleWriter> program, String... facts) {
    List<String> all = new ArrayList<>(List.of(facts));
    all.add("x.pth");
    assertRefused(
        () -> read(write(program.apply(new PickleWriter()).stop())), all.toArray(String[]::new));
  }

  private static byte[] one(
      DType dtype, long numElements, long offset, long[] sizes, long... strides) {
    return new PickleWriter()
        .op('}')
        .put()
        .text("w")
        .tensor(dtype, "0", numElements, offset, sizes, strides)
        .op('s')
        .stop();
  }

  private static int indexOf(byte[] whole, byte[] part) {
    int at = 0;
    while (!Arrays.equals(whole, at, at + part.length, part, 0, part.length)) {
      at++;
    }
    return at;
  }

  private Path write(byte[] pickle) throws IOException {
    Path file = folder.resolve("x.pth");
    TorchWriter.save(file, pickle, Map.of("0", DATA));
    return file;
  }

  private static SequencedMap<String, StoredTensor> read(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return TorchFile.read(file, arena);
    }
  }
}
