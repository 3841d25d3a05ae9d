package dev.irpo.checkpoints.table;

import dev.irpo.checkpoints.arrow.IpcTable;
import dev.irpo.checkpoints.files.Crc32c;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.MappedFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/// Reads the rows of an Arrow table, in IPC's file or stream format, in order, one record batch in
/// memory at a time. What has checksums
/// ([TableChecksums][dev.irpo.checkpoints.arrow.TableChecksums]) is compared with them while it is
/// read.
///
/// Only one iterator can be in use: a later one starts at the first row and takes over.
public final class TableReader implements AutoCloseable, Iterable<TableRow> {
  private static final long CHUNK_BYTES = 1L << 26;

  private final Path path;
  private final FileChannel channel;
  private final BufferAllocator allocator = new RootAllocator();
  private final IpcTable table;
  private final VectorSchemaRoot root;

  private TableReader(Path path, FileChannel channel, IpcTable table) {
    this.path = path;
    this.channel = channel;
    this.table = table;
    this.root = VectorSchemaRoot.create(table.schema(), allocator);
    // A wrong list offset makes Arrow grow the items to it; a sound batch is held twice at most.
    long largest = table.batches().stream().mapToLong(ArrowBlock::getBodyLength).max().orElse(0);
    allocator.setLimit(4 * largest + (1 << 20));
  }

  /// Whether a file begins as an Arrow table, however damaged it may be.
  public static boolean isTable(Path path) throws IOException {
    return IpcTable.isOne(path);
  }

  /// Opens a table.
  ///
  /// @throws DamagedException if the file is truncated, damaged or of another kind
  public static TableReader open(Path path) throws IOException {
    MappedFiles.requireFile(path);
    IpcTable table;
    try {
      table = IpcTable.read(path);
      requireNames(table.schema());
    } catch (RuntimeException e) {
      // Flatbuffers are not verified: a damaged schema shows as any kind of exception.
      throw damaged(path, e);
    }
    FileChannel channel = FileChannel.open(path);
    try {
      return new TableReader(path, channel, table);
    } catch (RuntimeException e) {
      channel.close();
      throw damaged(path, e);
    }
  }

  private static void requireNames(Schema schema) {
    List<String> names = schema.getFields().stream().map(Field::getName).toList();
    if (names.contains(null)) {
      throw new IllegalArgumentException("column " + names.indexOf(null) + " has no name");
    }
  }

  /// Reads a whole table into objects.
  public static <R> List<R> readAll(Path path, Function<TableRow, R> fromRow) throws IOException {
    List<R> rows = new ArrayList<>();
    try (TableReader reader = open(path)) {
      reader.forEach(row -> rows.add(fromRow.apply(row)));
    }
    return rows;
  }

  /// Reads a whole table and keeps nothing of it.
  ///
  /// @throws DamagedException if it is damaged
  public static void verify(Path path) throws IOException {
    try (TableReader reader = open(path)) {
      reader.forEach(_ -> {});
    }
  }

  /// The names of the columns in their order.
  public List<String> columnNames() {
    return root.getSchema().getFields().stream().map(Field::getName).toList();
  }

  /// The rows; each is valid until the next is asked for.
  ///
  /// The iterator throws [DamagedException] where the file is damaged.
  @Override
  public Iterator<TableRow> iterator() {
    return new RowIterator();
  }

  /// Closes the file and frees its memory.
  @Override
  public void close() throws IOException {
    root.close();
    allocator.close();
    channel.close();
  }

  private static DamagedException damaged(Path path, Exception cause) {
    return new DamagedException(
        path,
        "%s: is not a complete Arrow table (%s)"
            .formatted(path, JsonFiles.firstLine(cause.getMessage())),
        "copy it again, or write it without compression and dictionaries",
        cause);
  }

  private final class RowIterator implements Iterator<TableRow> {
    private int nextBatch;
    private int nextRow;
    private int loadedRows;

    @Override
    public boolean hasNext() {
      while (nextRow == loadedRows && nextBatch < table.batches().size()) {
        load(nextBatch);
        nextBatch++;
        nextRow = 0;
        loadedRows = root.getRowCount();
      }
      return nextRow < loadedRows;
    }

    @Override
    public TableRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return new TableRow(path, root, nextRow++);
    }

    private void load(int index) {
      ArrowBlock block = table.batches().get(index);
      long bytes = block.getMetadataLength() + block.getBodyLength();
      try (ArrowBuf data = allocator.buffer(bytes)) {
        channel.position(block.getOffset());
        if (new ReadChannel(channel).readFully(data, bytes) != bytes) {
          throw new IOException("it ends in record batch %d".formatted(index + 1));
        }
        // Arrow reads with raw addresses, so the bytes are compared before it does.
        table.checksums().ifPresent(written -> written.requireBatch(index, sum(data, bytes)));
        try (ArrowRecordBatch batch = recordBatch(data, block)) {
          new VectorLoader(root).load(batch);
        }
      } catch (IOException | RuntimeException e) { // Arrow uses both for damaged content
        throw damaged(path, e);
      }
    }

    private static String sum(ArrowBuf data, long bytes) {
      Crc32c sum = new Crc32c();
      for (long at = 0; at < bytes; at += CHUNK_BYTES) {
        sum.add(data.nioBuffer(at, (int) Math.min(CHUNK_BYTES, bytes - at)));
      }
      return sum.take();
    }

    /// A batch that shares the data, which it keeps until it is closed.
    private static ArrowRecordBatch recordBatch(ArrowBuf data, ArrowBlock block)
        throws IOException {
      int prefix = IpcTable.prefixBytes(data.getInt(0));
      int headerBytes = block.getMetadataLength() - prefix;
      Message message = Message.getRootAsMessage(data.nioBuffer(prefix, headerBytes));
      ArrowBuf body = data.slice(block.getMetadataLength(), block.getBodyLength());
      body.getReferenceManager().retain(); // released below, or by whoever reads it
      try {
        return MessageSerializer.deserializeRecordBatch(
            (RecordBatch) message.header(new RecordBatch()), body);
      } catch (IOException | RuntimeException e) {
        body.getReferenceManager().release();
        throw e;
      }
    }
  }
}
