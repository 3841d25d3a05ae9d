package dev.irpo.checkpoints.arrow;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OptimizerShardsTest {
  private static final ShardLayout LAYOUT = layout("norm", 4);

  @TempDir Path folder;

  @Test
  void parametersLieEndToEnd() {
    assertEquals(10, LAYOUT.total());
    assertEquals(6, LAYOUT.begin("norm"));
    assertRefused(() -> LAYOUT.begin("nrom"), "'nrom'", "'norm'");
  }

  @Test
  void anyRangeIsReadFromAnyNumberOfShards() throws IOException {
    for (int[] bounds : new int[][] {{0, 10}, {0, 4, 10}, {0, 1, 2, 9, 10}, {0, 5, 5, 10}}) {
      Path here = Files.createDirectory(folder.resolve("shards-" + bounds.length + bounds[1]));
      for (int i = 0; i + 1 < bounds.length; i++) {
        write(here, i + 1, bounds.length - 1, bounds[i], bounds[i + 1]);
      }
      try (OptimizerShards shards = OptimizerShards.open(here, LAYOUT)) {
        for (int begin = 0; begin <= 10; begin++) {
          for (int end = begin; end <= 10; end++) {
            assertRange(shards, begin, end);
          }
        }
      }
    }
  }

  @Test
  void piecesAreJoinedInTheirOrder() throws IOException {
    OptimizerShards.write(
        folder, LAYOUT, new OptimizerShards.Part(1, 1, List.of(piece(0, 6), piece(6, 10))));
    try (OptimizerShards shards = OptimizerShards.open(folder, LAYOUT)) {
      assertRange(shards, 0, 10);
    }
  }

  @Test
  void severalRangesOfAProcessLieInOneFile() throws IOException {
    List<OptimizerShards.Stored> first = List.of(piece(0, 2), piece(2, 3), piece(6, 8));
    List<OptimizerShards.Stored> second = List.of(piece(3, 6), piece(8, 10));
    OptimizerShards.write(folder, LAYOUT, new OptimizerShards.Part(1, 2, first));
    assertRefused(() -> OptimizerShards.open(folder, LAYOUT), "element 6", "element 3 is expected");
    OptimizerShards.write(folder, LAYOUT, new OptimizerShards.Part(2, 2, second));
    try (OptimizerShards shards = OptimizerShards.open(folder, LAYOUT)) {
      for (int begin = 0; begin <= 10; begin++) {
        for (int end = begin; end <= 10; end++) {
          assertRange(shards, begin, end);
        }
      }
    }
  }

  @Test
  void aPlainArrowReaderReadsBothMoments() throws IOException {
    write(folder, 1, 1, 0, 10);
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(folder.resolve("optimizer-00001-of-00001.arrow"));
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      reader.loadNextBatch();
      Float4Vector expAvg = (Float4Vector) reader.getVectorSchemaRoot().getVector("expAvg");
      Float4Vector expAvgSq = (Float4Vector) reader.getVectorSchemaRoot().getVector("expAvgSq");
      assertEquals(10, expAvg.getValueCount());
      assertEquals(9f, expAvg.get(9));
      assertEquals(109f, expAvgSq.get(9));
    }
  }

  @Test
  void gapsOverlapsAndMissingEndsAreRefused() throws IOException {
    assertRefused(() -> OptimizerShards.open(folder, LAYOUT), "no optimizer-*.arrow");
    write(folder, 1, 2, 0, 4);
    assertRefused(() -> OptimizerShards.open(folder, LAYOUT), "end at element 4 of 10");
    write(folder, 2, 2, 5, 10);
    assertRefused(() -> OptimizerShards.open(folder, LAYOUT), "element 5", "element 4 is expected");
    write(folder, 2, 2, 3, 10);
    assertRefused(() -> OptimizerShards.open(folder, LAYOUT), "element 3", "element 4 is expected");
    write(folder, 2, 2, 4, 10);
    OptimizerShards.open(folder, LAYOUT).close();
  }

  @Test
  void anotherLayoutIsRefusedEvenOfTheSameSize() throws IOException {
    write(folder, 1, 1, 0, 10);
    assertRefused(() -> OptimizerShards.open(folder, layout("bias", 4)), "other names or shapes");
    assertRefused(() -> OptimizerShards.open(folder, layout("norm", 5)), "10", "11");
  }

  @Test
  void aTruncatedShardIsRefused() throws IOException {
    write(folder, 1, 1, 0, 10);
    Path file = folder.resolve("optimizer-00001-of-00001.arrow");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertRefused(() -> OptimizerShards.open(folder, LAYOUT), "00001-of-00001", "damaged");
  }

  @Test
  void partsThatDoNotFitAreRefused() throws IOException {
    assertRefused(() -> write(folder, 1, 1, 1, 11), "1 to 11", "10");
    assertThrows(
        IllegalArgumentException.class,
        () -> new OptimizerShards.Piece(0, floats(0, 2), floats(0, 3)));
    assertRefused(
        () -> new OptimizerShards.Part(1, 1, List.of(piece(2, 4), piece(3, 5))), "element 3", "4");
    assertRefused(() -> new OptimizerShards.Part(2, 1, List.of(piece(2, 4))), "2 of 1");
    write(folder, 1, 1, 0, 10);
    try (OptimizerShards shards = OptimizerShards.open(folder, LAYOUT)) {
      assertRefused(() -> shards.read(8, floats(0, 3), floats(0, 3)), "8 to 11", "10");
    }
  }

  @Test
  void mastersAreAThirdColumnThatIsReadFromAnyNumberOfShards() throws IOException {
    for (int[] bounds : new int[][] {{0, 10}, {0, 4, 10}, {0, 5, 5, 10}}) {
      Path here = Files.createDirectory(folder.resolve("shards-" + bounds.length + bounds[1]));
      for (int i = 0; i + 1 < bounds.length; i++) {
        List<OptimizerShards.Stored> pieces =
            bounds[i] == bounds[i + 1] ? List.of() : List.of(withMasters(bounds[i], bounds[i + 1]));
        OptimizerShards.write(
            here, LAYOUT, new OptimizerShards.Part(i + 1, bounds.length - 1, pieces));
      }
      try (OptimizerShards shards = OptimizerShards.open(here, LAYOUT)) {
        for (int begin = 0; begin <= 10; begin++) {
          for (int end = begin; end <= 10; end++) {
            OptimizerShards.Piece read = emptyWithMasters(begin, end);
            shards.read(read);
            assertEquals(-1, read.expAvg().mismatch(floats(begin, end)));
            assertEquals(-1, read.expAvgSq().mismatch(floats(100 + begin, 100 + end)));
            assertEquals(-1, read.master().orElseThrow().mismatch(floats(200 + begin, 200 + end)));
          }
        }
      }
    }
  }

  @Test
  void aPlainArrowReaderReadsMastersToo() throws IOException {
    OptimizerShards.write(
        folder, LAYOUT, new OptimizerShards.Part(1, 1, List.of(withMasters(0, 10))));
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(folder.resolve("optimizer-00001-of-00001.arrow"));
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      reader.loadNextBatch();
      assertEquals(3, reader.getVectorSchemaRoot().getFieldVectors().size());
      Float4Vector master = (Float4Vector) reader.getVectorSchemaRoot().getVector("master");
      assertEquals(209f, master.get(9));
    }
  }

  @Test
  void shardsWithAndWithoutMastersAreNotReadForEachOther() throws IOException {
    Path with = Files.createDirectory(folder.resolve("with"));
    Path without = Files.createDirectory(folder.resolve("without"));
    OptimizerShards.write(
        with, LAYOUT, new OptimizerShards.Part(1, 1, List.of(withMasters(0, 10))));
    write(without, 1, 1, 0, 10);
    try (OptimizerShards shards = OptimizerShards.open(with, LAYOUT)) {
      assertRefused(
          () -> shards.read(0, floats(0, 3), floats(0, 3)),
          "optimizer-00001-of-00001.arrow: has a column 'master'",
          "train.parameterType");
    }
    try (OptimizerShards shards = OptimizerShards.open(without, LAYOUT)) {
      assertRefused(
          () -> shards.read(emptyWithMasters(0, 3)),
          "optimizer-00001-of-00001.arrow: has no column 'master'",
          "train.parameterType");
    }
    assertRefused(
        () -> new OptimizerShards.Part(1, 1, List.of(withMasters(0, 2), piece(2, 4))),
        "some pieces have masters");
    assertRefused(
        () -> new OptimizerShards.Piece(0, floats(0, 2), floats(0, 2), Optional.of(floats(0, 3))),
        "master 12");
  }

  /// The master of element i is 200 + i.
  private static OptimizerShards.Stored withMasters(int begin, int end) {
    return new OptimizerShards.Piece(
            begin,
            floats(begin, end),
            floats(100 + begin, 100 + end),
            Optional.of(floats(200 + begin, 200 + end)))
        .stored();
  }

  private static OptimizerShards.Piece emptyWithMasters(int begin, int end) {
    Arena arena = Arena.ofAuto();
    long bytes = (end - begin) * 4L;
    return new OptimizerShards.Piece(
        begin,
        arena.allocate(bytes, 4),
        arena.allocate(bytes, 4),
        Optional.of(arena.allocate(bytes, 4)));
  }

  private static ShardLayout layout(String name, long normSize) {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("weight", Shape.of(2, 3));
    shapes.put(name, Shape.of(normSize));
    return new ShardLayout(shapes);
  }

  /// expAvg of element i is i, expAvgSq is 100 + i.
  private static void write(Path folder, int number, int count, int begin, int end)
      throws IOException {
    OptimizerShards.write(
        folder, LAYOUT, new OptimizerShards.Part(number, count, List.of(piece(begin, end))));
  }

  private static OptimizerShards.Stored piece(int begin, int end) {
    return new OptimizerShards.Piece(begin, floats(begin, end), floats(100 + begin, 100 + end))
        .stored();
  }

  private static MemorySegment floats(int begin, int end) {
    MemorySegment values = Arena.ofAuto().allocate((end - begin) * 4L, 4);
    for (int i = begin; i < end; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i - begin, i);
    }
    return values;
  }

  private static void assertRange(OptimizerShards shards, int begin, int end) {
    MemorySegment expAvg = Arena.ofAuto().allocate((end - begin) * 4L, 4);
    MemorySegment expAvgSq = Arena.ofAuto().allocate((end - begin) * 4L, 4);
    shards.read(begin, expAvg, expAvgSq);
    assertEquals(-1, expAvg.mismatch(floats(begin, end)), begin + " to " + end);
    assertEquals(-1, expAvgSq.mismatch(floats(100 + begin, 100 + end)), begin + " to " + end);
  }
}
