package dev.irpo.checkpoints.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.arrow.IpcTable;
import dev.irpo.checkpoints.files.DamagedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableChecksumsTest {
  private static final int ROWS = 1030;
  private static final TableSchema<Integer> SCHEMA =
      new TableSchema<Integer>()
          .int32("number", row -> row)
          .nullableUtf8("text", row -> row % 3 == 0 ? null : "t" + row % 3)
          .int32List("ids", row -> new int[row % 2]);

  @TempDir private Path folder;

  private Path file;
  private byte[] whole;
  private List<String> rows;

  @BeforeEach
  void writeTwoBatches() throws IOException {
    file = folder.resolve("table.arrow");
    TableWriter.writeAll(file, SCHEMA, IntStream.range(0, ROWS).boxed().toList());
    whole = Files.readAllBytes(file);
    rows = read();
    assertEquals(ROWS, rows.size());
  }

  private List<String> read() throws IOException {
    return TableReader.readAll(file, row -> row.json().toString());
  }

  private void write(byte[] changed) throws IOException {
    Files.write(file, changed);
  }

  private String refusal() {
    DamagedException damaged = assertThrows(DamagedException.class, this::read);
    assertEquals(file, damaged.path());
    String message = damaged.getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  /// Number of the record batch that a byte belongs to, from 1; 0: none.
  private static int batchOf(int at, List<ArrowBlock> batches) {
    for (int i = 0; i < batches.size(); i++) {
      long begin = batches.get(i).getOffset();
      long end = begin + batches.get(i).getMetadataLength() + batches.get(i).getBodyLength();
      if (at >= begin && at < end) {
        return i + 1;
      }
    }
    return 0;
  }

  private void forFlips(SplittableRandom random, int count, int from, Consumer<Integer> check)
      throws IOException {
    for (int i = 0; i < count; i++) {
      int at = from + random.nextInt(whole.length - from);
      byte[] changed = whole.clone();
      changed[at] ^= (byte) (1 << random.nextInt(8));
      write(changed);
      check.accept(at);
    }
  }

  @Test
  void aFlippedBitOfARecordBatchIsRefusedByItsNumberWhereverItIs() throws IOException {
    List<ArrowBlock> batches = IpcTable.read(file).batches();
    assertEquals(2, batches.size());
    int[] found = new int[3];
    forFlips(
        new SplittableRandom(1),
        400,
        0,
        at -> {
          int batch = batchOf(at, batches);
          found[batch]++;
          if (batch > 0) {
            String message = refusal();
            assertTrue(message.contains("record batch %d of 2".formatted(batch)), message);
          }
        });
    assertTrue(found[1] > 100 && found[2] > 1, Arrays.toString(found));
  }

  /// Without the name of a checksum the table counts as one that was written without.
  @Test
  void aFlippedBitOfTheFooterIsRefusedOrLeavesTheRows() throws IOException {
    List<ArrowBlock> batches = IpcTable.read(file).batches();
    ArrowBlock last = batches.getLast();
    int end = (int) (last.getOffset() + last.getMetadataLength() + last.getBodyLength());
    int[] passed = new int[1];
    forFlips(
        new SplittableRandom(2),
        800,
        end,
        at -> {
          try {
            assertEquals(rows, read(), () -> "byte " + at);
            passed[0]++;
          } catch (DamagedException e) {
            assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertTrue(passed[0] < 80, passed[0] + " of 800 passed");
  }

  @Test
  void everyShorterFileIsRefused() throws IOException {
    for (int bytes = 0; bytes < whole.length; bytes += 97) {
      write(Arrays.copyOf(whole, bytes));
      String message = refusal();
      assertFalse(message.contains("delete"), message);
    }
  }

  @Test
  void zerosInTheMiddleOfABatchAreRefused() throws IOException {
    byte[] changed = whole.clone();
    Arrays.fill(changed, 1024, 1536, (byte) 0);
    write(changed);
    assertTrue(refusal().contains("record batch 1 of 2"));
  }

  @Test
  void aTableThatWasWrittenWithoutChecksumsIsRead() throws IOException {
    Path old = folder.resolve("old.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        IntVector numbers = new IntVector("number", allocator);
        VectorSchemaRoot root = VectorSchemaRoot.of(numbers);
        FileChannel channel =
            FileChannel.open(old, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, channel)) {
      numbers.setSafe(0, 7);
      root.setRowCount(1);
      writer.start();
      writer.writeBatch();
      writer.end();
    }
    assertTrue(IpcTable.read(old).checksums().isEmpty());
    assertEquals(List.of(7), TableReader.readAll(old, row -> row.int32("number")));
  }
}
