package dev.irpo.checkpoints.table;

import dev.irpo.checkpoints.arrow.IpcVerification;
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
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.types.pojo.Field;

/// Reads the rows of an Arrow IPC file in order, one record batch in memory at a time.
///
/// Only one iterator can be in use: a later one starts at the first row and takes over.
public final class TableReader implements AutoCloseable, Iterable<TableRow> {
  private final Path path;
  private final BufferAllocator allocator;
  private final ArrowFileReader reader;
  private final VectorSchemaRoot root;
  private final List<ArrowBlock> blocks;

  private TableReader(Path path, BufferAllocator allocator, ArrowFileReader reader)
      throws IOException {
    this.path = path;
    this.allocator = allocator;
    this.reader = reader;
    IpcVerification.requireSound(path);
    this.root = reader.getVectorSchemaRoot();
    requireNames();
    this.blocks = reader.getRecordBlocks();
    // A wrong list offset makes Arrow grow the items to it; a sound batch is held twice at most.
    long largest = blocks.stream().mapToLong(ArrowBlock::getBodyLength).max().orElse(0);
    allocator.setLimit(4 * largest + (1 << 20));
  }

  private void requireNames() {
    List<String> names = columnNames();
    if (names.contains(null)) {
      throw new IllegalArgumentException("column " + names.indexOf(null) + " has no name");
    }
  }

  /// Opens a table.
  ///
  /// @throws IllegalArgumentException if the file is truncated, damaged or of another kind
  public static TableReader open(Path path) throws IOException {
    MappedFiles.requireFile(path);
    FileChannel channel = FileChannel.open(path);
    BufferAllocator allocator = new RootAllocator();
    ArrowFileReader reader = new ArrowFileReader(channel, allocator);
    try {
      return new TableReader(path, allocator, reader);
    } catch (IOException | RuntimeException e) {
      // Arrow does not verify flatbuffers: a damaged footer shows as any kind of exception.
      reader.close();
      allocator.close();
      channel.close();
      throw damaged(path, e);
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

  /// The names of the columns in their order.
  public List<String> columnNames() {
    return root.getSchema().getFields().stream().map(Field::getName).toList();
  }

  /// The rows; each is valid until the next is asked for.
  ///
  /// The iterator throws [IllegalArgumentException] where the file is damaged.
  @Override
  public Iterator<TableRow> iterator() {
    return new RowIterator();
  }

  /// Closes the file and frees its memory.
  @Override
  public void close() throws IOException {
    reader.close();
    allocator.close();
  }

  private static IllegalArgumentException damaged(Path path, Exception cause) {
    return new IllegalArgumentException(
        JsonFiles.oneLine(
            "%s: is not a complete Arrow table (%s); delete it and it will be written again"
                .formatted(path, JsonFiles.firstLine(cause.getMessage()))),
        cause);
  }

  private final class RowIterator implements Iterator<TableRow> {
    private int nextBlock;
    private int nextRow;
    private int loadedRows;

    @Override
    public boolean hasNext() {
      while (nextRow == loadedRows && nextBlock < blocks.size()) {
        load(blocks.get(nextBlock));
        nextBlock++;
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

    private void load(ArrowBlock block) {
      try {
        reader.loadRecordBatch(block);
      } catch (IOException | RuntimeException e) { // Arrow uses both for damaged content
        throw damaged(path, e);
      }
    }
  }
}
