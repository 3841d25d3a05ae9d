package dev.irpo.checkpoints.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Batches of one column, whose body of 64 bytes can hold 512 rows, if they are of a bit each.
class IpcTableTest {
  private static final int MOST = 512;

  @TempDir private Path folder;

  private Path write(long... rows) throws IOException {
    Path path = folder.resolve("rows-" + rows[0] + "-" + rows.length);
    try (HashedFile file = new HashedFile(path, _ -> {})) {
      Schema schema = new Schema(List.of(ArrowTypes.field("values", DType.F32)));
      IpcFileWriter writer = new IpcFileWriter(file, schema);
      for (long count : rows) {
        writer.writeBatch(count, List.of(new Zeros()));
      }
      writer.finish();
      var _ = file.finish();
    }
    return path;
  }

  /// 64 bytes.
  private record Zeros() implements IpcFileWriter.ColumnData {
    @Override
    public long byteSize() {
      return 64;
    }

    @Override
    public void writeTo(HashedFile out) throws IOException {
      out.write(ByteBuffer.allocate(64));
    }
  }

  @Test
  void aBatchMayHaveARowForEachBit() throws IOException {
    IpcTable.read(write(MOST));
    IpcTable.read(write(0, MOST, 1));
  }

  @Test
  void aBatchOfMoreRowsThanBitsIsRefusedWhereverItStands() throws IOException {
    Path one = write(MOST + 1);
    assertThrows(IllegalArgumentException.class, () -> IpcTable.read(one));
    Path last = write(1, MOST + 1);
    assertThrows(IllegalArgumentException.class, () -> IpcTable.read(last));
    Path negative = write(-1);
    assertThrows(IllegalArgumentException.class, () -> IpcTable.read(negative));
  }

  /// The number of rows stands in the header of the batch, and again in that of its column.
  @Test
  void theColumnsNumberOfRowsIsCheckedToo() throws IOException {
    long rows = 307;
    byte[] whole = Files.readAllBytes(write(rows));
    List<Integer> places = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + Long.BYTES <= whole.length; at++) {
      if (bytes.getLong(at) == rows) {
        places.add(at);
      }
    }
    assertEquals(2, places.size());
    for (int place : places) {
      bytes.putLong(place, MOST);
      Path file = Files.write(folder.resolve("changed"), whole);
      IpcTable.read(file);
      bytes.putLong(place, MOST + 1);
      Files.write(file, whole);
      assertThrows(IllegalArgumentException.class, () -> IpcTable.read(file));
      bytes.putLong(place, rows);
    }
  }
}
