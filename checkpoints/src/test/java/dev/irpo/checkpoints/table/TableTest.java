package dev.irpo.checkpoints.table;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.Types;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableTest {
  private final TableSchema<Sample> schema =
      new TableSchema<Sample>()
          .utf8("text", Sample::text)
          .nullableUtf8("answer", sample -> sample.answer().orElse(null))
          .int32("reward", Sample::reward)
          .int64("seed", Sample::seed)
          .float32("weight", Sample::weight)
          .float64("logProb", Sample::logProb)
          .bool("correct", Sample::correct)
          .int32List("ids", Sample::ids)
          .float32List("tokenLogProbs", Sample::tokenLogProbs);

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  @TempDir Path folder;

  @SuppressWarnings("ArrayRecordComponent") // compared by line(), never by equals
  private record Sample(
      String text,
      Optional<String> answer,
      int reward,
      long seed,
      float weight,
      double logProb,
      boolean correct,
      int[] ids,
      float[] tokenLogProbs) {
    static Sample from(TableRow row) {
      return new Sample(
          row.utf8("text"),
          row.nullableUtf8("answer"),
          row.int32("reward"),
          row.int64("seed"),
          row.float32("weight"),
          row.float64("logProb"),
          row.bool("correct"),
          row.int32List("ids"),
          row.float32List("tokenLogProbs"));
    }

    String line() {
      return "%s|%s|%d|%d|%s|%s|%s|%s|%s"
          .formatted(
              text,
              answer,
              reward,
              seed,
              Float.floatToRawIntBits(weight),
              Double.doubleToRawLongBits(logProb),
              correct,
              Arrays.toString(ids),
              Arrays.toString(tokenLogProbs));
    }
  }

  @Test
  void rowsComeBackToTheBitWhateverTheNumberOfBatches() throws IOException {
    for (int count : new int[] {0, 1, 7, 1023, 1024, 1025, 3000}) {
      Path file = folder.resolve("rows-" + count + ".arrow");
      List<Sample> rows = samples(count);
      TableWriter.writeAll(file, schema, rows);
      List<Sample> read = TableReader.readAll(file, Sample::from);
      assertEquals(
          rows.stream().map(Sample::line).toList(), read.stream().map(Sample::line).toList());
    }
  }

  @Test
  void theSameRowsGiveTheSameBytesInDirtyMemory() throws IOException {
    List<Sample> rows = samples(1500);
    TableWriter.writeAll(folder.resolve("a"), schema, rows);
    for (int fill = 0; fill < 3; fill++) {
      dirtyMemory(fill * 0x55 + 0x55);
      TableWriter.writeAll(folder.resolve("b"), schema, rows);
      assertEquals(-1, Files.mismatch(folder.resolve("a"), folder.resolve("b")));
    }
  }

  @Test
  void aTableThatWasNotCommittedLeavesNothing() throws IOException {
    try (TableWriter<Sample> writer = TableWriter.open(folder.resolve("t"), schema)) {
      for (Sample sample : samples(2000)) {
        writer.append(sample);
      }
    }
    assertEquals(0, folder.toFile().list().length);
  }

  @Test
  void aNullWhereNoneIsAllowedIsRefusedAndLeavesNothing() {
    TableSchema<Integer> nulls = new TableSchema<Integer>().utf8("text", row -> null);
    NullPointerException e =
        assertThrows(
            NullPointerException.class,
            () -> TableWriter.writeAll(folder.resolve("t"), nulls, List.of(1)));
    assertTrue(e.getMessage().contains("'text'"));
    assertEquals(0, folder.toFile().list().length);
  }

  @Test
  void iteratingAgainStartsAtTheFirstRow() throws IOException {
    TableWriter.writeAll(folder.resolve("t"), schema, samples(1030));
    try (TableReader reader = TableReader.open(folder.resolve("t"))) {
      assertEquals("text", reader.columnNames().getFirst());
      for (int pass = 0; pass < 2; pass++) {
        List<Integer> rewards = new ArrayList<>();
        reader.forEach(row -> rewards.add(row.int32("reward")));
        assertEquals(1030, rewards.size());
        assertEquals(samples(1).getFirst().reward(), rewards.getFirst());
      }
    }
  }

  @Test
  void columnsThatAreNotThereOrOfAnotherTypeAreRefused() throws IOException {
    Path file = folder.resolve("t");
    TableWriter.writeAll(file, schema, samples(40));
    refuse(file, row -> row.int32("rewards"), "no column 'rewards'", "[text, answer, reward");
    refuse(file, row -> row.int64("reward"), "'reward' holds INT", "BigInt");
    refuse(file, row -> row.int32List("tokenLogProbs"), "'tokenLogProbs' holds FLOAT4");
    refuse(file, row -> row.utf8("answer"), "'answer' is null");
    assertThrows(IllegalArgumentException.class, () -> schema.int32("text", Sample::reward));
  }

  /// Rewrites a table in the stream format.
  private static byte[] streamOf(Path file, boolean withEnd) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      ArrowStreamWriter writer = new ArrowStreamWriter(root, null, Channels.newChannel(out));
      writer.start();
      while (reader.loadNextBatch()) {
        writer.writeBatch();
      }
      if (withEnd) {
        writer.end();
      }
    }
    return out.toByteArray();
  }

  @Test
  void aStreamHasTheRowsOfTheFileWithOrWithoutAnEnd() throws IOException {
    for (int count : new int[] {0, 1, 1030}) {
      Path file = folder.resolve("t.arrow");
      TableWriter.writeAll(file, schema, samples(count));
      List<String> expected = samples(count).stream().map(Sample::line).toList();
      for (boolean withEnd : new boolean[] {true, false}) {
        Path stream = Files.write(folder.resolve("s.arrow"), streamOf(file, withEnd));
        assertTrue(TableReader.isTable(stream) && TableReader.isTable(file));
        List<Sample> read = TableReader.readAll(stream, Sample::from);
        assertEquals(expected, read.stream().map(Sample::line).toList());
      }
    }
    Path text = Files.writeString(folder.resolve("t.jsonl"), "{\"prompt\": \"a\"}");
    assertFalse(TableReader.isTable(text));
    assertFalse(TableReader.isTable(folder) || TableReader.isTable(folder.resolve("nowhere")));
  }

  @Test
  void damagedStreamsAreRefusedInOneLine() throws IOException {
    Path file = folder.resolve("t.arrow");
    TableWriter.writeAll(file, schema, samples(9));
    byte[] whole = streamOf(file, true);
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      byte[] changed = i % 2 == 0 ? Arrays.copyOf(whole, i) : whole.clone();
      if (i % 2 != 0) {
        changed[i] ^= (byte) 0x55;
      }
      Files.write(file, changed);
      try {
        assertTrue(TableReader.readAll(file, TableRow::json).size() <= 9);
      } catch (IllegalArgumentException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        assertFalse(e.getMessage().contains("delete"), e.getMessage());
        refused++;
      } catch (RuntimeException e) {
        fail("byte " + i + " of " + whole.length, e);
      }
    }
    assertTrue(refused > whole.length / 3, refused + " of " + whole.length);
  }

  @Test
  void aRowIsAnObjectOfWhatJsonCanSay() throws IOException {
    Field item = Field.nullable("item", Types.MinorType.BIGINT.getType());
    Field inner = Field.nullable("role", Types.MinorType.LARGEVARCHAR.getType());
    Schema mixed =
        new Schema(
            List.of(
                Field.nullable("text", Types.MinorType.LARGEVARCHAR.getType()),
                new Field("ids", FieldType.nullable(ArrowType.List.INSTANCE), List.of(item)),
                new Field("who", FieldType.nullable(ArrowType.Struct.INSTANCE), List.of(inner)),
                Field.nullable("small", Types.MinorType.SMALLINT.getType()),
                Field.nullable("day", Types.MinorType.DATEDAY.getType())));
    Path file = folder.resolve("mixed");
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(mixed, allocator);
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowStreamWriter writer = new ArrowStreamWriter(root, null, channel)) {
      ((LargeVarCharVector) root.getVector("text")).setSafe(0, new Text("déjà"));
      UnionListWriter ids = ((ListVector) root.getVector("ids")).getWriter();
      ids.setPosition(0);
      ids.startList();
      ids.writeBigInt(1);
      ids.writeBigInt(1L << 40);
      ids.endList();
      StructVector who = (StructVector) root.getVector("who");
      who.setIndexDefined(0);
      ((LargeVarCharVector) who.getChild("role")).setSafe(0, new Text("user"));
      ((SmallIntVector) root.getVector("small")).setSafe(1, -3);
      root.setRowCount(2);
      writer.start();
      writer.writeBatch();
      writer.end();
    }
    assertEquals(
        List.of(
            "{\"text\":\"déjà\",\"ids\":[1,1099511627776],\"who\":{\"role\":\"user\"},\"small\":null}",
            "{\"text\":null,\"ids\":null,\"who\":null,\"small\":-3}"),
        TableReader.readAll(file, row -> row.json().toString()));
  }

  @Test
  void columnsWithADictionaryAreRefusedByName() throws IOException {
    ArrowType text = Types.MinorType.VARCHAR.getType();
    FieldType encoded = new FieldType(true, text, new DictionaryEncoding(1, false, null));
    Path file = folder.resolve("encoded");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MessageSerializer.serialize(
        new WriteChannel(Channels.newChannel(out)),
        new Schema(List.of(new Field("kind", encoded, null))));
    Files.write(file, out.toByteArray());
    assertRefused(() -> TableReader.open(file), "column 'kind' is encoded with a dictionary");
  }

  @Test
  void damagedFilesAreRefusedInOneLine() throws IOException {
    Path file = folder.resolve("t.arrow");
    TableWriter.writeAll(file, schema, samples(9));
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 13) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused(() -> TableReader.readAll(file, Sample::from), "t.arrow");
    }
    Files.delete(file);
    assertRefused(() -> TableReader.open(file), "no such file");
  }

  @Test
  void aColumnWithoutANameIsRefused() throws IOException {
    Path file = folder.resolve("nameless");
    Field nameless = new Field(null, FieldType.nullable(Types.MinorType.INT.getType()), null);
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(List.of(nameless)), allocator);
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, channel)) {
      writer.start();
      writer.end();
    }
    assertRefused(() -> TableReader.open(file), file.toString(), "column 0 has no name");
  }

  @Test
  void aChangedByteIsRefusedInOneLineOrChangesOnlyValues() throws IOException {
    Path file = folder.resolve("t.arrow");
    TableWriter.writeAll(file, schema, samples(3));
    byte[] whole = Files.readAllBytes(file);
    int refused = 0;
    for (int i = 0; i < whole.length; i += 3) {
      byte[] changed = whole.clone();
      changed[i] ^= (byte) 0x55;
      Files.write(file, changed);
      try {
        assertFalse(TableReader.readAll(file, Sample::from).size() > 3);
      } catch (IllegalArgumentException e) {
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      } catch (RuntimeException e) {
        fail("byte " + i + " of " + whole.length, e);
      }
    }
    assertTrue(refused > 50, refused + " changes were noticed");
  }

  @Test
  void emptyListsAndTextsAreNotNull() throws IOException {
    Sample empty =
        new Sample("", Optional.of(""), 0, 0, -0f, Double.NaN, false, new int[0], new float[0]);
    TableWriter.writeAll(folder.resolve("t"), schema, List.of(empty));
    Sample read = TableReader.readAll(folder.resolve("t"), Sample::from).getFirst();
    assertEquals(empty.line(), read.line());
    assertArrayEquals(new int[0], read.ids());
  }

  @Test
  void rowsAreInBatchesOf1024() throws IOException {
    for (int rows : new int[] {0, 1, 1023, 1024, 1025, 2048, 2050}) {
      Path file = folder.resolve("t");
      TableWriter.writeAll(file, schema, samples(rows));
      try (BufferAllocator allocator = new RootAllocator();
          FileChannel channel = FileChannel.open(file);
          ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
        assertEquals((rows + 1023) / 1024, reader.getRecordBlocks().size(), rows + " rows");
      }
    }
  }

  @Test
  void aColumnOfOlderFilesWithIntegersIsReadAsNumbers() throws IOException {
    TableSchema<Integer> numbers =
        new TableSchema<Integer>().int32("old", row -> row).float32("new", row -> row + 0.5f);
    TableWriter.writeAll(folder.resolve("t"), numbers, List.of(1, -3));
    assertEquals(
        List.of(1f, -3f),
        TableReader.readAll(folder.resolve("t"), row -> row.float32OrInt32("old")));
    assertEquals(
        List.of(1.5f, -2.5f),
        TableReader.readAll(folder.resolve("t"), row -> row.float32OrInt32("new")));
  }

  @Test
  void aTableIsClosedHoweverItEnds() throws IOException {
    assumeTrue(Files.isDirectory(DESCRIPTORS));
    Path file = folder.resolve("t");
    try (TableWriter<Sample> writer = TableWriter.open(file, schema)) {
      writer.append(samples(1).getFirst());
      assertEquals(1, openFiles());
    }
    assertEquals(0, openFiles(), "given up");
    TableWriter.writeAll(file, schema, samples(1200));
    assertEquals(0, openFiles(), "written");
    try (TableReader reader = TableReader.open(file)) {
      assertTrue(reader.iterator().hasNext());
      assertEquals(1, openFiles());
    }
    assertEquals(0, openFiles(), "read");
    Files.write(file, new byte[100]);
    assertRefused(() -> TableReader.open(file), "is not a complete Arrow table");
    assertEquals(0, openFiles(), "refused");
  }

  /// Descriptors of this process that lead into the folder.
  private long openFiles() throws IOException {
    long open = 0;
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path descriptor : descriptors) {
        open += leadsInto(folder.toRealPath(), descriptor) ? 1 : 0;
      }
    }
    return open;
  }

  private static boolean leadsInto(Path folder, Path descriptor) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).startsWith(folder);
    } catch (NoSuchFileException e) {
      return false; // closed by another thread meanwhile
    }
  }

  private static void refuse(Path file, Function<TableRow, Object> getter, String... facts) {
    assertRefused(() -> TableReader.readAll(file, getter), facts);
  }

  private static void dirtyMemory(int fill) {
    try (RootAllocator allocator = new RootAllocator()) {
      List<ArrowBuf> buffers = new ArrayList<>();
      for (int bytes = 64; bytes <= 1 << 20; bytes *= 2) {
        for (int i = 0; i < 20; i++) {
          ArrowBuf buffer = allocator.buffer(bytes);
          for (long at = 0; at < buffer.capacity(); at++) {
            buffer.setByte(at, fill);
          }
          buffers.add(buffer);
        }
      }
      buffers.forEach(ArrowBuf::close);
    }
  }

  private static List<Sample> samples(int count) {
    SplittableRandom random = new SplittableRandom(5);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] ids = random.ints(random.nextInt(20)).toArray();
      float[] logProbs = new float[ids.length];
      for (int j = 0; j < ids.length; j++) {
        logProbs[j] = -random.nextFloat();
      }
      samples.add(
          new Sample(
              "Grüße 🙂 " + "x".repeat(random.nextInt(50)),
              random.nextBoolean() ? Optional.of("42") : Optional.empty(),
              random.nextInt(),
              random.nextLong(),
              Float.intBitsToFloat(random.nextInt(0x7f000000)),
              random.nextDouble(),
              random.nextBoolean(),
              ids,
              logProbs));
    }
    return samples;
  }
}
